#include "page/whatif.h"
#include "config/config_plan.h"

#include "alert/silence.h"
#include "page/step.h"
#include "page/work.h"

enum { STEPS_MAX = 500 };

static void set_utc(json_t *object, const char *key, struct utc at)
{
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    json_object_set_new(object, key, json_string(text));
}

/* By which contacts and when, if nobody acknowledges and every message arrives. */
static json_t *contacts_json(const struct config *config, const char *who, int urgency,
                             struct utc at)
{
    json_t *list = json_array();
    g_autoptr(GPtrArray) rules = receiver_rules(config, who, urgency);
    for (guint i = 0; i < rules->len; i++) {
        const struct rule *rule = g_ptr_array_index(rules, i);
        struct contact contact;
        if (receiver_contact(config, who, rule->contact, &contact)) {
            json_t *item = json_object();
            set_utc(item, "at", utc_add(at, rule->after));
            json_object_set_new(item, "contact", json_string(rule->contact));
            json_object_set_new(item, "kind",
                                json_string(enum_to_name(CONTACT_KIND_NAMES, contact.kind)));
            json_array_append_new(list, item);
        }
    }
    return list;
}

static json_t *telling_json(const struct config *config, const struct telling *telling, int urgency,
                            struct utc at)
{
    json_t *item = json_object();
    json_object_set_new(item, "who", json_string(telling->who));
    json_object_set_new(item, "via", json_string(enum_to_name(TELLING_VIA_NAMES, telling->via)));
    if (telling->through != NULL) {
        json_object_set_new(item, "through", json_string(telling->through));
    }
    if (telling->layer != NULL) {
        json_object_set_new(item, "layer", json_string(telling->layer));
    }
    json_object_set_new(item, "contacts", contacts_json(config, telling->who, urgency, at));
    return item;
}

static json_t *verdict_json(const struct config *config, const struct verdict *verdict, int urgency,
                            struct utc at)
{
    json_t *step = json_object();
    json_t *skipped = json_array();
    json_t *tells = json_array();
    set_utc(step, "at", at);
    if (verdict->told_step >= 0) {
        json_object_set_new(step, "step", json_integer(verdict->told_step + 1));
        json_object_set_new(step, "round", json_integer(verdict->told_round + 1));
    } else {
        json_object_set_new(step, "last_resort", json_true());
    }
    for (guint i = 0; i < verdict->skips->len; i++) {
        const struct skip *skip = &g_array_index(verdict->skips, struct skip, i);
        json_array_append_new(skipped,
                              json_pack("{s:I, s:I, s:s}", "step", (json_int_t)skip->step + 1,
                                        "round", (json_int_t)skip->round + 1, "why",
                                        enum_to_name(SKIP_WHY_NAMES, skip->why)));
    }
    int told_urgency = verdict->is_last_resort ? (int)URGENCY_HIGH : urgency;
    for (guint i = 0; i < verdict->tellings->len; i++) {
        json_array_append_new(
            tells, telling_json(config, g_ptr_array_index(verdict->tellings, i), told_urgency, at));
    }
    json_object_set_new(step, "skipped", skipped);
    json_object_set_new(step, "tells", tells);
    return step;
}

static json_t *walk(const struct config *config, const struct policy *policy, int severity,
                    int urgency, struct utc at)
{
    json_t *steps = json_array();
    struct stand stand = {.policy = policy, .config = config, .severity = severity};
    for (int i = 0; i < STEPS_MAX && !stand.is_last_resort; i++) {
        struct verdict verdict;
        step_judge(&stand, at, &verdict);
        json_array_append_new(steps, verdict_json(config, &verdict, urgency, at));
        stand.step = verdict.next_step;
        stand.round = verdict.next_round;
        stand.is_last_resort = verdict.is_last_resort;
        at = verdict.next_at;
        verdict_clear(&verdict);
    }
    return steps;
}

/* What can be said of silences without an alert: those that match on service and severity alone. */
static void set_silence(json_t *answer, const struct config *config, const char *service,
                        int severity, struct utc at)
{
    const struct match_subject subject = {.service = service, .severity = severity};
    const GPtrArray *silences = config->items[CONFIG_SILENCE];
    struct silence_verdict verdict = silence_judge(silences, &subject, at);
    if (verdict.by != NULL) {
        json_object_set_new(answer, "silenced_by", json_string(verdict.by->name));
        set_utc(answer, "silenced_until", verdict.until);
    }
}

json_t *whatif(const struct config *config, const char *service_name, int severity, struct utc at,
               struct fault *fault)
{
    const struct service *service = config_service(config, service_name);
    if (service == NULL) {
        (void)config_unknown(config, CONFIG_SERVICE, service_name, fault);
        fault_within(fault, "service");
        return NULL;
    }
    int urgency = urgency_of(service, severity);
    json_t *answer = json_object();
    json_object_set_new(answer, "service", json_string(service_name));
    json_object_set_new(answer, "severity", json_string(enum_to_name(SEVERITY_NAMES, severity)));
    json_object_set_new(answer, "urgency", json_string(enum_to_name(URGENCY_NAMES, urgency)));
    json_object_set_new(answer, "policy", json_string(service->policy));
    set_utc(answer, "at", at);
    set_silence(answer, config, service_name, severity, at);
    json_object_set_new(
        answer, "steps",
        walk(config, config_policy(config, service->policy), severity, urgency, at));
    return answer;
}
