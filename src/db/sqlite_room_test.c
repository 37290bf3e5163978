/* Room kept inside the file and its log: what others write cannot take it, and nothing of SQLite's gives it
 * back. */
#include "db/engine.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "db/memory_vfs.h"
#include "db/test_database.h"

static const struct utc NOW = {1795000000000000};

enum { HEAD = 32, PUT = 8192 }; /* bytes: of a log, of what one row adds to the file at most */

static const int64_t ROOM = 1048576;

/* A database that others fill the disk of, on a memory disk or in a folder. */
struct house {
    struct memory_disk *disk;
    char *folder;
    char *path;  /* in the folder */
    char *where; /* on the disk */
    struct db *db;
    int64_t rows;
    int64_t named; /* so many rows there were ever */
};

static void open_at(struct house *house, const char *where)
{
    struct fault fault = {0};
    house->db = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    assert_true(db_migrate(house->db, NOW, &fault));
}

static int set_up(void **state)
{
    struct house *house = g_new0(struct house, 1);
    house->disk = memory_disk_create("room-disk");
    house->folder = g_dir_make_tmp("tocsin-room-XXXXXX", NULL);
    house->path = g_build_filename(house->folder, "room.db", NULL);
    house->where = g_strdup("file:room.db?vfs=room-disk");
    *state = house;
    return 0;
}

static void remove_all(const char *folder)
{
    GDir *names = g_dir_open(folder, 0, NULL);
    for (const char *name = g_dir_read_name(names); name != NULL; name = g_dir_read_name(names)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        (void)g_unlink(path);
    }
    g_dir_close(names);
    (void)g_rmdir(folder);
}

static int tear_down(void **state)
{
    struct house *house = *state;
    db_close(&house->db);
    memory_disk_destroy(&house->disk);
    remove_all(house->folder);
    g_free(house->folder);
    g_free(house->path);
    g_free(house->where);
    g_free(house);
    return 0;
}

/* One transaction that takes some pages. */
static enum db_status put(struct house *house)
{
    char name[32];
    unsigned char value[6000];
    memset(value, (int)(house->rows & 0xff), sizeof value);
    (void)snprintf(name, sizeof name, "%06d", (int)house->named);
    db_begin(house->db);
    struct db_query *query =
        db_query(house->db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, value, sizeof value);
    (void)db_run(query);
    enum db_status status = db_commit(house->db);
    house->rows += status == DB_OK;
    house->named += status == DB_OK;
    return status;
}

/* As a server does where room is short. */
static void put_many(struct house *house, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(put(house), DB_OK);
        db_tidy(house->db, true);
    }
}

static void expect_all(struct house *house)
{
    assert_int_equal(test_ask_int(house->db, "SELECT count(*) FROM secret"), house->rows);
    struct db_query *query = db_query(house->db, "PRAGMA integrity_check");
    assert_int_equal(db_step(query), DB_ROW);
    assert_string_equal(db_text(query, 0), "ok");
    db_reset(query);
}

static void what_is_kept_does_for_a_while(void **state)
{
    struct house *house = *state;
    open_at(house, house->where);
    put_many(house, 50);
    assert_true(db_hold_room(house->db, ROOM));
    int64_t used = memory_disk_used(house->disk);
    memory_disk_set_capacity(house->disk, used); /* others took the rest */
    put_many(house, ROOM / 2 / PUT);
    assert_int_equal(memory_disk_used(house->disk), used);
    assert_false(db_hold_room(house->db, 2 * ROOM));
    assert_int_equal(memory_disk_used(house->disk), used);
    put_many(house, ROOM / 4 / PUT);
    expect_all(house);
}

/* Neither a whole checkpoint nor an end gives the room to others. */
static void it_is_kept_over_a_restart(void **state)
{
    struct house *house = *state;
    open_at(house, house->where);
    assert_true(db_hold_room(house->db, ROOM));
    for (int round = 0; round < 3; round++) {
        put_many(house, 20);
        expect_all(house);
        db_close(&house->db);
        memory_disk_set_capacity(house->disk, memory_disk_used(house->disk));
        open_at(house, house->where);
        expect_all(house);
        assert_true(db_hold_room(house->db, ROOM / 2));
    }
}

static void it_grows_with_what_is_written(void **state)
{
    struct house *house = *state;
    open_at(house, house->where);
    for (int i = 0; i < 20; i++) {
        assert_true(db_hold_room(house->db, ROOM));
        for (int j = 0; j < 50; j++) {
            assert_int_equal(put(house), DB_OK);
        }
        db_tidy(house->db, i % 2 == 0);
    }
    assert_true(db_hold_room(house->db, ROOM));
    memory_disk_set_capacity(house->disk, memory_disk_used(house->disk));
    put_many(house, ROOM / 2 / PUT);
    expect_all(house);
}

/* A reader keeps the log from being begun anew: its room is counted from its end. */
static void a_long_log_has_room_behind_it(void **state)
{
    struct house *house = *state;
    struct fault fault = {0};
    open_at(house, house->where);
    struct db *reader = db_open(house->where, DB_READ_ONLY, &fault);
    db_begin_read(reader);
    assert_int_equal(test_ask_int(reader, "SELECT count(*) FROM secret"), 0);
    put_many(house, 200);
    assert_true(db_hold_room(house->db, ROOM));
    memory_disk_set_capacity(house->disk, memory_disk_used(house->disk));
    put_many(house, ROOM / 4 / PUT);
    db_rollback(reader);
    db_close(&reader);
    expect_all(house);
}

static void without_room_it_says_so_and_writing_goes_on(void **state)
{
    struct house *house = *state;
    open_at(house, house->where);
    memory_disk_set_capacity(house->disk, memory_disk_used(house->disk) + ROOM / 2);
    assert_false(db_hold_room(house->db, ROOM));
    put_many(house, 20);
    memory_disk_set_capacity(house->disk, -1);
    assert_true(db_hold_room(house->db, ROOM));
    expect_all(house);
}

static int64_t blocks(const char *path)
{
    GStatBuf about;
    return g_stat(path, &about) == 0 ? (int64_t)about.st_blocks * 512 : -1;
}

/* On a real disk: a length without blocks would keep nothing. */
static void its_blocks_are_given(void **state)
{
    struct house *house = *state;
    g_autofree char *log = g_strconcat(house->path, "-wal", NULL);
    open_at(house, house->path);
    put_many(house, 5);
    int64_t before = blocks(house->path);
    assert_true(db_hold_room(house->db, ROOM));
    assert_true(blocks(house->path) >= before + ROOM / 2);
    assert_true(blocks(log) >= ROOM);
    int64_t held = blocks(house->path);
    for (int i = 0; i < 30; i++) { /* each tidy that moves all may cut the file */
        put_many(house, 3);
        assert_true(db_hold_room(house->db, ROOM));
        assert_true(blocks(house->path) >= held);
    }
    db_close(&house->db);
    assert_true(blocks(house->path) >= held);
    assert_true(blocks(log) >= ROOM);
    open_at(house, house->path);
    expect_all(house);
}

/* The log that is left at the end says nothing: a file that is put in place of another, as after a loss, is
 * read as it is. */
static void the_log_that_is_left_is_empty(void **state)
{
    struct house *house = *state;
    open_at(house, house->path);
    assert_true(db_hold_room(house->db, ROOM));
    put_many(house, 3);
    db_close(&house->db);
    g_autofree char *old = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(house->path, &old, &size, NULL));
    open_at(house, house->path);
    assert_true(db_hold_room(house->db, ROOM));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(put(house), DB_OK); /* stays in the log until the end */
    }
    db_close(&house->db);

    g_autofree char *log = g_strconcat(house->path, "-wal", NULL);
    g_autofree char *left = NULL;
    gsize left_size = 0;
    static const char NOTHING[HEAD];
    assert_true(g_file_get_contents(log, &left, &left_size, NULL));
    assert_true(left_size >= (gsize)ROOM);
    assert_memory_equal(left, NOTHING, HEAD);

    assert_true(g_file_set_contents(house->path, old, (gssize)size, NULL));
    open_at(house, house->path);
    house->rows = house->named = 3;
    expect_all(house);
}

static void a_copy_carries_none(void **state)
{
    struct house *house = *state;
    open_at(house, house->path);
    put_many(house, 5);
    assert_true(db_hold_room(house->db, 8 * ROOM));
    g_autofree char *copy = g_build_filename(house->folder, "copy.db", NULL);
    struct fault fault = {0};
    assert_true(sqlite_backup(house->db, copy, &fault));
    assert_string_equal(fault.text, "");
    assert_true(blocks(copy) < 2 * ROOM);
    assert_true(sqlite_verify(copy, &fault));
}

static void copy_to(const char *from, const char *to)
{
    g_autofree char *bytes = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(from, &bytes, &size, NULL));
    assert_true(g_file_set_contents(to, bytes, (gssize)size, NULL));
}

static int64_t size_of(const char *path)
{
    GStatBuf about;
    return g_stat(path, &about) == 0 ? (int64_t)about.st_size : -1;
}

/* A command beside a server that was killed: the next start finds its room. */
static void who_opens_it_after_a_crash_leaves_it(void **state)
{
    struct house *house = *state;
    g_autofree char *log = g_strconcat(house->path, "-wal", NULL);
    g_autofree char *crashed = g_build_filename(house->folder, "crashed.db", NULL);
    g_autofree char *crashed_log = g_strconcat(crashed, "-wal", NULL);
    open_at(house, house->path);
    assert_true(db_hold_room(house->db, ROOM));
    put_many(house, 5);
    copy_to(house->path, crashed);
    copy_to(log, crashed_log);
    db_close(&house->db);
    int64_t size = size_of(crashed), log_size = size_of(crashed_log);
    open_at(house, crashed);
    expect_all(house);
    db_close(&house->db);
    assert_int_equal(size_of(crashed), size);
    assert_int_equal(size_of(crashed_log), log_size);
}

static void a_link_leads_to_its_room(void **state)
{
    struct house *house = *state;
    g_autofree char *link = g_build_filename(house->folder, "link.db", NULL);
    g_autofree char *log = g_strconcat(house->path, "-wal", NULL);
    assert_int_equal(symlink(house->path, link), 0);
    open_at(house, link);
    assert_true(db_hold_room(house->db, ROOM));
    assert_true(blocks(log) >= ROOM);
    assert_true(db_is_in_place(house->db));
}

/* What is written to a file without a name is gone with the process. */
static void what_was_taken_away_is_noticed(void **state)
{
    struct house *house = *state;
    g_autofree char *away = g_build_filename(house->folder, "away", NULL);
    g_autofree char *log = g_strconcat(house->path, "-wal", NULL);
    const char *const paths[] = {house->path, log};
    open_at(house, house->path);
    assert_true(db_hold_room(house->db, ROOM));
    assert_true(db_is_in_place(house->db));
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        assert_int_equal(g_rename(paths[i], away), 0);
        assert_false(db_is_in_place(house->db));
        assert_true(g_file_set_contents(paths[i], "another", -1, NULL));
        assert_false(db_is_in_place(house->db));
        assert_int_equal(g_rename(away, paths[i]), 0);
        assert_true(db_is_in_place(house->db));
    }
}

static void memory_and_readers_need_none(void **state)
{
    struct house *house = *state;
    open_at(house, ":memory:");
    assert_true(db_hold_room(house->db, ROOM));
    db_close(&house->db);
    open_at(house, house->where);
    struct fault fault = {0};
    struct db *reader = db_open(house->where, DB_READ_ONLY, &fault);
    int64_t used = memory_disk_used(house->disk);
    assert_true(db_hold_room(reader, ROOM));
    assert_int_equal(memory_disk_used(house->disk), used);
    db_close(&reader);
}

/* Of the numbers that follow one another from a seed. */
static void fill_from(void *self, void *out, size_t size)
{
    uint64_t *state = self;
    for (size_t i = 0; i < size; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((unsigned char *)out)[i] = (unsigned char)(*state >> 56);
    }
}

/* What the end writes into the log may arrive in any order: never may a part of the log be read as the whole. */
static void the_power_may_go_right_after_the_end(void **state)
{
    enum { SEEDS = 40, ROWS = 2 * 1048576 / PUT };

    struct house *house = *state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        uint64_t numbers = seed;
        const struct random random = {fill_from, &numbers};
        memory_disk_reset(house->disk);
        house->rows = house->named = 0;
        open_at(house, house->where);
        assert_true(db_hold_room(house->db, ROOM));
        for (int i = 0; i < ROWS; i++) { /* nothing is moved out of the log before the end */
            assert_int_equal(put(house), DB_OK);
        }
        db_close(&house->db);
        memory_disk_power_off(house->disk);
        memory_disk_power_on(house->disk, &random);
        open_at(house, house->where);
        expect_all(house);
        db_close(&house->db);
    }
}

/* --- room that nothing is in --- */

enum { MANY = 4 * 1048576 / PUT, RESERVE = 65536 };

/* What is left has numbers from the whole table, so that pages of the end of the file are in use. */
static void delete_most(struct house *house)
{
    db_begin(house->db);
    (void)db_run(db_query(house->db, "DELETE FROM secret WHERE name NOT LIKE '%7'"));
    assert_int_equal(db_commit(house->db), DB_OK);
    house->rows = test_ask_int(house->db, "SELECT count(*) FROM secret");
}

/* In steps, each a transaction. */
static void give_back_all(struct house *house)
{
    for (int64_t given = 1; given > 0;) {
        db_begin(house->db);
        given = db_give_back(house->db, RESERVE);
        assert_int_equal(db_commit(house->db), DB_OK);
    }
}

static struct db_space space_of(struct house *house)
{
    struct db_space space;
    assert_true(db_space(house->db, &space));
    return space;
}

static void the_file_shrinks_to_what_is_in_it_and_its_room(void **state)
{
    struct house *house = *state;
    open_at(house, house->path);
    put_many(house, MANY);
    assert_true(db_hold_room(house->db, ROOM));
    int64_t before = size_of(house->path);
    delete_most(house);
    assert_true(space_of(house).free_bytes > space_of(house).bytes / 2);
    give_back_all(house);
    struct db_space space = space_of(house);
    assert_true(space.can_shrink && space.free_bytes <= RESERVE);
    assert_true(space.bytes < before / 2);
    db_tidy(house->db, true);
    assert_int_equal(size_of(house->path), space.bytes + ROOM + ROOM / 4);
    assert_true(blocks(house->path) >= size_of(house->path));
    assert_true(db_hold_room(house->db, ROOM));
    assert_int_equal(size_of(house->path), space.bytes + ROOM + ROOM / 4);
    expect_all(house);
    db_close(&house->db);
    open_at(house, house->path);
    expect_all(house);
}

/* Others take what was given back, and the room does what it is for. */
static void the_room_of_a_file_that_shrank_holds(void **state)
{
    struct house *house = *state;
    open_at(house, house->where);
    put_many(house, MANY);
    assert_true(db_hold_room(house->db, ROOM));
    int64_t before = space_of(house).bytes;
    delete_most(house);
    give_back_all(house);
    db_tidy(house->db, true);
    assert_true(space_of(house).bytes < before / 2);
    assert_true(db_hold_room(house->db, ROOM));
    memory_disk_set_capacity(house->disk, memory_disk_used(house->disk));
    put_many(house, ROOM / 2 / PUT);
    expect_all(house);
}

static void who_reads_an_older_state_still_finds_it(void **state)
{
    struct house *house = *state;
    struct fault fault = {0};
    static const char SUM[] = "SELECT sum(length(value)) FROM secret";
    open_at(house, house->path);
    put_many(house, MANY);
    assert_true(db_hold_room(house->db, ROOM));
    int64_t before = size_of(house->path);
    struct db *reader = db_open(house->path, DB_READ_ONLY, &fault);
    db_begin_read(reader);
    int64_t sum = test_ask_int(reader, "SELECT count(*) FROM secret") * 6000;
    delete_most(house);
    give_back_all(house);
    db_tidy(house->db, true);
    assert_int_equal(test_ask_int(reader, SUM), sum);
    assert_int_equal(size_of(house->path), before);
    db_rollback(reader);
    db_close(&reader);
    assert_int_equal(put(house), DB_OK);
    db_tidy(house->db, true);
    for (int i = 0; i < 100; i++) { /* so much makes it worth to tidy */
        assert_int_equal(put(house), DB_OK);
    }
    db_tidy(house->db, true);
    assert_true(size_of(house->path) < before);
    expect_all(house);
}

/* At each of its writes: what is there is what was there before or after the step that was cut short. */
static void the_power_may_go_while_it_shrinks(void **state)
{
    enum { ROWS = 300 };

    struct house *house = *state;
    bool is_done = false;
    for (int64_t nth = 1; !is_done; nth += 1 + nth / 16) {
        uint64_t numbers = (uint64_t)nth;
        const struct random random = {fill_from, &numbers};
        memory_disk_reset(house->disk);
        house->rows = house->named = 0;
        open_at(house, house->where);
        put_many(house, ROWS);
        assert_true(db_hold_room(house->db, ROOM / 4));
        delete_most(house);
        memory_disk_fail(house->disk, 0, nth, DISK_POWER_LOSS, false);
        int64_t given = 1;
        while (given > 0 && !memory_disk_is_off(house->disk)) {
            db_begin(house->db);
            given = db_give_back(house->db, 0);
            (void)!db_commit(house->db);
            db_tidy(house->db, true);
        }
        is_done = !memory_disk_is_off(house->disk);
        memory_disk_power_off(house->disk);
        db_close(&house->db);
        memory_disk_power_on(house->disk, &random);
        open_at(house, house->where);
        expect_all(house);
        db_close(&house->db);
    }
}

/* A version before made it: what is deleted is used again, and the file stays as long as it is. */
static void an_older_file_does_not_shrink(void **state)
{
    struct house *house = *state;
    sqlite3 *older = NULL;
    assert_int_equal(sqlite3_open(house->path, &older), SQLITE_OK);
    assert_int_equal(sqlite3_exec(older, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(older), SQLITE_OK);
    open_at(house, house->path);
    put_many(house, 200);
    delete_most(house);
    struct db_space space = space_of(house);
    assert_false(space.can_shrink);
    assert_true(space.free_bytes > space.bytes / 2);
    give_back_all(house);
    assert_int_equal(space_of(house).bytes, space.bytes);
    put_many(house, 50);
    assert_int_equal(space_of(house).bytes, space.bytes);
    expect_all(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_does_for_a_while, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_kept_over_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_grows_with_what_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_log_has_room_behind_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_room_it_says_so_and_writing_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(its_blocks_are_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_that_is_left_is_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_carries_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_power_may_go_right_after_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_opens_it_after_a_crash_leaves_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_leads_to_its_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_taken_away_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_and_readers_need_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_shrinks_to_what_is_in_it_and_its_room, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_room_of_a_file_that_shrank_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_reads_an_older_state_still_finds_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_power_may_go_while_it_shrinks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_file_does_not_shrink, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sqlite_room", tests, NULL, NULL);
}
