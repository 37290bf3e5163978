#include "paging/topic_store.h"

#include "ledger/node.h"
#include "paging/state.h"
#include "paging/topic.h"

static const struct enum_name PASS_NAMES[] = {
    {"news", PASS_NEWS}, {"asked", PASS_ASKED}, {"update", PASS_UPDATE}, {NULL, 0}};

static const struct enum_name STANDING_NAMES[] = {
    {"open", STANDING_OPEN}, {"taken", STANDING_TAKEN}, {"over", STANDING_OVER}, {NULL, 0}};

const struct row_word PAGING_WORDS[] = {
    {"escalation", ESCALATION_STATE_NAMES, &ESCALATION_STATES},
    {"page", PAGE_STATE_NAMES, &PAGE_STATES},
    {"notification", NOTIFICATION_STATE_NAMES, &NOTIFICATION_STATES},
    {"delivery", DELIVERY_STATE_NAMES, &DELIVERY_STATES},
    {"message", NOTIFICATION_KIND_NAMES, NULL},
    {"pass", PASS_NAMES, NULL},
    {"standing", STANDING_NAMES, NULL},
    {"node", NODE_STATE_NAMES, NULL},
    {NULL},
};

static const struct table NO_TABLE = {.words = PAGING_WORDS};

struct db_query *paging_query(struct db *db, const char *sql)
{
    return row_query(db, &NO_TABLE, sql);
}

void bind_subject(struct db_query *q, int id_at, int kind_at, struct subject subject)
{
    if (subject.kind != NULL) {
        db_bind_int(q, id_at, subject.id);
        db_bind_text(q, kind_at, subject.kind);
    }
}

struct subject subject_at(struct db_query *q, int at)
{
    const char *kind = db_is_null(q, at) ? NULL : db_text(q, at + 1);
    /* There are few kinds: each is kept once. */
    return kind != NULL ? subject_of_id(g_intern_string(kind), db_int(q, at)) : (struct subject){0};
}

size_t take_subjects(struct db_query *q, struct subject *out, size_t max)
{
    size_t count = 0;
    while (count < max && db_step(q) == DB_ROW) {
        out[count++] = subject_at(q, 0);
    }
    db_reset(q);
    return count;
}
