/* oncall/test_duty.h - for tests: a team whose people are taken off duty. */
#ifndef ONCALL_TEST_DUTY_H
#define ONCALL_TEST_DUTY_H

#include "config/test_world.h"
#include "oncall/off_duty.h"

/* Ana, chen and budi take turns in schedule "daily", day by day; chen cannot be reached. "alone" has nobody beside
 * ana. Dian is in none. The policies "named" and "resort" name ana. */
extern const char DUTY_TEAM[];

/* What they are made of, for config_register. */
extern const struct config_kind *const DUTY_KINDS[];

/* cmocka's setup: world_open, with what the commands of this folder need. */
int duty_open(void **state);
#define IN_DUTY_WORLD(test) cmocka_unit_test_setup_teardown(test, duty_open, world_close)

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
