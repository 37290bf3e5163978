/* /api/v1/schedules: who is on call, shifts, gaps, overrides. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "api/section.h"
#include "api/shapes.h"

#include <string.h>

#include "config/config_store.h"
#include "config/config_work.h"
#include "oncall/oncall_permits.h"
#include "oncall/override_store.h"
#include "oncall/override_work.h"
#include "oncall/shift.h"

/* A longer range is a mistake of a program, and costs a core for seconds. */
#define RANGE_MAX SPAN_D(400)

/* --- the shape of the answers --- */

static const struct field SHIFT_FIELDS[] = {
    {.name = "user", .kind = FIELD_TEXT, .offset = offsetof(struct shift, user)},
    {.name = "layer",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct shift, layer),
     .doc = "Name of the layer, or \"override\"."},
    {.name = "since",
     .kind = FIELD_UTC,
     .offset = offsetof(struct shift, since),
     .flags = FIELD_ALWAYS},
    {.name = "until",
     .kind = FIELD_UTC,
     .offset = offsetof(struct shift, until),
     .doc = "Absent where no end is in sight."},
};
static const struct record SHIFT_RECORD = {.name = "Shift",
                                           .doc = "One person on call over a stretch of time.",
                                           .size = sizeof(struct shift),
                                           .fields = SHIFT_FIELDS,
                                           .field_count = G_N_ELEMENTS(SHIFT_FIELDS)};

struct on_call_answer {
    struct utc at;
    GPtrArray *on_call;
};
static const struct field ON_CALL_FIELDS[] = {
    {.name = "at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct on_call_answer, at),
     .flags = FIELD_ALWAYS},
    {.name = "on_call",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct on_call_answer, on_call),
     .flags = FIELD_ALWAYS,
     .record = &SHIFT_RECORD,
     .doc = "Empty: nobody. Two where a repeated local hour makes them overlap."},
};
static const struct record ON_CALL_RECORD = {.name = "OnCall",
                                             .doc = "Who is on call at an instant.",
                                             .size = sizeof(struct on_call_answer),
                                             .fields = ON_CALL_FIELDS,
                                             .field_count = G_N_ELEMENTS(ON_CALL_FIELDS)};

static json_t *shift_json(const struct shift *shift)
{
    json_t *json = json_object();
    if (shift->user != NULL) {
        json_object_set_new(json, "user", json_string(shift->user));
        json_object_set_new(json, "layer", json_string(shift->layer));
    }
    json_object_set_new(json, "since", api_utc(shift->since));
    if (utc_before(shift->until, UTC_NEVER)) {
        json_object_set_new(json, "until", api_utc(shift->until));
    }
    return json;
}

static json_t *shifts_json(const GArray *shifts)
{
    json_t *list = json_array();
    for (guint i = 0; i < shifts->len; i++) {
        json_array_append_new(list, shift_json(&g_array_index(shifts, struct shift, i)));
    }
    return list;
}

/* --- reading --- */

/* The schedule that the path names and the snapshot that holds it; NULL after answering 404. */
static const struct schedule *schedule_of(struct http_request *request, struct api_context *context,
                                          struct config **out_config)
{
    struct config *config = config_current(context->configs);
    const char *name = http_path_param(request, "name");
    const struct schedule *schedule = schedule_find(config, name);
    if (schedule == NULL) {
        api_answer_unknown(request, 404, "name", config, &SCHEDULE_KIND, name);
        config_unref(config);
        return NULL;
    }
    *out_config = config;
    return schedule;
}

static void read_schedule(struct http_request *request, void *context)
{
    struct config *config = NULL;
    const struct schedule *schedule = schedule_of(request, context, &config);
    if (schedule != NULL) {
        http_answer_json(request, 200, record_write(&SCHEDULE_RECORD, schedule));
        config_unref(config);
    }
}

static void get_schedule(struct http_request *request, void *context)
{
    aside_answer(request, context, read_schedule);
}

static void read_schedules(struct http_request *request, void *context)
{
    section_list(request, context,
                 &(struct section){.kind = &SCHEDULE_KIND, .record = &SCHEDULE_RECORD});
}

static void get_schedules(struct http_request *request, void *context)
{
    aside_answer(request, context, read_schedules);
}

static void get_on_call(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct utc at;
    struct config *config = NULL;
    if (!api_instant(request, "at", clock_now(context->clock), &at)) {
        return;
    }
    const struct schedule *schedule = schedule_of(request, context, &config);
    if (schedule == NULL) {
        return;
    }
    GArray *shifts = oncall_at(schedule, at);
    http_answer_json(request, 200,
                     json_pack("{s:o, s:o}", "at", api_utc(at), "on_call", shifts_json(shifts)));
    g_array_unref(shifts);
    config_unref(config);
}

/* from and to of the query; 30 days from now when absent. False after answering. */
static bool read_range(struct http_request *request, struct api_context *context,
                       struct utc *out_from, struct utc *out_to)
{
    if (!api_instant(request, "from", clock_now(context->clock), out_from) ||
        !api_instant(request, "to", utc_add(*out_from, SPAN_D(30)), out_to)) {
        return false;
    }
    struct fault fault = {0};
    if (!utc_before(*out_from, *out_to)) {
        fault_set(&fault, "to", "must be later than from.");
    } else if (utc_since(*out_to, *out_from).us > RANGE_MAX.us) {
        fault_set(&fault, "to", "The range may span at most 400 days.");
    } else {
        return true;
    }
    http_answer_fault(request, 400, &fault);
    return false;
}

typedef GArray *(*range_reader)(const struct schedule *schedule, struct utc from, struct utc to);

static void answer_range(struct http_request *request, struct api_context *context,
                         range_reader read)
{
    struct utc from;
    struct utc to;
    struct config *config = NULL;
    if (!read_range(request, context, &from, &to)) {
        return;
    }
    const struct schedule *schedule = schedule_of(request, context, &config);
    if (schedule == NULL) {
        return;
    }
    GArray *shifts = read(schedule, from, to);
    api_answer_list(request, shifts_json(shifts), 0);
    g_array_unref(shifts);
    config_unref(config);
}

static void read_shifts(struct http_request *request, void *context)
{
    answer_range(request, context, oncall_shifts);
}

static void get_shifts(struct http_request *request, void *context)
{
    aside_answer(request, context, read_shifts);
}

static void read_gaps(struct http_request *request, void *context)
{
    answer_range(request, context, oncall_gaps);
}

static void get_gaps(struct http_request *request, void *context)
{
    aside_answer(request, context, read_gaps);
}

/* --- overrides --- */

static void take_override(void *items, const struct override_row *row)
{
    json_t *item = record_write(&OVERRIDE_RECORD, row->override);
    json_object_set_new(item, "id", json_sprintf("%" G_GINT64_FORMAT, row->id));
    json_object_set_new(item, "created_by", json_string(row->created_by));
    json_object_set_new(item, "created_at", api_utc(row->created_at));
    json_array_append_new(items, item);
}

static void read_overrides(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct config *config = NULL;
    const struct schedule *schedule = schedule_of(request, context, &config);
    if (schedule == NULL) {
        return;
    }
    json_t *items = json_array();
    struct db *db = api_reader(context);
    override_list(db, schedule->name, take_override, items);
    config_unref(config);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, items, 0);
    } else {
        json_decref(items);
    }
}

static void get_overrides(struct http_request *request, void *context)
{
    aside_answer(request, context, read_overrides);
}

static void add_clear(void *work)
{
    add_override_clear(work);
}

static enum command_result run_add(struct ledger_tx *tx, struct job *job)
{
    struct add_override *add = job->work;
    enum command_result result = job_run_config(tx, job, add_override_run);
    if (job->status < 400) {
        job->answer = json_deep_copy(add->spec);
        json_object_set_new(job->answer, "id", json_sprintf("%" G_GINT64_FORMAT, add->id));
        if (add->warning != NULL) {
            json_object_set_new(job->answer, "warnings", json_pack("[s]", add->warning));
        }
    }
    return result;
}

static void post_override(struct http_request *request, void *context)
{
    static const struct job_kind ADDING = {.work = sizeof(struct add_override),
                                           .run = run_add,
                                           .settle = job_settle_config,
                                           .clear = add_clear};
    const json_t *body = http_json(request);
    if (body == NULL) {
        return;
    }
    struct job *job = job_begin(request, context, context, &ADDING);
    struct add_override *add = job->work;
    add->schedule = http_path_param(request, "name");
    add->spec = body;
    job_begin_config(job, &add->base);
    job_go(job);
}

static enum command_result run_remove(struct ledger_tx *tx, struct job *job)
{
    enum command_result result = job_run_config(tx, job, remove_override_run);
    job->status = job->status < 400 ? 204 : job->status;
    return result;
}

static void delete_override(struct http_request *request, void *context)
{
    static const struct job_kind REMOVING = {.number_of = "override",
                                             .work = sizeof(struct remove_override),
                                             .run = run_remove,
                                             .settle = job_settle_config};
    struct job *job = job_begin(request, context, context, &REMOVING);
    if (job == NULL) {
        return;
    }
    struct remove_override *removing = job->work;
    removing->schedule = http_path_param(request, "name");
    removing->id = job->id;
    job_begin_config(job, &removing->base);
    job_go(job);
}

static const struct field AT_PARAMS[] = {SHAPE_KIND("at", FIELD_UTC, 0, "Now when absent."), {0}};
static const struct field RANGE_PARAMS[] = {
    SHAPE_KIND("from", FIELD_UTC, 0, "Now when absent."),
    SHAPE_KIND("to", FIELD_UTC, 0, "30 days after from when absent, at most 400."),
    {0}};

static const struct field KEPT_OVERRIDE_FIELDS[] = {
    SHAPE_TEXT("id", FIELD_ALWAYS, "To take it back by."),
    SHAPE_TEXT("created_by", 0, "In lists only."),
    SHAPE_KIND("created_at", FIELD_UTC, 0, "In lists only."),
    SHAPE_KIND("warnings", FIELD_TEXTS, 0,
               "Not in lists: what speaks against it all the same, such as that who is away."),
};
static const struct record KEPT_OVERRIDE_SHAPE = {.name = "OverrideKept",
                                                  .doc = "An override that people made.",
                                                  .base = &OVERRIDE_RECORD,
                                                  .fields = KEPT_OVERRIDE_FIELDS,
                                                  .field_count =
                                                      G_N_ELEMENTS(KEPT_OVERRIDE_FIELDS)};

static const struct route_row ROWS[] = {
    SECTION_LIST("/api/v1/schedules", PERMIT_SCHEDULE_READ, get_schedules, "On-call schedules.",
                 SCHEDULE_RECORD),
    SECTION_ONE("/api/v1/schedules/{name}", PERMIT_SCHEDULE_READ, get_schedule, "One schedule.",
                SCHEDULE_RECORD),
    {"GET", "/api/v1/schedules/{name}/on-call", &PERMIT_SCHEDULE_READ, get_on_call,
     "Who is on call at an instant.", .answer = &ON_CALL_RECORD, .params = AT_PARAMS},
    {"GET", "/api/v1/schedules/{name}/shifts", &PERMIT_SCHEDULE_READ, get_shifts,
     "The shifts of a range, in order of start.", .answer = &SHIFT_RECORD, .is_list = true,
     .params = RANGE_PARAMS},
    {"GET", "/api/v1/schedules/{name}/gaps", &PERMIT_SCHEDULE_READ, get_gaps,
     "The stretches of a range in which nobody is on call.", .answer = &SHIFT_RECORD,
     .is_list = true, .params = RANGE_PARAMS},
    {"GET", "/api/v1/schedules/{name}/overrides", &PERMIT_SCHEDULE_READ, get_overrides,
     "The overrides that people made beside the file.", .answer = &KEPT_OVERRIDE_SHAPE,
     .is_list = true},
    {"POST", "/api/v1/schedules/{name}/overrides", &PERMIT_SCHEDULE_OVERRIDE, post_override,
     "Puts somebody else on call for a while.", .request = &OVERRIDE_RECORD,
     .answer = &KEPT_OVERRIDE_SHAPE, .success = 201},
    {"DELETE", "/api/v1/schedules/{name}/overrides/{id}", &PERMIT_SCHEDULE_OVERRIDE,
     delete_override,
     "Takes an override back; one that holds ends now, one that is over stays as it was.",
     .success = 204, .names = API_NUMBER_NAMES},
};
const struct route_table SCHEDULE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
