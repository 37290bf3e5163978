#include "api/intake.h"

#include <string.h>

#include "api/door.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/metric.h"
#include "ledger/event.h"
#include "source/payload.h"

struct intake *intake_create(const struct api_context *context, struct http_request *request,
                             enum door door)
{
    struct intake *intake = g_new0(struct intake, 1);
    intake->context = context;
    intake->request = request;
    intake->door = door;
    intake->started = clock_elapsed(context->clock);
    batch_init(&intake->batch);
    return intake;
}

void intake_free(struct intake *intake)
{
    for (size_t i = 0; i < intake->count; i++) {
        take_clear(&intake->takes[i]);
    }
    g_free(intake->takes);
    batch_clear(&intake->batch);
    g_free(intake->secret);
    g_free(intake->integration);
    g_free(intake->service);
    g_free(intake->text);
    g_free(intake->sent_key);
    json_decref(intake->change);
    g_free(intake);
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

void intake_keep(struct intake *intake, int status, const char *problem)
{
    if (intake->integration == NULL) {
        return; /* nobody's payload: a stranger's */
    }
    keep_text(intake);
    struct utc now = clock_now(intake->context->clock);
    if (payload_book_add(intake->context->payloads, intake->integration, now, status, problem,
                         g_steal_pointer(&intake->text))) {
        desk_wake(intake->context->desk);
    }
}

static void keep_fault(struct intake *intake, int status, const struct fault *fault)
{
    g_autofree char *problem = fault->field[0] == '\0'
                                   ? g_strdup(fault->text)
                                   : g_strconcat(fault->field, ": ", fault->text, NULL);
    intake_keep(intake, status, problem);
}

void intake_refuse(struct intake *intake, int status, const struct fault *fault)
{
    keep_fault(intake, status, fault);
    metric_add(status >= 429 ? METRIC_SIGNALS_BUSY : METRIC_SIGNALS_REFUSED, 1);
    door_refuse(intake->request, intake->door, status, fault);
    intake_free(intake);
}

json_t *intake_json(struct intake *intake)
{
    size_t size = 0;
    const char *bytes = http_body(intake->request, &size);
    struct fault fault = {0};
    if (size > LIMIT_BODY) {
        (void)fault_set(&fault, "",
                        "The body may have at most %d bytes; send fewer alerts at once, or shorter "
                        "details.",
                        LIMIT_BODY);
        intake_refuse(intake, 413, &fault);
        return NULL;
    }
    json_t *body = json_read(bytes == NULL ? "" : bytes, size, &fault);
    if (body == NULL) {
        intake_refuse(intake, 400, &fault);
    }
    return body;
}

/* --- whose key --- */

static const char *door_address(int kind)
{
    switch ((enum integration_kind)kind) {
    case INTEGRATION_ALERTMANAGER:
        return "/in/alertmanager/KEY";
    case INTEGRATION_PROMETHEUS:
        return "/in/prometheus/KEY/api/v2/alerts";
    case INTEGRATION_PAGERDUTY:
        return "/v2/enqueue";
    case INTEGRATION_NATIVE:
    default:
        return "/api/v1/alerts";
    }
}

bool intake_adopt(struct intake *intake, const char *name, int kind, struct fault *fault)
{
    struct config *config = config_current(intake->context->configs);
    const struct integration *integration = config_integration(config, name);
    bool is_good = false;
    if (integration == NULL) {
        (void)fault_set(fault, "", "There is no integration \"%.100s\".", name);
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

/* --- the command --- */

static enum command_result run_takes(struct ledger_tx *tx, void *arg)
{
    struct intake *intake = arg;
    intake->is_late = http_is_late(intake->request);
    if (intake->is_late) {
        return COMMAND_REFUSED; /* its sender was told to send it again */
    }
    for (size_t i = 0; i < intake->count; i++) {
        (void)pager_take(tx, &intake->takes[i]);
    }
    if (intake->change != NULL) {
        g_autofree char *actor = g_strconcat("integration:", intake->integration, NULL);
        g_autofree char *subject = g_strconcat("service:", intake->service, NULL);
        event_append(tx, actor, "change.recorded", subject, intake->change);
    }
    return COMMAND_DONE;
}

static void foresee_takes(struct ledger_tx *tx, void *arg)
{
    const struct intake *intake = arg;
    for (size_t i = 0; i < intake->count; i++) {
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

/* On the ledger's thread. */
static void answer_takes(void *arg, enum command_outcome outcome)
{
    struct intake *intake = arg;
    if (intake->is_late || (outcome != OUTCOME_COMMITTED && outcome != OUTCOME_REFUSED)) {
        refuse_outcome(intake, intake->is_late ? OUTCOME_UNAVAILABLE : outcome);
        return;
    }
    if (intake->batch.refused > 0) {
        keep_fault(intake, door_success(intake->door), &intake->batch.first);
    } else {
        intake_keep(intake, door_success(intake->door), NULL);
    }
    door_accept(intake);
    struct span now = clock_elapsed(intake->context->clock);
    metric_observe(HISTOGRAM_ACCEPT, (struct span){now.us - intake->started.us});
    metric_add(METRIC_SIGNALS_ACCEPTED, (int64_t)intake->count);
    metric_add(METRIC_SIGNALS_REFUSED, (int64_t)intake->batch.refused);
    intake_free(intake);
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
            .integration = intake->integration,
            .service = intake->service,
        };
        *signal = (struct signal){0}; /* its texts have moved */
    }
}

static void refuse_busy(struct intake *intake, int status, const char *why)
{
    struct fault fault = {0};
    (void)fault_set(&fault, "", "%s", why);
    intake_refuse(intake, status, &fault);
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
    if (!ledger_is_writable(context->ledger)) {
        refuse_busy(intake, 503, "Nothing can be stored at the moment; try again.");
        return;
    }
    make_takes(intake);
    keep_text(intake);
    http_answer_within(intake->request, patience(context), NO_ANSWER_YET);
    const struct command command = {
        .run = run_takes,
        .answer = answer_takes,
        .arg = intake,
        .is_intake = true,
        .foresee = foresee_takes,
    };
    if (!desk_submit(context->desk, command)) {
        refuse_busy(intake, 503, "Too much is waiting to be stored; try again.");
    }
}
