/* What operators and their tools ask: health, metrics, documentation, backup. */
#include "api/handler.h"
#include "api/server_permits.h"
#include "api/shapes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "api/sight.h"
#include "api/stats_store.h"
#include "base/json.h"
#include "base/metric.h"
#include "ledger/ledger.h"

enum { BUSY_S = 2 };

/* --- health --- */

static void get_health(struct http_request *request, void *context)
{
    (void)context;
    http_answer_json(request, 200,
                     json_pack("{s:s, s:s}", "status", "ok", "version", TOCSIN_VERSION));
}

/* --- metrics --- */

static void write_gauges(GString *out, const struct stats *stats)
{
    metric_write_gauge(out, "tocsin_alerts", "status=\"open\"", "Alerts by status.",
                       stats->alerts_open);
    metric_write_gauge(out, "tocsin_alerts", "status=\"acknowledged\"", NULL,
                       stats->alerts_acknowledged);
    metric_write_gauge(out, "tocsin_notifications_waiting", NULL,
                       "Notifications that wait to be sent.", stats->notifications_waiting);
    metric_write_gauge(out, "tocsin_escalations_overdue", NULL,
                       "Escalation steps that are due and not yet taken.",
                       stats->escalations_overdue);
    metric_write_gauge(out, "tocsin_heartbeats_missing", NULL, "Heartbeats that are not heard.",
                       stats->heartbeats_missing);
    metric_write_gauge(out, "tocsin_event_seq", NULL, "Sequence number of the newest event.",
                       stats->last_seq);
}

/* Counting goes through all that is open, and nobody needs a key to ask: it is done once in a few seconds,
 * whoever asks, and by one thread; the others are told what was counted last. */
#define COUNTED_FOR SPAN_S(5)

static struct {
    pthread_mutex_t lock;
    struct stats stats;
    struct span at; /* elapsed clock; unset: never */
    bool is_sound;  /* the database could be asked */
    bool is_being_counted;
} counted = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* True when it is this thread's turn to count. */
static bool begin_count(struct stats *out, bool *out_is_sound)
{
    pthread_mutex_lock(&counted.lock);
    struct span elapsed = clock_elapsed(&CLOCK_SYSTEM);
    bool is_old = counted.at.us == 0 || elapsed.us - counted.at.us > COUNTED_FOR.us;
    bool is_turn = is_old && !counted.is_being_counted;
    counted.is_being_counted |= is_turn;
    *out = counted.stats;
    *out_is_sound = counted.is_sound;
    pthread_mutex_unlock(&counted.lock);
    return is_turn;
}

static void end_count(const struct stats *stats, bool is_sound)
{
    pthread_mutex_lock(&counted.lock);
    counted.stats = *stats;
    counted.is_sound = is_sound;
    counted.at = clock_elapsed(&CLOCK_SYSTEM);
    counted.is_being_counted = false;
    pthread_mutex_unlock(&counted.lock);
}

/* What the database is asked is left out while it cannot be: just then the rest matters. */
static void append_stats(GString *out, const struct api_context *context)
{
    struct stats stats = {0};
    bool is_sound = false;
    if (begin_count(&stats, &is_sound)) {
        struct db *db = api_borrow(context);
        stats_load(db, clock_now(context->clock), &stats);
        is_sound = db_error(db) == DB_OK;
        db_pool_give(context->readers, db);
        end_count(&stats, is_sound);
    }
    if (is_sound) {
        write_gauges(out, &stats);
    }
}

static void get_metrics(struct http_request *request, void *self)
{
    const struct api_context *context = self;
    g_autoptr(GString) out = g_string_new("# HELP tocsin_info What runs here.\n"
                                          "# TYPE tocsin_info gauge\n"
                                          "tocsin_info{version=\"" TOCSIN_VERSION "\"} 1\n");
    metric_write_gauge(out, "tocsin_writable", NULL, "1: the database takes writes.",
                       ledger_is_writable(context->ledger) ? 1 : 0);
    if (ledger_is_shared(context->ledger)) {
        metric_write_gauge(
            out, "tocsin_clock_offset_us", NULL,
            "How far this machine's clock is ahead of the database's, in microseconds.",
            utc_since(clock_now(&CLOCK_SYSTEM), clock_now(context->clock)).us);
    }
    append_stats(out, context);
    metric_write(out);
    http_answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", out->str);
}

/* --- documentation --- */

/* Making it takes milliseconds, and nobody needs a key to ask: it is made once, and again only for another
 * address of the server, which a process does not change but tests do. */
static struct {
    pthread_mutex_t lock;
    char *server; /* NULL: there is none yet */
    GBytes *text;
    char *tag; /* the ETag */
} document = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char *write_document(const struct api_context *context)
{
    const struct openapi_about about = {.title = "Tocsin",
                                        .version = TOCSIN_VERSION,
                                        .server = context->public_url,
                                        .plain_problems = API_PLAIN_PROBLEMS,
                                        .permit_of = api_permit_of};
    json_auto_t *json = http_openapi(context->routes, &about);
    event_schemas(context->ledger, json_object_get(json_object_get(json, "components"), "schemas"));
    return json_write(json);
}

/* A new reference, and its tag in *out_tag. */
static GBytes *current_document(const struct api_context *context, char **out_tag)
{
    const char *server = context->public_url;
    pthread_mutex_lock(&document.lock);
    if (document.text == NULL || g_strcmp0(document.server, server) != 0) {
        char *text = write_document(context);
        g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
        g_clear_pointer(&document.text, g_bytes_unref);
        document.text = g_bytes_new_take(text, strlen(text));
        g_free(document.server);
        document.server = g_strdup(server);
        g_free(document.tag);
        document.tag = g_strdup_printf("\"%.32s\"", sum);
    }
    GBytes *text = g_bytes_ref(document.text);
    *out_tag = g_strdup(document.tag);
    pthread_mutex_unlock(&document.lock);
    return text;
}

static void get_openapi(struct http_request *request, void *self)
{
    const struct api_context *context = self;
    g_autofree char *tag = NULL;
    g_autoptr(GBytes) text = current_document(context, &tag);
    const char *known = http_header(request, "If-None-Match");
    http_set_header(request, "ETag", tag);
    http_set_header(request, "Cache-Control", "no-cache");
    if (known != NULL && strstr(known, tag) != NULL) {
        http_answer_empty(request, 304);
        return;
    }
    gsize size = 0;
    const void *bytes = g_bytes_get_data(text, &size);
    http_answer_bytes(request, 200, "application/json", bytes, size);
}

/* --- backup --- */

/* A copy takes as long as the database is large, so it has a thread: the pool must go on taking
 * alerts. One at a time; but whoever was answered may ask for the next before that thread has ended. */
static atomic_bool is_being_made;
static atomic_int backup_threads;
static atomic_bool is_in_hurry;

struct backup_job {
    struct http_request *request;
    struct api_context *context;
    char *path;
};

static void *run_backup(void *self)
{
    struct backup_job *job = self;
    struct fault fault = {0};
    struct db *db = db_pool_take(job->context->readers);
    db_set_stop(db, &is_in_hurry);
    bool is_done = db_backup(db, job->path, &fault);
    db_pool_give(job->context->readers, db);
    atomic_store(&is_being_made, false);
    if (is_done) {
        http_answer_json(job->request, 201, json_pack("{s:s}", "path", job->path));
    } else {
        http_answer_fault(job->request, 503, &fault);
    }
    g_free(job->path);
    g_free(job);
    atomic_fetch_sub(&backup_threads, 1);
    return NULL;
}

void api_hurry(void)
{
    atomic_store(&is_in_hurry, true);
}

void api_settle(void)
{
    static const struct timespec TICK = {.tv_nsec = 10000000};
    while (atomic_load(&backup_threads) > 0) {
        nanosleep(&TICK, NULL);
    }
    doctor_settle();
    aside_settle();
    api_give_up_no_more();
    atomic_store(&is_in_hurry, false);
}

static char *backup_path(const struct api_context *context)
{
    char at[UTC_TEXT_SIZE];
    utc_format(clock_now(context->clock), at);
    g_autofree char *name = g_strdup_printf("tocsin-%s.db", at);
    g_strdelimit(name, ":", '-');
    g_autofree char *dir = g_build_filename(context->data_dir, "backups", NULL);
    if (g_mkdir_with_parents(dir, S_IRWXU) != 0) {
        return NULL;
    }
    return g_build_filename(dir, name, NULL);
}

static void post_backup(struct http_request *request, void *self)
{
    struct api_context *context = self;
    g_autofree char *path = context->data_dir == NULL ? NULL : backup_path(context);
    if (path == NULL) {
        http_answer_problem(request, 503, "There is no directory for backups that can be written.");
        return;
    }
    if (atomic_exchange(&is_being_made, true)) {
        http_answer_problem(request, 409, "A backup is being made already. Wait for it to end.");
        return;
    }
    struct backup_job *job = g_new0(struct backup_job, 1);
    job->request = request;
    job->context = context;
    job->path = g_steal_pointer(&path);
    pthread_t thread;
    atomic_fetch_add(&backup_threads, 1);
    if (pthread_create(&thread, NULL, run_backup, job) != 0) {
        atomic_fetch_sub(&backup_threads, 1);
        atomic_store(&is_being_made, false);
        g_free(job->path);
        g_free(job);
        http_answer_busy(request, BUSY_S, "No thread could be started for the backup.");
        return;
    }
    pthread_detach(thread);
}

static const int BUSY[] = {409, 0};
static const int UNCHANGED[] = {304, 0};

static const struct route_row ROWS[] = {
    {"GET", "/healthz", NULL, get_health, .door = HTTP_DOOR_ANYONE, .summary = "The process runs.",
     .answer = &HEALTH_SHAPE},
    {"GET", "/metrics", NULL, get_metrics, .door = HTTP_DOOR_ANYONE,
     .summary = "Numbers about the server itself, in Prometheus' text form.", .gives = TEXT_TYPE},
    {"GET", "/api/v1/openapi.json", NULL, get_openapi, .door = HTTP_DOOR_ANYONE,
     .summary = "This document.", .answer = &OPENAPI_SHAPE, .others = UNCHANGED},
    {"POST", "/api/v1/backup", &PERMIT_SERVER_BACK_UP, post_backup,
     .summary = "Copies the database, online and verified, into the data directory.",
     .answer = &BACKUP_MADE_SHAPE, .others = BUSY, .success = 201},
};
const struct route_table OPERATION_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
