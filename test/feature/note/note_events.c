#include "feature/note/note.h"

#include "base/describe.h"

static const char *const OF_NOTE[] = {NOTE_SUBJECT, NULL};

static const struct field WRITTEN_FIELDS[] = {
    SHAPE_TEXT("text", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("policy", 0, NULL),
};
static const struct record WRITTEN =
    SHAPE("EventNoteWritten", "Somebody wrote a note.", WRITTEN_FIELDS);

/* What paging says of any subject. */
static const struct field PAGED_FIELDS[] = {SHAPE_KIND("until", FIELD_UTC, 0, NULL)};
static const struct record PAGED =
    SHAPE_OPEN("EventNotePaged", "What became of a note.", PAGED_FIELDS);

#define PAGED_KIND(called)                                    \
    {                                                         \
        .name = (called), .subjects = OF_NOTE, .data = &PAGED \
    }

const struct event_kind EVENT_NOTE_WRITTEN = {
    .name = "note.written", .subjects = OF_NOTE, .data = &WRITTEN};
const struct event_kind EVENT_NOTE_ACKNOWLEDGED = PAGED_KIND("note.acknowledged");
const struct event_kind EVENT_NOTE_SNOOZED = PAGED_KIND("note.snoozed");
const struct event_kind EVENT_NOTE_ESCALATED = PAGED_KIND("note.escalated");
const struct event_kind EVENT_NOTE_SILENCED = PAGED_KIND("note.silenced");
const struct event_kind EVENT_NOTE_REOPENED = PAGED_KIND("note.reopened");
const struct event_kind EVENT_NOTE_FLAPPING = PAGED_KIND("note.flapping");
const struct event_kind EVENT_NOTE_ASKED = PAGED_KIND("note.asked_still_on_it");
const struct event_kind EVENT_NOTE_RESOLVED = PAGED_KIND("note.resolved");

const struct event_kind *const NOTE_EVENTS[] = {&EVENT_NOTE_WRITTEN,  &EVENT_NOTE_ACKNOWLEDGED,
                                                &EVENT_NOTE_SNOOZED,  &EVENT_NOTE_ESCALATED,
                                                &EVENT_NOTE_SILENCED, &EVENT_NOTE_REOPENED,
                                                &EVENT_NOTE_FLAPPING, &EVENT_NOTE_ASKED,
                                                &EVENT_NOTE_RESOLVED, NULL};
