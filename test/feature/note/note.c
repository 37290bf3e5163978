#include "feature/note/note.h"

#include "base/state.h"

const struct enum_name NOTE_STATE_NAMES[] = {
    {"open", NOTE_OPEN}, {"read", NOTE_READ}, {"closed", NOTE_CLOSED}, {NULL, 0}};

static const struct state_change CHANGES[] = {
    {0, STATE_BIT(NOTE_OPEN)},
    {NOTE_OPEN, STATE_BIT(NOTE_READ) | STATE_BIT(NOTE_CLOSED)},
    {NOTE_READ, STATE_BIT(NOTE_OPEN) | STATE_BIT(NOTE_CLOSED)},
};

static const struct states STATES = {"note", NOTE_STATE_NAMES, CHANGES, G_N_ELEMENTS(CHANGES)};

#define AT(member) offsetof(struct note, member)
#define TEXT_FIELD                                                                         \
    {                                                                                      \
        .name = "text", .kind = FIELD_TEXT, .offset = AT(text), .flags = FIELD_REQUIRED,   \
        .max = 200, .column = "text", .stored = COLUMN_FIXED, .doc = "What is to be read." \
    }
#define POLICY_FIELD                                                                    \
    {                                                                                   \
        .name = "policy", .kind = FIELD_TEXT, .offset = AT(policy), .column = "policy", \
        .stored = COLUMN_FIXED, .doc = "The policy by which people are told it."        \
    }

static const struct field ASKED_FIELDS[] = {TEXT_FIELD, POLICY_FIELD};
const struct record NOTE_ASKED = {.name = "NoteAsked",
                                  .doc = "A note to be written.",
                                  .size = sizeof(struct note),
                                  .fields = ASKED_FIELDS,
                                  .field_count = G_N_ELEMENTS(ASKED_FIELDS)};

static const struct field NOTE_FIELDS[] = {
    {.name = "id",
     .kind = FIELD_INT,
     .offset = AT(id),
     .flags = FIELD_ALWAYS,
     .column = "id",
     .stored = COLUMN_ID},
    TEXT_FIELD,
    POLICY_FIELD,
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = AT(state),
     .flags = FIELD_ALWAYS,
     .names = NOTE_STATE_NAMES,
     .column = "state"},
    {.name = "written_by",
     .kind = FIELD_TEXT,
     .offset = AT(written_by),
     .flags = FIELD_ALWAYS,
     .column = "written_by",
     .stored = COLUMN_FIXED},
    {.name = "read_by", .kind = FIELD_TEXT, .offset = AT(read_by), .column = "read_by"},
    {.name = "closed_by", .kind = FIELD_TEXT, .offset = AT(closed_by), .column = "closed_by"},
    {.name = "written_at",
     .kind = FIELD_UTC,
     .offset = AT(written_at),
     .flags = FIELD_ALWAYS,
     .column = "written_at",
     .stored = COLUMN_FIXED},
    {.name = "snoozed_until",
     .kind = FIELD_UTC,
     .offset = AT(snoozed_until),
     .column = "snoozed_until"},
};
const struct record NOTE_RECORD = {.name = "Note",
                                   .doc = "Something that somebody has to read.",
                                   .size = sizeof(struct note),
                                   .fields = NOTE_FIELDS,
                                   .field_count = G_N_ELEMENTS(NOTE_FIELDS)};

void note_clear(struct note *note)
{
    record_clear(&NOTE_RECORD, note);
}

void note_become(struct note *note, enum note_state state)
{
    state_set(&STATES, &note->state, (int)state);
}
