/* Whoever was told of an alert hears when it is over: once, quietly, and only they. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "base/json.h"
#include "paging/alert_topic.h"
#include "paging/explain.h"
#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'full_name': 'Ana Wijaya', 'contacts': [{'kind': 'email', 'to': 'a@x.org'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'b@x.org'}]}],"
    "'channels': [{'name': 'ops', 'kind': 'log'}],"
    "'policies': [{'name': 'p', 'steps': ["
    "  {'notify': [{'user': 'ana'}, {'channel': 'ops'}], 'wait': '5m'},"
    "  {'notify': [{'user': 'budi'}], 'wait': '5m'}], 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

static void assert_sent(struct paging *paging, const char *expected)
{
    g_autofree char *sent = paging_messages(paging);
    assert_string_equal(sent, expected);
}

/* An alert of which ana and the room were told. */
static int64_t told(struct paging *paging, const char *key)
{
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    assert_sent(paging, "ana email: page 1; channel:ops channel: page 1");
    return id;
}

static void end(struct paging *paging, const char *key)
{
    (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
}

static void whoever_was_told_hears_how_it_ended(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    int64_t id = told(&paging, "k");
    (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:ana");
    paging_pass(&paging, SPAN_MIN(12));
    end(&paging, "k");
    assert_int_equal(paging.errands->len, 2);
    const struct errand *errand = g_ptr_array_index(paging.errands, 0);
    const struct message *message = &errand->message;
    assert_int_equal(message->urgency, URGENCY_LOW);
    assert_null(message->ack_url); /* there is nothing to take */
    assert_non_null(message->alert_url);
    assert_int_equal(message->items[0].lasted.us, SPAN_MIN(12).us);
    assert_string_equal(message->items[0].acknowledged_by, "Ana Wijaya");
    assert_string_equal(message->items[0].resolved_by, "integration test");
    assert_sent(&paging, "ana email: ended 1; channel:ops channel: ended 1");
    paging_pass(&paging, SPAN_H(5));
    assert_sent(&paging, "");
    paging_close(&paging);
}

static const struct message_item *ended_item(const struct paging *paging)
{
    assert_int_equal(paging_first(paging)->message.kind, MESSAGE_ENDED);
    return &paging_first(paging)->message.items[0];
}

/* What was done about it is worth more than that it is over. */
static void whoever_was_told_reads_what_was_said_with_it(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    int64_t id = told(&paging, "k");
    (void)paging_act_saying(&paging, VERB_RESOLVE, id, "user:ana", "threw old logs away");
    paging_pass(&paging, SPAN_S(5));
    assert_string_equal(ended_item(&paging)->resolve_note, "threw old logs away");
    g_free(paging_messages(&paging));
    /* It comes again, and ends by itself: nobody said anything with that. */
    int64_t next = told(&paging, "k");
    end(&paging, "k");
    assert_int_not_equal(next, id);
    assert_null(ended_item(&paging)->resolve_note);
    paging_close(&paging);
}

/* Why the end that ana is to be told of waits; newly allocated. */
static char *why_it_waits(struct paging *paging, int64_t alert_id)
{
    struct config *config = config_current(paging->configs);
    json_auto_t *answer = explain_subject(paging->db, config, &ALERT_TOPIC, alert_id, paging->now);
    config_unref(config);
    size_t i;
    json_t *end;
    json_array_foreach (json_object_get(answer, "endings"), i, end) {
        if (strcmp(json_text(end, "who", ""), "ana") == 0) {
            return g_strdup(json_text(end, "why", ""));
        }
    }
    return g_strdup("there is none");
}

static void assert_waits(struct paging *paging, int64_t alert_id, const char *expected)
{
    g_autofree char *why = why_it_waits(paging, alert_id);
    assert_string_equal(why, expected);
}

static void an_end_that_waits_says_for_what(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    paging_apply(&paging, "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to':"
                          " 'a@x.org'}, {'kind': 'webhook', 'to': 'http://a.x.org/'}], 'rules':"
                          " {'high': [{'after': '0s', 'contact': 'email'},"
                          " {'after': '1m', 'contact': 'webhook'}]}}]}");
    int64_t id = told(&paging, "k");
    paging_pass(&paging, SPAN_MIN(1)); /* the page by webhook is on its way */
    end(&paging, "k");
    assert_waits(&paging, id, "the page about it is on its way; the end comes after that");
    paging_close(&paging);
}

static void an_end_whose_address_is_busy_says_so(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    int64_t id = told(&paging, "k");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL); /* is under way */
    (void)paging_signal(&paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    assert_waits(&paging, id, "an end has time: several make one message, and quiet hours hold it");
    paging_pass(&paging, SPAN_S(5));
    assert_waits(&paging, id,
                 "another message to the same address is under way; it goes when that is over");
    paging_close(&paging);
}

/* Nothing reached budi, whose turn had not come, and nothing had left for ana yet. */
static void nobody_else_hears(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle(&paging, SEND_RETRY));     /* ana: the provider said no */
    g_free(paging_settle(&paging, SEND_CANCELLED)); /* ops: found unwanted just before sending */
    end(&paging, "k");
    assert_sent(&paging, "");
    paging_close(&paging);
}

/* It may have arrived: then its end is told, too. */
static void an_unknown_outcome_counts_as_told(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle(&paging, SEND_UNKNOWN));   /* ana */
    g_free(paging_settle(&paging, SEND_CANCELLED)); /* ops */
    end(&paging, "k");
    assert_sent(&paging, "ana email: ended 1");
    paging_close(&paging);
}

/* As if it had never been over: somebody has it. */
static void take_again(struct paging *paging, int64_t id)
{
    struct alert alert = {0};
    struct escalation e = {0};
    assert_true(alert_load(paging->db, id, &alert));
    alert.status = ALERT_ACKNOWLEDGED;
    alert_save(paging->db, &alert);
    alert_clear(&alert);
    assert_true(escalation_of(paging->db, alert_subject(id), &e));
    e.state = ESCALATION_PAUSED;
    escalation_save(paging->db, &e);
}

static void what_is_open_again_is_not_called_over(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    int64_t id = told(&paging, "k");
    (void)paging_signal(&paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    take_again(&paging, id);
    paging_pass(&paging, SPAN_MIN(1));
    assert_sent(&paging, "");
    /* Its real end is told; an end of what was called over before is not told a second time. */
    end(&paging, "k");
    assert_sent(&paging, "ana email: ended 1; channel:ops channel: ended 1");
    take_again(&paging, id);
    end(&paging, "k");
    assert_sent(&paging, "");
    paging_close(&paging);
}

static void an_end_survives_a_restart(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    int64_t id = told(&paging, "k");
    (void)paging_act(&paging, VERB_RESOLVE, id, "user:ana");
    paging_restart(&paging);
    paging_pass(&paging, SPAN_S(5));
    assert_sent(&paging, "ana email: ended 1; channel:ops channel: ended 1");
    paging_close(&paging);
}

/* A few attempts, and never by another contact or to another person. */
static void an_end_that_cannot_be_told_wakes_nobody(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    (void)told(&paging, "k");
    end(&paging, "k");
    int tries = 0;
    for (int i = 0; i < 100; i++) {
        while (paging.errands->len > 0) {
            g_autofree char *line = paging_settle(&paging, SEND_RETRY);
            assert_null(strstr(line, "budi"));
            assert_null(strstr(line, "page"));
            tries++;
        }
        paging_pass(&paging, SPAN_MIN(1));
    }
    assert_int_equal(tries, 10); /* five for each of two */
    paging_close(&paging);
}

static void ends_can_be_turned_off(void **state)
{
    (void)state;

    static const struct {
        const char *change, *expected;
    } ROWS[] = {
        {"{'users': [{'name': 'ana', 'endings': 'skip', 'contacts': [{'kind': 'email',"
         " 'to': 'a@x.org'}]}]}",
         "channel:ops channel: ended 1"},
        {"{'channels': [{'name': 'ops', 'kind': 'log', 'endings': 'skip'}]}", "ana email: ended 1"},
        {"{'services': [{'name': 'shop', 'policy': 'p', 'endings': 'skip'}]}", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging;
        paging_open(&paging, TEAM);
        paging_apply(&paging, ROWS[i].change);
        (void)told(&paging, "k");
        end(&paging, "k");
        assert_sent(&paging, ROWS[i].expected);
        paging_close(&paging);
    }
}

static void quiet_hours_hold_an_end(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    paging_apply(&paging,
                 "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email',"
                 " 'to': 'a@x.org'}], 'quiet_hours': [{'from': '09:00', 'to': '11:00'}]}]}");
    (void)told(&paging, "k");
    end(&paging, "k");
    assert_sent(&paging, "channel:ops channel: ended 1");
    paging_pass(&paging, SPAN_H(1));
    assert_sent(&paging, "ana email: ended 1");
    paging_close(&paging);
}

/* Settles all as delivered and answers how many messages told of ends; `*ended` counts their alerts. */
static int count_ends(struct paging *paging, size_t *ended)
{
    int messages = 0;
    while (paging->errands->len > 0) {
        const struct errand *errand = g_ptr_array_index(paging->errands, 0);
        if (errand->message.kind == MESSAGE_ENDED &&
            strcmp(errand->address.to != NULL ? errand->address.to : "", "a@x.org") == 0) {
            messages++;
            *ended += errand->message.total;
        }
        g_free(paging_settle(paging, SEND_DELIVERED));
    }
    return messages;
}

static void many_ends_make_few_messages_and_hold_no_page(void **state)
{
    (void)state;

    enum { ALERTS = 60 };

    struct paging paging;
    size_t ended = 0;
    paging_open(&paging, TEAM);
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
        (void)count_ends(&paging, &ended);
    }
    paging_pass(&paging, SPAN_H(2)); /* the digests tell of all of them */
    (void)count_ends(&paging, &ended);
    assert_int_equal(ended, 0);
    int messages = 0;
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(&paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
        paging_pass(&paging, SPAN_MS(100));
        messages += count_ends(&paging, &ended);
    }
    /* What is new passes at once, whatever is told about the old. */
    paging_pass(&paging, SPAN_S(1));
    messages += count_ends(&paging, &ended);
    for (int i = 0; i < 60; i++) {
        paging_pass(&paging, SPAN_MIN(1));
        messages += count_ends(&paging, &ended);
    }
    assert_int_equal(ended, ALERTS);
    assert_in_range(messages, 1, 4);
    paging_close(&paging);
}

static void ends_take_no_room_from_pages(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, TEAM);
    for (int i = 0; i < 3; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, key, SEVERITY_WARNING); /* low urgency */
        g_free(paging_messages(&paging));
        (void)paging_signal(&paging, SIGNAL_RESOLVE, key, SEVERITY_WARNING);
        paging_pass(&paging, SPAN_S(6));
        assert_sent(&paging, "ana email: ended 1; channel:ops channel: ended 1");
        paging_pass(&paging, SPAN_MIN(61));
    }
    for (int i = 0; i < 3; i++) {
        g_autofree char *key = g_strdup_printf("n%d", i);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, key, SEVERITY_WARNING);
        assert_sent(&paging, "ana email: page 1; channel:ops channel: page 1");
        (void)paging_signal(&paging, SIGNAL_RESOLVE, key, SEVERITY_WARNING);
        paging_pass(&paging, SPAN_S(6));
        assert_sent(&paging, "ana email: ended 1; channel:ops channel: ended 1");
    }
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_was_told_hears_how_it_ended),
        cmocka_unit_test(whoever_was_told_reads_what_was_said_with_it),
        cmocka_unit_test(an_end_that_waits_says_for_what),
        cmocka_unit_test(an_end_whose_address_is_busy_says_so),
        cmocka_unit_test(nobody_else_hears),
        cmocka_unit_test(an_unknown_outcome_counts_as_told),
        cmocka_unit_test(what_is_open_again_is_not_called_over),
        cmocka_unit_test(an_end_survives_a_restart),
        cmocka_unit_test(an_end_that_cannot_be_told_wakes_nobody),
        cmocka_unit_test(ends_can_be_turned_off),
        cmocka_unit_test(quiet_hours_hold_an_end),
        cmocka_unit_test(many_ends_make_few_messages_and_hold_no_page),
        cmocka_unit_test(ends_take_no_room_from_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
