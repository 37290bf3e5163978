/* Copies and their check; migrations that are cut short. */
#include "db/engine.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "db/memory_vfs.h"

static const struct utc NOW = {1795000000000000};
static const char WHERE[] = "file:source.db?vfs=backup-disk";

/* A database in memory and a folder for its copies. */
struct room {
    struct memory_disk *disk;
    struct db *db;
    char *folder;
    char *copy;
    char *other;
};

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->disk = memory_disk_create("backup-disk");
    room->folder = g_dir_make_tmp("tocsin-backup-XXXXXX", NULL);
    room->copy = g_build_filename(room->folder, "copy.db", NULL);
    room->other = g_build_filename(room->folder, "other.db", NULL);
    struct fault fault = {0};
    room->db = db_open(WHERE, DB_READ_WRITE, &fault);
    assert_non_null(room->db);
    assert_true(db_migrate(room->db, NOW, &fault));
    db_begin(room->db);
    for (int i = 0; i < 300; i++) {
        struct db_query *query =
            db_query(room->db, "INSERT INTO event (seq, at, actor, kind, subject, data, hash) "
                               "VALUES ($1, 1, 'a', 'k', 's', $2, $3)");
        db_bind_int(query, 1, i + 1);
        db_bind_text(query, 2, "some text that takes room in the file, again and again");
        db_bind_blob(query, 3, "h", 1);
        (void)db_run(query);
    }
    assert_int_equal(db_commit(room->db), DB_OK);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->db);
    memory_disk_destroy(&room->disk);
    (void)g_unlink(room->copy);
    (void)g_unlink(room->other);
    assert_int_equal(g_rmdir(room->folder), 0); /* and nothing else was left */
    g_free(room->folder);
    g_free(room->copy);
    g_free(room->other);
    g_free(room);
    return 0;
}

static void a_copy_is_one_private_file_with_everything_in_it(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_true(db_backup(room->db, room->copy, &fault));
    assert_true(db_verify(room->copy, &fault));
    GStatBuf info;
    assert_int_equal(g_stat(room->copy, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    struct db *copy = db_open(room->copy, DB_READ_ONLY, &fault);
    struct db_query *query = db_query(copy, "SELECT count(*) FROM event");
    assert_int_equal(db_step(query), DB_ROW);
    assert_int_equal(db_int(query, 0), 300);
    db_reset(query);
    db_close(&copy);
    struct db_summary summary;
    assert_true(db_summarize(room->copy, &summary, &fault));
    assert_int_equal(summary.schema, db_schema_known());
    assert_int_equal(summary.alerts, 0);
    assert_int_equal(summary.newest.us, 1);
}

static void a_copy_never_replaces_anything(void **state)
{
    struct room *room = *state;
    assert_true(g_file_set_contents(room->copy, "precious", -1, NULL));
    struct fault fault = {0};
    assert_false(db_backup(room->db, room->copy, &fault));
    assert_non_null(strstr(fault.text, "exists already"));
    g_autofree char *bytes = NULL;
    assert_true(g_file_get_contents(room->copy, &bytes, NULL, NULL));
    assert_string_equal(bytes, "precious");
}

static void a_copy_that_cannot_be_written_leaves_nothing(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_false(db_backup(room->db, "/nonexistent/copy.db", &fault));
    assert_string_not_equal(fault.text, "");
    memory_disk_fail(room->disk, DISK_READ, 1, DISK_BROKEN, true);
    db_close(&room->db);
    room->db = db_open_or_dead(WHERE); /* nothing cached */
    fault = (struct fault){0};
    assert_false(db_backup(room->db, room->copy, &fault));
    assert_string_not_equal(fault.text, "");
    memory_disk_fail(room->disk, 0, 0, DISK_BROKEN, false);
}

/* Spoils the copy in a way and asks db_verify. */
static void what_is_no_sound_database_is_told(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_true(db_backup(room->db, room->copy, &fault));
    g_autofree char *bytes = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(room->copy, &bytes, &size, NULL));

    static const struct {
        const char *name;
        gsize keep_percent;
        gsize at; /* of a byte to change; 0: none */
    } rows[] = {{"empty", 0, 0},
                {"cut in half", 50, 0},
                {"last page missing", 95, 0},
                {"header", 100, 5},
                {"a page's kind", 100, 4096}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        gsize kept = size * rows[i].keep_percent / 100;
        g_autofree char *spoilt = g_memdup2(bytes, size);
        spoilt[rows[i].at] = (char)(spoilt[rows[i].at] ^ (rows[i].at > 0 ? 0x55 : 0));
        assert_true(g_file_set_contents(room->other, spoilt, (gssize)kept, NULL));
        fault = (struct fault){0};
        if (db_verify(room->other, &fault) || strstr(fault.text, "other.db") == NULL) {
            fail_msg("%s: %s", rows[i].name, fault.text);
        }
    }
    assert_false(db_verify("/nonexistent/x.db", &fault));
}

static bool verify_beside(struct room *room, const char *works_from, struct fault *fault)
{
    db_begin(room->db);
    (void)db_script(room->db, "DELETE FROM schema_version WHERE version = 99");
    g_autofree char *sql = g_strdup_printf("INSERT INTO schema_version (version, name, applied_at,"
                                           " works_from) VALUES (99, 'later', 1, %s)",
                                           works_from);
    (void)db_script(room->db, sql);
    assert_int_equal(db_commit(room->db), DB_OK);
    (void)g_unlink(room->copy);
    assert_true(db_backup(room->db, room->copy, fault));
    return db_verify(room->copy, fault);
}

/* To open one waits until somebody writes. */
static void a_pipe_is_not_waited_for(void **state)
{
    const struct room *room = *state;

    static const enum db_mode MODES[] = {DB_READ_ONLY, DB_READ_WRITE, DB_SHARED};
    struct fault fault = {0};
    assert_int_equal(mkfifo(room->other, 0600), 0);
    assert_false(db_verify(room->other, &fault));
    assert_non_null(strstr(fault.text, "other.db is no file but a pipe"));
    for (size_t i = 0; i < G_N_ELEMENTS(MODES); i++) {
        assert_null(db_open(room->other, MODES[i], &fault));
    }
    assert_false(db_verify(room->folder, &fault));
    assert_non_null(strstr(fault.text, "is no file but a directory"));
}

static void a_backup_of_a_newer_program_is_good_when_its_schema_says_so(void **state)
{
    struct room *room = *state;
    struct fault fault = {0};
    assert_true(verify_beside(room, "2", &fault));
    assert_false(verify_beside(room, "NULL", &fault));
    assert_non_null(strstr(fault.text, "made by a newer Tocsin"));
}

/* The power goes at each write of the first migration in turn; the next start finishes it. */
static void a_migration_that_was_cut_short_is_done_anew(void **state)
{
    struct room *room = *state;
    bool is_whole = false;
    for (int64_t nth = 1; !is_whole; nth++) {
        db_close(&room->db);
        memory_disk_reset(room->disk);
        memory_disk_fail(room->disk, 0, nth, DISK_POWER_LOSS, false);
        struct fault fault = {0};
        struct db *db = db_open(WHERE, DB_READ_WRITE, &fault);
        is_whole = db != NULL && db_migrate(db, NOW, &fault) && !memory_disk_is_off(room->disk);
        memory_disk_power_off(room->disk);
        db_close(&db);
        memory_disk_power_on(room->disk, &RANDOM_SYSTEM);
        room->db = db_open(WHERE, DB_READ_WRITE, &fault);
        fault = (struct fault){0};
        if (room->db == NULL || !db_migrate(room->db, NOW, &fault)) {
            fail_msg("power lost at %d: %s", (int)nth, fault.text);
        }
        assert_int_equal(db_schema_found(room->db), db_schema_known());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copy_is_one_private_file_with_everything_in_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_copy_never_replaces_anything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_that_cannot_be_written_leaves_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_sound_database_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pipe_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_backup_of_a_newer_program_is_good_when_its_schema_says_so,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_migration_that_was_cut_short_is_done_anew, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
