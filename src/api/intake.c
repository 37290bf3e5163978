#include "api/intake.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "access/key_index.h"
#include "alert/service.h"
#include "api/door.h"
#include "api/handler.h"
#include "api/refused.h"
#include "base/json.h"
#include "base/json_cut.h"
#include "base/limits.h"
#include "base/metric.h"
#include "config/config_check.h"
#include "ledger/event.h"
#include "source/payload.h"

/* A large document takes ten times its size for a moment: one at a time. */
enum { HEAVY = 1048576 };

static pthread_mutex_t heavy_lock = PTHREAD_MUTEX_INITIALIZER;

static void set_down(struct intake *intake)
{
    if (intake->is_heavy) {
        intake->is_heavy = false;
        (void)pthread_mutex_unlock(&heavy_lock);
    }
}

struct intake *intake_create(const struct api_context *context, struct http_request *request,
                             const struct door *door)
{
    struct intake *intake = g_new0(struct intake, 1);
    intake->context = context;
    intake->request = request;
    intake->door = door;
    intake->started = clock_elapsed(context->clock);
    batch_init(&intake->batch);
    intake->batch.max = context->alerts_per_request;
    return intake;
}

void intake_free(struct intake *intake)
{
    set_down(intake);
    bool was_large = intake->count > LIMIT_ALERTS_PER_COMMIT;
    for (size_t i = 0; i < intake->count; i++) {
        take_clear(&intake->takes[i]);
    }
    g_free(intake->takes);
    batch_clear(&intake->batch);
    g_free(intake->secret);
    g_free(intake->integration);
    g_free(intake->service);
    g_free(intake->gone_integration);
    g_free(intake->text);
    g_free(intake->sent_key);
    json_decref(intake->change);
    g_free(intake);
    if (was_large) {
        (void)malloc_trim(0); /* else the allocator keeps all that a storm once took */
    }
}

/* --- keeping the payload --- */

static void keep_text(struct intake *intake)
{
    if (intake->text == NULL) {
        size_t size = 0;
        const char *bytes = http_body(intake->request, &size);
        intake->text = payload_text(bytes, size, intake->secret);
    }
}

static char *fault_line(const struct fault *fault)
{
    return fault->field[0] == '\0' ? g_strdup(fault->text)
                                   : g_strconcat(fault->field, ": ", fault->text, NULL);
}

/* Alerts of the sender's own. */
static size_t taken_of(const struct intake *intake)
{
    return intake->batch.signals->len - intake->own - intake->batch.added;
}

static void note_taken(const struct intake *intake)
{
    const struct api_context *context = intake->context;
    const struct batch *batch = &intake->batch;
    g_autofree char *why = batch->refused == 0 ? NULL : fault_line(&batch->first);
    const struct refused last = {why, taken_of(intake)};
    if (intake->own > 0) {
        refused_note(context, intake->integration, intake->service, REFUSAL_CUT_OFF, &last);
    } else if (batch->refused > 0) {
        refused_note(context, intake->integration, intake->service, REFUSAL_UNREADABLE, &last);
    } else {
        refused_good(context, intake->integration, intake->service);
    }
}

/* The integration's owner hears of it. "manual" is none: whoever sent that reads the answer. */
static void note(const struct intake *intake, int status, const char *problem)
{
    if (intake->secret == NULL || intake->service == NULL) {
        return;
    }
    if (status < 300) {
        note_taken(intake);
    } else if (status < 500 && status != 429) {
        bool is_large = status == 413;
        /* Read perhaps, and refused for one field: whoever mends it wants to know which. */
        const struct refused last = {is_large ? NULL : problem, 0};
        refused_note(intake->context, intake->integration, intake->service,
                     is_large ? REFUSAL_TOO_LARGE : REFUSAL_UNREADABLE, &last);
    }
}

void intake_keep(struct intake *intake, int status, const char *problem)
{
    if (intake->integration == NULL) {
        return; /* nobody's payload: a stranger's */
    }
    note(intake, status, problem);
    keep_text(intake);
    struct utc now = clock_now(intake->context->clock);
    if (payload_book_add(intake->context->payloads, intake->integration, now, status, problem,
                         g_steal_pointer(&intake->text))) {
        queue_wake(intake->context->queue);
    }
}

static void keep_fault(struct intake *intake, int status, const struct fault *fault)
{
    g_autofree char *problem = fault_line(fault);
    intake_keep(intake, status, problem);
}

void intake_refuse(struct intake *intake, int status, const struct fault *fault)
{
    keep_fault(intake, status, fault);
    metric_add(status >= 429 ? METRIC_SIGNALS_BUSY : METRIC_SIGNALS_REFUSED, 1);
    door_refuse(intake->request, intake->door, status, fault);
    intake_free(intake);
}

/* Half of one alert may be another: its key or its action may stand in what is missing. */
static bool takes_part(const struct intake *intake)
{
    const struct webhook *webhook = intake->door->webhook;
    return webhook != NULL && webhook->is_list;
}

/* Of what was cut off: the elements that are whole. NULL: none is, or no room, or they are not enough. */
static json_t *read_cut(struct intake *intake, size_t nodes, struct fault *fault)
{
    size_t size = 0, whole = 0;
    const char *bytes = http_body(intake->request, &size);
    g_autofree char *text = takes_part(intake) ? json_cut(bytes, size, SIZE_MAX, &whole) : NULL;
    json_t *body =
        text == NULL ? NULL : json_read_mended(text, whole, nodes, &intake->mends, fault);
    if (body == NULL) {
        (void)fault_set(
            fault, "",
            "The body has more than the %zu bytes that are taken; send fewer alerts at once, "
            "or shorter details.",
            http_body_max(intake->request));
    }
    return body;
}

static json_t *read_whole(struct intake *intake, size_t nodes, struct fault *fault)
{
    size_t size = 0;
    const char *bytes = http_body(intake->request, &size);
    json_auto_t *body = json_read_mended(bytes, size, nodes, &intake->mends, fault);
    if (body == NULL || takes_part(intake)) {
        return g_steal_pointer(&body);
    }
    if (intake->mends.is_cut) {
        (void)fault_set(fault, "", "holds more than %zu values; send fewer", nodes);
        return NULL;
    }
    return intake->mends.ends_early ? NULL : g_steal_pointer(&body); /* the fault says where */
}

json_t *intake_json(struct intake *intake)
{
    size_t size = 0;
    (void)http_body(intake->request, &size);
    struct fault fault = {0};
    bool is_cut = http_body_is_cut(intake->request);
    size_t nodes = MAX(LIMIT_ALERT_NODES, size / LIMIT_JSON_NODE_BYTES);
    if (size > HEAVY) {
        (void)pthread_mutex_lock(&heavy_lock);
        intake->is_heavy = true;
    }
    json_t *body = is_cut ? read_cut(intake, nodes, &fault) : read_whole(intake, nodes, &fault);
    intake->is_cut = is_cut || intake->mends.is_cut;
    if (body == NULL) {
        bool is_guess = intake->door->key_in != NULL && intake_is_guess(intake, &fault);
        intake_refuse(intake, is_guess ? 429 : intake->is_cut ? 413 : 400, &fault);
        return NULL;
    }
    intake->is_cut = intake->is_cut || intake->mends.ends_early;
    return body;
}

/* --- whose key --- */

bool intake_adopt(struct intake *intake, const char *name, int kind, struct fault *fault)
{
    struct config *config = config_current(intake->context->configs);
    const struct integration *integration = integration_find(config, name);
    bool is_good = false;
    if (integration == NULL) {
        (void)config_unknown(config, &INTEGRATION_KIND, name, fault);
    } else if (kind != 0 && integration->kind != kind) {
        (void)fault_set(fault, "",
                        "This is the key of \"%.100s\", an integration of kind %s; its address is "
                        "%s.",
                        name, enum_to_name(INTEGRATION_KIND_NAMES, integration->kind),
                        door_address(integration->kind));
    } else {
        intake->integration = g_strdup(integration->name);
        intake->service = g_strdup(integration->service);
        is_good = true;
    }
    config_unref(config);
    return is_good;
}

/* In an event that cannot be read as JSON. */
enum recognized { RECOGNIZED_NONE = 1, RECOGNIZED_WRONG, RECOGNIZED };

static enum recognized recognize(struct intake *intake)
{
    const struct api_context *context = intake->context;
    size_t size = 0;
    const char *bytes = http_body(intake->request, &size);
    struct key_entry owner = {0};
    struct fault fault = {0};
    g_autofree char *key = intake->door->key_in(bytes, size);
    if (key == NULL) {
        return RECOGNIZED_NONE;
    }
    if (!key_index_find(context->keys, key, clock_now(context->clock), &owner)) {
        return RECOGNIZED_WRONG;
    }
    if (owner.owner_kind == KEY_INTEGRATION &&
        intake_adopt(intake, owner.owner, intake->door->kind, &fault)) {
        intake->secret = g_steal_pointer(&key);
    } else if (owner.owner_kind == KEY_INTEGRATION) {
        refused_door(context, owner.owner, fault.text);
    }
    return RECOGNIZED;
}

bool intake_is_guess(struct intake *intake, struct fault *fault)
{
    if (recognize(intake) != RECOGNIZED_WRONG || http_wrong_key(intake->request) == 0) {
        return false;
    }
    (void)fault_set(fault, "", "%s", DOOR_UNKNOWN_KEY);
    return true;
}

/* --- the command --- */

static const char *const OF_SERVICE[] = {"service", NULL};
static const struct field CHANGE_FIELDS[] = {
    SHAPE_TEXT("summary", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("source", 0, NULL),
    SHAPE_TEXT("timestamp", 0, "As its sender wrote it."),
    SHAPE_CODED("details", SHAPE_OBJECT_CODEC, 0, NULL),
    SHAPE_MANY("links", LINK_SHAPE, 0),
};
static const struct record CHANGE =
    SHAPE("EventChangeRecorded", "A change that a service had.", CHANGE_FIELDS);

static const struct event_kind EVENT_CHANGE_RECORDED = {
    .name = "change.recorded", .subjects = OF_SERVICE, .data = &CHANGE};

const struct event_kind *const CHANGE_EVENTS[] = {&EVENT_CHANGE_RECORDED, NULL};

/* The slice that is to be taken now: a large request must not become one endless transaction. */
static size_t slice_end(const struct intake *intake)
{
    return MIN(intake->count, intake->done + LIMIT_ALERTS_PER_COMMIT);
}

static enum command_result run_takes(struct ledger_tx *tx, void *arg)
{
    struct intake *intake = arg;
    /* What was begun is finished, whoever waits: sent again, it is joined. */
    intake->is_late = intake->done == 0 && http_is_late(intake->request);
    if (intake->is_late) {
        return COMMAND_REFUSED; /* its sender was told to send it again */
    }
    for (size_t i = intake->done; i < slice_end(intake); i++) {
        (void)pager_take(tx, &intake->takes[i]);
    }
    if (intake->change != NULL) {
        const struct principal sender = {PRINCIPAL_INTEGRATION, intake->integration};
        event_append(tx, sender, &EVENT_CHANGE_RECORDED, subject_named("service", intake->service),
                     intake->change);
    }
    return COMMAND_DONE;
}

static void foresee_takes(struct ledger_tx *tx, void *arg)
{
    const struct intake *intake = arg;
    for (size_t i = intake->done; i < slice_end(intake); i++) {
        pager_foresee_take(tx, &intake->takes[i]);
    }
}

static void refuse_uncertain(struct intake *intake)
{
    struct fault fault = {0};
    const char *key = intake->count == 1 ? intake->takes[0].dedup_key : "";
    (void)fault_set(&fault, "",
                    "The database did not confirm this: it may or may not have been taken. Send it "
                    "again with the same dedup_key%s%s%s; what was taken after all is joined, not "
                    "doubled.",
                    key[0] != '\0' ? " \"" : "", key, key[0] != '\0' ? "\"" : "");
    intake_refuse(intake, 503, &fault);
}

static void refuse_outcome(struct intake *intake, enum command_outcome outcome)
{
    struct fault fault = {0};
    if (outcome == OUTCOME_UNCERTAIN) {
        refuse_uncertain(intake);
    } else if (outcome == OUTCOME_FAILED) {
        (void)fault_set(&fault, "",
                        "Storing this failed for a reason of our own; the log tells more.");
        intake_refuse(intake, 500, &fault);
    } else {
        (void)fault_set(&fault, "", "Nothing can be stored at the moment; try again.");
        intake_refuse(intake, 503, &fault);
    }
}

static const char ENDS_EARLY[] = "the JSON of the request ends in the middle";

/* What was not even looked at. NULL: nothing. */
static char *cut_told(const struct intake *intake)
{
    size_t taken = taken_of(intake);
    if (intake->mends.ends_early) {
        return g_strdup_printf("%s: what comes after the first %zu alerts was cut off", ENDS_EARLY,
                               taken);
    }
    if (intake->is_cut) {
        return g_strdup_printf("the body %s than %s taken at once: what comes after the first %zu "
                               "alerts was cut off",
                               intake->mends.is_cut ? "holds more values" : "is longer",
                               intake->mends.is_cut ? "are" : "is", taken);
    }
    return intake->batch.cut_off == 0
               ? NULL
               : g_strdup_printf("%zu of the alerts are more than are taken at once: cut off",
                                 intake->batch.cut_off);
}

/* Both with "; " between, or the one that there is. Takes over both. */
static char *joined(char *first, char *second)
{
    g_autofree char *a = first;
    g_autofree char *b = second;
    if (a == NULL || b == NULL) {
        return a != NULL ? g_steal_pointer(&a) : g_steal_pointer(&b);
    }
    return g_strconcat(a, "; ", b, NULL);
}

char *intake_note(const struct intake *intake)
{
    const struct batch *batch = &intake->batch;
    g_autofree char *text = joined(cut_told(intake), json_mends_told(&intake->mends));
    if (batch->mended == 0) {
        return g_steal_pointer(&text);
    }
    g_autofree char *first = fault_line(&batch->first_mend);
    g_autofree char *more = batch->mended == 1
                                ? g_strdup("")
                                : g_strdup_printf(" (and of %zu more)", batch->mended - 1);
    return joined(g_steal_pointer(&text), g_strconcat(first, more, NULL));
}

/* What was refused of it, and what was mended. */
static void keep_taken(struct intake *intake)
{
    char *refused = intake->batch.refused == 0 ? NULL : fault_line(&intake->batch.first);
    g_autofree char *both = joined(refused, intake_note(intake));
    intake_keep(intake, intake->door->success, both);
}

static void finish(struct intake *intake)
{
    keep_taken(intake);
    door_accept(intake);
    struct span now = clock_elapsed(intake->context->clock);
    metric_observe(HISTOGRAM_ACCEPT, (struct span){now.us - intake->started.us});
    metric_add(METRIC_SIGNALS_ACCEPTED, (int64_t)(intake->count - intake->own));
    metric_add(METRIC_SIGNALS_REFUSED, (int64_t)intake->batch.refused);
    intake_free(intake);
}

static void submit_slice(struct intake *intake);

static void finish_or_refuse(struct intake *intake)
{
    if (intake->gone.text[0] != '\0' && intake->takes[0].outcome == TAKE_UNKNOWN) {
        intake_refuse(intake, 400, &intake->gone);
    } else {
        finish(intake);
    }
}

/* On the ledger's thread. */
static void answer_takes(void *arg, enum command_outcome outcome)
{
    struct intake *intake = arg;
    if (intake->is_late || (outcome != OUTCOME_COMMITTED && outcome != OUTCOME_REFUSED)) {
        refuse_outcome(intake, intake->is_late ? OUTCOME_UNAVAILABLE : outcome);
        return;
    }
    for (size_t end = slice_end(intake); intake->done < end; intake->done++) {
        signal_clear(&intake->takes[intake->done].signal);
    }
    if (intake->done < intake->count) {
        submit_slice(intake);
    } else {
        finish_or_refuse(intake);
    }
}

static void make_takes(struct intake *intake)
{
    intake->count = intake->batch.signals->len;
    intake->takes = g_new0(struct take, MAX(intake->count, 1));
    for (size_t i = 0; i < intake->count; i++) {
        struct signal *signal = g_ptr_array_index(intake->batch.signals, (guint)i);
        intake->takes[i] = (struct take){
            .pager = intake->context->pager,
            .signal = *signal,
            .integration =
                intake->gone_integration != NULL ? intake->gone_integration : intake->integration,
            .service = intake->service,
        };
        *signal = (struct signal){0}; /* its texts have moved */
    }
}

/* Somebody is paged about what was cut off, in the commits of what was taken. */
static void tell_of_rest(struct intake *intake)
{
    size_t taken = taken_of(intake);
    if (intake->batch.cut_off > 0 || intake->is_cut) {
        intake->own = 1;
        const struct refused last = {intake->mends.ends_early ? ENDS_EARLY : NULL, taken};
        refusal_cut_off(intake->integration, intake->is_cut ? 0 : intake->batch.cut_off, &last,
                        clock_now(intake->context->clock), batch_add(&intake->batch));
    }
}

static void refuse_busy(struct intake *intake, int status, const char *why)
{
    struct fault fault = {0};
    (void)fault_set(&fault, "", "%s", why);
    intake_refuse(intake, status, &fault);
}

static void submit_slice(struct intake *intake)
{
    const struct command command = {
        .run = run_takes,
        .answer = answer_takes,
        .arg = intake,
        .is_intake = true,
        .foresee = foresee_takes,
    };
    if (!queue_submit(intake->context->queue, command)) {
        refuse_busy(intake, 503, "Too much is waiting to be stored; try again.");
    }
}

/* Senders wait for ten seconds (Prometheus and Alertmanager do). To find out what became of a commit may
 * take longer, when several hosts of the database are silent. */
#define ANSWER_WITHIN SPAN_S(8)
static const char NO_ANSWER_YET[] =
    "The database has not confirmed this yet: it may or may not be taken. Send it again. With the "
    "same "
    "dedup_key, or the same Idempotency-Key, what was taken after all is joined, not doubled.";

static struct span patience(const struct api_context *context)
{
    int64_t us = atomic_load(&context->answer_within_us);
    return us != 0 ? (struct span){us} : ANSWER_WITHIN;
}

void intake_submit(struct intake *intake)
{
    const struct api_context *context = intake->context;
    size_t count = intake->batch.signals->len;
    if (!payload_book_admit(context->payloads, intake->integration, MAX(count, 1),
                            clock_elapsed(context->clock))) {
        refuse_busy(intake, 429, "This integration sends far more than its share; slow down.");
        return;
    }
    if (!ledger_is_writable(context->ledger) || api_is_stuck(context)) {
        refuse_busy(intake, 503, "Nothing can be stored at the moment; try again.");
        return;
    }
    tell_of_rest(intake);
    make_takes(intake);
    keep_text(intake);
    http_answer_within(intake->request, patience(context), NO_ANSWER_YET);
    set_down(intake);
    submit_slice(intake);
}
