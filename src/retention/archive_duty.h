/* retention/archive_duty.h - the ledger's part of an archive: asks for what may go, and deletes what it is handed. */
#ifndef RETENTION_ARCHIVE_DUTY_H
#define RETENTION_ARCHIVE_DUTY_H

#include "ledger/ledger.h"
#include "retention/archive.h"

struct archive_duty {
    struct archive *archive; /* NULL: unset */
    struct archive_list *list;
    size_t listed; /* so many of its items were worked */
    struct archive_ask ask;
    bool has_ask;   /* a list is wanted … */
    bool is_asked;  /* … and was asked for */
    uint64_t noted; /* the number of the status that is in the database */
};

/* At the beginning of a run: may anything be deleted here? Not by a server that has no archive where another one had:
 * the operator may have forgotten it. What there is of one is noted. */
NODISCARD bool archive_duty_permits(struct ledger_tx *tx, struct archive_duty *duty);
/* Is what is deleted here written out before? */
NODISCARD bool archive_duty_is_on(const struct archive_duty *duty);
/* A list is wanted: it is asked for when this transaction is committed. */
void archive_duty_want(struct archive_duty *duty, const struct archive_ask *ask);
/* Outside of the transaction that wanted: is there nothing to do but to wait? */
NODISCARD bool archive_duty_waits(struct archive_duty *duty);
/* There is no list to be worked yet. */
NODISCARD bool archive_duty_has_none(const struct archive_duty *duty);
/* How it goes, into the database, if that is news. */
void archive_duty_note(struct ledger_tx *tx, struct archive_duty *duty);

/* Deletes the next items of the list, one at least while `has_time`, if they are as they were written out and may still
 * go; answers how many. */
NODISCARD int64_t archive_duty_delete(struct ledger_tx *tx, struct archive_duty *duty,
                                      struct utc before, int max,
                                      bool (*has_time)(const void *self), const void *self);
/* The same of payloads, all at once. */
NODISCARD int64_t archive_duty_delete_payloads(struct ledger_tx *tx, struct archive_duty *duty,
                                               struct utc before);
/* The list is used up: drops it, and wants the next one. False: there is none. */
NODISCARD bool archive_duty_go_on(struct archive_duty *duty, struct utc before, struct utc now);
NODISCARD bool archive_duty_is_used_up(const struct archive_duty *duty);
/* What was asked for or handed over is not wanted any more. */
void archive_duty_cancel(struct archive_duty *duty);

#endif
