#include "paging/topic_store.h"

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
