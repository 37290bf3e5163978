/* While every person of a step is held back by us, the step's wait does not run, whatever is tried beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "paging/paging_harness.h"
#include "paging/whatif.h"
#include "people/contact_store.h"

#define STEP(name, notify)                                                     \
    " {'name': '" name "', 'steps': [{'notify': [" notify "], 'wait': '20s'}," \
    "   {'notify': [{'user': 'boss'}], 'wait': '1h'}], 'last_resort': {'user': 'boss'}}"

/* Each service is told as its policy of the same name says: within 20 seconds, and then the boss. Chen sleeps for
 * five minutes more. */
static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]},"
    " {'name': 'chen', 'contacts': [{'kind': 'email', 'to': 'chen@x.org'}],"
    "  'quiet_hours': [{'from': '09:00', 'to': '10:05'}]},"
    " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]}],"
    "'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/hook'}],"
    "'policies': [" STEP("shop", "{'user': 'ana'}") "," STEP(
        "room",
        "{'user': 'ana'}, {'channel': "
        "'room'}") "," STEP("budi",
                            "{'user': 'ana'}, {'user': 'budi'}") "," STEP("chen-room",
                                                                          "{'user': 'chen'}, "
                                                                          "{'channel': "
                                                                          "'room'}") "," STEP("chen"
                                                                                              "-bud"
                                                                                              "i",
                                                                                              "{'"
                                                                                              "user"
                                                                                              "': "
                                                                                              "'che"
                                                                                              "n'},"
                                                                                              " "
                                                                                              "{'"
                                                                                              "user"
                                                                                              "': "
                                                                                              "'bud"
                                                                                              "i'}") "],"
                                                                                                     "'serv"
                                                                                                     "ices'"
                                                                                                     ": "
                                                                                                     "[{'"
                                                                                                     "name'"
                                                                                                     ": "
                                                                                                     "'shop"
                                                                                                     "', "
                                                                                                     "'poli"
                                                                                                     "cy': "
                                                                                                     "'shop"
                                                                                                     "'}, "
                                                                                                     "{'"
                                                                                                     "name'"
                                                                                                     ": "
                                                                                                     "'room"
                                                                                                     "', "
                                                                                                     "'poli"
                                                                                                     "cy': "
                                                                                                     "'room"
                                                                                                     "'},"
                                                                                                     " {'"
                                                                                                     "name'"
                                                                                                     ": "
                                                                                                     "'budi"
                                                                                                     "', "
                                                                                                     "'poli"
                                                                                                     "cy': "
                                                                                                     "'budi"
                                                                                                     "'}, "
                                                                                                     "{'"
                                                                                                     "name'"
                                                                                                     ": "
                                                                                                     "'chen"
                                                                                                     "-room"
                                                                                                     "', "
                                                                                                     "'poli"
                                                                                                     "cy': "
                                                                                                     "'chen"
                                                                                                     "-room"
                                                                                                     "'},"
                                                                                                     " {'"
                                                                                                     "name'"
                                                                                                     ": "
                                                                                                     "'chen"
                                                                                                     "-budi"
                                                                                                     "', "
                                                                                                     "'poli"
                                                                                                     "cy': "
                                                                                                     "'chen"
                                                                                                     "-budi"
                                                                                                     "'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

static int64_t signal_of(struct paging *paging, const char *service, int severity)
{
    return paging_signal_of(paging, service, SIGNAL_TRIGGER, "k", severity);
}

/* So many messages to ana, each of what is in hand since, so that nobody else is to be told of it. */
static void tell_in_hand(struct paging *paging, int count)
{
    for (int i = 0; i < count; i++) {
        g_autofree char *key = g_strdup_printf("known-%d", i);
        int64_t id = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_ERROR);
        paging_expect(paging, "ana email: page 1");
        (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:ana");
    }
}

/* Moves the clock on, all that leaves arrives but what goes to `lost`, which ends as `state`; answers after how many
 * seconds the boss was told, at most `max`. */
static int seconds_to_boss(struct paging *paging, const char *lost, int state, int max)
{
    for (int seconds = 0; seconds <= max; seconds++) {
        while (paging->errands->len > 0) {
            bool is_lost = strstr(paging_first(paging)->address.to, lost) != NULL;
            g_autofree char *line = paging_settle(paging, is_lost ? state : SEND_DELIVERED);
            if (g_str_has_prefix(line, "boss")) {
                return seconds;
            }
        }
        paging_pass(paging, SPAN_S(1));
    }
    return -1;
}

/* Ana is held for a minute, chen for five minutes. Only who was told, or may have been, is waited for, and a room answers
 * to nobody. */
static void only_a_person_who_was_reached_lets_the_wait_run(void **state)
{
    (void)state;

    static const struct {
        const char *name, *service;
        const char *lost; /* whose messages end as `state` */
        int state;
        int boss_after_s, held;
    } ROWS[] = {
        {"a healthy room", "room", "nobody", SEND_DELIVERED, 80, 1},
        {"a dead room", "room", "chat.x.org", SEND_REFUSED, 80, 1},
        {"a room that fails for now", "room", "chat.x.org", SEND_RETRY, 80, 1},
        {"a person who is told", "budi", "nobody", SEND_DELIVERED, 20, 0},
        {"a person who cannot be told", "budi", "budi@", SEND_REFUSED, 80, 1},
        {"a person who fails for now", "budi", "budi@", SEND_RETRY, 80, 1},
        {"a person who may have been told", "budi", "budi@", SEND_UNKNOWN, 20, 0},
        {"quiet hours, a healthy room", "chen-room", "nobody", SEND_DELIVERED, 320, 1},
        {"quiet hours, a dead room", "chen-room", "chat.x.org", SEND_REFUSED, 320, 1},
        {"quiet hours, a person who is told", "chen-budi", "nobody", SEND_DELIVERED, 20, 0},
        {"quiet hours, a person who cannot be told", "chen-budi", "budi@", SEND_REFUSED, 320, 1},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging = {0};
        paging_open(&paging, TEAM);
        tell_in_hand(&paging, THROTTLE_PER_MINUTE);
        int severity = g_str_has_prefix(ROWS[i].service, "chen") ? SEVERITY_INFO : SEVERITY_ERROR;
        int64_t id = signal_of(&paging, ROWS[i].service, severity);
        int found = seconds_to_boss(&paging, ROWS[i].lost, ROWS[i].state, 400);
        int held = paging_events(&paging, id, "escalation.held");
        if (found != ROWS[i].boss_after_s || held != ROWS[i].held) {
            fail_msg("%s: after %d s, held %d times", ROWS[i].name, found, held);
        }
        paging_close(&paging);
    }
}

/* Her first contact fails, her second is held: she is told of it before anybody else, and has the whole wait. */
static void a_contact_that_fails_beside_one_that_is_held_lets_no_wait_run(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, THROTTLE_PER_MINUTE); /* by her second */
    paging_apply(
        paging,
        "{'users': [{'name': 'ana', 'contacts': [{'kind': 'webhook', 'to': 'http://x.org/'},"
        " {'kind': 'email', 'to': 'ana@x.org'}]}]}");
    int64_t id = signal_of(paging, "shop", SEVERITY_ERROR);
    int found = seconds_to_boss(paging, "http://x.org/", SEND_RETRY, 600);
    assert_int_equal(found, 80);
    assert_int_equal(paging_events(paging, id, "page.fell_back"), 1);
}

/* Whom it reaches while another is still held has the whole wait from then, neither less nor until the other woke. */
static void who_is_reached_while_others_are_held_has_the_whole_wait(void **state)
{
    enum { FAILURES = 3 }; /* 5, 15 and 30 s before the next, and a fifth */

    struct paging *paging = *state;
    int64_t id = signal_of(paging, "chen-budi", SEVERITY_INFO);
    for (int i = 0; i < FAILURES; i++) {
        paging_settle_as(paging, SEND_RETRY, "budi email: page 1");
        for (int k = 0; k < 36 && paging->errands->len == 0; k++) {
            paging_pass(paging, SPAN_S(1));
        }
    }
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
    paging_settle_as(paging, SEND_DELIVERED, "budi email: page 1");
    int left = seconds_to_boss(paging, "nobody", SEND_DELIVERED, 600);
    assert_in_range(left, 19, 20); /* it left within the last second */
}

/* What fails is tried again by itself: that holds no step. */
static void what_is_tried_again_holds_nothing(void **state)
{
    struct paging *paging = *state;
    int64_t id = signal_of(paging, "shop", SEVERITY_ERROR);
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1");
    assert_int_equal(seconds_to_boss(paging, "nobody", SEND_DELIVERED, 600), 20);
    assert_int_equal(paging_events(paging, id, "escalation.held"), 0);
}

/* But when the bound holds what is tried again, that is our doing. */
static void what_is_held_when_it_is_tried_again_is_held(void **state)
{
    struct paging *paging = *state;
    tell_in_hand(paging, THROTTLE_PER_MINUTE - 1);
    int64_t id = signal_of(paging, "shop", SEVERITY_ERROR);
    paging_settle_as(paging, SEND_RETRY, "ana email: page 1"); /* the third of this minute */
    assert_int_equal(seconds_to_boss(paging, "nobody", SEND_DELIVERED, 600), 80);
    assert_int_equal(paging_events(paging, id, "escalation.held"), 1);
}

/* In how many seconds the second step begins, as it is promised. */
static int promised_to_boss(struct paging *paging, const char *service, int severity)
{
    struct fault fault = {0};
    struct utc at = {0};
    struct config *config = config_current(paging->configs);
    struct contact_states *states = contact_states_read(paging->db);
    json_auto_t *answer = whatif(config, states, service, severity, paging->now, &fault);
    contact_states_free(states);
    config_unref(config);
    const json_t *second = json_array_get(json_object_get(answer, "steps"), 1);
    assert_true(utc_parse(json_text(second, "at", ""), &at));
    return (int)(utc_since(at, paging->now).us / 1000000);
}

/* Of an alert that comes after one whose messages ended so. */
static void what_is_promised_is_what_paging_does(void **state)
{
    (void)state;

    static const struct {
        const char *name, *service, *lost;
        int state;
        int least_s, most_s;
        bool fails_on; /* else all that leaves later arrives */
    } ROWS[] = {
        {"all is well", "chen-budi", "nobody", SEND_DELIVERED, 20, 20, false},
        {"a healthy room", "chen-room", "nobody", SEND_DELIVERED, 320, 320, false},
        {"a dead room", "chen-room", "chat.x.org", SEND_REFUSED, 313, 313, true},
        {"one who cannot be told", "chen-budi", "budi@", SEND_REFUSED, 313, 313, true},
        {"one who fails for now, until a quarter of a minute later", "chen-budi", "budi@",
         SEND_RETRY, 28, 38, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging = {0};
        const char *lost = ROWS[i].lost;
        paging_open(&paging, TEAM);
        if (ROWS[i].state != SEND_DELIVERED) {
            int64_t id = signal_of(&paging, ROWS[i].service, SEVERITY_INFO);
            assert_int_equal(seconds_to_boss(&paging, lost, ROWS[i].state, 6), -1);
            (void)paging_act(&paging, VERB_ACKNOWLEDGE, id, "user:boss");
        }
        int promised = promised_to_boss(&paging, ROWS[i].service, SEVERITY_INFO);
        (void)paging_signal_of(&paging, ROWS[i].service, SIGNAL_TRIGGER, "later", SEVERITY_INFO);
        int found =
            seconds_to_boss(&paging, ROWS[i].fails_on ? lost : "nobody", ROWS[i].state, 400);
        if (ABS(found - promised) > 1 || found < ROWS[i].least_s || found > ROWS[i].most_s) {
            fail_msg("%s: %d s, %d promised", ROWS[i].name, found, promised);
        }
        paging_close(&paging);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_team, paging_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_person_who_was_reached_lets_the_wait_run),
        TEST(a_contact_that_fails_beside_one_that_is_held_lets_no_wait_run),
        TEST(who_is_reached_while_others_are_held_has_the_whole_wait),
        TEST(what_is_tried_again_holds_nothing),
        TEST(what_is_held_when_it_is_tried_again_is_held),
        cmocka_unit_test(what_is_promised_is_what_paging_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
