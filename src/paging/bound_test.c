/* The bound on noise: what it holds back, what passes, and what waits for what was held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "paging/alert_topic.h"
#include "paging/explain.h"
#include "paging/paging_harness.h"

enum { SERVICES = 60 };

/* s0, s1 … tell ana, and the boss after two minutes. */
static char *team(void)
{
    GString *text = g_string_new(
        "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
        " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]}],"
        "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '2m'},"
        " {'notify': [{'user': 'boss'}], 'wait': '1h'}], 'last_resort': {'user': 'boss'}},"
        " {'name': 'twice', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '20s'},"
        " {'notify': [{'user': 'ana'}], 'wait': '2m'}, {'notify': [{'user': 'boss'}],"
        " 'wait': '1h'}], 'last_resort': {'user': 'boss'}},"
        " {'name': 'quick', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '20s'},"
        " {'notify': [{'user': 'boss'}], 'wait': '1h'}], 'last_resort': {'user': 'boss'}}],"
        "'services': [{'name': 'quick', 'policy': 'quick'},"
        " {'name': 'twice', 'policy': 'twice'},"
        " {'name': 'mine', 'policy': 'p', 'acknowledge_expires': '10m'}");
    for (int i = 0; i < SERVICES; i++) {
        g_string_append_printf(text, ", {'name': 's%d', 'policy': 'p'}", i);
    }
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}

static int open_team(void **state)
{
    g_autofree char *document = team();
    return paging_start(state, document);
}

static int64_t signal_of(struct paging *paging, const char *service, int number, int severity)
{
    g_autofree char *key = g_strdup_printf("%s-%d", service, number);
    return paging_signal_of(paging, service, SIGNAL_TRIGGER, key, severity);
}

enum { AT_ONCE = 3 };

/* As many messages as go at once. */
static void fill_the_minute(struct paging *paging, const char *service, int severity)
{
    for (int i = 0; i < AT_ONCE; i++) {
        (void)signal_of(paging, service, i, severity);
        paging_expect(paging, "ana email: page 1");
    }
}

/* The same of what is in hand since, so that nobody else is to be told of it. */
static void tell_in_hand(struct paging *paging, const char *service, int count)
{
    for (int i = 0; i < count; i++) {
        int64_t id = signal_of(paging, service, i, SEVERITY_ERROR);
        paging_expect(paging, "ana email: page 1");
        (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    }
}

/* Nobody was told before the morning: nobody else is woken for what could wait until then. */
static void quiet_hours_hold_the_next_step_too(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': "
                         "'ana@x.org'}], 'quiet_hours': [{'from': '09:00', 'to': '11:00'}]}]}");
    int64_t id = signal_of(paging, "quick", 0, SEVERITY_INFO);
    int64_t urgent = signal_of(paging, "s1", 0, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1"); /* what is urgent does not wait */
    (void)paging_act(paging, VERB_ACKNOWLEDGE, urgent, "user:ana");
    paging_pass(paging, SPAN_S(25));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    paging_pass(paging, (struct span){SPAN_H(1).us - SPAN_S(25).us});
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(19));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "boss ntfy: page 1");
}

/* Whoever asks expects that it is tried, whatever the contact did a moment ago. */
static void a_page_asked_for_is_tried_in_any_case(void **state)
{
    struct paging *paging = *state;
    int64_t id = signal_of(paging, "s0", 0, SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_REFUSED, "ana email: page 1");
    paging_expect(paging, "boss ntfy: page 1"); /* nobody of the first step could be told */
    assert_int_equal(paging_page(paging, id, "ana"), 200);
    paging_settle_as(paging, SEND_DELIVERED, "ana email: page 1");
    (void)signal_of(paging, "s1", 0, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1"); /* it works again */
}

static void new_trouble_is_not_held_back_by_what_is_known(void **state)
{
    struct paging *paging = *state;
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    (void)signal_of(paging, "s0", 3, SEVERITY_CRITICAL); /* the same trouble: it waits */
    paging_expect(paging, "");
    (void)signal_of(paging, "s1", 0, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)signal_of(paging, "s1", 1, SEVERITY_CRITICAL); /* known by now */
    (void)signal_of(paging, "s2", 0, SEVERITY_ERROR);    /* not critical */
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: digest 3");
}

/* It waited as an error; as the first critical alert of its service it waits no longer. */
static void what_becomes_critical_is_news_then(void **state)
{
    struct paging *paging = *state;
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    (void)signal_of(paging, "s1", 0, SEVERITY_ERROR);
    paging_expect(paging, "");
    (void)signal_of(paging, "s1", 0, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)signal_of(paging, "s1", 1, SEVERITY_CRITICAL); /* known by now */
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: page 1"); /* that one; the other is not told a second time */
}

static void an_hour_later_it_is_news_again(void **state)
{
    struct paging *paging = *state;
    (void)signal_of(paging, "s1", 0, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_MIN(61));
    g_free(paging_messages(paging));
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    (void)signal_of(paging, "s1", 1, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
}

static void news_passes_ten_times_a_minute(void **state)
{
    struct paging *paging = *state;
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    int sent = 0;
    for (int i = 1; i < 31; i++) {
        g_autofree char *service = g_strdup_printf("s%d", i);
        (void)signal_of(paging, service, 0, SEVERITY_CRITICAL);
        g_autofree char *line = paging_messages(paging);
        sent += line[0] != '\0';
    }
    assert_int_equal(sent, 10);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: digest 20"); /* nothing was dropped */
}

static void news_that_was_never_sent_told_nobody(void **state)
{
    struct paging *paging = *state;
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    for (int i = 1; i < 11; i++) {
        g_autofree char *service = g_strdup_printf("s%d", i);
        (void)signal_of(paging, service, 0, SEVERITY_CRITICAL);
        g_free(paging_messages(paging));
    }
    int64_t id = signal_of(paging, "s11", 0, SEVERITY_CRITICAL);
    paging_expect(paging, "");
    assert_int_equal(paging_act(paging, VERB_RESOLVE, id, "user:boss"), 200);
    paging_pass(paging, SPAN_MIN(1));
    (void)signal_of(paging, "s0", 9, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)signal_of(paging, "s11", 1, SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
}

static void a_page_that_is_asked_for_always_passes(void **state)
{
    struct paging *paging = *state;
    int64_t id = signal_of(paging, "s1", 0, SEVERITY_INFO);
    g_free(paging_messages(paging));
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    for (int i = 0; i < 12; i++) { /* however often */
        assert_int_equal(paging_page(paging, id, "ana"), 200);
        paging_expect(paging, "ana email: page 1");
    }
}

/* Its step's own message waits for the bound in the same mailbox, and its source has repeated it. */
static void a_page_that_is_asked_for_passes_what_waits_of_its_alert(void **state)
{
    struct paging *paging = *state;
    fill_the_minute(paging, "s0", SEVERITY_CRITICAL);
    int64_t id = signal_of(paging, "s1", 7, SEVERITY_ERROR);
    assert_int_equal(signal_of(paging, "s1", 7, SEVERITY_ERROR), id);
    paging_expect(paging, "");
    assert_int_equal(paging_page(paging, id, "ana"), 200);
    paging_expect(paging, "ana email: page 1");
}

/* ---- while we hold a message back, the step's wait does not run ---- */

static void a_wait_begins_when_the_message_goes(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, "s1", AT_ONCE);
    int64_t id = signal_of(paging, "s0", 0, SEVERITY_ERROR);
    paging_pass(paging, SPAN_S(59));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(119));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "boss ntfy: page 1");
    assert_int_equal(paging_events(paging, id, "escalation.held"), 0);
}

static void no_next_step_begins_before_the_first_was_told(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, "s0", AT_ONCE);
    int64_t id =
        signal_of(paging, "quick", 0, SEVERITY_ERROR); /* waits 20 s, is held for a minute */
    paging_pass(paging, SPAN_S(59));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(19));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "boss ntfy: page 1");
}

/* As an alert that another node takes does: it knows nothing of what is held. */
static void make_her_mailbox_due(struct paging *paging, struct span in)
{
    struct db_query *q =
        db_query(paging->db, "UPDATE mailbox SET next_at = $1 WHERE user_name = 'ana'");
    db_bind_utc(q, 1, utc_add(paging->now, in));
    (void)db_run(q);
    assert_int_equal(db_error(paging->db), DB_OK);
}

static void it_is_held_once_however_much_comes_in(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, "s0", AT_ONCE);
    int64_t id =
        signal_of(paging, "quick", 0, SEVERITY_ERROR); /* waits 20 s, is held for a minute */
    make_her_mailbox_due(paging, SPAN_S(20));
    paging_pass(paging, SPAN_S(59));
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: page 1");
}

/* The second step of "quick" would be due, and the mailbox has been for so long. How often it was held. */
static int held_when_due_for(struct paging *paging, struct span overdue)
{
    paging_pass(paging, SPAN_MIN(2)); /* not after an outage of ours */
    tell_in_hand(paging, "s0", AT_ONCE);
    int64_t id = signal_of(paging, "quick", 0, SEVERITY_ERROR);
    struct span wait = SPAN_S(20);
    make_her_mailbox_due(paging, (struct span){wait.us - overdue.us});
    paging->now = utc_add(paging->now, wait);
    (void)!ledger_tick(paging->ledger).us; /* before anything is claimed */
    return paging_events(paging, id, "escalation.held");
}

static void what_is_about_to_go_is_waited_for(void **state)
{
    assert_int_equal(held_when_due_for(*state, SPAN_S(50)), 1);
}

static void what_nobody_sends_keeps_nobody_waiting(void **state)
{
    assert_int_equal(held_when_due_for(*state, SPAN_S(61)), 0);
}

/* The provider's hiccup, and nothing more: it is still the bound that holds the next message back. */
static void one_failure_is_no_reason_to_go_on(void **state)
{
    struct paging *paging = *state;
    for (int i = 0; i < AT_ONCE; i++) {
        int64_t known = signal_of(paging, "s0", i, SEVERITY_ERROR);
        paging_settle_as(paging, i == AT_ONCE - 1 ? SEND_RETRY : SEND_DELIVERED,
                         "ana email: page 1");
        (void)paging_act(paging, VERB_ACKNOWLEDGE, known, "user:ana");
    }
    int64_t id = signal_of(paging, "quick", 0, SEVERITY_ERROR);
    paging_pass(paging, SPAN_S(25));
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(35));
    paging_expect(paging, "ana email: page 1");
}

static void a_question_is_unanswered_only_after_it_was_asked(void **state)
{
    struct paging *paging = *state;
    int64_t id = signal_of(paging, "mine", 0, SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    paging_pass(paging, SPAN_S(10 * 60 - 1));
    tell_in_hand(paging, "s0", AT_ONCE - 1);
    paging_pass(paging, SPAN_S(1));
    make_her_mailbox_due(paging, SPAN_MIN(10));
    paging_pass(paging, SPAN_MIN(6));
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    paging_expect(paging, "");
    make_her_mailbox_due(paging, SPAN_MIN(2)); /* sooner than was expected */
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana email: question 1");
    paging_pass(paging, SPAN_S(5 * 60 - 1));
    assert_int_equal(paging_events(paging, id, "alert.reopened"), 0);
    paging_pass(paging, SPAN_S(1));
    assert_int_equal(paging_events(paging, id, "alert.reopened"), 1);
}

/* She knew before the pause; that it goes on she does not know yet. */
static void what_was_told_before_a_pause_is_told_again_before_the_next(void **state)
{
    struct paging *paging = *state;
    int64_t id = signal_of(paging, "quick", 0, SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_snooze(paging, id, SPAN_MIN(10)), 200);
    paging_pass(paging, SPAN_S(10 * 60 - 1));
    tell_in_hand(paging, "s0", AT_ONCE - 1);
    paging_pass(paging, SPAN_S(1));
    assert_int_equal(paging_events(paging, id, "alert.reopened"), 1);
    paging_pass(paging, SPAN_S(25));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(34));
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(19));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "boss ntfy: page 1");
}

/* The server was down when the message could have gone, and when the wait would have been over. */
static void an_outage_of_ours_wakes_nobody_before_the_first(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, "s0", AT_ONCE);
    (void)signal_of(paging, "quick", 0, SEVERITY_ERROR);
    paging->now = utc_add(paging->now, SPAN_MIN(20));
    paging_restart(paging);
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "boss ntfy: page 1");
}

/* When its page was made lies ahead since. */
static void a_clock_set_back_does_not_let_the_wait_begin_before_the_message(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, "s0", AT_ONCE);
    (void)signal_of(paging, "s1", 0, SEVERITY_ERROR); /* waits two minutes, is held for one */
    paging_pass(paging, SPAN_S(30));
    paging_jump(paging, SPAN_H(-1));
    paging_pass(paging, SPAN_S(30));
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(119));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "boss ntfy: page 1");
}

/* A second step's message to her waits behind the attempt that is under way and goes with what that
 * attempt carried. */
static void what_was_tried_begins_no_wait_anew(void **state)
{
    struct paging *paging = *state;
    (void)signal_of(paging, "twice", 0, SEVERITY_ERROR);
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    paging_pass(paging, SPAN_S(22)); /* tried again after 5 s; the second step after 20 */
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    paging_pass(paging, SPAN_S(18));
    paging_expect(paging, "ana email: page 1"); /* one alert, whatever pages of it */
    paging_pass(paging, SPAN_S(99));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1)); /* two minutes after the second step */
    paging_expect(paging, "boss ntfy: page 1");
}

/* What is said of the alert to whoever looks: when the next step comes, and until when a message is held
 * back, each as a span from `since`; SPAN_S(-1): nothing. */
static void expect_said(struct paging *paging, int64_t id, struct utc since, struct span next_in,
                        struct span held_for)
{
    struct config *config = config_current(paging->configs);
    json_auto_t *explained = explain_subject(paging->db, config, &ALERT_TOPIC, id, paging->now);
    config_unref(config);
    const json_t *escalation = json_object_get(explained, "escalation");
    const json_t *next = json_object_get(json_object_get(explained, "message"), "next");
    char next_at[UTC_TEXT_SIZE], held_until[UTC_TEXT_SIZE];
    utc_format(utc_add(since, next_in), next_at);
    utc_format(utc_add(since, held_for), held_until);
    assert_string_equal(json_text(next, "at", ""), next_at);
    assert_string_equal(json_text(escalation, "next_at", ""), next_at);
    assert_string_equal(json_text(next, "held_until", ""), held_for.us < 0 ? "" : held_until);
}

static void what_is_held_back_is_said_from_the_start(void **state)
{
    struct paging *paging = *state;
    const struct span runs = SPAN_S(-1);
    struct utc start = paging->now;
    int64_t first = signal_of(paging, "s2", 0, SEVERITY_ERROR);
    expect_said(paging, first, start, SPAN_MIN(2), runs); /* about to go */
    paging_expect(paging, "ana email: page 1");
    expect_said(paging, first, start, SPAN_MIN(2), runs);
    (void)paging_act(paging, VERB_ACKNOWLEDGE, first, "user:ana");
    tell_in_hand(paging, "s0", AT_ONCE - 1);
    int64_t id = signal_of(paging, "quick", 0, SEVERITY_ERROR);
    expect_said(paging, id, start, SPAN_S(80), SPAN_MIN(1));
    paging_pass(paging, SPAN_S(10));
    make_her_mailbox_due(paging, SPAN_S(0)); /* as more of it does */
    expect_said(paging, id, start, SPAN_S(80), SPAN_MIN(1));
    paging_pass(paging, SPAN_S(30));
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    expect_said(paging, id, start, SPAN_S(80), SPAN_MIN(1));
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "ana email: page 1");
    expect_said(paging, id, start, SPAN_S(80), runs);
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "boss ntfy: page 1"); /* as was said */
}

/* The step's own message waits beside it, so that the next step does not come as early as it would. */
static void a_page_that_is_asked_for_knows_when_the_next_step_comes(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, "s0", AT_ONCE);
    struct utc start = paging->now;
    int64_t id = signal_of(paging, "quick", 0, SEVERITY_ERROR);
    assert_int_equal(paging_page(paging, id, "boss"), 200);
    assert_int_equal(paging->errands->len, 1);
    const struct errand *errand = g_ptr_array_index(paging->errands, 0);
    assert_int_equal(utc_since(errand->message.next_at, start).us, SPAN_S(80).us);
    paging_expect(paging, "boss ntfy: page 1");
    paging_pass(paging, SPAN_MIN(1));
    assert_int_equal(paging->errands->len, 1);
    errand = g_ptr_array_index(paging->errands, 0); /* the step's own: the wait begins */
    assert_int_equal(utc_since(errand->message.next_at, start).us, SPAN_S(80).us);
    paging_expect(paging, "ana email: page 1");
}

/* ---- storms ---- */

struct tally {
    int in_minute, in_hour;
    int64_t alerts;
};

static void count(struct paging *paging, struct tally *tally, bool is_first_minute)
{
    for (char *line = paging_settle(paging, SEND_DELIVERED); line != NULL;
         line = paging_settle(paging, SEND_DELIVERED)) {
        bool is_ana = g_str_has_prefix(line, "ana");
        tally->in_minute += is_ana && is_first_minute;
        tally->in_hour += is_ana;
        tally->alerts += is_ana ? g_ascii_strtoll(strrchr(line, ' '), NULL, 10) : 0;
        g_free(line);
    }
}

enum { STORM = 1000 };

/* A minute of so many critical alerts over `services`, then an hour of calm. */
static struct tally storm(int services)
{
    struct paging paging = {0};
    struct tally tally = {0};
    g_autofree char *document = team();
    paging_open(&paging, document);
    for (int i = 0; i < STORM; i++) {
        g_autofree char *service = g_strdup_printf("s%d", i % services);
        (void)signal_of(&paging, service, i, SEVERITY_CRITICAL);
        count(&paging, &tally, true);
        paging_pass(&paging, SPAN_MS(60));
        count(&paging, &tally, true);
    }
    for (int i = 0; i < 12; i++) {
        paging_pass(&paging, SPAN_MIN(5));
        count(&paging, &tally, false);
    }
    paging_close(&paging);
    return tally;
}

static void a_storm_costs_few_messages(void **state)
{
    (void)state;

    static const struct {
        int services, in_minute, in_hour;
    } ROWS[] = {{1, 3, 12}, {5, 7, 16}, {SERVICES, 13, 25}};

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct tally tally = storm(ROWS[i].services);
        if (tally.in_minute > ROWS[i].in_minute || tally.in_hour > ROWS[i].in_hour ||
            tally.alerts < STORM) {
            fail_msg("%d services: %d messages in a minute, %d in an hour, of %lld alerts",
                     ROWS[i].services, tally.in_minute, tally.in_hour, (long long)tally.alerts);
        }
    }
}

static void a_digest_names_the_newest_too(void **state)
{
    struct paging *paging = *state;
    fill_the_minute(paging, "s0", SEVERITY_ERROR);
    int64_t ids[100]; /* a shared database leaves gaps between them */
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        ids[i] = signal_of(paging, "s0", AT_ONCE + (int)i, SEVERITY_ERROR);
    }
    paging_pass(paging, SPAN_MIN(1));
    assert_int_equal(paging->errands->len, 1);
    const struct errand *errand = g_ptr_array_index(paging->errands, 0);
    assert_int_equal(errand->message.item_count, ERRAND_ITEMS_MAX);
    assert_int_equal(errand->message.total, 100);
    assert_int_equal(errand->message.items[0].subject.id, ids[0]);
    assert_int_equal(errand->message.items[6].subject.id, ids[6]);
    assert_int_equal(errand->message.items[7].subject.id, ids[99]);
    assert_int_equal(errand->message.items[9].subject.id, ids[97]);
    assert_int_equal(utc_since(paging->now, errand->message.held_since).us, SPAN_MIN(1).us);
    g_free(paging_messages(paging));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_team, paging_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quiet_hours_hold_the_next_step_too),
        TEST(a_page_asked_for_is_tried_in_any_case),
        TEST(new_trouble_is_not_held_back_by_what_is_known),
        TEST(what_becomes_critical_is_news_then),
        TEST(an_hour_later_it_is_news_again),
        TEST(news_passes_ten_times_a_minute),
        TEST(news_that_was_never_sent_told_nobody),
        TEST(a_page_that_is_asked_for_always_passes),
        TEST(a_page_that_is_asked_for_passes_what_waits_of_its_alert),
        TEST(a_wait_begins_when_the_message_goes),
        TEST(no_next_step_begins_before_the_first_was_told),
        TEST(it_is_held_once_however_much_comes_in),
        TEST(what_is_about_to_go_is_waited_for),
        TEST(what_nobody_sends_keeps_nobody_waiting),
        TEST(one_failure_is_no_reason_to_go_on),
        TEST(a_question_is_unanswered_only_after_it_was_asked),
        TEST(what_was_told_before_a_pause_is_told_again_before_the_next),
        TEST(an_outage_of_ours_wakes_nobody_before_the_first),
        TEST(a_clock_set_back_does_not_let_the_wait_begin_before_the_message),
        TEST(what_was_tried_begins_no_wait_anew),
        TEST(what_is_held_back_is_said_from_the_start),
        TEST(a_page_that_is_asked_for_knows_when_the_next_step_comes),
        TEST(a_digest_names_the_newest_too),
        cmocka_unit_test(a_storm_costs_few_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
