/* What paging asks of an alert, and does with one. */
#include "paging/alert_topic.h"

#include "alert/alert_store.h"
#include "alert/facts.h"
#include "alert/intake.h"
#include "alert/silence.h"
#include "base/json_set.h"
#include "paging/errand.h"
#include "paging/who.h"
#include "paging/work.h"

const struct alert *alert_of_topic(const struct topic *topic)
{
    CHECK(topic->kind == &ALERT_TOPIC);
    return topic->own;
}

static int standing_of(const struct alert *alert)
{
    switch ((enum alert_status)alert->status) {
    case ALERT_OPEN:
        return STANDING_OPEN;
    case ALERT_ACKNOWLEDGED:
        return STANDING_TAKEN;
    case ALERT_RESOLVED:
        return STANDING_OVER;
    case ALERT_SUPPRESSED:
        return STANDING_MUTE;
    }
    return STANDING_MUTE;
}

static const char *refusal_of(const struct alert *alert)
{
    switch ((enum alert_status)alert->status) {
    case ALERT_SUPPRESSED:
        return "was suppressed by a route and pages nobody; change the route instead";
    case ALERT_RESOLVED:
        return "is resolved already; a new signal would open a new alert";
    case ALERT_OPEN:
    case ALERT_ACKNOWLEDGED:
        break;
    }
    return NULL;
}

struct topic alert_topic(struct alert *alert)
{
    return (struct topic){
        .subject = alert_subject(alert->id),
        .kind = &ALERT_TOPIC,
        .standing = standing_of(alert),
        .severity = alert->severity,
        .urgency = alert->urgency,
        .area = alert->service,
        .summary = alert->summary,
        .taken_by = alert->acknowledged_by,
        .ended_by = alert->resolved_by,
        .snoozed_until = alert->snoozed_until,
        .is_flapping = alert->is_flapping,
        .is_first = alert->count == 1,
        .refusal = refusal_of(alert),
        .own = alert,
    };
}

static bool load(struct db *db, int64_t id, struct topic *out)
{
    struct alert *alert = g_new0(struct alert, 1);
    if (!alert_load(db, id, alert)) {
        g_free(alert);
        return false;
    }
    *out = alert_topic(alert);
    return true;
}

static void clear(struct topic *topic)
{
    alert_clear(topic->own);
    g_free(topic->own);
}

static void save(struct ledger_tx *tx, struct topic *topic)
{
    struct alert *alert = topic->own;
    CHECK(topic->standing == STANDING_OPEN || topic->standing == STANDING_TAKEN);
    alert_become(alert, topic->standing == STANDING_OPEN ? ALERT_OPEN : ALERT_ACKNOWLEDGED);
    alert->snoozed_until = topic->snoozed_until;
    alert->is_flapping = topic->is_flapping;
    alert_save(tx->db, alert);
}

static void acknowledge(struct ledger_tx *tx, struct topic *topic,
                        const struct topic_answer *answer)
{
    struct alert *alert = topic->own;
    /* A second acknowledgement is an answer too: "yes, still on it". */
    if (alert->status == ALERT_ACKNOWLEDGED) {
        alert_become(alert, ALERT_OPEN);
    }
    (void)alert_acknowledge(tx, alert, answer->actor, answer->note);
    if (utc_is_set(alert->snoozed_until)) {
        alert->snoozed_until = (struct utc){0};
        alert_save(tx->db, alert);
    }
    *topic = alert_topic(alert);
}

static void snooze(struct ledger_tx *tx, struct topic *topic, const struct topic_answer *answer)
{
    struct alert *alert = topic->own;
    if (!alert_acknowledge(tx, alert, answer->actor, answer->note)) {
        /* Somebody had it: from here on whoever puts it to sleep answers for it. */
        g_free(alert->acknowledged_by);
        alert->acknowledged_by = principal_text_of(answer->actor);
        alert->acknowledged_at = tx->now;
    }
    alert->snoozed_until = answer->snoozed_until;
    alert_save(tx->db, alert);
    *topic = alert_topic(alert);
}

static void take(struct ledger_tx *tx, struct topic *topic, const struct topic_answer *answer)
{
    (utc_is_set(answer->snoozed_until) ? snooze : acknowledge)(tx, topic, answer);
}

static void resolve(struct ledger_tx *tx, struct topic *topic, const struct topic_answer *answer)
{
    struct alert *alert = topic->own;
    (void)alert_resolve(tx, alert, answer->actor, answer->note, NULL);
    *topic = alert_topic(alert);
}

static struct topic_settings settings(const struct config *config, const struct topic *topic)
{
    const struct service *service = service_find(config, alert_of_topic(topic)->service);
    if (service == NULL) {
        return (struct topic_settings){.tells_end = true};
    }
    return (struct topic_settings){
        .policy = service->policy,
        .ask_after = service->acknowledge_expires,
        .tells_end = service->endings != ENDINGS_SKIP,
    };
}

static bool hold(const struct config *config, const struct topic *topic, struct utc now,
                 struct topic_hold *out)
{
    const GPtrArray *silences = config_items(config, &SILENCE_KIND);
    if (silences == NULL || silences->len == 0) {
        return false;
    }
    struct match_subject subject = match_subject_of_alert(alert_of_topic(topic));
    struct silence_verdict verdict = silence_judge(silences, &subject, now);
    if (verdict.by == NULL) {
        return false;
    }
    *out = (struct topic_hold){verdict.by->name, verdict.by->comment, verdict.until};
    return true;
}

/* --- what is told of it --- */

static void set_labels(struct errand *errand, struct message_item *item, const GPtrArray *labels)
{
    struct message_pair *pairs = errand_pairs(errand, labels->len);
    for (guint i = 0; i < labels->len; i++) {
        const struct alert_label *label = g_ptr_array_index(labels, i);
        pairs[i].name = errand_keep(errand, label->name);
        pairs[i].value = errand_keep(errand, label->value);
    }
    item->labels = pairs;
    item->label_count = labels->len;
}

static void set_links(struct errand *errand, struct message_item *item, const GPtrArray *links)
{
    struct message_pair *pairs = errand_pairs(errand, links->len);
    for (guint i = 0; i < links->len; i++) {
        const struct alert_link *link = g_ptr_array_index(links, i);
        pairs[i].name = errand_keep(errand, link->text);
        pairs[i].value = errand_keep(errand, link->href);
    }
    item->links = pairs;
    item->link_count = links->len;
}

static void read_facts(const struct alert *alert, const struct config *config,
                       struct alert_facts *out)
{
    const struct service *service = service_find(config, alert->service);
    alert_facts_read(alert, service != NULL ? service->show : NULL, out);
}

static const char *keep_name(struct errand *errand, const struct config *config, const char *actor)
{
    g_autofree char *name =
        actor != NULL ? who_acts(config, errand->message.language, actor) : NULL;
    return errand_keep(errand, name);
}

static void show(const struct topic *topic, const struct config *config, struct errand *errand,
                 struct message_item *item)
{
    const struct alert *alert = alert_of_topic(topic);
    struct alert_facts facts;
    read_facts(alert, config, &facts);
    item->description = errand_keep(errand, facts.description);
    item->service = errand_keep(errand, alert->service);
    item->component = errand_keep(errand, alert->component);
    item->source = errand_keep(errand, alert->source);
    item->count = alert->count;
    item->since = alert_since(alert);
    if (alert->status == ALERT_ACKNOWLEDGED || alert->status == ALERT_RESOLVED) {
        item->acknowledged_by = keep_name(errand, config, alert->acknowledged_by);
    }
    if (alert->status == ALERT_RESOLVED) {
        item->ended_at = alert->resolved_at;
        item->lasted = alert_lasted(alert);
        item->resolved_by = keep_name(errand, config, alert->resolved_by);
    }
    set_labels(errand, item, facts.labels);
    set_links(errand, item, facts.links);
    alert_facts_clear(&facts);
}

static json_t *write_alert(const struct topic *topic)
{
    return record_write(&ALERT_RECORD, alert_of_topic(topic));
}

static json_t *labels_json(const GPtrArray *labels)
{
    json_t *object = json_object();
    for (guint i = 0; i < labels->len; i++) {
        const struct alert_label *label = g_ptr_array_index(labels, i);
        if (label->value != NULL && label->value[0] != '\0') {
            json_set_text(object, label->name, label->value);
        }
    }
    return object;
}

static json_t *describe(const struct topic *topic, const struct config *config)
{
    const struct alert *alert = alert_of_topic(topic);
    struct alert_facts facts;
    json_t *object = json_object();
    read_facts(alert, config, &facts);
    if (facts.description != NULL && facts.description[0] != '\0') {
        json_set_text(object, "description", facts.description);
    }
    json_set_utc(object, "since", alert_since(alert));
    json_object_set_new(object, "labels", labels_json(facts.labels));
    if (alert->links != NULL) {
        json_object_set(object, "links", alert->links);
    }
    alert_facts_clear(&facts);
    return object;
}

const struct topic_kind ALERT_TOPIC = {
    .word = ALERT_SUBJECT,
    .events = {.acknowledged = &EVENT_ALERT_ACKNOWLEDGED,
               .snoozed = &EVENT_ALERT_SNOOZED,
               .escalated = &EVENT_ALERT_ESCALATED,
               .silenced = &EVENT_ALERT_SILENCED,
               .reopened = &EVENT_ALERT_REOPENED,
               .flapping = &EVENT_ALERT_FLAPPING,
               .asked = &EVENT_ALERT_ASKED_STILL_ON_IT,
               .resolved = &EVENT_ALERT_RESOLVED},
    .load = load,
    .clear = clear,
    .save = save,
    .acknowledge = take,
    .resolve = resolve,
    .settings = settings,
    .hold = hold,
    .show = show,
    .write = write_alert,
    .describe = describe,
    .touch = alert_read_any,
};
