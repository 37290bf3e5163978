/* ledger/desk.h - the ledger's thread and the bounded queue in front of it. */
#ifndef LEDGER_DESK_H
#define LEDGER_DESK_H

#include "ledger/ledger.h"

struct desk;

/* Starts the thread: it takes whatever commands are waiting (up to LIMIT_BATCH_COMMANDS), runs them
 * as one batch, ticks when something is due, sleeps otherwise. */
NODISCARD struct desk *desk_start(struct ledger *ledger, const struct clock *clock);

/* Any thread. False when the queue is full or the desk is closing: answer 503. */
NODISCARD bool desk_submit(struct desk *desk, struct command command);

/* Any thread but the desk's: submits and waits for the outcome. OUTCOME_UNAVAILABLE when full or
 * closing, and then the command's own answer is not called. */
enum command_outcome desk_submit_and_wait(struct desk *desk, struct command command);

/* Any thread: tick soon, something may have become due. */
void desk_wake(struct desk *desk);

/* For how long the thread has been at the piece of work it is at: a batch, or what became due. Any thread. */
NODISCARD struct span desk_busy_for(const struct desk *desk);

/* Runs what was submitted, refuses the rest, waits so long for the thread's end. False: it hangs, in a disk
 * above all, and may touch anything still; what it answers to must not be taken apart. */
NODISCARD bool desk_end_within(struct desk *desk, struct span patience);

/* Runs what was submitted, refuses the rest, ends the thread. */
void desk_stop(struct desk **desk);

#endif
