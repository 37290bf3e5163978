/* Everything from one database to another, and what is found when something is not the same. Run on
 * PostgreSQL, the source and the last target are there; what lies between is always a file. */
#include "db/copy.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/postgres.h"
#include "db/tables.h"
#include "db/test_database.h"

static const struct utc NOW = {1795000000000000};

struct room {
    char *folder;
    char *where, *where_back; /* of test databases */
    char *file, *other;
    struct db *db;
    GRand *rand;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->folder = g_dir_make_tmp("tocsin-copy-XXXXXX", NULL);
    g_autofree char *source = g_build_filename(room->folder, "source.db", NULL);
    g_autofree char *back = g_build_filename(room->folder, "back.db", NULL);
    room->file = g_build_filename(room->folder, "copy.db", NULL);
    room->other = g_build_filename(room->folder, "other.db", NULL);
    room->where = test_database_create(source);
    room->where_back = test_database_create_empty(back);
    room->db = test_database_open(room->where, &CLOCK_SYSTEM);
    assert_non_null(room->db);
    room->rand = g_rand_new_with_seed(8420);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->db);
    test_database_drop(&room->where);
    test_database_drop(&room->where_back);
    GDir *dir = g_dir_open(room->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        assert_null(strstr(name, ".part")); /* nothing half made is left */
        g_autofree char *path = g_build_filename(room->folder, name, NULL);
        (void)g_unlink(path);
    }
    g_dir_close(dir);
    assert_int_equal(g_rmdir(room->folder), 0);
    g_rand_free(room->rand);
    g_free(room->file);
    g_free(room->other);
    g_free(room->folder);
    g_free(room);
    return 0;
}

/* --- content --- */

static bool is_one_of(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

static const char *const NULLABLE[] = {
    "deleted_at",  "details", "links",   "component",   "snoozed_until", "lease_until",
    "page_id",     "data",    "detail",  "provider_id", "failure",       "verified_at",
    "resolved_by", "problem", "next_at", "scope",       "escalation_id", NULL};
static const char *const BIG[] = {"details", "spec", "body", "summary", "reason", NULL};

static void bind_text(struct room *room, struct db_query *query, int at, const char *name, int row)
{
    static const char *const WORDS[] = {"",
                                        "plain",
                                        "Störung ✓",
                                        "日本語のサービス",
                                        "a\nb\t\"c\\",
                                        "''; --",
                                        "\xf0\x9f\x94\xa5 fire"};
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "%s %d", WORDS[g_rand_int_range(room->rand, 0, G_N_ELEMENTS(WORDS))],
                    row);
    if (is_one_of(name, BIG) && g_rand_int_range(room->rand, 0, 20) == 0) {
        gsize wanted = (gsize)g_rand_int_range(room->rand, 1000, 90000);
        while (text->len < wanted) {
            g_string_append(text, "a big text with ümläuts; ");
        }
    }
    db_bind_text(query, at, text->str);
}

static void bind_blob(struct room *room, struct db_query *query, int at)
{
    unsigned char bytes[80];
    size_t size = (size_t)g_rand_int_range(room->rand, 32, sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)g_rand_int_range(room->rand, 0, 256);
    }
    db_bind_blob(query, at, bytes, size);
}

static void bind_int(struct room *room, struct db_query *query, int at, const char *name)
{
    static const int64_t NUMBERS[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1795000000000000, 42};
    bool is_state = strcmp(name, "status") == 0 || strcmp(name, "state") == 0;
    int64_t value = is_state ? g_rand_int_range(room->rand, 1, 4)
                             : NUMBERS[g_rand_int_range(room->rand, 0, G_N_ELEMENTS(NUMBERS))];
    db_bind_int(query, at, value);
}

static void insert_row(struct room *room, const struct db_table *table, int row)
{
    GString *sql = g_string_new("INSERT INTO ");
    GString *values = g_string_new(NULL);
    g_string_append_printf(sql, "%s (", table->name);
    for (guint i = 0; i < table->columns->len; i++) {
        g_string_append_printf(sql, "%s%s", i == 0 ? "" : ", ", db_table_column(table, i)->name);
        g_string_append_printf(values, "%s$%u", i == 0 ? "" : ", ", i + 1);
    }
    g_string_append_printf(sql, ") VALUES (%s)", values->str);
    struct db_query *query = db_query(room->db, g_intern_string(sql->str));
    for (guint i = 0; i < table->columns->len; i++) {
        const struct db_column *column = db_table_column(table, i);
        int at = (int)i + 1;
        if (column->key_at > 0 && column->type == DB_TYPE_INT) {
            db_bind_int(query, at, row);
        } else if (is_one_of(column->name, NULLABLE) && g_rand_int_range(room->rand, 0, 2) == 0) {
            continue;
        } else if (column->type == DB_TYPE_INT) {
            bind_int(room, query, at, column->name);
        } else if (column->type == DB_TYPE_TEXT) {
            bind_text(room, query, at, column->name, row);
        } else {
            bind_blob(room, query, at);
        }
    }
    assert_int_not_equal(db_run(query), DB_CONSTRAINT);
    g_string_free(sql, TRUE);
    g_string_free(values, TRUE);
}

/* Sizes around that of a batch, and none at all. */
static void fill(struct room *room)
{
    static const int ROWS[] = {257, 3, 256, 0, 600, 255, 512};
    static const char *const PLANTED[] = {"access_key", "alert", "delivery", "event", NULL};
    struct fault fault = {0};
    GPtrArray *tables = db_tables_list(room->db, &fault);
    assert_non_null(tables);
    db_begin(room->db);
    for (guint i = 0; i < tables->len; i++) {
        const struct db_table *table = tables->pdata[i];
        int rows = table->is_state ? 0 : ROWS[i % G_N_ELEMENTS(ROWS)];
        rows =
            strcmp(table->name, "policy_version") == 0 ? 600 : rows;  /* whose ids are looked at */
        rows = is_one_of(table->name, PLANTED) ? MAX(rows, 3) : rows; /* see below */
        for (int row = 1; row <= rows; row++) {
            insert_row(room, table, row);
        }
    }
    (void)db_run(db_query(room->db, "UPDATE config_state SET version = 77"));
    if (db_commit(room->db) != DB_OK) {
        fail_msg("%s", db_error_text(room->db));
    }
    g_ptr_array_unref(tables);
}

static bool copy_to_file(struct room *room, const char *path, const struct db_copy_judge *judge,
                         struct db_copy *copy, struct fault *fault)
{
    db_begin_snapshot(room->db);
    bool is_done = db_copy_to_file(room->db, path, judge, copy, fault);
    db_rollback(room->db);
    return is_done;
}

static struct db_digest digest_of(const struct db_copy *copy, const char *table)
{
    for (guint i = 0; i < copy->tables->len; i++) {
        const struct db_copied *copied = &g_array_index(copy->tables, struct db_copied, i);
        if (strcmp(copied->table, table) == 0) {
            return copied->digest;
        }
    }
    fail_msg("table %s was not copied", table);
    return (struct db_digest){0};
}

/* --- tests --- */

static void everything_goes_there_and_back(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    struct db_copy there;
    struct db_copy back;
    if (!copy_to_file(room, room->file, NULL, &there, &fault)) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(there.mended, 0);
    assert_true(there.rows > 2000);
    assert_int_equal(digest_of(&there, "config_state").rows, 1);
    assert_true(db_verify(room->file, &fault));

    struct db *file = db_open(room->file, DB_READ_ONLY, &fault);
    db_begin_snapshot(file);
    bool is_shared = test_database_is_shared();
    bool is_done = is_shared ? db_copy_to_server(file, room->where_back, NULL, &back, &fault)
                             : db_copy_to_file(file, room->where_back, NULL, &back, &fault);
    db_close(&file);
    if (!is_done) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(back.tables->len, there.tables->len);
    for (guint i = 0; i < there.tables->len; i++) {
        const struct db_copied *copied = &g_array_index(there.tables, struct db_copied, i);
        struct db_digest digest = digest_of(&back, copied->table);
        assert_true(db_digest_equal(&digest, &copied->digest));
    }
    assert_true(pageable_compare(&there.pageable, &back.pageable, &fault));
    db_copy_clear(&there);
    db_copy_clear(&back);
}

static void ids_go_on_above_those_that_came(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    struct db_copy copy;
    assert_true(copy_to_file(room, room->file, NULL, &copy, &fault));
    db_copy_clear(&copy);
    struct db *to = NULL;
    if (test_database_is_shared()) {
        struct db *file = db_open(room->file, DB_READ_ONLY, &fault);
        db_begin_snapshot(file);
        assert_true(db_copy_to_server(file, room->where_back, NULL, &copy, &fault));
        db_copy_clear(&copy);
        db_close(&file);
        to = db_open(room->where_back, DB_READ_WRITE, &fault);
    } else {
        to = db_open(room->file, DB_READ_WRITE, &fault);
    }
    struct db_query *query = db_query(to, "SELECT max(id) FROM policy_version");
    assert_int_equal(db_step(query), DB_ROW);
    int64_t most = db_int(query, 0);
    db_reset(query);
    assert_true(most > 1);
    db_begin(to);
    query = db_query(to, "INSERT INTO policy_version (policy, spec, created_at)"
                         " VALUES ($1, 's', 1) {newid}");
    db_bind_text(query, 1, "p");
    int64_t id = db_insert(query);
    assert_int_equal(db_commit(to), DB_OK);
    /* On a server one counter gives the ids of all tables, on a file each table has its own. */
    assert_true(id > (test_database_is_shared() ? 600 : most));
    db_close(&to);
}

static void a_target_with_anything_in_it_is_refused(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    struct db_copy copy;
    assert_true(copy_to_file(room, room->file, NULL, &copy, &fault));
    db_copy_clear(&copy);
    assert_false(copy_to_file(room, room->file, NULL, &copy, &fault));
    db_copy_clear(&copy);
    assert_non_null(strstr(fault.text, "exists already"));
    if (test_database_is_shared()) {
        fault = (struct fault){0};
        struct db *file = db_open(room->file, DB_READ_ONLY, &fault);
        db_begin_snapshot(file);
        assert_false(db_copy_to_server(file, room->where, NULL, &copy, &fault));
        db_copy_clear(&copy);
        db_close(&file);
        assert_non_null(strstr(fault.text, "the target is not empty"));
    }
}

static bool refuse(void *self, struct db *to, struct fault *fault)
{
    (void)self;
    struct db_query *query = db_query(to, "SELECT count(*) FROM alert");
    assert_int_equal(db_step(query), DB_ROW); /* it was all there already */
    assert_true(db_int(query, 0) > 0);
    db_reset(query);
    return fault_set(fault, "", "cut short");
}

static const struct db_copy_judge REFUSE = {.judge = refuse};

static void what_was_cut_short_left_nothing_and_can_be_done_again(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    struct db_copy copy;
    assert_false(copy_to_file(room, room->file, &REFUSE, &copy, &fault));
    db_copy_clear(&copy);
    assert_string_equal(fault.text, "cut short");
    assert_false(g_file_test(room->file, G_FILE_TEST_EXISTS));
    assert_true(copy_to_file(room, room->file, NULL, &copy, &fault));
    db_copy_clear(&copy);
    if (!test_database_is_shared()) {
        return;
    }
    const struct db_copy_judge *const JUDGES[] = {&REFUSE, NULL, NULL};
    for (int i = 0; i < 3; i++) {
        struct db *file = db_open(room->file, DB_READ_ONLY, &fault);
        db_begin_snapshot(file);
        assert_int_equal(db_copy_to_server(file, room->where_back, JUDGES[i], &copy, &fault),
                         i == 1);
        db_copy_clear(&copy);
        db_close(&file);
    }
}

/* A trigger in the target spoils what comes in. */
static void a_planted_difference_is_found(void **state)
{
    struct room *room = *state;
    fill(room);
    db_begin(room->db);
    (void)db_script(room->db,
                    "UPDATE alert SET details = NULL WHERE id = 1;"
                    "UPDATE delivery SET user_name = 'one', contact = 'other' WHERE id = 1");
    assert_int_equal(db_commit(room->db), DB_OK);

    static const struct {
        const char *name, *table, *sql, *told;
    } ROWS[] = {
        {"a letter", "event", "UPDATE event SET data = coalesce(data, '') || '.' WHERE seq = 2",
         "other contents"},
        {"a number", "alert", "UPDATE alert SET first_at = 123456 WHERE id = 2", "other contents"},
        {"nothing for empty", "alert", "UPDATE alert SET details = '' WHERE details IS NULL",
         "other contents"},
        {"two values exchanged", "delivery",
         "UPDATE delivery SET user_name = contact, contact = user_name WHERE id = 1 AND NEW.id = 1",
         "other contents"},
        {"a row lost", "access_key", "DELETE FROM access_key WHERE id = 2", "rows found"},
        {"a row too many", "carried",
         "INSERT OR IGNORE INTO carried (notification_id, delivery_id) VALUES (-9, -9)",
         "rows found"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault = {0};
        struct db *to = db_open(":memory:", DB_READ_WRITE, &fault);
        assert_true(db_migrate(to, NOW, &fault));
        db_begin(to);
        g_autofree char *trigger = g_strdup_printf(
            "CREATE TRIGGER spoil AFTER INSERT ON %s BEGIN %s; END", ROWS[i].table, ROWS[i].sql);
        assert_int_equal(db_script(to, trigger), DB_OK);
        struct db_copy copy;
        db_begin_snapshot(room->db);
        bool is_same = db_copy_all(room->db, to, &copy, &fault);
        db_rollback(room->db);
        db_copy_clear(&copy);
        db_rollback(to);
        db_close(&to);
        if (is_same || strstr(fault.text, ROWS[i].told) == NULL ||
            strstr(fault.text, ROWS[i].table) == NULL) {
            fail_msg("%s: %s", ROWS[i].name, fault.text);
        }
    }
}

static void a_schema_of_another_version_is_refused(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    db_begin(room->db);
    (void)db_script(room->db, "INSERT INTO schema_version (version, name, applied_at) VALUES "
                              "(999, 'x', 1)");
    assert_int_equal(db_commit(room->db), DB_OK);
    struct db_copy copy;
    assert_false(copy_to_file(room, room->file, NULL, &copy, &fault));
    db_copy_clear(&copy);
    assert_non_null(strstr(fault.text, "the source has schema 999"));
}

static bool copy_with(struct room *room, const char *sql, struct fault *fault)
{
    db_begin(room->db);
    (void)db_script(room->db, sql);
    assert_int_equal(db_commit(room->db), DB_OK);
    struct db_copy copy;
    bool is_done = copy_to_file(room, room->file, NULL, &copy, fault);
    db_copy_clear(&copy);
    return is_done;
}

static void a_table_of_others_is_left_alone(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    if (!copy_with(room,
                   "CREATE TABLE aaa_probe (seen timestamp, how numeric);"
                   "INSERT INTO aaa_probe VALUES (NULL, 1);"
                   "CREATE TABLE zzz_probe (id BIGINT PRIMARY KEY)",
                   &fault)) {
        fail_msg("%s", fault.text);
    }
}

static void an_odd_column_in_a_table_of_ours_is_refused(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_false(copy_with(room, "ALTER TABLE alert ADD COLUMN odd BIGINT", &fault));
    assert_non_null(strstr(fault.text, "only one side has column alert.odd"));
    assert_false(copy_with(room, "ALTER TABLE alert ADD COLUMN odder timestamp", &fault));
    assert_non_null(strstr(fault.text, "alert.odder has a type that cannot be copied"));
}

/* SQLite takes any bytes for a text, PostgreSQL does not. */
static void a_text_that_is_not_unicode_is_mended(void **state)
{
    SKIP_BUT_ON_SQLITE("PostgreSQL does not take such a text");
    struct room *room = *state;
    db_begin(room->db);
    struct db_query *query =
        db_query(room->db, "INSERT INTO payload (integration, slot, at, status,"
                           " body) VALUES ('i', 1, 1, 400, $1)");
    db_bind_text(query, 1, "caf\xe9 \xff");
    (void)db_run(query);
    assert_int_equal(db_commit(room->db), DB_OK);
    struct fault fault = {0};
    struct db_copy copy;
    if (!copy_to_file(room, room->file, NULL, &copy, &fault)) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(copy.mended, 1);
    db_copy_clear(&copy);
    struct db *file = db_open(room->file, DB_READ_ONLY, &fault);
    query = db_query(file, "SELECT body FROM payload");
    assert_int_equal(db_step(query), DB_ROW);
    assert_string_equal(db_text(query, 0), "caf\xef\xbf\xbd \xef\xbf\xbd");
    db_reset(query);
    db_close(&file);
}

static void a_backup_holds_everything(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    assert_true(db_backup(room->db, room->file, &fault));
    assert_true(db_verify(room->file, &fault));
    assert_false(db_backup(room->db, room->file, &fault));
    struct db_copy one;
    struct db_copy two;
    assert_true(copy_to_file(room, room->other, NULL, &one, &fault));
    g_autofree char *again = g_build_filename(room->folder, "again.db", NULL);
    struct db *file = db_open(room->file, DB_READ_ONLY, &fault);
    db_begin_snapshot(file);
    assert_true(db_copy_to_file(file, again, NULL, &two, &fault));
    db_close(&file);
    for (guint i = 0; i < one.tables->len; i++) {
        const struct db_copied *copied = &g_array_index(one.tables, struct db_copied, i);
        struct db_digest digest = digest_of(&two, copied->table);
        assert_true(db_digest_equal(&digest, &copied->digest));
    }
    db_copy_clear(&one);
    db_copy_clear(&two);
}

/* Rows, the look at them and the commit are slow; so many of them are sent at once. */
static void a_copy_may_take_longer_than_a_request(void **state)
{
    if (!test_database_is_shared()) {
        print_message("[     WHY] nobody waits for an answer of a file\n");
        skip();
    }
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    struct db *to = db_open(room->where_back, DB_READ_WRITE, &fault);
    assert_true(db_migrate(to, NOW, &fault));
    db_begin(to);
    (void)db_script(
        to, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_sleep(0.003); RETURN NEW; END';"
            "CREATE TRIGGER slow BEFORE INSERT ON access_key FOR EACH ROW EXECUTE FUNCTION slow();"
            "CREATE CONSTRAINT TRIGGER slow_end AFTER INSERT ON access_key"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
    assert_int_equal(db_commit(to), DB_OK);
    struct db_copy copy;
    db_begin_snapshot(room->db);
    db_begin(to);
    ((struct postgres_db *)to)->answer_ms = 150;
    db_take_time(to, DB_TIME_HOUR);
    bool is_done = db_copy_all(room->db, to, &copy, &fault);
    if (!is_done || db_commit(to) != DB_OK) {
        fail_msg("%s %s", fault.text, db_error_text(to));
    }
    assert_true(digest_of(&copy, "access_key").rows > 100);
    db_rollback(room->db);
    db_copy_clear(&copy);
    db_close(&to);
}

static void a_backup_that_is_stopped_leaves_nothing(void **state)
{
    struct room *room = *state;
    fill(room);
    struct fault fault = {0};
    atomic_bool stop = true;
    db_set_stop(room->db, &stop);
    assert_false(db_backup(room->db, room->file, &fault));
    assert_non_null(strstr(fault.text, "given up"));
    assert_false(g_file_test(room->file, G_FILE_TEST_EXISTS));
    atomic_store(&stop, false);
    fault = (struct fault){0};
    if (!db_backup(room->db, room->file, &fault)) {
        fail_msg("%s", fault.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_goes_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_go_on_above_those_that_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_target_with_anything_in_it_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_cut_short_left_nothing_and_can_be_done_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_planted_difference_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_schema_of_another_version_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_of_others_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_odd_column_in_a_table_of_ours_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_text_that_is_not_unicode_is_mended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_backup_holds_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_backup_that_is_stopped_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_may_take_longer_than_a_request, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
