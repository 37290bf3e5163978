/* ledger/event.h - the one event log: what happened, in order, by whom.
 *
 * Timeline, audit trail, live events and explain all read it. Each event carries the BLAKE2b-256
 * hash of its predecessor's hash and its own content, so that a change of history shows. */
#ifndef LEDGER_EVENT_H
#define LEDGER_EVENT_H

#include <jansson.h>

#include "base/describe.h"
#include "base/principal.h"
#include "base/subject.h"
#include "ledger/ledger.h"

enum { EVENT_HASH_SIZE = 32 };

/* Member of an event's data: from which address somebody did it over HTTP (struct command's client). It says where
 * people are: only for those who may administer. */
#define EVENT_CLIENT "client_address"

/* A kind of event: a row that lives with its noun. */
struct event_kind {
    const char *name;            /* "alert.triggered", "page.started": noun.past-participle */
    const char *const *subjects; /* it may be about ("alert"), NULL at the end; NULL: anything */
    int scope; /* of a token (access/token.h) that sees it at the least; 0: whoever may read */
    const struct record *data; /* what goes with it, besides EVENT_CLIENT; NULL: nothing */
    bool is_trouble;           /* for people who run the server: the log file warns of it */
};

/* What the ledger tells of itself; NULL at the end. */
extern const struct event_kind *const LEDGER_EVENTS[];

/* One as it stands in the log. */
struct event {
    int64_t seq; /* 1, 2, 3 … */
    struct utc at;
    const char
        *actor; /* who did it (base/principal.h): "user:ana", "integration:prod-am", "tocsin" */
    const char *kind;    /* of a struct event_kind, perhaps of another version's */
    const char *subject; /* base/subject.h: "alert:42", "schedule:payments-primary" */
    const char *data;    /* JSON object as text */
};

/* The hash that goes with an event: over the hash of the one before (32 zero bytes before the first)
 * and every field. `out` may be `before`. */
void event_hash(const unsigned char before[EVENT_HASH_SIZE], const struct event *event,
                unsigned char out[EVENT_HASH_SIZE]);

/* Appends with at = tx->now. `data` is written compactly, with EVENT_CLIENT where there is one, and may be NULL; its
 * reference stays the caller's. */
void event_append(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                  struct subject subject, const json_t *data);

/* What happened, for who listens inside the transaction of it. All borrowed for the call. */
struct occurrence {
    int64_t seq;
    struct principal actor;
    const struct event_kind *kind;
    struct subject subject;
    const json_t *data; /* as it was given to event_append; NULL: none */
};

/* Listens to the events of a lower floor, which does not learn of it. */
struct ledger_subscriber {
    const char *name;
    const struct event_kind *const *kinds; /* NULL at the end */
    const char *subject;                   /* kind of what they must be about; NULL: anything */
    /* Within event_append, when the row is written and before it answers: what it writes is part of the same
     * commit, and what it appends comes after. Runs again when the batch does, like any command. */
    void (*happened)(struct ledger_tx *tx, void *self, const struct occurrence *what);
    void *self;
};

/* Subscribers are called in the order of this. Before the first batch. */
void ledger_subscribe(struct ledger *ledger, struct ledger_subscriber subscriber);

/* So deep may events follow from events: a subscriber's own are heard by subscribers, too. */
enum { EVENT_DEPTH_MAX = 8 };

/* Events after `after_seq` in order, at most `limit`, only those of `subject` when it is not NULL.
 * The callback's event is valid during the call. Any connection. */
void event_list(struct db *db, int64_t after_seq, const struct subject *subject, int limit,
                void (*each)(void *self, const struct event *event), void *self);

/* Those before `before_seq` (0: from the newest), the newest first, likewise. */
void event_list_back(struct db *db, int64_t before_seq, int limit,
                     void (*each)(void *self, const struct event *event), void *self);

NODISCARD int64_t event_last_seq(struct db *db);

/* From now on CHECKs of each event that its data are as its kind describes them. For tests and the simulator. */
void ledger_judge_events(struct ledger *ledger);

/* The kind of that name among those that the ledger was given; NULL: another version's, or older. Safe from any
 * thread. */
NODISCARD const struct event_kind *event_kind_of(const struct ledger *ledger, const char *name);
/* All of those, by name. A new array of them, borrowed. Safe from any thread. */
NODISCARD GPtrArray *event_kinds(const struct ledger *ledger);

#endif
