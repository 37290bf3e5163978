#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "db/test_database.h"
#include "paging/paging_harness.h"

/* Ana now, Budi from 12:00 on; then the team; ana in the end. */
static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'},"
    "   {'kind': 'webhook', 'to': 'http://ana.x.org/'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'email'}, {'after': '2m', 'contact': "
    "'webhook'}],"
    "            'low': [{'after': '0s', 'contact': 'email'}]},"
    "  'quiet_hours': [{'from': '22:00', 'to': '07:00'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]},"
    " {'name': 'chen', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/chen'}]}],"
    "'teams': [{'name': 'ops', 'members': ['budi', 'chen']}],"
    "'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/hook'}],"
    "'schedules': [{'name': 'primary', 'time_zone': 'UTC', 'layers': [{'people': ['ana', 'budi'],"
    "   'every': '12h', 'start': '2026-01-05T00:00'}]},"
    "  {'name': 'empty', 'time_zone': 'UTC', 'layers': [{'people': ['chen'], 'every': '1d',"
    "   'start': '2027-01-01T00:00'}],"
    "   'overrides': [{'from': '2026-01-01T00:00', 'to': '2027-01-01T00:00'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'schedule': 'primary'}], 'wait': '5m'},"
    "   {'notify': [{'schedule': 'empty'}], 'wait': '5m'},"
    "   {'notify': [{'team': 'ops'}, {'channel': 'room'}], 'wait': '10m'}],"
    "  'repeat': 0, 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p', 'acknowledge_expires': '1h'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

static void walks_the_policy_to_its_last_resort(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_S(119));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_S(179));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1)); /* 5 min: the empty step is skipped at once */
    paging_expect(paging, "budi email: page 1; chen ntfy: page 1; channel:room channel: page 1");
    assert_int_equal(paging_events(paging, id, "escalation.step_skipped"), 1);
    paging_pass(paging, SPAN_MIN(10));
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_events(paging, id, "escalation.exhausted"), 1);
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_MIN(28)); /* never silence: the last resort hears it again */
    paging_expect(paging, "ana email: page 1");
}

static void acknowledging_stops_everything(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana"), 200);
    paging_pass(paging, SPAN_MIN(59));
    paging_expect(paging, "");
    assert_int_equal(paging_act(paging, VERB_RESOLVE, id, "user:ana"), 200);
    assert_int_equal(paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana"), 409);
    paging_pass(paging, SPAN_S(5));
    paging_expect(paging, "ana email: ended 1");
    paging_pass(paging, SPAN_D(2));
    paging_expect(paging, "");
    assert_int_equal(paging_act(paging, VERB_RESOLVE, 99, "user:ana"), 404);
}

static void an_acknowledgement_expires_with_a_question(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    paging_pass(paging, SPAN_H(1));
    paging_expect(paging, "ana email: question 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana"); /* yes */
    paging_pass(paging, SPAN_MIN(59));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: question 1");
    paging_pass(paging,
                SPAN_MIN(5)); /* no answer: from the first step again; Budi is on call now */
    paging_expect(paging, "budi email: page 1");
    assert_int_equal(paging_events(paging, id, "alert.reopened"), 1);
}

static void a_storm_is_bounded_and_a_worse_alert_passes(void **state)
{
    struct paging *paging = *state;
    paging_burst(paging, "k", 8);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "worse", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: digest 6");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "");
}

static void what_waits_goes_in_a_digest(void **state)
{
    struct paging *paging = *state;
    paging_burst(paging, "k", 15);
    paging_pass(paging, SPAN_S(59));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: digest 12");
}

static void a_refused_contact_gives_way_to_the_next(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_REFUSED, "ana email: page 1");
    paging_settle_as(paging, SEND_REFUSED, "ana webhook: page 1");
    /* Nobody else there: the next step comes at once, not after its wait. */
    assert_int_equal(paging_events(paging, id, "page.unreachable"), 1);
    paging_expect(paging, "budi email: page 1; chen ntfy: page 1; channel:room channel: page 1");
}

static void a_failing_provider_is_tried_again_and_passed_by(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    paging_pass(paging, SPAN_S(4));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(3));
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    paging_expect(paging, "ana webhook: page 1"); /* after the second failure: the next contact */
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "ana email: page 1");
}

static void a_lost_answer_is_repeated_with_a_word(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_UNKNOWN, "ana email: page 1");
    paging_pass(paging, SPAN_S(7));
    paging_expect(paging, "ana email: page 1 again");
}

static void a_repeat_that_a_digest_does_not_name_is_told_too(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_settle_as(paging, SEND_UNKNOWN, "ana email: page 1");
    for (int i = 0; i < 13; i++) {
        g_autofree char *key = g_strdup_printf("worse%d", i);
        (void)paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    }
    paging_pass(paging, SPAN_S(7)); /* the first of them is on its way, the others wait for it */
    paging_expect(paging, "ana email: page 1; ana email: digest 13 again");
}

static void a_crash_while_sending_repeats_with_a_word(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    assert_int_equal(paging->errands->len, 1);
    paging_restart(paging);
    paging_pass(paging, SPAN_S(7));
    paging_expect(paging, "ana email: page 1 again");
}

/* New alerts are refused for want of room; what was accepted is paged all the same. */
static void what_was_being_sent_waits_for_no_room(void **state)
{
    SKIP_BUT_ON_SQLITE("only a disk of our own fills");
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_ptr_array_set_size(paging->errands, 0); /* nobody will say how it went */
    memory_disk_set_capacity(paging->disk, memory_disk_used(paging->disk) + 1000000);
    ledger_keep_room(paging->ledger, 4000000);
    paging_pass(paging, SPAN_S(70)); /* longer than its lease */
    assert_int_equal(ledger_door(paging->ledger), LEDGER_FULL);
    paging_expect(paging, "ana email: page 1 again");
}

static void low_urgency_waits_for_the_end_of_quiet_hours(void **state)
{
    struct paging *paging = *state;
    paging_pass(paging, SPAN_H(14)); /* midnight: ana is on call again */
    (void)paging_signal(paging, SIGNAL_TRIGGER, "low", SEVERITY_WARNING);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "high", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
}

static void a_silence_holds_and_its_end_pages(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'service',"
                         " 'value': 'shop'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-05T10:30:00Z'}]}");
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    int64_t over = paging_signal(paging, SIGNAL_TRIGGER, "over", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_MIN(29));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "alert.silenced"), 1);
    assert_int_equal(paging_signal(paging, SIGNAL_RESOLVE, "over", SEVERITY_CRITICAL), over);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: page 1");
}

static void a_silence_made_later_stops_what_waits(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'summary',"
                         " 'value': 'k'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-05T11:00:00Z'}]}");
    paging_pass(paging, SPAN_MIN(30));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "alert.silenced"), 1);
}

static void a_silence_stops_nobody_who_is_asked_for(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'service',"
                         " 'value': 'shop'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-06T10:00:00Z'}]}");
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "");
    assert_int_equal(paging_page(paging, id, "chen"), 200);
    paging_expect(paging, "chen ntfy: page 1");
}

/* Nor does one that comes when they have been told once, and their other ways are to follow. */
static void a_silence_that_comes_later_stops_nobody_who_is_asked_for(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_MIN(2));
    assert_int_equal(paging_page(paging, id, "ana"), 200);
    paging_expect(paging, "ana email: page 1");
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'service',"
                         " 'value': 'shop'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-06T10:00:00Z'}]}");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "alert.silenced"), 1);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana webhook: page 1");
}

static void a_silence_that_is_ended_early_pages_at_once(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'service',"
                         " 'value': 'shop'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-06T10:00:00Z'}]}");
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_MIN(10));
    paging_expect(paging, "");
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'service',"
                         " 'value': 'shop'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-05T10:15:00Z'}]}");
    paging_pass(paging, SPAN_MIN(4));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "alert.silenced"), 2); /* until then, until now */
    paging_apply(paging, "{'silences': [{'name': 'works', 'match': [{'field': 'source',"
                         " 'value': 'other'}], 'from': '2026-01-05T09:00:00Z',"
                         " 'to': '2026-01-06T10:00:00Z'}]}");
    paging_pass(paging, SPAN_S(0));
    paging_expect(paging, "ana email: page 1");
}

/* The ids of the alerts or deliveries in order; how they are counted is the database's affair. */
static int64_t nth_id(struct paging *paging, const char *sql, size_t n)
{
    int64_t ids[16] = {0};
    assert_true(n <= db_take_ids(db_query(paging->db, sql), ids, G_N_ELEMENTS(ids)));
    return ids[n - 1];
}

static int64_t nth_alert(struct paging *paging, size_t n)
{
    return nth_id(paging, "SELECT id FROM alert ORDER BY id", n);
}

static int64_t nth_delivery(struct paging *paging, size_t n)
{
    return nth_id(paging, "SELECT id FROM delivery ORDER BY id", n);
}

static void whoever_is_on_call_when_it_can_be_sent_is_told(void **state)
{
    struct paging *paging = *state;
    paging->now = utc_add(PAGING_START, SPAN_MIN(119)); /* a minute before the hand-off */
    (void)!ledger_tick(paging->ledger).us;
    paging_burst(paging, "k", 4);
    paging_pass(paging, SPAN_S(61)); /* the fourth was held back over the hand-off */
    paging_expect(paging, "budi email: page 1");
    assert_int_equal(paging_events(paging, nth_alert(paging, 4), "page.moved"), 1);
}

static void a_worse_repeat_starts_over(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_WARNING);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_WARNING), id);
    paging_expect(paging, "");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
}

static void help_can_be_called_although_somebody_is_on_it(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    assert_int_equal(paging_page(paging, id, "chen"), 200);
    paging_expect(paging, "chen ntfy: page 1");
    assert_int_equal(paging_page(paging, id, "nobody"), 422);
    assert_int_equal(paging_act(paging, VERB_ESCALATE, id, "user:ana"), 200);
    paging_expect(paging, "chen ntfy: page 1; budi email: page 1; channel:room channel: page 1");
}

static void a_snoozed_alert_comes_back(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_snooze(paging, id, SPAN_MIN(-1)), 409);
    assert_int_equal(paging_snooze(paging, id, SPAN_MIN(30 * 24 * 60 + 1)), 422);
    assert_int_equal(paging_snooze(paging, id, SPAN_MIN(90)), 200);
    paging_pass(paging, SPAN_MIN(89));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: page 1");
}

static void a_missing_heartbeat_pages_until_it_beats(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'heartbeats': [{'name': 'cron', 'service': 'shop', 'every': '10m',"
                         " 'grace': '1m'}]}");
    struct beat beat = {.pager = paging->pager, .heartbeat = "cron"};
    const struct command command = {.run = pager_beat, .arg = &beat};
    paging_pass(paging, SPAN_MIN(10));
    ledger_run_batch(paging->ledger, &command, 1);
    assert_int_equal(beat.status, 200);
    paging_pass(paging, SPAN_S(659));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: page 1");
    ledger_run_batch(paging->ledger, &command, 1);
    assert_int_equal(paging_events(paging, nth_alert(paging, 1), "alert.resolved"), 1);
}

static enum command_result hear_the_unconfigured(struct ledger_tx *tx, void *self)
{
    (void)self;
    const struct heartbeat_state heard = {.last_at = tx->now, .is_missing = true};
    heartbeat_save(tx->db, "gone", &heard);
    return COMMAND_DONE;
}

static void what_was_heard_of_a_deleted_heartbeat_is_forgotten(void **state)
{
    struct paging *paging = *state;
    const char *cron = "{'heartbeats': [{'name': 'cron', 'service': 'shop', 'every': '10m'}]}";
    paging_apply(paging, cron);
    const struct command command = {.run = hear_the_unconfigured};
    ledger_run_batch(paging->ledger, &command, 1);
    struct heartbeat_state heard = {0};
    assert_true(heartbeat_load(paging->db, "gone", &heard));
    paging_apply(paging, "{'heartbeats': [{'name': 'cron', 'service': 'shop', 'every': '20m'}]}");
    assert_false(heartbeat_load(paging->db, "gone", &heard));
    assert_true(heartbeat_load(paging->db, "cron", &heard));
}

static void a_start_waits_for_sources_before_it_gives_them_up(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, "{'services': [{'name': 'shop', 'policy': 'p', 'auto_resolve': '10m'}],"
                         " 'heartbeats': [{'name': 'cron', 'service': 'shop', 'every': '2m',"
                         " 'grace': '1m'}]}");
    paging->is_node = true;
    paging_restart(paging);
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    int64_t ids[3];
    paging_expect(paging, "ana email: page 1");
    paging->now = utc_add(paging->now, SPAN_MIN(30)); /* down for longer than both */
    paging_restart(paging);
    assert_int_equal(paging_events(paging, id, "alert.resolved"), 0);
    paging_pass(paging, SPAN_S(179));
    assert_int_equal(db_take_ids(db_query(paging->db, "SELECT id FROM alert"), ids, 3), 1);
    paging_pass(paging, SPAN_S(1)); /* what the start granted: two minutes and one */
    assert_int_equal(db_take_ids(db_query(paging->db, "SELECT id FROM alert"), ids, 3), 2);
    paging_pass(paging, SPAN_S(119));
    assert_int_equal(paging_events(paging, id, "alert.resolved"), 0);
    paging_pass(paging, SPAN_S(1));
    assert_int_equal(paging_events(paging, id, "alert.resolved"), 1);
}

static void a_retry_of_something_worse_is_not_held_back(void **state)
{
    struct paging *paging = *state;
    paging_burst(paging, "e", 3); /* the next of this severity waits for a minute */
    (void)paging_signal(paging, SIGNAL_TRIGGER, "worse", SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "held", SEVERITY_ERROR);
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(7)); /* five seconds and up to a fifth more */
    paging_expect(paging, "ana email: digest 2");
}

static void a_digest_takes_nothing_from_whoever_has_it(void **state)
{
    struct paging *paging = *state;
    paging_burst(paging, "k", 6);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: digest 3");
    assert_int_equal(paging_act(paging, VERB_ACKNOWLEDGE, nth_alert(paging, 4), "user:chen"), 200);
    assert_int_equal(paging_act(paging, VERB_ACKNOWLEDGE, nth_alert(paging, 6), "user:chen"), 200);
    assert_int_equal(paging_snooze(paging, nth_alert(paging, 6), SPAN_MIN(5)), 200);
    struct act all = {.pager = paging->pager,
                      .verb = VERB_ACKNOWLEDGE,
                      .delivery_id = nth_delivery(paging, 4),
                      .actor = {PRINCIPAL_USER, "ana"}};
    const struct command command = {.run = pager_act_on_delivery, .arg = &all};
    ledger_run_batch(paging->ledger, &command, 1);
    assert_int_equal(all.status, 200);
    static const char *const HAS[] = {"user:chen", "user:ana", "user:ana"};
    for (size_t i = 0; i < G_N_ELEMENTS(HAS); i++) {
        struct alert alert = {0};
        assert_true(alert_load(paging->db, nth_alert(paging, i + 4), &alert));
        assert_string_equal(alert.acknowledged_by, HAS[i]);
        assert_false(alert_is_snoozed(&alert)); /* nobody was on that one */
        alert_clear(&alert);
    }
}

static void a_programs_acknowledgement_ends_no_snooze(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_snooze(paging, id, SPAN_MIN(30)), 200);
    (void)paging_signal(paging, SIGNAL_ACKNOWLEDGE, "k", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_MIN(30));
    paging_expect(paging, "ana email: page 1");
}

static void a_flapping_alert_is_held(void **state)
{
    struct paging *paging = *state;
    for (int i = 0; i < 4; i++) {
        (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        (void)paging_signal(paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
        g_autofree char *told = paging_messages(paging);
        assert_int_equal(strlen(told) > 0, i < 3);
    }
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
    paging_expect(paging, "ana email: ended 3"); /* of those that paged */
    paging_pass(paging, SPAN_S(294));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1)); /* it stayed: that is no flapping any more */
    paging_expect(paging, "ana email: page 1");
}

static void a_test_page_reaches_each_contact(void **state)
{
    struct paging *paging = *state;
    struct test_page test = {
        .pager = paging->pager, .user = "ana", .actor = {PRINCIPAL_TOKEN, "ci"}};
    const struct command command = {.run = pager_test, .arg = &test};
    ledger_run_batch(paging->ledger, &command, 1);
    paging_pass(paging, SPAN_S(0));
    paging_expect(paging, "ana email: test 1; ana webhook: test 1");
    assert_false(contact_is_verified(paging->db, "ana", "email", "ana@x.org"));
    struct verify verify = {
        .pager = paging->pager, .delivery_id = nth_delivery(paging, 1), .user = "ana"};
    const struct command verifying = {.run = pager_verify, .arg = &verify};
    ledger_run_batch(paging->ledger, &verifying, 1);
    assert_true(contact_is_verified(paging->db, "ana", "email", "ana@x.org"));
    test.user = "nobody";
    ledger_run_batch(paging->ledger, &command, 1);
    assert_int_equal(test.status, 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_team, paging_finish)
    const struct CMUnitTest tests[] = {
        TEST(walks_the_policy_to_its_last_resort),
        TEST(acknowledging_stops_everything),
        TEST(an_acknowledgement_expires_with_a_question),
        TEST(a_storm_is_bounded_and_a_worse_alert_passes),
        TEST(what_waits_goes_in_a_digest),
        TEST(a_refused_contact_gives_way_to_the_next),
        TEST(a_failing_provider_is_tried_again_and_passed_by),
        TEST(a_lost_answer_is_repeated_with_a_word),
        TEST(a_repeat_that_a_digest_does_not_name_is_told_too),
        TEST(a_crash_while_sending_repeats_with_a_word),
        TEST(what_was_being_sent_waits_for_no_room),
        TEST(low_urgency_waits_for_the_end_of_quiet_hours),
        TEST(a_silence_holds_and_its_end_pages),
        TEST(a_silence_made_later_stops_what_waits),
        TEST(a_silence_that_is_ended_early_pages_at_once),
        TEST(a_silence_stops_nobody_who_is_asked_for),
        TEST(a_silence_that_comes_later_stops_nobody_who_is_asked_for),
        TEST(whoever_is_on_call_when_it_can_be_sent_is_told),
        TEST(a_worse_repeat_starts_over),
        TEST(help_can_be_called_although_somebody_is_on_it),
        TEST(a_snoozed_alert_comes_back),
        TEST(a_missing_heartbeat_pages_until_it_beats),
        TEST(what_was_heard_of_a_deleted_heartbeat_is_forgotten),
        TEST(a_start_waits_for_sources_before_it_gives_them_up),
        TEST(a_retry_of_something_worse_is_not_held_back),
        TEST(a_digest_takes_nothing_from_whoever_has_it),
        TEST(a_programs_acknowledgement_ends_no_snooze),
        TEST(a_flapping_alert_is_held),
        TEST(a_test_page_reaches_each_contact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
