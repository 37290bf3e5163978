/* config/absence_work.h - absences in the ledger's transaction; only for this folder. */
#ifndef CONFIG_ABSENCE_WORK_H
#define CONFIG_ABSENCE_WORK_H

#include "config/off_duty.h"

/* Keeps the absence of off->user from `from` to off->until with the overrides that are to end with it, and
 * sets off->absence. One that was there already and lasts as long is the same. False: nothing was
 * written, since nothing is new or it is a dry run. */
NODISCARD bool absence_keep(struct ledger_tx *tx, struct off_duty *off, struct utc from);

#endif
