/* test/feature/note/note.h - a note that somebody has to read: a feature for the tests, whole and in one folder.
 *
 * It has all that a feature may bring: a record, a table, a step of the schema, routes, permits, commands, events,
 * texts in every language, and it pages. Nothing outside knows it but the list that names it. */
#ifndef TEST_FEATURE_NOTE_NOTE_H
#define TEST_FEATURE_NOTE_NOTE_H

#include "access/permit.h"
#include "base/record.h"
#include "db/row.h"
#include "ledger/event.h"
#include "paging/topic.h"

#define NOTE_SUBJECT "note"

enum note_state { NOTE_OPEN = 1, NOTE_READ, NOTE_CLOSED };
extern const struct enum_name NOTE_STATE_NAMES[]; /* open read closed */

/* Owns its texts. */
struct note {
    int64_t id;
    char *text;
    char *policy; /* by which people are told; NULL: none, which leaves the last resort */
    int state;    /* enum note_state */
    char *written_by, *read_by, *closed_by; /* actors */
    struct utc written_at;
    struct utc snoozed_until;
};

/* What is asked for, and the whole as it is answered and kept. */
extern const struct record NOTE_ASKED, NOTE_RECORD;

void note_clear(struct note *note);
/* The only way to another state. CHECK: the table of states allows it. */
void note_become(struct note *note, enum note_state state);

/* note_store.c */
extern const struct table NOTE_TABLE;
void note_insert(struct db *db, struct note *note); /* sets id */
void note_save(struct db *db, const struct note *note);
NODISCARD bool note_load(struct db *db, int64_t id, struct note *out);
/* Newest first, those before `before_id` (0: from the newest), at most `limit`; borrowed in the call. */
void note_list(struct db *db, int64_t before_id, int limit,
               void (*each)(void *self, const struct note *note), void *self);

/* note_events.c */
extern const struct event_kind EVENT_NOTE_WRITTEN, EVENT_NOTE_ACKNOWLEDGED, EVENT_NOTE_SNOOZED,
    EVENT_NOTE_ESCALATED, EVENT_NOTE_SILENCED, EVENT_NOTE_REOPENED, EVENT_NOTE_FLAPPING,
    EVENT_NOTE_ASKED, EVENT_NOTE_RESOLVED;
extern const struct event_kind *const NOTE_EVENTS[];

/* note_topic_work.c */
extern const struct topic_kind NOTE_TOPIC;

#endif
