/* When a contact that failed is tried again before its back-off is over. */
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
#include "people/contact_store.h"

static const char CREW[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]}],"
    "'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/hook'}],"
    "'policies': ["
    " {'name': 'both', 'steps': [{'notify': [{'user': 'ana'}, {'channel': 'room'}],"
    "   'wait': '10m'}, {'notify': [{'user': 'boss'}], 'wait': '10h'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'lone', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '10m'},"
    "   {'notify': [{'user': 'boss'}], 'wait': '10h'}], 'last_resort': {'user': 'boss'}}],"
    "'services': [{'name': 'shop', 'policy': 'both'}, {'name': 'lone', 'policy': 'lone'}]}";

static const char ANA_ELSEWHERE[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@new.org'}]}]}";
static const char ROOM_ELSEWHERE[] =
    "{'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/new'}]}";
static const char ANA_RENAMED[] = "{'users': [{'name': 'ana', 'full_name': 'Ana Wijaya',"
                                  "  'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]}]}";

static bool is_in_trouble(const struct paging *paging, const char *who, const char *contact)
{
    struct contact_states *states = contact_states_read(paging->db);
    bool is_in_trouble = contact_trouble(states, who, contact) != NULL;
    contact_states_free(states);
    return is_in_trouble;
}

static void a_corrected_address_is_used_at_once(void **state)
{
    (void)state;

    static const struct {
        const char *name, *change;
        int ana, room; /* how the first alert's messages end */
        const char *next;
    } ROWS[] = {
        {"nothing was changed", NULL, SEND_REFUSED, SEND_REFUSED, "boss ntfy: page 1"},
        {"something else was changed", ANA_RENAMED, SEND_REFUSED, SEND_REFUSED,
         "boss ntfy: page 1"},
        {"a person's address", ANA_ELSEWHERE, SEND_REFUSED, SEND_REFUSED, "ana email: page 1"},
        {"a room's address", ROOM_ELSEWHERE, SEND_DELIVERED, SEND_REFUSED,
         "ana email: page 1; channel:room channel: page 1"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging = {0};
        paging_open(&paging, CREW);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        paging_settle_as(&paging, ROWS[i].ana, "ana email: page 1");
        paging_settle_as(&paging, ROWS[i].room, "channel:room channel: page 1");
        g_free(paging_messages(&paging));
        if (ROWS[i].change != NULL) {
            paging_apply(&paging, ROWS[i].change);
        }
        bool is_refused = ROWS[i].ana == SEND_REFUSED && ROWS[i].change != ANA_ELSEWHERE;
        assert_int_equal(is_in_trouble(&paging, "ana", "email"), is_refused);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
        g_autofree char *next = paging_messages(&paging);
        if (strcmp(next, ROWS[i].next) != 0) {
            fail_msg("%s: %s", ROWS[i].name, next);
        }
        paging_close(&paging);
    }
}

/* What waits for its next attempt goes to the new address, not after the hour that the old one asked for. */
static void what_waits_goes_to_the_corrected_address(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, CREW);
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle_later(&paging, SPAN_H(1)));
    paging_pass(&paging, SPAN_MIN(1));
    g_autofree char *between = paging_messages(&paging);
    assert_null(strstr(between, "ana"));
    paging_apply(&paging, ANA_ELSEWHERE);
    paging_pass(&paging, SPAN_S(1));
    paging_expect(&paging, "ana email: page 1");
    paging_close(&paging);
}

/* The attempt that was under way when the address was corrected says nothing of the new one. */
static void an_attempt_at_the_old_address_closes_nothing(void **state)
{
    (void)state;

    const struct {
        const char *name, *change;
        struct send_result result;
        const char *next;
        bool is_in_trouble;
    } ROWS[] = {
        {"refused", ANA_ELSEWHERE, {.state = SEND_REFUSED}, "ana email: page 1", false},
        {"later",
         ANA_ELSEWHERE,
         {.state = SEND_RETRY, .retry_after = SPAN_H(1)},
         "ana email: page 1",
         false},
        {"nobody knows", ANA_ELSEWHERE, {.state = SEND_UNKNOWN}, "ana email: page 1", false},
        {"arrived", ANA_ELSEWHERE, {.state = SEND_DELIVERED}, "", false},
        {"something else was changed",
         ANA_RENAMED,
         {.state = SEND_REFUSED},
         "boss ntfy: page 1",
         true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging = {0};
        paging_open(&paging, CREW);
        (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        paging_apply(&paging, ROWS[i].change);
        g_free(paging_settle_with(&paging, &ROWS[i].result));
        assert_int_equal(is_in_trouble(&paging, "ana", "email"), ROWS[i].is_in_trouble);
        const struct errand *errand =
            paging.errands->len > 0 ? g_ptr_array_index(paging.errands, 0) : NULL;
        if (!ROWS[i].is_in_trouble && errand != NULL) {
            assert_string_equal(errand->address.to, "ana@new.org");
        }
        g_autofree char *next = paging_messages(&paging);
        if (strcmp(next, ROWS[i].next) != 0) {
            fail_msg("%s: %s", ROWS[i].name, next);
        }
        paging_close(&paging);
    }
}

/* Answers the status. */
static int ask_for_test(struct paging *paging, const char *user, const char *channel)
{
    struct test_page test = {
        .pager = paging->pager, .user = user, .channel = channel, .actor = PRINCIPAL_HERE};
    const struct command command = {.run = pager_test, .arg = &test};
    ledger_run_batch(paging->ledger, &command, 1);
    paging_pass(paging, SPAN_S(1));
    return test.status;
}

static void a_test_is_sent_at_once_and_proves_the_contact(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, CREW);
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_REFUSED, "ana email: page 1");
    paging_expect(&paging, "boss ntfy: page 1");
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "l", SEVERITY_INFO);
    paging_settle_as(&paging, SEND_REFUSED, "ana email: page 1"); /* of low urgency, on its own */
    paging_expect(&paging, "boss ntfy: page 1");

    assert_int_equal(ask_for_test(&paging, "ana", NULL), 200);
    paging_settle_as(&paging, SEND_REFUSED, "ana email: test 1");
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "m", SEVERITY_CRITICAL);
    paging_expect(&paging, "boss ntfy: page 1"); /* a test that fails opens nothing */

    assert_int_equal(ask_for_test(&paging, "ana", NULL), 200);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: test 1");
    assert_false(is_in_trouble(&paging, "ana", "email"));
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "n", SEVERITY_CRITICAL);
    paging_expect(&paging, "ana email: page 1");
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "o", SEVERITY_INFO);
    paging_expect(&paging, "ana email: page 1"); /* what is proved holds for every urgency */
    paging_close(&paging);
}

/* A test that arrived there proves nothing of the new address, which has failed meanwhile. */
static void what_arrives_at_the_old_address_proves_nothing(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, CREW);
    assert_int_equal(ask_for_test(&paging, "ana", NULL), 200);
    paging_apply(&paging, ANA_ELSEWHERE);
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "l", SEVERITY_INFO);
    struct errand *test = g_ptr_array_steal_index(paging.errands, 0);
    paging_settle_as(&paging, SEND_REFUSED, "ana email: page 1");
    paging_expect(&paging, "boss ntfy: page 1");
    g_ptr_array_insert(paging.errands, 0, test);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: test 1");
    assert_true(is_in_trouble(&paging, "ana", "email"));
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "m", SEVERITY_INFO);
    paging_expect(&paging, "boss ntfy: page 1");
    paging_close(&paging);
}

static void a_room_is_tested_as_a_person_is(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, CREW);
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: page 1");
    paging_settle_as(&paging, SEND_REFUSED, "channel:room channel: page 1");
    assert_true(is_in_trouble(&paging, "channel:room", "channel"));
    assert_int_equal(ask_for_test(&paging, NULL, "room"), 200);
    paging_settle_as(&paging, SEND_DELIVERED, "channel:room channel: test 1");
    assert_false(is_in_trouble(&paging, "channel:room", "channel"));
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
    paging_expect(&paging, "ana email: page 1; channel:room channel: page 1");
    assert_int_equal(ask_for_test(&paging, NULL, "rom"), 404);
    paging_expect(&paging, "");
    paging_close(&paging);
}

/* A token that was replaced is read at the start; a webhook has none. */
static void a_start_opens_what_has_a_secret(void **state)
{
    (void)state;
    static const char *const ROOMS[] = {
        "{'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/hook'}]}",
        "{'channels': [{'name': 'room', 'kind': 'slack', 'secret': 'env:TOCSIN_SECRET_S', 'to': "
        "'http://chat.x.org/api/chat.postMessage?channel=C0123456789'}]}"};
    for (size_t i = 0; i < G_N_ELEMENTS(ROOMS); i++) {
        struct paging paging = {0};
        paging_open(&paging, CREW);
        paging_apply(&paging, ROOMS[i]);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        paging_settle_as(&paging, SEND_DELIVERED, "ana email: page 1");
        paging_settle_as(&paging, SEND_REFUSED, "channel:room channel: page 1");
        paging_restart(&paging);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
        paging_expect(&paging, i == 0 ? "ana email: page 1"
                                      : "ana email: page 1; channel:room channel: page 1");
        paging_close(&paging);
    }
}

/* That a contact did not take an end says nothing about pages. */
static void a_refused_end_makes_no_contact_dead(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, CREW);
    (void)paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: page 1");
    (void)paging_signal_of(&paging, "lone", SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    paging_pass(&paging, SPAN_S(6));
    paging_settle_as(&paging, SEND_REFUSED, "ana email: ended 1");
    struct contact_states *states = contact_states_read(paging.db);
    const struct contact_state *state_of_it = contact_trouble(states, "ana", "email");
    assert_non_null(state_of_it); /* it is told all the same */
    assert_false(state_of_it->is_refused);
    assert_int_equal(state_of_it->failures, 0);
    contact_states_free(states);
    paging_close(&paging);
}

/* Why the notification of the alert that waits for ana does so; newly allocated. */
static char *why_it_waits(const struct paging *paging, int64_t alert)
{
    struct config *config = config_current(paging->configs);
    json_auto_t *explained = explain_subject(paging->db, config, &ALERT_TOPIC, alert, paging->now);
    config_unref(config);
    size_t i, k;
    json_t *page, *notification;
    json_array_foreach (json_object_get(explained, "pages"), i, page) {
        json_array_foreach (json_object_get(page, "notifications"), k, notification) {
            if (strcmp(json_text(notification, "state", ""), "waiting") == 0) {
                return g_strdup(json_text(notification, "why", ""));
            }
        }
    }
    return g_strdup("nothing waits");
}

/* It is no matter of the bound on noise, and a digest is not what it waits for. */
static void what_waits_for_a_failing_contact_says_so(void **state)
{
    (void)state;
    struct paging paging = {0};
    paging_open(&paging, CREW);
    int64_t first = paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle_later(&paging, SPAN_H(1)));
    paging_pass(&paging, SPAN_MIN(1));
    g_free(paging_messages(&paging));
    int64_t second = paging_signal_of(&paging, "lone", SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
    g_free(paging_messages(&paging));
    g_autofree char *of_first = why_it_waits(&paging, first);
    g_autofree char *of_second = why_it_waits(&paging, second);
    assert_string_equal(of_first, "the last attempt failed; it is tried again");
    assert_string_equal(of_second, "this contact's last messages failed; it is tried again then");
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corrected_address_is_used_at_once),
        cmocka_unit_test(what_waits_goes_to_the_corrected_address),
        cmocka_unit_test(an_attempt_at_the_old_address_closes_nothing),
        cmocka_unit_test(what_arrives_at_the_old_address_proves_nothing),
        cmocka_unit_test(a_test_is_sent_at_once_and_proves_the_contact),
        cmocka_unit_test(a_room_is_tested_as_a_person_is),
        cmocka_unit_test(a_start_opens_what_has_a_secret),
        cmocka_unit_test(a_refused_end_makes_no_contact_dead),
        cmocka_unit_test(what_waits_for_a_failing_contact_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
