#include "db/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "db/engine.h"
#include "db/test_database.h"

/* --- a thing of which a record describes some, and the table the rest --- */

enum ball_state { BALL_NEW = 1, BALL_USED, BALL_LOST };

static const struct enum_name STATE_NAMES[] = {
    {"new", BALL_NEW}, {"used", BALL_USED}, {"lost", BALL_LOST}, {NULL, 0}};
static const struct state_change STATE_CHANGES[] = {
    {BALL_NEW, STATE_BIT(BALL_USED)},
    {BALL_USED, STATE_BIT(BALL_LOST)},
};
static const struct states STATES = {"ball", STATE_NAMES, STATE_CHANGES,
                                     G_N_ELEMENTS(STATE_CHANGES)};

static const struct enum_name SIZE_NAMES[] = {{"small", 1}, {"big", 2}, {NULL, 0}};

struct ball {
    int64_t id;
    char *label;
    bool is_round;
    int state;
    int size;      /* 0: not known */
    int64_t owner; /* 0: nobody */
    struct utc made_at, lost_at;
    struct span lasts;
    json_t *colours;
    char *not_kept;
    unsigned char print[4];
    const char *maker;
    int64_t bounces;
};

#define AT(member) offsetof(struct ball, member)

static const struct field FIELDS[] = {
    {.name = "label", .kind = FIELD_TEXT, .offset = AT(label), .column = "name"},
    {.name = "round", .kind = FIELD_BOOL, .offset = AT(is_round), .column = "round"},
    {.name = "not_kept", .kind = FIELD_TEXT, .offset = AT(not_kept)},
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = AT(state),
     .names = STATE_NAMES,
     .column = "state"},
    {.name = "made_at",
     .kind = FIELD_UTC,
     .offset = AT(made_at),
     .column = "made_at",
     .stored = COLUMN_FIXED},
    {.name = "lost_at", .kind = FIELD_UTC, .offset = AT(lost_at), .column = "lost_at"},
    {.name = "lasts", .kind = FIELD_SPAN, .offset = AT(lasts), .column = "lasts_us"},
    {.name = "colours", .kind = FIELD_JSON, .offset = AT(colours), .column = "colours"},
};

static const struct record RECORD = {
    .name = "Ball",
    .size = sizeof(struct ball),
    .fields = FIELDS,
    .field_count = G_N_ELEMENTS(FIELDS),
};

/* Twice the bounces are kept, and half of what is kept is read. */
static void write_double(const void *self, struct row_value *out)
{
    out->type = DB_TYPE_INT;
    out->number = 2 * ((const struct ball *)self)->bounces;
}

static void read_half(void *self, struct db_query *row, int at)
{
    ((struct ball *)self)->bounces = db_int(row, at) / 2;
}

static const struct column_maker DOUBLE = {
    .type = DB_TYPE_INT, .write = write_double, .read = read_half};

static const struct column COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    {"size", COLUMN_WORD, AT(size), .names = SIZE_NAMES},
    {"owner", COLUMN_INT, AT(owner), COLUMN_NULL},
    {"maker", COLUMN_INTERNED, AT(maker)},
    {"print", COLUMN_BYTES, AT(print), .bytes = 4},
    {"bounces", COLUMN_MADE, .flags = COLUMN_TOUCHED, .maker = &DOUBLE},
    {"first_state", COLUMN_ENUM, AT(state), COLUMN_FIXED | COLUMN_WRITTEN},
};

static const struct row_word WORDS[] = {
    {"ball", STATE_NAMES, &STATES}, {"size", SIZE_NAMES, NULL}, {NULL}};

static const struct table BALL = {
    .name = "ball",
    .size = sizeof(struct ball),
    .record = &RECORD,
    ROW_COLUMNS(COLUMNS),
    .words = WORDS,
};

static const struct utc THEN = {1795000000000000};

static int make_table(void **state)
{
    (void)test_room_open(state);
    struct test_room *room = *state;
    struct fault fault = {0};
    assert_true(db_migrate(room->db, THEN, &fault));
    db_begin(room->db);
    assert_int_equal(
        db_script(
            room->db,
            "CREATE TABLE ball (id {id}, name TEXT, round BIGINT, state BIGINT,"
            " first_state BIGINT, size TEXT, owner BIGINT, made_at BIGINT, lost_at"
            " BIGINT, lasts_us BIGINT, colours TEXT, maker TEXT, print {blob}, bounces BIGINT);"
            " CREATE TABLE score (who TEXT, game TEXT, points BIGINT, best BIGINT,"
            " PRIMARY KEY (who, game))"),
        DB_OK);
    return 0;
}

static int drop_table(void **state)
{
    struct test_room *room = *state;
    db_rollback(room->db);
    return test_room_close(state);
}

static struct ball make_ball(void)
{
    return (struct ball){.label = g_strdup("é\"'"),
                         .is_round = true,
                         .state = BALL_NEW,
                         .size = 2,
                         .owner = 7,
                         .made_at = THEN,
                         .lost_at = {THEN.us + 1},
                         .lasts = SPAN_S(300),
                         .colours = json_pack("[s]", "red"),
                         .not_kept = g_strdup("x"),
                         .print = {1, 0, 2, 3},
                         .maker = "acme",
                         .bounces = 21};
}

static void clear_ball(struct ball *ball)
{
    record_clear(&RECORD, ball);
}

static void everything_comes_back(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct ball ball = make_ball(), back;
    row_insert(db, &BALL, &ball);
    assert_true(ball.id > 0);
    assert_true(row_load(db, &BALL, ball.id, &back));
    assert_true(back.id == ball.id);
    assert_string_equal(back.label, ball.label);
    assert_true(back.is_round);
    assert_int_equal(back.state, BALL_NEW);
    assert_int_equal(back.size, 2);
    assert_int_equal(back.owner, 7);
    assert_true(back.made_at.us == THEN.us && back.lost_at.us == THEN.us + 1);
    assert_true(back.lasts.us == SPAN_S(300).us);
    assert_true(json_equal(back.colours, ball.colours));
    assert_null(back.not_kept);
    assert_memory_equal(back.print, ball.print, 4);
    assert_int_equal(back.bounces, 21);
    assert_ptr_equal(back.maker, g_intern_static_string("acme"));
    clear_ball(&ball);
    clear_ball(&back);
    assert_false(row_load(db, &BALL, 999, &back));
    assert_int_equal(db_error(db), DB_OK);
}

static void what_is_not_set_is_null(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct ball ball = {.state = BALL_USED}, back;
    row_insert(db, &BALL, &ball);
    assert_int_equal(test_ask_int(db,
                                  "SELECT count(*) FROM ball WHERE name IS NULL AND size IS NULL"
                                  " AND owner IS NULL AND made_at IS NULL AND lost_at IS NULL"
                                  " AND colours IS NULL AND lasts_us = 0 AND round = 0"),
                     1);
    assert_true(row_load(db, &BALL, ball.id, &back));
    assert_true(back.size == 0 && back.owner == 0 && !utc_is_set(back.made_at));
    assert_null(back.label);
    assert_null(back.colours);
}

static void damaged_json_reads_as_absent(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct ball ball = make_ball(), back;
    row_insert(db, &BALL, &ball);
    (void)db_run(db_query(db, "UPDATE ball SET colours = '[1', print = NULL, size = 'odd'"));
    assert_true(row_load(db, &BALL, ball.id, &back));
    assert_null(back.colours);
    assert_memory_equal(back.print, "\0\0\0\0", 4);
    assert_int_equal(back.size, 0);
    clear_ball(&ball);
    clear_ball(&back);
}

static void only_what_may_change_is_saved(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct ball ball = make_ball(), other = make_ball(), back;
    row_insert(db, &BALL, &ball);
    row_insert(db, &BALL, &other);
    ball.state = BALL_LOST;
    ball.made_at.us = 5;
    ball.lost_at.us = 6;
    ball.bounces = 4;
    row_save(db, &BALL, &ball);
    assert_true(row_load(db, &BALL, ball.id, &back));
    assert_true(back.state == BALL_LOST && back.lost_at.us == 6 && back.bounces == 4);
    assert_true(back.made_at.us == THEN.us);
    assert_int_equal(test_ask_int(db, "SELECT first_state FROM ball WHERE state = 3"), BALL_NEW);
    clear_ball(&back);
    ball.state = BALL_USED;
    ball.bounces = 5;
    row_touch(db, &BALL, &ball);
    assert_true(row_load(db, &BALL, ball.id, &back));
    assert_true(back.state == BALL_LOST && back.bounces == 5);
    clear_ball(&back);
    assert_true(row_load(db, &BALL, other.id, &back));
    assert_true(back.state == BALL_NEW && back.bounces == 21);
    clear_ball(&back);
    clear_ball(&ball);
    clear_ball(&other);
}

/* --- statements --- */

static void lists_are_read_in_order(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    for (int i = 1; i <= 3; i++) {
        struct ball ball = {.state = i, .bounces = INT64_C(10) * i};
        row_insert(db, &BALL, &ball);
    }
    for (int round = 0; round < 2; round++) { /* prepared, and found again */
        struct db_query *query = row_query(
            db, &BALL,
            "SELECT {b.columns} FROM ball b JOIN ball o ON o.id = b.id WHERE b.state <> {ball.used}"
            " AND o.state IN ({ball.new}, {ball.used}, {ball.lost}) ORDER BY b.id");
        struct ball ball;
        assert_true(row_next(query, &BALL, &ball));
        assert_true(ball.state == BALL_NEW && ball.bounces == 10);
        assert_true(row_next(query, &BALL, &ball));
        assert_true(ball.state == BALL_LOST && ball.bounces == 30);
        assert_false(row_next(query, &BALL, &ball));
    }
    assert_int_equal(db_error(db), DB_OK);
}

struct tally {
    int64_t balls;
    int64_t lost;
};

static void an_answer_is_described_as_well(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    static const struct column TALLY_COLUMNS[] = {
        {"COUNT(*)", COLUMN_INT, offsetof(struct tally, balls)},
        {"SUM(CASE WHEN state = {ball.lost} THEN 1 ELSE 0 END)", COLUMN_INT,
         offsetof(struct tally, lost)},
    };
    static const struct table TALLY = {
        .size = sizeof(struct tally), ROW_COLUMNS(TALLY_COLUMNS), .words = WORDS};
    struct ball ball = {.state = BALL_LOST}, other = {.state = BALL_NEW};
    struct tally tally;
    row_insert(db, &BALL, &ball);
    row_insert(db, &BALL, &other);
    assert_true(row_take(row_query(db, &TALLY, "SELECT {columns} FROM ball"), &TALLY, &tally));
    assert_true(tally.balls == 2 && tally.lost == 1);
}

/* The linker may keep equal texts of two files once. */
static void one_text_is_another_statement_of_another_table(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    static const char TEXT[] = "SELECT {columns} FROM ball";
    static const struct column COUNT[] = {{"COUNT(*)", COLUMN_INT, 0}};
    static const struct column SUM[] = {{"SUM(id) * 1000", COLUMN_INT, 0}};
    static const struct table COUNTED = {.size = sizeof(int64_t), ROW_COLUMNS(COUNT)};
    static const struct table SUMMED = {.size = sizeof(int64_t), ROW_COLUMNS(SUM)};
    struct ball ball = {.state = BALL_NEW};
    int64_t count = 0, sum = 0;
    row_insert(db, &BALL, &ball);
    assert_true(row_take(row_query(db, &COUNTED, TEXT), &COUNTED, &count));
    assert_true(row_take(row_query(db, &SUMMED, TEXT), &SUMMED, &sum));
    assert_int_equal(count, 1);
    assert_int_equal(sum, 1000 * ball.id);
}

struct counted_ball {
    struct ball ball; /* first: what the base describes is in it */
    int64_t twins;
};

static void an_answer_goes_on_from_a_table(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    static const struct column MORE[] = {
        {"count(o.id)", COLUMN_INT, offsetof(struct counted_ball, twins)},
    };
    static const struct table COUNTED = {
        .size = sizeof(struct counted_ball), .base = &BALL, ROW_COLUMNS(MORE)};
    for (int i = 0; i < 3; i++) {
        struct ball ball = {.label = (char[]){"x"}, .state = BALL_NEW, .owner = i / 2};
        row_insert(db, &BALL, &ball);
    }
    struct db_query *query =
        row_query(db, &COUNTED,
                  "SELECT {b.columns} FROM ball b LEFT JOIN ball o ON o.id <> b.id"
                  " AND o.name = b.name GROUP BY b.id ORDER BY b.id DESC LIMIT 1");
    struct counted_ball counted;
    bool is_there = row_take(query, &COUNTED, &counted);
    assert_string_equal(db_error_text(db), "");
    assert_true(is_there);
    assert_string_equal(counted.ball.label, "x");
    assert_int_equal(counted.ball.owner, 1);
    assert_int_equal(counted.twins, 2);
    row_clear(&COUNTED, &counted);
    assert_null(counted.ball.label);
}

static void a_change_of_state_is_judged_when_it_is_prepared(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct ball ball = {.state = BALL_NEW};
    row_insert(db, &BALL, &ball);
    (void)db_run(row_query(db, &BALL,
                           "UPDATE ball SET state = {ball.used}"
                           " WHERE state = {ball.new>used}"));
    assert_int_equal(test_ask_int(db, "SELECT state FROM ball"), BALL_USED);
    (void)db_run(row_query(db, &BALL,
                           "UPDATE ball SET state = {ball.new}"
                           " WHERE state = {ball.lost>new}"));
    assert_int_equal(db_error(db), DB_FAILED);
    assert_non_null(strstr(db_error_text(db), "{ball.lost>new}"));
}

static void words_that_are_not_known_are_refused(void **state)
{
    struct test_room *room = *state;
    static const char *const ROWS[] = {
        "SELECT {ball.blue} FROM ball",    "SELECT {hall.new} FROM ball",
        "SELECT {ball} FROM ball",         "SELECT {size.small>big} FROM ball",
        "SELECT {ball.new>odd} FROM ball",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        db_rollback(room->db);
        db_begin(room->db);
        (void)db_run(row_query(room->db, &BALL, ROWS[i]));
        assert_int_equal(db_error(room->db), DB_FAILED);
        assert_non_null(strstr(db_error_text(room->db), "no token"));
    }
}

/* --- keys that are given --- */

struct score {
    char *who;
    char *game;
    int64_t points;
    int64_t best;
};

static const struct column SCORE_COLUMNS[] = {
    {"who", COLUMN_TEXT, offsetof(struct score, who), COLUMN_KEY},
    {"game", COLUMN_TEXT, offsetof(struct score, game), COLUMN_KEY},
    {"points", COLUMN_INT, offsetof(struct score, points)},
    {"best", COLUMN_INT, offsetof(struct score, best), COLUMN_READ},
};

static const struct table SCORE = {
    .name = "score", .size = sizeof(struct score), ROW_COLUMNS(SCORE_COLUMNS)};

static struct score find_score(struct db *db, const char *who)
{
    struct score score = {0};
    struct db_query *query = row_query(db, &SCORE, "SELECT {columns} FROM score WHERE who = $1");
    db_bind_text(query, 1, who);
    assert_true(row_take(query, &SCORE, &score));
    return score;
}

static void a_row_is_put_by_its_key(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct score ana = {(char[]){"ana"}, (char[]){"go"}, 1, 5};
    struct score ben = {(char[]){"ben"}, (char[]){"go"}, 1, 5};
    row_put(db, &SCORE, &ana);
    row_put(db, &SCORE, &ben);
    (void)db_run(db_query(db, "UPDATE score SET best = 9"));
    ana.points = 2;
    row_put(db, &SCORE, &ana);
    ben.points = 3;
    row_save(db, &SCORE, &ben);
    struct score back = find_score(db, "ana");
    assert_true(back.points == 2 && back.best == 9);
    row_clear(&SCORE, &back);
    assert_null(back.who);
    back = find_score(db, "ben");
    assert_true(back.points == 3 && back.best == 9);
    row_clear(&SCORE, &back);
    assert_int_equal(test_ask_int(db, "SELECT count(*) FROM score"), 2);
    ana.best = 0;
    row_insert(db, &SCORE, &ana);
    assert_int_equal(db_commit(db), DB_CONSTRAINT);
}

static void after_an_error_nothing_is_read(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    struct ball ball = {.state = BALL_NEW, .id = 4};
    (void)db_run(db_query(db, "SELECT nothing FROM nowhere"));
    (void)!db_take_int(db_query(db, "SELECT 1"));
    row_insert(db, &BALL, &ball);
    assert_int_equal(ball.id, 0);
    assert_false(row_load(db, &BALL, 1, &ball));
    row_save(db, &BALL, &ball);
    assert_int_not_equal(db_error(db), DB_OK);
}

static void single_values_are_taken(void **state)
{
    struct db *db = ((struct test_room *)*state)->db;
    for (int i = 0; i < 2; i++) {
        struct ball ball = {.label = (char[]){"x"}, .state = BALL_NEW, .made_at = THEN};
        row_insert(db, &BALL, &ball);
    }
    g_autofree char *text = db_take_text(db_query(db, "SELECT name FROM ball"));
    assert_string_equal(text, "x");
    assert_null(db_take_text(db_query(db, "SELECT size FROM ball")));
    assert_int_equal(db_take_int(db_query(db, "SELECT state FROM ball")), BALL_NEW);
    assert_int_equal(db_take_int(db_query(db, "SELECT state FROM ball WHERE id < 0")), 0);
    assert_true(db_take_utc(db_query(db, "SELECT made_at FROM ball")).us == THEN.us);
    assert_false(utc_is_set(db_take_utc(db_query(db, "SELECT lost_at FROM ball"))));
    g_autoptr(GArray) ids = db_take_all_ids(db_query(db, "SELECT state FROM ball"));
    assert_int_equal(ids->len, 2);
    assert_int_equal(g_array_index(ids, int64_t, 1), BALL_NEW);
    g_autoptr(GPtrArray) texts = db_take_all_texts(db_query(db, "SELECT name FROM ball"));
    assert_int_equal(texts->len, 2);
    assert_string_equal(g_ptr_array_index(texts, 1), "x");
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, make_table, drop_table)
    const struct CMUnitTest tests[] = {
        IN_ROOM(everything_comes_back),
        IN_ROOM(what_is_not_set_is_null),
        IN_ROOM(damaged_json_reads_as_absent),
        IN_ROOM(only_what_may_change_is_saved),
        IN_ROOM(lists_are_read_in_order),
        IN_ROOM(an_answer_is_described_as_well),
        IN_ROOM(one_text_is_another_statement_of_another_table),
        IN_ROOM(an_answer_goes_on_from_a_table),
        IN_ROOM(a_change_of_state_is_judged_when_it_is_prepared),
        IN_ROOM(words_that_are_not_known_are_refused),
        IN_ROOM(a_row_is_put_by_its_key),
        IN_ROOM(after_an_error_nothing_is_read),
        IN_ROOM(single_values_are_taken),
    };
    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
