/* alert/intake.h - a signal meets the alerts: find, open, join, acknowledge, resolve.
 *
 * What happens to the alert itself, in the ledger's transaction. Whom to tell is decided above. */
#ifndef ALERT_INTAKE_H
#define ALERT_INTAKE_H

#include "alert/alert.h"
#include "alert/service.h"
#include "base/principal.h"
#include "base/random.h"
#include "ledger/ledger.h"

/* The configuration as far as it matters here; everything is borrowed. */
struct intake_view {
    const GPtrArray *routes;   /* of struct route, in order */
    const GPtrArray *silences; /* of struct silence */
    GHashTable *services;      /* name -> struct service */
    const struct random *random;
};

/* What became of a signal. The alert is the caller's (alert_clear); id 0 for TAKE_UNKNOWN. */
struct intake_result {
    struct alert alert;
    int outcome;          /* enum take_outcome */
    struct span was_over; /* TAKE_CONTINUED: for so long it had counted as over */
    int severity_before;  /* of an alert that was known; 0: it was not */
    /* Opened or suppressed, and a pattern of a route or silence gave up: the event says of which. */
    bool is_unsure;
};

/* Appends alert.triggered, alert.repeated (only when it changes what the sender says: plain repeats
 * count up and leave no event, so that a storm stays cheap), alert.continued, alert.acknowledged,
 * alert.resolved, alert.suppressed, alert.flapping or alert.unknown.
 *
 * `signal` stays the caller's and is used again when the batch is repeated; a missing or too long
 * dedup_key is settled in it. `service` is the integration's own, or for ALERT_MANUAL the one that the sender
 * named, which then is part of what makes two keys the same. */
void alert_take(struct ledger_tx *tx, const struct intake_view *view, struct signal *signal,
                const char *integration, const char *service, struct intake_result *out);

/* Asks ahead what alert_take will ask about the signal: see ledger's struct command. */
void alert_foresee(struct ledger_tx *tx, const struct signal *signal, const char *integration,
                   const char *service);

/* For the acts of people and duties, so that every door writes the same events: changes the row and
 * appends alert.acknowledged or alert.resolved. False when there was nothing to change (already so,
 * or resolved). `note` and `reason` may be NULL; reason says why a duty did it ("expired"). */
bool alert_acknowledge(struct ledger_tx *tx, struct alert *alert, struct principal actor,
                       const char *note);
bool alert_resolve(struct ledger_tx *tx, struct alert *alert, struct principal actor,
                   const char *note, const char *reason);

#endif
