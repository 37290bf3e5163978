/* db/ear.h - hears that another node committed something (LISTEN), so that nobody waits for the next
 * look. An accelerator only: whoever uses it looks by itself often enough as well.
 *
 * One thread at a time. */
#ifndef DB_EAR_H
#define DB_EAR_H

#include "base/fault.h"

struct db_ear;

/* Never fails: an ear that cannot connect is deaf until it can. Only for postgresql://…; NULL for a
 * file, which has nobody else to hear of. */
NODISCARD struct db_ear *db_ear_open(const char *where);
void db_ear_close(struct db_ear **ear);

/* Waits until something was heard, at most `ms` milliseconds; true: something was, or may have been
 * while it was deaf (so look). Reconnects by itself, with jitter. */
NODISCARD bool db_ear_wait(struct db_ear *ear, int ms);
/* From any thread: db_ear_wait answers at once. */
void db_ear_interrupt(struct db_ear *ear);

#endif
