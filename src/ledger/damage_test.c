/* A ledger on a file that is damaged, or whose work fails: what closes its door, and what opens it. */
#include "ledger/ledger_private.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/metric.h"
#include "db/test_database.h"

static const struct utc START = {1795000000000000};

struct world {
    char *folder;
    char *path;
    struct utc wall;
    struct clock clock;
    struct db *db;
    struct ledger *ledger;
    const char *broken; /* NULL: the duty and the commands do well */
    bool is_due;
    bool may_put_off;
    enum command_outcome outcome;
};

static struct utc wall(void *self)
{
    return ((struct world *)self)->wall;
}

static struct span elapsed(void *self)
{
    return (struct span){((struct world *)self)->wall.us - START.us + 1};
}

static void drop_line(void *self, const char *line)
{
    (void)self;
    (void)line;
}

static struct utc next_at(struct ledger_tx *tx, void *self)
{
    return ((struct world *)self)->is_due ? tx->now : UTC_NEVER;
}

static int run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct world *world = self;
    (void)limit;
    if (world->broken != NULL) {
        (void)db_run(db_query(tx->db, world->broken));
    }
    world->is_due = world->broken != NULL;
    return 1;
}

static void put_off(struct ledger_tx *tx, void *self, struct span by)
{
    struct world *world = self;
    (void)by;
    world->is_due = !world->may_put_off;
    if (!world->may_put_off) {
        (void)db_run(db_query(tx->db, world->broken));
    }
}

static void open_ledger(struct world *world)
{
    struct fault fault = {0};
    world->db = db_open(world->path, DB_READ_WRITE, &fault);
    assert_non_null(world->db);
    assert_true(db_migrate(world->db, START, &fault));
    world->ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
    ledger_add_duty(world->ledger, (struct ledger_duty){.name = "chore",
                                                        .next_at = next_at,
                                                        .run_due = run_due,
                                                        .self = world,
                                                        .put_off = put_off});
}

static void close_ledger(struct world *world)
{
    ledger_destroy(&world->ledger);
    db_close(&world->db);
}

static int set_up(void **state)
{
    log_setup(&(struct log_options){.sink = drop_line});
    struct world *world = g_new0(struct world, 1);
    world->wall = START;
    world->clock = (struct clock){wall, elapsed, world};
    world->folder = g_dir_make_tmp("tocsin-damage-XXXXXX", NULL);
    world->path = g_build_filename(world->folder, "tocsin.db", NULL);
    open_ledger(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    close_ledger(world);
    static const char *const ENDINGS[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < G_N_ELEMENTS(ENDINGS); i++) {
        g_autofree char *path = g_strconcat(world->path, ENDINGS[i], NULL);
        (void)g_unlink(path);
    }
    assert_int_equal(g_rmdir(world->folder), 0);
    g_free(world->folder);
    g_free(world->path);
    g_free(world);
    return 0;
}

/* Overwrites the root of a table while nobody has the file open. */
static void damage(struct world *world, const char *table)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = '%s'", table);
    int64_t page = test_ask_int(world->db, sql);
    assert_true(page > 1);
    close_ledger(world);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(world->path, &bytes, &size, NULL));
    memset(bytes + (page - 1) * 4096, 0x5a, 4096);
    assert_true(g_file_set_contents(world->path, bytes, (gssize)size, NULL));
    open_ledger(world);
}

static enum command_result add_secret(struct ledger_tx *tx, void *arg)
{
    const struct world *world = arg;
    struct db_query *query = db_query(
        tx->db, world->broken != NULL ? world->broken
                                      : "INSERT INTO intake_mark (only_row, open_at) VALUES (2, 1)"
                                        " ON CONFLICT (only_row) DO NOTHING");
    (void)db_run(query);
    return COMMAND_DONE;
}

static void note_outcome(void *arg, enum command_outcome outcome)
{
    ((struct world *)arg)->outcome = outcome;
}

static enum command_outcome submit(struct world *world, bool is_intake, int vital)
{
    const struct command command = {.run = add_secret,
                                    .answer = note_outcome,
                                    .arg = world,
                                    .is_intake = is_intake,
                                    .vital = vital};
    ledger_run_batch(world->ledger, &command, 1);
    return world->outcome;
}

static void tick(struct world *world, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        world->wall = utc_add(world->wall, SPAN_S(1));
        (void)ledger_tick(world->ledger).us;
    }
}

static void damage_closes_the_door_until_a_check_finds_the_file_sound(void **state)
{
    struct world *world = *state;
    assert_int_equal(submit(world, true, 0), OUTCOME_COMMITTED);
    damage(world, "delivery");
    world->broken = "SELECT max(id) FROM delivery";
    assert_int_equal(submit(world, true, 0), OUTCOME_UNAVAILABLE);
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
    assert_int_equal(metric_value(METRIC_DATABASE_DAMAGED), 1);
    world->broken = NULL;
    tick(world, 300); /* other tables can be written all the while */
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
    assert_int_equal(submit(world, true, 0), OUTCOME_UNAVAILABLE);
    ledger_report_check(world->ledger, NULL);
    tick(world, 1);
    assert_true(ledger_is_writable(world->ledger));
    assert_int_equal(metric_value(METRIC_DATABASE_DAMAGED), 0);
    assert_int_equal(submit(world, true, 0), OUTCOME_COMMITTED);
}

static void what_does_not_touch_the_damage_goes_on(void **state)
{
    struct world *world = *state;
    damage(world, "delivery");
    ledger_report_check(world->ledger, "table delivery is damaged");
    tick(world, 1);
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
    assert_int_equal(submit(world, false, 0), OUTCOME_COMMITTED);
    assert_int_equal(submit(world, true, 0), OUTCOME_UNAVAILABLE);
    g_autofree char *why = ledger_closed_why(world->ledger);
    assert_string_equal(why, "table delivery is damaged");
}

static void a_full_disk_does_not_hide_damage(void **state)
{
    struct world *world = *state;
    ledger_report_check(world->ledger, "table x is damaged");
    tick(world, 1);
    ledger_close_door(world->ledger, LEDGER_FULL, "no room");
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
}

/* Neither one failure nor that of other commands counts; three in a row do, until one succeeds. */
static void a_claim_that_fails_again_and_again_closes_the_door(void **state)
{
    struct world *world = *state;
    world->broken = "SELECT nothing FROM nowhere";
    for (int i = 0; i < 5; i++) {
        assert_int_equal(submit(world, true, 0), OUTCOME_FAILED);
    }
    assert_true(ledger_is_writable(world->ledger));
    assert_int_equal(submit(world, false, VITAL_CLAIM), OUTCOME_FAILED);
    assert_int_equal(submit(world, false, VITAL_CLAIM), OUTCOME_FAILED);
    world->broken = NULL;
    assert_int_equal(submit(world, false, VITAL_CLAIM), OUTCOME_COMMITTED);
    world->broken = "SELECT nothing FROM nowhere";
    for (int i = 0; i < 3; i++) {
        assert_true(ledger_is_writable(world->ledger));
        assert_int_equal(submit(world, false, VITAL_CLAIM), OUTCOME_FAILED);
    }
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
    tick(world, 10);
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
    world->broken = NULL;
    assert_int_equal(submit(world, false, VITAL_CLAIM), OUTCOME_COMMITTED);
    tick(world, 1);
    assert_true(ledger_is_writable(world->ledger));
}

static void a_duty_that_fails_again_and_again_closes_the_door(void **state)
{
    struct world *world = *state;
    world->broken = "SELECT nothing FROM nowhere";
    world->is_due = true;
    tick(world, 10);
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
    g_autofree char *why = ledger_closed_why(world->ledger);
    assert_non_null(strstr(why, "chore fails again and again"));
    world->broken = NULL;
    tick(world, 3);
    assert_true(ledger_is_writable(world->ledger));
}

/* One subject that cannot be worked is put off, and stops nobody's alerts. */
static void a_subject_that_is_put_off_does_not_close_the_door(void **state)
{
    struct world *world = *state;
    world->broken = "SELECT nothing FROM nowhere";
    world->may_put_off = true;
    for (int i = 0; i < 10; i++) {
        world->is_due = true;
        tick(world, 1);
        assert_false(world->is_due);
    }
    assert_true(ledger_is_writable(world->ledger));
}

static enum command_result pulse(struct ledger_tx *tx, void *arg)
{
    (void)arg;
    return ledger_pulse(tx);
}

static enum command_outcome beat(struct world *world)
{
    const struct command command = {
        .run = pulse, .answer = note_outcome, .arg = world, .vital = VITAL_PULSE};
    ledger_run_batch(world->ledger, &command, 1);
    return world->outcome;
}

static void a_pulse_writes_and_a_quiet_one_seldom(void **state)
{
    struct world *world = *state;
    assert_int_equal(beat(world), OUTCOME_COMMITTED);
    assert_int_equal(test_ask_int(world->db, "SELECT at FROM pulse"), START.us);
    tick(world, 5);
    assert_int_equal(beat(world), OUTCOME_REFUSED); /* it only read */
    tick(world, 25);
    assert_int_equal(beat(world), OUTCOME_COMMITTED);
    assert_int_equal(test_ask_int(world->db, "SELECT at FROM pulse"), world->wall.us);
}

static void a_pulse_meets_damage(void **state)
{
    struct world *world = *state;
    damage(world, "pulse");
    assert_int_equal(beat(world), OUTCOME_UNAVAILABLE);
    assert_int_equal(ledger_door(world->ledger), LEDGER_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damage_closes_the_door_until_a_check_finds_the_file_sound,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_touch_the_damage_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_does_not_hide_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_claim_that_fails_again_and_again_closes_the_door, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_duty_that_fails_again_and_again_closes_the_door, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_subject_that_is_put_off_does_not_close_the_door, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_pulse_writes_and_a_quiet_one_seldom, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pulse_meets_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
