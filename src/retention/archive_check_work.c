#include "retention/archive_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retention/archive_lines.h"

/* After a crash so many events stand twice at most: what was written out and not yet deleted. */
enum { REMEMBERED = 4 * RETENTION_EVENTS_MOST };

struct archive_walk {
    const char *name; /* of the file … */
    int64_t line;     /* … and in it */
    const struct checkpoint *checkpoint;
    struct archive_check *out;
    struct fault *fault;
    unsigned char (*hashes)[EVENT_HASH_SIZE]; /* of the last REMEMBERED, by their number */
};

static unsigned char *hash_of(const struct archive_walk *walk, int64_t seq)
{
    return walk->hashes[seq % REMEMBERED];
}

static bool amiss(const struct archive_walk *walk, const char *what)
{
    return fault_set(walk->fault, "", "%s, line %" G_GINT64_FORMAT ": %s", walk->name, walk->line,
                     what);
}

static bool fits(const struct archive_walk *walk, const struct archive_event *event)
{
    static const unsigned char NONE[EVENT_HASH_SIZE];
    const struct archive_check *out = walk->out;
    int64_t seq = event->event.seq, before = seq - 1;
    unsigned char hash[EVENT_HASH_SIZE];
    bool is_known =
        out->first_seq != 0 && before >= out->first_seq && before > out->last_seq - REMEMBERED;
    if (before > 0 && !is_known) {
        return true; /* what was before is not here */
    }
    event_hash(seq == 1 ? NONE : hash_of(walk, seq - 1), &event->event, hash);
    return memcmp(hash, event->hash, sizeof hash) == 0;
}

static bool is_the_one(const struct archive_walk *walk, const struct archive_event *event)
{
    const struct checkpoint *checkpoint = walk->checkpoint;
    if (checkpoint == NULL || event->event.seq != checkpoint->seq) {
        return true;
    }
    walk->out->is_joined = memcmp(event->hash, checkpoint->hash, sizeof event->hash) == 0;
    return walk->out->is_joined;
}

static void go_on(const struct archive_walk *walk, const struct archive_event *event)
{
    struct archive_check *out = walk->out;
    if (out->first_seq == 0) {
        out->first_seq = event->event.seq;
        out->first_at = event->event.at;
    }
    out->events++;
    out->last_seq = event->event.seq;
    out->last_at = event->event.at;
    memcpy(out->hash, event->hash, sizeof out->hash);
    memcpy(hash_of(walk, out->last_seq), event->hash, sizeof event->hash);
}

static bool judge(const struct archive_walk *walk, const struct archive_event *event)
{
    const struct archive_check *out = walk->out;
    int64_t seq = event->event.seq;
    if (out->first_seq != 0 && seq <= out->last_seq) { /* once more */
        bool is_known = seq >= out->first_seq && seq > out->last_seq - REMEMBERED;
        return (is_known && memcmp(hash_of(walk, seq), event->hash, sizeof event->hash) == 0 &&
                fits(walk, event)) ||
               amiss(walk, "this event was there before, and otherwise");
    }
    if (out->first_seq != 0 && seq != out->last_seq + 1) {
        g_autofree char *what = g_strdup_printf("the events %" G_GINT64_FORMAT
                                                " to %" G_GINT64_FORMAT " are missing before it",
                                                out->last_seq + 1, seq - 1);
        return amiss(walk, what);
    }
    if (!fits(walk, event)) {
        return amiss(walk, "this event was edited, or the one before it");
    }
    if (!is_the_one(walk, event)) {
        return amiss(walk, "this is not the event that the checkpoint of the database names");
    }
    go_on(walk, event);
    return true;
}

static bool judge_line(const struct archive_walk *walk, const char *line, size_t size)
{
    struct archive_event event;
    bool is_good = archive_read_event(line, size, &event)
                       ? judge(walk, &event)
                       : amiss(walk, "this is no event, or was edited");
    archive_event_clear(&event);
    return is_good;
}

/* The last line of the last file may be half of one: a server is writing it, or was killed. */
static enum archive_verdict walk_file(struct archive_walk *walk, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, walk->name, NULL);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        (void)fault_set(walk->fault, "", "%s cannot be read: %s", path, g_strerror(errno));
        return ARCHIVE_UNREAD;
    }
    char *line = NULL;
    size_t room = 0;
    bool is_good = true;
    ssize_t size;
    for (walk->line = 1; is_good && (size = getline(&line, &room, file)) > 0; walk->line++) {
        bool is_whole = line[size - 1] == '\n';
        is_good = !is_whole || judge_line(walk, line, (size_t)size - 1);
    }
    bool is_read = ferror(file) == 0 || fault_set(walk->fault, "", "%s cannot be read", path);
    free(line); /* rules: allow banned: getline's own */
    (void)fclose(file);
    return !is_read ? ARCHIVE_UNREAD : is_good ? ARCHIVE_WHOLE : ARCHIVE_BROKEN;
}

/* Everything that the checkpoint stands for was written out before it was deleted. */
static bool reaches(const struct archive_walk *walk)
{
    const struct checkpoint *checkpoint = walk->checkpoint;
    bool is_needed =
        checkpoint != NULL && walk->out->first_seq != 0 && checkpoint->seq >= walk->out->first_seq;
    return !is_needed || walk->out->is_joined ||
           fault_set(walk->fault, "",
                     "the events %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                     " were deleted from the database and are not here",
                     walk->out->last_seq + 1, checkpoint->seq);
}

enum archive_verdict archive_check(const char *folder, const struct checkpoint *checkpoint,
                                   struct archive_check *out, struct fault *fault)
{
    *out = (struct archive_check){0};
    g_autoptr(GPtrArray) names = archive_files(folder, ARCHIVE_EVENTS, fault);
    if (names == NULL) {
        return ARCHIVE_UNREAD;
    }
    struct archive_walk walk = {.checkpoint = checkpoint, .out = out, .fault = fault};
    walk.hashes = g_malloc0((size_t)REMEMBERED * EVENT_HASH_SIZE);
    enum archive_verdict verdict = ARCHIVE_WHOLE;
    for (guint i = 0; verdict == ARCHIVE_WHOLE && i < names->len; i++) {
        walk.name = names->pdata[i];
        verdict = walk_file(&walk, folder);
    }
    g_free(walk.hashes);
    return verdict == ARCHIVE_WHOLE && !reaches(&walk) ? ARCHIVE_BROKEN : verdict;
}
