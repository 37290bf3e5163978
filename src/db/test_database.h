/* db/test_database.h - where a test keeps its data, so that one test runs on every engine.
 *
 * TOCSIN_TEST_ENGINE says which: sqlite (as without it) or postgresql. The latter needs a server that
 * may be filled with databases, at TOCSIN_TEST_POSTGRESQL; tools/with-postgresql makes one. For tests
 * only, from one thread. What goes wrong with the server ends the program with a message. */
#ifndef DB_TEST_DATABASE_H
#define DB_TEST_DATABASE_H

#include "base/clock.h"
#include "db/db.h"

/* For the few tests of what only SQLite has (a memory disk, a file that is copied): elsewhere they
 * are skipped and say why. Stands first in the test; needs cmocka.h. */
#define SKIP_BUT_ON_SQLITE(why)                    \
    do {                                           \
        if (test_database_is_shared()) {           \
            print_message("[     WHY] %s\n", why); \
            skip();                                \
        }                                          \
    } while (0)

/* The same for what only PostgreSQL has: others who write, time limits at the server. */
#define SKIP_BUT_ON_POSTGRESQL(why)                \
    do {                                           \
        if (!test_database_is_shared()) {          \
            print_message("[     WHY] %s\n", why); \
            skip();                                \
        }                                          \
    } while (0)

/* PostgreSQL: several writers may open the same database. */
NODISCARD bool test_database_is_shared(void);

/* What to give to db_open. On SQLite `on_sqlite` itself (":memory:", a path, a memory disk); on
 * PostgreSQL a database of the test's own that has the schema already. Ended by test_database_drop,
 * after its connections were closed. */
NODISCARD char *test_database_create(const char *on_sqlite);
/* The same without any table. */
NODISCARD char *test_database_create_empty(const char *on_sqlite);
void test_database_drop(char **where);

/* A writer on it, migrated. On PostgreSQL `clock`, which stays the caller's, stands in for the
 * server's own. */
NODISCARD struct db *test_database_open(const char *where, const struct clock *clock);
/* A node that has not joined (its id is 0) holds all lanes from now on, as it does on SQLite. For tests
 * of a node without others, which then need no beats. */
void test_database_hold_lanes(struct db *db);

/* Fixtures: *state is a struct test_room * with a database of its own and a writer on it, not migrated
 * by it. */
struct test_room {
    char *where;
    struct db *db;
};

int test_room_open(void **state);
int test_room_close(void **state);

/* The first column of the first row; -1 when there is none, or it failed. */
int64_t test_ask_int(struct db *db, const char *sql);

/* Of SQLite: the texts of all statements that were prepared on the connection. Free with g_ptr_array_unref. */
NODISCARD GPtrArray *test_statements(struct db *db);
/* How many tables the plan of a statement reads from end to end, but for the lines ("SCAN payload") that `may` allows;
 * the others are printed. */
NODISCARD int test_count_scans(struct db *db, const char *sql,
                               bool (*may)(const char *line, const char *sql));

#endif
