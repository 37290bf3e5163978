/* A database of an older version, with work under way in it, is brought forward and goes on paging. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_events.h"
#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'},"
    "  {'notify': [{'user': 'budi'}], 'wait': '5m'}], 'last_resort': {'user': 'budi'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

/* The instant at which the test begins, and five minutes after; a delivery's lease. */
#define START "1767607200000000"
#define STEP_OVER "1767607500000000"
#define LEASE_OVER "1767607260000000"

#define ALERT(id, status, severity, urgency)                                                      \
    "INSERT INTO alert (id, integration, dedup_key, service, status, severity, urgency, summary," \
    " count, flapping, first_at, last_at) VALUES (" id ", 'test', 'k" id "', 'shop', " status     \
    ", " severity ", " urgency ", 'k" id "', 1, 0, " START ", " START ");"
#define ESCALATION(id, alert, state, next_at)                                                   \
    "INSERT INTO escalation (id, alert_id, policy_version, state, step, round, severity, "      \
    "started_at,"                                                                               \
    " next_at, next_is_date, wait_us) VALUES (" id ", " alert ", 1, " state ", 1, 0, 1, " START \
    ", " next_at ", 0, 300000000);"
#define PAGE(id, alert, escalation)                                                            \
    "INSERT INTO page (id, alert_id, escalation_id, user_name, urgency, step, round, reason, " \
    "state,"                                                                                   \
    " next_rule, created_at) VALUES (" id ", " alert ", " escalation ", 'ana', 1, 0, 0,"       \
    " '{\"via\":\"user\",\"step\":1,\"round\":1}', 1, 1, " START ");"
#define NOTIFICATION(id, page, alert, kind, state, tries)                                         \
    "INSERT INTO notification (id, mailbox_id, page_id, alert_id, kind, state, severity, due_at," \
    " tries, created_at) VALUES (" id ", 10, " page ", " alert ", " kind ", " state ", 1, " START \
    ", " tries ", " START ");"

/* Of step 4: a page on its way, one that waits behind it, an alert that somebody has, and a test that was told. */
static const char ROWS[] =
    "INSERT INTO policy_version (id, policy, spec, created_at) VALUES (1, 'p', '{\"name\":\"p\","
    "\"steps\":[{\"notify\":[{\"user\":\"ana\"}],\"wait\":\"5m\"},"
    "{\"notify\":[{\"user\":\"budi\"}],\"wait\":\"5m\"}],\"last_resort\":{\"user\":\"budi\"}}', "
    "1);" ALERT("2", "1", "1", "1") ESCALATION("3", "2", "1", STEP_OVER) PAGE("4", "2", "3")
        ALERT("5", "1", "1", "1") ESCALATION("6", "5", "1", STEP_OVER) PAGE("7", "5", "6")
            ALERT("8", "2", "3", "2") ESCALATION(
                "9", "8", "3",
                "NULL") "INSERT INTO mailbox (id, user_name, contact, urgency, severity, next_at)"
                        " VALUES (10, 'ana', 'email', 1, 1, " START
                        ");" NOTIFICATION("11", "4", "2", "1", "2",
                                          "1") NOTIFICATION("12", "7", "5", "1", "1", "0")
                            NOTIFICATION("13", "NULL", "NULL", "3", "3",
                                         "1") "INSERT INTO delivery (id, mailbox_id, user_name, "
                                              "contact, channel, address, urgency, severity,"
                                              " items, state, claimed_at, bounded_at, lease_until) "
                                              "VALUES (14, 10, 'ana', 'email', 1,"
                                              " 'ana@x.org', 1, 1, 1, 1, " START ", " START
                                              ", " LEASE_OVER ");"
                                              "INSERT INTO carried (notification_id, delivery_id) "
                                              "VALUES (11, 14), (13, 14);"
                                              "UPDATE turn SET next_id = 100";

static void what_was_under_way_goes_on(void **state)
{
    (void)state;
    struct paging paging = {0};
    struct escalation e = {0};
    paging_open_older(&paging, TEAM, 4, ROWS);
    assert_true(escalation_of(paging.db, alert_subject(8), &e));
    assert_string_equal(e.subject.kind, ALERT_SUBJECT);
    assert_int_equal(e.urgency, URGENCY_LOW);
    assert_true(escalation_of(paging.db, alert_subject(2), &e));
    assert_int_equal(e.urgency, URGENCY_HIGH);
    GArray *carried = notifications_of_delivery(paging.db, 14, 10);
    assert_int_equal(carried->len, 2);
    assert_true(
        subject_equal(g_array_index(carried, struct notification, 0).subject, alert_subject(2)));
    assert_null(g_array_index(carried, struct notification, 1).subject.kind); /* the test's */
    notifications_free(carried);
    paging_pass(&paging, SPAN_S(0));
    paging_expect(&paging, "ana email: digest 2 again");
    paging_pass(&paging, SPAN_MIN(6));
    g_autofree char *told = paging_messages(&paging);
    assert_true(g_str_has_prefix(told, "budi email: "));
    assert_int_equal(paging_act(&paging, VERB_ACKNOWLEDGE, 2, "user:budi"), 200);
    assert_int_equal(paging_act(&paging, VERB_RESOLVE, 2, "user:budi"), 200);
    assert_int_equal(paging_act(&paging, VERB_RESOLVE, 5, "user:budi"), 200);
    assert_int_equal(paging_act(&paging, VERB_RESOLVE, 8, "user:budi"), 200);
    paging_pass(&paging, SPAN_MIN(1));
    g_autofree char *ended = paging_messages(&paging);
    assert_non_null(strstr(ended, "ana email: ended 2"));
    assert_non_null(strstr(ended, "budi email: ended 2"));
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_under_way_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
