/* Migrations of tomorrow: which program works with which schema, and what happens when a step fails,
 * when two programs start one, or when others are at work. */
#include "db/migrate.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/copy.h"
#include "db/postgres.h"
#include "db/test_database.h"

enum { READING_MS = 300 }; /* how long a reader holds a table */

static const struct utc NOW = {1795000000000000};

struct room {
    char *where;
    char *folder;
    struct db *db;
    struct db_migrations *today;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->folder = g_dir_make_tmp("tocsin-migrate-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(room->folder, "tocsin.db", NULL);
    room->where = test_database_create(file);
    room->db = test_database_open(room->where, &CLOCK_SYSTEM);
    room->today = db_migrations_load();
    db_begin(room->db);
    (void)db_script(room->db,
                    "INSERT INTO alert (id, integration, dedup_key, service, status, severity,"
                    " urgency, summary, count, flapping, first_at, last_at)"
                    " VALUES (1, 'i', 'k', 's', 1, 1, 1, 'x', 1, 0, 1, 1);"
                    "INSERT INTO escalation (id, subject_id, policy_version, state, step, round,"
                    " severity, started_at, next_at, next_is_date)"
                    " VALUES (1, 1, 1, 1, 2, 0, 1, 1, 5000, 0);"
                    "INSERT INTO heartbeat_state (name, last_at, due_at, missing)"
                    " VALUES ('h', 1, 9000, 0)");
    assert_int_equal(db_commit(room->db), DB_OK);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->db);
    test_database_drop(&room->where);
    db_migrations_free(&room->today);
    GDir *dir = g_dir_open(room->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(room->folder, name, NULL);
        (void)g_unlink(path);
    }
    g_dir_close(dir);
    (void)g_rmdir(room->folder);
    g_free(room->folder);
    g_free(room);
    return 0;
}

/* What a later program knows: one more step. */
static struct db_migrations *with_step(const char *sql)
{
    struct db_migrations *tomorrow = db_migrations_load();
    tomorrow->items = g_renew(struct db_migration, tomorrow->items, tomorrow->count + 1);
    tomorrow->items[tomorrow->count] = (struct db_migration){
        .name = g_strdup_printf("%04zu_tomorrow.sql", tomorrow->count + 1), .sql = g_strdup(sql)};
    tomorrow->count++;
    return tomorrow;
}

static bool migrate(struct room *room, const char *sql, struct fault *fault)
{
    struct db_migrations *tomorrow = with_step(sql);
    int done = 0;
    bool is_good = db_migrate_all(room->db, tomorrow, NOW, &done, fault);
    assert_int_equal(done, is_good ? 1 : 0);
    db_migrations_free(&tomorrow);
    return is_good;
}

static int64_t ask(struct db *db, const char *sql)
{
    struct db_query *query = db_query(db, sql);
    int64_t answer = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return answer;
}

static char *works_from(size_t known, const char *sql)
{
    return g_strdup_printf("-- works from: %zu\n%s", known, sql);
}

static void the_program_of_yesterday_works_on_beside_an_additive_step(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    g_autofree char *step =
        works_from(room->today->count, "ALTER TABLE alert ADD COLUMN weather TEXT;"
                                       "CREATE TABLE weather (id {id}, data {blob})");
    if (!migrate(room, step, &fault)) {
        fail_msg("%s", fault.text);
    }
    struct db_schema schema;
    assert_true(db_schema_look(room->db, room->today, &schema, &fault));
    assert_int_equal(schema.state, SCHEMA_NEWER);
    assert_int_equal(schema.found, room->today->count + 1);
    assert_true(db_migrate(room->db, NOW, &fault));
    db_begin(room->db);
    (void)db_run(db_query(room->db,
                          "INSERT INTO alert (id, integration, dedup_key, service, status,"
                          " severity, urgency, summary, count, flapping, first_at,"
                          " last_at) VALUES (2, 'i', 'l', 's', 1, 1, 1, 'x', 1, 0, 1, 1)"));
    assert_int_equal(db_commit(room->db), DB_OK);
}

static void a_program_that_is_too_old_is_refused(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_true(migrate(room, "ALTER TABLE alert ADD COLUMN weather TEXT", &fault));
    assert_false(db_migrate(room->db, NOW, &fault));
    assert_non_null(strstr(fault.text, "made by a newer Tocsin"));
    assert_non_null(strstr(fault.text, "run the newer program"));
}

/* Two steps on: what the first one asks for still holds. */
static void the_most_demanding_step_decides(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_true(migrate(room, "ALTER TABLE alert ADD COLUMN weather TEXT", &fault));
    db_begin(room->db);
    (void)db_script(room->db, "INSERT INTO schema_version (version, name, applied_at, works_from)"
                              " VALUES (90, 'later', 1, 1)");
    assert_int_equal(db_commit(room->db), DB_OK);
    struct db_schema schema;
    assert_true(db_schema_look(room->db, room->today, &schema, &fault));
    assert_int_equal(schema.state, SCHEMA_TOO_NEW);
}

static void a_step_that_fails_is_undone(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_false(migrate(
        room, "CREATE TABLE weather (id {id}); INSERT INTO no_such_table VALUES (1)", &fault));
    assert_non_null(strstr(fault.text, "failed and was undone"));
    assert_non_null(strstr(fault.text, "_tomorrow.sql"));
    assert_non_null(strstr(fault.text, "no_such_table"));
    assert_int_equal(db_schema_found(room->db), room->today->count);
    fault = (struct fault){0};
    assert_true(
        migrate(room, "CREATE TABLE weather (id {id})", &fault)); /* it was not left there */
}

static void a_step_that_changes_what_must_page_is_undone(void **state)
{
    static const struct {
        const char *sql, *told;
    } ROWS[] = {
        {"UPDATE escalation SET next_at = next_at + 1", "escalations"},
        {"UPDATE escalation SET step = 0", "escalations"},
        {"UPDATE alert SET status = 3", "open alerts"},
        {"UPDATE heartbeat_state SET due_at = NULL", "armed heartbeats"},
        {"INSERT INTO page (id, subject_id, user_name, urgency, reason, state, next_rule, "
         "created_at)"
         " VALUES (1, 1, 'ana', 1, '', 1, 0, 1)",
         "active pages"},
        {"INSERT INTO mailbox (id, user_name, contact, urgency, severity) VALUES (1, 'a', 'c', 1, "
         "1);"
         "INSERT INTO notification (id, mailbox_id, kind, state, severity, due_at, tries, "
         "created_at)"
         " VALUES (1, 1, 1, 1, 1, 1, 0, 1)",
         "waiting notifications"},
        {"INSERT INTO delivery (id, mailbox_id, user_name, contact, channel, address, urgency,"
         " severity, items, state, claimed_at, bounded_at, lease_until)"
         " VALUES (1, 1, 'a', 'c', 1, 'x', 1, 1, 1, 1, 1, 1, 1)",
         "claimed deliveries"},
    };
    struct room *room = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault = {0};
        if (migrate(room, ROWS[i].sql, &fault) || strstr(fault.text, ROWS[i].told) == NULL ||
            strstr(fault.text, "would not be the same") == NULL) {
            fail_msg("%s: %s", ROWS[i].sql, fault.text);
        }
    }
    assert_int_equal(ask(room->db, "SELECT next_at FROM escalation"), 5000);
    assert_int_equal(db_schema_found(room->db), room->today->count);
}

/* --- only where others are at work --- */

struct other {
    char *where;
    struct db_migrations *known;
    bool is_good;
    int done;
    struct fault fault;
};

static void *migrate_too(void *self)
{
    struct other *other = self;
    struct db *db = db_open(other->where, DB_READ_WRITE, &other->fault);
    other->is_good =
        db != NULL && db_migrate_all(db, other->known, NOW, &other->done, &other->fault);
    db_close(&db);
    return NULL;
}

static void migrate_at_once(const char *where, int *out_done)
{
    struct other others[4];
    pthread_t threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        others[i] = (struct other){.where = g_strdup(where),
                                   .known = with_step("CREATE TABLE weather (id {id})")};
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_too, &others[i]), 0);
    }
    *out_done = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (!others[i].is_good) {
            fail_msg("%s", others[i].fault.text);
        }
        *out_done += others[i].done;
        g_free(others[i].where);
        db_migrations_free(&others[i].known);
    }
}

static void of_several_at_once_one_does_it(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has one writer, and its lock refuses another");
    struct room *room = *state;
    int done = 0;
    migrate_at_once(room->where, &done);
    assert_int_equal(done, 1);
    char *empty = test_database_create_empty(NULL);
    migrate_at_once(empty, &done);
    assert_int_equal(done, room->today->count + 1);
    test_database_drop(&empty);
}

static void an_empty_server_is_filled_and_an_older_one_refused(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file is brought forward at the start");
    struct room *room = *state;
    struct db_migrations *tomorrow = with_step("CREATE TABLE weather (id {id})");
    struct fault fault = {0};
    assert_false(db_migrate_for(room->db, tomorrow, NOW, &fault));
    assert_non_null(strstr(fault.text, "tocsin migrate"));
    char *empty = test_database_create_empty(NULL);
    struct db *db = db_open(empty, DB_READ_WRITE, &fault);
    assert_true(db_migrate_for(db, tomorrow, NOW, &fault));
    assert_int_equal(db_schema_found(db), room->today->count + 1);
    db_close(&db);
    test_database_drop(&empty);
    db_migrations_free(&tomorrow);
}

struct load {
    const char *where;
    int over_fd; /* can be read when it is over */
    atomic_bool is_over;
    atomic_int written;
    atomic_int failed;
    atomic_int read;
};

static void *write_on(void *self)
{
    struct load *load = self;
    struct fault fault = {0};
    struct db *db = db_open(load->where, DB_READ_WRITE, &fault);
    while (!atomic_load(&load->is_over)) {
        db_begin(db);
        (void)db_run(db_query(db, "UPDATE alert SET count = count + 1 WHERE id = 1"));
        atomic_fetch_add(db_commit(db) == DB_OK ? &load->written : &load->failed, 1);
    }
    db_close(&db);
    return NULL;
}

/* Holds the table that is to be changed, again and again for a while. */
static void *read_on(void *self)
{
    struct load *load = self;
    struct fault fault = {0};
    struct db *db = db_open(load->where, DB_READ_ONLY, &fault);
    struct pollfd over = {.fd = load->over_fd, .events = POLLIN};
    while (!atomic_load(&load->is_over)) {
        db_begin(db);
        if (ask(db, "SELECT count FROM alert WHERE id = 1") >= 0) {
            atomic_fetch_add(&load->read, 1);
        }
        (void)poll(&over, 1, READING_MS);
        db_rollback(db);
    }
    db_close(&db);
    return NULL;
}

static void a_step_under_load_lets_the_others_live(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has one writer");
    struct room *room = *state;
    struct load load = {.where = room->where, .over_fd = eventfd(0, EFD_CLOEXEC)};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, i < 2 ? write_on : read_on, &load), 0);
    }
    while (atomic_load(&load.written) < 50 || atomic_load(&load.read) < 2) {
        (void)sched_yield();
    }
    int before = atomic_load(&load.written);
    struct fault fault = {0};
    g_autofree char *step =
        works_from(room->today->count, "ALTER TABLE alert ADD COLUMN weather TEXT");
    bool is_good = migrate(room, step, &fault);
    while (atomic_load(&load.written) < before + 50) {
        (void)sched_yield();
    }
    atomic_store(&load.is_over, true);
    assert_int_equal(eventfd_write(load.over_fd, 1), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)close(load.over_fd);
    if (!is_good) {
        fail_msg("%s", fault.text);
    }
    /* A write may have been told to try again, on a machine that is slow; none was lost or doubled. */
    assert_int_equal(ask(room->db, "SELECT count FROM alert WHERE id = 1"),
                     1 + atomic_load(&load.written));
}

/* A transaction that never ends: the step gives up, and nobody had to wait behind it for long. */
static void a_step_that_gets_no_lock_gives_up_and_says_why(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has one writer");
    struct room *room = *state;
    struct fault fault = {0};
    struct db *holder = db_open(room->where, DB_READ_ONLY, &fault);
    db_begin_snapshot(holder); /* as a backup does */
    assert_int_equal(ask(holder, "SELECT count FROM alert WHERE id = 1"), 1);
    struct db_migrations *tomorrow = with_step("ALTER TABLE alert ADD COLUMN weather TEXT");
    int done = 0;
    const struct db_patience patience = {.tries = 2, .alone_ms = 5000};
    assert_false(db_migrate_within(room->db, tomorrow, NOW, &patience, &done, &fault));
    assert_non_null(strstr(fault.text, "tried 2 times and undone each time"));
    assert_non_null(strstr(fault.text, "end what holds the tables"));
    assert_non_null(strstr(fault.text, "lock timeout"));
    db_rollback(holder);
    db_close(&holder);
    if (!db_migrate_within(room->db, tomorrow, NOW, &patience, &done, &fault)) {
        fail_msg("%s", fault.text);
    }
    db_migrations_free(&tomorrow);
}

/* Somebody else migrates: nobody's turn is held meanwhile, and he is not to be ended. */
static void who_waits_for_another_migration_holds_nobody_up(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has one writer");
    struct room *room = *state;
    struct fault fault = {0};
    struct db *other = db_open(room->where, DB_READ_ONLY, &fault);
    db_begin_snapshot(other);
    assert_int_equal(db_script(other, "SELECT pg_advisory_xact_lock(8420, 1)"), DB_OK);
    struct load load = {.where = room->where, .over_fd = -1};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &load), 0);
    while (atomic_load(&load.written) < 10) {
        (void)sched_yield();
    }
    struct db_migrations *tomorrow = with_step("CREATE TABLE weather (id {id})");
    int before = atomic_load(&load.written);
    int done = 0;
    const struct db_patience patience = {.tries = 3, .alone_ms = 1000};
    assert_false(db_migrate_within(room->db, tomorrow, NOW, &patience, &done, &fault));
    assert_non_null(strstr(fault.text, "another program is bringing the schema forward"));
    assert_non_null(strstr(fault.text, "let it end"));
    int written = atomic_load(&load.written) - before;
    atomic_store(&load.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(written > 10);
    assert_int_equal(atomic_load(&load.failed), 0);
    db_rollback(other);
    db_close(&other);
    if (!db_migrate_within(room->db, tomorrow, NOW, &patience, &done, &fault)) {
        fail_msg("%s", fault.text);
    }
    db_migrations_free(&tomorrow);
}

/* The first reason is told, and not that nobody was reached after it. */
static void a_database_that_is_lost_is_no_lock(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file is there or not");
    struct room *room = *state;
    struct db_migrations *tomorrow = with_step("SELECT pg_terminate_backend(pg_backend_pid())");
    struct fault fault = {0};
    int done = 0;
    const struct db_patience patience = {.tries = 2, .alone_ms = 5000};
    assert_false(db_migrate_within(room->db, tomorrow, NOW, &patience, &done, &fault));
    assert_non_null(strstr(fault.text, "the database was lost while migration"));
    assert_non_null(strstr(fault.text, "administrator command"));
    assert_null(strstr(fault.text, "holds the tables"));
    db_migrations_free(&tomorrow);
}

static void add_node(struct db *db, const char *name, int state, size_t known)
{
    db_begin(db);
    struct db_query *query =
        db_query(db, "INSERT INTO node (name, version, schema_known, state, beat, started_at)"
                     " VALUES ($1, 'old', $2, $3, 7, 1) {newid}");
    db_bind_text(query, 1, name);
    db_bind_int(query, 2, (int64_t)known);
    db_bind_int(query, 3, state);
    (void)db_insert(query);
    assert_int_equal(db_commit(db), DB_OK);
}

struct pulse {
    const char *where;
    const char *sql; /* of each turn */
    atomic_bool has_begun;
    atomic_bool is_over;
};

static void *beat_on(void *self)
{
    struct pulse *pulse = self;
    struct fault fault = {0};
    struct db *db = db_open(pulse->where, DB_READ_WRITE, &fault);
    while (!atomic_load(&pulse->is_over)) {
        db_begin(db);
        atomic_store(&pulse->has_begun, true);
        (void)db_run(db_query(db, pulse->sql));
        assert_int_equal(db_commit(db), DB_OK);
    }
    db_close(&db);
    return NULL;
}

/* Ada lives. Bob was killed, cyd has ended, dan knows the step. */
static void a_step_that_a_living_node_cannot_work_beside_is_refused(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has no nodes");
    struct room *room = *state;
    size_t known = room->today->count;
    add_node(room->db, "ada", 1, known);
    add_node(room->db, "bob", 1, known);
    add_node(room->db, "cyd", 3, known);
    add_node(room->db, "dan", 1, known + 1);
    struct db_migrations *breaking = with_step("ALTER TABLE alert RENAME COLUMN summary TO title");
    struct pulse pulse = {.where = room->where,
                          .sql = "UPDATE node SET beat = beat + 1 WHERE name = 'ada'"};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, beat_on, &pulse), 0);
    struct fault fault = {0};
    int done = 0;
    const struct db_patience patience = {.tries = 3, .alone_ms = 5000, .watch_ms = 500};
    bool is_good = db_migrate_within(room->db, breaking, NOW, &patience, &done, &fault);
    atomic_store(&pulse.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(is_good);
    assert_non_null(strstr(fault.text, "and these are at work: ada. Stop"));
    assert_int_equal(db_schema_found(room->db), known);
    /* Nobody beats any more: they are in nobody's way. */
    if (!db_migrate_within(room->db, breaking, NOW, &patience, &done, &fault)) {
        fail_msg("%s", fault.text);
    }
    db_migrations_free(&breaking);
}

/* Ada lives, and could not beat: somebody had the turn all the while. */
static void who_could_not_beat_may_live(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has no nodes");
    struct room *room = *state;
    add_node(room->db, "ada", 1, room->today->count);
    struct db_migrations *breaking = with_step("ALTER TABLE alert RENAME COLUMN summary TO title");
    struct pulse pulse = {.where = room->where, .sql = "SELECT pg_sleep(2)"};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, beat_on, &pulse), 0);
    while (!atomic_load(&pulse.has_begun)) {
    }
    atomic_store(&pulse.is_over, true);
    struct fault fault = {0};
    const struct db_patience patience = {.tries = 1, .alone_ms = 5000, .watch_ms = 100};
    assert_false(db_migrate_within(room->db, breaking, NOW, &patience, &(int){0}, &fault));
    assert_non_null(strstr(fault.text, "no node could show that it lives"));
    assert_int_equal(pthread_join(thread, NULL), 0);
    db_migrations_free(&breaking);
}

static void a_step_that_old_nodes_work_beside_waits_for_none(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("a file has no nodes");
    struct room *room = *state;
    add_node(room->db, "ada", 1, room->today->count);
    g_autofree char *step = works_from(room->today->count, "CREATE TABLE weather (id {id})");
    struct db_migrations *tomorrow = with_step(step);
    struct fault fault = {0};
    ((struct postgres_db *)room->db)->long_ms = 2000; /* no room for the watch */
    const struct db_patience patience = {.tries = 1, .alone_ms = 5000, .watch_ms = 60000};
    if (!db_migrate_within(room->db, tomorrow, NOW, &patience, &(int){0}, &fault)) {
        fail_msg("%s", fault.text);
    }
    db_migrations_free(&tomorrow);
}

/* What comes after the step's own script is slow: noting it down, and comparing what must page. */
static void a_step_may_take_longer_than_a_request(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("nobody waits for an answer of a file");
    struct room *room = *state;
    ((struct postgres_db *)room->db)->answer_ms = 500;
    struct fault fault = {0};
    if (!migrate(room,
                 "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                 " 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';"
                 "CREATE TRIGGER slow BEFORE INSERT ON schema_version FOR EACH ROW"
                 " EXECUTE FUNCTION slow();"
                 "SELECT pg_sleep(1)",
                 &fault)) {
        fail_msg("%s", fault.text);
    }
}

static void a_step_that_takes_too_long_is_not_tried_again(void **state)
{
    SKIP_BUT_ON_POSTGRESQL("nobody waits for an answer of a file");
    struct room *room = *state;
    struct postgres_db *pg = (struct postgres_db *)room->db;
    pg->long_ms = 200;
    uint64_t connection = pg->number;
    struct fault fault = {0};
    assert_false(migrate(room, "SELECT pg_sleep(0.5)", &fault));
    assert_non_null(strstr(fault.text, "takes too long and was undone"));
    assert_int_equal(pg->number, connection);
    assert_int_equal(db_schema_found(room->db), room->today->count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_program_of_yesterday_works_on_beside_an_additive_step,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_program_that_is_too_old_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_most_demanding_step_decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_fails_is_undone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_changes_what_must_page_is_undone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_several_at_once_one_does_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_server_is_filled_and_an_older_one_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_step_under_load_lets_the_others_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_for_another_migration_holds_nobody_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_a_living_node_cannot_work_beside_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_could_not_beat_may_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_old_nodes_work_beside_waits_for_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_database_that_is_lost_is_no_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_may_take_longer_than_a_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_takes_too_long_is_not_tried_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_gets_no_lock_gives_up_and_says_why, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
