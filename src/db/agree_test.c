/* The two engines do the same: random sequences of calls are made on both, and every answer, status
 * and count of changed rows must be equal. AGREE_SEED repeats a run, AGREE_SEQUENCES makes it longer. */
#include "db/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db/test_database.h"

enum { SEQUENCES = 400, PARAMETERS_MAX = 6, AHEAD_MAX = 5 };

/* Sides: what is made on one is made on the other. */
enum { SQLITE = 0, POSTGRESQL, ENGINES };

static const struct utc NOW = {1795000000000000};

struct world {
    GRand *rand;
    char *where;
    struct db *db[ENGINES];
    GString *history; /* of the sequence, for whoever has to find out */
};

enum kind { ASK = 1, RUN, INSERT };

/* Letters of parameters: k a key (text), n a small number, i any number, t text, b bytes, r a real
 * number, l a limit; capital: may be NULL. Letters of columns: i t b r. */
struct call {
    enum kind kind;
    const char *sql;
    const char *parameters;
    const char *columns;
    int keep; /* an ASK may be kept by this topic (see db_keep); -1: not at all */
};

static const struct call CALLS[] = {
    {INSERT, "INSERT INTO t (k, n, a, b, c, d) VALUES ($1, $2, $3, $4, $5, $6) {newid}", "knITBR",
     NULL, 0},
    {INSERT, "INSERT INTO t (k, n) VALUES ($1, $2) {newid}", "kn", NULL, 0},
    {INSERT, "INSERT INTO v (k, n, a, b, c, d, z) VALUES ($1, $2, $3, $4, $5, $6, 7) {newid}",
     "knITBR", NULL, 0},
    {INSERT, "INSERT INTO v (k, n, a) VALUES ($1, $2, $2) {newid}", "kn", NULL, 0},
    {RUN, "DELETE FROM v WHERE n = $1", "n", NULL, 0},
    {ASK, "SELECT k, n, a, b, c, d, z FROM v ORDER BY id", "", "tiitbri", 0},
    {ASK, "SELECT count(*), sum(n) FROM v WHERE k = $1", "k", "ii", 1},
    {ASK, "SELECT t.k, v.n FROM t JOIN v ON v.k = t.k ORDER BY v.id", "", "ti", 0},
    {RUN, "INSERT INTO u (k, n) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET n = u.n + excluded.n",
     "kn", NULL, 0},
    {RUN, "UPDATE t SET n = n + $2, b = coalesce($3, b) WHERE k = $1", "knT", NULL, 0},
    {RUN, "UPDATE t SET a = $2, c = $3, d = $4 WHERE k = $1", "kIBR", NULL, 0},
    {RUN, "UPDATE t SET b = b || $2 WHERE k = $1 AND b IS NOT NULL", "kt", NULL, 0},
    {RUN, "DELETE FROM t WHERE k = $1", "k", NULL, 0},
    {RUN, "DELETE FROM t WHERE n < $1", "n", NULL, 0},
    {ASK, "SELECT k, n, a, b, c, d FROM t ORDER BY k", "", "tiitbr", 0},
    {ASK, "SELECT n, a, b FROM t WHERE k = $1", "k", "iit", 1},
    {ASK, "SELECT t.k, u.n FROM t LEFT JOIN u ON u.k = t.k WHERE t.k = $1", "k", "ti", 1},
    {ASK, "SELECT count(*), min(a), max(a), coalesce(sum(n), 0), max(b) FROM t WHERE b = $1", "t",
     "iiiit", 0},
    {ASK, "SELECT count(*), max(d) FROM t WHERE d > $1", "r", "ir", 0},
    {ASK, "SELECT k FROM t WHERE a > $1 ORDER BY a DESC, k LIMIT $2", "il", "t", 0},
    {ASK, "SELECT k, b FROM t WHERE b > $1 ORDER BY b, k DESC", "t", "tt", 0},
    {ASK, "SELECT b, count(*), sum(n) FROM t WHERE b IS NOT NULL GROUP BY b ORDER BY b", "", "tii",
     0},
    {ASK,
     "SELECT k, CASE WHEN a IS NULL THEN 'none' WHEN a < 0 THEN '-' ELSE '+' END, a IS NULL"
     " FROM t ORDER BY k",
     "", "tti", 0},
    {ASK, "SELECT k FROM t WHERE ((CAST(1 AS BIGINT) << CAST(n AS INTEGER)) & $1) <> 0 ORDER BY k",
     "i", "t", 0},
    {ASK,
     "SELECT k, (SELECT count(*) FROM u WHERE u.n >= t.n) FROM t WHERE EXISTS"
     " (SELECT 1 FROM u WHERE u.k = t.k) ORDER BY k",
     "", "ti", 0},
    {ASK, "SELECT k, length(b), substr(b, 2, 3) FROM t WHERE b IS NOT NULL ORDER BY k", "", "tit",
     0},
    {ASK, "SELECT k FROM t WHERE c = $1 ORDER BY k", "b", "t", -1},
};

struct value {
    char type; /* 0: NULL */
    int64_t number;
    const char *text;
    size_t size;
    double real;
};

static const char *const KEYS[] = {"a", "B", "b", "", "é", "10"};
static const char *const TEXTS[] = {"",  "a", "A", "ab", "é",  "É",
                                    "z", "%", "'", "\\", "\"", "日本"};
static const int64_t NUMBERS[] = {0, 1, -1, 42, INT64_MAX, INT64_MIN, INT64_C(1) << 40};
static const double REALS[] = {0.0, 0.1, -2.5, 1e300, 1.0 / 3.0};
static const char BYTES[] = "\0\x01\xff'\\x41";

static size_t draw(struct world *world, size_t bound)
{
    return (size_t)g_rand_int_range(world->rand, 0, (gint32)bound);
}

static struct value draw_value(struct world *world, char letter)
{
    if (g_ascii_isupper(letter) && draw(world, 4) == 0) {
        return (struct value){0};
    }
    struct value value = {.type = g_ascii_tolower(letter)};
    switch (value.type) {
    case 'k':
        value.text = KEYS[draw(world, G_N_ELEMENTS(KEYS))];
        break;
    case 't':
        value.text = TEXTS[draw(world, G_N_ELEMENTS(TEXTS))];
        break;
    case 'b':
        value.text = BYTES;
        value.size = draw(world, sizeof BYTES);
        break;
    case 'r':
        value.real = REALS[draw(world, G_N_ELEMENTS(REALS))];
        break;
    case 'i':
        value.number = NUMBERS[draw(world, G_N_ELEMENTS(NUMBERS))];
        break;
    default:
        value.number = (int64_t)draw(world, 9);
    }
    return value;
}

static void bind(struct db_query *query, int at, const struct value *value)
{
    switch (value->type) {
    case 0:
        break;
    case 'k':
    case 't':
        db_bind_text(query, at, value->text);
        break;
    case 'b':
        db_bind_blob(query, at, value->text, value->size);
        break;
    case 'r':
        db_bind_real(query, at, value->real);
        break;
    default:
        db_bind_int(query, at, value->number);
    }
}

static void draw_values(struct world *world, const struct call *call, struct value *out)
{
    for (size_t i = 0; call->parameters[i] != '\0'; i++) {
        CHECK(i < PARAMETERS_MAX);
        out[i] = draw_value(world, call->parameters[i]);
        g_string_append_printf(world->history, " %c", out[i].type == 0 ? '-' : out[i].type);
        if (out[i].type == 'k' || out[i].type == 't') {
            g_string_append_printf(world->history, "'%s'", out[i].text);
        } else if (out[i].type != 0 && out[i].type != 'b' && out[i].type != 'r') {
            g_string_append_printf(world->history, "%" G_GINT64_FORMAT, out[i].number);
        }
    }
}

static struct db_query *query_of(struct db *db, const struct call *call, const struct value *values)
{
    struct db_query *query = db_query(db, call->sql);
    for (int i = 0; call->parameters[i] != '\0'; i++) {
        bind(query, i + 1, &values[i]);
    }
    return query;
}

static void write_column(GString *out, struct db_query *query, int column, char letter)
{
    size_t size = 0;
    g_string_append_printf(out, "|%s", db_is_null(query, column) ? "null " : "");
    switch (letter) {
    case 'i':
        g_string_append_printf(out, "%" G_GINT64_FORMAT, db_int(query, column));
        break;
    case 'r':
        g_string_append_printf(out, "%.17g", db_real(query, column));
        break;
    case 'b': {
        const unsigned char *bytes = db_blob(query, column, &size);
        for (size_t i = 0; i < size; i++) {
            g_string_append_printf(out, "%02x", bytes[i]);
        }
        break;
    }
    default: {
        const char *text = db_text(query, column);
        g_string_append(out, text == NULL ? "" : text);
    }
    }
}

/* All rows, and how it ended. */
static char *answer_of(struct db *db, const struct call *call, const struct value *values, int keep)
{
    GString *out = g_string_new(NULL);
    struct db_query *query = query_of(db, call, values);
    if (keep >= 0) {
        db_keep(query, keep);
    }
    enum db_status status = db_step(query);
    for (; status == DB_ROW; status = db_step(query)) {
        for (int i = 0; call->columns[i] != '\0'; i++) {
            write_column(out, query, i, call->columns[i]);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "status %d", (int)status);
    return g_string_free(out, FALSE);
}

/* A machine that stands still for seconds makes the server give the transaction up; that is no answer
 * to compare. */
static bool is_lost(const struct world *world)
{
    enum db_status status = db_error(world->db[POSTGRESQL]);
    return status == DB_DOWN || status == DB_UNCERTAIN;
}

static void compare(struct world *world, const char *what, const char *a, const char *b)
{
    if (strcmp(a, b) != 0 && !is_lost(world)) {
        (void)fprintf(stderr, "%s\n", world->history->str); /* more than cmocka would print */
        (void)fprintf(stderr, "--- SQLite:\n%s\n--- PostgreSQL (%s):\n%s\n", a,
                      db_error_text(world->db[POSTGRESQL]), b);
        fail_msg("%s", what);
    }
}

/* A kept answer must be as good as a new one. */
static int draw_keep(struct world *world, const struct call *call)
{
    return draw(world, 2) == 0 ? -1 : call->keep;
}

static void ask(struct world *world, const struct call *call, const struct value *values, int keep)
{
    g_autofree char *a = answer_of(world->db[SQLITE], call, values, keep);
    g_autofree char *b = answer_of(world->db[POSTGRESQL], call, values, keep);
    if (db_error(world->db[SQLITE]) != DB_OK && db_error(world->db[POSTGRESQL]) == DB_OK) {
        (void)db_changes(
            world->db[POSTGRESQL]); /* the answer was kept, the failure not known yet */
        assert_true(is_lost(world) ||
                    db_error(world->db[POSTGRESQL]) == db_error(world->db[SQLITE]));
        return;
    }
    compare(world, call->sql, a, b);
}

static const struct call *draw_call(struct world *world, bool wants_question)
{
    const struct call *call = NULL;
    bool is_wanted = false;
    while (!is_wanted) {
        call = &CALLS[draw(world, G_N_ELEMENTS(CALLS))];
        /* Most inserts fail, and what follows with them: not too many. */
        is_wanted =
            call->kind == ASK || (!wants_question && (call->kind == RUN || draw(world, 3) == 0));
    }
    g_string_append_printf(world->history, "\n%s", call->sql);
    return call;
}

/* Asks some questions ahead, and then each of them in earnest. */
static void ask_ahead(struct world *world)
{
    const struct call *calls[AHEAD_MAX];
    struct value values[AHEAD_MAX][PARAMETERS_MAX];
    size_t count = 1 + draw(world, AHEAD_MAX);
    g_string_append(world->history, "\nahead:");
    for (size_t i = 0; i < count; i++) {
        calls[i] = draw_call(world, true);
        draw_values(world, calls[i], values[i]);
    }
    for (int side = 0; side < ENGINES; side++) {
        struct db *db = world->db[side];
        if (!db_ask_ahead(db)) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            g_free(answer_of(db, calls[i], values[i], calls[i]->keep));
        }
        db_ask_ahead_end(db);
    }
    for (size_t i = 0; i < count; i++) {
        ask(world, calls[i], values[i], calls[i]->keep);
    }
}

/* As its caller promised: what depends on a topic is asked anew. */
static void tell_stale(struct db *db, const struct call *call, const struct value *values)
{
    db_stale(db, call->parameters[0] == 'k' ? values[0].text : NULL);
}

static void write_both(struct world *world, const struct call *call, const struct value *values)
{
    bool is_asked = draw(world, 2) == 0;
    char changes[ENGINES][48];
    for (int side = 0; side < ENGINES; side++) {
        struct db *db = world->db[side];
        struct db_query *query = query_of(db, call, values);
        if (call->kind == INSERT) {
            (void)db_insert(query);
        } else {
            (void)db_run(query);
        }
        tell_stale(db, call, values);
        if (is_asked) { /* else a failure may be known later on one of them */
            int64_t count = db_changes(db);
            bool is_good = db_error(db) == DB_OK;
            (void)g_snprintf(changes[side], sizeof changes[side], "%d changes, error %d",
                             is_good ? (int)count : 0, (int)db_error(db));
        }
    }
    if (is_asked) {
        compare(world, call->sql, changes[SQLITE], changes[POSTGRESQL]);
    }
}

static void step(struct world *world)
{
    struct value values[PARAMETERS_MAX] = {{0}};
    if (draw(world, 12) == 0) {
        ask_ahead(world);
        return;
    }
    const struct call *call = draw_call(world, false);
    draw_values(world, call, values);
    if (call->kind == ASK) {
        ask(world, call, values, draw_keep(world, call));
    } else {
        write_both(world, call, values);
    }
}

static void end_both(struct world *world, bool is_kept)
{
    if (!is_kept || is_lost(world)) {
        db_rollback(world->db[SQLITE]);
        db_rollback(world->db[POSTGRESQL]);
        return;
    }
    enum db_status theirs = db_commit(world->db[POSTGRESQL]);
    if (theirs == DB_UNCERTAIN) {
        theirs = db_resolve(world->db[POSTGRESQL]) == DB_OK ? DB_OK : DB_DOWN;
    }
    if (theirs == DB_DOWN) {
        db_rollback(world->db[SQLITE]);
        return;
    }
    assert_int_equal(db_commit(world->db[SQLITE]), theirs);
}

static void transact(struct world *world, bool is_kept)
{
    for (int side = 0; side < ENGINES; side++) {
        db_begin(world->db[side]);
    }
    for (size_t steps = 1 + draw(world, 25); steps > 0 && !is_lost(world); steps--) {
        step(world);
    }
    g_string_append(world->history, is_kept ? "\ncommit" : "\nrollback");
    end_both(world, is_kept);
}

static void open_both(struct world *world)
{
    struct fault fault = {0};
    world->where = test_database_create("");
    const char *const places[ENGINES] = {":memory:", world->where};
    for (int side = 0; side < ENGINES; side++) {
        struct db *db = db_open(places[side], DB_READ_WRITE, &fault);
        assert_string_equal(fault.text, "");
        assert_true(db_migrate(db, NOW, &fault));
        db_begin(db);
        (void)db_script(db, "CREATE TABLE t (id {id}, k TEXT NOT NULL, n BIGINT NOT NULL, a BIGINT,"
                            " b TEXT, c {blob}, d DOUBLE PRECISION);"
                            "CREATE UNIQUE INDEX t_k ON t (k);"
                            "CREATE TABLE v (id {id}, k TEXT NOT NULL, n BIGINT NOT NULL, a BIGINT,"
                            " b TEXT, c {blob}, d DOUBLE PRECISION, z BIGINT);"
                            "CREATE TABLE u (k TEXT PRIMARY KEY, n BIGINT NOT NULL)");
        assert_int_equal(db_commit(db), DB_OK);
        world->db[side] = db;
    }
}

static void close_both(struct world *world)
{
    for (int side = 0; side < ENGINES; side++) {
        db_close(&world->db[side]);
    }
    test_database_drop(&world->where);
}

static guint32 seed_of_run(void)
{
    const char *given = g_getenv("AGREE_SEED");
    return given != NULL ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
}

static void the_engines_agree(void **state)
{
    (void)state;
    const char *wanted = g_getenv("AGREE_SEQUENCES");
    guint64 sequences = wanted != NULL ? g_ascii_strtoull(wanted, NULL, 10) : SEQUENCES;
    guint32 seed = seed_of_run();
    print_message("AGREE_SEED=%u\n", seed);
    struct world world = {.rand = g_rand_new_with_seed(seed), .history = g_string_new(NULL)};
    open_both(&world);
    for (guint64 i = 0; i < sequences; i++) {
        g_string_truncate(world.history, 0);
        transact(&world, draw(&world, 4) > 0);
    }
    close_both(&world);
    g_string_free(world.history, TRUE);
    g_rand_free(world.rand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_engines_agree)};
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("agree", tests, NULL, NULL);
}
