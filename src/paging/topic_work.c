#include "paging/topic.h"

#include <string.h>

#include "ledger/event.h"
#include "paging/work.h"

const struct topic_kind *topic_kind_of(const struct pager *pager, const char *word)
{
    for (size_t i = 0; word != NULL && i < pager->kind_count; i++) {
        if (strcmp(pager->kinds[i]->word, word) == 0) {
            return pager->kinds[i];
        }
    }
    return NULL;
}

bool topic_read(const struct topic_kind *kind, struct db *db, int64_t id, struct topic *out)
{
    *out = (struct topic){0};
    if (!kind->load(db, id, out)) {
        *out = (struct topic){0};
        return false;
    }
    out->kind = kind;
    out->subject = subject_of_id(kind->word, id);
    return true;
}

bool topic_load(const struct pager *pager, struct db *db, struct subject subject, struct topic *out)
{
    const struct topic_kind *kind = topic_kind_of(pager, subject.kind);
    *out = (struct topic){0};
    return kind != NULL && topic_read(kind, db, subject.id, out);
}

void topic_clear(struct topic *topic)
{
    if (topic->kind != NULL) {
        topic->kind->clear(topic);
    }
    *topic = (struct topic){0};
}

void topic_save(struct ledger_tx *tx, struct topic *topic)
{
    topic->kind->save(tx, topic);
}

bool topic_is_snoozed(const struct topic *topic)
{
    return topic->standing == STANDING_TAKEN && utc_is_set(topic->snoozed_until);
}

bool topic_is_asked(struct db *db, const struct topic *topic)
{
    struct escalation e;
    return escalation_of(db, topic->subject, &e) && e.state == ESCALATION_ASKED;
}

bool topic_is_taken(struct db *db, const struct topic *topic)
{
    return topic->standing == STANDING_TAKEN && !topic_is_snoozed(topic) &&
           !topic_is_asked(db, topic);
}

bool topic_is_held(const struct config *config, const struct topic *topic, struct utc now,
                   struct topic_hold *out)
{
    return topic->kind->hold != NULL && topic->kind->hold(config, topic, now, out);
}

void topic_event(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                 struct subject subject, json_t *data)
{
    event_append(tx, actor, kind, subject, data);
    json_decref(data);
}

bool pager_page_about(struct pager *pager, struct ledger_tx *tx, struct subject subject)
{
    struct topic topic;
    struct escalation begun;
    pager_enter(pager, tx);
    bool is_there = topic_load(pager, tx->db, subject, &topic);
    if (is_there && topic.standing == STANDING_OPEN && !escalation_of(tx->db, subject, &begun)) {
        escalation_start(pager, tx, &topic);
    }
    topic_clear(&topic);
    pager_leave(pager);
    return is_there;
}
