/* The messages in a room say who has their alert, as long as that is so, where the provider can change them. It is never
 * said otherwise, and costs no page anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'endings': 'skip', 'contacts': [{'kind': 'email', 'to': "
    "'a@x.org'}]}],"
    "'channels': [{'name': 'ops', 'kind': 'mattermost', 'secret': 'env:TOCSIN_SECRET_M',"
    " 'to': 'https://m.example.com/api/v4/posts?channel_id=4xp9fdt77pncbef59f4k1qe83o'}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'channel': 'ops'}], 'wait': '1h'}],"
    "  'repeat': 1, 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

static int open_room(void **state)
{
    return paging_start(state, TEAM);
}

static int64_t told(struct paging *paging, const char *key, const char *id)
{
    int64_t alert_id = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    paging_settle_by(paging, SEND_DELIVERED, id, "channel:ops channel: page 1");
    return alert_id;
}

static void end(struct paging *paging, const char *key)
{
    (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
}

static void nothing_more_comes(struct paging *paging)
{
    paging_expect(paging, "");
    paging_pass(paging, SPAN_H(3));
    paging_expect(paging, "");
}

static void the_message_says_who_has_it(void **state)
{
    struct paging *paging = *state;
    int64_t id = told(paging, "k", "m1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    paging_restart(paging);
    const struct message *message = &paging_first(paging)->message;
    assert_true(delivery_is_wanted(paging->db, message->delivery_id, paging->now));
    assert_string_equal(message->items[0].acknowledged_by, "ana");
    assert_null(message->ack_url);
    assert_non_null(message->alert_url);
    paging_settle_by(paging, SEND_DELIVERED, "m1", "channel:ops channel: taken 1 into m1");
    nothing_more_comes(paging);
    end(paging, "k");
    paging_settle_by(paging, SEND_DELIVERED, "m1", "channel:ops channel: ended 1 into m1");
    nothing_more_comes(paging);
}

/* Also by a program, or for a while, and in every message of it; whoever takes it over has it then. */
static void it_says_so_however_it_was_taken(void **state)
{
    struct paging *paging = *state;
    int64_t id = told(paging, "k", "m1");
    paging_pass(paging, SPAN_H(1));
    paging_settle_by(paging, SEND_DELIVERED, "m2", "channel:ops channel: page 1");
    (void)paging_signal(paging, SIGNAL_ACKNOWLEDGE, "k", SEVERITY_CRITICAL);
    assert_string_equal(paging_first(paging)->message.items[0].acknowledged_by, "integration test");
    paging_settle_by(paging, SEND_DELIVERED, "m2", "channel:ops channel: taken 1 into m2");
    paging_settle_by(paging, SEND_DELIVERED, "m1", "channel:ops channel: taken 1 into m1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    assert_string_equal(paging_first(paging)->message.items[0].acknowledged_by, "ana");
    assert_int_equal(paging_first(paging)->message.next.count, 0);
    paging_settle_by(paging, SEND_DELIVERED, "m2", "channel:ops channel: taken 1 into m2");
    paging_settle_by(paging, SEND_DELIVERED, "m1", "channel:ops channel: taken 1 into m1");
    nothing_more_comes(paging);
    id = told(paging, "l", "m3");
    assert_int_equal(paging_snooze(paging, id, SPAN_H(20)), 200);
    assert_int_equal(paging_first(paging)->message.next.count, 1); /* whom it pages again */
    assert_int_equal(paging_first(paging)->message.next_at.us, utc_add(paging->now, SPAN_H(20)).us);
    paging_settle_by(paging, SEND_DELIVERED, "m3", "channel:ops channel: taken 1 into m3");
}

/* Else the room would count on somebody who does not know of it. */
static void it_says_so_no_longer_than_it_is_so(void **state)
{
    struct paging *paging = *state;
    int64_t k = told(paging, "k", "m1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, k, "user:ana");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 1 into m1");
    (void)paging_act(paging, VERB_ESCALATE, k, "user:ana");
    paging_settle_by(paging, SEND_DELIVERED, "m2", "channel:ops channel: page 1");
    assert_null(paging_first(paging)->message.items[0].acknowledged_by);
    assert_non_null(paging_first(paging)->message.ack_url);
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: page 1 into m1");
    assert_int_equal(paging_snooze(paging, k, SPAN_H(1)), 200);
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 1 into m2");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 1 into m1");
    paging_pass(paging, SPAN_H(1));
    paging_settle_by(paging, SEND_DELIVERED, "m3", "channel:ops channel: page 1");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: page 1 into m2");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: page 1 into m1");
    paging_expect(paging, "");
}

static void change_all(struct paging *paging, int count, const char *what)
{
    for (int i = count - 1; i >= 0; i--) {
        g_autofree char *expected = g_strdup_printf("channel:ops channel: %s 1 into m%d", what, i);
        paging_settle_by(paging, SEND_DELIVERED, "", expected);
    }
}

/* Nor does it look over when it goes on, also while nobody is told again because it goes up and down. */
static void what_goes_on_does_not_look_over(void **state)
{
    enum { OPENINGS = 3 };

    struct paging *paging = *state;
    paging->started_at = PAGING_START;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    for (int i = 0; i < OPENINGS; i++) {
        g_autofree char *name = g_strdup_printf("m%d", i);
        paging_settle_by(paging, SEND_DELIVERED, name, "channel:ops channel: page 1");
        change_all(paging, i, "page");
        end(paging, "k");
        change_all(paging, i + 1, "ended");
        paging_pass(paging, SPAN_MIN(1));
        (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    }
    assert_int_equal(paging_events(paging, id, "alert.flapping"), 1);
    change_all(paging, OPENINGS, "page");
    paging_expect(paging, "");
}

/* No new message: it is of interest to whoever looks, and to nobody else. */
static void where_it_cannot_be_changed_nothing_is_said(void **state)
{
    struct paging *paging = *state;
    int64_t k = told(paging, "k", "m1");
    int64_t l = told(paging, "l", "");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, k, "user:ana");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, l, "user:ana");
    paging_settle_by(paging, SEND_REFUSED, "", "channel:ops channel: taken 1 into m1");
    nothing_more_comes(paging);
    (void)told(paging, "m", "m3"); /* the room counts as one that works */
}

static void a_busy_chat_is_asked_a_few_times(void **state)
{
    enum { TRIES = 5 };

    struct paging *paging = *state;
    int64_t id = told(paging, "k", "m1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    for (int i = 0; i < TRIES; i++) {
        paging_settle_by(paging, SEND_RETRY, "", "channel:ops channel: taken 1 into m1");
        for (int k = 0; k < 30 && paging->errands->len == 0; k++) {
            paging_pass(paging, SPAN_S(10));
        }
    }
    nothing_more_comes(paging);
    (void)told(paging, "l", "m2");
}

/* What is news goes out beside it, also when the chat does not answer. */
static void no_page_waits_for_it(void **state)
{
    struct paging *paging = *state;
    int64_t id = told(paging, "k", "m1");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
    assert_int_equal(paging->errands->len, 2);
    paging_settle_by(paging, SEND_UNKNOWN, "", "channel:ops channel: taken 1 into m1");
    paging_settle_by(paging, SEND_DELIVERED, "m2", "channel:ops channel: page 1");
    paging_pass(paging, SPAN_S(10));
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 1 into m1");
}

/* More than the bound on noise lets through; and it takes no room from pages, nor from ends. */
static void it_is_no_noise(void **state)
{
    enum { ALERTS = 8 };

    struct paging *paging = *state;
    int64_t ids[ALERTS];
    (void)told(paging, "x", "");
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        g_autofree char *id = g_strdup_printf("m%d", i);
        paging_pass(paging, SPAN_MIN(5));
        ids[i] = told(paging, key, id);
    }
    paging_pass(paging, SPAN_MIN(10));
    for (int i = 0; i < ALERTS; i++) {
        (void)paging_act(paging, VERB_ACKNOWLEDGE, ids[i], "user:ana");
        g_autofree char *expected = g_strdup_printf("channel:ops channel: taken 1 into m%d", i);
        paging_settle_by(paging, SEND_DELIVERED, "", expected);
    }
    (void)told(paging, "y", "");
    end(paging, "x");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 1");
}

/* It tells of several: nobody is to think that all of them are in hand. */
static void a_digest_says_so_when_all_of_it_is_taken(void **state)
{
    struct paging *paging = *state;
    int64_t ids[2];
    (void)told(paging, "k1", "");
    (void)told(paging, "k2", "");
    (void)told(paging, "k3", "");
    ids[0] = paging_signal(paging, SIGNAL_TRIGGER, "k4", SEVERITY_CRITICAL);
    ids[1] = paging_signal(paging, SIGNAL_TRIGGER, "k5", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(61));
    paging_settle_by(paging, SEND_DELIVERED, "m45", "channel:ops channel: digest 2");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, ids[0], "user:ana");
    paging_expect(paging, "");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, ids[1], "user:ana");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 2 into m45");
    paging_pass(paging, SPAN_MIN(2));
    (void)paging_act(paging, VERB_ESCALATE, ids[0], "user:ana");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: page 1");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: digest 2 into m45");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, ids[0], "user:ana");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 2 into m45");
    end(paging, "k4");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 2 into m45");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 1");
    end(paging, "k5");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 2 into m45");
    paging_expect(paging, "");
}

/* A slow chat: what tells of it is on its way, and stands there as open otherwise. */
static void it_waits_for_its_page(void **state)
{
    struct paging *paging = *state;
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    paging_pass(paging, SPAN_S(12));
    paging_settle_by(paging, SEND_DELIVERED, "m1", "channel:ops channel: page 1");
    paging_pass(paging, SPAN_S(5));
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 1 into m1");
    nothing_more_comes(paging);
}

/* Also where something else in the room is held back. */
static void it_waits_for_its_page_beside_what_is_held(void **state)
{
    enum { ENDS = 4 }; /* in messages of their own: one more than go in a minute */

    struct paging *paging = *state;
    for (int i = 0; i < ENDS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)told(paging, key, "");
        paging_pass(paging, SPAN_S(61));
    }
    for (int i = 0; i < ENDS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        end(paging, key);
        paging_expect(paging, i < ENDS - 1 ? "channel:ops channel: ended 1" : "");
    }
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    paging_settle_by(paging, SEND_DELIVERED, "m1", "channel:ops channel: page 1");
    paging_pass(paging, SPAN_S(5));
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: taken 1 into m1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, paging_finish)
    const struct CMUnitTest tests[] = {
        TEST(the_message_says_who_has_it),
        TEST(it_says_so_however_it_was_taken),
        TEST(it_says_so_no_longer_than_it_is_so),
        TEST(what_goes_on_does_not_look_over),
        TEST(where_it_cannot_be_changed_nothing_is_said),
        TEST(a_busy_chat_is_asked_a_few_times),
        TEST(no_page_waits_for_it),
        TEST(it_is_no_noise),
        TEST(a_digest_says_so_when_all_of_it_is_taken),
        TEST(it_waits_for_its_page),
        TEST(it_waits_for_its_page_beside_what_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
