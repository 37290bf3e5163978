/* swap/swap_store.h - swaps on disk: the only SQL about them. */
#ifndef SWAP_SWAP_STORE_H
#define SWAP_SWAP_STORE_H

#include "db/row.h"
#include "swap/swap.h"

extern const struct table SWAP_TABLE;

void swap_insert(struct db *db, struct swap *swap); /* sets id */
void swap_save(struct db *db, const struct swap *swap);
NODISCARD bool swap_load(struct db *db, int64_t id, struct swap *out);
/* The open one that asks for the very same: whoever asks twice has asked once. */
NODISCARD bool swap_find_same(struct db *db, const struct swap *asked, struct swap *out);

/* Which are listed. */
struct swap_filter {
    int state;            /* enum swap_state; 0: any */
    const char *schedule; /* NULL: any */
    const char *user;     /* who asks or is asked by name; NULL: anybody */
};

/* Newest first, those before `before_id` (0: from the newest), at most `limit`; borrowed in the call. */
void swap_list(struct db *db, const struct swap_filter *filter, int64_t before_id, int limit,
               void (*each)(void *self, const struct swap *swap), void *self);

/* UTC_NEVER: none waits. */
NODISCARD struct utc swap_first_due(struct db *db);
NODISCARD size_t swap_due(struct db *db, struct utc now, int64_t *out_ids, size_t max);
/* The first that is due cannot be worked: it is looked at again so much later. */
void swap_put_off(struct db *db, struct utc now, struct span by);

#endif
