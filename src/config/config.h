/* config/config.h - the configuration in force: an immutable snapshot, shared by reference.
 *
 * The ledger builds one from the database at start and after each change, and publishes it; a
 * reader takes a reference for the length of one request. Everything is found by name, and names
 * that history still mentions (deleted users) are simply not found. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdatomic.h>

#include "config/kind.h"

/* What there is of one kind. */
struct config_items {
    GPtrArray *list;     /* in file order, which is the order that routes are tried in */
    GHashTable *by_name; /* name -> the same pointers */
};

struct config {
    int64_t version;            /* grows with each change */
    struct config_items *kinds; /* as many as there are kinds, in their order */
    _Atomic int refs;           /* config_ref, config_unref */
};

NODISCARD const char *config_item_name(const void *item);

/* An empty configuration of version 0 with one reference. */
NODISCARD struct config *config_create(void);
/* Takes `item` over (a struct of that kind, from record_new); false, and still the caller's, when
 * there is one of that name. Only while nobody else has a reference. */
NODISCARD bool config_add(struct config *config, const struct config_kind *kind, void *item);
/* After the last item was added: see config_kind.link. */
void config_link(struct config *config);

/* All of that kind, in file order; borrowed. */
NODISCARD const GPtrArray *config_items(const struct config *config,
                                        const struct config_kind *kind);
/* The same by their names; borrowed. */
NODISCARD GHashTable *config_by_name(const struct config *config, const struct config_kind *kind);
/* The item of that kind and name; NULL when there is none. Also NULL for a NULL name. A noun's own
 * header has the same with its type (user_find). */
NODISCARD const void *config_find(const struct config *config, const struct config_kind *kind,
                                  const char *name);

struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* Where the current snapshot is published. Any thread. */
struct config_holder;
struct ledger_tx;
NODISCARD struct config_holder *config_holder_create(void);
void config_holder_destroy(struct config_holder **holder);
/* A reference to the current snapshot; config_unref when done. Never NULL (an empty one at first). */
NODISCARD struct config *config_current(struct config_holder *holder);
/* Takes over the reference. One that is older than what is published is dropped, so that two
 * changes which come out of order do not undo each other. */
void config_publish(struct config_holder *holder, struct config *config);
/* Takes over the reference whatever its version: this is what the database holds, which after the loss
 * of its primary may be less than was once seen. */
void config_replace(struct config_holder *holder, struct config *config);
/* A reference to the snapshot as this transaction sees it: what a command has brought in it before, else the current
 * one. What is judged in a transaction is judged by it. The ledger's thread only. */
NODISCARD struct config *config_in(struct config_holder *holder, const struct ledger_tx *tx);
/* This is what the transaction brings, for whoever comes after in it. NULL: the database fails, and the commit too. */
void config_bring(struct config_holder *holder, const struct ledger_tx *tx, struct config *config);
/* The version that another node wrote and this program cannot read; 0: none. It is not tried again
 * before it changes. The ledger's thread only. */
NODISCARD int64_t config_unreadable(const struct config_holder *holder);
void config_set_unreadable(struct config_holder *holder, int64_t version);

#endif
