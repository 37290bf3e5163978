#include "sim/plant_store.h"

void plant_lost_timers(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE escalation SET next_at = NULL"));
}

void plant_no_throttle(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE delivery SET bounded_at = 0"));
}

void plant_double_end(struct db *db)
{
    (void)db_run(db_query(db, "UPDATE notification SET state = 1, tries = 0"
                              " WHERE kind = 5 AND state = 3"));
    (void)db_run(db_query(db, "UPDATE mailbox SET next_at = 1 WHERE urgency = 3"));
}
