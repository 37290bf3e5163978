/* paging/state.h - the states of paging, as they stand in the database and in the API. */
#ifndef PAGING_STATE_H
#define PAGING_STATE_H

#include "base/record.h"
#include "base/state.h"

/* An escalation: one alert walking one policy. */
enum escalation_state {
    ESCALATION_ACTIVE = 1, /* steps are being walked */
    ESCALATION_LAST_RESORT, /* every round stayed unanswered; the last resort is told again and again */
    ESCALATION_PAUSED,      /* acknowledged or snoozed */
    ESCALATION_ASKED,       /* acknowledged long ago: "still on it?" was asked */
    ESCALATION_ENDED,       /* resolved */
};

enum page_state {
    PAGE_ACTIVE = 1,
    PAGE_ENDED, /* acknowledged, resolved, snoozed or silenced */
    PAGE_MOVED, /* nobody had been told yet when the shift ended: the next on call was paged instead */
    PAGE_SUPERSEDED, /* a page of higher urgency tells the same person of the same alert */
};

enum notification_kind {
    NOTIFICATION_PAGE = 1,
    NOTIFICATION_STILL_ON_IT,
    NOTIFICATION_TEST,
    NOTIFICATION_GAP,
    NOTIFICATION_ENDED,    /* the alert is over */
    NOTIFICATION_RESTATED, /* what told of the alert is written anew, as it stands with it */
    NOTIFICATION_NOTICE,   /* something that is no page (notice.h) */
};

/* What the bound on noise does not hold back. */
enum notification_pass {
    PASS_NEWS = 1, /* the first critical alert of a service, to somebody who knows of none there */
    PASS_ASKED,    /* a page that a person asked for */
    PASS_UPDATE, /* what may be written into the message that told of the alert: that makes no noise */
};

enum notification_state {
    NOTIFICATION_WAITING = 1,
    NOTIFICATION_SENDING,
    NOTIFICATION_DELIVERED,
    NOTIFICATION_FAILED,    /* this contact could not be reached; the next one was tried */
    NOTIFICATION_CANCELLED, /* no longer wanted */
};

enum delivery_state {
    DELIVERY_CLAIMED = 1,
    DELIVERY_DELIVERED,
    DELIVERY_RETRY,     /* failed for now; its notifications wait for another attempt */
    DELIVERY_REFUSED,   /* failed for good */
    DELIVERY_UNKNOWN,   /* may have arrived; repeated with a word about it */
    DELIVERY_CANCELLED, /* acknowledged between claim and sending: nothing was sent */
};

/* Which may follow which. */
extern const struct states ESCALATION_STATES, PAGE_STATES, NOTIFICATION_STATES, DELIVERY_STATES;

extern const struct enum_name ESCALATION_STATE_NAMES[];
extern const struct enum_name PAGE_STATE_NAMES[];
extern const struct enum_name NOTIFICATION_KIND_NAMES[];
extern const struct enum_name NOTIFICATION_STATE_NAMES[];
extern const struct enum_name DELIVERY_STATE_NAMES[];

#endif
