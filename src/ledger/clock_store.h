/* ledger/clock_store.h - the two clocks as they were read together, kept over restarts. */
#ifndef LEDGER_CLOCK_STORE_H
#define LEDGER_CLOCK_STORE_H

#include "base/clock.h"
#include "db/row.h"

extern const struct table CLOCK_MARK_TABLE;

/* False when none was kept in this boot. */
NODISCARD bool clock_mark_load(struct db *db, const char *boot, struct utc *out_wall,
                               struct span *out_elapsed);
void clock_mark_save(struct db *db, const char *boot, struct utc wall, struct span elapsed);

#endif
