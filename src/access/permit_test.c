#include "access/permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct permit READ = {"thing.read", SCOPE_READ, "thing", "Read things."};
static const struct permit RESPOND = {"thing.respond", SCOPE_RESPOND, "thing", "Move things."};
static const struct permit ADMIN = {"thing.admin", SCOPE_ADMIN, NULL, "Rule over things."};

static void test_a_scope_is_a_set_of_permits(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int scope;
        bool reads, responds, rules;
    } ROWS[] = {
        {"no scope", 0, false, false, false},
        {"read", SCOPE_READ, true, false, false},
        {"respond", SCOPE_RESPOND, true, true, false},
        {"admin", SCOPE_ADMIN, true, true, true},
    };
    const struct subject thing = subject_named("thing", "box");
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const struct subject *const objects[] = {NULL, &thing};
        for (size_t o = 0; o < G_N_ELEMENTS(objects); o++) {
            const struct caller caller = {.principal = {.kind = PRINCIPAL_TOKEN, .name = "ci"},
                                          .scope = ROWS[i].scope};
            if (caller_may(&caller, &READ, objects[o]) != ROWS[i].reads ||
                caller_may(&caller, &RESPOND, objects[o]) != ROWS[i].responds ||
                caller_may(&caller, &ADMIN, objects[o]) != ROWS[i].rules) {
                fail_msg("scope %s with%s object", ROWS[i].name, o == 0 ? "out an" : " an");
            }
        }
    }
}

static void test_one_who_is_bound_reaches_that_alone(void **state)
{
    (void)state;
    const struct caller caller = {.principal = {.kind = PRINCIPAL_TOKEN, .name = "ci"},
                                  .scope = SCOPE_RESPOND,
                                  .only = subject_named("service", "payments")};

    const struct {
        const char *name;
        struct subject object;
        bool may;
    } rows[] = {
        {"its own", subject_named("service", "payments"), true},
        {"another", subject_named("service", "search"), false},
        {"another of that name", subject_named("team", "payments"), false},
        {"one with a number", subject_of_id("alert", 7), false},
        {"about nothing", {0}, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (caller_may(&caller, &RESPOND, &rows[i].object) != rows[i].may) {
            fail_msg("%s", rows[i].name);
        }
    }
    assert_false(caller_may(&caller, &READ, NULL));
    /* And there, too, no further than its scope. */
    assert_false(caller_may(&caller, &ADMIN, &rows[0].object));
}

static void test_a_caller_has_its_name_for_itself(void **state)
{
    (void)state;
    char name[] = "ci";
    struct caller *caller =
        caller_create((struct principal){.kind = PRINCIPAL_TOKEN, .name = name}, SCOPE_READ);
    name[0] = 'x';
    assert_string_equal(caller->principal.name, "ci");
    assert_null(caller->only.kind);
    caller_destroy(caller);
    caller_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_scope_is_a_set_of_permits),
        cmocka_unit_test(test_one_who_is_bound_reaches_that_alone),
        cmocka_unit_test(test_a_caller_has_its_name_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
