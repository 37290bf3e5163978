#include "sim/plant_store.h"

void plant_lost_timers(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE escalation SET next_at = NULL"));
}

void plant_no_throttle(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE delivery SET bounded_at = 0"));
}
