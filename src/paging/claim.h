/* paging/claim.h - inside the paging room: one look into a mailbox, and the message that comes of it. */
#ifndef PAGING_CLAIM_H
#define PAGING_CLAIM_H

#include "paging/end_store.h"
#include "paging/errand.h"
#include "paging/work.h"

/* Whether and what to send from a mailbox. */
struct look {
    struct claim *claim;
    bool is_there;
    struct mailbox mailbox;
    struct contact contact;
    GArray *waiting;                         /* of struct notification */
    struct sent recent[DELIVERY_RECENT_MAX]; /* what the throttle judges by */
    size_t recent_count;
    struct utc paged_at; /* of what is wanted: when the first of the pages was made */
    bool passes;         /* the message goes past the bound on noise, with only what may */
};

/* --- one attempt at a time to one address (address_work.c) --- */

/* Of all nodes; before anything is claimed. */
void addresses_read(struct ledger_tx *tx, struct claim *claim);
void addresses_forget(struct claim *claim);
/* The delivery goes there now. */
void address_take(struct claim *claim, const struct delivery *delivery);
/* True: an attempt is under way to where the mailbox sends, and what is due there waits for its end; when
 * the attempt is slow, it went to the next contacts as well. */
NODISCARD bool address_is_busy(struct ledger_tx *tx, struct look *look);

/* --- the message --- */

/* Both open a delivery. A test, a question, a warning or an end goes as a message of its own; an end also
 * into the message that told of the alert (else NULL), and who has it only there. */
NODISCARD struct errand *build_special(struct ledger_tx *tx, const struct look *look,
                                       const struct notification *n,
                                       const struct told_message *told);
/* One page as itself, several as one digest. `wanted`: of indexes into look->waiting. */
NODISCARD struct errand *build_pages(struct ledger_tx *tx, const struct look *look,
                                     const GArray *wanted);

#endif
