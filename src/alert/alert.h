/* alert/alert.h - an alert: a signal from a source, deduplicated, and what has become of it. */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include "alert/signal.h"
#include "base/state.h"
#include "ledger/ledger.h"
#include "people/user.h"

/* Below ALERT_RESOLVED the alert is open in the sense of deduplication (see index alert_open_key). */
enum alert_status {
    ALERT_OPEN = 1,
    ALERT_ACKNOWLEDGED = 2,
    ALERT_RESOLVED = 3,
    ALERT_SUPPRESSED = 4
};
extern const struct enum_name ALERT_STATUS_NAMES[];
/* Which may follow which. */
extern const struct states ALERT_STATES;

/* Where an alert comes from that no integration sends: a person's, or of a token that named the service. */
#define ALERT_MANUAL "manual"

/* A row of table alert. Owns its texts and JSON. */
struct alert {
    int64_t id;
    char *integration;
    char *dedup_key;
    char *key_service; /* whose key that is: as its sender named it; NULL: the integration's */
    char *service;
    int status;
    int severity;
    int urgency;
    char *summary;
    char *source, *component, *group, *class_name;
    json_t *details, *links;
    int64_t count;
    char *route;
    bool is_flapping;
    struct utc first_at, last_at;
    /* By the sender's clock, unset when it did not say: since when; the start of the latest episode that
     * it has named while the alert was open; when the last of them ended. */
    struct utc started_at, episode_at, ended_at;
    char *first_summary; /* as it came in; NULL while it has not changed */
    int first_severity;  /* the same; 0 */
    struct utc acknowledged_at;
    char *acknowledged_by; /* actor: "user:ana", "integration:x", "token:ci"; also who snoozed it */
    struct utc resolved_at;
    char *resolved_by;
    struct utc snoozed_until;
    struct utc expires_at;
    /* Not stored: who answers the alert fills in the silence that holds it at that moment. */
    char *silenced_by;
    struct utc silenced_until;
    json_t *
        holds; /* likewise, of a page that was just asked for: what does not go at once; NULL: all does */
};

void alert_clear(struct alert *alert);
/* The only way to another status. CHECK: ALERT_STATES allow it. */
void alert_become(struct alert *alert, enum alert_status status);
/* Put to sleep until snoozed_until: its status says acknowledged, and yet it pages again. */
NODISCARD bool alert_is_snoozed(const struct alert *alert);
/* Since when the trouble is there: by the sender's clock where it says so. */
NODISCARD struct utc alert_since(const struct alert *alert);
/* Of one that is resolved: how long the trouble was there; by our own clock where the sender's is ahead of it. */
NODISCARD struct span alert_lasted(const struct alert *alert);

/* The alert as the API shows it (ids as text, instants as RFC 3339). */
extern const struct record ALERT_RECORD;
extern const struct record LINK_SHAPE; /* one of `links`. Only described */

/* What became of a signal. */
enum take_outcome {
    TAKE_OPENED = 1, /* a new alert */
    TAKE_JOINED,     /* folded into an open one: count + 1 */
    TAKE_ACKNOWLEDGED,
    TAKE_RESOLVED,
    TAKE_UNKNOWN,    /* acknowledge or resolve for no open alert: recorded, nothing done */
    TAKE_SUPPRESSED, /* by a route: stored, never pages */
    TAKE_CONTINUED,  /* it had just been resolved by its sender, and goes on after all */
    TAKE_STALE,      /* a resolve of an episode before the one that is open: changes nothing */
};
extern const struct enum_name TAKE_OUTCOME_NAMES
    []; /* opened joined acknowledged resolved unknown suppressed continued stale */

#endif
