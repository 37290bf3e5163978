/* No statement on the way of an alert may read a whole table: with a million alerts stored it would
 * stop everything. Every statement that paging used is asked how SQLite goes about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "db/test_database.h"
#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'},"
    "   {'kind': 'webhook', 'to': 'http://ana.x.org/'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'email'}, {'after': '2m', 'contact': "
    "'webhook'}]}},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]}],"
    "'channels': [{'name': 'ops', 'kind': 'slack', 'secret': 'env:TOCSIN_SECRET_S',"
    "  'to': 'https://slack.com/api/chat.postMessage?channel=C0123456789'}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}, {'channel': 'ops'}], "
    "'wait': '5m'},"
    "   {'notify': [{'user': 'budi'}], 'wait': '5m'}], 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p', 'acknowledge_expires': '1h'}]}";

/* As a chat does: with an id, by which the message can be written anew. */
static void answer_all(struct paging *paging)
{
    const struct send_result result = {.state = SEND_DELIVERED, .provider_id = "C01/1.2"};
    for (char *line = NULL; (line = paging_settle_with(paging, &result)) != NULL;) {
        g_free(line);
    }
}

static void live_a_day(struct paging *paging)
{
    for (int i = 0; i < 30; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", i);
        int64_t id = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_WARNING);
        (void)paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
        answer_all(paging);
        paging_pass(paging, SPAN_MIN(4));
        g_free(paging_settle(paging, SEND_RETRY));
        paging_pass(paging, SPAN_MIN(4));
        answer_all(paging);
        if (i % 2 == 0) {
            (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
        }
        (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
        (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
    }
}

/* What is as small as the configuration, or ends after its first row or few. */
static bool may_scan(const char *line, const char *sql)
{
    static const char *const CONFIGURATION[] = {
        "SCAN policy_version", "SCAN shift_override", "SCAN config_object", "SCAN heartbeat_state",
        "SCAN sqlite_master", "SCAN known",
        /* has only what waits */
        "SCAN notification USING INDEX notification_waiting"};
    for (size_t i = 0; i < G_N_ELEMENTS(CONFIGURATION); i++) {
        if (g_str_has_prefix(line, CONFIGURATION[i])) {
            return true;
        }
    }
    /* Of these names are what a part of the statement has already picked. */
    return strcmp(line, "SCAN latest") == 0 || strcmp(line, "SCAN told") == 0 ||
           strcmp(line, "SCAN CONSTANT ROW") == 0 ||
           strstr(sql, "FROM event ORDER BY seq DESC LIMIT 1") != NULL ||
           /* one for each contact; a clock jumps seldom */
           (g_str_has_prefix(line, "SCAN mailbox") &&
            strstr(sql, "retry_at = retry_at + ") != NULL);
}

static void no_statement_of_paging_reads_a_whole_table(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, TEAM);
    paging_restart(&paging); /* migrating may read what it likes */
    live_a_day(&paging);
    paging_jump(&paging, SPAN_H(1));
    g_autoptr(GPtrArray) texts = test_statements(paging.db);
    assert_true(texts->len > 30); /* else the day above was none */
    int scans = 0;
    for (guint i = 0; i < texts->len; i++) {
        scans += test_count_scans(paging.db, g_ptr_array_index(texts, i), may_scan);
    }
    assert_int_equal(scans, 0);
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_statement_of_paging_reads_a_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
