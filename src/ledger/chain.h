/* ledger/chain.h - is the record of events whole? Each event carries the hash of all before it: the chain is
 * walked from the first one on, a bounded number at a time. */
#ifndef LEDGER_CHAIN_H
#define LEDGER_CHAIN_H

#include "base/record.h"
#include "ledger/checkpoint.h"

struct table;

enum chain_state {
    CHAIN_WHOLE = 1, /* as far as it was walked */
    CHAIN_EDITED,    /* an event does not fit to the ones before it */
    CHAIN_MISSING,   /* events are missing before one that is there … */
    CHAIN_CUT_OFF,   /* … or at the end */
    CHAIN_ASTRAY, /* an event stands in timelines that it does not name, or is missing from one */
    CHAIN_FORGED, /* what stands for the events that were deleted is not what was made for them */
    CHAIN_UNREAD, /* the database could not be read */
};

extern const struct enum_name CHAIN_STATE_NAMES[]; /* of all but the last */

/* How an event is kept, with its hash (db/row.h). */
extern const struct table EVENT_TABLE;

/* How far a walk has come. The events from the checkpoint up to `last_seq` hold together. */
struct chain {
    enum chain_state state;
    int64_t last_seq; /* 0: none yet; the first has 1, so it is their number, too */
    struct utc first_at, last_at;
    int64_t bad_from, bad_to; /* the first events that are edited or missing; 0: none are */
    int64_t
        seen_seq; /* that many are known by a note beside them (see ledger_pulse); 0: it says nothing */
    unsigned char hash[EVENT_HASH_SIZE];
    struct checkpoint checkpoint; /* stands for the events before */
    char *
        named; /* data of the newest event that names one; NULL: none yet. Freed at the walk's end */
};

/* The newest event that is there, or was once as a note beside the events says; 0: none. Any connection. */
NODISCARD int64_t chain_newest(struct db *db);

/* Any connection, in a transaction or without one: each step may see a newer state of the database. */
void chain_begin(struct chain *chain, struct db *db);
/* Goes on by `limit` events at most. True while there may be more and nothing is amiss. */
NODISCARD bool chain_walk(struct chain *chain, struct db *db, int limit);
/* All of it. True when it is whole. Takes as long as there are events; memory is bounded. */
NODISCARD bool chain_verify(struct db *db, struct chain *out);

/* The events after `after_seq` in order, at most `limit`, each with the hash that is kept with it. Any connection. */
void chain_list(struct db *db, int64_t after_seq, int limit,
                void (*each)(void *self, const struct event *event,
                             const unsigned char hash[EVENT_HASH_SIZE]),
                void *self);

/* The next event of a walk, with the hash that is kept with it: chain_walk's judge. */
void chain_judge(struct chain *chain, const struct event *event, const void *kept, size_t size);
/* What was walked holds together, but the index of parents says something else of that event than itself does. */
void chain_stray(struct chain *chain, int64_t seq);
/* There are no more. */
void chain_end(struct chain *chain);
/* The walk begins, or goes on, behind what is gone. `is_sealed`: by this installation. */
void chain_pass(struct chain *chain, const struct checkpoint *checkpoint, bool is_sealed);
/* Of a walk that is given up. */
void chain_clear(struct chain *chain);

/* True when it is whole; else a fault with what is amiss and what to do. `which` database, for people:
 * "backup"; `db` says why it could not be read, and may be NULL where it could. */
NODISCARD bool chain_words(const struct chain *chain, struct db *db, const char *which,
                           struct fault *fault);
/* chain_verify and chain_words together. */
NODISCARD bool chain_check(struct db *db, const char *which, struct fault *fault);

/* {state, events, deleted_seq, first_seq, first_at, last_seq, last_at, seen_seq, bad_from, bad_to, what}, without what
 * there is none of. Of one that could be read. */
NODISCARD json_t *chain_json(const struct chain *chain);

#endif
