/* config/test_world.h - for tests: one database in memory, a clock that stands, random numbers that
 * count. */
#ifndef CONFIG_TEST_WORLD_H
#define CONFIG_TEST_WORLD_H

#include "config/config_work.h"

struct world {
    char *where;
    struct db *db;
    struct ledger *ledger;
    struct config_holder *configs;
    struct utc now;
    unsigned char counter;
    struct clock clock;
    struct random random;
};

/* cmocka's setup and teardown; *state becomes a struct world. */
int world_open(void **state);
int world_close(void **state);

/* Runs one command of config_work.h in a batch of its own and publishes. */
void world_run(struct world *world, enum command_result (*command)(struct ledger_tx *, void *),
               void *arg);

/* How a file is applied. */
struct terms {
    const char *keys; /* JSON; NULL: none */
    bool dry_run, prune;
};

/* Applies a file; apply_config_clear is the caller's. */
struct apply_config world_apply(struct world *world, const char *yaml, struct terms terms);

/* YAML that must be sound, as JSON; a new reference. */
json_t *world_parse(const char *yaml);

/* The numbers of the plan; fails the test when it was refused. */
int world_count(const struct apply_config *self, const char *action);
void world_assert_counts(const struct apply_config *self, int created, int changed, int deleted);

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

#endif
