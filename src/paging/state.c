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
    {"page", NOTIFICATION_PAGE},
    {"still_on_it", NOTIFICATION_STILL_ON_IT},
    {"test", NOTIFICATION_TEST},
    {"gap", NOTIFICATION_GAP},
    {"ended", NOTIFICATION_ENDED},
    {"restated", NOTIFICATION_RESTATED},
    {NULL, 0},
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
