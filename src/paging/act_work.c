/* What people and programs do with an alert: acknowledge, resolve, escalate, snooze, page, test. */
#include <string.h>

#include "alert/alert_store.h"
#include "alert/intake.h"
#include "config/config_plan.h"
#include "paging/work.h"

void pause_for_acknowledgement(struct pager *pager, struct ledger_tx *tx, const struct alert *alert)
{
    const struct service *service = config_service(pager->config, alert->service);
    bool expires = service != NULL && service->acknowledge_expires.us > 0;
    struct utc until = expires ? utc_add(tx->now, service->acknowledge_expires) : (struct utc){0};
    escalation_pause(tx, alert->id, until, false);
}

static void refuse(struct act *act, int status, const char *text)
{
    act->status = status;
    (void)fault_set(&act->fault, "", "alert %" G_GINT64_FORMAT " %s", act->alert_id, text);
}

static void acknowledge(struct ledger_tx *tx, struct act *act, struct alert *alert)
{
    /* A second acknowledgement is an answer too: "yes, still on it". */
    bool was_acknowledged = alert->status == ALERT_ACKNOWLEDGED;
    if (was_acknowledged) {
        alert->status = ALERT_OPEN;
    }
    (void)alert_acknowledge(tx, alert, act->actor, act->note);
    if (utc_is_set(alert->snoozed_until)) {
        alert->snoozed_until = (struct utc){0};
        alert_save(tx->db, alert);
    }
    page_stop_all(tx, alert->id);
    rooms_follow(act->pager, tx, alert);
    pause_for_acknowledgement(act->pager, tx, alert);
}

static void resolve(struct ledger_tx *tx, struct act *act, struct alert *alert)
{
    (void)alert_resolve(tx, alert, act->actor, act->note, NULL);
    alert_is_over(act->pager, tx, alert, END_WAIT);
}

static void append_event(struct ledger_tx *tx, const struct act *act, const struct event_kind *kind,
                         json_t *data)
{
    if (act->note != NULL) {
        json_object_set_new(data, "note", json_string(act->note));
    }
    event_append(tx, principal_read(act->actor), kind, alert_subject(act->alert_id), data);
    json_decref(data);
}

static void snooze(struct ledger_tx *tx, struct act *act, struct alert *alert)
{
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
    if (!alert_acknowledge(tx, alert, act->actor, act->note)) {
        /* Somebody had it: from here on whoever puts it to sleep answers for it. */
        g_free(alert->acknowledged_by);
        alert->acknowledged_by = g_strdup(act->actor);
        alert->acknowledged_at = tx->now;
    }
    alert->snoozed_until = act->until;
    alert_save(tx->db, alert);
    page_stop_all(tx, alert->id);
    rooms_follow(act->pager, tx, alert);
    escalation_pause(tx, alert->id, act->until, true);
    append_event(tx, act, &EVENT_ALERT_SNOOZED, json_pack("{s:s}", "until", until));
}

static void escalate(struct ledger_tx *tx, struct act *act, struct alert *alert)
{
    append_event(tx, act, &EVENT_ALERT_ESCALATED, json_object());
    if (alert->status == ALERT_ACKNOWLEDGED) {
        /* Whoever acknowledged asks for more hands: walk on from where it stopped. */
        alert->status = ALERT_OPEN;
        alert->snoozed_until = (struct utc){0};
        alert_save(tx->db, alert);
        rooms_follow(act->pager, tx, alert);
        escalation_resume(act->pager, tx, alert);
        return;
    }
    escalation_hurry(act->pager, tx, alert);
}

/* Who is nobody cannot be on call now either, but that is not what is wrong. */
static bool is_somebody(struct act *act)
{
    const struct config *config = act->pager->config;

    const struct {
        const char *field, *name;
        enum config_kind kind;
    } named[] = {{"user", act->target->user, CONFIG_USER},
                 {"schedule", act->target->schedule, CONFIG_SCHEDULE},
                 {"team", act->target->team, CONFIG_TEAM},
                 {"channel", act->target->channel, CONFIG_CHANNEL}};

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
static void page_others(struct ledger_tx *tx, struct act *act, struct alert *alert)
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
        .alert = alert,
        .urgency = URGENCY_HIGH,
        .actor = act->actor,
        .note = act->note,
        .by = act->by,
    };
    pages_open(act->pager, tx, &order, tellings);
    pages_miss(act->pager, tx, &order, mute);
    if (act->holds != NULL) {
        (void)json_array_clear(act->holds); /* a batch may be run twice */
        pages_hold(act->pager, tx, alert->id, tellings, act->holds);
    }
}

static void carry_out(struct ledger_tx *tx, struct act *act, struct alert *alert)
{
    act->status = 200;
    switch ((enum alert_verb)act->verb) {
    case VERB_ACKNOWLEDGE:
        acknowledge(tx, act, alert);
        break;
    case VERB_RESOLVE:
        resolve(tx, act, alert);
        break;
    case VERB_ESCALATE:
        escalate(tx, act, alert);
        break;
    case VERB_SNOOZE:
        snooze(tx, act, alert);
        break;
    case VERB_PAGE:
        page_others(tx, act, alert);
        break;
    }
}

enum command_result pager_act(struct ledger_tx *tx, void *arg)
{
    struct act *act = arg;
    struct alert alert = {0};
    pager_enter(act->pager, tx);
    if (!alert_load(tx->db, act->alert_id, &alert)) {
        refuse(act, 404, "does not exist");
    } else if (alert.status == ALERT_SUPPRESSED) {
        refuse(act, 409, "was suppressed by a route and pages nobody; change the route instead");
    } else if (alert.status == ALERT_RESOLVED) {
        refuse(act, act->verb == VERB_RESOLVE ? 200 : 409,
               "is resolved already; a new signal would open a new alert");
    } else {
        carry_out(tx, act, &alert);
    }
    alert_clear(&alert);
    pager_leave(act->pager);
    return act->status == 200 ? COMMAND_DONE : COMMAND_REFUSED;
}

/* Somebody has it already and nobody asked again: an old message must not take it from them. Nobody is on one that
 * sleeps. */
static bool is_taken(struct ledger_tx *tx, int64_t alert_id)
{
    struct alert alert = {0};
    struct escalation e;
    bool is_acknowledged = alert_load(tx->db, alert_id, &alert) &&
                           alert.status == ALERT_ACKNOWLEDGED && !alert_is_snoozed(&alert);
    alert_clear(&alert);
    return is_acknowledged &&
           !(escalation_of_alert(tx->db, alert_id, &e) && e.state == ESCALATION_ASKED);
}

enum command_result pager_act_on_delivery(struct ledger_tx *tx, void *arg)
{
    struct act *all = arg;

    enum { ALERTS_MAX = 5000 };

    g_autofree int64_t *ids = g_new(int64_t, ALERTS_MAX);
    size_t count = delivery_alerts(tx->db, all->alert_id, ids, ALERTS_MAX);
    all->status = 404;
    (void)fault_set(&all->fault, "", "this message's alerts are no longer known");
    for (size_t i = 0; i < count; i++) {
        struct act one = *all;
        one.alert_id = ids[i];
        if (is_taken(tx, one.alert_id)) {
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
    json_auto_t *data = json_pack("{s:s, s:s}", "from", test->actor, "contact", contact);
    g_autofree char *text = json_dumps(data, JSON_COMPACT);
    const struct notification notification = {
        .kind = NOTIFICATION_TEST, .severity = SEVERITY_INFO, .data = text};
    notify_specially(test->pager, tx, who, contact, &notification);
    event_append(tx, principal_read(test->actor), &EVENT_CONTACT_TESTED, subject, data);
}

static void test_user(struct ledger_tx *tx, struct test_page *test)
{
    const struct user *user = config_user(test->pager->config, test->user);
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
        (void)config_unknown(test->pager->config, CONFIG_USER, test->user, &test->fault);
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
    (void)config_unknown(test->pager->config, CONFIG_CHANNEL, test->channel, &test->fault);
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
