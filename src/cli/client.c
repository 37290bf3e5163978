#include "cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/json.h"
#include "cli/data_dir.h"

enum { ANSWER_MAX = 256 * 1024 * 1024 };

struct call {
    CURL *curl;
    struct curl_slist *headers;
    char *body;
    GString *received;
    int directory; /* open while a long socket path is reached through it; else -1 */
};

char *client_escape(const char *text)
{
    return g_uri_escape_string(text, NULL, FALSE);
}

void client_query(GString *path, const char *name, const char *value)
{
    if (value != NULL) {
        g_autofree char *escaped = client_escape(value);
        g_string_append_printf(path, "%c%s=%s", strchr(path->str, '?') != NULL ? '&' : '?', name,
                               escaped);
    }
}

static size_t receive(char *bytes, size_t size, size_t count, void *self)
{
    GString *received = self;
    if (received->len + size * count > ANSWER_MAX) {
        return 0;
    }
    g_string_append_len(received, bytes, (gssize)(size * count));
    return size * count;
}

/* An address of a Unix socket has room for 107 bytes; a longer path goes through its directory. */
static char *socket_path(const struct cli *cli, struct call *call)
{
    char *path = data_dir_socket(cli->settings.data);
    if (strlen(path) <= SOCKET_PATH_MAX) {
        return path;
    }
    call->directory = open(cli->settings.data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (call->directory < 0) {
        return path;
    }
    g_free(path);
    return data_dir_socket_through(call->directory);
}

static void add_header(struct call *call, const char *name, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s: %s", name, value);
    call->headers = curl_slist_append(call->headers, line);
}

static void aim(const struct cli *cli, const char *path, struct call *call)
{
    if (cli->settings.url != NULL) {
        g_autofree char *url = g_strconcat(cli->settings.url, path, NULL);
        curl_easy_setopt(call->curl, CURLOPT_URL, url);
        return;
    }
    g_autofree char *socket = socket_path(cli, call);
    g_autofree char *url = g_strconcat("http://localhost", path, NULL);
    curl_easy_setopt(call->curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(call->curl, CURLOPT_URL, url);
    curl_easy_setopt(call->curl, CURLOPT_PROXY, "");
}

static void prepare(const struct cli *cli, const char *method, const json_t *body, const char *key,
                    struct call *call)
{
    curl_easy_setopt(call->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(call->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(call->curl, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(call->curl, CURLOPT_TIMEOUT_MS, 300000L);
    curl_easy_setopt(call->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->curl, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
    curl_easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, call->received);
    const char *token = key != NULL ? key : cli->settings.url != NULL ? cli->settings.token : NULL;
    if (token != NULL) {
        g_autofree char *bearer = g_strconcat("Bearer ", token, NULL);
        add_header(call, "Authorization", bearer);
    }
    if (body != NULL) {
        call->body = json_write(body);
        add_header(call, "Content-Type", "application/json");
        curl_easy_setopt(call->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
        curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->body);
    } else if (strcmp(method, "GET") != 0) {
        curl_easy_setopt(call->curl, CURLOPT_POSTFIELDSIZE, 0L);
        curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, "");
    }
    add_header(call, "Accept", "application/json");
    add_header(call, "Expect", "");
    curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->headers);
}

static void explain_no_socket(const struct cli *cli, struct client_answer *out)
{
    const char *data = cli->settings.data;
    g_autofree char *socket = data_dir_socket(data);
    struct stat about;
    if (stat(socket, &about) != 0 && errno == EACCES) {
        out->state = CLIENT_FAILED;
        fault_set(&out->fault, "",
                  "you may not enter %s: run the command as the account that runs the "
                  "server (runuser -u tocsin -- tocsin …), or use --url with a token",
                  data);
    } else if (access(socket, F_OK) == 0 && access(socket, W_OK) != 0) {
        out->state = CLIENT_FAILED;
        fault_set(&out->fault, "",
                  "you may not use %s: run the command as the account that runs the "
                  "server (runuser -u tocsin -- tocsin …), or use --url with a token",
                  socket);
    } else if (data_dir_is_waited_in(data)) {
        fault_set(&out->fault, "",
                  "the server on the data in %s waits for its database and takes no requests yet: "
                  "see its log for the reason",
                  data);
    } else {
        fault_set(&out->fault, "",
                  "no server is running on the data in %s: start it with `tocsin serve "
                  "--data %s`, or name the right one with --data or --url",
                  data, data);
    }
}

static void explain_failure(const struct cli *cli, CURLcode code, struct client_answer *out)
{
    bool is_connect = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
    out->state = is_connect ? CLIENT_NO_SERVER : CLIENT_FAILED;
    if (cli->settings.url == NULL && is_connect) {
        explain_no_socket(cli, out);
    } else if (is_connect) {
        fault_set(&out->fault, "",
                  "no server answers at %s (%s): check the address in --url or TOCSIN_URL",
                  cli->settings.url, curl_easy_strerror(code));
    } else {
        fault_set(&out->fault, "",
                  "talking to the server failed: %s; what was asked for may or may not "
                  "have happened",
                  curl_easy_strerror(code));
    }
}

/* Who sits at a command line is helped by a command; what the API says names a path, or nothing. */
static const char *command_that_lists(const char *noun)
{
    static const struct {
        const char *noun, *command;
    } LISTS[] = {
        {"alert ", "alerts --all"},
        {"schedule ", "schedule list"},
        {"heartbeat ", "heartbeat list"},
        {"integration ", "integration list"},
        {"silence ", "silence list"},
        {"absence ", "absence list"},
        {"live token ", "token list"},
        {"service ", "export"},
        {"user ", "export"},
        {"team ", "export"},
        {"policy ", "export"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(LISTS); i++) {
        if (g_str_has_prefix(noun, LISTS[i].noun)) {
            return LISTS[i].command;
        }
    }
    return NULL;
}

static char *with_list(const char *detail)
{
    static const char NONE[] = "there is no ";
    const char *path = strstr(detail, "; GET /");
    bool is_missing = g_ascii_strncasecmp(detail, NONE, strlen(NONE)) == 0;
    bool is_alert = g_str_has_prefix(detail, "alert ") && g_str_has_suffix(detail, " not exist");
    const char *command = is_missing || is_alert
                              ? command_that_lists(detail + (is_missing ? strlen(NONE) : 0))
                              : NULL;
    if (command == NULL || (path == NULL && strchr(detail, ';') != NULL)) {
        return g_strdup(detail); /* or it has a better remedy */
    }
    size_t length = path != NULL ? (size_t)(path - detail) : strlen(detail);
    length -= length > 0 && detail[length - 1] == '.' ? 1 : 0;
    return g_strdup_printf("%.*s; `tocsin %s` lists them", (int)length, detail, command);
}

/* What a token lacks is told in words of the command line. */
static void explain_no_token(const struct cli *cli, struct client_answer *out)
{
    fault_set(&out->fault, "", "%s `tocsin token create` on its machine and set TOCSIN_TOKEN",
              cli->settings.token == NULL
                  ? "the server wants a token: make one with"
                  : "the server does not know this token; it was mistyped, has expired or was "
                    "revoked: make one with");
}

/* problem+json (RFC 9457) as a fault. */
static void explain_status(const struct cli *cli, const char *key, struct client_answer *out)
{
    const char *detail = out->body != NULL ? json_text(out->body, "detail", NULL) : NULL;
    detail = detail != NULL      ? detail
             : out->body != NULL ? json_text(out->body, "title", NULL)
                                 : NULL;
    const char *field = out->body != NULL ? json_text(out->body, "field", "") : "";
    if (out->status == 401 && cli->settings.url != NULL && key == NULL) {
        explain_no_token(cli, out);
    } else if (detail != NULL) {
        g_autofree char *text = with_list(detail);
        fault_set(&out->fault, field, "%s", text);
    } else {
        fault_set(&out->fault, "",
                  "the server answered %d without saying why; is --url a Tocsin server?",
                  out->status);
    }
}

static void take_answer(const struct cli *cli, const char *key, struct call *call,
                        struct client_answer *out)
{
    long status = 0;
    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
    out->state = CLIENT_ANSWERED;
    out->status = (int)status;
    size_t size = call->received->len;
    out->text = g_string_free(g_steal_pointer(&call->received), FALSE);
    out->body = size > 0 ? json_loadb(out->text, size, JSON_DECODE_ANY, NULL) : NULL;
    if (status < 200 || status > 299) {
        explain_status(cli, key, out);
    }
}

static bool url_is_good(const struct cli *cli, struct client_answer *out)
{
    const char *url = cli->settings.url;
    if (url == NULL || g_str_has_prefix(url, "http://") || g_str_has_prefix(url, "https://")) {
        return true;
    }
    out->state = CLIENT_FAILED;
    return fault_set(&out->fault, "url", "must start with http:// or https://");
}

void client_request(const struct cli *cli, const char *method, const char *path, const json_t *body,
                    const char *key, struct client_answer *out)
{
    *out = (struct client_answer){0};
    if (!url_is_good(cli, out)) {
        return;
    }
    struct call call = {.curl = curl_easy_init(), .received = g_string_new(NULL), .directory = -1};
    CHECK(call.curl != NULL);
    aim(cli, path, &call);
    prepare(cli, method, body, key, &call);
    CURLcode code = curl_easy_perform(call.curl);
    if (code == CURLE_OK) {
        take_answer(cli, key, &call, out);
    } else {
        explain_failure(cli, code, out);
    }
    curl_easy_cleanup(call.curl);
    curl_slist_free_all(call.headers);
    g_free(call.body);
    if (call.received != NULL) {
        g_string_free(call.received, TRUE);
    }
    if (call.directory >= 0) {
        close(call.directory);
    }
}

void client_answer_clear(struct client_answer *answer)
{
    g_clear_pointer(&answer->text, g_free);
    g_clear_pointer(&answer->body, json_decref);
}

/* Ends are called one of these; who sits at a command line gave one of them. */
static const char *const ENDS[] = {"until", "to", "for", NULL};

static const char *given_end(const struct cli *cli, const char *field)
{
    const char *given = NULL;
    bool is_end = strcmp(field, "until") == 0 || strcmp(field, "to") == 0;
    for (size_t i = 0; is_end && given == NULL && ENDS[i] != NULL; i++) {
        given = cli_has(cli, ENDS[i]) ? ENDS[i] : NULL;
    }
    return given;
}

/* What the API calls a field, the reader knows as an option. */
static void name_option(const struct cli *cli, struct fault *fault)
{
    g_autofree char *name = g_strdup(fault->field);
    const char *option = cli_has(cli, g_strdelimit(name, "_", '-')) ? name : given_end(cli, name);
    if (option != NULL) {
        (void)g_snprintf(fault->field, sizeof fault->field, "--%s", option);
    }
}

json_t *client_ask(const struct cli *cli, const char *method, const char *path, const json_t *body)
{
    struct client_answer answer;
    client_request(cli, method, path, body, NULL, &answer);
    json_t *result = NULL;
    if (answer.fault.text[0] != '\0') {
        name_option(cli, &answer.fault);
        cli_refused(&answer.fault);
    } else {
        result = answer.body != NULL ? json_incref(answer.body) : json_null();
    }
    client_answer_clear(&answer);
    return result;
}

json_t *client_list(const struct cli *cli, const char *path, size_t limit)
{
    json_t *all = json_array();
    g_autofree char *cursor = NULL;
    do {
        g_autoptr(GString) page = g_string_new(path);
        client_query(page, "cursor", cursor);
        json_auto_t *answer = client_ask(cli, "GET", page->str, NULL);
        if (answer == NULL) {
            json_decref(all);
            return NULL;
        }
        size_t i;
        json_t *item;
        json_array_foreach (json_object_get(answer, "items"), i, item) {
            if (json_array_size(all) < limit) {
                json_array_append(all, item);
            }
        }
        g_free(cursor);
        cursor = g_strdup(json_text(answer, "next_cursor", NULL));
    } while (cursor != NULL && json_array_size(all) < limit);
    return all;
}
