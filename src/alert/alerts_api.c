/* /api/v1/alerts: read and act. What creates one is source/native_api.c. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"

#include <string.h>

#include "alert/alert_permits.h"
#include "alert/alert_store.h"
#include "alert/silence.h"
#include "base/principal.h"
#include "oncall/policy.h"
#include "paging/alert_topic.h"
#include "paging/pager.h"

/* --- reading --- */

/* Shown with the silence that holds it now, so that it does not look like one that pages. */
static json_t *show_alert(const struct alert *alert, const struct config *config, struct utc now)
{
    const GPtrArray *silences = config_items(config, &SILENCE_KIND);
    if (silences == NULL || silences->len == 0 || alert->status == ALERT_RESOLVED) {
        return record_write(&ALERT_RECORD, alert);
    }
    const struct match_subject subject = match_subject_of_alert(alert);
    const struct silence_verdict verdict = silence_judge(silences, &subject, now);
    struct alert shown = *alert; /* borrows all its texts */
    if (verdict.by != NULL) {
        shown.silenced_by = verdict.by->name;
        shown.silenced_until = verdict.until;
    }
    return record_write(&ALERT_RECORD, &shown);
}

struct listing {
    json_t *items;
    const struct config *config;
    struct utc now;
    int limit;
    int64_t last_id;
    bool has_more;
};

static void take_alert(void *self, const struct alert *alert)
{
    struct listing *listing = self;
    if ((int)json_array_size(listing->items) == listing->limit) {
        listing->has_more = true;
        return;
    }
    listing->last_id = alert->id;
    json_array_append_new(listing->items, show_alert(alert, listing->config, listing->now));
}

enum { FILTER_UNRESOLVED = 100 };

static const struct enum_name FILTER_NAMES[] = {{"open", ALERT_OPEN},
                                                {"acknowledged", ALERT_ACKNOWLEDGED},
                                                {"resolved", ALERT_RESOLVED},
                                                {"suppressed", ALERT_SUPPRESSED},
                                                {"unresolved", FILTER_UNRESOLVED},
                                                {NULL, 0}};

/* Alerts outlive what they came for: only where there are none of it, whatever their status or severity, is a
 * name that nothing has a mistake. */
static bool are_used(struct db *db, const struct alert_filter *filter)
{
    return (filter->service == NULL || alert_any_of_service(db, filter->service)) &&
           (filter->integration == NULL || alert_any_by_integration(db, filter->integration));
}

static bool are_known(struct http_request *request, const struct api_context *context)
{
    const char *integration = http_query(request, "integration");
    bool is_made_here =
        integration != NULL && (strcmp(integration, ALERT_MANUAL) == 0 ||
                                principal_read(integration).kind == PRINCIPAL_HEARTBEAT);
    return api_query_known(request, context, "service", &SERVICE_KIND) &&
           (is_made_here || api_query_known(request, context, "integration", &INTEGRATION_KIND));
}

static void read_alerts(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct api_page page;
    struct alert_filter filter = {.service = http_query(request, "service"),
                                  .integration = http_query(request, "integration")};
    if (!api_page_read(request, &page) ||
        !api_query_enum(request, "status", FILTER_NAMES, &filter.status) ||
        !api_query_enum(request, "severity", SEVERITY_NAMES, &filter.severity)) {
        return;
    }
    filter.is_unresolved = filter.status == FILTER_UNRESOLVED;
    filter.status = filter.is_unresolved ? 0 : filter.status;
    filter.before_id = page.from;
    struct config *config = config_current(context->configs);
    struct listing listing = {.items = json_array(),
                              .config = config,
                              .now = clock_now(context->clock),
                              .limit = page.limit};
    struct db *db = api_reader(context);
    bool is_used =
        alert_list(db, &filter, page.limit + 1, take_alert, &listing) > 0 || are_used(db, &filter);
    config_unref(config);
    if (!api_reader_done(context, request, db)) {
        json_decref(listing.items);
        return;
    }
    if (!is_used && !are_known(request, context)) {
        json_decref(listing.items);
        return;
    }
    api_answer_list(request, listing.items, listing.has_more ? listing.last_id : 0);
}

static void get_alerts(struct http_request *request, void *context)
{
    aside_answer(request, context, read_alerts);
}

static void get_alert(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct alert alert = {0};
    if (api_id(request, "id") == 0) {
        api_answer_no_number(request, "id", "alert");
        return;
    }
    struct db *db = api_reader(context);
    bool is_found = alert_load(db, api_id(request, "id"), &alert);
    if (!api_reader_done(context, request, db)) {
        return;
    }
    if (!is_found) {
        api_answer_missing(request, "alert", http_path_param(request, "id"));
        return;
    }
    struct config *config = config_current(context->configs);
    http_answer_json(request, 200, show_alert(&alert, config, clock_now(context->clock)));
    config_unref(config);
    alert_clear(&alert);
}

/* --- acting --- */

/* The bodies of all five verbs; each verb's record names those that it takes. */
struct act_body {
    char *user;
    char *note;
    struct span wait;
    struct utc until;
    struct target *target;
};

#define AT(member) offsetof(struct act_body, member)
#define USER_FIELD                                                           \
    {                                                                        \
        .name = "user", .kind = FIELD_TEXT, .offset = AT(user),              \
        .doc = "On whose behalf the token acts; the record then names them." \
    }
#define NOTE_FIELD                                              \
    {                                                           \
        .name = "note", .kind = FIELD_TEXT, .offset = AT(note), \
        .doc = "Kept with the action in the alert's history."   \
    }

static const struct field ACT_FIELDS[] = {USER_FIELD, NOTE_FIELD};
static const struct record ACT_RECORD = {.name = "AlertAction",
                                         .doc = "Who acts on an alert, and why.",
                                         .size = sizeof(struct act_body),
                                         .fields = ACT_FIELDS,
                                         .field_count = G_N_ELEMENTS(ACT_FIELDS)};

static bool snooze_check(const void *self, struct fault *fault)
{
    const struct act_body *body = self;
    if ((body->wait.us != 0) == utc_is_set(body->until)) {
        return fault_set(fault, "for", "Say either \"for\" (such as \"30m\") or \"until\".");
    }
    return true;
}

static const struct field SNOOZE_FIELDS[] = {
    USER_FIELD,
    NOTE_FIELD,
    {.name = "for",
     .kind = FIELD_SPAN,
     .offset = AT(wait),
     .min = 1000000,
     .max = SNOOZE_LONGEST_US,
     .doc = "How long it stays quiet, up to 30d."},
    {.name = "until", .kind = FIELD_UTC, .offset = AT(until), .doc = "Instead of \"for\"."},
};
static const struct record SNOOZE_RECORD = {.name = "AlertSnooze",
                                            .doc = "Quiet for a while; then it pages again.",
                                            .size = sizeof(struct act_body),
                                            .fields = SNOOZE_FIELDS,
                                            .field_count = G_N_ELEMENTS(SNOOZE_FIELDS),
                                            .check = snooze_check};

static const struct field PAGE_FIELDS[] = {
    USER_FIELD,
    NOTE_FIELD,
    {.name = "target",
     .kind = FIELD_RECORD,
     .offset = AT(target),
     .flags = FIELD_REQUIRED,
     .record = &TARGET_RECORD,
     /* Not in short: "user" at the top is who asks. */
     .doc = "Whom to tell too, at once: {\"target\": {\"user\": \"chen\"}}, or a schedule, team or "
            "channel in the user's place."},
};
static const struct record PAGE_RECORD = {.name = "AlertPage",
                                          .doc = "Tells somebody else too.",
                                          .size = sizeof(struct act_body),
                                          .fields = PAGE_FIELDS,
                                          .field_count = G_N_ELEMENTS(PAGE_FIELDS)};

/* One action on its way through the ledger. */
struct acting {
    struct act act;
    char *note;
    json_t *holds; /* of a page: what does not go at once */
};

static void acting_clear(void *work)
{
    struct acting *acting = work;
    g_free(acting->note);
    json_decref(acting->holds);
}

static enum command_result run_act(struct ledger_tx *tx, struct job *job)
{
    struct acting *acting = job->work;
    acting->act.status = 0;
    enum command_result result = pager_act(tx, &acting->act);
    struct alert alert = {0};
    if (acting->act.status == 200 && alert_load(tx->db, job->id, &alert)) {
        bool is_held = json_array_size(acting->holds) > 0;
        alert.holds = is_held ? json_incref(acting->holds) : NULL;
        job->answer = record_write(&ALERT_RECORD, &alert);
        alert_clear(&alert);
    }
    return job_became(job, result, acting->act.status, &acting->act.fault);
}

/* The record shows who acted and by whose hand; of a page beside the note, which is told. */
static char *note_of(struct principal actor, int verb, const struct act_body *body)
{
    if (actor.by == NULL || verb == VERB_PAGE) {
        return g_strdup(body->note);
    }
    g_autofree char *by = principal_text_of(*actor.by);
    return body->note == NULL ? g_strdup_printf("by %s", by)
                              : g_strdup_printf("%s (by %s)", body->note, by);
}

static void begin_act(struct job *job, int verb)
{
    const struct api_context *context = job->api;
    const struct act_body *body = job->body;
    struct acting *acting = job->work;
    acting->note = note_of(job->actor, verb, body);
    acting->holds = verb == VERB_PAGE ? json_array() : NULL;
    bool has_wait = body->wait.us != 0;
    acting->act = (struct act){
        .pager = context->pager,
        .verb = verb,
        .subject = alert_subject(job->id),
        .actor = job->actor,
        .target = body->target,
        .until = has_wait ? utc_add(clock_now(context->clock), body->wait) : body->until,
        .note = acting->note,
        .holds = acting->holds,
    };
}

#define ACTING(record_)                                                                \
    {                                                                                  \
        .body = &(record_), .number_of = ALERT_SUBJECT, .work = sizeof(struct acting), \
        .run = run_act, .clear = acting_clear                                          \
    }

static const struct job_kind ACTING = ACTING(ACT_RECORD), SNOOZING = ACTING(SNOOZE_RECORD),
                             PAGING = ACTING(PAGE_RECORD);

static void act(struct http_request *request, struct api_context *context, int verb,
                const struct job_kind *kind)
{
    struct job *job = job_begin(request, context, context, kind);
    if (job == NULL) {
        return;
    }
    principal_clear(&job->actor);
    if (!api_actor(request, context, ((struct act_body *)job->body)->user, &job->actor)) {
        job_drop(job);
        return;
    }
    begin_act(job, verb);
    job_go(job);
}

static void post_acknowledge(struct http_request *request, void *context)
{
    act(request, context, VERB_ACKNOWLEDGE, &ACTING);
}

static void post_resolve(struct http_request *request, void *context)
{
    act(request, context, VERB_RESOLVE, &ACTING);
}

static void post_escalate(struct http_request *request, void *context)
{
    act(request, context, VERB_ESCALATE, &ACTING);
}

static void post_snooze(struct http_request *request, void *context)
{
    act(request, context, VERB_SNOOZE, &SNOOZING);
}

static void post_page(struct http_request *request, void *context)
{
    act(request, context, VERB_PAGE, &PAGING);
}

static const struct field LIST_PARAMS[] = {
    {.name = "status",
     .kind = FIELD_ENUM,
     .names = FILTER_NAMES,
     .doc = "unresolved: open or acknowledged."},
    SHAPE_TEXT("service", 0, "Only alerts of this service."),
    SHAPE_TEXT("integration", 0, "Only alerts that came in by this integration."),
    SHAPE_ENUM("severity", SEVERITY_NAMES, 0),
    API_PAGE_PARAM_ROWS,
    {0}};

/* It is resolved, or acknowledged, already. */
static const int OVER[] = {409, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/alerts", &PERMIT_ALERT_READ, get_alerts, "Alerts, newest first.",
     .answer = &ALERT_RECORD, .is_list = true, .params = LIST_PARAMS},
    {"GET", "/api/v1/alerts/{id}", &PERMIT_ALERT_READ, get_alert, "One alert.",
     .answer = &ALERT_RECORD, .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/alerts/{id}/acknowledge", &PERMIT_ALERT_RESPOND, post_acknowledge,
     "Takes an alert: paging stops.", .request = &ACT_RECORD, .others = OVER,
     .answer = &ALERT_RECORD, .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/alerts/{id}/resolve", &PERMIT_ALERT_RESPOND, post_resolve, "Closes an alert.",
     .request = &ACT_RECORD, .others = OVER, .answer = &ALERT_RECORD, .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/alerts/{id}/escalate", &PERMIT_ALERT_PAGE, post_escalate,
     "Takes the next step of the escalation now.", .request = &ACT_RECORD, .others = OVER,
     .answer = &ALERT_RECORD, .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/alerts/{id}/snooze", &PERMIT_ALERT_RESPOND, post_snooze,
     "Keeps an alert quiet for a while; then it pages again from the first step.",
     .request = &SNOOZE_RECORD, .others = OVER, .answer = &ALERT_RECORD, .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/alerts/{id}/page", &PERMIT_ALERT_PAGE, post_page,
     "Pages a person, team, schedule or channel about an alert, now.", .request = &PAGE_RECORD,
     .others = OVER, .answer = &ALERT_RECORD, .names = API_NUMBER_NAMES},
};
const struct route_table ALERT_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
