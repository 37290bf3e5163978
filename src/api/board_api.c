/* The page at `/board`: open alerts and the notifications sent. Works without a script. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include <stdatomic.h>
#include <string.h>

#include "alert/alert_permits.h"
#include "api/board_html.h"
#include "api/language.h"
#include "api/live.h"
#include "api/page_html.h"
#include "api/static.h"
#include "base/principal.h"
#include "channel/catalogue.h"
#include "paging/alert_topic.h"
#include "paging/pager.h"

enum { FORM_MAX = 4096 };

/* --- who may look --- */

static bool is_address_literal(const char *host, size_t size)
{
    g_autofree char *text = g_strndup(host, size);
    g_strdelimit(text, "[]", ' ');
    return g_hostname_is_ip_address(g_strstrip(text)) || g_ascii_strcasecmp(text, "localhost") == 0;
}

/* A board without a token must not answer to a name that somebody else's DNS points at us. */
static bool is_own_host(const struct http_request *request, const struct api_context *context)
{
    const char *host = http_host(request);
    if (host == NULL) {
        return false;
    }
    size_t size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    const char *own = strstr(context->public_url, "://");
    bool is_public = own != NULL && g_ascii_strcasecmp(own + 3, host) == 0;
    return is_public || is_address_literal(host, MIN(size, strlen(host)));
}

static bool may_look(const struct http_request *request, const struct api_context *context)
{
    return http_may(request, &PERMIT_ALERT_READ) ||
           (context->board_is_open && is_own_host(request, context));
}

static int language_for(const struct http_request *request)
{
    return language_wanted(http_header(request, "Accept-Language"));
}

/* --- sign in and out --- */

/* Lines break before an option, never inside. */
static void write_command(struct html *html)
{
    static const char *const PARTS[] = {"tocsin token create", "--name board", "--scope read"};
    html_open(html, "code", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(PARTS); i++) {
        html_text(html, i > 0 ? " " : "");
        html_element(html, "span", PARTS[i], NULL);
    }
    html_close(html);
}

static void answer_login(struct http_request *request, bool is_refused)
{
    int language = language_for(request);
    struct html *html = html_page_begin(language, "Tocsin", "page");
    html_open(html, "form", "method", "post", "action", "/login", "class", "card", NULL);
    if (is_refused) {
        html_page_say(html, language, "p", "problem", "board.token_refused");
    }
    html_open(html, "label", NULL);
    html_text(html, catalogue_text(language, "board.token"));
    html_void(html, "input", "type", "password", "name", "token", "autocomplete",
              "current-password", "required", "", "autofocus", "", NULL);
    html_close(html);
    html_page_say(html, language, "button", NULL, "board.sign_in");
    html_open(html, "p", "class", "facts", NULL);
    html_element(html, "span", catalogue_text(language, "board.token_help"), NULL);
    write_command(html);
    html_close(html);
    html_close(html);
    html_page_answer(request, is_refused ? 403 : 401, &html);
}

static void set_cookie(struct http_request *request, const struct api_context *context,
                       const char *token, const char *age)
{
    bool is_secure = g_str_has_prefix(context->public_url, "https://");
    g_autofree char *cookie =
        g_strdup_printf("%s=%s; Path=%s; HttpOnly; SameSite=Strict%s%s", HTTP_COOKIE, token,
                        http_root(request), is_secure ? "; Secure" : "", age);
    http_set_header(request, "Set-Cookie", cookie);
}

static void post_long_login(struct http_request *request, void *context)
{
    (void)context;
    answer_login(request, true); /* no token of ours is as long */
}

static void post_login(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (http_is_foreign(request)) {
        http_answer_problem(request, 403, "The request came from another site's page.");
        return;
    }
    const char *token = http_form(request, "token");
    struct caller *caller = NULL;
    if (token != NULL && strpbrk(token, ";, \"") == NULL) {
        caller = api_recognize(context, token);
    }
    bool is_known = caller != NULL;
    caller_destroy(caller);
    int wait_s = !is_known && token != NULL ? http_wrong_key(request) : 0;
    if (wait_s > 0) {
        http_answer_later(request, wait_s, "Too many wrong tokens came from this address.");
        return;
    }
    if (!is_known) {
        answer_login(request, true);
        return;
    }
    set_cookie(request, context, token, "; Max-Age=2592000");
    http_answer_redirect(request, 303, "/board");
}

/* The address under which a refused token was told, asked for anew or kept as a bookmark. */
static void get_login(struct http_request *request, void *context)
{
    (void)context;
    http_answer_redirect(request, 303, "/board");
}

static void post_logout(struct http_request *request, void *context)
{
    if (http_is_foreign(request)) {
        http_answer_problem(request, 403, "The request came from another site's page.");
        return;
    }
    set_cookie(request, context, "", "; Max-Age=0");
    http_answer_redirect(request, 303, "/board");
}

/* --- the board --- */

static void write_sign_out(struct html *html, const struct http_request *request, int language)
{
    const struct caller *caller = http_caller(request);
    if (caller != NULL && caller->principal.kind != PRINCIPAL_LOCAL) {
        html_open(html, "form", "method", "post", "action", "/logout", NULL);
        html_element(html, "button", catalogue_text(language, "board.sign_out"), "class", "quiet",
                     NULL);
        html_close(html);
    }
}

/* Answers the reader, to be given back. */
static struct db *fill(struct http_request *request, struct api_context *context, struct html *html)
{
    struct config *config = config_current(context->configs);
    struct board board = {.pager = context->pager,
                          .db = api_reader(context),
                          .config = config,
                          .html = html,
                          .language = language_for(request),
                          .can_act = http_may(request, &PERMIT_ALERT_RESPOND)};
    board_write(&board);
    config_unref(config);
    return board.db;
}

static void read_board(struct http_request *request, void *self)
{
    struct api_context *context = self;
    int language = language_for(request);
    struct html *html = html_page_header(language, catalogue_text(language, "board.title"), true);
    write_sign_out(html, request, language);
    html_page_main(html, "board");
    html_open(html, "div", "id", "board", NULL);
    struct db *db = fill(request, context, html);
    html_close(html);
    if (api_page_done(context, request, db, language)) {
        html_page_answer(request, 200, &html);
    } else {
        g_free(html_end(&html));
    }
}

/* Whoever may not look takes no place among those who wait. */
static void get_board(struct http_request *request, void *context)
{
    if (!may_look(request, context)) {
        answer_login(request, false);
        return;
    }
    aside_answer(request, context, read_board);
}

/* The inside of #board, for the script. */
static void read_parts(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct html *html = html_fragment();
    struct db *db = fill(request, context, html);
    if (api_reader_done(context, request, db)) {
        html_page_answer(request, 200, &html);
    } else {
        g_free(html_end(&html));
    }
}

static void get_parts(struct http_request *request, void *context)
{
    if (!may_look(request, context)) {
        http_answer_problem(request, 401, "Sign in to see the board.");
        return;
    }
    aside_answer(request, context, read_parts);
}

/* Only says that something changed; what, the reader asks with their own rights. */
static int64_t pull_change(void *context, int64_t last_id, GString *out)
{
    int64_t newest = live_newest(context);
    if (newest > last_id) {
        g_string_append_printf(out, "id: %" G_GINT64_FORMAT "\ndata: changed\n\n", newest);
    }
    return MAX(newest, last_id);
}

static void nothing_to_close(void *self)
{
    (void)self;
}

static void get_live(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (!may_look(request, context)) {
        http_answer_problem(request, 401, "Sign in to see the board.");
        return;
    }
    if (!live_admit(request, context)) {
        return;
    }
    struct http_stream stream = {.last_id = live_newest(context),
                                 .pull = pull_change,
                                 .closed = nothing_to_close,
                                 .self = context};
    http_answer_stream(request, stream);
}

/* --- the button --- */

/* Whatever comes of it, the board shows it: taken, or resolved meanwhile. */
static enum command_result acknowledge(struct ledger_tx *tx, struct job *job)
{
    struct act act = {.pager = job->api->pager,
                      .verb = VERB_ACKNOWLEDGE,
                      .subject = alert_subject(api_id(job->request, "id")),
                      .actor = job->actor};
    job->way = g_strdup("/board");
    return pager_act(tx, &act);
}

static void post_acknowledge(struct http_request *request, void *context)
{
    static const struct job_kind ACKNOWLEDGING = {.run = acknowledge};
    job_submit(request, context, context, &ACKNOWLEDGING);
}

/* --- files of the page --- */

struct file {
    const char *name;
    const char *content_type;
};

static const struct file FILES[] = {{"board.css", "text/css; charset=utf-8"},
                                    {"board.js", "text/javascript; charset=utf-8"},
                                    {"icon.svg", "image/svg+xml"}};

static void answer_file(struct http_request *request, const struct file *file)
{
    g_autofree char *path = g_strconcat("/tocsin/static/", file->name, NULL);
    GBytes *bytes = g_resource_lookup_data(static_get_resource(), path, 0, NULL);
    CHECK(bytes != NULL);
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    http_set_header(request, "Cache-Control", "public, max-age=300");
    http_answer_bytes(request, 200, file->content_type, data, size);
    g_bytes_unref(bytes);
}

static void get_static(struct http_request *request, void *context)
{
    (void)context;
    const char *name = http_path_param(request, "file");
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        if (strcmp(FILES[i].name, name) == 0) {
            answer_file(request, &FILES[i]);
            return;
        }
    }
    api_answer_missing(request, "file", name);
}

static const int SIGNED_OUT[] = {401, 0};
static const int NOT_LET_IN[] = {401, 403, 429, 0};
static const int FOREIGN[] = {403, 0};
static const int CONFLICT[] = {409, 0};

static const struct route_row ROWS[] = {
    {"GET", "/board", NULL, get_board, .door = HTTP_DOOR_ANYONE,
     .summary = "The board: open alerts and the notifications sent (HTML).", .gives = HTML_TYPE,
     .others = SIGNED_OUT},
    {"GET", "/board/parts", NULL, get_parts, .door = HTTP_DOOR_ANYONE,
     .summary = "The board's lists (HTML).", .gives = HTML_TYPE, .others = SIGNED_OUT},
    {"GET", "/board/live", NULL, get_live, .door = HTTP_DOOR_ANYONE,
     .summary = "Says when the board changed (text/event-stream).", .gives = STREAM_TYPE,
     .others = SIGNED_OUT},
    {"POST", "/board/alerts/{id}/acknowledge", &PERMIT_ALERT_RESPOND, post_acknowledge,
     .summary = "The board's button.", .takes = FORM_TYPE, .success = 303, .others = CONFLICT,
     .body_max = FORM_MAX, .names = API_NUMBER_NAMES},
    {"GET", "/login", NULL, get_login, .door = HTTP_DOOR_ANYONE,
     .summary = "Leads to the board, which asks for a token.", .success = 303},
    {"POST", "/login", NULL, post_login, .door = HTTP_DOOR_ANYONE,
     .summary = "Signs a browser in with a token (form field token).", .request = &SIGN_IN_SHAPE,
     .takes = FORM_TYPE, .success = 303, .others = NOT_LET_IN, .body_max = FORM_MAX,
     .too_long = post_long_login},
    {"POST", "/logout", NULL, post_logout, .door = HTTP_DOOR_ANYONE,
     .summary = "Signs a browser out.", .takes = FORM_TYPE, .success = 303, .others = FOREIGN,
     .body_max = FORM_MAX},
    {"GET", "/static/{file}", NULL, get_static, .door = HTTP_DOOR_ANYONE,
     .summary = "Style, script and icon.", .gives = "*/*"},
};
const struct route_table BOARD_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
