/* ledger/queue.h - the ledger's thread and the bounded queue in front of it. */
#ifndef LEDGER_QUEUE_H
#define LEDGER_QUEUE_H

#include "ledger/ledger.h"

struct queue;

/* Starts the thread: it takes whatever commands are waiting (up to LIMIT_BATCH_COMMANDS), runs them
 * as one batch, ticks when something is due, sleeps otherwise. */
NODISCARD struct queue *queue_start(struct ledger *ledger, const struct clock *clock);

/* Any thread. False when the queue is full or the queue is closing: answer 503. */
NODISCARD bool queue_submit(struct queue *queue, struct command command);

/* Any thread but the queue's: submits and waits for the outcome. OUTCOME_UNAVAILABLE when full or
 * closing, and then the command's own answer is not called. */
enum command_outcome queue_submit_and_wait(struct queue *queue, struct command command);

/* Any thread: tick soon, something may have become due. */
void queue_wake(struct queue *queue);

/* For how long the thread has been at the piece of work it is at: a batch, or what became due. Any thread. */
NODISCARD struct span queue_busy_for(const struct queue *queue);

/* Runs what was submitted, refuses the rest, waits so long for the thread's end. False: it hangs, in a disk
 * above all, and may touch anything still; what it answers to must not be taken apart. */
NODISCARD bool queue_end_within(struct queue *queue, struct span patience);

/* Runs what was submitted, refuses the rest, ends the thread. */
void queue_stop(struct queue **queue);

#endif
