/* swap/swap_work.h - the ledger's commands about swaps, and the duty that reminds and ends them. */
#ifndef SWAP_SWAP_WORK_H
#define SWAP_SWAP_WORK_H

#include "config/config_work.h"
#include "swap/swap.h"

struct pager;

/* Somebody asks. Their own struct is changed: `id`, `state` and the like are set. 201; 200 when the very same was asked
 * for already, and is open. */
struct ask_swap {
    struct config_command base;
    struct pager *pager;
    const struct swap *asked; /* what of SWAP_ASKED, with asker */
    struct swap swap;         /* out */
};
enum command_result ask_swap_run(struct ledger_tx *tx, void *arg);
void ask_swap_clear(void *arg);

/* One says yes, no, or that it is not needed any more. To say again what was said already changes nothing. */
struct answer_swap {
    struct config_command base;
    struct pager *pager;
    int64_t id;
    enum swap_state to; /* SWAP_ACCEPTED, SWAP_DECLINED, SWAP_WITHDRAWN */
    const char *note;   /* may be NULL */
    struct swap swap;   /* out */
};
enum command_result answer_swap_run(struct ledger_tx *tx, void *arg);
void answer_swap_clear(void *arg);

/* The duty's two; self is the pager. */
struct utc swap_next_due(struct ledger_tx *tx, void *self);
int swap_run_due(struct ledger_tx *tx, void *self, int limit);
void swap_put_off_due(struct ledger_tx *tx, void *self, struct span by);

/* swap_events.c; NULL at the end. */
extern const struct event_kind EVENT_SWAP_ASKED, EVENT_SWAP_REMINDED, EVENT_SWAP_ACCEPTED,
    EVENT_SWAP_DECLINED, EVENT_SWAP_WITHDRAWN, EVENT_SWAP_EXPIRED;
extern const struct event_kind *const SWAP_EVENTS[];

#endif
