/* /api/v1/silences: those of the file and those that people make. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"

#include "alert/alert_permits.h"
#include "alert/alert_store.h"
#include "alert/silence.h"
#include "alert/silence_work.h"
#include "base/json.h"
#include "config/config_work.h"

/* Open alerts that are looked at for ?holds=true; with more, how many are held is not told. */
enum { COUNTED_MAX = 20000, ROWS_AT_ONCE = 1000 };

/* --- reading --- */

struct counting {
    const GPtrArray *silences; /* of those in force now, in step with … */
    GArray *held;              /* … of int64_t */
    int64_t last_id;
    size_t seen;
};

static void count_alert(void *self, const struct alert *alert)
{
    struct counting *counting = self;
    const struct match_subject subject = match_subject_of_alert(alert);
    counting->last_id = alert->id;
    counting->seen++;
    for (guint i = 0; i < counting->silences->len; i++) {
        const struct silence *silence = counting->silences->pdata[i];
        g_array_index(counting->held, int64_t, i) += match_all(silence->match, &subject) ? 1 : 0;
    }
}

/* False: there are too many to say. */
static bool count_held(struct db *db, struct counting *counting)
{
    struct alert_filter filter = {.is_unresolved = true};
    size_t count = 0;
    do {
        filter.before_id = counting->last_id;
        count = alert_list(db, &filter, ROWS_AT_ONCE, count_alert, counting);
    } while (count == ROWS_AT_ONCE && counting->seen < COUNTED_MAX);
    return count < ROWS_AT_ONCE;
}

static json_t *show_silence(const struct silence *silence, struct utc now, const int64_t *held)
{
    struct silence shown = *silence; /* borrows all it holds */
    char id[SILENCE_ID_SIZE];
    silence_id(silence->name, id);
    shown.id = id;
    shown.state = silence_state(silence, now, &shown.changes_at);
    if (shown.changes_at.us == UTC_NEVER.us) {
        shown.changes_at = (struct utc){0};
    }
    if (held != NULL) {
        shown.holds = (struct told_count){true, *held};
    }
    return record_write(&SILENCE_RECORD, &shown);
}

/* Those of the page, each with how many it holds where that was asked for: `held` in step, or NULL. */
static void answer_page(struct http_request *request, const GPtrArray *page, const GArray *held,
                        struct utc now, int64_t next)
{
    json_t *items = json_array();
    for (guint i = 0; i < page->len; i++) {
        json_array_append_new(items,
                              show_silence(page->pdata[i], now,
                                           held == NULL ? NULL : &g_array_index(held, int64_t, i)));
    }
    api_answer_list(request, items, next);
}

/* A silence that is not in force holds none: its conditions would only cost. */
static bool read_held(struct http_request *request, const struct api_context *context,
                      const GPtrArray *page, struct utc now, GArray *held, bool *out_is_whole)
{
    g_autoptr(GPtrArray) active = g_ptr_array_new();
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(int64_t));
    struct utc change_at;
    for (guint i = 0; i < page->len; i++) {
        if (silence_is_active(page->pdata[i], now, &change_at)) {
            g_ptr_array_add(active, page->pdata[i]);
            g_array_append_val(places, i);
        }
    }
    g_array_set_size(counts, active->len);
    g_array_set_size(held, page->len);
    struct counting counting = {.silences = active, .held = counts};
    struct db *db = api_reader(context);
    *out_is_whole = active->len == 0 || count_held(db, &counting);
    for (guint i = 0; i < active->len; i++) {
        g_array_index(held, int64_t, g_array_index(places, guint, i)) =
            g_array_index(counts, int64_t, i);
    }
    return api_reader_done(context, request, db);
}

/* Takes the page's silences from the list; answers where the next page begins, or 0. */
static int64_t take_page(const GPtrArray *all, const struct api_page *asked, GPtrArray *page)
{
    int64_t at = asked->from;
    for (; at < (int64_t)all->len && page->len < (guint)asked->limit; at++) {
        g_ptr_array_add(page, all->pdata[at]);
    }
    return at < (int64_t)all->len ? at : 0;
}

static void read_silences(struct http_request *request, void *self)
{
    const struct api_context *context = self;
    struct api_page asked;
    bool wants_held = false;
    if (!api_page_read(request, &asked) || !api_flag(request, "holds", false, &wants_held)) {
        return;
    }
    g_autoptr(GPtrArray) page = g_ptr_array_new(); /* borrowed from the configuration */
    g_autoptr(GArray) held = g_array_new(FALSE, TRUE, sizeof(int64_t));
    struct config *config = config_current(context->configs);
    int64_t next = take_page(config_items(config, &SILENCE_KIND), &asked, page);
    struct utc now = clock_now(context->clock);
    bool is_whole = false;
    if (!wants_held || read_held(request, context, page, now, held, &is_whole)) {
        answer_page(request, page, is_whole ? held : NULL, now, next);
    }
    config_unref(config);
}

static void get_silences(struct http_request *request, void *context)
{
    /* Counting goes through all that is open. */
    if (http_query(request, "holds") != NULL) {
        aside_answer_long(request, context, read_silences);
    } else {
        aside_answer(request, context, read_silences);
    }
}

static void get_silence(struct http_request *request, void *self)
{
    const struct api_context *context = self;
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(context->configs);
    const struct silence *silence = config_find(config, &SILENCE_KIND, name);
    if (silence != NULL) {
        http_answer_json(request, 200, show_silence(silence, clock_now(context->clock), NULL));
    } else {
        api_answer_unknown(request, 404, "name", config, &SILENCE_KIND, name);
    }
    config_unref(config);
}

/* --- making and ending --- */

struct putting {
    struct put_object put; /* first: for job_run_config */
    json_t *spec;
};

static void putting_clear(void *work)
{
    struct putting *putting = work;
    put_object_clear(&putting->put);
    json_decref(putting->spec);
}

static enum command_result run_put(struct ledger_tx *tx, struct job *job)
{
    struct put_object *put = job->work;
    enum command_result result = job_run_config(tx, job, put_object_run);
    if (job->status < 400) {
        job->answer = g_steal_pointer(&put->written);
    }
    return result;
}

/* Its end is what was mistyped, or its year. */
static bool is_wholly_past(const json_t *body, struct utc now, struct fault *fault)
{
    struct utc to;
    char text[UTC_TEXT_SIZE];
    if (!utc_parse(json_text(body, "to", ""), &to) || utc_before(now, to) ||
        json_array_size(json_object_get(body, "windows")) > 0) {
        return false;
    }
    utc_format(to, text);
    (void)fault_set(fault, "to",
                    "is %s, which is past: the silence would never hold. Give an end that is still "
                    "to come, such as "
                    "--for 2h",
                    text);
    return true;
}

static void post_silence(struct http_request *request, void *self)
{
    static const struct job_kind PUTTING = {.work = sizeof(struct putting),
                                            .run = run_put,
                                            .settle = job_settle_config,
                                            .clear = putting_clear};
    struct api_context *context = self;
    const json_t *body = http_json(request);
    struct fault fault = {0};
    if (body == NULL) {
        return;
    }
    if (is_wholly_past(body, clock_now(context->clock), &fault)) {
        http_answer_fault(request, 422, &fault);
        return;
    }
    struct job *job = job_begin(request, context, context, &PUTTING);
    struct putting *putting = job->work;
    putting->spec = json_deep_copy(body);
    if (json_is_object(putting->spec) && json_object_get(putting->spec, "created_by") == NULL) {
        g_autofree char *maker = principal_text_of(job->actor);
        json_object_set_new(putting->spec, "created_by", json_string(maker));
    }
    putting->put = (struct put_object){.kind = &SILENCE_KIND, .spec = putting->spec};
    job_begin_config(job, &putting->put.base);
    job_go(job);
}

static void end_clear(void *work)
{
    end_silence_clear(work);
}

static enum command_result run_end(struct ledger_tx *tx, struct job *job)
{
    struct end_silence *end = job->work;
    const struct config_command *ended = &end->del.base;
    enum command_result result = end_silence_run(tx, end);
    return job_became(job, result, ended->status >= 400 ? ended->status : 204, &ended->fault);
}

static void settle_end(struct job *job, enum command_outcome outcome)
{
    struct end_silence *end = job->work;
    config_command_answered(&end->del, outcome);
    config_command_answered(&end->put, outcome);
}

static void delete_silence(struct http_request *request, void *context)
{
    static const struct job_kind ENDING = {.work = sizeof(struct end_silence),
                                           .run = run_end,
                                           .settle = settle_end,
                                           .clear = end_clear};
    struct job *job = job_begin(request, context, context, &ENDING);
    struct end_silence *end = job->work;
    end->del =
        (struct delete_object){.kind = &SILENCE_KIND, .name = http_path_param(request, "name")};
    job_begin_config(job, &end->del.base);
    job_go(job);
}

static const struct field LIST_PARAMS[] = {
    SHAPE_KIND(
        "holds", FIELD_BOOL, 0,
        "true: tell of each how many open alerts it holds now (not when more than 20,000 are "
        "open)."),
    API_PAGE_PARAM_ROWS,
    {0}};

static const int CHANGED[] = {200, 409, 0}; /* one of that name was there */
static const int OF_FILE[] = {409, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/silences", &PERMIT_SILENCE_READ, get_silences, .summary = "Silences.",
     .answer = &SILENCE_RECORD, .is_list = true, .params = LIST_PARAMS},
    {"GET", "/api/v1/silences/{name}", &PERMIT_SILENCE_READ, get_silence, .summary = "One silence.",
     .answer = &SILENCE_RECORD},
    {"POST", "/api/v1/silences", &PERMIT_SILENCE_CHANGE, post_silence,
     .summary = "Keeps matching alerts from paging for a while.", .request = &SILENCE_RECORD,
     .answer = &SILENCE_RECORD, .others = CHANGED, .success = 201},
    {"DELETE", "/api/v1/silences/{name}", &PERMIT_SILENCE_CHANGE, delete_silence,
     .summary =
         "Ends a silence, which stays listed as one that is over; one that recurs is deleted.",
     .others = OF_FILE, .success = 204},
};
const struct route_table SILENCE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
