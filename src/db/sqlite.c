#include "db/sqlite_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plant.h"

enum {
    BUSY_WAIT_MS = 5000,
    SHARED_BUSY_WAIT_MS = 1000, /* who comes too late is told to try again */
    /* Pages in the log above which the writer moves them into the file: a bigger log writes a hot
     * page fewer times, a smaller one starts faster after a crash. */
    LOG_PAGES_TIDY = 4000,
    /* Where room is short the log is emptied early, and its room written anew. */
    LOG_PAGES_TIGHT = 64,
    /* Somebody commits without ever tidying: then the commit that comes next pays. */
    LOG_PAGES_MAX = 10 * LOG_PAGES_TIDY,
    /* Of SQLite's machine, between two looks whether to stop: less than a millisecond. */
    STEPS_AT_ONCE = 10000,
};

/* `{lock}` is nothing here: the one writer holds the whole database; `{newid}` neither: SQLite knows
 * the last id. */
static const struct db_token TOKENS[] = {
    {"id", "INTEGER PRIMARY KEY"}, /* the row id; the next one is the greatest plus one */
    {"blob", "BLOB"},
    {"lock", ""},
    /* RETURNING would do, but makes a temporary table for each row that it tells of. */
    {"newid", ""},
    {"clock", "0"}, /* has none: see turn.c */
    /* The table itself, where an index would do as well. */
    {"rows", "NOT INDEXED"},
};

/* SQLite itself tells only ENOSPC apart; the rest is the errno of the call that failed. */
static enum db_status status_of(const struct db *db, int code, int error)
{
    CHECK(code != SQLITE_NOMEM && code != SQLITE_IOERR_NOMEM);
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
        return DB_FULL;
    case SQLITE_CONSTRAINT:
        return DB_CONSTRAINT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return sqlite_is_want_of_space(error) ? DB_FULL : DB_DOWN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return db->mode == DB_SHARED ? DB_CONFLICT : DB_DOWN;
    case SQLITE_INTERRUPT: /* see db_set_stop */
        return DB_DOWN;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return DB_DAMAGED;
    default:
        return DB_FAILED;
    }
}

const char *sqlite_damage_remedy(int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
        return "the database is damaged: keep a copy of its directory, then restore a backup with "
               "`tocsin restore`";
    case SQLITE_NOTADB:
        return "the database is damaged, or this file is none: keep a copy of its directory, then "
               "restore a backup with `tocsin restore`";
    default:
        return "";
    }
}

enum db_status sqlite_fail(struct db *db, int code, const char *what)
{
    int error = errno; /* sqlite3_system_errno knows nothing of a commit */
    const char *remedy = sqlite_damage_remedy(code);
    bool is_damaged = remedy[0] != '\0';
    return db_fail(db, status_of(db, code, error), "%s%sSQLite: %s (%d) in: %.120s%s", remedy,
                   is_damaged ? " (" : "", sqlite3_errmsg(sqlite_handle(db)), code, what,
                   is_damaged ? ")" : "");
}

static enum db_status run_script(struct db *db, const char *sql)
{
    errno = 0;
    int code = sqlite3_exec(sqlite_handle(db), sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? DB_OK : sqlite_fail(db, code, sql);
}

/* Statements that somebody left half read would hold the old state and block the checkpoint. */
static void reset_all(struct db *db)
{
    sqlite3_stmt *stmt = NULL;
    while ((stmt = sqlite3_next_stmt(sqlite_handle(db), stmt)) != NULL) {
        if (sqlite3_stmt_busy(stmt)) {
            (void)sqlite3_reset(stmt);
        }
    }
}

/* BEGIN and COMMIT are prepared once: parsing them costs as much as many a statement. */
static enum db_status run_word(struct db *db, sqlite3_stmt **stmt, const char *sql)
{
    errno = 0;
    int code = SQLITE_OK;
    if (*stmt == NULL) {
        code =
            sqlite3_prepare_v3(sqlite_handle(db), sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(*stmt);
    }
    enum db_status status = code == SQLITE_DONE ? DB_OK : sqlite_fail(db, code, sql);
    (void)sqlite3_reset(*stmt); /* repeats the error: known */
    return status;
}

static enum db_status run_begin(struct db *db)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    if (!sqlite_is_open(db)) {
        return db->error;
    }
    if (sqlite->log_pages > LOG_PAGES_MAX) {
        db->engine->tidy(db, false);
    }
    return db->is_reading ? run_word(db, &sqlite->begin_read, "BEGIN")
                          : run_word(db, &sqlite->begin, "BEGIN IMMEDIATE");
}

static enum db_status run_commit(struct db *db)
{
    reset_all(db);
    return run_word(db, &((struct sqlite_db *)db)->commit, "COMMIT");
}

static void run_rollback(struct db *db)
{
    if (sqlite_handle(db) == NULL) {
        return;
    }
    reset_all(db);
    if (!sqlite3_get_autocommit(sqlite_handle(db))) { /* some errors have rolled back already */
        (void)sqlite3_exec(sqlite_handle(db), "ROLLBACK", NULL, NULL, NULL);
    }
}

#ifdef TOCSIN_PLANTS
static void plant(struct db *db)
{
    if (PLANTED(db->bugs, DB_BUG_EARLY_ANSWER)) {
        (void)run_script(db, "PRAGMA synchronous = OFF");
    }
}
#endif

static void tidy(struct db *db, bool is_tight)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    if (sqlite->log_pages >= (is_tight ? LOG_PAGES_TIGHT : LOG_PAGES_TIDY)) {
        /* A failure loses nothing: the log keeps what was not moved, the next one tries again. */
        int all = 0, moved = 0;
        (void)sqlite3_wal_checkpoint_v2(sqlite->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &all,
                                        &moved);
        sqlite->log_pages = 0; /* the next commit says how much is left */
        sqlite->log_used = moved < all ? all : 0;
    }
}

static int note_log(void *self, sqlite3 *handle, const char *schema, int pages)
{
    (void)handle;
    (void)schema;
    ((struct sqlite_db *)self)->log_pages = ((struct sqlite_db *)self)->log_used = pages;
    return SQLITE_OK;
}

static int64_t changes(const struct db *db)
{
    return sqlite3_changes64(sqlite_handle(db));
}

static void hang_up(struct db *db)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    (void)sqlite3_finalize(sqlite->begin);
    (void)sqlite3_finalize(sqlite->begin_read);
    (void)sqlite3_finalize(sqlite->commit);
    (void)sqlite3_finalize(sqlite->page_count);
    sqlite->begin = sqlite->begin_read = sqlite->commit = sqlite->page_count = NULL;
    (void)sqlite3_close_v2(sqlite->handle); /* the last connection to a file empties its log */
    sqlite->handle = NULL;
    sqlite->log_pages = sqlite->log_used = 0;
    sqlite->log_number = 0;
}

static void close_all(struct db *db)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    hang_up(db);
    if (sqlite->file_fd >= 0) {
        (void)close(sqlite->file_fd);
    }
    if (sqlite->lock_fd >= 0) {
        (void)close(sqlite->lock_fd); /* and with it goes the lock */
    }
    g_free(sqlite->where);
    g_free(sqlite);
}

static const struct db_engine SQLITE_ENGINE = {
    .name = "sqlite",
    .tokens = TOKENS,
    .token_count = G_N_ELEMENTS(TOKENS),
    .close = close_all,
    .script = run_script,
    .begin = run_begin,
    .commit = run_commit,
    .rollback = run_rollback,
#ifdef TOCSIN_PLANTS
    .plant = plant,
#endif
    .hang_up = hang_up,
    .tidy = tidy,
    .hold_room = sqlite_hold_room,
    .is_in_place = sqlite_is_in_place,
    .space = sqlite_space,
    .give_back = sqlite_give_back,
    .changes = changes,
    .insert = sqlite_insert,
    .prepare = sqlite_prepare,
    .finish = sqlite_finish,
    .ready = sqlite_ready,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .bind_int = sqlite_bind_int,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .bind_real = sqlite_bind_real,
    .column_int = sqlite_int,
    .column_text = sqlite_text,
    .column_blob = sqlite_blob,
    .column_real = sqlite_real,
    .column_is_null = sqlite_is_null,
};

/* ":memory:" and URIs (the simulator's disks) are no files of this machine. */
static bool is_plain_file(const char *where)
{
    return where[0] != ':' && !g_str_has_prefix(where, "file:");
}

/* The lock stands beside the database and not in it: SQLite's own locks come and go with each
 * transaction, ours says "a server runs here". The kernel drops it when the process ends. */
static bool take_lock(struct sqlite_db *sqlite, const char *where, struct fault *fault)
{
    g_autofree char *path = g_strconcat(where, ".lock", NULL);
    sqlite->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (sqlite->lock_fd < 0) {
        return fault_set(fault, "", "cannot open %s: %s; is the data directory writable?", path,
                         g_strerror(errno));
    }
    if (flock(sqlite->lock_fd, LOCK_EX | LOCK_NB) == 0) {
        return true;
    }
    if (errno == EWOULDBLOCK) {
        return fault_set(fault, "",
                         "another Tocsin is using %s; stop it first, or give another data "
                         "directory",
                         where);
    }
    return fault_set(fault, "", "cannot lock %s: %s", path, g_strerror(errno));
}

/* Made before SQLite does, so that nobody but the owner can read it; the log takes the same mode. */
static bool make_private_file(struct sqlite_db *sqlite, const char *where, struct fault *fault)
{
    sqlite->file_fd = open(where, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return sqlite->file_fd >= 0 ||
           fault_set(fault, "", "cannot open %s: %s", where, g_strerror(errno));
}

bool sqlite_is_file(const char *path, struct fault *fault)
{
    struct stat about;
    return stat(path, &about) != 0 || S_ISREG(about.st_mode) ||
           fault_set(fault, "", "%s is no file but a %s: no database lies in it", path,
                     S_ISDIR(about.st_mode) ? "directory" : "pipe or a device");
}

static int must_stop(void *self)
{
    return db_is_stopped(self) ? 1 : 0;
}

/* Only of a file that nothing is in yet can be chosen whether it is able to shrink: see sqlite_space.c. */
static bool has_nothing(sqlite3 *handle)
{
    sqlite3_stmt *stmt = NULL;
    bool is_empty = sqlite3_prepare_v2(handle, "PRAGMA page_count", -1, &stmt, NULL) == SQLITE_OK &&
                    sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int64(stmt, 0) == 0;
    (void)sqlite3_finalize(stmt);
    return is_empty;
}

static bool run_pragmas(struct sqlite_db *sqlite, const char *where, struct fault *fault)
{
    sqlite3 *handle = sqlite->handle;
    (void)sqlite3_extended_result_codes(handle, 1);
    (void)sqlite3_busy_timeout(handle, sqlite->base.is_shared ? SHARED_BUSY_WAIT_MS : BUSY_WAIT_MS);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    const char *common = "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                         "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;";
    const char *writer = "PRAGMA cache_size = -16384; PRAGMA journal_mode = WAL;"
                         "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;"
                         "PRAGMA wal_autocheckpoint = 0;";
    const char *reader = "PRAGMA cache_size = -4096; PRAGMA query_only = ON;";
    bool is_writer = sqlite->base.mode != DB_READ_ONLY;
    if (run_script(&sqlite->base, common) != DB_OK ||
        (is_writer && has_nothing(handle) &&
         run_script(&sqlite->base, "PRAGMA auto_vacuum = INCREMENTAL") != DB_OK) ||
        run_script(&sqlite->base, is_writer ? writer : reader) != DB_OK) {
        return fault_set(fault, "", "cannot open %s: %s", where, sqlite->base.error_text);
    }
    if (is_writer) {
        (void)sqlite3_wal_hook(handle, note_log, sqlite);
    }
    sqlite3_progress_handler(handle, STEPS_AT_ONCE, must_stop, &sqlite->base);
    return true;
}

static bool open_handle(struct sqlite_db *sqlite, const char *where, struct fault *fault)
{
    int access = sqlite->base.mode != DB_READ_ONLY ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                   : SQLITE_OPEN_READONLY;
    int code = sqlite3_open_v2(
        where, &sqlite->handle,
        access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    CHECK(sqlite->handle != NULL); /* else out of memory */
    if (code != SQLITE_OK) {
        return fault_set(fault, "", "cannot open %s: %s", where, sqlite3_errmsg(sqlite->handle));
    }
    return run_pragmas(sqlite, where, fault);
}

bool sqlite_is_open(struct db *db)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    struct fault fault = {0};
    if (sqlite->handle != NULL) {
        return true;
    }
    if (!open_handle(sqlite, sqlite->where, &fault)) {
        hang_up(db);
        (void)db_fail(db, DB_DOWN, "%s", fault.text);
        return false;
    }
    db->session++;
#ifdef TOCSIN_PLANTS
    plant(db);
#endif
    return true;
}

/* On a file system without shared memory (some network ones) SQLite silently stays with another
 * journal, and with it our readers would block the writer. */
static bool has_log(struct sqlite_db *sqlite, const char *where, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    char mode[16] = "";
    if (sqlite3_prepare_v2(sqlite->handle, "PRAGMA journal_mode", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        (void)g_strlcpy(mode, (const char *)sqlite3_column_text(stmt, 0), sizeof mode);
    }
    (void)sqlite3_finalize(stmt);
    if (strcmp(mode, "wal") == 0 || strcmp(where, ":memory:") == 0) {
        return true;
    }
    return fault_set(fault, "",
                     "%s cannot use write-ahead logging (journal mode is %s); put the data "
                     "directory on a local file system",
                     where, mode);
}

/* SQLite's own count of its memory costs a lock at every allocation, and nobody reads it. Refused
 * (harmlessly) when SQLite is in use already. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Whoever died while the file was made, before it had a log, left a journal behind, which one who only reads cannot
 * undo: that takes a connection that may write, and any question. What fails is told by the open that follows. */
static void undo_unfinished(const char *where)
{
    g_autofree char *journal = g_strconcat(where, "-journal", NULL);
    sqlite3 *handle = NULL;
    if (access(journal, F_OK) != 0) {
        return;
    }
    if (sqlite3_open_v2(where, &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) == SQLITE_OK) {
        (void)sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    }
    (void)sqlite3_close_v2(handle);
}

struct db *sqlite_open(const char *where, enum db_mode mode, struct fault *fault)
{
    static pthread_once_t is_configured = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&is_configured, configure) == 0);
    struct sqlite_db *sqlite = g_new0(struct sqlite_db, 1);
    db_init(&sqlite->base, &SQLITE_ENGINE, mode);
    sqlite->where = g_strdup(where);
    sqlite->lock_fd = sqlite->file_fd = -1;
    struct db *db = &sqlite->base;
    db->is_shared = mode == DB_SHARED;
    bool is_writer = mode != DB_READ_ONLY;
    bool is_open = !is_plain_file(where) || sqlite_is_file(where, fault);
    if (is_open && is_writer && is_plain_file(where)) {
        is_open = (db->is_shared || take_lock(sqlite, where, fault)) &&
                  make_private_file(sqlite, where, fault);
    } else if (is_open && is_plain_file(where)) {
        undo_unfinished(where);
    }
    is_open = is_open && open_handle(sqlite, where, fault) &&
              (!is_writer || has_log(sqlite, where, fault));
    if (!is_open) {
        db_close(&db);
    } else if (is_writer) {
        sqlite_keep_room(db);
    }
    return db;
}
