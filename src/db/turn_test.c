#include "db/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "db/copy.h"
#include "db/memory_vfs.h"
#include "db/test_database.h"

static const struct utc NOW = {1795000000000000};

/* Two writers on one database; the first one's link does as it is told, once. */
struct room {
    struct memory_disk *disk;
    char *where;
    struct db *a, *b;
    struct db_link link;
    enum db_moment moment;
    enum db_fate fate;
    int cuts; /* and then so many begins are cut off */
    struct utc now;
    int heard;
};

static enum db_fate draw_fate(void *self, enum db_moment moment)
{
    struct room *room = self;
    if (moment == DB_AT_BEGIN && room->moment == 0 && room->cuts > 0) {
        room->cuts--;
        return DB_LINK_CUT;
    }
    if (moment != room->moment) {
        return DB_LINK_GOOD;
    }
    room->moment = 0;
    return room->fate;
}

static struct utc read_clock(void *self)
{
    return ((struct room *)self)->now;
}

static struct db *open_writer(struct room *room)
{
    struct fault fault = {0};
    enum db_mode mode = test_database_is_shared() ? DB_READ_WRITE : DB_SHARED;
    struct db *db = db_open(room->where, mode, &fault);
    assert_string_equal(fault.text, "");
    assert_true(db_migrate(db, NOW, &fault));
    db_set_link(db, &room->link);
    return db;
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->disk = memory_disk_create("turn-disk");
    room->where = test_database_create("file:turn.db?vfs=turn-disk");
    room->link = (struct db_link){.fate = draw_fate, .now = read_clock, .self = room};
    room->now = NOW;
    room->a = open_writer(room);
    room->b = open_writer(room);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->a);
    db_close(&room->b);
    test_database_drop(&room->where);
    memory_disk_destroy(&room->disk);
    g_free(room);
    return 0;
}

static void put_secret(struct db *db, const char *name)
{
    struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, "xyz", 3);
    (void)db_run(query);
}

static int64_t count_secrets(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT count(*) FROM secret");
    int64_t count = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static enum db_status write_secret(struct db *db, const char *name)
{
    db_begin(db);
    put_secret(db, name);
    return db_commit(db);
}

static int64_t look_at_turn(struct db *db)
{
    db_begin_read(db);
    int64_t number = db_turn(db);
    assert_int_equal(db_commit(db), DB_OK);
    return number;
}

static void turns_are_numbered_over_all_writers(void **state)
{
    struct room *room = *state;
    assert_int_equal(look_at_turn(room->a), 0);
    assert_int_equal(write_secret(room->a, "1"), DB_OK);
    assert_int_equal(write_secret(room->b, "2"), DB_OK);
    db_begin(room->a);
    assert_int_equal(db_turn(room->a), 2);
    put_secret(room->a, "3");
    assert_int_equal(db_turn(room->a), 2); /* its own number is the next one */
    assert_int_equal(db_commit(room->a), DB_OK);
    assert_int_equal(look_at_turn(room->b), 3);
}

static void a_turn_that_changed_nothing_is_not_counted(void **state)
{
    struct room *room = *state;
    db_begin(room->a);
    assert_int_equal(count_secrets(room->a), 0);
    assert_int_equal(db_commit(room->a), DB_OK);
    db_begin(room->a);
    put_secret(room->a, "undone");
    db_rollback(room->a);
    assert_int_equal(look_at_turn(room->b), 0);
}

static void whoever_comes_into_a_turn_is_told_to_come_again(void **state)
{
    SKIP_BUT_ON_SQLITE("PostgreSQL lets it wait");
    struct room *room = *state;
    db_begin(room->a);
    put_secret(room->a, "1");
    assert_int_equal(write_secret(room->b, "2"), DB_CONFLICT);
    assert_int_equal(db_commit(room->a), DB_OK);
    assert_int_equal(write_secret(room->b, "2"), DB_OK);
    assert_int_equal(count_secrets(room->a), 2);
}

static void a_reader_waits_for_nobody_and_sees_one_state(void **state)
{
    struct room *room = *state;
    db_begin(room->a);
    put_secret(room->a, "1");
    assert_int_equal(look_at_turn(room->b), 0);
    db_begin_read(room->b);
    assert_int_equal(db_turn(room->b), 0);
    assert_int_equal(db_commit(room->a), DB_OK);
    assert_int_equal(count_secrets(room->b), 0);
    assert_int_equal(db_turn(room->b), 0);
    assert_int_equal(db_commit(room->b), DB_OK);
    assert_int_equal(look_at_turn(room->b), 1);
}

static void a_reader_may_not_write(void **state)
{
    struct room *room = *state;
    db_begin_read(room->a);
    put_secret(room->a, "1");
    assert_int_equal(db_commit(room->a), DB_FAILED);
    assert_int_equal(count_secrets(room->b), 0);
}

static void the_clock_is_the_servers(void **state)
{
    struct room *room = *state;
    room->now = (struct utc){NOW.us + 7};
    db_begin(room->a);
    assert_int_equal(db_now(room->a).us, NOW.us + 7);
    room->now = (struct utc){NOW.us + 9};
    assert_int_equal(db_now(room->a).us, NOW.us + 7); /* as when the turn was taken */
    db_rollback(room->a);
    db_begin_read(room->a);
    room->now = (struct utc){NOW.us + 11};
    assert_int_equal(db_now(room->a).us, NOW.us + 11); /* as at the first call */
    db_rollback(room->a);
    db_set_link(room->a, NULL);
    db_begin(room->a);
    assert_true(utc_is_set(db_now(room->a)));
    db_rollback(room->a);
}

static void ids_are_counted_in_the_turn(void **state)
{
    struct room *room = *state;
    db_begin(room->a);
    assert_int_equal(room->a->next_id, 1);
    room->a->next_id += 3; /* as an engine's insert does */
    put_secret(room->a, "1");
    assert_int_equal(db_commit(room->a), DB_OK);
    db_begin(room->b);
    assert_int_equal(room->b->next_id, 4);
    db_rollback(room->b);
}

struct lost_row {
    const char *name;
    enum db_moment moment;
    enum db_fate fate;
    enum db_status committed, resolved;
    int secrets;
};

static const struct lost_row LOST_ROWS[] = {
    {"cut at the begin", DB_AT_BEGIN, DB_LINK_CUT, DB_DOWN, DB_DONE, 0},
    {"cut at the commit", DB_AT_COMMIT, DB_LINK_CUT, DB_DOWN, DB_DONE, 0},
    {"lost on the way there", DB_AT_COMMIT, DB_LINK_LOST_BEFORE, DB_UNCERTAIN, DB_DONE, 0},
    {"lost on the way back", DB_AT_COMMIT, DB_LINK_LOST_AFTER, DB_UNCERTAIN, DB_OK, 1},
    {"nothing lost", DB_AT_COMMIT, DB_LINK_GOOD, DB_OK, DB_DONE, 1},
};

static void a_lost_answer_is_found_again(void **state)
{
    struct room *room = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(LOST_ROWS); i++) {
        const struct lost_row *row = &LOST_ROWS[i];
        print_message("%s\n", row->name);
        int64_t before = count_secrets(room->b);
        room->moment = row->moment;
        room->fate = row->fate;
        enum db_status committed = write_secret(room->a, row->name);
        assert_int_equal(committed, row->committed);
        assert_int_equal(db_error(room->a), committed);
        assert_int_equal(write_secret(room->b, "in between"), DB_OK); /* takes the same number */
        assert_int_equal(db_resolve(room->a), row->resolved);
        assert_int_equal(db_resolve(room->a), DB_DONE); /* nothing is open any more */
        assert_int_equal(count_secrets(room->b), before + 1 + row->secrets);
        db_begin(room->b);
        assert_int_equal(db_run(db_query(room->b, "DELETE FROM secret WHERE name = 'in between'")),
                         DB_DONE);
        assert_int_equal(db_commit(room->b), DB_OK);
    }
}

static void what_cannot_be_found_out_is_asked_again(void **state)
{
    struct room *room = *state;
    room->moment = DB_AT_COMMIT;
    room->fate = DB_LINK_LOST_AFTER;
    assert_int_equal(write_secret(room->a, "1"), DB_UNCERTAIN);
    room->moment = DB_AT_BEGIN;
    room->fate = DB_LINK_CUT;
    assert_int_equal(db_resolve(room->a), DB_DOWN);
    room->moment = DB_AT_COMMIT;
    room->fate = DB_LINK_LOST_AFTER;
    assert_int_equal(db_resolve(room->a), DB_UNCERTAIN);
    assert_int_equal(db_resolve(room->a), DB_OK);
    assert_int_equal(look_at_turn(room->a), 1); /* finding out changes nothing */
}

static bool commit_copy(struct room *room, enum db_fate fate, int cuts, struct fault *fault)
{
    *fault = (struct fault){0};
    db_begin(room->a);
    put_secret(room->a, "copied");
    room->moment = DB_AT_COMMIT;
    room->fate = fate;
    room->cuts = cuts;
    return db_commit_copy(room->a, SPAN_MS(500), fault);
}

static void a_copy_is_kept_or_not_or_nobody_knows(void **state)
{
    struct room *room = *state;
    struct fault fault;
    assert_false(commit_copy(room, DB_LINK_CUT, 0, &fault));
    assert_non_null(strstr(fault.text, "could not be committed: the link"));
    assert_false(commit_copy(room, DB_LINK_LOST_BEFORE, 2, &fault));
    assert_non_null(strstr(fault.text, "was not kept: run it again"));
    assert_int_equal(count_secrets(room->b), 0);
    assert_false(commit_copy(room, DB_LINK_LOST_BEFORE, 1000, &fault));
    assert_non_null(strstr(fault.text, "it is not known whether the copy was kept"));
    assert_non_null(strstr(fault.text, "and since: the link"));
    assert_true(room->cuts > 990); /* it was not asked without a pause */
    room->cuts = 0;
    assert_true(commit_copy(room, DB_LINK_LOST_AFTER, 2, &fault));
    assert_int_equal(count_secrets(room->b), 1);
}

static void a_lost_turn_that_wrote_nothing_may_run_again(void **state)
{
    struct room *room = *state;
    room->moment = DB_AT_COMMIT;
    room->fate = DB_LINK_LOST_AFTER;
    db_begin(room->a);
    assert_int_equal(db_commit(room->a), DB_UNCERTAIN);
    assert_int_equal(db_resolve(room->a), DB_DONE);
}

static void one_writer_takes_no_turns(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct db *db = db_open(":memory:", DB_READ_WRITE, &fault);
    assert_true(db_migrate(db, NOW, &fault));
    assert_false(db_is_shared(db));
    assert_int_equal(write_secret(db, "1"), DB_OK);
    db_begin(db);
    assert_int_equal(db_turn(db), 0);
    assert_false(utc_is_set(db_now(db)));
    struct db_query *query = db_query(db, "SELECT number FROM turn");
    assert_int_equal(db_step(query), DB_ROW);
    assert_int_equal(db_int(query, 0), 0);
    db_rollback(db);
    assert_int_equal(db_resolve(db), DB_OK);
    db_close(&db);
}

static void an_early_answer_may_be_lost(void **state)
{
    SKIP_BUT_ON_SQLITE("counts what the memory disk was asked to keep");
    struct room *room = *state;
    db_plant(room->a, DB_BUG_EARLY_ANSWER);
    int64_t syncs = memory_disk_calls(room->disk, DISK_SYNC);
    assert_int_equal(write_secret(room->a, "1"), DB_OK);
    assert_int_equal(memory_disk_calls(room->disk, DISK_SYNC), syncs);
    assert_int_equal(write_secret(room->b, "2"), DB_OK);
    assert_true(memory_disk_calls(room->disk, DISK_SYNC) > syncs);
}

static void a_writer_that_hung_up_comes_back(void **state)
{
    struct room *room = *state;
    assert_int_equal(write_secret(room->a, "1"), DB_OK);
    db_hang_up(room->a);
    assert_int_equal(count_secrets(room->a), 1);
    db_hang_up(room->a);
    assert_int_equal(write_secret(room->a, "2"), DB_OK);
    assert_int_equal(look_at_turn(room->b), 2);
}

static void count_call(void *self)
{
    ((struct room *)self)->heard++;
}

static void what_is_announced_is_heard_when_it_was_kept(void **state)
{
    struct room *room = *state;
    room->link.announced = count_call;
    assert_int_equal(write_secret(room->a, "quiet"), DB_OK);
    assert_int_equal(room->heard, 0);
    for (int lost = 0; lost < 2; lost++) {
        room->moment = lost != 0 ? DB_AT_COMMIT : 0;
        room->fate = DB_LINK_LOST_BEFORE;
        db_begin(room->a);
        put_secret(room->a, lost != 0 ? "lost" : "loud");
        db_announce(room->a);
        assert_int_equal(db_commit(room->a), lost != 0 ? DB_UNCERTAIN : DB_OK);
        assert_int_equal(room->heard, 1);
    }
}

#define TURN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(turns_are_numbered_over_all_writers),
        TURN_TEST(a_turn_that_changed_nothing_is_not_counted),
        TURN_TEST(whoever_comes_into_a_turn_is_told_to_come_again),
        TURN_TEST(a_reader_waits_for_nobody_and_sees_one_state),
        TURN_TEST(a_reader_may_not_write),
        TURN_TEST(the_clock_is_the_servers),
        TURN_TEST(ids_are_counted_in_the_turn),
        TURN_TEST(a_lost_answer_is_found_again),
        TURN_TEST(what_cannot_be_found_out_is_asked_again),
        TURN_TEST(a_copy_is_kept_or_not_or_nobody_knows),
        TURN_TEST(a_lost_turn_that_wrote_nothing_may_run_again),
        TURN_TEST(one_writer_takes_no_turns),
        TURN_TEST(a_writer_that_hung_up_comes_back),
        TURN_TEST(what_is_announced_is_heard_when_it_was_kept),
        TURN_TEST(an_early_answer_may_be_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
