/* An alert that gets worse or better while something about it waits: what goes out names it as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "paging/alert_topic.h"
#include "paging/explain.h"
#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'webhook', 'to': 'http://ana.x.org/'}]},"
    " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'webhook', 'to': 'http://budi.x.org/'}],"
    "  'rules': {'high': [{'after': '5m', 'contact': 'webhook'}],"
    "            'low': [{'after': '0s', 'contact': 'webhook'}]}}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '1h'}],"
    "  'last_resort': {'user': 'ana'}},"
    " {'name': 'quick', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '20s'},"
    "  {'notify': [{'user': 'boss'}], 'wait': '1h'}], 'last_resort': {'user': 'boss'}},"
    " {'name': 'late', 'steps': [{'notify': [{'user': 'budi'}], 'wait': '1h'}],"
    "  'last_resort': {'user': 'budi'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}, {'name': 'late', 'policy': 'late'},"
    " {'name': 'quick', 'policy': 'quick'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

static void settles_as(struct paging *paging, int how, const char *line, int severity)
{
    const struct message *message = &paging_first(paging)->message;
    assert_int_equal(message->severity, severity);
    assert_int_equal(message->by_severity[severity], message->total);
    paging_settle_as(paging, how, line);
}

/* One message is under way, so that the next to the same address waits. */
static int64_t waiting(struct paging *paging, int severity)
{
    (void)paging_signal(paging, SIGNAL_TRIGGER, "blocker", SEVERITY_CRITICAL);
    return paging_signal(paging, SIGNAL_TRIGGER, "k", severity);
}

static void assert_explained(struct paging *paging, int64_t alert_id)
{
    struct config *config = config_current(paging->configs);
    json_auto_t *answer = explain_subject(paging->db, config, &ALERT_TOPIC, alert_id, paging->now);
    json_t *page = json_array_get(json_object_get(answer, "pages"), 0);
    json_t *notification = json_array_get(json_object_get(page, "notifications"), 0);
    assert_string_equal(json_text(page, "state", ""), "superseded");
    assert_string_equal(json_text(notification, "why", ""),
                        "superseded: a page of higher urgency to the same person says it");
    config_unref(config);
}

static void what_got_worse_is_told_once_at_its_urgency(void **state)
{
    struct paging *paging = *state;
    int64_t id = waiting(paging, SEVERITY_WARNING);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: page 1");
    assert_int_equal(paging_first(paging)->message.urgency, URGENCY_HIGH);
    settles_as(paging, SEND_DELIVERED, "ana webhook: page 1", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_MIN(59));
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "page.superseded"), 1);
    assert_explained(paging, id);
}

static void what_got_better_is_not_called_worse(void **state)
{
    struct paging *paging = *state;
    (void)waiting(paging, SEVERITY_CRITICAL);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: page 1");
    settles_as(paging, SEND_DELIVERED, "ana webhook: page 1", SEVERITY_ERROR);
}

/* Nor what comes along in a digest, or is tried again. */
static void each_message_counts_it_as_it_is(void **state)
{
    struct paging *paging = *state;
    (void)waiting(paging, SEVERITY_CRITICAL);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "l", SEVERITY_ERROR);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: page 1");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_INFO); /* while that is under way */
    (void)paging_signal(paging, SIGNAL_TRIGGER, "l", SEVERITY_INFO);
    settles_as(paging, SEND_RETRY, "ana webhook: digest 2", SEVERITY_ERROR);
    paging_pass(paging, SPAN_MIN(1));
    settles_as(paging, SEND_DELIVERED, "ana webhook: digest 2", SEVERITY_INFO);
}

/* Whose rules for what is urgent wait is not kept from what was about to go. */
static void nobody_is_told_later_for_it(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal_of(paging, "late", SIGNAL_TRIGGER, "blocker", SEVERITY_WARNING);
    int64_t id = paging_signal_of(paging, "late", SIGNAL_TRIGGER, "k", SEVERITY_WARNING);
    (void)paging_signal_of(paging, "late", SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(paging, SEND_DELIVERED, "budi webhook: page 1");
    settles_as(paging, SEND_DELIVERED, "budi webhook: page 1", SEVERITY_CRITICAL);
    assert_int_equal(paging_events(paging, id, "page.superseded"), 0);
}

static int64_t quick(struct paging *paging, const char *key, int severity)
{
    return paging_signal_of(paging, "quick", SIGNAL_TRIGGER, key, severity);
}

/* Ana was told of it as of an info; now that it is critical, the bound holds what says so. */
static int64_t gets_worse_while_held(struct paging *paging)
{
    enum { AT_ONCE = 3 };

    int64_t id = quick(paging, "k", SEVERITY_INFO);
    paging_expect(paging, "ana webhook: page 1");
    for (int i = 0; i < AT_ONCE; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        int64_t known = quick(paging, key, SEVERITY_CRITICAL);
        paging_expect(paging, "ana webhook: page 1");
        (void)paging_act(paging, VERB_ACKNOWLEDGE, known, "user:ana");
    }
    (void)quick(paging, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "");
    assert_int_equal(paging_events(paging, id, "page.superseded"), 1);
    return id;
}

/* The page of low urgency told her; another took its place, which is no reason to let the step wait for longer. */
static void who_was_told_of_less_was_told(void **state)
{
    struct paging *paging = *state;
    (void)gets_worse_while_held(paging);
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "boss ntfy: page 1");
}

/* Paged anew after a snooze nobody was told yet, whatever they were told before it. */
static void what_was_told_before_a_snooze_does_not_count(void **state)
{
    struct paging *paging = *state;
    int64_t id = gets_worse_while_held(paging);
    assert_int_equal(paging_snooze(paging, id, SPAN_S(5)), 200);
    paging_pass(paging, SPAN_S(26));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(34)); /* the bound lets it go, and the wait begins */
    paging_expect(paging, "ana webhook: page 1");
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "boss ntfy: page 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_team, paging_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_got_worse_is_told_once_at_its_urgency),
        TEST(what_got_better_is_not_called_worse),
        TEST(each_message_counts_it_as_it_is),
        TEST(nobody_is_told_later_for_it),
        TEST(who_was_told_of_less_was_told),
        TEST(what_was_told_before_a_snooze_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
