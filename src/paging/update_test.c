/* Where the provider can, an end is written into the messages that told of the alert; else a message of its own
 * says it, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "paging/paging_harness.h"

#define ROOM(channel)                                                                 \
    "{'channels': [{'name': 'ops', 'kind': 'slack', 'secret': 'env:TOCSIN_SECRET_S'," \
    " 'to': 'https://slack.com/api/chat.postMessage?channel=" channel "'}]}"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'endings': 'skip', 'contacts': [{'kind': 'email', 'to': "
    "'a@x.org'}]}],"
    "'channels': [{'name': 'ops', 'kind': 'slack', 'secret': 'env:TOCSIN_SECRET_S',"
    " 'to': 'https://slack.com/api/chat.postMessage?channel=C0123456789'}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'channel': 'ops'}], 'wait': '1h'}],"
    "  'repeat': 1, 'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

static int open_room(void **state)
{
    return paging_start(state, TEAM);
}

static void assert_look_at_delivery(struct paging *paging, int64_t delivery_id)
{
    const char *url = paging_first(paging)->message.alert_url;
    struct link link;
    struct fault fault;
    assert_true(link_read(strstr(url, "/l/") + 3, pager_link_key(paging->pager), paging->now, &link,
                          &fault));
    assert_int_equal(link.kind, LINK_DELIVERY);
    assert_int_equal(link.id, delivery_id);
}

static void told(struct paging *paging, const char *key, const char *id)
{
    (void)paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    paging_settle_by(paging, SEND_DELIVERED, id, "channel:ops channel: page 1");
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

static void the_message_that_told_says_how_it_ended(void **state)
{
    struct paging *paging = *state;
    told(paging, "k", "C01/1.2");
    paging_restart(paging);
    end(paging, "k");
    const struct errand *errand = paging_first(paging);
    assert_int_equal(errand->message.kind, MESSAGE_ENDED);
    assert_string_equal(errand->message.items[0].summary, "k");
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2",
                     "channel:ops channel: ended 1 into C01/1.2");
    nothing_more_comes(paging);
}

static void what_cannot_be_changed_is_followed_up_once(void **state)
{
    struct paging *paging = *state;
    told(paging, "k", "C01/1.2");
    end(paging, "k");
    paging_settle_by(paging, SEND_REFUSED, "", "channel:ops channel: ended 1 into C01/1.2");
    paging_settle_by(paging, SEND_DELIVERED, "C01/3.4", "channel:ops channel: ended 1");
    nothing_more_comes(paging);
    told(paging, "l", "C01/5.6"); /* the room counts as one that works */
}

/* Writing the same thing there twice is no noise, so that it is tried again; the follow-up is no repeat of
 * something that was not said. */
static void an_outcome_nobody_knows_is_tried_again(void **state)
{
    struct paging *paging = *state;
    told(paging, "k", "C01/1.2");
    end(paging, "k");
    paging_settle_by(paging, SEND_UNKNOWN, "", "channel:ops channel: ended 1 into C01/1.2");
    paging_expect(paging, "");
    paging_pass(paging, SPAN_S(10));
    paging_settle_by(paging, SEND_RETRY, "", "channel:ops channel: ended 1 into C01/1.2");
    paging_pass(paging, SPAN_MIN(1));
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2",
                     "channel:ops channel: ended 1 into C01/1.2");
    nothing_more_comes(paging);
}

static void without_an_id_or_with_another_address_it_is_followed_up(void **state)
{
    struct paging *paging = *state;
    told(paging, "k", "");
    end(paging, "k");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 1");
    told(paging, "l", "C01/1.2");
    paging_apply(paging, ROOM("C9876543210"));
    end(paging, "l");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 1");
    nothing_more_comes(paging);
}

/* The same alert was told several times, which nobody takes for several troubles that are open. */
static void every_message_of_it_says_how_it_ended(void **state)
{
    struct paging *paging = *state;
    told(paging, "k", "C01/1.2");
    paging_pass(paging, SPAN_H(1)); /* told again */
    paging_settle_by(paging, SEND_DELIVERED, "C01/3.4", "channel:ops channel: page 1");
    end(paging, "k");
    paging_settle_by(paging, SEND_DELIVERED, "C01/3.4",
                     "channel:ops channel: ended 1 into C01/3.4");
    paging_restart(paging);
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2",
                     "channel:ops channel: ended 1 into C01/1.2");
    nothing_more_comes(paging);
}

/* A request each: an alert that was told for days does not keep a chat busy. */
static void of_many_messages_the_latest_are_changed(void **state)
{
    enum { TOLD = 13, CHANGED = 10 };

    struct paging *paging = *state;
    paging_apply(paging, "{'policies': [{'name': 'p', 'steps': [{'notify': [{'channel': 'ops'}],"
                         " 'wait': '10m'}], 'repeat': 20, 'last_resort': {'user': 'ana'}}]}");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    for (int i = 1; i <= TOLD; i++) {
        g_autofree char *id = g_strdup_printf("C01/%d", i);
        paging_settle_by(paging, SEND_DELIVERED, id, "channel:ops channel: page 1");
        paging_pass(paging, i < TOLD ? SPAN_MIN(10) : SPAN_S(1));
    }
    end(paging, "k");
    for (int i = TOLD; i > TOLD - CHANGED; i--) {
        g_autofree char *id = g_strdup_printf("C01/%d", i);
        g_autofree char *expected = g_strdup_printf("channel:ops channel: ended 1 into C01/%d", i);
        paging_settle_by(paging, SEND_DELIVERED, id, expected);
    }
    nothing_more_comes(paging);
}

/* The latest is the one that is looked at: where that cannot be changed one message follows, else none. */
static void one_message_follows_what_cannot_be_changed(void **state)
{
    static const struct {
        const char *key, *refused, *follow_up;
    } rows[] = {{"k", "C01/2", "channel:ops channel: ended 1"}, {"l", "C01/1", ""}};

    struct paging *paging = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        told(paging, rows[i].key, "C01/1");
        paging_pass(paging, SPAN_H(1));
        paging_settle_by(paging, SEND_DELIVERED, "C01/2", "channel:ops channel: page 1");
        end(paging, rows[i].key);
        bool is_latest = strcmp(rows[i].refused, "C01/2") == 0;
        paging_settle_by(paging, is_latest ? SEND_REFUSED : SEND_DELIVERED, "",
                         "channel:ops channel: ended 1 into C01/2");
        paging_settle_by(paging, is_latest ? SEND_DELIVERED : SEND_REFUSED, "",
                         "channel:ops channel: ended 1 into C01/1");
        paging_settle_by(paging, SEND_DELIVERED, "C01/3", rows[i].follow_up);
        nothing_more_comes(paging);
    }
}

/* A digest stands for several: it is over when all of them are. */
static void a_digest_is_changed_when_all_of_it_is_over(void **state)
{
    struct paging *paging = *state;
    told(paging, "k1", "C01/1");
    told(paging, "k2", "C01/2");
    told(paging, "k3", "C01/3");
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k4", SEVERITY_CRITICAL);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k5", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(61));
    paging_settle_by(paging, SEND_DELIVERED, "C01/45", "channel:ops channel: digest 2");
    end(paging, "k4");
    paging_settle_by(paging, SEND_DELIVERED, "C01/4", "channel:ops channel: ended 1");
    end(paging, "k5");
    const struct errand *errand = paging_first(paging);
    assert_string_equal(errand->message.items[0].summary, "k4");
    assert_string_equal(errand->message.items[1].summary, "k5");
    paging_settle_by(paging, SEND_DELIVERED, "C01/45", "channel:ops channel: ended 2 into C01/45");
    paging_expect(paging, "");
}

/* More than the bound on noise lets through, at once: each into its own message. */
static void each_message_is_changed_whatever_the_bound(void **state)
{
    enum { ALERTS = 8 };

    struct paging *paging = *state;
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        g_autofree char *id = g_strdup_printf("C01/%d", i);
        told(paging, key, id);
        paging_pass(paging, SPAN_MIN(5));
        paging_expect(paging, "");
    }
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
    }
    paging_pass(paging, SPAN_S(5));
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *id = g_strdup_printf("C01/%d", i);
        g_autofree char *expected = g_strdup_printf("channel:ops channel: ended 1 into C01/%d", i);
        paging_settle_by(paging, SEND_DELIVERED, id, expected);
    }
    nothing_more_comes(paging);
}

/* One whose message cannot be changed does not hold up another whose can, and the other way round. */
static void follow_ups_and_changes_go_side_by_side(void **state)
{
    struct paging *paging = *state;
    told(paging, "k1", "");
    told(paging, "k2", "C01/2");
    told(paging, "k3", "");
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k1", SEVERITY_CRITICAL);
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k2", SEVERITY_CRITICAL);
    end(paging, "k3");
    paging_settle_by(paging, SEND_DELIVERED, "C01/2", "channel:ops channel: ended 1 into C01/2");
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 2");
    nothing_more_comes(paging);
}

/* More than a message names, and each of them over at another instant: one change says it all. */
static void a_large_digest_is_changed_once(void **state)
{
    enum { ALERTS = 15 };

    struct paging *paging = *state;
    told(paging, "k1", "");
    told(paging, "k2", "");
    told(paging, "k3", "");
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("d%d", i);
        (void)paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    }
    paging_pass(paging, SPAN_S(61));
    paging_settle_by(paging, SEND_DELIVERED, "C01/9", "channel:ops channel: digest 15");
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("d%d", i);
        (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
        paging_pass(paging, SPAN_MS(30));
    }
    paging_pass(paging, SPAN_S(5));
    const struct errand *errand = paging_first(paging);
    assert_int_equal(errand->message.item_count, 10);
    paging_settle_by(paging, SEND_DELIVERED, "C01/9", "channel:ops channel: ended 15 into C01/9");
    paging_pass(paging, SPAN_S(30));
    paging_expect(paging, "");
}

/* Told in a digest and then alone: its end goes where it was told last, the digest says that the other is over. */
static void an_end_goes_where_its_alert_was_told_last(void **state)
{
    enum { OTHERS = 4 }; /* the bound holds the fourth back, for the digest */

    struct paging *paging = *state;
    int64_t others[OTHERS];
    for (int i = 0; i < OTHERS; i++) {
        g_autofree char *key = g_strdup_printf("a%d", i);
        others[i] = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
        g_free(paging_messages(paging));
    }
    (void)paging_signal(paging, SIGNAL_TRIGGER, "b", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(61));
    int64_t digest = paging_first(paging)->delivery_id;
    paging_settle_by(paging, SEND_DELIVERED, "C01/1", "channel:ops channel: digest 2");
    for (int i = 0; i < OTHERS; i++) {
        (void)paging_act(paging, VERB_ACKNOWLEDGE, others[i], "user:ana");
    }
    paging_pass(paging, SPAN_H(1)); /* b is told again */
    paging_settle_by(paging, SEND_DELIVERED, "C01/2", "channel:ops channel: page 1");
    (void)paging_signal(paging, SIGNAL_RESOLVE, "a3", SEVERITY_CRITICAL);
    end(paging, "b");
    assert_look_at_delivery(paging, digest); /* both of its alerts, though it carries one end */
    paging_settle_by(paging, SEND_DELIVERED, "C01/1", "channel:ops channel: ended 2 into C01/1");
    paging_settle_by(paging, SEND_DELIVERED, "C01/2", "channel:ops channel: ended 1 into C01/2");
    nothing_more_comes(paging);
}

/* Those that end within two seconds are told of together. */
static void ends_in_a_row_make_one_message(void **state)
{
    struct paging *paging = *state;
    for (int i = 0; i < 3; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        told(paging, key, "");
    }
    for (int i = 0; i < 3; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
        paging_pass(paging, SPAN_MS(300));
    }
    paging_pass(paging, SPAN_S(5));
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 3");
    nothing_more_comes(paging);
}

/* A slow chat: the message that tells is on its way, and stands there later than the end would. */
static void an_end_waits_for_its_page(void **state)
{
    struct paging *paging = *state;
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(12));
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2", "channel:ops channel: page 1");
    paging_pass(paging, SPAN_S(5));
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2",
                     "channel:ops channel: ended 1 into C01/1.2");
    nothing_more_comes(paging);
}

/* "x" is told by a message that can be changed; then the room hears of as many ends as may go in a minute, and one
 * more waits for the bound. */
static void fill_the_bound(struct paging *paging)
{
    enum { FOLLOW_UPS = 4 }; /* one more than go in a minute */

    told(paging, "x", "C01/1.2");
    paging_pass(paging, SPAN_S(61));
    for (int i = 0; i < FOLLOW_UPS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        told(paging, key, "");
        paging_pass(paging, SPAN_S(61));
    }
    for (int i = 0; i < FOLLOW_UPS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
        paging_pass(paging, SPAN_S(5));
        paging_settle_by(paging, SEND_DELIVERED, "",
                         i < FOLLOW_UPS - 1 ? "channel:ops channel: ended 1" : "");
    }
}

/* Follow-ups that the bound holds back hold no change, also one that becomes due a moment later. */
static void what_is_held_holds_no_change(void **state)
{
    struct paging *paging = *state;
    fill_the_bound(paging);
    (void)paging_signal(paging, SIGNAL_RESOLVE, "x", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2",
                     "channel:ops channel: ended 1 into C01/1.2");
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_settle_by(paging, SEND_DELIVERED, "", "channel:ops channel: ended 1");
}

/* Passing the bound it still waits for its turn: one attempt at a time to one address. */
static void a_change_past_the_bound_waits_for_the_address(void **state)
{
    struct paging *paging = *state;
    fill_the_bound(paging);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "y", SEVERITY_CRITICAL); /* is under way */
    (void)paging_signal(paging, SIGNAL_RESOLVE, "x", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
    assert_int_equal(paging->errands->len, 1);
    paging_settle_by(paging, SEND_DELIVERED, "C01/3.4", "channel:ops channel: page 1");
    paging_settle_by(paging, SEND_DELIVERED, "C01/1.2",
                     "channel:ops channel: ended 1 into C01/1.2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, paging_finish)
    const struct CMUnitTest tests[] = {
        TEST(the_message_that_told_says_how_it_ended),
        TEST(what_cannot_be_changed_is_followed_up_once),
        TEST(an_outcome_nobody_knows_is_tried_again),
        TEST(without_an_id_or_with_another_address_it_is_followed_up),
        TEST(every_message_of_it_says_how_it_ended),
        TEST(of_many_messages_the_latest_are_changed),
        TEST(one_message_follows_what_cannot_be_changed),
        TEST(a_digest_is_changed_when_all_of_it_is_over),
        TEST(each_message_is_changed_whatever_the_bound),
        TEST(follow_ups_and_changes_go_side_by_side),
        TEST(a_large_digest_is_changed_once),
        TEST(an_end_goes_where_its_alert_was_told_last),
        TEST(ends_in_a_row_make_one_message),
        TEST(an_end_waits_for_its_page),
        TEST(what_is_held_holds_no_change),
        TEST(a_change_past_the_bound_waits_for_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
