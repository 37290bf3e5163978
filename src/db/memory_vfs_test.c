#include "db/memory_vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db/engine.h"

static const struct utc NOW = {1795000000000000};
static const char WHERE[] = "file:test.db?vfs=test-disk";

/* SplitMix64: the same seed, the same fate. */
static void seeded_fill(void *self, void *out, size_t size)
{
    uint64_t *state = self;
    for (size_t i = 0; i < size; i++) {
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        ((unsigned char *)out)[i] = (unsigned char)(z >> 56);
    }
}

static int set_up(void **state)
{
    *state = memory_disk_create("test-disk");
    return 0;
}

static int tear_down(void **state)
{
    struct memory_disk *disk = *state;
    memory_disk_destroy(&disk);
    return 0;
}

static struct db *open_writer(void)
{
    struct fault fault = {0};
    struct db *db = db_open(WHERE, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    assert_non_null(db);
    return db;
}

static struct db *open_fresh(void)
{
    struct db *db = open_writer();
    struct fault fault = {0};
    assert_true(db_migrate(db, NOW, &fault));
    return db;
}

/* One transaction that adds secret number `n`, with a value that takes some pages. */
static enum db_status put(struct db *db, int64_t n)
{
    char name[32];
    unsigned char value[6000];
    memset(value, (int)(n & 0xff), sizeof value);
    (void)snprintf(name, sizeof name, "%06d", (int)n);
    db_begin(db);
    struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, value, sizeof value);
    (void)db_run(query);
    return db_commit(db);
}

static int64_t ask_int(struct db *db, const char *sql)
{
    struct db_query *query = db_query(db, sql);
    int64_t answer = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return answer;
}

static int64_t count(struct db *db)
{
    return ask_int(db, "SELECT count(*) FROM secret");
}

static bool is_sound(struct db *db)
{
    struct db_query *query = db_query(db, "PRAGMA integrity_check");
    bool is_ok = db_step(query) == DB_ROW && strcmp(db_text(query, 0), "ok") == 0;
    db_reset(query);
    return is_ok;
}

static void readers_and_a_writer_share_a_disk(void **state)
{
    (void)state;
    struct db *db = open_fresh();
    struct db_pool *pool = db_pool_create(WHERE);
    assert_int_equal(put(db, 1), DB_OK);
    struct db *reader = db_pool_take(pool);
    assert_int_equal(count(reader), 1);
    assert_int_equal(put(db, 2), DB_OK);
    assert_int_equal(count(reader), 1);
    db_pool_give(pool, reader);
    reader = db_pool_take(pool);
    assert_int_equal(count(reader), 2);
    db_pool_give(pool, reader);
    db_pool_destroy(&pool);
    db_close(&db);
    db = open_writer();
    assert_int_equal(count(db), 2);
    db_close(&db);
}

/* Commits until the power goes at the `nth` write, sync … call; answers how many were promised. */
static int64_t commit_until_dark(struct memory_disk *disk, struct db *db, int64_t nth)
{
    memory_disk_fail(disk, 0, nth, DISK_POWER_LOSS, false);
    int64_t promised = 0;
    while (promised < 40 && put(db, promised + 1) == DB_OK) {
        promised++;
        /* Both ways of beginning the log anew: over its old frames, and empty. */
        if (promised % 10 == 5) {
            (void)db_run(db_query(db, "PRAGMA wal_checkpoint(PASSIVE)"));
        } else if (promised % 10 == 0) {
            (void)db_run(db_query(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
        }
    }
    memory_disk_power_off(disk);
    return promised;
}

/* Answers how many of the promised ones are gone; -1: the file is damaged. */
static int64_t lose_power(struct memory_disk *disk, uint64_t seed, const char *setting)
{
    struct random random = {seeded_fill, &seed};
    memory_disk_reset(disk);
    struct db *db = open_fresh();
    (void)db_script(db, setting);
    int64_t promised = commit_until_dark(disk, db, (int64_t)random_below(&random, 300) + 1);
    db_close(&db);
    memory_disk_power_on(disk, &random);
    struct fault fault = {0};
    db = db_open(WHERE, DB_READ_WRITE, &fault);
    if (db == NULL) {
        return -1;
    }
    /* The one under way may be there as well. */
    int64_t found = count(db);
    bool is_good = is_sound(db) && found >= 0;
    db_close(&db);
    return is_good ? MAX(promised - found, 0) : -1;
}

static void what_was_committed_survives_power_loss(void **state)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        int64_t lost = lose_power(*state, seed, "PRAGMA synchronous = FULL");
        if (lost != 0) {
            fail_msg("seed %d: %d lost", (int)seed, (int)lost);
        }
    }
}

/* The test of the test: SQLite's usual setting for WAL does not sync each commit, none does not
 * sync at all. */
static void a_missing_sync_is_noticed(void **state)
{
    static const char *const settings[] = {"PRAGMA synchronous = NORMAL",
                                           "PRAGMA synchronous = OFF"};
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        int harmed = 0;
        for (uint64_t seed = 1; seed <= 40; seed++) {
            harmed += lose_power(*state, seed, settings[i]) != 0;
        }
        if (harmed < 5) {
            fail_msg("%s: only %d of 40 noticed", settings[i], harmed);
        }
    }
}

static void the_same_seed_gives_the_same_disk(void **state)
{
    int64_t used[2] = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lose_power(*state, 11, "PRAGMA synchronous = FULL"), 0);
        used[i] = memory_disk_used(*state);
    }
    assert_int_equal(used[0], used[1]);
}

/* Fails each call of one transaction in turn; afterwards all is as if it had not been tried, or had
 * worked, and the next one works without a new connection. */
static void every_failing_call_is_survived(void **state)
{
    struct memory_disk *disk = *state;

    static const struct {
        const char *name;
        enum disk_fault fault;
        enum db_status status;
    } rows[] = {{"full", DISK_FULL, DB_FULL}, {"broken", DISK_BROKEN, DB_DOWN}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        memory_disk_reset(disk);
        struct db *db = open_fresh();
        int64_t good = 0, met = 0;
        for (int64_t nth = 1; nth <= 60; nth++) {
            memory_disk_fail(disk, 0, nth, rows[i].fault, false);
            for (int tries = 0; tries < 3; tries++) {
                enum db_status status = put(db, good + 1);
                good += status == DB_OK;
                met += status == rows[i].status;
                assert_true(status == DB_OK || status == rows[i].status);
            }
            memory_disk_fail(disk, 0, 0, rows[i].fault, false);
            assert_int_equal(put(db, ++good), DB_OK);
            assert_int_equal(count(db), good);
        }
        assert_true(met > 10);
        assert_true(is_sound(db));
        db_close(&db);
    }
}

static void a_full_or_read_only_disk_is_told_and_recovers(void **state)
{
    struct memory_disk *disk = *state;
    struct db *db = open_fresh();
    memory_disk_set_capacity(disk, memory_disk_used(disk) + 30000);
    int64_t n = 0;
    enum db_status status = DB_OK;
    while ((status = put(db, n + 1)) == DB_OK && n < 100) {
        n++;
    }
    assert_int_equal(status, DB_FULL);
    assert_int_equal(count(db), n);
    memory_disk_set_capacity(disk, -1);
    assert_int_equal(put(db, ++n), DB_OK);

    memory_disk_set_read_only(disk, true);
    assert_int_equal(put(db, n + 1), DB_FULL);
    assert_int_equal(count(db), n);
    memory_disk_set_read_only(disk, false);
    assert_int_equal(put(db, ++n), DB_OK);
    assert_int_equal(count(db), n);
    db_close(&db);
}

static void a_flipped_bit_is_not_read_as_truth(void **state)
{
    struct memory_disk *disk = *state;
    struct db *db = open_fresh();
    for (int64_t n = 1; n <= 20; n++) {
        assert_int_equal(put(db, n), DB_OK);
    }
    db_close(&db);                                                   /* everything into the file */
    assert_true(memory_disk_flip(disk, "test.db", 4096 * 2 + 1, 3)); /* the head of a page */
    assert_false(memory_disk_flip(disk, "test.db", INT64_C(1) << 40, 3));
    db = open_writer();
    assert_false(is_sound(db));
    db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers_and_a_writer_share_a_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_committed_survives_power_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_sync_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_seed_gives_the_same_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_failing_call_is_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_or_read_only_disk_is_told_and_recovers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flipped_bit_is_not_read_as_truth, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("memory_vfs", tests, NULL, NULL);
}
