/* Escalations: one subject walks one policy, as the policy was when it came. */
#include <string.h>

#include "alert/dedup.h"
#include "alert/service.h"
#include "base/json.h"
#include "base/json_set.h"
#include "paging/brief.h"
#include "paging/end_store.h"
#include "paging/work.h"

const struct policy *policy_of(struct pager *pager, struct ledger_tx *tx, int64_t version)
{
    gpointer key = (gpointer)(intptr_t)version;
    struct policy *policy = g_hash_table_lookup(pager->policies, key);
    if (policy != NULL || version == 0) {
        return policy;
    }
    policy = policy_version_read(tx->db, version);
    if (policy != NULL) {
        g_hash_table_insert(pager->policies, key, policy);
    }
    return policy;
}

static void append_event(struct ledger_tx *tx, struct subject subject,
                         const struct event_kind *kind, json_t *data)
{
    topic_event(tx, PRINCIPAL_TOCSIN, kind, subject, data);
}

static void append_skips(struct ledger_tx *tx, struct subject subject, const GArray *skips)
{
    for (guint i = 0; i < skips->len; i++) {
        const struct skip *skip = &g_array_index(skips, struct skip, i);
        append_event(tx, subject, &EVENT_ESCALATION_STEP_SKIPPED,
                     json_pack("{s:I, s:I, s:s, s:s*}", "step", (json_int_t)skip->step + 1, "round",
                               (json_int_t)skip->round + 1, "why",
                               enum_to_name(SKIP_WHY_NAMES, skip->why), "who", skip->who));
    }
}

static void open_pages(struct pager *pager, struct ledger_tx *tx, const struct escalation *e,
                       const struct topic *topic, const struct verdict *verdict,
                       const json_t *circumstances)
{
    const struct page_order order = {
        .topic = topic,
        .escalation_id = e->id,
        .step = verdict->told_step,
        .round = verdict->told_round,
        /* Whoever is the last resort hears it as urgent, whatever the service says. */
        .urgency = verdict->is_last_resort ? URGENCY_HIGH : topic->urgency,
        .circumstances = circumstances,
        .actor = PRINCIPAL_TOCSIN,
    };
    pages_open(pager, tx, &order, verdict->tellings);
    pages_miss(pager, tx, &order, verdict->mute);
}

/* Holds the escalation while a silence is in force. True when it does. */
static bool hold_for_silence(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                             const struct topic *topic)
{
    struct topic_hold hold = {0};
    if (!topic_is_held(pager->config, topic, tx->now, &hold)) {
        return false;
    }
    page_stop_steps(tx, topic->subject);
    e->next_at = hold.until;
    e->next_is_date = true;
    append_event(tx, topic->subject, topic->kind->events.silenced,
                 json_pack("{s:s, s:o, s:s*}", "silence", hold.silence, "until",
                           json_utc(hold.until), "comment", hold.comment));
    return true;
}

static void write_down(struct ledger_tx *tx, struct escalation *e)
{
    if (e->id == 0) {
        escalation_insert(tx->db, e);
    } else {
        escalation_save(tx->db, e);
    }
}

static void become(struct escalation *e, int state)
{
    state_set(&ESCALATION_STATES, &e->state, state);
}

static void take_over(struct escalation *e, const struct verdict *verdict, struct utc now)
{
    become(e, verdict->is_last_resort ? ESCALATION_LAST_RESORT : ESCALATION_ACTIVE);
    e->step = verdict->next_step;
    e->round = verdict->next_round;
    e->next_at = verdict->tellings->len > 0 ? verdict->next_at : utc_add(now, NOBODY_RETRY);
    e->next_is_date = false;
    e->wait = utc_since(e->next_at, now);
}

/* The step's wait does not run while the message to whoever it tells is held back by us until then. True
 * when that is so, and the next step is not due yet. */
static bool hold_for_bound(struct ledger_tx *tx, struct escalation *e, struct utc until)
{
    if (!utc_before(tx->now, until)) {
        return false;
    }
    e->next_at = until;
    e->next_is_date = false;
    escalation_save(tx->db, e);
    append_event(tx, e->subject, &EVENT_ESCALATION_HELD,
                 json_pack("{s:I, s:o, s:s}", "step", (json_int_t)e->step, "until", json_utc(until),
                           "why", "the message is held back; the wait begins when it goes"));
    return true;
}

/* What is told with a step's pages (see struct page_order): which silence held it until just now, as that was then,
 * for it may have been removed; that they may believe it to be over. */
static json_t *circumstances_of(struct ledger_tx *tx, const struct escalation *e,
                                const struct topic *topic, bool is_again)
{
    struct fault fault;
    bool was_held = e->next_is_date && utc_is_set(e->next_at);
    g_autofree char *held =
        was_held ? silence_held_by(tx->db, topic->subject, &topic->kind->events) : NULL;
    json_auto_t *silence = held != NULL ? json_read(held, strlen(held), &fault) : NULL;
    json_t *circumstances = json_object();
    json_set_text(circumstances, "silence", json_text(silence, "silence", NULL));
    json_set_text(circumstances, "silence_comment", json_text(silence, "comment", NULL));
    if (is_again) {
        json_object_set_new(circumstances, "again", json_true());
    }
    return circumstances;
}

/* Judges the next step at tx->now, writes the escalation, tells whom the step names; `is_again`: of what they may
 * believe to be over. */
static void advance_telling(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                            const struct topic *topic, bool is_again)
{
    if (hold_for_silence(pager, tx, e, topic)) {
        write_down(tx, e);
        return;
    }
    json_auto_t *circumstances = circumstances_of(tx, e, topic, is_again);
    bool was_last_resort = e->state == ESCALATION_LAST_RESORT;
    const struct stand stand = {
        .policy = policy_of(pager, tx, e->policy_version),
        .config = pager->config,
        .severity = topic->severity,
        .step = e->step,
        .round = e->round,
        .is_last_resort = was_last_resort,
    };
    struct verdict verdict;
    step_judge(&stand, tx->now, &verdict);
    take_over(e, &verdict, tx->now);
    write_down(tx, e);
    append_skips(tx, topic->subject, verdict.skips);
    if (verdict.is_last_resort && !was_last_resort) {
        append_event(tx, topic->subject, &EVENT_ESCALATION_EXHAUSTED, json_object());
    }
    open_pages(pager, tx, e, topic, &verdict, circumstances);
    if (verdict.tellings->len == 0) {
        append_event(tx, topic->subject, &EVENT_ESCALATION_NOBODY, json_object());
    }
    verdict_clear(&verdict);
}

static void advance(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                    const struct topic *topic)
{
    advance_telling(pager, tx, e, topic, false);
}

static int64_t current_policy_version(const struct config *config, const struct topic *topic)
{
    const struct policy *policy = policy_find(config, topic->kind->settings(config, topic).policy);
    return policy != NULL ? policy->version : 0;
}

void escalation_start(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    struct escalation e = {
        .subject = topic->subject,
        .lane = lane_of(topic->area),
        .policy_version = current_policy_version(pager->config, topic),
        .severity = topic->severity,
        .urgency = topic->urgency,
        .started_at = tx->now,
    };
    become(&e, ESCALATION_ACTIVE);
    if (topic->is_flapping) {
        e.next_at = utc_add(tx->now, FLAPPING_HOLD);
        escalation_insert(tx->db, &e);
        return;
    }
    advance(pager, tx, &e, topic);
}

static void restart(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                    const struct topic *topic)
{
    become(e, ESCALATION_ACTIVE);
    e->step = 0;
    e->round = 0;
    e->severity = topic->severity;
    advance(pager, tx, e, topic);
}

void escalation_raise(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    struct escalation e;
    if (!escalation_of(tx->db, topic->subject, &e)) {
        escalation_start(pager, tx, topic);
    } else if (topic->severity < e.severity && topic->standing == STANDING_OPEN) {
        restart(pager, tx, &e, topic);
    } else if (topic->severity < e.severity) {
        e.severity =
            topic->severity; /* somebody is on it: nothing to tell, and nothing new later */
        escalation_save(tx->db, &e);
    }
}

/* Somebody is on it: it waits as it did. Whoever was being asked "still on it?" is asked again. */
static void wait_on(struct ledger_tx *tx, struct escalation *e, struct topic *topic)
{
    topic->standing = STANDING_TAKEN;
    topic->snoozed_until = e->next_is_date ? e->kept_next_at : (struct utc){0};
    topic_save(tx, topic);
    become(e, ESCALATION_PAUSED);
    e->next_at = e->kept_next_at;
    escalation_save(tx->db, e);
}

/* Pages again from the first step: the pause, or the end, was no end. */
static void reopen(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                   struct topic *topic, const char *why, bool is_again)
{
    topic->standing = STANDING_OPEN;
    topic->snoozed_until = (struct utc){0};
    topic_save(tx, topic);
    append_event(tx, topic->subject, topic->kind->events.reopened, json_pack("{s:s}", "why", why));
    rooms_follow(pager, tx, topic);
    become(e, ESCALATION_ACTIVE);
    e->step = 0;
    e->round = 0;
    e->severity = MIN(e->severity, topic->severity);
    advance_telling(pager, tx, e, topic, is_again);
}

/* It goes up and down, and each time is told: nobody is told again before it has stayed up for a while. */
static void hold_flapping(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                          struct topic *topic, int64_t openings)
{
    topic->is_flapping = true;
    topic->standing = STANDING_OPEN;
    topic_save(tx, topic);
    append_event(tx, topic->subject, topic->kind->events.flapping,
                 json_pack("{s:I}", "openings", (json_int_t)openings));
    rooms_follow(pager, tx, topic);
    become(e, ESCALATION_ACTIVE);
    e->step = 0;
    e->round = 0;
    e->severity = MIN(e->severity, topic->severity);
    e->next_at = utc_add(tx->now, FLAPPING_HOLD);
    e->next_is_date = false;
    escalation_save(tx->db, e);
}

/* Whoever had it in hand, or was next, counts on its being over. */
static void take_up_again(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                          struct topic *topic)
{
    struct utc since = utc_add(tx->now, (struct span){-DEDUP_FLAP_SPAN.us});
    int64_t openings = end_times_told(tx->db, topic->subject, since);
    if (dedup_is_flapping(openings)) {
        hold_flapping(pager, tx, e, topic, openings + 1);
    } else {
        reopen(pager, tx, e, topic, "it goes on after it had counted as over", true);
    }
}

/* When it would have come; but what ended is not moved with a clock that jumps, and one that was set back
 * makes no wait longer than it is. */
static struct utc when_it_would_have_come(const struct escalation *e, struct utc now)
{
    bool is_wait = !e->next_is_date && e->wait.us > 0;
    return is_wait ? utc_earlier(e->kept_next_at, utc_add(now, e->wait)) : e->kept_next_at;
}

void escalation_continue(struct pager *pager, struct ledger_tx *tx, struct topic *topic,
                         struct span was_over)
{
    struct escalation e;
    if (!escalation_of(tx->db, topic->subject, &e)) {
        escalation_start(pager, tx, topic);
        return;
    }
    bool is_paused = e.kept_state == ESCALATION_PAUSED || e.kept_state == ESCALATION_ASKED;
    bool is_snoozed = e.kept_state == ESCALATION_PAUSED && e.next_is_date;
    bool is_believed_over =
        was_over.us > END_WAIT_REPEATED.us || end_was_told(tx->db, topic->subject);
    /* A snooze pages when it is over, whatever was said meanwhile. */
    if (is_snoozed || (is_paused && !is_believed_over)) {
        wait_on(tx, &e, topic);
    } else if (is_believed_over) {
        take_up_again(pager, tx, &e, topic);
    } else if (!notification_was_sent(tx->db, topic->subject)) {
        restart(pager, tx, &e, topic);
    } else {
        /* A version that did not keep it left 0. */
        become(&e, e.kept_state != 0 ? e.kept_state : ESCALATION_ACTIVE);
        e.next_at = when_it_would_have_come(&e, tx->now);
        escalation_save(tx->db, &e);
        page_go_on(pager, tx, &e, topic);
    }
}

void escalation_hurry(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    struct escalation e;
    if (!escalation_of(tx->db, topic->subject, &e)) {
        return;
    }
    if (e.state == ESCALATION_ACTIVE || e.state == ESCALATION_LAST_RESORT) {
        advance(pager, tx, &e, topic);
    }
}

static bool is_at_step(const struct escalation *e, const struct page *page)
{
    return e->state == ESCALATION_ACTIVE && e->step == page->step + 1 && e->round == page->round;
}

bool escalation_waits_for(struct ledger_tx *tx, const struct page *page)
{
    struct escalation e;
    return page->escalation_id != 0 && escalation_load(tx->db, page->escalation_id, &e) &&
           is_at_step(&e, page);
}

struct utc escalation_next_of(struct ledger_tx *tx, const struct page *page)
{
    struct escalation e;
    if (page->escalation_id == 0 || !escalation_load(tx->db, page->escalation_id, &e)) {
        return UTC_NEVER;
    }
    bool is_latest = page->step < 0 ? e.state == ESCALATION_LAST_RESORT : is_at_step(&e, page);
    return is_latest ? e.next_at : UTC_NEVER;
}

void escalation_resume(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    struct escalation e;
    if (escalation_of(tx->db, topic->subject, &e)) {
        become(&e,
               ESCALATION_ACTIVE); /* also when a silence holds it: its end must page, not ask */
        advance(pager, tx, &e, topic);
    }
}

void escalation_pause(struct ledger_tx *tx, struct subject subject, struct utc until, bool is_date)
{
    struct escalation e;
    if (escalation_of(tx->db, subject, &e)) {
        become(&e, ESCALATION_PAUSED);
        e.next_at = until;
        e.next_is_date = is_date;
        escalation_save(tx->db, &e);
    }
}

void escalation_end(struct ledger_tx *tx, struct subject subject)
{
    struct escalation e;
    if (escalation_of(tx->db, subject, &e) && e.state != ESCALATION_ENDED) {
        e.kept_state = e.state;
        e.kept_next_at = e.next_at;
        become(&e, ESCALATION_ENDED);
        e.next_at = (struct utc){0};
        escalation_save(tx->db, &e);
    }
}

/* --- what becomes due --- */

/* Asks whoever acknowledged. False when that is nobody who can be asked. */
static bool ask_still_on_it(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    const struct principal holder =
        topic->taken_by != NULL ? principal_read(topic->taken_by) : PRINCIPAL_TOCSIN;
    if (holder.kind != PRINCIPAL_USER) {
        return false;
    }
    const char *who = holder.name;
    if (user_reach(user_find(pager->config, who)) != REACH_GOOD) {
        return false;
    }
    g_autoptr(GPtrArray) rules = receiver_rules(pager->config, who, URGENCY_HIGH);
    const struct rule *first = g_ptr_array_index(rules, 0);
    const struct notification question = {
        .subject = topic->subject,
        .kind = NOTIFICATION_STILL_ON_IT,
        .severity = topic->severity,
    };
    notify_specially(pager, tx, who, first->contact, &question);
    append_event(tx, topic->subject, topic->kind->events.asked, json_pack("{s:s}", "who", who));
    return true;
}

static void judge_pause(struct pager *pager, struct ledger_tx *tx, struct escalation *e,
                        struct topic *topic)
{
    if (utc_is_set(topic->snoozed_until)) {
        reopen(pager, tx, e, topic, "snooze ended", false);
    } else if (ask_still_on_it(pager, tx, topic)) {
        become(e, ESCALATION_ASKED);
        e->next_at = utc_add(tx->now, STILL_ON_IT_WAIT);
        e->next_is_date = false;
        write_down(tx, e);
    } else {
        reopen(pager, tx, e, topic, "acknowledgement expired", false);
    }
}

/* Nothing is due after all: resolved, acknowledged or gone meanwhile. */
static void disarm(struct ledger_tx *tx, struct escalation *e, int state)
{
    become(e, state);
    e->next_at = (struct utc){0};
    write_down(tx, e);
}

/* One that is due, and what it is judged by. */
struct due {
    struct escalation e;
    struct topic topic; /* kind NULL: it is gone */
    struct utc held_until;
};

static void judge_due(struct pager *pager, struct ledger_tx *tx, struct due *due)
{
    struct escalation *e = &due->e;
    struct topic *topic = &due->topic;
    if (topic->kind == NULL || topic->standing >= STANDING_OVER) {
        disarm(tx, e, ESCALATION_ENDED);
    } else if (e->state == ESCALATION_PAUSED) {
        judge_pause(pager, tx, e, topic);
    } else if (e->state == ESCALATION_ASKED) {
        if (!hold_for_bound(tx, e, due->held_until)) {
            reopen(pager, tx, e, topic, "no answer to \"still on it?\"", false);
        }
    } else if (topic->standing == STANDING_OPEN) {
        if (!hold_for_bound(tx, e, due->held_until)) {
            advance(pager, tx, e, topic);
        }
    } else {
        disarm(tx, e, ESCALATION_PAUSED);
    }
}

/* After an outage of ours all that became due meanwhile is about to go. */
static struct utc about_to_go_since(const struct pager *pager, struct utc now)
{
    struct utc since = utc_add(now, (struct span){-ABOUT_TO_GO.us});
    bool is_back = utc_is_set(pager->able_since) && !utc_before(pager->able_since, since) &&
                   !utc_before(now, pager->able_since);
    return is_back ? (struct utc){1} : since; /* 0 would be unset */
}

/* The wait does not run while what it waits for an answer to is held back. Unset: it is not. */
static struct utc held_until(const struct pager *pager, struct ledger_tx *tx,
                             const struct escalation *e)
{
    struct utc since = about_to_go_since(pager, tx->now);
    if (e->state == ESCALATION_ASKED) {
        struct utc at = question_held_until(tx->db, e->subject, since, tx->now);
        return utc_is_set(at) ? utc_add(at, STILL_ON_IT_WAIT) : at;
    }
    return escalation_held_until(tx->db, e, since, tx->now);
}

static void look_into(const struct pager *pager, struct ledger_tx *tx, struct due *due)
{
    (void)!topic_load(pager, tx->db, due->e.subject, &due->topic);
    due->held_until = held_until(pager, tx, &due->e);
}

/* Reads all of them before anything is written. Answers how many are there. */
static size_t look_into_all(const struct pager *pager, struct ledger_tx *tx, struct due *due,
                            const int64_t *ids, size_t count)
{
    size_t found = 0;
    if (db_ask_ahead(tx->db)) {
        for (size_t i = 0; i < count; i++) {
            (void)!escalation_load(tx->db, ids[i], &due[i].e);
        }
        db_ask_ahead_end(tx->db);
    }
    for (size_t i = 0; i < count; i++) {
        found += escalation_load(tx->db, ids[i], &due[found].e) ? 1 : 0;
    }
    if (db_ask_ahead(tx->db)) {
        for (size_t i = 0; i < found; i++) {
            look_into(pager, tx, &due[i]);
        }
        db_ask_ahead_end(tx->db);
    }
    for (size_t i = 0; i < found; i++) {
        look_into(pager, tx, &due[i]);
    }
    return found;
}

enum { DUE_MAX = 256 };

int escalation_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    int64_t ids[DUE_MAX];
    size_t count =
        escalation_due(tx->db, tx->now, tx->lanes, ids, (size_t)CLAMP(limit, 1, DUE_MAX));
    struct due *due = g_new0(struct due, count + 1);
    size_t found = look_into_all(pager, tx, due, ids, count);
    pager_enter(pager, tx);
    for (size_t i = 0; i < found; i++) {
        judge_due(pager, tx, &due[i]);
        topic_clear(&due[i].topic);
    }
    g_free(due);
    pager_leave(pager);
    return (int)count;
}
