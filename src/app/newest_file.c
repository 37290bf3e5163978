#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "app/newest.h"
#include "base/log.h"
#include "ledger/chain.h"

static char *note_path(const char *data)
{
    return g_build_filename(data, "newest", NULL);
}

/* How many bytes of it; -1: it cannot be read. */
static ssize_t read_note(const char *data, char text[NEWEST_NUMBERS])
{
    g_autofree char *path = note_path(data);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    ssize_t size = read(fd, text, NEWEST_NUMBERS);
    (void)close(fd);
    return size;
}

int64_t newest_noted(const char *data)
{
    char text[NEWEST_NUMBERS];
    ssize_t size = read_note(data, text);
    int64_t noted = 0;
    (void)!newest_judge(text, (size_t)MAX(size, 0), 0, &noted);
    return noted;
}

static bool refuse(const char *data, int64_t seq, int64_t noted, struct fault *fault)
{
    return fault_set(fault, "data",
                     "what was accepted last is missing in %.100s: event %" G_GINT64_FORMAT
                     " was committed, and the database ends with %" G_GINT64_FORMAT
                     ". Its log tocsin.db-wal is missing, damaged or not its own: put it back, or "
                     "restore a backup with `tocsin restore`; to give up what is missing, say so "
                     "with: rm newest (in that directory)",
                     data, noted, seq);
}

bool newest_check(const char *data, struct db *db, struct fault *fault)
{
    char text[NEWEST_NUMBERS];
    ssize_t size = read_note(data, text); /* first: a server may be writing both */
    db_begin_read(db); /* outside of a transaction only the last failure would be told */
    int64_t seq = chain_newest(db);
    bool is_read = db_error(db) == DB_OK;
    db_rollback(db);
    if (!is_read) {
        return true;
    }
    int64_t noted = 0;
    switch (size < 0 ? NEWEST_UNREAD : newest_judge(text, (size_t)size, seq, &noted)) {
    case NEWEST_NONE:
        LOG_WARN("serve", NULL,
                 "no note of the newest event lies beside the database, as after a restore or an "
                 "upgrade: whether its log was lost is not known this time");
        break;
    case NEWEST_UNREAD:
        LOG_WARN("serve", NULL,
                 "the note of the newest event is damaged, and made anew: whether the log of the "
                 "database was lost is not known this time",
                 "file", "newest");
        break;
    case NEWEST_FITS:
        break;
    case NEWEST_AHEAD:
        return refuse(data, seq, noted, fault);
    }
    return true;
}

void newest_forget(const char *data)
{
    g_autofree char *path = note_path(data);
    if (unlink(path) != 0 && errno != ENOENT) {
        LOG_WARN("serve", NULL, "the note of another database's newest event cannot be removed",
                 "file", path, "why", g_strerror(errno));
    }
}

/* --- keeping it --- */

struct newest {
    char *path;
    int fd; /* -1: not open */
    int64_t seq;
    bool is_failing; /* told once */
};

static void tell_failing(struct newest *newest)
{
    if (!newest->is_failing) {
        newest->is_failing = true;
        LOG_WARN("serve", NULL,
                 "the note of the newest event cannot be written: a lost log would pass unseen",
                 "file", newest->path, "why", g_strerror(errno));
    }
}

struct newest *newest_open(const char *data)
{
    struct newest *newest = g_new0(struct newest, 1);
    newest->path = note_path(data);
    newest->fd = open(newest->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (newest->fd < 0) {
        tell_failing(newest);
    }
    return newest;
}

void newest_keep(struct newest *newest, int64_t seq)
{
    if (newest->fd < 0 || seq <= newest->seq) {
        return;
    }
    char text[NEWEST_SIZE];
    newest_format(seq, text);
    if (pwrite(newest->fd, text, sizeof text, 0) == (ssize_t)sizeof text) {
        newest->seq = seq;
        newest->is_failing = false;
    } else {
        tell_failing(newest);
    }
}

void newest_close(struct newest **newest)
{
    struct newest *it = g_steal_pointer(newest);
    if (it != NULL && it->fd >= 0) {
        (void)fdatasync(it->fd); /* an older one would do */
        (void)close(it->fd);
    }
    if (it != NULL) {
        g_free(it->path);
        g_free(it);
    }
}
