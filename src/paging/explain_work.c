#include "paging/explain.h"

#include <string.h>

#include "base/json.h"
#include "base/json_set.h"
#include "paging/brief.h"
#include "paging/end_store.h"
#include "paging/work.h"
#include "people/address.h"

enum { DECISIONS_MAX = 1000 };

static void set_enum(json_t *object, const char *key, const struct enum_name *names, int value)
{
    const char *name = enum_to_name(names, value);
    json_object_set_new(object, key, json_string(name != NULL ? name : "unknown"));
}

static void set_id(json_t *object, const char *key, int64_t id)
{
    json_object_set_new(object, key, json_sprintf("%" G_GINT64_FORMAT, id));
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        json_object_set_new(object, key, json_string(text));
    }
}

static json_t *parse_or_null(const char *text)
{
    struct fault fault;
    json_t *value = text != NULL ? json_read(text, strlen(text), &fault) : NULL;
    return value != NULL ? value : json_null();
}

static void add_decision(void *self, const struct event *event)
{
    json_t *decision = json_object();
    set_id(decision, "seq", event->seq);
    json_set_utc(decision, "at", event->at);
    set_text(decision, "actor", event->actor);
    set_text(decision, "kind", event->kind);
    json_object_set_new(decision, "data", parse_or_null(event->data));
    json_array_append_new(self, decision);
}

json_t *delivery_json(const struct delivery *delivery)
{
    json_t *object = json_object();
    set_id(object, "id", delivery->id);
    set_text(object, "who", delivery->who);
    set_text(object, "contact", delivery->contact);
    set_enum(object, "channel", CONTACT_KIND_NAMES, delivery->channel);
    g_autofree char *address = address_shown(delivery->address);
    set_text(object, "address", address);
    set_enum(object, "urgency", URGENCY_NAMES, delivery->urgency);
    set_enum(object, "severity", SEVERITY_NAMES, delivery->severity);
    json_object_set_new(object, "items", json_integer(delivery->items));
    set_enum(object, "state", DELIVERY_STATE_NAMES, delivery->state);
    json_set_utc(object, "started_at", delivery->claimed_at);
    json_set_utc(object, "finished_at", delivery->finished_at);
    set_text(object, "provider_id", delivery->provider_id);
    set_text(object, "detail", delivery->detail);
    return object;
}

static void add_attempt(void *self, const struct delivery *delivery)
{
    json_array_append_new(self, delivery_json(delivery));
}

#define WAITS_FOR_ADDRESS \
    "another message to the same address is under way; it goes when that is over"

static const char *why_end_waits(struct db *db, const struct notification *n,
                                 const struct mailbox *mailbox)
{
    if (mailbox->waits_for != 0) {
        return WAITS_FOR_ADDRESS;
    }
    return end_awaits_page(db, n) ? "the page about it is on its way; the end comes after that"
                                  : "an end has time: several make one message, and quiet hours "
                                    "hold it";
}

/* Why it waits: quiet hours moved its time, an attempt failed, its own or another's to the same contact, or the
 * bound on noise holds it. */
static const char *why_waiting(struct db *db, const struct notification *n,
                               const struct mailbox *mailbox)
{
    if (n->tries > 0) {
        return "the last attempt failed; it is tried again";
    }
    if (n->kind == NOTIFICATION_ENDED) {
        return why_end_waits(db, n, mailbox);
    }
    if (utc_before(n->created_at, n->due_at)) {
        return "quiet hours; it goes when they end";
    }
    bool is_held = utc_before(n->due_at, mailbox->next_at);
    if (is_held && mailbox->waits_for != 0) {
        return WAITS_FOR_ADDRESS;
    }
    bool is_failing = mailbox->failures > 0 || mailbox->is_refused;
    if (is_held && is_failing && mailbox->next_at.us == mailbox->retry_at.us) {
        return mailbox->is_refused ? "this contact refused its last message; it is tried again then"
                                   : "this contact's last messages failed; it is tried again then";
    }
    return is_held ? "held by the bound on messages; it goes in the next digest" : "about to go";
}

/* Why it was not sent, when that is its page's own way; else NULL. */
static const char *why_page_ended(int state)
{
    switch (state) {
    case PAGE_MOVED:
        return "the shift had ended; whoever is on call was paged instead";
    case PAGE_SUPERSEDED:
        return "superseded: a page of higher urgency to the same person says it";
    default:
        return NULL;
    }
}

/* Newly allocated. */
static char *why_cancelled(struct db *db, const struct topic *topic, const struct notification *n)
{
    if (topic == NULL) {
        return g_strdup("not sent: nobody wants it any more");
    }
    struct page page = {0};
    const char *why = "not sent: silenced or started over";
    const char *by = topic->ended_by != NULL ? topic->ended_by : topic->taken_by;
    if (n->kind == NOTIFICATION_ENDED) {
        why = "not sent: it is open again, or nothing about it had reached them";
        by = NULL;
    } else if (n->page_id != 0 && page_load(db, n->page_id, &page) &&
               why_page_ended(page.state) != NULL) {
        why = why_page_ended(page.state);
        by = NULL;
    }
    page_clear(&page);
    return by != NULL ? g_strdup_printf("not sent: %s by %s",
                                        topic->ended_by != NULL ? "resolved" : "acknowledged", by)
                      : g_strdup(why);
}

/* `topic` is NULL of one that is about none. */
static json_t *notification_json(struct db *db, const struct topic *topic,
                                 const struct notification *n)
{
    json_t *object = json_object();
    json_t *attempts = json_array();
    struct mailbox mailbox = {0};
    set_id(object, "id", n->id);
    if (mailbox_load(db, n->mailbox_id, &mailbox)) {
        set_text(object, "contact", mailbox.contact);
        if (n->state == NOTIFICATION_WAITING) {
            json_set_utc(object, "next_look_at", mailbox.next_at);
            set_text(object, "why", why_waiting(db, n, &mailbox));
        }
    }
    if (n->state == NOTIFICATION_FAILED && n->tries == 0) {
        set_text(object, "why", "not tried: this contact had just refused a message for good");
    }
    if (n->state == NOTIFICATION_CANCELLED) {
        g_autofree char *why = why_cancelled(db, topic, n);
        set_text(object, "why", why);
    }
    mailbox_clear(&mailbox);
    set_enum(object, "kind", NOTIFICATION_KIND_NAMES, n->kind);
    set_enum(object, "state", NOTIFICATION_STATE_NAMES, n->state);
    json_set_utc(object, "created_at", n->created_at);
    json_set_utc(object, "due_at", n->due_at);
    json_set_utc(object, "settled_at", n->settled_at);
    delivery_attempts(db, n->id, add_attempt, attempts);
    json_object_set_new(object, "attempts", attempts);
    return object;
}

static void note_page(void *self, const struct page *page)
{
    g_array_append_val((GArray *)self, page->id);
}

static json_t *page_json(struct db *db, const struct topic *topic, int64_t page_id)
{
    struct page page = {0};
    json_t *object = json_object();
    json_t *notifications = json_array();
    if (page_load(db, page_id, &page)) {
        set_id(object, "id", page.id);
        set_text(object, "who", page.who);
        set_enum(object, "urgency", URGENCY_NAMES, page.urgency);
        set_enum(object, "state", PAGE_STATE_NAMES, page.state);
        json_object_set_new(object, "reason", parse_or_null(page.reason));
        json_set_utc(object, "started_at", page.created_at);
        json_set_utc(object, "ended_at", page.ended_at);
        json_set_utc(object, "next_rule_at", page.next_at);
    }
    page_clear(&page);
    GArray *list = notifications_of_page(db, page_id);
    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(
            notifications,
            notification_json(db, topic, &g_array_index(list, struct notification, i)));
    }
    notifications_free(list);
    json_object_set_new(object, "notifications", notifications);
    return object;
}

static json_t *escalation_json(struct db *db, struct subject subject, const struct brief *brief)
{
    struct escalation e;
    if (!escalation_of(db, subject, &e)) {
        return json_null();
    }
    json_t *object = json_object();
    set_enum(object, "state", ESCALATION_STATE_NAMES, e.state);
    json_object_set_new(object, "next_step", json_integer(e.step + 1));
    json_object_set_new(object, "round", json_integer(e.round + 1));
    json_object_set_new(object, "policy_version", json_integer(e.policy_version));
    json_set_utc(object, "started_at", e.started_at);
    json_set_utc(object, "next_at", utc_is_set(brief->goes_at) ? brief->next_at : e.next_at);
    g_autofree char *policy = policy_version_load(db, e.policy_version);
    json_object_set_new(object, "policy", parse_or_null(policy));
    return object;
}

static json_t *receivers_json(const GPtrArray *names)
{
    json_t *list = json_array();
    for (guint i = 0; i < names->len; i++) {
        json_array_append_new(list, json_pack("{s:s}", "who", g_ptr_array_index(names, i)));
    }
    return list;
}

/* What messages about it say beside its summary. */
static json_t *told_json(const struct topic *topic, const struct config *config,
                         const struct brief *brief)
{
    json_t *object = topic->kind->describe(topic, config);
    json_object_set_new(object, "told", receivers_json(brief->told));
    if (utc_is_set(brief->next_at)) {
        json_t *next = json_object();
        json_set_utc(next, "at", brief->next_at);
        json_set_utc(next, "held_until", brief->goes_at);
        json_object_set_new(next, "tells", receivers_json(brief->next));
        json_object_set_new(object, "next", next);
    }
    return object;
}

/* With who it is for, where no page says that. */
static json_t *addressed_json(struct db *db, const struct topic *topic,
                              const struct notification *n)
{
    struct mailbox mailbox = {0};
    json_t *object = notification_json(db, topic, n);
    if (mailbox_load(db, n->mailbox_id, &mailbox)) {
        set_text(object, "who", mailbox.who);
    }
    mailbox_clear(&mailbox);
    return object;
}

json_t *notice_json(struct db *db, const struct notification *notice)
{
    return addressed_json(db, NULL, notice);
}

/* Who was told that it is over. */
static json_t *endings_json(struct db *db, const struct topic *topic)
{
    json_t *endings = json_array();
    GArray *list = notifications_of_kind(db, topic->subject, NOTIFICATION_ENDED);
    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(
            endings, addressed_json(db, topic, &g_array_index(list, struct notification, i)));
    }
    notifications_free(list);
    return endings;
}

static json_t *explain(struct db *db, const struct config *config, const struct topic *topic,
                       struct utc now)
{
    struct brief brief;
    json_t *answer = json_object();
    json_t *decisions = json_array();
    json_t *pages = json_array();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    brief_read(db, config, NULL, topic, &brief);
    brief_read_hold(db, topic->subject, now, &brief);
    json_object_set_new(answer, topic->kind->word, topic->kind->write(topic));
    json_object_set_new(answer, "message", told_json(topic, config, &brief));
    event_list(db, 0, &topic->subject, DECISIONS_MAX, add_decision, decisions);
    page_list(db, topic->subject, note_page, ids);
    for (guint i = 0; i < ids->len; i++) {
        json_array_append_new(pages, page_json(db, topic, g_array_index(ids, int64_t, i)));
    }
    json_object_set_new(answer, "decisions", decisions);
    json_object_set_new(answer, "escalation", escalation_json(db, topic->subject, &brief));
    json_object_set_new(answer, "pages", pages);
    json_object_set_new(answer, "endings", endings_json(db, topic));
    brief_clear(&brief);
    return answer;
}

json_t *explain_subject(struct db *db, const struct config *config, const struct topic_kind *kind,
                        int64_t id, struct utc now)
{
    struct topic topic;
    json_t *answer = topic_read(kind, db, id, &topic) ? explain(db, config, &topic, now) : NULL;
    topic_clear(&topic);
    return answer;
}
