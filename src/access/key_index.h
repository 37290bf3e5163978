/* access/key_index.h - whose key is this? Answered from memory, for every request.
 *
 * The index is read from the database at start and again after each commit that changed a key, on
 * whichever node; another node's is noticed at the next transaction or look (ledger/ledger.h). Any
 * thread may look up. When a key was last used is written back at most once a minute. */
#ifndef ACCESS_KEY_INDEX_H
#define ACCESS_KEY_INDEX_H

#include "access/token.h"
#include "ledger/ledger.h"

struct key_index;

struct key_entry {
    int64_t id;
    int owner_kind; /* enum key_owner */
    int scope;      /* enum token_scope; 0 for what is no token */
    char owner[256];
};

NODISCARD struct key_index *key_index_create(void);
void key_index_destroy(struct key_index **index);

/* Reads the keys and follows the ledger from now on. `db` is the ledger's own; before its first
 * batch. False and a fault when the keys cannot be read. */
NODISCARD bool key_index_attach(struct key_index *index, struct ledger *ledger, struct db *db,
                                struct fault *fault);

/* Any thread. False: no such key, revoked or expired. */
NODISCARD bool key_index_find(struct key_index *index, const char *text, struct utc now,
                              struct key_entry *out);

/* A key that ended longer ago is nobody's: whoever found it must not disturb its last owner for ever. */
#define KEY_PAST_FOR SPAN_D(30)

/* Any thread. Whose was it? For telling its owner that somebody still uses it; it opens nothing. False: there never
 * was such a key, it is good, or it ended long ago. */
NODISCARD bool key_index_find_past(struct key_index *index, const char *text, struct utc now,
                                   struct key_entry *out);

#endif
