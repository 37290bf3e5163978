#include "db/sqlite_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/sqlite_engine.h"

enum {
    PAGES_AT_ONCE = 1024,
    STEPS_AT_ONCE = 100000, /* of SQLite's machine: some milliseconds */
};

static int is_stopped(void *stop)
{
    return atomic_load((const atomic_bool *)stop) ? 1 : 0;
}

/* What runs on the handle ends as interrupted when it is time; NULL: not any more. */
static void heed(sqlite3 *handle, const atomic_bool *stop)
{
    sqlite3_progress_handler(handle, STEPS_AT_ONCE, stop == NULL ? NULL : is_stopped,
                             (void *)(uintptr_t)stop);
}

static bool fault_of(struct fault *fault, const char *what, sqlite3 *handle)
{
    const char *remedy = sqlite_damage_remedy(sqlite3_errcode(handle));
    return remedy[0] == '\0'
               ? fault_set(fault, "", "%s: %s", what, sqlite3_errmsg(handle))
               : fault_set(fault, "", "%s (%s: %s)", remedy, what, sqlite3_errmsg(handle));
}

/* The first column of the first row as text, to be freed with g_free; NULL on an error. */
static char *ask(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    char *answer = NULL;
    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        answer = g_strdup((const char *)sqlite3_column_text(stmt, 0));
    }
    (void)sqlite3_finalize(stmt);
    return answer;
}

/* "alert 12\nevent 345\n…", to be freed with g_free; NULL and a fault on an error. */
static char *count_rows(sqlite3 *handle, struct fault *fault)
{
    sqlite3_stmt *tables = NULL;
    GString *out = g_string_new(NULL);
    bool is_good = sqlite3_prepare_v2(handle,
                                      "SELECT name, 'SELECT count(*) FROM \"' || name || '\"' FROM "
                                      "sqlite_master WHERE type = 'table' ORDER BY name",
                                      -1, &tables, NULL) == SQLITE_OK;
    int code = SQLITE_ROW;
    while (is_good && (code = sqlite3_step(tables)) == SQLITE_ROW) {
        g_autofree char *count = ask(handle, (const char *)sqlite3_column_text(tables, 1));
        is_good = count != NULL;
        g_string_append_printf(out, "%s %s\n", (const char *)sqlite3_column_text(tables, 0),
                               is_good ? count : "?");
    }
    is_good = (is_good && code == SQLITE_DONE) || fault_of(fault, "cannot count the rows", handle);
    (void)sqlite3_finalize(tables); /* not before its error was asked for */
    char *counts = g_string_free(out, FALSE);
    if (!is_good) {
        g_clear_pointer(&counts, g_free);
    }
    return counts;
}

static bool copy_pages(sqlite3 *from, sqlite3 *to, const atomic_bool *stop, struct fault *fault)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL) {
        return fault_of(fault, "cannot start the copy", to);
    }
    /* The source's read transaction holds one state over all steps, and in WAL mode no writer waits. */
    int code = SQLITE_OK;
    while (code == SQLITE_OK && (stop == NULL || !atomic_load(stop))) {
        code = sqlite3_backup_step(backup, PAGES_AT_ONCE);
    }
    int end = sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE || end != SQLITE_OK) {
        return fault_of(fault, "cannot copy", to);
    }
    return true;
}

static bool check_integrity(sqlite3 *handle, struct fault *fault)
{
    g_autofree char *verdict = ask(handle, "PRAGMA integrity_check(1)");
    if (verdict == NULL) {
        return fault_set(fault, "", "cannot be checked: %s", sqlite3_errmsg(handle));
    }
    if (strcmp(verdict, "ok") != 0) {
        return fault_set(fault, "", "is damaged: %s", g_strdelimit(verdict, "\n", ' '));
    }
    return true;
}

/* A copy is one file that can be carried about: no log beside it. */
static bool close_log(sqlite3 *copy, struct fault *fault)
{
    g_autofree char *journal = ask(copy, "PRAGMA journal_mode = DELETE");
    return g_strcmp0(journal, "delete") == 0 ||
           fault_of(fault, "cannot close the copy's log", copy);
}

/* Page by page it was copied: what is wrong with the copy is wrong with the original. */
static bool blame_source(const struct fault *why, struct fault *fault)
{
    return fault_set(fault, "", "%s (its copy %.200s)", sqlite_damage_remedy(SQLITE_CORRUPT),
                     why->text);
}

/* `counts` are those of the source in the state that was copied. */
static bool check_copy(sqlite3 *copy, const char *counts, struct fault *fault)
{
    struct fault why = {0};
    bool is_good =
        close_log(copy, fault) && (check_integrity(copy, &why) || blame_source(&why, fault));
    g_autofree char *copied = is_good ? count_rows(copy, fault) : NULL;
    if (copied == NULL) {
        return false;
    }
    if (strcmp(copied, counts) != 0) {
        return fault_set(fault, "", "the copy does not have the rows of the original");
    }
    return true;
}

static bool open_copy(const char *path, const atomic_bool *stop, sqlite3 **out, struct fault *fault)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE;
    if (sqlite3_open_v2(path, out, flags, "unix") != SQLITE_OK) {
        return fault_of(fault, "cannot open the copy", *out);
    }
    heed(*out, stop);
    return true;
}

bool sqlite_seal(const char *part, const atomic_bool *stop, struct fault *fault)
{
    sqlite3 *copy = NULL;
    bool is_good = open_copy(part, stop, &copy, fault) && close_log(copy, fault) &&
                   check_integrity(copy, fault);
    return sqlite3_close(copy) == SQLITE_OK && is_good;
}

static bool copy_to(sqlite3 *from, const char *path, const atomic_bool *stop, struct fault *fault)
{
    g_autofree char *counts = count_rows(from, fault);
    if (counts == NULL) {
        return false;
    }
    sqlite3 *to = NULL;
    bool is_good = open_copy(path, stop, &to, fault) && copy_pages(from, to, stop, fault) &&
                   check_copy(to, counts, fault);
    return sqlite3_close(to) == SQLITE_OK && is_good;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_synced = fsync(fd) == 0;
    return close(fd) == 0 && is_synced;
}

/* Only a whole, synced copy gets the name that was asked for. */
bool sqlite_give_name(const char *part, const char *target, struct fault *fault)
{
    g_autofree char *folder = g_path_get_dirname(target);
    if (!sync_path(part, O_RDWR) ||
        renameat2(AT_FDCWD, part, AT_FDCWD, target, RENAME_NOREPLACE) != 0 ||
        !sync_path(folder, O_RDONLY | O_DIRECTORY)) {
        return fault_set(fault, "", "cannot write %s: %s", target, g_strerror(errno));
    }
    return true;
}

bool sqlite_make_part(const char *part, const char *target, struct fault *fault)
{
    if (g_file_test(target, G_FILE_TEST_EXISTS)) {
        return fault_set(fault, "", "%s exists already; give a new name", target);
    }
    (void)unlink(part); /* left behind by a backup that was cut short */
    int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fault_set(fault, "", "cannot write %s: %s", part, g_strerror(errno));
    }
    (void)close(fd);
    return true;
}

bool sqlite_backup(struct db *db, const char *target_path, struct fault *fault)
{
    g_autofree char *part = g_strconcat(target_path, ".part", NULL);
    if (!sqlite_make_part(part, target_path, fault)) {
        return false;
    }
    /* A writer's transaction would lock out the copy: a reading one of our own holds the state. */
    bool is_ours = !db->is_in_transaction;
    CHECK(is_ours || db->mode == DB_READ_ONLY);
    sqlite3 *handle = sqlite_handle(db);
    bool is_good = !is_ours || sqlite3_exec(handle, "BEGIN", NULL, NULL, NULL) == SQLITE_OK ||
                   fault_of(fault, "cannot read", handle);
    is_good = is_good && copy_to(handle, part, db->stop, fault);
    if (is_ours && !sqlite3_get_autocommit(handle)) {
        (void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    }
    is_good = is_good && sqlite_give_name(part, target_path, fault);
    if (!is_good) {
        (void)unlink(part);
    }
    return is_good;
}

/* A schema that is newer is good when its steps say that this program works with it. */
static bool is_within_reach(sqlite3 *handle)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT max(coalesce(works_from, version)) FROM schema_version"
                        " WHERE version > %" G_GINT64_FORMAT,
                        db_schema_known());
    g_autofree char *needed = ask(handle, sql);
    return needed != NULL && g_ascii_strtoll(needed, NULL, 10) <= db_schema_known();
}

static bool check_schema(sqlite3 *handle, struct fault *fault)
{
    g_autofree char *version = ask(handle, "SELECT max(version) FROM schema_version");
    if (version == NULL) {
        return fault_set(fault, "", "is not a database of Tocsin");
    }
    int64_t found = g_ascii_strtoll(version, NULL, 10);
    if (found > db_schema_known() && !is_within_reach(handle)) {
        return fault_set(fault, "",
                         "has schema %" G_GINT64_FORMAT ", made by a newer Tocsin; this one knows "
                         "up to %" G_GINT64_FORMAT,
                         found, db_schema_known());
    }
    return true;
}

bool sqlite_verify(const char *path, struct fault *fault)
{
    if (!sqlite_is_file(path, fault)) {
        return false;
    }
    sqlite3 *handle = NULL;
    int code =
        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_PRIVATECACHE, "unix");
    (void)sqlite3_busy_timeout(handle, 1000);
    struct fault why = {0};
    bool is_good = code == SQLITE_OK ? check_integrity(handle, &why) && check_schema(handle, &why)
                                     : fault_of(&why, "cannot be opened", handle);
    (void)sqlite3_close(handle);
    return is_good || fault_set(fault, "", "%s %s", path, why.text);
}
