/* The ledger on a disk that loses power, fills up or fails: what was answered is kept, what waits is
 * done, and nothing needs a restart. */
#include "ledger/ledger_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "db/memory_vfs.h"
#include "ledger/chain.h"

static const struct utc START = {1795000000000000};
static const char WHERE[] = "file:crash.db?vfs=crash-disk";

enum { JOBS_MAX = 4000, ROOM = 400000 };

struct world {
    struct memory_disk *disk;
    struct utc wall;
    struct clock clock;
    struct db *db;
    struct ledger *ledger;
    bool is_promised[JOBS_MAX]; /* answered with OUTCOME_COMMITTED */
    int outcomes[OUTCOME_FAILED + 1];
};

static struct utc world_wall(void *self)
{
    return ((struct world *)self)->wall;
}

static struct span world_elapsed(void *self)
{
    return (struct span){((struct world *)self)->wall.us};
}

static void drop_line(void *self, const char *line)
{
    (void)self;
    (void)line;
}

static void start(struct world *world)
{
    struct fault fault = {0};
    world->db = db_open(WHERE, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    world->ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
}

static void stop(struct world *world)
{
    ledger_destroy(&world->ledger);
    db_close(&world->db);
}

static void start_fresh(struct world *world)
{
    memory_disk_reset(world->disk);
    memset(world->is_promised, 0, sizeof world->is_promised);
    memset(world->outcomes, 0, sizeof world->outcomes);
    world->wall = START;
    start(world);
    struct fault fault = {0};
    assert_true(db_migrate(world->db, START, &fault));
}

static int set_up(void **state)
{
    log_setup(&(struct log_options){.sink = drop_line}); /* failures are told, and meant */
    struct world *world = g_new0(struct world, 1);
    world->disk = memory_disk_create("crash-disk");
    world->clock = (struct clock){world_wall, world_elapsed, world};
    start_fresh(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    stop(world);
    memory_disk_destroy(&world->disk);
    g_free(world);
    return 0;
}

struct job {
    struct world *world;
    int n;
};

static const struct event_kind MADE = {.name = "secret.made"};

static enum command_result run_job(struct ledger_tx *tx, void *arg)
{
    const struct job *job = arg;
    char name[16], value[2000];
    memset(value, job->n & 0xff, sizeof value);
    (void)snprintf(name, sizeof name, "%06d", job->n);
    struct db_query *query = db_query(tx->db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, value, sizeof value);
    (void)db_run(query);
    event_append(tx, PRINCIPAL_TOCSIN, &MADE, subject_named("secret", name), NULL);
    return COMMAND_DONE;
}

static void answer_job(void *arg, enum command_outcome outcome)
{
    const struct job *job = arg;
    job->world->outcomes[outcome]++;
    job->world->is_promised[job->n] |= outcome == OUTCOME_COMMITTED;
}

/* Jobs number `from` … in one batch; the last `paging` of them are no intake. */
static void run_jobs(struct world *world, int from, int count, int paging)
{
    g_autofree struct job *jobs = g_new0(struct job, (size_t)count);
    g_autofree struct command *commands = g_new0(struct command, (size_t)count);
    for (int i = 0; i < count; i++) {
        jobs[i] = (struct job){world, from + i};
        commands[i] = (struct command){run_job, answer_job, &jobs[i], i < count - paging};
    }
    ledger_run_batch(world->ledger, commands, (size_t)count);
}

static bool is_kept(struct world *world, int n)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%06d", n);
    struct db_query *query = db_query(world->db, "SELECT 1 FROM secret WHERE name = $1");
    db_bind_text(query, 1, name);
    bool is_kept = db_step(query) == DB_ROW;
    db_reset(query);
    return is_kept;
}

static int count_lost(struct world *world)
{
    int lost = 0;
    for (int n = 0; n < JOBS_MAX; n++) {
        lost += world->is_promised[n] && !is_kept(world, n);
    }
    return lost;
}

static void seeded_fill(void *self, void *out, size_t size)
{
    uint64_t *state = self;
    for (size_t i = 0; i < size; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((unsigned char *)out)[i] = (unsigned char)(*state >> 56);
    }
}

/* Runs batches until the power goes, starts again, answers how many promises are broken. */
static int lose_power(struct world *world, uint64_t seed, unsigned planted)
{
    struct random random = {seeded_fill, &seed};
    stop(world);
    start_fresh(world);
    world->ledger->planted = planted;
    memory_disk_fail(world->disk, 0, (int64_t)random_below(&random, 200) + 1, DISK_POWER_LOSS,
                     false);
    for (int n = 0; !memory_disk_is_off(world->disk) && n < 400; n += 8) {
        run_jobs(world, n, 8, 0);
    }
    memory_disk_power_off(world->disk);
    stop(world);
    memory_disk_power_on(world->disk, &random);
    start(world);
    struct fault fault = {0};
    return count_lost(world) + !chain_check(world->db, "database", &fault);
}

static void what_was_answered_survives_power_loss(void **state)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        int lost = lose_power(*state, seed, 0);
        if (lost != 0) {
            fail_msg("seed %d: %d lost", (int)seed, lost);
        }
    }
}

/* The test of the test. */
static void an_answer_before_the_commit_is_noticed(void **state)
{
    int noticed = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        noticed += lose_power(*state, seed, LEDGER_BUG_ANSWERS_EARLY) > 0;
    }
    assert_true(noticed >= 10);
}

/* Fails every call of the disk in turn while batches run. */
static void no_failing_call_breaks_a_promise_or_needs_a_restart(void **state)
{
    struct world *world = *state;

    static const enum disk_fault faults[] = {DISK_FULL, DISK_BROKEN};

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        stop(world);
        start_fresh(world);
        int n = 0, refused = 0;
        for (int64_t nth = 1; nth <= 60; nth++) {
            memory_disk_fail(world->disk, 0, nth, faults[i], false);
            for (int batch = 0; batch < 3; batch++, n += 4) {
                run_jobs(world, n, 4, 0);
                refused += !ledger_is_writable(world->ledger);
            }
            memory_disk_fail(world->disk, 0, 0, faults[i], false);
            world->wall = utc_add(world->wall, SPAN_S(1));
            assert_true(ledger_tick(world->ledger).us == UTC_NEVER.us);
            assert_true(ledger_is_writable(world->ledger));
            run_jobs(world, n, 1, 0);
            assert_true(world->is_promised[n++]);
        }
        assert_true(refused > 10);
        assert_int_equal(world->outcomes[OUTCOME_FAILED], 0);
        stop(world);
        start(world);
        assert_int_equal(count_lost(world), 0);
        struct fault fault = {0};
        assert_true(chain_check(world->db, "database", &fault));
    }
}

static int count_events(struct world *world, const char *kind)
{
    struct db_query *query = db_query(world->db, "SELECT count(*) FROM event WHERE kind = $1");
    db_bind_text(query, 1, kind);
    int count = db_step(query) == DB_ROW ? (int)db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static void a_full_disk_closes_the_intake_but_not_the_paging(void **state)
{
    struct world *world = *state;
    ledger_keep_room(world->ledger, ROOM);
    memory_disk_set_capacity(world->disk, memory_disk_used(world->disk) + 100000);
    int n = 0;
    for (; ledger_is_writable(world->ledger) && n < 1000; n += 8) {
        run_jobs(world, n, 8, 2);
    }
    assert_true(n > 8 && n < 1000);
    assert_int_equal(world->outcomes[OUTCOME_COMMITTED], n); /* it closed while there was room */

    for (int second = 0; second < 5; second++, n += 4) {
        world->wall = utc_add(world->wall, SPAN_S(1));
        assert_true(ledger_tick(world->ledger).us == utc_add(world->wall, SPAN_S(1)).us);
        run_jobs(world, n, 4, 1);
        assert_false(ledger_is_writable(world->ledger));
        assert_false(world->is_promised[n]);
        assert_true(world->is_promised[n + 3]);
    }
    memory_disk_set_capacity(world->disk, -1);
    world->wall = utc_add(world->wall, SPAN_S(1));
    assert_true(ledger_tick(world->ledger).us == UTC_NEVER.us);
    assert_true(ledger_is_writable(world->ledger));
    run_jobs(world, n, 4, 0);
    assert_true(world->is_promised[n]);
    assert_int_equal(count_events(world, "ledger.reopened"), 1);
    assert_int_equal(count_lost(world), 0);
}

/* More at once than all that is kept: it is refused, and takes nothing from what pages. */
static void a_batch_beyond_the_room_leaves_it_whole(void **state)
{
    struct world *world = *state;
    ledger_keep_room(world->ledger, ROOM);
    memory_disk_set_capacity(world->disk, memory_disk_used(world->disk));
    run_jobs(world, 0, 2000, 2);
    assert_false(ledger_is_writable(world->ledger));
    assert_int_equal(world->outcomes[OUTCOME_UNAVAILABLE], 1998);
    assert_int_equal(world->outcomes[OUTCOME_COMMITTED], 2);
    for (int n = 2000; n < 2040; n++) {
        run_jobs(world, n, 1, 1);
        assert_true(world->is_promised[n]);
    }
    assert_int_equal(count_lost(world), 0);
}

static void the_intake_stays_closed_until_the_room_is_back(void **state)
{
    struct world *world = *state;
    memory_disk_set_capacity(world->disk, memory_disk_used(world->disk) + ROOM / 4);
    ledger_keep_room(world->ledger, ROOM);
    assert_false(ledger_is_writable(world->ledger));
    /* Room for the event, not for what is kept. */
    memory_disk_set_capacity(world->disk, memory_disk_used(world->disk) + ROOM / 2);
    assert_true(ledger_tick(world->ledger).us == utc_add(world->wall, SPAN_S(1)).us);
    assert_false(ledger_is_writable(world->ledger));
    memory_disk_set_capacity(world->disk, memory_disk_used(world->disk) + INT64_C(20) * ROOM);
    assert_true(ledger_tick(world->ledger).us == UTC_NEVER.us);
    assert_true(ledger_is_writable(world->ledger));
}

static void a_start_on_a_full_disk_waits_for_room(void **state)
{
    struct world *world = *state;
    stop(world);
    memory_disk_set_capacity(world->disk, memory_disk_used(world->disk) + 1000);
    start(world);
    struct fault fault = {0};
    assert_true(db_migrate(world->db, START, &fault)); /* nothing to do, so nothing to write */
    ledger_keep_room(world->ledger, ROOM);
    assert_false(ledger_is_writable(world->ledger));
    assert_true(ledger_tick(world->ledger).us == utc_add(world->wall, SPAN_S(1)).us);
    run_jobs(world, 0, 1, 0);
    assert_int_equal(world->outcomes[OUTCOME_UNAVAILABLE], 1);
    memory_disk_set_capacity(world->disk, -1);
    assert_true(ledger_tick(world->ledger).us == UTC_NEVER.us);
    run_jobs(world, 0, 1, 0);
    assert_int_equal(world->outcomes[OUTCOME_COMMITTED], 1);
}

static void a_read_only_disk_is_waited_out(void **state)
{
    struct world *world = *state;
    ledger_keep_room(world->ledger, ROOM);
    memory_disk_set_read_only(world->disk, true);
    run_jobs(world, 0, 4, 2);
    assert_int_equal(world->outcomes[OUTCOME_UNAVAILABLE], 4);
    world->wall = utc_add(world->wall, SPAN_S(1));
    assert_true(ledger_tick(world->ledger).us == utc_add(world->wall, SPAN_S(1)).us);
    memory_disk_set_read_only(world->disk, false);
    world->wall = utc_add(world->wall, SPAN_S(1));
    assert_true(ledger_tick(world->ledger).us == UTC_NEVER.us);
    run_jobs(world, 0, 4, 2);
    assert_int_equal(world->outcomes[OUTCOME_COMMITTED], 4);
}

/* A clock that jumps while nothing can be written: the jump is not forgotten. */
static void a_jump_on_a_broken_disk_is_recorded_later(void **state)
{
    struct world *world = *state;
    memory_disk_fail(world->disk, DISK_WRITE, 1, DISK_BROKEN, true);
    world->ledger->elapsed_seen.us -= SPAN_H(1).us; /* as if an hour less had passed … */
    world->ledger->wall_seen.us -= SPAN_H(2).us;    /* … than the wall clock says */
    run_jobs(world, 0, 1, 1);
    assert_int_equal(world->outcomes[OUTCOME_UNAVAILABLE], 1);
    memory_disk_fail(world->disk, 0, 0, DISK_BROKEN, false);
    run_jobs(world, 0, 1, 1);
    assert_int_equal(world->outcomes[OUTCOME_COMMITTED], 1);
    assert_int_equal(count_events(world, "clock.jumped"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_answered_survives_power_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_before_the_commit_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_failing_call_breaks_a_promise_or_needs_a_restart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_closes_the_intake_but_not_the_paging, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_beyond_the_room_leaves_it_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_intake_stays_closed_until_the_room_is_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_start_on_a_full_disk_waits_for_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_only_disk_is_waited_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_jump_on_a_broken_disk_is_recorded_later, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("ledger_crash", tests, NULL, NULL);
}
