/* Room that is kept inside the file and its log, where no other program can take it.
 *
 * Both are made longer than what is in them, with blocks that the file system has given for good: a page
 * that is added to the file, a commit that is added to the log then needs nothing of the disk. SQLite reads
 * neither rest: the file's header says how many pages count, and in the log no checksum fits. But after a
 * whole checkpoint it cuts the file to what is in it, at its end it removes the log, and the next program
 * to write would have the room: so it is told to leave the log, and that one call, to cut, is changed: the file
 * is cut to what is in it and its room, when that became less (sqlite_space.c). */
#include "db/sqlite_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MORE = 4,      /* a fourth of it more is asked for, so that it is not asked at each commit */
    LOG_HEAD = 32, /* bytes, by SQLite's file format */
    LOG_PAGE_HEAD = 24 /* before each page */
};

/* A log that is cut to nothing is to be read by nobody: without its head it is empty. It has to be so on the disk before
 * the log is cut: of a shorter one whose head survives, the beginning would be read, and the database be as it was then. */
static int wipe_head(sqlite3_file *file)
{
    static const char NOTHING[LOG_HEAD];
    int code = file->pMethods->xWrite(file, NOTHING, LOG_HEAD, 0);
    return code == SQLITE_OK ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : code;
}

static int cut(sqlite3_file *file, sqlite3_int64 size)
{
    /* The methods are the first member of what we set for this file. */
    const struct sqlite_kept_file *kept = (const struct sqlite_kept_file *)file->pMethods;
    sqlite3_int64 now = 0;
    int code = file->pMethods->xFileSize(file, &now);
    if (code == SQLITE_OK && size == 0) {
        code = wipe_head(file);
    }
    sqlite3_int64 target = size > now ? size : MIN(now, MAX(size + kept->beyond, kept->least));
    return code == SQLITE_OK && target != now ? kept->truncate(file, target) : code;
}

static sqlite3_file *part(struct db *db, int which)
{
    sqlite3_file *file = NULL;
    (void)sqlite3_file_control(sqlite_handle(db), "main", which, &file);
    return file != NULL && file->pMethods != NULL ? file : NULL;
}

static void keep(struct sqlite_kept_file *kept, sqlite3_file *file, int64_t least, int64_t beyond)
{
    kept->least = least;
    kept->beyond = beyond;
    if (file->pMethods != &kept->methods) {
        kept->methods = *file->pMethods;
        kept->truncate = kept->methods.xTruncate;
        kept->methods.xTruncate = cut;
        file->pMethods = &kept->methods;
    }
}

/* False only for want of space: what else is wrong the next write will tell. */
static bool give_blocks(int fd, int64_t from, int64_t to)
{
    int error = EINTR;
    while (fd >= 0 && error == EINTR) {
        error = posix_fallocate(fd, from, to - from);
    }
    return !sqlite_is_want_of_space(error);
}

static const char *file_path(const struct sqlite_db *sqlite)
{
    return sqlite3_db_filename(sqlite->handle, "main"); /* links are followed in it */
}

static const char *log_path(const struct sqlite_db *sqlite)
{
    return sqlite3_filename_wal(file_path(sqlite));
}

/* SQLite has no locks on the log, so that it may be opened and closed. */
static bool extend_log(const struct sqlite_db *sqlite, int64_t from, int64_t to)
{
    int fd = open(log_path(sqlite), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    bool is_given = give_blocks(fd, from, to);
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_given;
}

static bool extend(const struct sqlite_db *sqlite, sqlite3_file *file, int64_t from, int64_t to)
{
    if (sqlite->file_fd < 0) { /* a memory disk, where a hint is enough */
        sqlite3_int64 wanted = to;
        return file->pMethods->xFileControl(file, SQLITE_FCNTL_SIZE_HINT, &wanted) == SQLITE_OK;
    }
    return file->pMethods == &sqlite->kept_log.methods ? extend_log(sqlite, from, to)
                                                       : give_blocks(sqlite->file_fd, from, to);
}

static int64_t with_more(int64_t bytes)
{
    return bytes + bytes / MORE;
}

static bool reach(const struct sqlite_db *sqlite, sqlite3_file *file, int64_t size, int64_t bytes)
{
    sqlite3_int64 now = 0;
    return file->pMethods->xFileSize(file, &now) == SQLITE_OK &&
           (now >= size + bytes || extend(sqlite, file, now, size + with_more(bytes)));
}

/* -1: it could not be asked. */
static int64_t page_count(struct sqlite_db *sqlite)
{
    int64_t pages = -1;
    if (sqlite->page_count == NULL) {
        (void)sqlite3_prepare_v3(sqlite->handle, "PRAGMA page_count", -1, SQLITE_PREPARE_PERSISTENT,
                                 &sqlite->page_count, NULL);
    }
    if (sqlite->page_count != NULL && sqlite3_step(sqlite->page_count) == SQLITE_ROW) {
        pages = sqlite3_column_int64(sqlite->page_count, 0);
    }
    (void)sqlite3_reset(sqlite->page_count);
    return pages;
}

static void keep_log(struct sqlite_db *sqlite, sqlite3_file *file, sqlite3_file *log,
                     int64_t log_least)
{
    int is_log_left = 1;
    keep(&sqlite->kept_log, log, log_least, 0);
    (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_PERSIST_WAL, &is_log_left);
}

void sqlite_keep_room(struct db *db)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    sqlite3_file *file = part(db, SQLITE_FCNTL_FILE_POINTER);
    sqlite3_file *log = part(db, SQLITE_FCNTL_JOURNAL_POINTER);
    sqlite3_int64 size = 0;
    bool is_kept = file != NULL && log != NULL &&
                   log->pMethods->xFileSize(log, &size) == SQLITE_OK && size > 0;
    if (is_kept) { /* how much of the file is room only its server knows: it is not cut at all */
        keep(&sqlite->kept_file, file, INT64_MAX, 0);
        keep_log(sqlite, file, log, size);
    }
}

bool sqlite_hold_room(struct db *db, int64_t bytes)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    if (sqlite->handle == NULL) {
        return true; /* whoever opens it again will see */
    }
    sqlite3_file *file = part(db, SQLITE_FCNTL_FILE_POINTER);
    sqlite3_file *log = part(db, SQLITE_FCNTL_JOURNAL_POINTER);
    if (file == NULL || log == NULL) {
        return true; /* in memory */
    }
    keep(&sqlite->kept_file, file, 0, with_more(bytes));
    keep_log(sqlite, file, log, LOG_HEAD + bytes);
    int64_t pages = page_count(sqlite);
    int64_t log_bytes = LOG_HEAD + sqlite->log_used * (int64_t)(SQLITE_PAGE + LOG_PAGE_HEAD);
    return pages >= 0 && reach(sqlite, file, pages * SQLITE_PAGE, bytes) &&
           reach(sqlite, log, log_bytes, bytes);
}

/* A name that cannot be looked up for another reason proves nothing. */
static bool is_named(const char *path, dev_t device, ino_t number)
{
    struct stat named;
    if (stat(path, &named) != 0) {
        return errno != ENOENT && errno != ENOTDIR;
    }
    return named.st_dev == device && named.st_ino == number;
}

static bool is_log_in_place(struct sqlite_db *sqlite)
{
    struct stat named;
    if (sqlite->log_number == 0 && stat(log_path(sqlite), &named) == 0) {
        sqlite->log_device = named.st_dev; /* as it was just opened */
        sqlite->log_number = named.st_ino;
    }
    return sqlite->log_number == 0 ||
           is_named(log_path(sqlite), sqlite->log_device, sqlite->log_number);
}

bool sqlite_is_in_place(struct db *db)
{
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    struct stat opened;
    if (sqlite->handle == NULL || sqlite->file_fd < 0 || fstat(sqlite->file_fd, &opened) != 0) {
        return true;
    }
    return is_named(file_path(sqlite), opened.st_dev, opened.st_ino) && is_log_in_place(sqlite);
}
