/* db/listener.h - hears that another node committed something (LISTEN), so that nobody waits for the next
 * look. An accelerator only: whoever uses it looks by itself often enough as well.
 *
 * One thread at a time. */
#ifndef DB_LISTENER_H
#define DB_LISTENER_H

#include "base/fault.h"

struct db_listener;

/* Never fails: a listener that cannot connect is deaf until it can. Only for postgresql://…; NULL for a
 * file, which has nobody else to hear of. */
NODISCARD struct db_listener *db_listener_open(const char *where);
void db_listener_close(struct db_listener **listener);

/* Waits until something was heard, at most `ms` milliseconds; true: something was, or may have been
 * while it was deaf (so look). Reconnects by itself, with jitter. */
NODISCARD bool db_listener_wait(struct db_listener *listener, int ms);
/* From any thread: db_listener_wait answers at once. */
void db_listener_interrupt(struct db_listener *listener);

#endif
