/* The check of a whole file: every table in turn, files that were cut, and what is no damage. */
#include "db/engine.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct utc NOW = {1795000000000000};

/* A database file with events on many pages, and its bytes. */
struct room {
    char *folder;
    char *path;
    char *bytes;
    gsize size;
};

static void add_events(struct db *db, int count)
{
    db_begin(db);
    for (int i = 0; i < count; i++) {
        struct db_query *query =
            db_query(db, "INSERT INTO event (seq, at, actor, kind, subject, data, hash) "
                         "VALUES ($1, 1, 'a', 'k', 's', $2, 'h')");
        db_bind_int(query, 1, i + 1);
        db_bind_text(query, 2, "some text that takes room in the file, again and again");
        (void)db_run(query);
    }
    assert_int_equal(db_commit(db), DB_OK);
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    struct fault fault = {0};
    room->folder = g_dir_make_tmp("tocsin-check-XXXXXX", NULL);
    room->path = g_build_filename(room->folder, "tocsin.db", NULL);
    struct db *db = db_open(room->path, DB_READ_WRITE, &fault);
    assert_non_null(db);
    assert_true(db_migrate(db, NOW, &fault));
    add_events(db, 2000);
    db_close(&db); /* the log is empty: all is in the file */
    assert_true(g_file_get_contents(room->path, &room->bytes, &room->size, NULL));
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    static const char *const ENDINGS[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < G_N_ELEMENTS(ENDINGS); i++) {
        g_autofree char *path = g_strconcat(room->path, ENDINGS[i], NULL);
        (void)g_unlink(path);
    }
    assert_int_equal(g_rmdir(room->folder), 0);
    g_free(room->folder);
    g_free(room->path);
    g_free(room->bytes);
    g_free(room);
    return 0;
}

static enum db_status check(const struct room *room, struct fault *fault)
{
    *fault = (struct fault){0};
    struct db_check *check = db_check_create(room->path);
    enum db_status status = db_check_run(check, fault);
    db_check_free(&check);
    return status;
}

/* [name] = root page */
static GHashTable *roots(const struct room *room)
{
    GHashTable *out = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sqlite3 *handle = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(room->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle,
                                        "SELECT name, rootpage FROM sqlite_master"
                                        " WHERE type = 'table'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        (void)g_hash_table_insert(out, g_strdup((const char *)sqlite3_column_text(stmt, 0)),
                                  GINT_TO_POINTER(sqlite3_column_int(stmt, 1)));
    }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    return out;
}

/* The file as it was, but for one page. */
static void write_with_bad_page(const struct room *room, int page)
{
    g_autofree char *bytes = g_memdup2(room->bytes, room->size);
    memset(bytes + (size_t)(page - 1) * 4096, 0xa5, 4096);
    assert_true(g_file_set_contents(room->path, bytes, (gssize)room->size, NULL));
}

static void a_sound_file_is_sound(void **state)
{
    struct fault fault;
    assert_int_equal(check(*state, &fault), DB_OK);
    assert_string_equal(fault.text, "");
}

static void each_table_that_is_damaged_is_named(void **state)
{
    struct room *room = *state;
    g_autoptr(GHashTable) all = roots(room);
    assert_true(g_hash_table_size(all) > 25);
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer page = NULL;
    g_hash_table_iter_init(&iter, all);
    while (g_hash_table_iter_next(&iter, &name, &page)) {
        struct fault fault;
        g_autofree char *words = g_strdup_printf("table %s is damaged", (const char *)name);
        write_with_bad_page(room, GPOINTER_TO_INT(page));
        assert_int_equal(check(room, &fault), DB_DAMAGED);
        assert_non_null(strstr(fault.text, words));
        assert_null(strchr(fault.text, '\n'));
    }
}

/* Pages of the tree below a root, and of an index: any page that is in use. */
static void damage_anywhere_is_found(void **state)
{
    struct room *room = *state;
    struct fault fault;
    int pages = (int)(room->size / 4096);
    assert_true(pages > 60);
    for (int page = 2; page <= pages; page += 7) {
        write_with_bad_page(room, page);
        assert_int_equal(check(room, &fault), DB_DAMAGED);
    }
}

static void a_file_without_its_first_page_is_no_database(void **state)
{
    struct room *room = *state;
    struct fault fault;
    write_with_bad_page(room, 1);
    assert_int_equal(check(room, &fault), DB_DAMAGED);
}

static void a_file_that_was_cut_is_damaged(void **state)
{
    struct room *room = *state;
    struct fault fault;
    const gsize sizes[] = {room->size - 4096, room->size - 40960, room->size / 2, 12288};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        assert_true(g_file_set_contents(room->path, room->bytes, (gssize)sizes[i], NULL));
        assert_int_equal(check(room, &fault), DB_DAMAGED);
    }
}

/* A crash left its log behind, and somebody removed that: the pages that were moved into the file already do
 * not fit the others. */
static void a_file_whose_log_is_gone_halfway_is_damaged(void **state)
{
    struct room *room = *state;
    struct fault fault;
    struct db *db = db_open(room->path, DB_READ_WRITE, &fault);
    assert_non_null(db);
    db_begin(db);
    (void)db_run(db_query(db, "DELETE FROM event WHERE seq > 10"));
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
    g_autofree char *after = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(room->path, &after, &size, NULL));
    assert_int_equal(size, room->size);
    memcpy(after + size / 2, room->bytes + size / 2,
           size - size / 2); /* these were still in the log */
    assert_true(g_file_set_contents(room->path, after, (gssize)size, NULL));
    assert_int_equal(check(room, &fault), DB_DAMAGED);
}

static void a_check_is_given_up_when_asked(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    struct db_check *check = db_check_create(room->path);
    db_check_stop(check);
    assert_int_equal(db_check_run(check, &fault), DB_DOWN);
    assert_non_null(strstr(fault.text, "given up"));
    db_check_free(&check);
}

/* Whoever reads meets damage as such, and not as a fault of ours. */
static void reading_a_damaged_table_says_so(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    g_autoptr(GHashTable) all = roots(room);
    write_with_bad_page(room, GPOINTER_TO_INT(g_hash_table_lookup(all, "delivery")));
    struct db *db = db_open(room->path, DB_READ_WRITE, &fault);
    db_begin(db);
    (void)db_step(db_query(db, "SELECT id FROM delivery {rows} LIMIT 1"));
    assert_int_equal(db_error(db), DB_DAMAGED);
    db_rollback(db);
    db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_file_is_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_table_that_is_damaged_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_anywhere_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_without_its_first_page_is_no_database, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_was_cut_is_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_whose_log_is_gone_halfway_is_damaged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_check_is_given_up_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reading_a_damaged_table_says_so, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
