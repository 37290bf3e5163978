/* paging/errand.h - what a claim hands to the courier: one message, complete, owning its texts. */
#ifndef PAGING_ERRAND_H
#define PAGING_ERRAND_H

#include "channel/channel.h"
#include "paging/pager.h"

enum { ERRAND_ITEMS_MAX = 10 };

struct errand {
    int64_t delivery_id;
    int64_t node; /* that claimed it, and alone may say how it went */
    struct address address;
    struct message message; /* its items point to `items` */
    struct message_item items[ERRAND_ITEMS_MAX];
    GStringChunk *texts; /* owns every text above */
    GPtrArray *arrays;   /* owns the labels and links of the items */
};

void errand_free(struct errand *errand);

/* Copies the text (may be NULL) into the errand. */
const char *errand_keep(struct errand *errand, const char *text);

/* Claims what is due, at most `max` messages, and answers when to come again. A ledger command. */
struct claim {
    struct pager *pager;
    const char *public_url; /* root of links, without a slash at the end */
    unsigned max;
    /* Of int64_t, or NULL: an earlier claim was perhaps kept and perhaps not, and none of it was
     * started. Deliveries that this node has claimed but for these are freed first. */
    GArray *held;
    GHashTable *busy;   /* while it runs: to which addresses a message is on its way; see claim.h */
    GPtrArray *errands; /* out: of struct errand, to be freed by whoever takes them */
    struct utc next_at; /* out: UTC_NEVER when nothing waits */
};
enum command_result pager_claim(struct ledger_tx *tx, void *arg);

/* Brings the result of one attempt home, from whichever node made it. Refused when that node was
 * counted as gone meanwhile: others have taken over what it was doing. A ledger command. */
struct settle {
    struct pager *pager;
    int64_t delivery_id;
    struct send_result result;
    int64_t node;      /* that claimed it */
    bool is_update;    /* it was to be written into a message that stands there already */
    bool is_cancelled; /* found unwanted just before sending: nothing was sent */
    bool is_unstarted; /* nothing was sent, and not because it is unwanted: it waits again */
    bool is_stale;     /* out: it was no longer this node's to say; nothing was written */
};
enum command_result pager_settle(struct ledger_tx *tx, void *arg);

/* Attempts that are still under way here: their leases go on, and of those that `tells_next` the person's
 * next contact is told meanwhile. Harmless when repeated, and for what was settled or taken over since. A
 * ledger command. */
struct renewal {
    int64_t delivery_id;
    int64_t node; /* that claimed it */
    bool tells_next;
};

struct renew {
    struct pager *pager;
    GArray *renewals; /* of struct renewal */
};
enum command_result pager_renew(struct ledger_tx *tx, void *arg);

#endif
