/* The rules of accounts, and attempts that are counted: tables. */
#include "account/account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "account/audit.h"
#include "account/throttle.h"

static void passwords_are_long_and_no_name(void **state)
{
    (void)state;
    g_autofree char *longest = g_strnfill(PASSWORD_BYTES_MAX, 'x');
    g_autofree char *longer = g_strnfill(PASSWORD_BYTES_MAX + 1, 'x');

    const struct {
        const char *name, *password;
        bool is_good;
    } rows[] = {
        {"a few words", "correct horse", true},
        {"ten characters", "abcdefghij", true},
        {"nine", "abcdefghi", false},
        {"nine of more bytes each", "ééééééééé", false},
        {"ten of more bytes each", "éééééééééé", true},
        {"nothing but blanks is long all the same", "          ", true},
        {"the longest", longest, true},
        {"longer", longer, false},
        {"no UTF-8", "abcdefghij\xff", false},
        {"the handle", "ana.wijaya", false},
        {"the handle in capitals", "ANA.WIJAYA", false},
        {"the full name", "Ana Wijaya", false},
        {"more than the name", "ana.wijaya1", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        if (account_check_password(rows[i].password, "ana.wijaya", "Ana Wijaya", &fault) !=
            rows[i].is_good) {
            fail_msg("%s", rows[i].name);
        }
        assert_true(rows[i].is_good || strcmp(fault.field, "password") == 0);
        assert_null(strstr(fault.text, rows[i].password));
    }
    struct fault fault = {0};
    assert_true(account_check_password("correct horse", "ana", NULL, &fault));
}

static void somebody_is_left_who_owns_and_who_answers(void **state)
{
    (void)state;
    const struct account_standing two_owners[] = {{"ana", ROLE_OWNER, true, true},
                                                  {"budi", ROLE_OWNER, true, true}};
    const struct account_standing one_comes[] = {{"ana", ROLE_OWNER, true, true},
                                                 {"budi", ROLE_OWNER, false, true}};
    const struct account_standing one_is_reached[] = {{"ana", ROLE_OWNER, true, false},
                                                      {"budi", ROLE_RESPONDER, true, true},
                                                      {"chen", ROLE_FRONTLINE, true, true}};
    const struct account_standing none_is_reached[] = {{"ana", ROLE_OWNER, true, false},
                                                       {"budi", ROLE_RESPONDER, true, false}};

#define OF(list) (list), G_N_ELEMENTS(list)

    const struct {
        const char *name;
        const struct account_standing *all;
        size_t count;
        const char *who;
        int role; /* 0: disabled */
        bool may;
    } rows[] = {
        {"one of two owners", OF(two_owners), "ana", ROLE_PARTNER, true},
        {"one of two owners is disabled", OF(two_owners), "budi", 0, true},
        {"the other has set no password yet", OF(one_comes), "ana", ROLE_ADMIN, false},
        {"the other goes", OF(one_comes), "budi", 0, true},
        {"the only owner is disabled", OF(one_is_reached), "ana", 0, false},
        {"the only owner stays one", OF(one_is_reached), "ana", ROLE_OWNER, true},
        {"the only one who is reached", OF(one_is_reached), "budi", ROLE_STAKEHOLDER, false},
        {"is disabled", OF(one_is_reached), "budi", 0, false},
        {"takes alerts still", OF(one_is_reached), "budi", ROLE_ADMIN, true},
        {"who takes none", OF(one_is_reached), "chen", 0, true},
        {"where nobody is reached anyway", OF(none_is_reached), "budi", 0, true},
        {"somebody else", OF(two_owners), "dian", 0, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        if (account_check_left(rows[i].all, rows[i].count, rows[i].who, rows[i].role, &fault) !=
            rows[i].may) {
            fail_msg("%s: %s", rows[i].name, fault.text);
        }
        assert_true(rows[i].may || strstr(fault.text, rows[i].who) != NULL);
    }
}

static void only_owners_touch_owners(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int by, before, after;
        bool may;
    } ROWS[] = {
        {"an owner makes one", ROLE_OWNER, 0, ROLE_OWNER, true},
        {"an owner ends one", ROLE_OWNER, ROLE_OWNER, ROLE_PARTNER, true},
        {"an admin makes an admin", ROLE_ADMIN, 0, ROLE_ADMIN, true},
        {"an admin makes an owner", ROLE_ADMIN, ROLE_ADMIN, ROLE_OWNER, false},
        {"an admin ends an owner", ROLE_ADMIN, ROLE_OWNER, ROLE_ADMIN, false},
        {"an admin disables an owner", ROLE_ADMIN, ROLE_OWNER, 0, false},
        {"a responder", ROLE_RESPONDER, ROLE_PARTNER, ROLE_PARTNER, false},
        {"nobody", 0, ROLE_PARTNER, 0, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault = {0};
        if (account_check_rank(ROWS[i].by, ROWS[i].before, ROWS[i].after, &fault) != ROWS[i].may) {
            fail_msg("%s", ROWS[i].name);
        }
    }
}

static void a_session_ends_unused_or_old(void **state)
{
    (void)state;
    const struct utc start = {1795000000000000};
    const struct utc ends = utc_add(start, SESSION_LONGEST);

    const struct {
        const char *name;
        struct span seen, now; /* after the start */
        bool is_live;
    } rows[] = {
        {"at once", {0}, {0}, true},
        {"just before it is too long unused", {0}, {SESSION_IDLE.us - 1}, true},
        {"too long unused", {0}, SESSION_IDLE, false},
        {"used meanwhile", SPAN_D(20), SPAN_D(40), true},
        {"used to the end", {SESSION_LONGEST.us - 1}, {SESSION_LONGEST.us - 1}, true},
        {"too old", {SESSION_LONGEST.us - 1}, SESSION_LONGEST, false},
        {"the clock went back", SPAN_D(20), SPAN_D(10), true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (session_is_live(utc_add(start, rows[i].seen), ends, utc_add(start, rows[i].now)) !=
            rows[i].is_live) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static struct throttle *throttle_new(void)
{
    struct throttle *throttle = g_new0(struct throttle, 1);
    throttle->forgiven = 3;
    throttle->each = SPAN_MIN(1);
    throttle->longest = SPAN_S(60);
    return throttle;
}

/* How long until the next may be made; each is made as soon as it may. */
static void each_wrong_attempt_doubles_the_wait(void **state)
{
    (void)state;
    static const int WAITS_S[] = {0, 0, 0, 2, 4, 8, 16, 32, 60, 60};
    g_autofree struct throttle *throttle = throttle_new();
    struct span now = SPAN_S(1000);
    throttle->each = SPAN_D(1); /* nothing is forgiven meanwhile */
    for (size_t i = 0; i < G_N_ELEMENTS(WAITS_S); i++) {
        assert_int_equal(throttle_take(throttle, 7, now), 0);
        if (WAITS_S[i] > 0) {
            assert_int_equal(throttle_take(throttle, 7, now), WAITS_S[i]);
            struct span early = {now.us + SPAN_S(WAITS_S[i]).us - 1};
            assert_int_equal(throttle_take(throttle, 7, early), 1);
            now.us += SPAN_S(WAITS_S[i]).us;
        }
    }
    assert_int_equal(throttle_take(throttle, 8, now), 0); /* somebody else */
}

static void waits_are_forgotten_with_time_and_by_success(void **state)
{
    (void)state;
    g_autofree struct throttle *throttle = throttle_new();
    struct span now = SPAN_S(1000);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(throttle_take(throttle, 7, now), 0);
    }
    assert_int_equal(throttle_take(throttle, 7, now), 2);
    throttle_give_back(throttle, 7, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(throttle_take(throttle, 7, now), 0);
    }
    assert_int_equal(throttle_take(throttle, 7, now), 2);
    now.us += SPAN_MIN(4).us;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(throttle_take(throttle, 7, now), 0);
    }
    assert_int_equal(throttle_take(throttle, 7, now), 2);
    throttle_give_back(throttle, 7, false); /* one of them was a good one */
    assert_int_equal(throttle_take(throttle, 7, now), 0);
    assert_int_equal(throttle_take(throttle, 7, now), 2);
    assert_int_equal(throttle_take(throttle, 7 + THROTTLE_SLOTS, now), 2); /* shares its count */
}

static void an_audit_shows_what_somebody_did(void **state)
{
    (void)state;

    static const struct {
        const char *name, *actor, *kind; /* of the event */
        struct audit_filter filter;
        bool is_shown;
    } ROWS[] = {
        {"a person", "user:ana", "alert.acknowledged", {0}, true},
        {"a token", "token:ci", "config.changed", {0}, true},
        {"at the machine", "local", "key.minted", {0}, true},
        {"the file", "file", "config.changed", {0}, true},
        {"what follows by itself", "tocsin", "alert.escalated", {0}, false},
        {"an integration", "integration:am", "alert.triggered", {0}, false},
        {"attempts in vain", "tocsin", "account.sign_in_failed", {0}, true},
        {"by them", "user:ana", "alert.acknowledged", {"user:ana", NULL}, true},
        {"by them, for short", "user:ana", "alert.acknowledged", {"ana", NULL}, true},
        {"by somebody else", "user:ana", "alert.acknowledged", {"user:budi", NULL}, false},
        {"by a program of that name", "token:ana", "alert.acknowledged", {"ana", NULL}, false},
        {"of that kind", "user:ana", "alert.acknowledged", {NULL, "alert.acknowledged"}, true},
        {"of those that begin so", "user:ana", "alert.acknowledged", {NULL, "alert"}, true},
        {"of another", "user:ana", "alert.acknowledged", {NULL, "alert.resolved"}, false},
        {"in the middle of a word", "user:ana", "alert.acknowledged", {NULL, "al"}, false},
        {"nobody's of that kind", "tocsin", "alert.escalated", {NULL, "alert"}, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const struct event event = {.actor = ROWS[i].actor, .kind = ROWS[i].kind};
        if (audit_shows(&ROWS[i].filter, &event) != ROWS[i].is_shown) {
            fail_msg("%s", ROWS[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_long_and_no_name),
        cmocka_unit_test(somebody_is_left_who_owns_and_who_answers),
        cmocka_unit_test(only_owners_touch_owners),
        cmocka_unit_test(a_session_ends_unused_or_old),
        cmocka_unit_test(each_wrong_attempt_doubles_the_wait),
        cmocka_unit_test(waits_are_forgotten_with_time_and_by_success),
        cmocka_unit_test(an_audit_shows_what_somebody_did),
    };
    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
