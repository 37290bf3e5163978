/* Pages: telling one person about one subject, by that person's own rules. */
#include <string.h>

#include "base/json.h"
#include "base/json_set.h"
#include "oncall/shift.h"
#include "paging/work.h"

/* Persons of one step who go on being told; a step has no more targets than this in any sane policy. */
#define GO_ON_MAX 64

/* A hint kept in memory: until then a look into the mailbox would only answer "wait". */
struct held {
    struct utc until;
    int severity;
};

/* Until when the hint holds a message of this severity; unset: not at all. */
static struct utc held_until(const struct pager *pager, int64_t mailbox_id, int severity)
{
    const struct held *held = g_hash_table_lookup(pager->held, (gpointer)(intptr_t)mailbox_id);
    return held != NULL && held->severity <= severity ? held->until : (struct utc){0};
}

void mailbox_hold(struct pager *pager, int64_t mailbox_id, int severity, struct utc until)
{
    struct held *held = g_new(struct held, 1);
    *held = (struct held){until, severity};
    g_hash_table_insert(pager->held, (gpointer)(intptr_t)mailbox_id, held);
}

/* A look before the attempt under way is over would only find that it is not. */
static void note_waiting(struct ledger_tx *tx, struct mailbox *mailbox,
                         const struct notification *notification)
{
    if (notification->severity < mailbox->severity) {
        mailbox->severity = notification->severity;
        mailbox_save(tx->db, mailbox);
    }
}

/* Puts a notification into the mailbox and arms that. */
static void put_in(struct pager *pager, struct ledger_tx *tx, struct mailbox *mailbox,
                   struct notification *notification)
{
    notification->mailbox_id = mailbox->id;
    state_set(&NOTIFICATION_STATES, &notification->state, NOTIFICATION_WAITING);
    notification->created_at = tx->now;
    notification->due_at = after_quiet_hours(pager->config, mailbox->who, mailbox->urgency,
                                             utc_later(tx->now, notification->due_at));
    notification_insert(tx->db, notification);
    bool is_armed = utc_is_set(mailbox->next_at);
    if (is_armed && mailbox->waits_for != 0) {
        note_waiting(tx, mailbox, notification);
        return;
    }
    /* When looking is worth it. A mailbox that is not armed holds nothing back. */
    struct utc look_at = notification->due_at;
    look_at = utc_later(look_at, mailbox_opens_at(mailbox, tx->now));
    if (is_armed && notification->passes == 0) {
        struct utc until = held_until(pager, mailbox->id, notification->severity);
        look_at = utc_later(look_at, until);
    }
    if (!is_armed || utc_before(look_at, mailbox->next_at)) {
        mailbox->next_at = look_at;
        mailbox->severity = MIN(mailbox->severity, notification->severity);
        mailbox_save(tx->db, mailbox);
    }
}

void notify_specially(struct pager *pager, struct ledger_tx *tx, const char *who,
                      const char *contact, const struct notification *template)
{
    struct notification notification = *template;
    struct mailbox mailbox = {0};
    int urgency = URGENCY_HIGH;
    if (notification.kind == NOTIFICATION_ENDED || notification.kind == NOTIFICATION_RESTATED) {
        urgency = MAILBOX_ENDS;
    } else if (notification.kind == NOTIFICATION_GAP || notification.kind == NOTIFICATION_NOTICE) {
        urgency = URGENCY_LOW;
    }
    mailbox_take(tx->db, who, contact, urgency, &mailbox);
    if (notification.kind == NOTIFICATION_TEST) {
        mailbox_try_now(pager, tx, &mailbox); /* that is what it is for */
    }
    put_in(pager, tx, &mailbox, &notification);
    mailbox_clear(&mailbox);
}

static int outlook_of(const struct mailbox *mailbox, struct utc now)
{
    if (!utc_before(now, mailbox_opens_at(mailbox, now))) {
        return mailbox->is_slow ? OUTLOOK_POOR : OUTLOOK_GOOD;
    }
    return mailbox->is_refused ? OUTLOOK_NONE : OUTLOOK_POOR;
}

/* What of this is not held back behind what the person knows already; enum notification_pass or 0. */
static int pass_of(struct ledger_tx *tx, const struct mailbox *mailbox, const struct page *page,
                   const struct topic *topic)
{
    if (page->escalation_id == 0) {
        return PASS_ASKED;
    }
    bool is_news = topic->severity == SEVERITY_CRITICAL && page->urgency == URGENCY_HIGH &&
                   !news_is_known(tx->db, mailbox->id, topic->area, tx->now);
    return is_news ? PASS_NEWS : 0;
}

/* What waited as something less has become the first critical alert of its service. */
static void let_news_pass(struct ledger_tx *tx, struct mailbox *mailbox, const struct topic *topic)
{
    int64_t id = notification_let_pass(tx->db, mailbox->id, topic->subject, PASS_NEWS);
    if (id != 0) {
        news_save(tx->db, mailbox->id, topic->area, id);
        mailbox_hurry(tx->db, mailbox, tx->now);
    }
}

int notify_of_page(struct pager *pager, struct ledger_tx *tx, const struct page *page,
                   const struct topic *topic, const char *contact, bool is_fresh)
{
    struct mailbox mailbox = {0};
    mailbox_take(tx->db, page->who, contact, page->urgency, &mailbox);
    int outlook = outlook_of(&mailbox, tx->now);
    bool is_asked = page->escalation_id == 0;
    if (is_asked && outlook != OUTLOOK_GOOD) {
        mailbox_try_now(pager, tx, &mailbox); /* whoever asked for it expects no less */
    }
    int passes = pass_of(tx, &mailbox, page, topic);
    /* One message says it; two about the same alert would not say more. But what somebody asks for passes what
     * waits, and has a note. */
    if (is_fresh || is_asked || !notification_waits(tx->db, mailbox.id, page->subject)) {
        struct notification notification = {
            .page_id = page->id,
            .subject = page->subject,
            .kind = NOTIFICATION_PAGE,
            .severity = topic->severity,
            .passes = passes,
        };
        put_in(pager, tx, &mailbox, &notification);
        if (notification.passes == PASS_NEWS) {
            news_save(tx->db, mailbox.id, topic->area, notification.id);
        }
        /* It would only be refused again; but the last resort is tried in any case. */
        if (outlook == OUTLOOK_NONE && page->step >= 0 && !is_asked) {
            notification_settle(tx->db, notification.id, NOTIFICATION_FAILED, tx->now);
            mailbox_rearm(tx->db, &mailbox, tx->now);
        }
    } else if (passes == PASS_NEWS) {
        let_news_pass(tx, &mailbox, topic);
    }
    mailbox_clear(&mailbox);
    return outlook;
}

static const struct rule *rule_at(const GPtrArray *rules, int64_t index)
{
    return index < rules->len ? g_ptr_array_index(rules, (guint)index) : NULL;
}

static const char *contact_of_rule(const GPtrArray *rules, int64_t index)
{
    const struct rule *rule = g_ptr_array_index(rules, (guint)index);
    return rule->contact;
}

/* Moves next_rule past the rules that are due by `now` and next_at to the one after. Distances are
 * added to next_at, not to created_at: a jump of the clock moves waits, but not what happened. Answers
 * the index from which rules are due; those below page->next_rule are to be carried out. */
static int64_t advance_rules(struct page *page, const GPtrArray *rules, struct utc now)
{
    int64_t first = page->next_rule;
    const struct rule *rule = rule_at(rules, page->next_rule);
    while (rule != NULL && !utc_before(now, page->next_at)) {
        const struct rule *next = rule_at(rules, ++page->next_rule);
        if (next != NULL) {
            page->next_at = utc_add(page->next_at, (struct span){next->after.us - rule->after.us});
        }
        rule = next;
    }
    if (rule == NULL) {
        page->next_at = (struct utc){0};
    }
    return first;
}

static void set_first_rule(struct page *page, const GPtrArray *rules)
{
    const struct rule *rule = rule_at(rules, 0);
    page->next_at = rule != NULL ? utc_add(page->created_at, rule->after) : (struct utc){0};
}

static void set_principal(json_t *reason, const char *name, struct principal who)
{
    g_autofree char *text = principal_text_of(who);
    json_object_set_new(reason, name, json_string(text));
}

/* Why this person: kept with the page, in the event and told to the person. */
static json_t *reason_json(const struct page_order *order, const struct telling *telling)
{
    json_t *reason = json_object();
    json_object_set_new(reason, "via", json_string(enum_to_name(TELLING_VIA_NAMES, telling->via)));
    if (telling->through != NULL) {
        json_object_set_new(reason, "through", json_string(telling->through));
    }
    if (telling->layer != NULL) {
        json_object_set_new(reason, "layer", json_string(telling->layer));
        json_object_set_new(reason, "shift_since", json_utc(telling->shift_since));
        if (utc_before(telling->shift_until, UTC_NEVER)) {
            json_object_set_new(reason, "shift_until", json_utc(telling->shift_until));
        }
    }
    if (order->escalation_id == 0) {
        set_principal(reason, "asked_by", order->actor);
        if (order->actor.by != NULL) {
            set_principal(reason, "by", *order->actor.by);
        }
        if (order->note != NULL && order->note[0] != '\0') {
            json_object_set_new(reason, "note", json_string(order->note));
        }
    } else if (order->step < 0) {
        json_object_set_new(reason, "last_resort", json_true());
    } else {
        json_object_set_new(reason, "step", json_integer(order->step + 1));
        json_object_set_new(reason, "round", json_integer(order->round + 1));
    }
    return reason;
}

/* What is told with the reason: why an override was made, and what is so of the alert. */
static void add_circumstances(json_t *reason, const struct config *config,
                              const struct page_order *order, const struct telling *telling,
                              struct utc now)
{
    const struct schedule *schedule = telling->via == VIA_SCHEDULE && telling->through != NULL
                                          ? schedule_find(config, telling->through)
                                          : NULL;
    const struct override *override =
        schedule != NULL ? oncall_override(schedule, telling->who, now) : NULL;
    if (override != NULL && override->comment != NULL) {
        json_object_set_new(reason, "override", json_string(override->comment));
    }
    if (order->circumstances != NULL) {
        (void)json_object_update(reason, (json_t *)(uintptr_t)order->circumstances);
    }
}

json_t *page_circumstances(const struct page *page)
{
    static const char *const KEYS[] = {"silence", "silence_comment", "again"};
    struct fault fault;
    json_auto_t *reason = json_read(page->reason, strlen(page->reason), &fault);
    json_t *circumstances = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        json_t *value = json_object_get(reason, KEYS[i]);
        if (value != NULL) {
            json_object_set(circumstances, KEYS[i], value);
        }
    }
    return circumstances;
}

void append_page_event(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                       const struct page *page, json_t *data)
{
    json_object_set_new(data, "who", json_string(page->who));
    json_object_set_new(data, "page", json_integer(page->id));
    topic_event(tx, actor, kind, page->subject, json_incref(data));
}

/* The page's id when no contact will do, else 0. */
static int64_t page_open(struct pager *pager, struct ledger_tx *tx, const struct page_order *order,
                         const struct telling *telling)
{
    json_auto_t *reason = reason_json(order, telling);
    add_circumstances(reason, pager->config, order, telling, tx->now);
    struct page page = {
        .subject = order->topic->subject,
        .lane = lane_of(order->topic->area),
        .escalation_id = order->escalation_id,
        .who = g_strdup(telling->who),
        .urgency = order->urgency,
        .step = order->step,
        .round = order->round,
        .reason = json_write(reason),
        .state = PAGE_ACTIVE,
        .created_at = tx->now,
    };
    g_autoptr(GPtrArray) rules = receiver_rules(pager->config, page.who, page.urgency);
    set_first_rule(&page, rules);
    int64_t first = advance_rules(&page, rules, tx->now);
    page_insert(tx->db, &page);
    append_page_event(tx, order->actor, &EVENT_PAGE_STARTED, &page, reason);
    /* Of a new alert's first step nothing can wait already; of one that got worse since, it can. */
    bool is_fresh = page.step == 0 && page.round == 0 && order->topic->is_first;
    /* A later rule brings none where every contact was tried for the first. */
    bool has_hope = first == page.next_rule && utc_is_set(page.next_at);
    for (int64_t i = first; i < page.next_rule; i++) {
        has_hope |= notify_or_fall_back(pager, tx, &page, order->topic, contact_of_rule(rules, i),
                                        is_fresh);
    }
    /* Of a step only, for what follows it is judged by its pages; and where it tells at once: else they would hear
     * of it later than before. */
    bool is_of_step = page.escalation_id != 0 && page.step >= 0;
    if (!is_fresh && is_of_step && page.urgency == URGENCY_HIGH && has_hope &&
        first < page.next_rule) {
        page_supersede(tx, &page);
    }
    int64_t id = has_hope ? 0 : page.id;
    page_clear(&page);
    return id;
}

void pages_open(struct pager *pager, struct ledger_tx *tx, const struct page_order *order,
                const GPtrArray *tellings)
{
    g_autoptr(GArray) hopeless = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < tellings->len; i++) {
        int64_t id = page_open(pager, tx, order, g_ptr_array_index(tellings, i));
        if (id != 0) {
            g_array_append_val(hopeless, id);
        }
    }
    /* After all of them are there: who else is told decides what follows. */
    for (guint i = 0; i < hopeless->len; i++) {
        page_give_up(pager, tx, g_array_index(hopeless, int64_t, i));
    }
}

void pages_miss(struct pager *pager, struct ledger_tx *tx, const struct page_order *order,
                const GPtrArray *mute)
{
    for (guint i = 0; i < mute->len; i++) {
        const struct telling *telling = g_ptr_array_index(mute, i);
        json_t *data = reason_json(order, telling);
        add_circumstances(data, pager->config, order, telling, tx->now);
        enum user_reach reach = user_reach(user_find(pager->config, telling->who));
        json_object_set_new(data, "why", json_string(enum_to_name(USER_REACH_NAMES, (int)reach)));
        json_object_set_new(data, "who", json_string(telling->who));
        topic_event(tx, order->actor, &EVENT_PAGE_UNREACHABLE, order->topic->subject, data);
    }
}

/* The person's next rule applies when it would have; a clock that was set back meanwhile makes no wait longer. */
static void rearm_rules(struct page *page, const GPtrArray *rules, struct utc now)
{
    const struct rule *rule = rule_at(rules, page->next_rule);
    if (rule != NULL) {
        page->next_at = utc_add(utc_earlier(page->created_at, now), rule->after);
    }
}

static void go_on(struct pager *pager, struct ledger_tx *tx, struct page *page,
                  const struct topic *topic)
{
    g_autoptr(GPtrArray) rules = receiver_rules(pager->config, page->who, page->urgency);
    state_set(&PAGE_STATES, &page->state, PAGE_ACTIVE);
    page->ended_at = (struct utc){0};
    rearm_rules(page, rules, tx->now);
    page_save(tx->db, page);
    if (!page_was_told(tx->db, page) && rules->len > 0 &&
        !notify_or_fall_back(pager, tx, page, topic, contact_of_rule(rules, 0), false)) {
        page_give_up(pager, tx, page->id);
    }
}

void page_go_on(struct pager *pager, struct ledger_tx *tx, const struct escalation *e,
                const struct topic *topic)
{
    int64_t ids[GO_ON_MAX];
    size_t count = page_of_step(tx->db, e, ids, G_N_ELEMENTS(ids));
    for (size_t i = 0; i < count; i++) {
        struct page page = {0};
        if (page_load(tx->db, ids[i], &page) && page.state == PAGE_ENDED) {
            go_on(pager, tx, &page, topic);
        }
        page_clear(&page);
    }
}

void page_close(struct ledger_tx *tx, struct page *page, int state)
{
    state_set(&PAGE_STATES, &page->state, state);
    page->next_at = (struct utc){0};
    page->ended_at = tx->now;
    page_save(tx->db, page);
}

bool page_is_live(const struct page *page, const struct topic *topic)
{
    if (page->state != PAGE_ACTIVE) {
        return false;
    }
    return topic->standing == STANDING_OPEN ||
           (topic->standing == STANDING_TAKEN && page->escalation_id == 0);
}

static void stop(struct ledger_tx *tx, struct subject subject, bool keeps_asked)
{
    (void)page_end_all(tx->db, subject, keeps_asked, tx->now);
    (void)notification_cancel_all(tx->db, subject, keeps_asked, tx->now);
}

void page_stop_all(struct ledger_tx *tx, struct subject subject)
{
    stop(tx, subject, false);
}

void page_stop_steps(struct ledger_tx *tx, struct subject subject)
{
    stop(tx, subject, true);
}

static void run_one(struct pager *pager, struct ledger_tx *tx, int64_t page_id)
{
    struct page page = {0};
    struct topic topic = {0};
    if (!page_load(tx->db, page_id, &page)) {
        return;
    }
    bool is_live = topic_load(pager, tx->db, page.subject, &topic) && page_is_live(&page, &topic);
    g_autofree char *failed = NULL;
    if (is_live) {
        g_autoptr(GPtrArray) rules = receiver_rules(pager->config, page.who, page.urgency);
        int64_t first = advance_rules(&page, rules, tx->now);
        for (int64_t i = first; i < page.next_rule; i++) {
            const char *contact = contact_of_rule(rules, i);
            if (!notify_or_fall_back(pager, tx, &page, &topic, contact, false)) {
                g_free(failed);
                failed = g_strdup(contact);
            }
            json_auto_t *data = json_pack("{s:I, s:s}", "rule", (json_int_t)i + 1, "to", contact);
            append_page_event(tx, PRINCIPAL_TOCSIN, &EVENT_PAGE_RULE_APPLIED, &page, data);
        }
    } else {
        page.next_at = (struct utc){0};
    }
    page_save(tx->db, &page);
    if (failed != NULL) { /* unless an earlier rule's contact still may reach them */
        page_fall_back(pager, tx, page_id, failed);
    }
    topic_clear(&topic);
    page_clear(&page);
}

enum { DUE_MAX = 256 };

int page_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    int64_t ids[DUE_MAX];
    size_t count = page_due(tx->db, tx->now, tx->lanes, ids, (size_t)CLAMP(limit, 1, DUE_MAX));
    pager_enter(pager, tx);
    for (size_t i = 0; i < count; i++) {
        run_one(pager, tx, ids[i]);
    }
    pager_leave(pager);
    return (int)count;
}
