#include "paging/miss_store.h"

#include "base/principal.h"
#include "paging/topic_store.h"

/* The person of page p did one of these things with its subject before the instant that follows. */
#define ACTED(acts)                                                                         \
    "EXISTS (SELECT 1 FROM event e WHERE e.subject = p.subject_kind || ':' || p.subject_id" \
    " AND e.kind IN (" acts ")"                                                             \
    " AND e.actor = " SQL_AS_ACTOR("p.user_name") " AND e.at >= p.created_at AND e.at <= "

#define ANSWERS "p.subject_kind || '.acknowledged', p.subject_kind || '.resolved'"
#define ACTS ANSWERS ", p.subject_kind || '.escalated', p.subject_kind || '.snoozed'"

/* What one that gave way to another had told them of they may answer after that. */
#define WAS_ANSWERED \
    ACTED(ANSWERS)   \
    "CASE WHEN p.state = {page.superseded} THEN $2 ELSE COALESCE(p.ended_at, $2) END)"

/* A message about it had reached the person of page p by then. */
#define WAS_TOLD_BY                                                                            \
    "EXISTS (SELECT 1 FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"               \
    " WHERE " SAME_SUBJECT(                                                                    \
        "n", "p") " AND n.state = {notification.delivered} AND m.user_name = p.user_name AND " \
                  "n.settled_at <= "

/* One that moved to the next on call before it was told never was this person's; of one that gave way to another
 * before it was told, that other is counted. */
#define IS_COUNTED                                                                               \
    "(p.state NOT IN ({page.moved}, {page.superseded}) OR EXISTS (SELECT 1 FROM notification n " \
    "WHERE n.page_id = "                                                                         \
    "p.id"                                                                                       \
    " AND n.state = {notification.delivered}))"

/* A later step told somebody else while this page was open, and the person knew of it. */
#define WENT_ON                                                                                \
    "EXISTS (SELECT 1 FROM page q WHERE " SAME_SUBJECT(                                        \
        "q", "p") " AND q.escalation_id = p.escalation_id AND q.id > p.id AND q.user_name <> " \
                  "p.user_name"                                                                \
                  " AND (q.step <> p.step OR q.round <> p.round)"                              \
                  " AND q.created_at <= COALESCE(p.ended_at, q.created_at) AND " WAS_TOLD_BY   \
                  "q.created_at) AND NOT " ACTED(ACTS) "q.created_at))"

void miss_list(struct db *db, const char *who, struct utc since, struct utc until,
               void (*each)(void *self, const struct miss_row *row), void *self)
{
    struct db_query *q = paging_query(
        db, "SELECT p.user_name, COUNT(*), SUM(CASE WHEN " WAS_ANSWERED
            " THEN 1 ELSE 0 END), SUM(CASE WHEN " WENT_ON
            " THEN 1 ELSE 0 END) FROM page p WHERE p.created_at >= $1"
            " AND p.created_at < $2 AND " IS_COUNTED
            " AND " SQL_IS_PERSON("p.user_name") " AND ($3 = '' OR p.user_name = $3)"
                                                 " GROUP BY p.user_name ORDER BY p.user_name");
    db_bind_utc(q, 1, since);
    db_bind_utc(q, 2, until);
    db_bind_text(q, 3, who != NULL ? who : "");
    while (db_step(q) == DB_ROW) {
        struct miss_row row = {db_text(q, 0), db_int(q, 1), db_int(q, 2), db_int(q, 3)};
        each(self, &row);
    }
    db_reset(q);
}
