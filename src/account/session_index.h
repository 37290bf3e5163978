/* account/session_index.h - who is signed in by this cookie? Answered from memory, for every request.
 *
 * Kept as the keys are (access/key_index.h): read at the start, again after each commit that changed something of it, on
 * whichever node. When a session was last seen is written back every quarter of an hour at most. */
#ifndef ACCOUNT_SESSION_INDEX_H
#define ACCOUNT_SESSION_INDEX_H

#include "access/permit.h"
#include "ledger/ledger.h"

struct session_index;

NODISCARD struct session_index *session_index_create(void);
void session_index_destroy(struct session_index **index);

/* `db` is the ledger's own; before its first batch. False and a fault when nothing can be read. */
NODISCARD bool session_index_attach(struct session_index *index, struct ledger *ledger,
                                    struct db *db, struct fault *fault);

/* Any thread. The caller, to be freed; NULL: there is no such session, or it is over. Notes that it was seen. */
NODISCARD struct caller *session_index_find(struct session_index *index, const char *text,
                                            struct utc now);

/* Any thread. Is the account signed in from there, too? `network` as address_network says it (http/guard.h). */
NODISCARD bool session_index_knows(struct session_index *index, const char *account,
                                   const unsigned char network[16]);

#endif
