#include <sqlite3.h>

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "db/engine.h"

enum { STEPS_AT_ONCE = 20000, REST_MOST_US = 50000, BUSY_WAIT_MS = 5000, FINDING_MAX = 200 };

struct db_check {
    sqlite3 *handle;
    int code; /* of the opening */
    atomic_bool is_stopped;
    struct span worked_since;
};

/* A check has time: after each piece of work it rests as long as that took. */
static int rest(void *arg)
{
    struct db_check *self = arg;
    int64_t us = clock_elapsed(&CLOCK_SYSTEM).us - self->worked_since.us;
    const struct timespec nap = {.tv_nsec = (long)CLAMP(us, 0, REST_MOST_US) * 1000};
    (void)nanosleep(&nap, NULL);
    self->worked_since = clock_elapsed(&CLOCK_SYSTEM);
    return atomic_load(&self->is_stopped) ? 1 : 0;
}

static enum db_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return DB_OK;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR: /* a sector that cannot be read is as good as gone */
        return DB_DAMAGED;
    default:
        return DB_DOWN;
    }
}

static enum db_status tell(enum db_status status, const char *table, const char *what,
                           struct fault *fault)
{
    const char *line = strrchr(what, '\n'); /* findings about trees begin with a heading */
    what = line != NULL && line[1] != '\0' ? line + 1 : what;
    (void)fault_set(fault, "",
                    status == DB_DAMAGED ? "%s is damaged: %.*s" : "%s cannot be checked: %.*s",
                    table, FINDING_MAX, what);
    return status;
}

/* One row says "ok", or each row a finding. */
static enum db_status check(sqlite3 *handle, const char *sql, const char *called,
                            struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
    code = code == SQLITE_OK ? sqlite3_step(stmt) : code;
    enum db_status status = status_of(code);
    if (status != DB_OK) {
        (void)tell(status, called, sqlite3_errmsg(handle), fault);
    } else if (code == SQLITE_ROW &&
               g_strcmp0((const char *)sqlite3_column_text(stmt, 0), "ok") != 0) {
        status = tell(DB_DAMAGED, called, (const char *)sqlite3_column_text(stmt, 0), fault);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

static enum db_status list_tables(sqlite3 *handle, GPtrArray *out, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(
        handle, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", -1, &stmt,
        NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) {
            g_ptr_array_add(out, g_strdup((const char *)sqlite3_column_text(stmt, 0)));
        }
    }
    enum db_status status = status_of(code);
    if (status != DB_OK) {
        (void)tell(status, "the list of tables", sqlite3_errmsg(handle), fault);
    } else if (out->len == 0) {
        status = tell(DB_DAMAGED, "the list of tables", "it is empty", fault);
    }
    (void)sqlite3_finalize(stmt);
    return status;
}

/* Over all: also pages that belong to two, or to nobody. It does not say whose they are. */
static enum db_status check_file(sqlite3 *handle, struct fault *fault)
{
    return check(handle, "PRAGMA quick_check(1)", "the file", fault);
}

static enum db_status check_tables(sqlite3 *handle, struct fault *fault)
{
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(g_free);
    enum db_status status = list_tables(handle, tables, fault);
    for (guint i = 0; i < tables->len && status == DB_OK; i++) {
        char *sql = sqlite3_mprintf("PRAGMA quick_check(%Q)", tables->pdata[i]);
        g_autofree char *called = g_strdup_printf("table %s", (const char *)tables->pdata[i]);
        status = check(handle, sql, called, fault);
        sqlite3_free(sql);
    }
    return status;
}

struct db_check *db_check_create(const char *path)
{
    struct db_check *self = g_new0(struct db_check, 1);
    self->code = sqlite3_open_v2(
        path, &self->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
        NULL);
    CHECK(self->handle != NULL); /* else out of memory */
    (void)sqlite3_busy_timeout(self->handle, BUSY_WAIT_MS);
    sqlite3_progress_handler(self->handle, STEPS_AT_ONCE, rest, self);
    return self;
}

void db_check_stop(struct db_check *check)
{
    atomic_store(&check->is_stopped, true);
    sqlite3_interrupt(check->handle);
}

enum db_status db_check_run(struct db_check *check, struct fault *fault)
{
    check->worked_since = clock_elapsed(&CLOCK_SYSTEM);
    if (check->code != SQLITE_OK) {
        return tell(status_of(check->code), "the file", sqlite3_errmsg(check->handle), fault);
    }
    enum db_status status = check_file(check->handle, fault);
    if (status == DB_DAMAGED && !atomic_load(&check->is_stopped)) {
        struct fault named = {0};
        *fault = check_tables(check->handle, &named) == DB_DAMAGED ? named : *fault;
    }
    if (atomic_load(&check->is_stopped)) {
        *fault = (struct fault){0};
        return tell(DB_DOWN, "the file", "it was given up", fault);
    }
    return status;
}

void db_check_free(struct db_check **check)
{
    if (*check != NULL) {
        (void)sqlite3_close_v2((*check)->handle);
        g_clear_pointer(check, g_free);
    }
}
