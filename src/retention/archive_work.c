#include "retention/archive.h"

#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "retention/archive_lines.h"

/* A disk that is full or away is tried again so often. */
#define RETRY_EVERY SPAN_MIN(1)

const char ARCHIVE_NONE_WORD[] = "none";

struct archive {
    const char *folder;
    const char *node;
    const struct clock *clock;
    const struct archive_disk *disk;
    atomic_bool is_over;
    _Atomic uint64_t status_number;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t is_asked;
    struct archive_ask ask;
    uint64_t asked;    /* counts what was asked for and what was cancelled */
    bool has_ask;      /* there is no answer to it yet */
    struct span retry; /* elapsed; not before */
    struct archive_list *answer;
    struct archive_status status;
    /* The thread's own, between its two halves. */
    uint64_t gathered; /* what it has gathered for */
    struct archive_list *list;
    GPtrArray *parts;
    struct fault fault;
};

struct archive *archive_create(const char *folder, const char *node, const struct clock *clock)
{
    struct archive *archive = g_new0(struct archive, 1);
    pthread_condattr_t monotonic;
    archive->folder = folder;
    archive->node = node;
    archive->clock = clock;
    CHECK(pthread_mutex_init(&archive->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&archive->is_asked, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    return archive;
}

static void drop_gathered(struct archive *archive)
{
    g_clear_pointer(&archive->list, archive_list_free);
    g_clear_pointer(&archive->parts, g_ptr_array_unref);
}

void archive_destroy(struct archive **archive)
{
    struct archive *self = g_steal_pointer(archive);
    if (self == NULL) {
        return;
    }
    drop_gathered(self);
    archive_list_free(self->answer);
    g_free(self->status.why);
    (void)pthread_cond_destroy(&self->is_asked);
    (void)pthread_mutex_destroy(&self->lock);
    g_free(self);
}

enum archive_mode archive_mode(const struct archive *archive)
{
    if (archive == NULL || archive->folder == NULL) {
        return ARCHIVE_UNSET;
    }
    return strcmp(archive->folder, ARCHIVE_NONE_WORD) == 0 ? ARCHIVE_NONE : ARCHIVE_SET;
}

const char *archive_node(const struct archive *archive)
{
    return archive == NULL ? NULL : archive->node;
}

void archive_set_disk(struct archive *archive, const struct archive_disk *disk)
{
    archive->disk = disk;
}

/* --- the duty's side --- */

static void forget(struct archive *archive)
{
    g_clear_pointer(&archive->answer, archive_list_free);
    archive->has_ask = false;
    archive->asked++;
}

void archive_ask(struct archive *archive, const struct archive_ask *ask)
{
    pthread_mutex_lock(&archive->lock);
    forget(archive);
    archive->ask = *ask;
    archive->has_ask = true;
    pthread_cond_broadcast(&archive->is_asked);
    pthread_mutex_unlock(&archive->lock);
}

struct archive_list *archive_take(struct archive *archive)
{
    pthread_mutex_lock(&archive->lock);
    struct archive_list *answer = g_steal_pointer(&archive->answer);
    pthread_mutex_unlock(&archive->lock);
    return answer;
}

void archive_cancel(struct archive *archive)
{
    pthread_mutex_lock(&archive->lock);
    forget(archive);
    pthread_mutex_unlock(&archive->lock);
}

uint64_t archive_status_number(const struct archive *archive)
{
    return atomic_load(&archive->status_number);
}

void archive_status(struct archive *archive, struct archive_status *out)
{
    pthread_mutex_lock(&archive->lock);
    *out = archive->status;
    out->why = g_strdup(archive->status.why);
    pthread_mutex_unlock(&archive->lock);
}

/* --- the thread's side --- */

static bool is_due(const struct archive *archive)
{
    return archive->has_ask && archive->retry.us <= clock_elapsed(archive->clock).us;
}

bool archive_wait(struct archive *archive)
{
    pthread_mutex_lock(&archive->lock);
    while (!atomic_load(&archive->is_over) && !is_due(archive)) {
        const struct timespec until = clock_monotonic_after(RETRY_EVERY);
        (void)pthread_cond_timedwait(&archive->is_asked, &archive->lock, &until);
    }
    pthread_mutex_unlock(&archive->lock);
    return !atomic_load(&archive->is_over);
}

void archive_end(struct archive *archive)
{
    pthread_mutex_lock(&archive->lock);
    atomic_store(&archive->is_over, true);
    pthread_cond_broadcast(&archive->is_asked);
    pthread_mutex_unlock(&archive->lock);
}

static bool take_ask(struct archive *archive, struct archive_ask *out)
{
    pthread_mutex_lock(&archive->lock);
    bool is_there = is_due(archive) && !atomic_load(&archive->is_over);
    *out = archive->ask;
    out->known_seq = archive->status.last_seq;
    archive->gathered = archive->asked;
    pthread_mutex_unlock(&archive->lock);
    return is_there;
}

bool archive_gather(struct archive *archive, struct db *db, const struct config *config)
{
    struct archive_ask ask;
    drop_gathered(archive);
    archive->fault = (struct fault){0};
    if (!take_ask(archive, &ask)) {
        return false;
    }
    db_set_stop(db, &archive->is_over);
    archive->parts = g_ptr_array_new_with_free_func(archive_part_free);
    archive->list = archive_lines(db, config, &ask, archive->parts);
    db_set_stop(db, NULL);
    if (db_error(db) != DB_OK) {
        (void)fault_set(&archive->fault, "", "the database cannot be read: %s", db_error_text(db));
    }
    return true;
}

/* Events stand in their files in the order of their numbers, also where a clock went back by a month. */
static void keep_order(const struct archive *archive)
{
    g_autofree char *newest = archive_newest(archive->folder, ARCHIVE_EVENTS);
    for (guint i = 0; newest != NULL && i < archive->parts->len; i++) {
        struct archive_part *part = archive->parts->pdata[i];
        if (strcmp(part->name, newest) < 0) {
            g_free(part->name);
            part->name = g_strdup(newest);
        }
    }
}

static void note_success(struct archive *archive, struct utc now)
{
    struct archive_status *status = &archive->status;
    if (utc_is_set(status->failed_at)) {
        LOG_INFO("archive", NULL, "what is old can be written out again, and goes", "directory",
                 archive->folder);
    }
    g_clear_pointer(&status->why, g_free);
    status->failed_at = (struct utc){0};
    if (archive->parts->len > 0) {
        status->archived_at = now;
    }
    if (archive->list->ask.sort == SORT_EVENTS) {
        status->last_seq = MAX(status->last_seq, archive->list->reached.id);
    }
}

static void note_failure(struct archive *archive, struct utc now)
{
    struct archive_status *status = &archive->status;
    if (!utc_is_set(status->failed_at)) {
        status->failed_at = now;
        LOG_WARN("archive", NULL, "what is old cannot be written out, so nothing is deleted",
                 "directory", archive->folder, "why", archive->fault.text);
    }
    g_free(status->why);
    status->why = g_strdup(archive->fault.text);
    archive->retry.us = clock_elapsed(archive->clock).us + RETRY_EVERY.us;
}

/* Each line is told of once: it changes when it begins, ends, or has another reason. */
static bool is_news(const struct archive *archive, bool is_good)
{
    const struct archive_status *status = &archive->status;
    return is_good || g_strcmp0(status->why, archive->fault.text) != 0;
}

static void note(struct archive *archive, bool is_good)
{
    struct utc now = clock_now(archive->clock);
    if (is_news(archive, is_good)) {
        archive->status.number = atomic_load(&archive->status_number) + 1;
        atomic_store(&archive->status_number, archive->status.number);
    }
    if (is_good) {
        note_success(archive, now);
    } else {
        note_failure(archive, now);
    }
}

bool archive_write(struct archive *archive)
{
    bool is_good = archive->fault.text[0] == '\0';
    if (is_good && archive->list->ask.sort == SORT_EVENTS) {
        keep_order(archive);
    }
    /* Without any line, too: a directory that is gone shows before something waits for it. */
    is_good =
        is_good && archive_append(archive->folder, archive->parts, archive->disk, &archive->fault);
    pthread_mutex_lock(&archive->lock);
    bool is_over = atomic_load(&archive->is_over);
    if (!is_over) {
        note(archive, is_good);
    }
    if (is_good && archive->gathered == archive->asked) {
        archive->answer = g_steal_pointer(&archive->list);
        archive->has_ask = false;
    }
    pthread_mutex_unlock(&archive->lock);
    drop_gathered(archive);
    return !is_over;
}
