/* What people and programs do with what paged them: acknowledge, resolve, escalate, snooze, page, test. */
#include <string.h>

#include "config/config_check.h"
#include "oncall/schedule.h"
#include "paging/work.h"

void pause_for_acknowledgement(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    struct span ask_after = topic->kind->settings(pager->config, topic).ask_after;
    struct utc until = ask_after.us > 0 ? utc_add(tx->now, ask_after) : (struct utc){0};
    escalation_pause(tx, topic->subject, until, false);
}

static void refuse(struct act *act, int status, const char *text)
{
    act->status = status;
    (void)fault_set(&act->fault, "", "%s %" G_GINT64_FORMAT " %s", act->subject.kind,
                    act->subject.id, text);
}

static void acknowledge(struct ledger_tx *tx, struct act *act, struct topic *topic)
{
    const struct topic_answer answer = {.actor = act->actor, .note = act->note};
    topic->kind->acknowledge(tx, topic, &answer);
    page_stop_all(tx, topic->subject);
    rooms_follow(act->pager, tx, topic);
    pause_for_acknowledgement(act->pager, tx, topic);
}

static void resolve(struct ledger_tx *tx, struct act *act, struct topic *topic)
{
    const struct topic_answer answer = {.actor = act->actor, .note = act->note};
    topic->kind->resolve(tx, topic, &answer);
    topic_is_over(act->pager, tx, topic, END_WAIT);
}

static void append_event(struct ledger_tx *tx, const struct act *act, const struct event_kind *kind,
                         json_t *data)
{
    if (act->note != NULL) {
        json_object_set_new(data, "note", json_string(act->note));
    }
    topic_event(tx, act->actor, kind, act->subject, data);
}

static void snooze(struct ledger_tx *tx, struct act *act, struct topic *topic)
{
    const struct topic_answer answer = {
        .actor = act->actor, .note = act->note, .snoozed_until = act->until};
    char until[UTC_TEXT_SIZE];
    utc_format(act->until, until);
    if (!utc_before(tx->now, act->until)) {
        refuse(act, 409, "cannot be snoozed until a time that has passed; give a later one");
        return;
    }
    if (utc_before(utc_add(tx->now, (struct span){SNOOZE_LONGEST_US}), act->until)) {
        refuse(act, 422, "can be snoozed for 30d at most; give an earlier time");
        return;
    }
    topic->kind->acknowledge(tx, topic, &answer);
    page_stop_all(tx, topic->subject);
    rooms_follow(act->pager, tx, topic);
    escalation_pause(tx, topic->subject, act->until, true);
    append_event(tx, act, topic->kind->events.snoozed, json_pack("{s:s}", "until", until));
}

static void escalate(struct ledger_tx *tx, struct act *act, struct topic *topic)
{
    append_event(tx, act, topic->kind->events.escalated, json_object());
    if (topic->standing == STANDING_TAKEN) {
        /* Whoever acknowledged asks for more hands: walk on from where it stopped. */
        topic->standing = STANDING_OPEN;
        topic->snoozed_until = (struct utc){0};
        topic_save(tx, topic);
        rooms_follow(act->pager, tx, topic);
        escalation_resume(act->pager, tx, topic);
        return;
    }
    escalation_hurry(act->pager, tx, topic);
}

/* Who is nobody cannot be on call now either, but that is not what is wrong. */
static bool is_somebody(struct act *act)
{
    const struct config *config = act->pager->config;

    const struct {
        const char *field, *name;
        const struct config_kind *kind;
    } named[] = {{"user", act->target->user, &USER_KIND},
                 {"schedule", act->target->schedule, &SCHEDULE_KIND},
                 {"team", act->target->team, &TEAM_KIND},
                 {"channel", act->target->channel, &CHAT_CHANNEL_KIND}};

    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        if (named[i].name != NULL && config_find(config, named[i].kind, named[i].name) == NULL) {
            act->status = 422;
            (void)config_unknown(config, named[i].kind, named[i].name, &act->fault);
            fault_within(&act->fault, named[i].field);
            fault_within(&act->fault, "target");
            return false;
        }
    }
    return true;
}

/* Tells others too, now; the policy goes on as it was. */
static void page_others(struct ledger_tx *tx, struct act *act, struct topic *topic)
{
    if (!is_somebody(act)) {
        return;
    }
    g_autoptr(GPtrArray) tellings = tellings_new();
    g_autoptr(GPtrArray) mute = tellings_new();
    const struct audience audience = {tellings, mute};
    int why = target_resolve(act->pager->config, act->target, tx->now, &audience);
    if (tellings->len == 0) {
        refuse(act, 409,
               why == SKIP_UNREACHABLE
                   ? "cannot page them: they have no contact that wakes them; add one or page "
                     "somebody else"
                   : "cannot page that: there is no such person, or nobody is on call there now");
        return;
    }
    const struct page_order order = {
        .topic = topic,
        .urgency = URGENCY_HIGH,
        .actor = act->actor,
        .note = act->note,
    };
    pages_open(act->pager, tx, &order, tellings);
    pages_miss(act->pager, tx, &order, mute);
    if (act->holds != NULL) {
        (void)json_array_clear(act->holds); /* a batch may be run twice */
        pages_hold(act->pager, tx, topic->subject, tellings, act->holds);
    }
}

static void carry_out(struct ledger_tx *tx, struct act *act, struct topic *topic)
{
    act->status = 200;
    switch ((enum act_verb)act->verb) {
    case VERB_ACKNOWLEDGE:
        acknowledge(tx, act, topic);
        break;
    case VERB_RESOLVE:
        resolve(tx, act, topic);
        break;
    case VERB_ESCALATE:
        escalate(tx, act, topic);
        break;
    case VERB_SNOOZE:
        snooze(tx, act, topic);
        break;
    case VERB_PAGE:
        page_others(tx, act, topic);
        break;
    }
}

enum command_result pager_act(struct ledger_tx *tx, void *arg)
{
    struct act *act = arg;
    struct topic topic = {0};
    pager_enter(act->pager, tx);
    if (!topic_load(act->pager, tx->db, act->subject, &topic)) {
        refuse(act, 404, "does not exist");
    } else if (topic.refusal != NULL) {
        bool is_done = act->verb == VERB_RESOLVE && topic.standing == STANDING_OVER;
        refuse(act, is_done ? 200 : 409, topic.refusal);
    } else {
        carry_out(tx, act, &topic);
    }
    topic_clear(&topic);
    pager_leave(act->pager);
    return act->status == 200 ? COMMAND_DONE : COMMAND_REFUSED;
}

static bool is_taken(struct ledger_tx *tx, const struct act *act)
{
    struct topic topic = {0};
    bool is_taken =
        topic_load(act->pager, tx->db, act->subject, &topic) && topic_is_taken(tx->db, &topic);
    topic_clear(&topic);
    return is_taken;
}

enum command_result pager_act_on_delivery(struct ledger_tx *tx, void *arg)
{
    struct act *all = arg;

    enum { SUBJECTS_MAX = 5000 };

    g_autofree struct subject *subjects = g_new(struct subject, SUBJECTS_MAX);
    size_t count = delivery_subjects(tx->db, all->delivery_id, subjects, SUBJECTS_MAX);
    all->status = 404;
    (void)fault_set(&all->fault, "", "this message's alerts are no longer known");
    for (size_t i = 0; i < count; i++) {
        struct act one = *all;
        one.subject = subjects[i];
        if (is_taken(tx, &one)) {
            refuse(&one, 409, "is acknowledged already");
        } else {
            (void)pager_act(tx, &one);
        }
        if (all->status != 200) {
            all->status = one.status;
            all->fault = one.fault;
        }
    }
    return all->status == 200 ? COMMAND_DONE : COMMAND_REFUSED;
}

enum command_result pager_verify(struct ledger_tx *tx, void *arg)
{
    struct verify *verify = arg;
    struct delivery delivery = {0};
    verify->status = 404;
    if (delivery_load(tx->db, verify->delivery_id, &delivery) &&
        strcmp(delivery.who, verify->user) == 0) {
        verify->status = 200;
        contact_note_verified(tx->db, delivery.who, delivery.contact, delivery.address, tx->now);
        const struct principal person = {PRINCIPAL_USER, delivery.who};
        json_auto_t *data = json_pack("{s:s}", "contact", delivery.contact);
        event_append(tx, person, &EVENT_CONTACT_VERIFIED, subject_named("user", delivery.who),
                     data);
    } else {
        (void)fault_set(&verify->fault, "", "this message is not known; ask for a new test page");
    }
    delivery_clear(&delivery);
    return verify->status == 200 ? COMMAND_DONE : COMMAND_REFUSED;
}

/* --- test pages --- */

static void test_contact(struct ledger_tx *tx, const struct test_page *test, const char *who,
                         struct subject subject, const char *contact)
{
    g_autofree char *from = principal_text_of(test->actor);
    json_auto_t *data = json_pack("{s:s, s:s}", "from", from, "contact", contact);
    g_autofree char *text = json_dumps(data, JSON_COMPACT);
    const struct notification notification = {
        .kind = NOTIFICATION_TEST, .severity = SEVERITY_INFO, .data = text};
    notify_specially(test->pager, tx, who, contact, &notification);
    event_append(tx, test->actor, &EVENT_CONTACT_TESTED, subject, data);
}

static void test_user(struct ledger_tx *tx, struct test_page *test)
{
    const struct user *user = user_find(test->pager->config, test->user);
    const struct subject subject = subject_named("user", test->user);
    guint tested = 0;
    for (guint i = 0; user != NULL && i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        if (test->contact == NULL || strcmp(test->contact, contact->name) == 0) {
            test_contact(tx, test, test->user, subject, contact->name);
            tested++;
        }
    }
    if (user == NULL) {
        test->status = 404;
        (void)config_unknown(test->pager->config, &USER_KIND, test->user, &test->fault);
        fault_within(&test->fault, "name");
    } else if (tested == 0) {
        test->status = 404;
        (void)fault_set(&test->fault, "contact",
                        "%s has no contact%s%s; `tocsin export` lists them", test->user,
                        test->contact != NULL ? " " : "",
                        test->contact != NULL ? test->contact : "");
    }
}

static void test_channel(struct ledger_tx *tx, struct test_page *test)
{
    g_autofree char *who = principal_text(PRINCIPAL_CHANNEL, test->channel);
    if (receiver_channel(test->pager->config, who) != NULL) {
        g_autoptr(GPtrArray) rules =
            receiver_rules(test->pager->config, who, URGENCY_HIGH); /* its one way */
        test_contact(tx, test, who, subject_named("channel", test->channel),
                     ((struct rule *)g_ptr_array_index(rules, 0))->contact);
        return;
    }
    test->status = 404;
    (void)config_unknown(test->pager->config, &CHAT_CHANNEL_KIND, test->channel, &test->fault);
    fault_within(&test->fault, "name");
}

enum command_result pager_test(struct ledger_tx *tx, void *arg)
{
    struct test_page *test = arg;
    test->status = 200;
    pager_enter(test->pager, tx);
    if (test->user != NULL) {
        test_user(tx, test);
    } else {
        test_channel(tx, test);
    }
    pager_leave(test->pager);
    return test->status == 200 ? COMMAND_DONE : COMMAND_REFUSED;
}
