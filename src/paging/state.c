#include "paging/state.h"

const struct enum_name ESCALATION_STATE_NAMES[] = {
    {"active", ESCALATION_ACTIVE}, {"last_resort", ESCALATION_LAST_RESORT},
    {"paused", ESCALATION_PAUSED}, {"asked", ESCALATION_ASKED},
    {"ended", ESCALATION_ENDED},   {NULL, 0},
};

const struct enum_name PAGE_STATE_NAMES[] = {
    {"active", PAGE_ACTIVE},
    {"ended", PAGE_ENDED},
    {"moved", PAGE_MOVED},
    {"superseded", PAGE_SUPERSEDED},
    {NULL, 0},
};

const struct enum_name NOTIFICATION_KIND_NAMES[] = {
    {"page", NOTIFICATION_PAGE},     {"still_on_it", NOTIFICATION_STILL_ON_IT},
    {"test", NOTIFICATION_TEST},     {"gap", NOTIFICATION_GAP},
    {"ended", NOTIFICATION_ENDED},   {"restated", NOTIFICATION_RESTATED},
    {"notice", NOTIFICATION_NOTICE}, {NULL, 0},
};

const struct enum_name NOTIFICATION_STATE_NAMES[] = {
    {"waiting", NOTIFICATION_WAITING},     {"sending", NOTIFICATION_SENDING},
    {"delivered", NOTIFICATION_DELIVERED}, {"failed", NOTIFICATION_FAILED},
    {"cancelled", NOTIFICATION_CANCELLED}, {NULL, 0},
};

const struct enum_name DELIVERY_STATE_NAMES[] = {
    {"claimed", DELIVERY_CLAIMED},
    {"delivered", DELIVERY_DELIVERED},
    {"retry", DELIVERY_RETRY},
    {"refused", DELIVERY_REFUSED},
    {"unknown", DELIVERY_UNKNOWN},
    {"cancelled", DELIVERY_CANCELLED},
    {NULL, 0},
};

#define STATES(noun_, names_, changes_)                                                            \
    {                                                                                              \
        .noun = (noun_), .names = (names_), .changes = (changes_), .count = G_N_ELEMENTS(changes_) \
    }

/* It goes round until somebody has the subject in hand, or it is over; and what was over may go on after all, where it
 * stood or from the beginning. */
static const struct state_change ESCALATION_CHANGES[] = {
    {0, STATE_BIT(ESCALATION_ACTIVE)},
    {ESCALATION_ACTIVE, STATE_BIT(ESCALATION_LAST_RESORT) | STATE_BIT(ESCALATION_PAUSED) |
                            STATE_BIT(ESCALATION_ENDED)},
    {ESCALATION_LAST_RESORT,
     STATE_BIT(ESCALATION_ACTIVE) | STATE_BIT(ESCALATION_PAUSED) | STATE_BIT(ESCALATION_ENDED)},
    {ESCALATION_PAUSED,
     STATE_BIT(ESCALATION_ASKED) | STATE_BIT(ESCALATION_ACTIVE) | STATE_BIT(ESCALATION_ENDED)},
    {ESCALATION_ASKED,
     STATE_BIT(ESCALATION_PAUSED) | STATE_BIT(ESCALATION_ACTIVE) | STATE_BIT(ESCALATION_ENDED)},
    {ESCALATION_ENDED, STATE_BIT(ESCALATION_ACTIVE) | STATE_BIT(ESCALATION_LAST_RESORT) |
                           STATE_BIT(ESCALATION_PAUSED)},
};
const struct states ESCALATION_STATES =
    STATES("escalation", ESCALATION_STATE_NAMES, ESCALATION_CHANGES);

/* Only what ended with its subject goes on with it. */
static const struct state_change PAGE_CHANGES[] = {
    {0, STATE_BIT(PAGE_ACTIVE)},
    {PAGE_ACTIVE, STATE_BIT(PAGE_ENDED) | STATE_BIT(PAGE_MOVED) | STATE_BIT(PAGE_SUPERSEDED)},
    {PAGE_ENDED, STATE_BIT(PAGE_ACTIVE)},
};
const struct states PAGE_STATES = STATES("page", PAGE_STATE_NAMES, PAGE_CHANGES);

/* What is tried waits again until it arrived, was tried often enough, or nobody wants it any more. */
static const struct state_change NOTIFICATION_CHANGES[] = {
    {0, STATE_BIT(NOTIFICATION_WAITING)},
    {NOTIFICATION_WAITING, STATE_BIT(NOTIFICATION_SENDING) | STATE_BIT(NOTIFICATION_FAILED) |
                               STATE_BIT(NOTIFICATION_CANCELLED)},
    {NOTIFICATION_SENDING, STATE_BIT(NOTIFICATION_WAITING) | STATE_BIT(NOTIFICATION_DELIVERED) |
                               STATE_BIT(NOTIFICATION_FAILED) | STATE_BIT(NOTIFICATION_CANCELLED)},
};
const struct states NOTIFICATION_STATES =
    STATES("notification", NOTIFICATION_STATE_NAMES, NOTIFICATION_CHANGES);

/* An attempt is settled once. */
static const struct state_change DELIVERY_CHANGES[] = {
    {0, STATE_BIT(DELIVERY_CLAIMED)},
    {DELIVERY_CLAIMED, STATE_BIT(DELIVERY_DELIVERED) | STATE_BIT(DELIVERY_RETRY) |
                           STATE_BIT(DELIVERY_REFUSED) | STATE_BIT(DELIVERY_UNKNOWN) |
                           STATE_BIT(DELIVERY_CANCELLED)},
};
const struct states DELIVERY_STATES = STATES("delivery", DELIVERY_STATE_NAMES, DELIVERY_CHANGES);
