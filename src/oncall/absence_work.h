/* oncall/absence_work.h - absences in the ledger's transaction; only for this folder. */
#ifndef ONCALL_ABSENCE_WORK_H
#define ONCALL_ABSENCE_WORK_H

#include "oncall/off_duty.h"

/* Keeps the absence of off->user from `from` to off->until with the overrides that are to end with it, and
 * sets off->absence. One that was there already and lasts as long is the same. False: nothing was
 * written, since nothing is new or it is a dry run. */
NODISCARD bool absence_keep(struct ledger_tx *tx, struct off_duty *off, struct utc from);

/* Covers the shifts that off->user has from off->from to off->until and did not have in `before`, which holds the
 * same schedules; sets off->covers and off->uncovered. `config` is the caller's own: what follows another
 * schedule sees who took over there. In off_duty_work.c. */
void off_duty_cover_again(struct ledger_tx *tx, struct off_duty *off, const struct config *config,
                          const struct config *before);

#endif
