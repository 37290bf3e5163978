/* What is tried again in time keeps a step waiting, whichever page of the alert it was sent for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '10m'}],"
    "  'repeat': 2, 'last_resort': {'user': 'boss'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

/* The message of the first round waits still, so that the second puts in none of its own. */
static void a_later_round_counts_on_what_waits_of_an_earlier_one(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle_later(paging, SPAN_MIN(8)));
    paging_pass(paging, SPAN_MIN(9)); /* with what chance adds to the eight */
    g_autofree char *again = paging_settle_later(paging, SPAN_MIN(8));
    assert_string_equal(again, "ana email: page 1");
    /* Too late for the first round, which ends at once; in time for the second. */
    assert_int_equal(paging_events(paging, id, "page.started"), 2);
    assert_int_equal(paging_events(paging, id, "escalation.exhausted"), 0);
    paging_pass(paging, SPAN_MIN(9));
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_events(paging, id, "escalation.exhausted"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_later_round_counts_on_what_waits_of_an_earlier_one,
                                        open_team, paging_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
