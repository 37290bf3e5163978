#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/back_off.h"
#include "db/copy.h"
#include "db/engine.h"
#include "db/sqlite_backup.h"

/* A database that failed over is there again by then. */
#define PATIENCE SPAN_S(60)

static bool is_server(const struct db *db)
{
    return strcmp(db->engine->name, "sqlite") != 0;
}

void db_begin_snapshot(struct db *db)
{
    db_begin_read(db);
    db_take_time(db, DB_TIME_HOUR);
}

static enum db_status find_out(struct db *to, struct span patience)
{
    int64_t end_us = clock_elapsed(&CLOCK_SYSTEM).us + patience.us;
    enum db_status status = db_resolve(to);
    while (status != DB_OK && status != DB_DONE && clock_elapsed(&CLOCK_SYSTEM).us < end_us) {
        back_off_nap();
        status = db_resolve(to);
    }
    return status;
}

bool db_commit_copy(struct db *to, struct span patience, struct fault *fault)
{
    enum db_status status = db_commit(to);
    if (status == DB_OK) {
        return true;
    }
    if (status != DB_UNCERTAIN) {
        return fault_set(fault, "", "the copy could not be committed: %s", db_error_text(to));
    }
    status = find_out(to, patience);
    if (status == DB_DONE) {
        return fault_set(fault, "",
                         "the connection was lost at the commit, and the copy was not kept: run it "
                         "again");
    }
    return status == DB_OK ||
           fault_set(
               fault, "",
               "it is not known whether the copy was kept: start nothing on it. Once the target "
               "can be reached, run this again: if it is then not empty, the copy was kept, and "
               "all of it. The connection was lost at the commit, and since: %.120s",
               db_error_text(to));
}

static bool fill(struct db *from, struct db *to, const struct db_copy_judge *judge,
                 struct db_copy *out, struct fault *fault)
{
    db_begin(to);
    db_take_time(to, DB_TIME_HOUR);
    bool is_good = db_copy_all(from, to, out, fault) &&
                   (judge == NULL || judge->judge(judge->self, to, fault));
    is_good = is_good && db_commit_copy(to, PATIENCE, fault);
    db_rollback(to);
    return is_good;
}

static bool copy_into(struct db *from, const char *where, const struct db_copy_judge *judge,
                      struct db_copy *out, struct fault *fault)
{
    struct db *to = db_open(where, DB_READ_WRITE, fault);
    if (to != NULL) {
        db_set_stop(to, from->stop);
    }
    bool is_good = to != NULL && db_migrate(to, clock_now(&CLOCK_SYSTEM), fault) &&
                   fill(from, to, judge, out, fault);
    db_close(&to);
    return is_good;
}

bool db_copy_to_server(struct db *from, const char *url, const struct db_copy_judge *judge,
                       struct db_copy *out, struct fault *fault)
{
    *out = (struct db_copy){0};
    return copy_into(from, url, judge, out, fault);
}

static void remove_part(const char *part)
{
    static const char *const ENDINGS[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(ENDINGS); i++) {
        g_autofree char *path = g_strconcat(part, ENDINGS[i], NULL);
        (void)unlink(path);
    }
}

bool db_copy_to_file(struct db *from, const char *path, const struct db_copy_judge *judge,
                     struct db_copy *out, struct fault *fault)
{
    *out = (struct db_copy){0};
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    g_autofree char *lock = g_strconcat(part, ".lock", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return fault_set(fault, "", "%s exists already; give a new name", path);
    }
    remove_part(part); /* of a copy that was cut short, with its log */
    if (!sqlite_make_part(part, path, fault)) {
        return false;
    }
    bool is_good = copy_into(from, part, judge, out, fault) &&
                   sqlite_seal(part, from->stop, fault) && sqlite_give_name(part, path, fault);
    if (!is_good) {
        remove_part(part);
    }
    (void)unlink(lock);
    return is_good;
}

/* From a server: every table by itself, in one snapshot. */
static bool backup_server(struct db *db, const char *target_path, struct fault *fault)
{
    bool is_ours = !db->is_in_transaction;
    CHECK(is_ours || db->is_reading);
    if (is_ours) {
        db_begin_snapshot(db);
    } else {
        db_take_time(db, DB_TIME_HOUR);
    }
    struct db_copy copy;
    bool is_good = db_copy_to_file(db, target_path, NULL, &copy, fault);
    db_copy_clear(&copy);
    if (is_ours) {
        db_rollback(db);
    }
    return is_good;
}

bool db_backup(struct db *db, const char *target_path, struct fault *fault)
{
    if (db->is_dead) {
        return fault_set(fault, "", "the database cannot be reached: %s", db->error_text);
    }
    bool is_good = is_server(db) ? backup_server(db, target_path, fault)
                                 : sqlite_backup(db, target_path, fault);
    if (!is_good && db_is_stopped(db)) {
        *fault = (struct fault){0};
        return fault_set(fault, "",
                         "the backup was given up and nothing of it kept: take it again");
    }
    return is_good;
}

bool db_verify(const char *path, struct fault *fault)
{
    return sqlite_verify(path, fault);
}

static int64_t ask(struct db *db, const char *sql)
{
    struct db_query *query = db_query(db, sql);
    int64_t number = db_step(query) == DB_ROW ? db_int(query, 0) : 0;
    db_reset(query);
    return number;
}

bool db_summarize(const char *path, struct db_summary *out, struct fault *fault)
{
    *out = (struct db_summary){0};
    struct db *db = db_open(path, DB_READ_ONLY, fault);
    if (db == NULL) {
        return false;
    }
    db_begin_read(db);
    out->schema = ask(db, "SELECT max(version) FROM schema_version");
    out->alerts = ask(db, "SELECT count(*) FROM alert");
    out->newest.us = ask(db, "SELECT at FROM event ORDER BY seq DESC LIMIT 1");
    bool is_read = db_error(db) == DB_OK ||
                   fault_set(fault, "", "%s cannot be read: %s", path, db_error_text(db));
    db_rollback(db);
    db_close(&db);
    return is_read;
}
