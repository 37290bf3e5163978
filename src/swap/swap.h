/* swap/swap.h - somebody asks another person, or everybody who takes turns with them, to take their shifts; whoever
 * accepts is on call instead. Pure. */
#ifndef SWAP_SWAP_H
#define SWAP_SWAP_H

#include "base/record.h"
#include "base/utc.h"

#define SWAP_SUBJECT "swap"

enum swap_state {
    SWAP_OPEN = 1,
    SWAP_ACCEPTED,
    SWAP_DECLINED,
    SWAP_WITHDRAWN, /* whoever asked needs nobody any more */
    SWAP_EXPIRED,   /* nobody had answered in time */
};
extern const struct enum_name SWAP_STATE_NAMES[];

/* Owns its texts. */
struct swap {
    int64_t id;
    char *schedule;
    char *asker; /* whose shifts they are */
    char *
        asked; /* NULL: everybody who takes turns in the schedule; once it is accepted, who took them */
    struct utc from, until;
    struct utc back_from,
        back_until; /* in return the asker takes theirs of that time; unset: nothing */
    char *comment;
    int state; /* enum swap_state */
    struct utc asked_at;
    char *answered_by; /* an actor */
    struct utc answered_at;
    char *note;             /* what they said with it */
    struct utc reminded_at; /* unset: not yet */
    struct utc next_at;     /* when it is to be looked at; unset: never again */
};

/* What is asked for (`asker` is its member "user"), and the whole as it is answered and kept. */
extern const struct record SWAP_ASKED, SWAP_RECORD;

void swap_clear(struct swap *swap);
/* The only way to another state. CHECK: the table of states allows it. */
void swap_become(struct swap *swap, enum swap_state state);

/* Is it one that can be asked for: times in order, ahead, within a year, and not of oneself? */
NODISCARD bool swap_check(const struct swap *swap, struct utc now, struct fault *fault);

/* When there is something to do if nobody answers: a reminder half-way, a day after the question at the latest, and
 * only while there is time to answer; when the shifts begin (end, of those that had begun by then) it is over. */
NODISCARD struct utc swap_next_at(const struct swap *swap);
NODISCARD bool swap_is_late(const struct swap *swap, struct utc now);

#endif
