/* Sends distinct alerts to the native door at a rate, and keeps the account of every answer.
 *
 *   load --port 8420 --keys FILE --rate 1000 --count 6000 --ledger OUT
 *   load --to 10.0.0.1:8420 --to 10.0.0.2:8420 --again --patience 10000 …
 *
 * The ledger has one line per request: key, instant sent, instant answered (microseconds UTC), HTTP
 * status (0: the connection ended without an answer), alert_id ("-": none; for a refusal its
 * Retry-After as "retry:5"), address. A server that dies is waited for; alerts that fell due meanwhile
 * are sent when it is back. With --again an alert that was not accepted is sent again, with its key,
 * to another server, until it is: as a sender behind a load balancer does. SIGTERM ends it: nothing
 * new is sent, and answers under way are awaited for two seconds, with --again until all is accepted, a
 * minute at most. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum line_state { LINE_DOWN = 1, LINE_CONNECTING, LINE_IDLE, LINE_BUSY };

enum {
    EVENTS_MAX = 64,
    TARGETS_MAX = 8,
    RECONNECT_US = 5000,
    DRAIN_US = 2000000,
    DRAIN_AGAIN_US = 60000000,
    REST_US =
        1000000, /* how long a line leaves alone a server that refused, or did not answer in time */
    AGAIN_REFUSED = 500000, /* when to send again after a refusal, */
    AGAIN_LOST = 50000,     /* and after an answer that never came (microseconds) */
};

struct target {
    char *text;
    struct sockaddr_in at;
};

/* An alert that was not accepted yet. */
struct pending {
    gint64 number;
    int64_t at_us;
    int target; /* the one to avoid */
};

/* One connection with at most one request under way. */
struct line {
    int fd;
    int target;
    enum line_state state;
    GString *out;
    size_t written;
    GString *in;
    int64_t sent_us; /* or when the connection was asked for */
    int64_t retry_us;
    int64_t rest_us; /* with --again: no request before then, for the last one was refused */
    gint64 number;   /* of the alert under way */
};

struct load {
    struct target targets[TARGETS_MAX];
    int target_count;
    gboolean is_again;
    GQueue pending; /* of struct pending, soonest first as far as each cause goes */
    int patience_ms;
    int spread_s;
    int64_t began_us;
    int port;
    char **to;
    int rate;
    int count;
    int line_count;
    char *keys_path;
    char *ledger_path;
    char *prefix;
    char *path;
    char *severity;
    char **keys;
    guint key_count;
    FILE *ledger;
    struct line *lines;
    int epoll_fd;
    gint64 issued;
    gint64 answered;
    gint64 accepted;
};

static volatile sig_atomic_t is_stopping;

static void on_signal(int number)
{
    (void)number;
    is_stopping = 1;
}

static int64_t now_us(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void account(struct load *load, const struct line *line, int status, const char *alert_id)
{
    int64_t now = now_us();
    (void)fprintf(load->ledger,
                  "%s-%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %d %s %s\n",
                  load->prefix, line->number, line->sent_us, now, status, alert_id,
                  load->targets[line->target].text);
    load->answered++;
    if (status >= 200 && status < 300) {
        load->accepted++;
    } else if (load->is_again) {
        struct pending *pending = g_new0(struct pending, 1);
        *pending = (struct pending){.number = line->number,
                                    .at_us = now + (status == 0 ? AGAIN_LOST : AGAIN_REFUSED),
                                    .target = line->target};
        g_queue_push_tail(&load->pending, pending);
    }
}

static void line_drop(struct load *load, struct line *line)
{
    if (line->state == LINE_BUSY) {
        account(load, line, 0, "-");
    }
    if (line->fd >= 0) {
        (void)close(line->fd);
    }
    line->fd = -1;
    line->state = LINE_DOWN;
    line->retry_us = now_us() + RECONNECT_US;
}

static void line_watch(struct load *load, struct line *line, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data = {.ptr = line}};
    if (epoll_ctl(load->epoll_fd, how, line->fd, &event) != 0) {
        g_error("epoll_ctl: %s", g_strerror(errno));
    }
}

static void line_connect(struct load *load, struct line *line)
{
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    (void)setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    line->sent_us = now_us();
    struct sockaddr_in to = load->targets[line->target].at;
    if (connect(line->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
        line_drop(load, line);
        return;
    }
    line->state = LINE_CONNECTING;
    line_watch(load, line, EPOLLOUT, EPOLL_CTL_ADD);
}

static void line_write(struct load *load, struct line *line)
{
    while (line->written < line->out->len) {
        ssize_t n = send(line->fd, line->out->str + line->written, line->out->len - line->written,
                         MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            line_watch(load, line, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return;
        }
        if (n < 0) {
            line_drop(load, line);
            return;
        }
        line->written += (size_t)n;
    }
    line_watch(load, line, EPOLLIN, EPOLL_CTL_MOD);
}

/* The key that the alert is sent with. With --spread more and more of them are used as time goes by,
 * so that there is always somebody who was not paged yet. */
static const char *key_of(const struct load *load, gint64 number)
{
    gint64 used = load->key_count;
    if (load->spread_s > 0) {
        gint64 seconds = number / MAX(1, load->rate);
        used = CLAMP(used * (seconds + 1) / load->spread_s, 1, used);
    }
    return load->keys[number % used];
}

static void line_send(struct load *load, struct line *line, gint64 number)
{
    line->number = number;
    const char *key = key_of(load, number);
    g_autofree char *body = g_strdup_printf(
        "{\"summary\": \"load %s-%" G_GINT64_FORMAT "\", \"dedup_key\": \"%s-%" G_GINT64_FORMAT
        "\", \"severity\": \"%s\", \"source\": \"load\"}",
        load->prefix, line->number, load->prefix, line->number, load->severity);
    g_string_printf(line->out,
                    "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
                    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                    load->path, load->targets[line->target].text, key, strlen(body), body);
    line->written = 0;
    g_string_truncate(line->in, 0);
    line->state = LINE_BUSY;
    line->sent_us = now_us();
    line_write(load, line);
}

/* The value of "alert_id": "…" in an answer, else what its head says of when to come again; newly
 * allocated. */
static char *alert_id_of(const char *head, const char *body)
{
    const char *at = strstr(body, "\"alert_id\"");
    if (at == NULL) {
        const char *retry = strstr(head, "retry-after: ");
        return retry == NULL ? g_strdup("-")
                             : g_strdup_printf("retry:%" G_GUINT64_FORMAT,
                                               g_ascii_strtoull(retry + 13, NULL, 10));
    }
    at += strlen("\"alert_id\"");
    at += strspn(at, ": \"");
    size_t length = strcspn(at, "\", }");
    return length == 0 ? g_strdup("-") : g_strndup(at, length);
}

/* True when the whole answer is there. */
static bool line_take_answer(struct load *load, struct line *line)
{
    const char *end = strstr(line->in->str, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    g_autofree char *head = g_ascii_strdown(line->in->str, end - line->in->str);
    const char *length = strstr(head, "content-length:");
    size_t body_size = length == NULL ? 0 : (size_t)g_ascii_strtoull(length + 15, NULL, 10);
    if (line->in->len < (size_t)(end + 4 - line->in->str) + body_size) {
        return false;
    }
    int status = line->in->len > 12 ? (int)g_ascii_strtoull(line->in->str + 9, NULL, 10) : 0;
    g_autofree char *alert_id = alert_id_of(head, end + 4);
    account(load, line, status, alert_id);
    line->state = LINE_IDLE;
    /* Else who refuses at once would be asked most. */
    line->rest_us = status == 503 ? now_us() + REST_US : 0;
    if (strstr(head, "connection: close") != NULL) {
        line_drop(load, line);
    }
    return true;
}

static void line_read(struct load *load, struct line *line)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = recv(line->fd, chunk, sizeof chunk, 0);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n <= 0) {
            line_drop(load, line);
            return;
        }
        g_string_append_len(line->in, chunk, n);
        if (line->state == LINE_BUSY && line_take_answer(load, line)) {
            return;
        }
    }
}

static void line_event(struct load *load, struct line *line, uint32_t events)
{
    if (line->state == LINE_CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        (void)getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0 || (events & (EPOLLERR | EPOLLHUP)) != 0) {
            line_drop(load, line);
            return;
        }
        line->state = LINE_IDLE;
        line_watch(load, line, EPOLLIN, EPOLL_CTL_MOD);
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        line_write(load, line);
    }
    if (line->state != LINE_DOWN && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        line_read(load, line);
    }
}

static bool is_busy(const struct load *load)
{
    for (int i = 0; i < load->line_count; i++) {
        if (load->lines[i].state == LINE_BUSY) {
            return true;
        }
    }
    return false;
}

/* The first pending alert that is due and was not refused by this very server, taken; NULL: none. */
static struct pending *take_pending(struct load *load, int target, int64_t now)
{
    enum { LOOK_AT = 16 };

    GList *at = load->pending.head;
    for (int i = 0; i < LOOK_AT && at != NULL; i++, at = at->next) {
        struct pending *pending = at->data;
        if (pending->at_us <= now && (load->target_count == 1 || pending->target != target)) {
            g_queue_delete_link(&load->pending, at);
            return pending;
        }
    }
    return NULL;
}

/* Gives every free line what has fallen due by now: first what was refused, then what is new. */
static void issue(struct load *load, int64_t now, bool is_done)
{
    gint64 due = load->rate == 0 ? G_MAXINT64 : (now - load->began_us) * load->rate / 1000000;
    if (load->count > 0) {
        due = MIN(due, load->count);
    }
    for (int i = 0; i < load->line_count; i++) {
        struct line *line = &load->lines[i];
        if (line->state != LINE_IDLE || (load->is_again && now < line->rest_us)) {
            continue;
        }
        g_autofree struct pending *pending = take_pending(load, line->target, now);
        if (pending != NULL) {
            line_send(load, line, pending->number);
        } else if (!is_done && load->issued < due) {
            line_send(load, line, load->issued++);
        }
    }
}

/* Connects lines that are down, and gives up those that wait longer than anybody would. */
static void tend(struct load *load, int64_t now)
{
    for (int i = 0; i < load->line_count; i++) {
        struct line *line = &load->lines[i];
        bool is_waiting = line->state == LINE_CONNECTING || line->state == LINE_BUSY;
        if (load->patience_ms > 0 && is_waiting &&
            now - line->sent_us > (int64_t)load->patience_ms * 1000) {
            line_drop(load, line);
            line->retry_us = now + REST_US;
        }
        if (line->state == LINE_DOWN && now >= line->retry_us) {
            line_connect(load, line);
        }
    }
}

static void run(struct load *load)
{
    int64_t stop_at = INT64_MAX;
    load->began_us = now_us();
    for (;;) {
        int64_t now = now_us();
        tend(load, now);
        bool is_done = is_stopping != 0 || (load->count > 0 && load->issued >= load->count);
        if (is_done && stop_at == INT64_MAX) {
            stop_at = now + (load->is_again ? DRAIN_AGAIN_US : DRAIN_US);
        }
        bool is_idle = g_queue_is_empty(&load->pending) && !is_busy(load);
        if (is_done && (is_idle || now >= stop_at)) {
            return;
        }
        issue(load, now, is_done);
        struct epoll_event events[EVENTS_MAX];
        int n = epoll_wait(load->epoll_fd, events, EVENTS_MAX, 1);
        for (int i = 0; i < n; i++) {
            line_event(load, events[i].data.ptr, events[i].events);
        }
    }
}

static bool parse(struct load *load, int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"port", 0, 0, G_OPTION_ARG_INT, &load->port, "Where the server listens on loopback", "N"},
        {"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &load->to, "Another server; repeatable",
         "ADDRESS:PORT"},
        {"again", 0, 0, G_OPTION_ARG_NONE, &load->is_again, "Send again until accepted", NULL},
        {"patience", 0, 0, G_OPTION_ARG_INT, &load->patience_ms,
         "How long an answer is waited for; 0: for ever", "MS"},
        {"spread", 0, 0, G_OPTION_ARG_INT, &load->spread_s,
         "All keys are in use after this; 0: from the start", "SECONDS"},
        {"path", 0, 0, G_OPTION_ARG_STRING, &load->path, "The door", "/api/v1/alerts"},
        {"keys", 0, 0, G_OPTION_ARG_FILENAME, &load->keys_path, "Integration keys, one a line",
         "FILE"},
        {"rate", 0, 0, G_OPTION_ARG_INT, &load->rate, "Alerts a second; 0: as fast as it goes",
         "N"},
        {"count", 0, 0, G_OPTION_ARG_INT, &load->count, "Alerts in all; 0: until SIGTERM", "N"},
        {"lines", 0, 0, G_OPTION_ARG_INT, &load->line_count, "Connections", "N"},
        {"prefix", 0, 0, G_OPTION_ARG_STRING, &load->prefix, "Dedup keys are PREFIX-NUMBER",
         "TEXT"},
        {"severity", 0, 0, G_OPTION_ARG_STRING, &load->severity, "Of each alert", "WORD"},
        {"ledger", 0, 0, G_OPTION_ARG_FILENAME, &load->ledger_path, "Where the account goes",
         "FILE"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    GOptionContext *options = g_option_context_new("- send alerts and account for every answer");
    g_option_context_add_main_entries(options, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool is_ok = g_option_context_parse(options, &argc, &argv, &error) != 0;
    g_option_context_free(options);
    if (!is_ok) {
        (void)fprintf(stderr, "load: %s\n", error->message);
    } else if (load->keys_path == NULL || load->ledger_path == NULL || load->line_count <= 0) {
        (void)fprintf(stderr, "load: --keys and --ledger are needed\n");
        is_ok = false;
    }
    return is_ok;
}

static bool add_target(struct load *load, const char *text)
{
    const char *colon = strrchr(text, ':');
    g_autofree char *address = colon == NULL ? NULL : g_strndup(text, (gsize)(colon - text));
    struct target target = {.at = {.sin_family = AF_INET}};
    guint64 port = colon == NULL ? 0 : g_ascii_strtoull(colon + 1, NULL, 10);
    if (load->target_count == TARGETS_MAX || port == 0 || port > UINT16_MAX ||
        inet_pton(AF_INET, address, &target.at.sin_addr) != 1) {
        (void)fprintf(stderr, "load: %s: not ADDRESS:PORT, or more than %d\n", text, TARGETS_MAX);
        return false;
    }
    target.at.sin_port = htons((uint16_t)port);
    target.text = g_strdup(text);
    load->targets[load->target_count++] = target;
    return true;
}

static bool add_targets(struct load *load)
{
    if (load->port > 0) {
        g_autofree char *local = g_strdup_printf("127.0.0.1:%d", load->port);
        if (!add_target(load, local)) {
            return false;
        }
    }
    for (char **text = load->to; text != NULL && *text != NULL; text++) {
        if (!add_target(load, *text)) {
            return false;
        }
    }
    if (load->target_count == 0) {
        (void)fprintf(stderr, "load: --port or --to is needed\n");
    }
    return load->target_count > 0;
}

static bool prepare(struct load *load)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(load->keys_path, &text, NULL, NULL)) {
        (void)fprintf(stderr, "load: cannot read %s\n", load->keys_path);
        return false;
    }
    load->keys = g_strsplit(g_strstrip(text), "\n", -1);
    load->key_count = g_strv_length(load->keys);
    load->ledger = fopen(load->ledger_path, "we");
    if (load->key_count == 0 || load->ledger == NULL) {
        (void)fprintf(stderr, "load: no key in %s, or %s cannot be written\n", load->keys_path,
                      load->ledger_path);
        return false;
    }
    /* A reader follows the ledger while it grows, a line at a time. */
    (void)setvbuf(load->ledger, NULL, _IOLBF, 0);
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load->lines = g_new0(struct line, (gsize)load->line_count);
    for (int i = 0; i < load->line_count; i++) {
        load->lines[i] = (struct line){.fd = -1,
                                       .target = i % load->target_count,
                                       .state = LINE_DOWN,
                                       .out = g_string_new(NULL),
                                       .in = g_string_new(NULL)};
    }
    return true;
}

int main(int argc, char **argv)
{
    struct load load = {.rate = 500,
                        .line_count = 16,
                        .prefix = g_strdup("load"),
                        .path = g_strdup("/api/v1/alerts"),
                        .severity = g_strdup("critical")};
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    g_queue_init(&load.pending);
    if (!parse(&load, argc, argv) || !add_targets(&load) || !prepare(&load)) {
        return 2;
    }
    int64_t began = now_us();
    run(&load);
    double seconds = (double)(now_us() - began) / 1e6;
    for (int i = 0; i < load.line_count; i++) {
        line_drop(&load, &load.lines[i]);
    }
    g_free(load.lines);
    guint left = g_queue_get_length(&load.pending);
    g_queue_clear_full(&load.pending, g_free);
    bool is_kept = fflush(load.ledger) == 0 && fclose(load.ledger) == 0;
    (void)printf("{\"sent\": %" G_GINT64_FORMAT ", \"accepted\": %" G_GINT64_FORMAT
                 ", \"seconds\": %.3f, \"left\": %u}\n",
                 load.answered, load.accepted, seconds, left);
    return is_kept ? 0 : 1;
}
