/* app/journal.h - the event log, told in the program's own log: one line per event, with its subject
 * ("alert:42") as the id that goes through all of them, from intake to delivery.
 *
 * Read by a connection of its own after the commit, so that it costs the ledger nothing. In a storm
 * the log leaves lines out (and counts them); the event log has them all. */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include "api/context.h"

struct journal;

/* Starts behind the newest event: what an earlier run did is not told again. `api` must outlive it. */
NODISCARD struct journal *journal_open(const struct api_context *api);
void journal_close(struct journal **journal);

/* Tells what was added since; called a few times a second. */
void journal_tick(struct journal *journal);

#endif
