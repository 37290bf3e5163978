/* What is old goes, and nothing that anybody still needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "alert/kinds.h"
#include "db/test_database.h"
#include "ledger/chain.h"
#include "paging/paging_harness.h"
#include "retention/retention_work.h"
#include "source/payload.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'a@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}],"
    "'routes': [{'name': 'mute', 'match': {'summary': 'mute'}, 'suppress': true}],"
    "'retention': {'alerts': '7d', 'deliveries': '7d', 'payloads': '7d',"
    " 'events': '7d'}}";

static struct retention_work *the_work;
static struct payload_book *the_book;
static struct archive *the_archive;

static void attach(struct paging *paging)
{
    retention_work_destroy(&the_work);
    payload_book_destroy(&the_book);
    the_book = payload_book_create();
    the_work = retention_work_create(paging->configs, &paging->clock, the_book, the_archive);
    retention_work_attach(the_work, paging->ledger);
    ledger_add_events(paging->ledger, RETENTION_EVENTS);
}

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

static int free_work(void **state)
{
    (void)state;
    retention_work_destroy(&the_work);
    payload_book_destroy(&the_book);
    return 0;
}

static int close_team(void **state)
{
    int result = paging_finish(state);
    return free_work(state) + result;
}

static int64_t count(struct paging *paging, const char *table)
{
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    int64_t number = test_ask_int(paging->db, g_intern_string(sql));
    return number;
}

static int64_t ended(struct paging *paging, const char *key)
{
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    g_autofree char *sent = paging_messages(paging);
    (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
    g_autofree char *end = paging_messages(paging);
    assert_string_equal(sent, "ana email: page 1");
    assert_string_equal(end, "ana email: ended 1");
    return id;
}

static bool is_there(struct paging *paging, int64_t id)
{
    struct alert alert = {0};
    bool is_there = alert_load(paging->db, id, &alert);
    alert_clear(&alert);
    return is_there;
}

/* With whatever is sent on the way. */
static void pass(struct paging *paging, struct span span)
{
    for (struct utc end = utc_add(paging->now, span); utc_before(paging->now, end);) {
        paging_pass(paging, SPAN_H(12));
        g_free(paging_messages(paging));
    }
}

static void what_is_over_goes_with_all_that_was_sent_for_it(void **state)
{
    struct paging *paging = *state;
    int64_t old = ended(paging, "old");
    pass(paging, SPAN_D(6));
    assert_true(is_there(paging, old));
    int64_t young = ended(paging, "young");
    assert_int_equal(count(paging, "delivery"), 4);
    pass(paging, SPAN_D(2));
    assert_false(is_there(paging, old));
    assert_true(is_there(paging, young));
    assert_int_equal(count(paging, "escalation"), 1);
    assert_int_equal(count(paging, "page"), 1);
    assert_int_equal(count(paging, "notification"), 2);
    assert_int_equal(count(paging, "delivery"), 2);
    assert_int_equal(count(paging, "carried"), 2);
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM event WHERE kind = "
                                              "'retention.ran'"),
                     1);
    struct retention_state run;
    retention_state_load(paging->db, &run);
    assert_true(utc_is_set(run.ended_at));
    assert_int_equal(run.alerts, 0); /* the last run found nothing */
    struct fault fault = {0};
    assert_true(chain_check(paging->db, "database", &fault));
}

static void events_go_from_their_old_end(void **state)
{
    struct paging *paging = *state;
    for (int day = 0; day < 12; day++) {
        g_autofree char *key = g_strdup_printf("k%d", day);
        (void)ended(paging, key);
        pass(paging, SPAN_D(1));
    }
    struct chain chain;
    assert_true(chain_verify(paging->db, &chain));
    assert_true(chain.checkpoint.seq > 20);
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM event WHERE at < (SELECT"
                                              " max(at) FROM event) - 691200000000"),
                     0); /* of the ninth day */
    assert_true(test_ask_int(paging->db, "SELECT count(*) FROM event WHERE at < (SELECT max(at)"
                                         " FROM event) - 518400000000") > 0);
    /* The oldest alert that is left has its whole history. */
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM event WHERE kind = "
                                              "'alert.triggered' AND subject = 'alert:' || "
                                              "(SELECT min(id) FROM alert)"),
                     1);
    struct retention_state run;
    retention_state_load(paging->db, &run);
    assert_true(utc_is_set(run.ended_at));
}

static void what_an_open_alert_needs_stays(void **state)
{
    struct paging *paging = *state;
    int64_t open = paging_signal(paging, SIGNAL_TRIGGER, "open", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, open, "user:ana");
    (void)db_run(db_query(paging->db, "UPDATE escalation SET next_at = NULL"));
    for (int day = 0; day < 12; day++) {
        g_autofree char *key = g_strdup_printf("k%d", day);
        (void)ended(paging, key);
        pass(paging, SPAN_D(1));
    }
    assert_int_equal(paging_events(paging, open, "alert.triggered"), 1);
    struct chain chain;
    assert_true(chain_verify(paging->db, &chain));
    assert_true(chain.checkpoint.seq < 20);
}

static void what_is_open_stays(void **state)
{
    struct paging *paging = *state;
    int64_t open = paging_signal(paging, SIGNAL_TRIGGER, "open", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, open, "user:ana");
    int64_t asleep = paging_signal(paging, SIGNAL_TRIGGER, "asleep", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_snooze(paging, asleep, SPAN_D(29));
    (void)db_run(
        db_query(paging->db, "UPDATE escalation SET next_at = NULL")); /* nobody is asked again */
    (void)ended(paging, "last");
    pass(paging, SPAN_D(25));
    assert_true(is_there(paging, open));
    assert_true(is_there(paging, asleep));
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM notification n JOIN carried c"
                                              " ON c.notification_id = n.id JOIN delivery d"
                                              " ON d.id = c.delivery_id WHERE n.kind = 1"
                                              " AND n.subject_id <> (SELECT max(id) FROM alert)"),
                     2);
}

/* Else the next alert would be given its number, which links and events know. */
static void the_last_number_stays(void **state)
{
    struct paging *paging = *state;
    int64_t first = ended(paging, "a"), second = ended(paging, "b");
    pass(paging, SPAN_D(30));
    assert_false(is_there(paging, first));
    assert_true(is_there(paging, second));
    assert_true(ended(paging, "c") > second);
    pass(paging, SPAN_D(30));
    assert_false(is_there(paging, second));
}

#define OF_THE_OLDEST " WHERE subject_id = (SELECT min(id) FROM alert)"

static void what_is_to_be_sent_keeps_its_alert(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    pass(paging, SPAN_H(1));
    (void)ended(paging, "last");
    (void)db_run(db_query(paging->db, "UPDATE notification SET state = 1" OF_THE_OLDEST));
    paging_pass(paging, SPAN_D(9));
    assert_true(is_there(paging, id));
    (void)db_run(db_query(paging->db, "UPDATE notification SET state = 5" OF_THE_OLDEST));
    (void)db_run(db_query(paging->db, "UPDATE page SET state = 1" OF_THE_OLDEST));
    paging_pass(paging, SPAN_H(3));
    assert_true(is_there(paging, id));
    (void)db_run(db_query(paging->db, "UPDATE page SET state = 2" OF_THE_OLDEST));
    paging_pass(paging, SPAN_H(3));
    assert_false(is_there(paging, id));
}

static void a_clock_that_leaps_costs_no_history(void **state)
{
    struct paging *paging = *state;
    int64_t id = ended(paging, "a");
    (void)ended(paging, "b");
    pass(paging, SPAN_D(1));
    paging_jump(paging, SPAN_D(3650));
    pass(paging, SPAN_D(1));
    assert_true(is_there(paging, id));
    paging_jump(paging, SPAN_D(-3650));
    pass(paging, SPAN_D(4));
    assert_true(is_there(paging, id)); /* it was six days */
    pass(paging, SPAN_D(2));
    assert_false(is_there(paging, id));
}

/* The machine's may be a year ahead when the first program with retention starts on data of years. */
static void the_clock_of_the_first_start_is_not_believed(void **state)
{
    static const char ROWS[] =
        "INSERT INTO event (seq, at, actor, kind, subject, hash) VALUES (1, 1700000000000000,"
        " 'tocsin', 'ledger.reopened', 'ledger', '00000000000000000000000000000000')";
    (void)state;
    struct paging paging = {0};
    paging_open_older(&paging, TEAM, 6, ROWS);
    paging_pass(&paging, SPAN_MIN(2));
    int64_t judged_at = test_ask_int(paging.db, "SELECT judged_at FROM retention_state");
    assert_true(judged_at >= INT64_C(1700000000000000));
    assert_true(judged_at <= INT64_C(1700000000000000) + SPAN_MIN(6).us);
    paging_close(&paging);
}

static void count_payload(void *number, const struct payload *payload)
{
    (void)payload;
    ++*(int *)number;
}

static int remembered_payloads(void)
{
    int number = 0;
    payload_book_list(the_book, NULL, "test", count_payload, &number);
    return number;
}

static void what_a_node_remembers_of_payloads_goes_too(void **state)
{
    struct paging *paging = *state;
    (void)ended(paging, "a");
    (void)!payload_book_add(the_book, "test", paging->now, 202, NULL, g_strdup("{}"));
    pass(paging, SPAN_D(6));
    assert_int_equal(remembered_payloads(), 1);
    pass(paging, SPAN_D(2));
    assert_int_equal(remembered_payloads(), 0);
}

static void what_is_suppressed_goes_too(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "mute", SEVERITY_CRITICAL);
    (void)ended(paging, "last");
    pass(paging, SPAN_D(6));
    assert_true(is_there(paging, id));
    pass(paging, SPAN_D(2));
    assert_false(is_there(paging, id));
}

static void a_message_about_no_alert_goes_with_its_delivery(void **state)
{
    struct paging *paging = *state;
    struct test_page test = {
        .pager = paging->pager, .user = "ana", .actor = {PRINCIPAL_USER, "ana"}};
    const struct command command = {.run = pager_test, .arg = &test};
    ledger_run_batch(paging->ledger, &command, 1);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: test 1");
    (void)ended(paging, "last");
    assert_int_equal(count(paging, "notification"), 3);
    pass(paging, SPAN_D(8));
    assert_int_equal(count(paging, "notification"), 2);
    /* Of the two others the older one is not the last of its table. */
    assert_int_equal(count(paging, "delivery"), 1);
    assert_int_equal(count(paging, "carried"), 1);
}

static void it_goes_on_after_a_restart(void **state)
{
    struct paging *paging = *state;
    for (int i = 0; i < 5; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)ended(paging, key);
        pass(paging, SPAN_H(1));
    }
    pass(paging, SPAN_D(3));
    paging_restart(paging);
    pass(paging, SPAN_D(5));
    assert_int_equal(count(paging, "alert"), 1);
}

/* As what went in a big run: the file becomes smaller, but for room for what comes. */
static void what_went_is_given_back(void **state)
{
    enum { BIG = 40000000 };

    struct paging *paging = *state;
    struct db_space before, after;
    if (!db_space(paging->db, &before)) {
        print_message("[     WHY] a server sees to its own files\n");
        skip();
    }
    (void)db_run(db_query(paging->db, "INSERT INTO secret (name, value)"
                                      " VALUES ('big', zeroblob(40000000))"));
    (void)ended(paging, "behind it");
    (void)db_run(db_query(paging->db, "DELETE FROM secret WHERE name = 'big'"));
    assert_true(db_space(paging->db, &before));
    assert_true(before.free_bytes >= BIG);
    pass(paging, SPAN_D(1));
    assert_true(db_space(paging->db, &after));
    assert_true(after.bytes < before.bytes - BIG / 2);
    assert_in_range(after.free_bytes, 4000000, 9000000);
    assert_int_equal(count(paging, "alert"), 1);
}

static bool may_scan(const char *line, const char *sql)
{
    return g_str_has_prefix(line, "SCAN payload") || /* 20 of each integration */
           strcmp(line, "SCAN counted") == 0 ||      /* bounded */
           strstr(sql, "FROM escalation ORDER BY id LIMIT 1") != NULL;
}

/* With a million alerts stored each of its steps would stop everything. */
static void no_statement_reads_a_whole_table(void **state)
{
    struct paging *paging = *state;
    SKIP_BUT_ON_SQLITE("asks SQLite what it plans");
    const struct retention_cursor start = {{0}, 0};
    struct retention_candidate found;
    struct retention_event event;
    g_autoptr(GPtrArray) known = test_statements(paging->db);
    db_begin(paging->db);
    for (enum retention_sort sort = SORT_ALERTS; sort < SORT_EVENTS; sort++) {
        (void)!retention_find(paging->db, sort, paging->now, &start, &found, 1);
        (void)!retention_count(paging->db, sort, paging->now, 10);
        (void)!utc_is_set(retention_oldest(paging->db, sort));
        retention_delete(paging->db, sort, 1);
    }
    (void)!retention_needed_seq(paging->db);
    (void)!retention_count_events(paging->db, paging->now);
    (void)!retention_events_after(paging->db, 0, &event, 1);
    (void)!retention_delete_payloads(paging->db, paging->now);
    db_rollback(paging->db);
    g_autoptr(GPtrArray) texts = test_statements(paging->db);
    assert_true(texts->len > known->len + 20);
    int scans = 0;
    for (guint i = 0; i < texts->len; i++) {
        const char *sql = texts->pdata[i];
        bool was_there = g_ptr_array_find_with_equal_func(known, sql, g_str_equal, NULL);
        scans += was_there ? 0 : test_count_scans(paging->db, sql, may_scan);
    }
    assert_int_equal(scans, 0);
}

static void without_its_section_400_days_hold(void **state)
{
    struct paging *paging = *state;
    int64_t id = ended(paging, "a");
    (void)ended(paging, "b");
    paging_apply(paging, "{'retention': {}}");
    pass(paging, SPAN_D(30));
    assert_true(is_there(paging, id));
    paging_apply(paging, "{'retention': {'alerts': '1d'}}");
    pass(paging, SPAN_D(1));
    assert_false(is_there(paging, id));
}

static enum command_result ask_elsewhere(struct ledger_tx *tx, void *arg)
{
    struct ledger_tx other = *tx;
    other.lanes &= ~(lane_set)1;
    *(struct utc *)arg = retention_next_at(&other, the_work);
    return COMMAND_REFUSED;
}

/* One node does it: the one that holds the house's lane. */
static void a_node_without_the_lane_does_nothing(void **state)
{
    struct paging *paging = *state;
    struct utc next = {0};
    const struct command command = {.run = ask_elsewhere, .arg = &next};
    pass(paging, SPAN_D(1));
    ledger_run_batch(paging->ledger, &command, 1);
    assert_int_equal(next.us, UTC_NEVER.us);
}

int main(void)
{
    GPtrArray *kinds = g_ptr_array_new();
    for (size_t i = 0; CONFIG_KINDS[i] != NULL; i++) {
        g_ptr_array_add(kinds, (gpointer)(uintptr_t)CONFIG_KINDS[i]);
    }
    g_ptr_array_add(kinds, (gpointer)(uintptr_t)&RETENTION_KIND);
    g_ptr_array_add(kinds, NULL);
    paging_kinds = (const struct config_kind *const *)kinds->pdata;
    paging_more = attach;
#define EACH(test) cmocka_unit_test_setup_teardown(test, open_team, close_team)
    const struct CMUnitTest tests[] = {
        EACH(what_is_over_goes_with_all_that_was_sent_for_it),
        EACH(events_go_from_their_old_end),
        EACH(what_an_open_alert_needs_stays),
        EACH(what_is_open_stays),
        EACH(the_last_number_stays),
        EACH(what_is_to_be_sent_keeps_its_alert),
        EACH(a_clock_that_leaps_costs_no_history),
        cmocka_unit_test_teardown(the_clock_of_the_first_start_is_not_believed, free_work),
        EACH(what_a_node_remembers_of_payloads_goes_too),
        EACH(what_is_suppressed_goes_too),
        EACH(a_message_about_no_alert_goes_with_its_delivery),
        EACH(it_goes_on_after_a_restart),
        EACH(what_went_is_given_back),
        EACH(no_statement_reads_a_whole_table),
        EACH(without_its_section_400_days_hold),
        EACH(a_node_without_the_lane_does_nothing),
    };
    int failed = cmocka_run_group_tests_name("retention_work", tests, NULL, NULL);
    (void)g_ptr_array_free(kinds, TRUE);
    return failed;
}
