/* app/ending.h - the signals that a server is told by, and an end in any case.
 *
 * A thread of its own waits for them, for the main thread may stand in a disk or a file that hangs, also before
 * the server is up. From SIGTERM or SIGINT on the process has a bounded time: what has not ended then is cut
 * off, with 1 as exit code. All that was committed is kept. */
#ifndef APP_ENDING_H
#define APP_ENDING_H

#include "base/clock.h"
#include "base/fault.h"

struct ending;

/* Blocks the signals; before any other thread is made. Until the process ends: the thread stays, and what is
 * given back with it. NULL and a fault when no thread can be had. `patience`: from the signal to the cut. */
NODISCARD struct ending *ending_await(struct span patience, struct fault *fault);

/* Waits so long for the next: SIGHUP, once each; SIGTERM or SIGINT, from then on at once; 0 for none. */
NODISCARD int ending_next(struct ending *ending, struct span wait);

#endif
