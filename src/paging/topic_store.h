/* paging/topic_store.h - inside the paging room: how a subject stands in rows. Two columns: subject_kind, a word, and
 * subject_id; both are NULL of what is about nothing. */
#ifndef PAGING_TOPIC_STORE_H
#define PAGING_TOPIC_STORE_H

#include "base/subject.h"
#include "db/db.h"

/* The rows a and b are about the same. */
#define SAME_SUBJECT(a, b) \
    a ".subject_id = " b ".subject_id AND " a ".subject_kind = " b ".subject_kind"

/* What is known of the subject of escalation `e`: nobody has it, somebody has, it is over. See enum standing. */
#define IS_OPEN(e) e ".state IN (1, 2)"
#define IS_TAKEN(e) e ".state IN (3, 4)"
#define IS_OVER(e) e ".state = 5"
#define STANDING(e) "CASE WHEN " IS_OPEN(e) " THEN 1 WHEN " IS_TAKEN(e) " THEN 2 ELSE 3 END"

/* A row of `x` ("n." or "") is about the subject that is bound as these two parameters. */
#define IS_ABOUT(x, id, kind) x "subject_id = " id " AND " x "subject_kind = " kind

/* Binds its id and its kind; of nothing neither, so that they are NULL. */
void bind_subject(struct db_query *q, int id_at, int kind_at, struct subject subject);
/* From the columns `at`, the id, and `at + 1`, the kind, which lives as long as the program. */
NODISCARD struct subject subject_at(struct db_query *q, int at);
/* Reads all rows of two columns, at most `max`. */
NODISCARD size_t take_subjects(struct db_query *q, struct subject *out, size_t max);

#endif
