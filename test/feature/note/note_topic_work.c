/* What paging asks of a note, and does with one. */
#include "alert/signal.h"
#include "channel/catalogue.h"
#include "feature/note/note.h"
#include "paging/errand.h"

static int standing_of(const struct note *note)
{
    switch ((enum note_state)note->state) {
    case NOTE_OPEN:
        return STANDING_OPEN;
    case NOTE_READ:
        return STANDING_TAKEN;
    case NOTE_CLOSED:
        break;
    }
    return STANDING_OVER;
}

static void fill(struct topic *topic, struct note *note)
{
    topic->standing = standing_of(note);
    topic->severity = SEVERITY_WARNING;
    topic->urgency = URGENCY_HIGH;
    topic->area = "notes";
    topic->summary = note->text;
    topic->taken_by = note->read_by;
    topic->ended_by = note->closed_by;
    topic->snoozed_until = note->snoozed_until;
    topic->is_first = true;
    topic->refusal = note->state == NOTE_CLOSED ? "is closed; write another one" : NULL;
    topic->own = note;
}

static bool load(struct db *db, int64_t id, struct topic *out)
{
    struct note *note = g_new0(struct note, 1);
    if (!note_load(db, id, note)) {
        g_free(note);
        return false;
    }
    fill(out, note);
    return true;
}

static void clear(struct topic *topic)
{
    note_clear(topic->own);
    g_clear_pointer(&topic->own, g_free);
}

static void save(struct ledger_tx *tx, struct topic *topic)
{
    struct note *note = topic->own;
    note_become(note, topic->standing == STANDING_OPEN    ? NOTE_OPEN
                      : topic->standing == STANDING_TAKEN ? NOTE_READ
                                                          : NOTE_CLOSED);
    note->snoozed_until = topic->snoozed_until;
    note_save(tx->db, note);
}

static void acknowledge(struct ledger_tx *tx, struct topic *topic,
                        const struct topic_answer *answer)
{
    struct note *note = topic->own;
    bool is_snoozed = utc_is_set(answer->snoozed_until);
    g_free(note->read_by);
    note->read_by = principal_text_of(answer->actor);
    topic->standing = STANDING_TAKEN;
    topic->snoozed_until = answer->snoozed_until;
    save(tx, topic);
    fill(topic, note);
    topic_event(tx, answer->actor, is_snoozed ? &EVENT_NOTE_SNOOZED : &EVENT_NOTE_ACKNOWLEDGED,
                topic->subject, NULL);
}

static void resolve(struct ledger_tx *tx, struct topic *topic, const struct topic_answer *answer)
{
    struct note *note = topic->own;
    g_free(note->closed_by);
    note->closed_by = principal_text_of(answer->actor);
    topic->standing = STANDING_OVER;
    topic->snoozed_until = (struct utc){0};
    save(tx, topic);
    fill(topic, note);
    topic_event(tx, answer->actor, &EVENT_NOTE_RESOLVED, topic->subject, NULL);
}

static struct topic_settings settings(const struct config *config, const struct topic *topic)
{
    (void)config;
    const struct note *note = topic->own;
    return (struct topic_settings){.policy = note->policy, .tells_end = true};
}

static void show(const struct topic *topic, const struct config *config, struct errand *errand,
                 struct message_item *item)
{
    (void)config;
    const struct note *note = topic->own;
    const struct catalogue_arg args[] = {{.name = "who", .text = note->written_by}, {NULL}};
    g_autofree char *by = catalogue_format(errand->message.language, "note.written_by", args);
    item->description = errand_keep(errand, by);
    item->service = errand_keep(errand, "notes");
    item->since = note->written_at;
}

static json_t *write_note(const struct topic *topic)
{
    return record_write(&NOTE_RECORD, topic->own);
}

static json_t *describe(const struct topic *topic, const struct config *config)
{
    (void)topic;
    (void)config;
    return json_object();
}

static void look_at_none(void *self, const struct note *note)
{
    (void)self;
    (void)note;
}

static void touch(struct db *db)
{
    note_list(db, 0, 1, look_at_none, NULL);
}

const struct topic_kind NOTE_TOPIC = {
    .word = NOTE_SUBJECT,
    .events = {.acknowledged = &EVENT_NOTE_ACKNOWLEDGED,
               .snoozed = &EVENT_NOTE_SNOOZED,
               .escalated = &EVENT_NOTE_ESCALATED,
               .silenced = &EVENT_NOTE_SILENCED,
               .reopened = &EVENT_NOTE_REOPENED,
               .flapping = &EVENT_NOTE_FLAPPING,
               .asked = &EVENT_NOTE_ASKED,
               .resolved = &EVENT_NOTE_RESOLVED},
    .load = load,
    .clear = clear,
    .save = save,
    .acknowledge = acknowledge,
    .resolve = resolve,
    .settings = settings,
    .show = show,
    .write = write_note,
    .describe = describe,
    .touch = touch,
};
