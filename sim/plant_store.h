/* sim/plant_store.h - two of the planted mistakes: written straight into the tables, past every rule. */
#ifndef SIM_PLANT_STORE_H
#define SIM_PLANT_STORE_H

#include "db/db.h"

/* No escalation knows any more when it must be judged again. */
void plant_lost_timers(struct db *db);
/* Nobody knows any more which messages went in the last hour. */
void plant_no_throttle(struct db *db);
void plant_double_end(struct db *db);

#endif
