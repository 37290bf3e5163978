/* What may never happen to an escalation, a page, a notification or a delivery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "paging/state.h"

static const struct states *const ALL[] = {&ESCALATION_STATES, &PAGE_STATES, &NOTIFICATION_STATES,
                                           &DELIVERY_STATES};

/* Every state that has a name can be come to, and none begins but in the first. */
static void each_state_can_be_reached(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ALL); i++) {
        for (const struct enum_name *to = ALL[i]->names; to->name != NULL; to++) {
            bool is_reached = false;
            for (const struct enum_name *from = ALL[i]->names; from->name != NULL; from++) {
                is_reached |= state_may(ALL[i], from->value, to->value);
            }
            if (state_may(ALL[i], 0, to->value) != (to->value == 1) ||
                (!is_reached && to->value != 1)) {
                fail_msg("%s: %s", ALL[i]->noun, to->name);
            }
        }
    }
}

static void what_is_settled_stays_so(void **state)
{
    (void)state;

    static const struct {
        const struct states *states;
        int from;
    } SETTLED[] = {
        {&PAGE_STATES, PAGE_MOVED},
        {&PAGE_STATES, PAGE_SUPERSEDED},
        {&NOTIFICATION_STATES, NOTIFICATION_DELIVERED},
        {&NOTIFICATION_STATES, NOTIFICATION_FAILED},
        {&NOTIFICATION_STATES, NOTIFICATION_CANCELLED},
        {&DELIVERY_STATES, DELIVERY_DELIVERED},
        {&DELIVERY_STATES, DELIVERY_RETRY},
        {&DELIVERY_STATES, DELIVERY_REFUSED},
        {&DELIVERY_STATES, DELIVERY_UNKNOWN},
        {&DELIVERY_STATES, DELIVERY_CANCELLED},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(SETTLED); i++) {
        const struct states *states = SETTLED[i].states;
        for (const struct enum_name *to = states->names; to->name != NULL; to++) {
            if (state_may(states, SETTLED[i].from, to->value)) {
                fail_msg("%s: %s after %s", states->noun, to->name,
                         enum_to_name(states->names, SETTLED[i].from));
            }
        }
    }
}

/* Nobody is told of a message that was never tried, and nobody is asked who does not have it in hand. */
static void nothing_is_skipped(void **state)
{
    (void)state;
    assert_false(state_may(&NOTIFICATION_STATES, NOTIFICATION_WAITING, NOTIFICATION_DELIVERED));
    assert_false(state_may(&ESCALATION_STATES, ESCALATION_ACTIVE, ESCALATION_ASKED));
    assert_false(state_may(&ESCALATION_STATES, ESCALATION_LAST_RESORT, ESCALATION_ASKED));
    assert_false(state_may(&ESCALATION_STATES, ESCALATION_ENDED, ESCALATION_ASKED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_can_be_reached),
        cmocka_unit_test(what_is_settled_stays_so),
        cmocka_unit_test(nothing_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
