/* Paging of an alert that its source ends and takes up again, or makes better and worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "paging/paging_harness.h"

/* Ana, after five minutes Chen. */
static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'},"
    "   {'kind': 'webhook', 'to': 'http://ana.x.org/'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'email'},"
    "   {'after': '2m', 'contact': 'webhook'}]}},"
    " {'name': 'chen', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/chen'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'},"
    "   {'notify': [{'user': 'chen'}], 'wait': '10m'}],"
    "  'repeat': 0, 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p', 'acknowledge_expires': '1h'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

/* Ended by one replica of its sender, and after a while said to go on by the other. */
static int64_t end_and_go_on(struct paging *paging, struct span after, const char *end_is_told)
{
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", 0);
    paging_pass(paging, after);
    paging_expect(paging, end_is_told);
    return paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
}

static void what_goes_on_before_its_end_is_told_pages_nobody_again(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(end_and_go_on(paging, SPAN_S(4), ""), id);
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "alert.continued"), 1);
    /* Nobody has answered: her next rule and the next step come when they would have come. */
    paging_pass(paging, SPAN_S(115));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_S(179));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "chen ntfy: page 1");
}

/* A sender of several that repeat themselves: the other's word may come more than a minute later. */
static void an_end_waits_for_the_word_of_the_other_replica(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    paging->is_repeated = true;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(end_and_go_on(paging, SPAN_S(74), ""), id);
    paging_expect(paging, "");
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", 0);
    paging_pass(paging, SPAN_S(75));
    paging_expect(paging, "ana email: ended 1");
}

/* Her next rule, and the next step. */
static void expect_others(struct paging *paging)
{
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_MIN(3));
    paging_expect(paging, "chen ntfy: page 1");
}

static const char *note_of_page(struct paging *paging)
{
    const struct errand *errand = g_ptr_array_index(paging->errands, 0);
    return errand->message.note;
}

static void what_was_told_to_be_over_and_goes_on_is_told_again(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_null(note_of_page(paging));
    paging_expect(paging, "ana email: page 1");
    expect_others(paging);
    assert_int_equal(end_and_go_on(paging, SPAN_S(5), "ana webhook: ended 1; chen ntfy: ended 1"),
                     id);
    assert_string_equal(note_of_page(paging), "you may have heard that it is over: it goes on");
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(paging_events(paging, id, "alert.reopened"), 1);
    expect_others(paging);
    assert_int_equal(end_and_go_on(paging, SPAN_S(4), ""), id); /* they have heard of it since */
    paging_expect(paging, "");
    /* Its next end is told to everybody as well. */
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", 0);
    paging_pass(paging, SPAN_S(5));
    paging_expect(paging, "ana webhook: ended 1; chen ntfy: ended 1");
}

/* She has read that it is over, and sleeps. */
static void whoever_had_it_is_told_that_it_goes_on_after_all(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", 0);
    paging_pass(paging, SPAN_S(5));
    paging_expect(paging, "ana email: ended 1");
    paging_pass(paging, SPAN_MIN(14));
    assert_int_equal(paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR), id);
    paging_expect(paging, "ana email: page 1");
    expect_others(paging);
}

/* Nobody was told, as nobody wants to be; but it could be seen to be over. */
static void what_was_over_for_long_is_told_again_where_ends_are_not_told(void **state)
{
    const struct {
        struct span after;
        const char *expected;
    } ROWS[] = {{SPAN_S(75), ""}, {SPAN_S(76), "ana email: page 1"}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging;
        paging_open(&paging, TEAM);
        paging.started_at = PAGING_START;
        paging_apply(&paging, "{'services': [{'name': 'shop', 'policy': 'p', 'endings': 'skip'}]}");
        int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
        paging_expect(&paging, "ana email: page 1");
        (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:ana");
        assert_int_equal(end_and_go_on(&paging, ROWS[i].after, ""), id);
        paging_expect(&paging, ROWS[i].expected);
        paging_close(&paging);
    }
}

static void what_goes_on_is_still_whosever_it_was(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    assert_int_equal(end_and_go_on(paging, SPAN_S(4), ""), id);
    paging_pass(paging, SPAN_MIN(59));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1)); /* an hour after she acknowledged it */
    paging_expect(paging, "ana email: question 1");
    /* She wants to be told when the hour is over, whatever is said meanwhile. */
    (void)paging_snooze(paging, id, SPAN_H(1));
    assert_int_equal(end_and_go_on(paging, SPAN_MIN(1), "ana email: ended 1"), id);
    paging_expect(paging, "");
    assert_int_equal(end_and_go_on(paging, SPAN_MIN(1), ""), id);
    paging_pass(paging, SPAN_MIN(57));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: page 1");
}

static void what_goes_up_and_down_is_told_when_it_stays_up(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    for (int i = 0; i < 3; i++) {
        paging_expect(paging, "ana email: page 1");
        assert_int_equal(end_and_go_on(paging, SPAN_MIN(1), "ana email: ended 1"), id);
    }
    assert_int_equal(paging_events(paging, id, "alert.flapping"), 1);
    paging_pass(paging, SPAN_S(299));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: page 1");
}

static void a_clock_set_back_after_the_end_makes_no_wait_longer(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", 0);
    paging_pass(paging, SPAN_S(3));
    paging_jump(paging, SPAN_H(-2));
    paging_pass(paging, SPAN_S(1));
    assert_int_equal(paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR), id);
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_MIN(3));
    paging_expect(paging, "chen ntfy: page 1");
}

static void what_goes_on_untold_is_told(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    assert_int_equal(end_and_go_on(paging, SPAN_S(4), ""), id);
    paging_expect(paging, "ana email: page 1");
}

/* One of those who were to be told had been, the other not yet. */
static void what_goes_on_is_told_to_whom_it_had_not_reached(void **state)
{
    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_MIN(3));
    paging_settle_as(paging, SEND_RETRY, "chen ntfy: page 1");
    assert_int_equal(end_and_go_on(paging, SPAN_S(4), ""), id);
    paging_expect(paging, "chen ntfy: page 1");
}

static void up_and_down_does_not_keep_it_at_the_first_step(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_WARNING);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(2));
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_MIN(3));
    paging_expect(paging, "chen ntfy: page 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_team, paging_finish)
    const struct CMUnitTest tests[] = {
        TEST(what_goes_on_before_its_end_is_told_pages_nobody_again),
        TEST(an_end_waits_for_the_word_of_the_other_replica),
        TEST(what_was_told_to_be_over_and_goes_on_is_told_again),
        TEST(whoever_had_it_is_told_that_it_goes_on_after_all),
        cmocka_unit_test(what_was_over_for_long_is_told_again_where_ends_are_not_told),
        TEST(what_goes_up_and_down_is_told_when_it_stays_up),
        TEST(a_clock_set_back_after_the_end_makes_no_wait_longer),
        TEST(what_goes_on_is_still_whosever_it_was),
        TEST(what_goes_on_untold_is_told),
        TEST(what_goes_on_is_told_to_whom_it_had_not_reached),
        TEST(up_and_down_does_not_keep_it_at_the_first_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
