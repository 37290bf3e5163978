/* One attempt at a time to one address: what comes meanwhile waits and goes together, and a slow attempt holds
 * nobody's news back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "oncall/policy.h"
#include "paging/courier.h"
#include "paging/paging_harness.h"

/* "budi" and "team" are reached by one gateway, fitri and gani by one mailbox of mail. */
static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'webhook', 'to': 'http://x.org/ana'},"
    "   {'kind': 'email', 'to': 'ana@x.org'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'webhook'}],"
    "            'low': [{'after': '0s', 'contact': 'webhook'}]}},"
    " {'name': 'budi', 'contacts': [{'kind': 'webhook', 'to': 'http://gateway.x.org/'}]},"
    " {'name': 'team', 'contacts': [{'kind': 'webhook', 'to': 'http://gateway.x.org/'}]},"
    " {'name': 'chen', 'contacts': [{'kind': 'webhook', 'to': 'http://gateway.x.org/?to=chen'}]},"
    " {'name': 'dewi', 'contacts': [{'kind': 'log', 'watched': true}]},"
    " {'name': 'eko', 'contacts': [{'kind': 'log', 'watched': true}]},"
    " {'name': 'fitri', 'contacts': [{'kind': 'email', 'to': 'ops@x.org'}]},"
    " {'name': 'gani', 'contacts': [{'kind': 'email', 'to': 'ops@x.org'}]},"
    " {'name': 'boss', 'contacts': [{'kind': 'email', 'to': 'boss@x.org'}]}],"
    "'policies': ["
    " {'name': 'ana', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'many', 'steps': [{'notify': [{'user': 'budi'}, {'user': 'team'}, {'user': 'chen'}],"
    "   'wait': '5m'}], 'last_resort': {'user': 'boss'}},"
    " {'name': 'mail', 'steps': [{'notify': [{'user': 'fitri'}, {'user': 'gani'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'budi', 'steps': [{'notify': [{'user': 'budi'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'quick', 'steps': [{'notify': [{'user': 'budi'}], 'wait': '5s'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'calmer', 'steps': [{'notify': [{'user': 'budi'}], 'wait': '30s'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'logs', 'steps': [{'notify': [{'user': 'dewi'}, {'user': 'eko'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'boss'}}],"
    "'services': [{'name': 'shop', 'policy': 'ana'}, {'name': 'calm', 'policy': 'ana', 'urgency': "
    "'low'},"
    " {'name': 'many', 'policy': 'many'}, {'name': 'budi', 'policy': 'budi'},"
    " {'name': 'mail', 'policy': 'mail'},"
    " {'name': 'quick', 'policy': 'quick'}, {'name': 'calmer', 'policy': 'calmer'}, {'name': "
    "'logs', 'policy': 'logs'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

static int64_t critical(struct paging *paging, const char *service, const char *key)
{
    return paging_signal_of(paging, service, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
}

static void expect_under_way(const struct paging *paging, guint count)
{
    assert_int_equal(paging->errands->len, count);
}

static void what_comes_meanwhile_goes_together(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "shop", "a");
    for (int i = 0; i < 9; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)critical(paging, "shop", key);
        paging_pass(paging, SPAN_MS(500));
        expect_under_way(paging, 1);
    }
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: page 1");
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: digest 9");
    expect_under_way(paging, 0);
}

/* Also what passes the bound, is asked for by a person, is of another urgency, or is an end. */
static void it_holds_for_all_that_goes_there(void **state)
{
    struct paging *paging = *state;
    int64_t told = critical(paging, "shop", "told");
    paging_expect(paging, "ana webhook: page 1");
    (void)critical(paging, "shop", "a");
    expect_under_way(paging, 1);
    (void)paging_signal_of(paging, "calm", SIGNAL_TRIGGER, "calm", SEVERITY_CRITICAL);
    (void)paging_act(paging, VERB_RESOLVE, told, "user:budi");
    int64_t asked = critical(paging, "budi", "asked");
    assert_int_equal(paging_page(paging, asked, "ana"), 200);
    paging_pass(paging, SPAN_S(10));
    expect_under_way(paging, 2); /* budi's own */
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: page 1");
    paging_settle_as(paging, SEND_DELIVERED, "budi webhook: page 1");
    for (int left = 3; left > 0; left--) {
        expect_under_way(paging, 1);
        g_free(paging_settle(paging, SEND_DELIVERED));
    }
    expect_under_way(paging, 0);
}

static void several_persons_of_one_mailbox_of_mail_take_turns(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "mail", "a");
    expect_under_way(paging, 1);
    paging_settle_as(paging, SEND_DELIVERED, "fitri email: page 1");
    paging_settle_as(paging, SEND_DELIVERED, "gani email: page 1");
    (void)critical(paging, "logs", "b");
    expect_under_way(paging, 2); /* the log is nobody's address */
}

/* One who is slow to reach through it holds up nobody else. */
static void several_persons_of_one_gateway_do_not(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "many", "a");
    expect_under_way(paging, 3);
    (void)critical(paging, "many", "b");
    expect_under_way(paging, 3);
}

static void a_failure_lets_the_others_go_on(void **state)
{
    struct paging *paging = *state;
    static const int ENDS[] = {SEND_RETRY, SEND_REFUSED, SEND_UNKNOWN};
    for (size_t i = 0; i < G_N_ELEMENTS(ENDS); i++) {
        g_autofree char *key = g_strdup_printf("k%zu", i);
        int64_t id = critical(paging, "mail", key);
        expect_under_way(paging, 1);
        paging_settle_as(paging, ENDS[i], "fitri email: page 1");
        paging_settle_as(paging, SEND_DELIVERED, "gani email: page 1");
        (void)paging_act(paging, VERB_RESOLVE, id, "user:gani");
        paging_pass(paging, SPAN_H(2));
        g_free(paging_messages(paging));
    }
}

/* Ana has another contact: a slow attempt is not waited for, by what waited until then and by what comes. */
static void a_slow_attempt_holds_no_news_back(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "shop", "a");
    paging_pass(paging, SPAN_S(1));
    int64_t waited = critical(paging, "shop", "b");
    paging_pass(paging, (struct span){ATTEMPT_SLOW.us - SPAN_S(1).us - 1});
    expect_under_way(paging, 1);
    paging_pass(paging, (struct span){1});
    expect_under_way(paging, 2);
    g_ptr_array_add(paging->errands,
                    g_ptr_array_steal_index(paging->errands, 0)); /* the slow one last */
    paging_settle_as(paging, SEND_DELIVERED, "ana email: page 1");
    assert_int_equal(paging_events(paging, waited, "page.fell_back"), 1);
    paging_pass(paging, SPAN_S(2));
    (void)critical(paging, "shop", "c");
    expect_under_way(paging, 2);
    g_ptr_array_add(paging->errands, g_ptr_array_steal_index(paging->errands, 0));
    paging_settle_as(paging, SEND_DELIVERED, "ana email: page 1");
    paging_pass(paging, SPAN_S(20));
    expect_under_way(paging, 1); /* nobody is told again, and nothing else goes there */
    assert_int_equal(paging_events(paging, waited, "page.fell_back"), 1);
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: page 1");
    paging_settle_as(paging, SEND_DELIVERED, "ana webhook: digest 2");
    (void)critical(paging, "shop", "d"); /* it is counted on again */
    paging_expect(paging, "ana webhook: page 1");
}

/* Budi has no other contact: his step's wait goes on. */
static void a_slow_attempt_does_not_hold_the_step(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "budi", "a");
    paging_pass(paging, SPAN_S(1));
    int64_t behind = critical(paging, "calmer", "b");
    paging_pass(paging, (struct span){SPAN_S(30).us - 1});
    assert_int_equal(paging_events(paging, behind, "escalation.exhausted"), 0);
    paging_pass(paging, (struct span){1});
    assert_int_equal(paging_events(paging, behind, "escalation.exhausted"), 1);
    assert_int_equal(paging_events(paging, behind, "escalation.held"), 0);
}

/* Until it is known to be slow, what it holds back is held by us: the wait of a short step does not run. */
static void a_step_waits_for_what_is_held(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "quick", "a");
    paging_pass(paging, SPAN_S(8));
    int64_t behind = critical(paging, "quick", "b");
    paging_pass(paging, SPAN_S(5)); /* at 13 s: its wait would be over */
    assert_int_equal(paging_events(paging, behind, "escalation.held"), 1);
    assert_int_equal(paging_events(paging, behind, "escalation.exhausted"), 0);
    paging_settle_as(paging, SEND_DELIVERED, "budi webhook: page 1");
    paging_settle_as(paging, SEND_DELIVERED, "boss email: page 1"); /* of a */
    paging_pass(paging, (struct span){SPAN_S(5).us - 1});
    assert_int_equal(paging_events(paging, behind, "escalation.exhausted"), 0);
    paging_pass(paging, (struct span){1});
    assert_int_equal(paging_events(paging, behind, "escalation.exhausted"), 1);
}

static void a_restart_and_a_clock_set_back_keep_nobody_waiting(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "many", "a");
    (void)critical(paging, "shop", "b");
    paging_jump(paging, SPAN_H(-3));
    (void)critical(paging, "shop", "c");
    paging_pass(paging, SPAN_S(16));
    expect_under_way(paging, 5); /* three by webhook, and ana in both her ways */
    paging_restart(paging);
    g_autofree char *all = paging_messages(paging);
    assert_non_null(strstr(all, "budi webhook: page 1 again"));
    assert_non_null(strstr(all, "team webhook: page 1"));
    assert_non_null(strstr(all, "ana webhook: digest 2 again"));
}

/* What was acknowledged while it waited is not sent, and nothing stays behind. */
static void what_is_in_hand_by_then_is_not_sent(void **state)
{
    struct paging *paging = *state;
    (void)critical(paging, "shop", "a");
    int64_t id = critical(paging, "shop", "b");
    (void)paging_act(paging, VERB_ACKNOWLEDGE, id, "user:budi");
    paging_pass(paging, SPAN_S(20));
    paging_expect(paging, "ana webhook: page 1");
    (void)critical(paging, "shop", "c");
    paging_expect(paging, "ana webhook: page 1");
}

/* "ana webhook 15 s": whose message does not go at once, by what, and how long, if that is known. Newly allocated. */
static char *held_of_page(struct paging *paging, int64_t id, const struct target *target)
{
    GString *out = g_string_new(NULL);
    json_auto_t *holds = json_array();
    assert_int_equal(paging_page_asking(paging, id, target, holds), 200);
    size_t i;
    json_t *hold;
    json_array_foreach (holds, i, hold) {
        struct utc until;
        const char *contact = json_text(hold, "contact", NULL);
        g_string_append_printf(out, "%s%s", out->len > 0 ? "; " : "", json_text(hold, "who", ""));
        assert_non_null(
            strstr(json_text(hold, "why", ""), contact != NULL ? "under way" : "their own rules"));
        if (contact != NULL) {
            g_string_append_printf(out, " %s", contact);
        }
        if (utc_parse(json_text(hold, "until", ""), &until)) {
            g_string_append_printf(out, " %d s", (int)(utc_since(until, paging->now).us / 1000000));
        }
    }
    return g_string_free(out, FALSE);
}

/* Settles what is under way there as delivered, if it is. */
static void let_arrive(struct paging *paging, const char *address)
{
    for (guint i = 0; i < paging->errands->len; i++) {
        const struct errand *errand = g_ptr_array_index(paging->errands, i);
        if (strcmp(errand->address.to, address) == 0) {
            g_ptr_array_insert(paging->errands, 0, g_ptr_array_steal_index(paging->errands, i));
            g_free(paging_settle(paging, SEND_DELIVERED));
            return;
        }
    }
}

/* Whoever asks for a page is told when it waits, why and until when. */
static void whoever_asks_is_told_what_waits(void **state)
{
    char ana[] = "ana", budi[] = "budi", chen[] = "chen", dewi[] = "dewi", late[] = "late";
    char some[] = "some";

    const struct {
        const char *name;
        struct span after; /* something went to ana's webhook and to budi's */
        struct target target;
        const char *expected;
        bool is_stuck; /* what went to ana's mail is under way as well */
    } ROWS[] = {
        {"she has another contact", SPAN_S(5), {.user = ana}, "ana webhook 10 s", false},
        {"he has none", SPAN_S(5), {.user = budi}, "budi webhook", false},
        {"nothing is under way there", SPAN_S(5), {.user = chen}, "", false},
        {"the log is nobody's address", SPAN_S(5), {.user = dewi}, "", false},
        {"it is slow, so that she is told by the other", SPAN_S(16), {.user = ana}, "", false},
        {"both are under way", SPAN_S(16), {.user = ana}, "ana webhook", true},
        {"it is slow, and there is no other", SPAN_S(16), {.user = budi}, "budi webhook", false},
        {"a rule of theirs", SPAN_S(5), {.user = late}, "late 120 s", false},
        {"several", SPAN_S(5), {.team = some}, "ana webhook 10 s; budi webhook", false},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging = {0};
        paging_open(&paging, TEAM);
        paging_apply(&paging,
                     "{'users': [{'name': 'mute'}, {'name': 'late', 'contacts': [{'kind': 'email',"
                     " 'to': 'late@x.org'}], 'rules': {'high': [{'after': '2m', 'contact': "
                     "'email'}]}}],"
                     "'teams': [{'name': 'some', 'members': ['mute', 'ana', 'chen', 'budi']}]}");
        (void)critical(&paging, "shop", "a");
        (void)critical(&paging, "shop", "behind it");
        (void)critical(&paging, "budi", "b");
        paging_pass(&paging, ROWS[i].after);
        if (!ROWS[i].is_stuck) {
            let_arrive(&paging, "ana@x.org");
        }
        int64_t id = critical(&paging, "logs", "c");
        g_autofree char *found = held_of_page(&paging, id, &ROWS[i].target);
        if (strcmp(found, ROWS[i].expected) != 0) {
            fail_msg("%s: \"%s\"", ROWS[i].name, found);
        }
        bool has_mute = ROWS[i].target.team != NULL; /* who cannot be told is in the record */
        assert_int_equal(paging_events(&paging, id, "page.unreachable"), has_mute);
        paging_close(&paging);
    }
}

#define IN_TEAM(test) cmocka_unit_test_setup_teardown(test, open_team, paging_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEAM(what_comes_meanwhile_goes_together),
        IN_TEAM(it_holds_for_all_that_goes_there),
        IN_TEAM(several_persons_of_one_mailbox_of_mail_take_turns),
        IN_TEAM(several_persons_of_one_gateway_do_not),
        IN_TEAM(a_failure_lets_the_others_go_on),
        IN_TEAM(a_slow_attempt_holds_no_news_back),
        IN_TEAM(a_slow_attempt_does_not_hold_the_step),
        IN_TEAM(a_step_waits_for_what_is_held),
        IN_TEAM(a_restart_and_a_clock_set_back_keep_nobody_waiting),
        IN_TEAM(what_is_in_hand_by_then_is_not_sent),
        cmocka_unit_test(whoever_asks_is_told_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
