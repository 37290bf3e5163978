/* ledger/checkpoint.h - stands for the events that were deleted from the old end of the chain.
 *
 * The row says how far they are gone and with which hash the last of them ended, so that the chain can be walked from
 * there. It is sealed by a key of the installation, and the newest event of EVENT_RETENTION_CHECKPOINT names it: whoever
 * invents one, changes it or takes it away is found by chain_walk. */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "ledger/event.h"

struct table;

enum { CHECKPOINT_KEY_SIZE = 32 };

struct checkpoint {
    int64_t seq; /* of the newest event that is gone; 0: none is */
    struct utc at;
    unsigned char hash[EVENT_HASH_SIZE]; /* of that event */
};

/* What goes with the event that names it. */
#define CHECKPOINT_SEQ "last_seq"
#define CHECKPOINT_HASH "hash"
extern const struct event_kind EVENT_RETENTION_CHECKPOINT;

extern const struct table CHECKPOINT_TABLE;

/* Pure. */
void checkpoint_seal(const struct checkpoint *checkpoint,
                     const unsigned char key[CHECKPOINT_KEY_SIZE],
                     unsigned char out[EVENT_HASH_SIZE]);
/* The event's data; a new reference. */
NODISCARD json_t *checkpoint_json(const struct checkpoint *checkpoint);
/* Does the data, a JSON text, name it? */
NODISCARD bool checkpoint_is_named(const struct checkpoint *checkpoint, const char *data);

/* Zeroed when there is none. False: its seal is not ours. Any connection. */
NODISCARD bool checkpoint_load(struct db *db, struct checkpoint *out);

/* Deletes all events up to this one, which must not be the newest, and leaves a checkpoint: all in this transaction.
 * Answers how many there were. */
int64_t event_forget(struct ledger_tx *tx, int64_t last_seq);

#endif
