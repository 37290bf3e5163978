/* app/signs.h - signs that people are being told: the courier's last turn, the oldest message that is due, and the
 * last turn of the main thread, which watches over both.
 *
 * A ledger that commits is not enough: alerts would be taken and nobody hear of them. Any thread. */
#ifndef APP_SIGNS_H
#define APP_SIGNS_H

#include <stdatomic.h>

#include "base/clock.h"

struct signs {
    _Atomic int64_t courier_us; /* elapsed clock: when the courier last took a turn; 0: never */
    _Atomic int64_t main_us;    /* the same of the main thread */
    atomic_int overdue_looks;   /* in a row that found a message due for two minutes */
};

void signs_courier_turned(struct signs *signs, struct span elapsed);
void signs_main_turned(struct signs *signs, struct span elapsed);
/* What one look found: how long the oldest message of this node's lanes that is due has waited. */
void signs_oldest_overdue(struct signs *signs, struct span overdue);

enum sending {
    SENDING_WORKS,
    SENDING_SILENT,    /* the courier has stood still for 20 seconds */
    SENDING_UNWATCHED, /* the main thread has: no watchdog, no pulse, no reload, no end */
    SENDING_OVERDUE, /* it moves, and a message has been due for two minutes: every way out hangs */
};

NODISCARD enum sending signs_judge(const struct signs *signs, struct span elapsed);
/* The word for programs ("silent") and the sentence for people. */
NODISCARD const char *sending_name(enum sending sending);
NODISCARD const char *sending_text(enum sending sending);

#endif
