/* paging/topic_store.h - inside the paging room: how a subject stands in rows, and the words of its statements. Two
 * columns: subject_kind, a word, and subject_id; both are NULL of what is about nothing. */
#ifndef PAGING_TOPIC_STORE_H
#define PAGING_TOPIC_STORE_H

#include "base/subject.h"
#include "db/row.h"

/* The states of the room's nouns, kinds of messages ("message.page"), "pass", "standing", and the states of nodes. */
extern const struct row_word PAGING_WORDS[];
/* For a statement that says them, and no {columns}. */
NODISCARD struct db_query *paging_query(struct db *db, const char *sql);

/* The two columns of a struct with a member `subject`. */
#define SUBJECT_COLUMNS(type)                                                                  \
    {"subject_id", COLUMN_INT, offsetof(struct type, subject.id), COLUMN_FIXED | COLUMN_NULL}, \
    {                                                                                          \
        "subject_kind", COLUMN_INTERNED, offsetof(struct type, subject.kind), COLUMN_FIXED     \
    }

/* The rows a and b are about the same. */
#define SAME_SUBJECT(a, b) \
    a ".subject_id = " b ".subject_id AND " a ".subject_kind = " b ".subject_kind"

/* What is known of the subject of escalation `e`: nobody has it, somebody has, it is over. See enum standing. */
#define IS_OPEN(e) e ".state IN ({escalation.active}, {escalation.last_resort})"
#define IS_TAKEN(e) e ".state IN ({escalation.paused}, {escalation.asked})"
#define IS_OVER(e) e ".state = {escalation.ended}"
#define STANDING(e)                                                 \
    "CASE WHEN " IS_OPEN(e) " THEN {standing.open} WHEN " IS_TAKEN( \
        e) " THEN {standing.taken} ELSE {standing.over} END"

/* A row of `x` ("n." or "") is about the subject that is bound as these two parameters. */
#define IS_ABOUT(x, id, kind) x "subject_id = " id " AND " x "subject_kind = " kind

/* Binds its id and its kind; of nothing neither, so that they are NULL. */
void bind_subject(struct db_query *q, int id_at, int kind_at, struct subject subject);
/* From the columns `at`, the id, and `at + 1`, the kind, which lives as long as the program. */
NODISCARD struct subject subject_at(struct db_query *q, int at);
/* Reads all rows of two columns, at most `max`. */
NODISCARD size_t take_subjects(struct db_query *q, struct subject *out, size_t max);

#endif
