/* config/test_duty.h - for tests: a team whose people are taken off duty. */
#ifndef CONFIG_TEST_DUTY_H
#define CONFIG_TEST_DUTY_H

#include "config/off_duty.h"
#include "config/test_world.h"

/* Ana, chen and budi take turns in schedule "daily", day by day; chen cannot be reached. "alone" has nobody beside
 * ana. Dian is in none. The policies "named" and "resort" name ana. */
extern const char DUTY_TEAM[];

/* Applies the team first; off_duty_clear is the caller's. */
struct off_duty duty_take_off(struct world *world, const char *user, struct span span,
                              bool dry_run);
/* Without applying it; fails the test when it is refused. */
struct off_duty duty_take_off_again(struct world *world, const char *user, struct span span);
/* end_absence_clear is the caller's. */
struct end_absence duty_end(struct world *world, const char *name, bool keeps_covers);

/* Of those that people made. */
NODISCARD size_t duty_override_count(struct world *world);
NODISCARD bool duty_is_on_call(struct world *world, const char *schedule, const char *user,
                               struct utc at);

#endif
