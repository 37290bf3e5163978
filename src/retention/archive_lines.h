/* retention/archive_lines.h - what may go, as lines of JSON: what the API shows of it, and events with their hashes. */
#ifndef RETENTION_ARCHIVE_LINES_H
#define RETENTION_ARCHIVE_LINES_H

#include "ledger/event.h"
#include "retention/archive.h"

/* Finds what is asked for and may go, some at a time. `out_parts`: struct archive_part. After it db_error tells whether
 * all could be read. */
NODISCARD struct archive_list *archive_lines(struct db *db, const struct config *config,
                                             const struct archive_ask *ask, GPtrArray *out_parts);

/* An event as a line, without its end, and back. Its data stand in it as they are kept, so that the hash can be made anew;
 * what is no JSON on one line stands as a text. */
void archive_write_event(GString *out, const struct event *event,
                         const unsigned char hash[EVENT_HASH_SIZE]);

struct archive_event {
    struct event event; /* its texts are owned by this */
    unsigned char hash[EVENT_HASH_SIZE];
    json_t *line;
    char *data;
};

/* False: it is no such line. Clear it in both cases. */
NODISCARD bool archive_read_event(const char *line, size_t size, struct archive_event *out);
void archive_event_clear(struct archive_event *event);

#define ARCHIVE_EVENTS "events-" /* how the names of their files begin */

#endif
