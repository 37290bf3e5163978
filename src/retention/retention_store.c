#include "retention/retention_store.h"

#include "alert/alert.h"
#include "paging/state.h"

static const struct row_word WORDS[] = {{"alert", ALERT_STATUS_NAMES, NULL},
                                        {"delivery", DELIVERY_STATE_NAMES, NULL},
                                        {"escalation", ESCALATION_STATE_NAMES, NULL},
                                        {"notification", NOTIFICATION_STATE_NAMES, NULL},
                                        {"page", PAGE_STATE_NAMES, NULL},
                                        {NULL}};

/* The greatest number of a table stays: a file gives the next row one more than it, and what events and links name must
 * never be something else. */
#define ALERT_IN_USE                                                     \
    "CASE WHEN a.id = (SELECT max(id) FROM alert)"                       \
    " OR EXISTS (SELECT 1 FROM escalation e WHERE e.subject_id = a.id"   \
    " AND e.subject_kind = 'alert' AND (e.state <> {escalation.ended}"   \
    " OR e.id = (SELECT max(id) FROM escalation)))"                      \
    " OR EXISTS (SELECT 1 FROM page p WHERE p.subject_id = a.id"         \
    " AND p.subject_kind = 'alert' AND (p.state = {page.active}"         \
    " OR p.id = (SELECT max(id) FROM page)))"                            \
    " OR EXISTS (SELECT 1 FROM notification n WHERE n.subject_id = a.id" \
    " AND n.subject_kind = 'alert'"                                      \
    " AND (n.state IN ({notification.waiting}, {notification.sending})"  \
    " OR n.id = (SELECT max(id) FROM notification))) THEN 1 ELSE 0 END"

/* Also while what it told of goes on: explain says who was told, and the message is written anew at the end. */
#define DELIVERY_IN_USE                                                                   \
    "CASE WHEN d.state = {delivery.claimed} OR d.id = (SELECT max(id) FROM delivery)"     \
    " OR EXISTS (SELECT 1 FROM carried c JOIN notification n ON n.id = c.notification_id" \
    " WHERE c.delivery_id = d.id"                                                         \
    " AND (n.state IN ({notification.waiting}, {notification.sending})"                   \
    " OR EXISTS (SELECT 1 FROM escalation e WHERE e.subject_id = n.subject_id"            \
    " AND e.subject_kind = n.subject_kind AND e.state <> {escalation.ended}))) THEN 1 ELSE 0 END"

#define NOTICE_IN_USE                                                       \
    "CASE WHEN n.state IN ({notification.waiting}, {notification.sending})" \
    " OR n.id = (SELECT max(id) FROM notification) THEN 1 ELSE 0 END"

#define AT(member) offsetof(struct retention_candidate, member)
#define CANDIDATE(name, id_, over_, in_use_)                                               \
    static const struct column name##_COLUMNS[] = {{id_, COLUMN_INT, AT(id)},              \
                                                   {over_, COLUMN_UTC, AT(over_at)},       \
                                                   {in_use_, COLUMN_BOOL, AT(is_in_use)}}; \
    static const struct table name = {                                                     \
        .size = sizeof(struct retention_candidate), ROW_COLUMNS(name##_COLUMNS), .words = WORDS}

CANDIDATE(RESOLVED, "a.id", "a.resolved_at", ALERT_IN_USE);
CANDIDATE(SUPPRESSED, "a.id", "a.last_at", ALERT_IN_USE);
CANDIDATE(DELIVERY, "d.id", "d.bounded_at", DELIVERY_IN_USE);
CANDIDATE(NOTICE, "n.id", "n.settled_at", NOTICE_IN_USE);

#define ALL_RESOLVED "FROM alert a WHERE a.status = {alert.resolved} AND a.resolved_at < $1"
#define ALL_SUPPRESSED "FROM alert a WHERE a.status = {alert.suppressed} AND a.last_at < $1"
#define ALL_DELIVERIES "FROM delivery d WHERE d.bounded_at < $1"
#define ALL_NOTICES                                                                               \
    "FROM notification n WHERE n.subject_id IS NULL AND n.subject_kind IS NULL AND n.settled_at " \
    "< $1"

/* What there is to know of a sort. */
struct sort {
    const struct table *table;
    const char *find;
    const char *count;
    const char *oldest;
    const char *const *deletions; /* each of the number $1; NULL at the end */
};

/* What paging writes about others' subjects is theirs. */
static const char *const ALERT_GOES[] = {
    ("DELETE FROM carried WHERE notification_id IN (SELECT id FROM notification"
     " WHERE subject_id = $1 AND subject_kind = 'alert')"),
    "DELETE FROM notification WHERE subject_id = $1 AND subject_kind = 'alert'",
    "DELETE FROM page WHERE subject_id = $1 AND subject_kind = 'alert'",
    "DELETE FROM escalation WHERE subject_id = $1 AND subject_kind = 'alert'",
    "DELETE FROM alert WHERE id = $1",
    NULL};
static const char *const DELIVERY_GOES[] = {"DELETE FROM carried WHERE delivery_id = $1",
                                            "DELETE FROM delivery WHERE id = $1", NULL};
static const char *const NOTICE_GOES[] = {"DELETE FROM carried WHERE notification_id = $1",
                                          "DELETE FROM notification WHERE id = $1", NULL};

static const struct sort SORTS[SORT_EVENTS] = {
    [SORT_ALERTS] = {&RESOLVED,
                     "SELECT {columns} " ALL_RESOLVED
                     " AND (a.resolved_at, a.id) > (CAST($2 AS BIGINT), CAST($3 AS BIGINT))"
                     " ORDER BY a.resolved_at, a.id LIMIT $4",
                     "SELECT count(*) FROM (SELECT 1 " ALL_RESOLVED " LIMIT $2) AS counted",
                     "SELECT min(resolved_at) FROM alert WHERE status = {alert.resolved}",
                     ALERT_GOES},
    [SORT_SUPPRESSED] = {&SUPPRESSED,
                         "SELECT {columns} " ALL_SUPPRESSED
                         " AND (a.last_at, a.id) > (CAST($2 AS BIGINT), CAST($3 AS BIGINT))"
                         " ORDER BY a.last_at, a.id LIMIT $4",
                         "SELECT count(*) FROM (SELECT 1 " ALL_SUPPRESSED " LIMIT $2) AS counted",
                         "SELECT min(last_at) FROM alert WHERE status = {alert.suppressed}",
                         ALERT_GOES},
    [SORT_DELIVERIES] = {&DELIVERY,
                         "SELECT {columns} " ALL_DELIVERIES
                         " AND (d.bounded_at, d.id) > (CAST($2 AS BIGINT), CAST($3 AS BIGINT))"
                         " ORDER BY d.bounded_at, d.id LIMIT $4",
                         "SELECT count(*) FROM (SELECT 1 " ALL_DELIVERIES " LIMIT $2) AS counted",
                         "SELECT min(bounded_at) FROM delivery", DELIVERY_GOES},
    /* There are few of them: they are found by their numbers. */
    [SORT_NOTICES] = {&NOTICE,
                      "SELECT {columns} " ALL_NOTICES
                      " AND n.id > $3 AND CAST($2 AS BIGINT) IS NOT NULL ORDER BY n.id LIMIT $4",
                      "SELECT count(*) FROM (SELECT 1 " ALL_NOTICES " LIMIT $2) AS counted",
                      "SELECT min(settled_at) FROM notification WHERE subject_id IS NULL"
                      " AND subject_kind IS NULL",
                      NOTICE_GOES},
};

size_t retention_find(struct db *db, enum retention_sort sort, struct utc before,
                      const struct retention_cursor *after, struct retention_candidate *out,
                      size_t max)
{
    const struct sort *row = &SORTS[sort];
    struct db_query *query = row_query(db, row->table, row->find);
    db_bind_utc(query, 1, before);
    db_bind_int(query, 2, after->over_at.us);
    db_bind_int(query, 3, after->id);
    db_bind_int(query, 4, (int64_t)max);
    size_t count = 0;
    while (count < max && row_next(query, row->table, &out[count])) {
        count++;
    }
    db_reset(query);
    return count;
}

void retention_delete(struct db *db, enum retention_sort sort, int64_t id)
{
    for (const char *const *sql = SORTS[sort].deletions; *sql != NULL; sql++) {
        struct db_query *query = db_query(db, *sql);
        db_bind_int(query, 1, id);
        (void)db_run(query);
    }
}

int64_t retention_delete_payloads(struct db *db, struct utc before)
{
    int64_t count = retention_count_payloads(db, before);
    struct db_query *query = db_query(db, "DELETE FROM payload WHERE at < $1");
    db_bind_utc(query, 1, before);
    (void)db_run(query);
    return count;
}

int64_t retention_count(struct db *db, enum retention_sort sort, struct utc before, int64_t max)
{
    const struct sort *row = &SORTS[sort];
    struct db_query *query = row_query(db, row->table, row->count);
    db_bind_utc(query, 1, before);
    db_bind_int(query, 2, max);
    return db_take_int(query);
}

int64_t retention_count_payloads(struct db *db, struct utc before)
{
    struct db_query *query = db_query(db, "SELECT count(*) FROM payload WHERE at < $1");
    db_bind_utc(query, 1, before);
    return db_take_int(query);
}

struct utc retention_oldest(struct db *db, enum retention_sort sort)
{
    return db_take_utc(row_query(db, SORTS[sort].table, SORTS[sort].oldest));
}

struct utc retention_oldest_payload(struct db *db)
{
    return db_take_utc(db_query(db, "SELECT min(at) FROM payload"));
}

/* --- events --- */

#define EVENT_AT(member) offsetof(struct retention_event, member)
static const struct column EVENT_COLUMNS[] = {{"seq", COLUMN_INT, EVENT_AT(seq)},
                                              {"at", COLUMN_UTC, EVENT_AT(at)}};
static const struct table EVENTS = {.size = sizeof(struct retention_event),
                                    ROW_COLUMNS(EVENT_COLUMNS)};

size_t retention_events_after(struct db *db, int64_t after_seq, struct retention_event *out,
                              size_t max)
{
    /* Another text than the ledger's for whole events: a statement is known by its address. */
    struct db_query *query =
        row_query(db, &EVENTS, "SELECT {columns} FROM event WHERE $1 < seq ORDER BY seq LIMIT $2");
    db_bind_int(query, 1, after_seq);
    db_bind_int(query, 2, (int64_t)max);
    size_t count = 0;
    while (count < max && row_next(query, &EVENTS, &out[count])) {
        count++;
    }
    db_reset(query);
    return count;
}

size_t retention_first_events(struct db *db, struct retention_event *out, size_t max)
{
    return retention_events_after(db, INT64_MIN, out, max);
}

static int64_t first_or_none(struct db_query *query)
{
    int64_t seq = db_take_int(query);
    return seq != 0 ? seq : INT64_MAX;
}

/* Numbers of alerts and of their first events grow together: what belongs to the oldest comes first. */
int64_t retention_needed_seq(struct db *db)
{
    int64_t of_alert =
        first_or_none(db_query(db, "SELECT min(seq) FROM event"
                                   " WHERE subject = 'alert:' || (SELECT min(id) FROM alert)"));
    int64_t of_paging = first_or_none(
        db_query(db, "SELECT min(seq) FROM event WHERE subject = (SELECT subject_kind || ':' ||"
                     " subject_id FROM escalation ORDER BY id LIMIT 1)"));
    return MIN(of_alert, of_paging);
}

static struct retention_event event_from(struct db *db, int64_t seq)
{
    struct retention_event event = {0};
    struct db_query *query =
        row_query(db, &EVENTS, "SELECT {columns} FROM event WHERE seq >= $1 ORDER BY seq LIMIT 1");
    db_bind_int(query, 1, seq);
    return row_take(query, &EVENTS, &event) ? event : (struct retention_event){INT64_MAX, {0}};
}

char *retention_subject_of(struct db *db, int64_t seq)
{
    struct db_query *query = db_query(db, "SELECT subject FROM event WHERE seq = $1");
    db_bind_int(query, 1, seq);
    return db_take_text(query);
}

int64_t retention_count_events(struct db *db, struct utc before)
{
    int64_t first = event_from(db, 0).seq, low = first;
    int64_t high = db_take_int(db_query(db, "SELECT max(seq) FROM event"));
    while (first != INT64_MAX && low < high) { /* the first that is young lies from low to high */
        int64_t middle = low + (high - low) / 2;
        if (utc_before(event_from(db, middle).at, before)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return first == INT64_MAX ? 0 : low - first;
}

/* --- how far it has come --- */

struct state_row {
    int64_t only_row;
    struct retention_state state;
};

#define STATE(member) offsetof(struct state_row, state.member)

static const struct column STATE_COLUMNS[] = {
    {"only_row", COLUMN_INT, offsetof(struct state_row, only_row), COLUMN_KEY},
    {"judged_at", COLUMN_UTC, STATE(judged_at)},
    {"begun_at", COLUMN_UTC, STATE(begun_at)},
    {"ended_at", COLUMN_UTC, STATE(ended_at)},
    {"alerts", COLUMN_INT, STATE(alerts)},
    {"deliveries", COLUMN_INT, STATE(deliveries)},
    {"notices", COLUMN_INT, STATE(notices)},
    {"payloads", COLUMN_INT, STATE(payloads)},
    {"events", COLUMN_INT, STATE(events)},
};

const struct table RETENTION_STATE_TABLE = {
    .name = "retention_state", .size = sizeof(struct state_row), ROW_COLUMNS(STATE_COLUMNS)};

void retention_state_load(struct db *db, struct retention_state *out)
{
    struct state_row row = {0};
    struct db_query *query =
        row_query(db, &RETENTION_STATE_TABLE, "SELECT {columns} FROM retention_state");
    db_keep(query, 0);
    *out = row_take(query, &RETENTION_STATE_TABLE, &row) ? row.state : (struct retention_state){0};
}

void retention_state_save(struct db *db, const struct retention_state *state)
{
    struct state_row row = {1, *state};
    row_put(db, &RETENTION_STATE_TABLE, &row);
}

/* --- the archive --- */

struct archive_row {
    int64_t only_row;
    struct archive_state state;
};

#define ARCHIVE(member) offsetof(struct archive_row, state.member)

static const struct column ARCHIVE_COLUMNS[] = {
    {"only_row", COLUMN_INT, offsetof(struct archive_row, only_row), COLUMN_KEY},
    {"node", COLUMN_TEXT, ARCHIVE(node)},
    {"archived_at", COLUMN_UTC, ARCHIVE(archived_at)},
    {"last_seq", COLUMN_INT, ARCHIVE(last_seq)},
    {"failed_at", COLUMN_UTC, ARCHIVE(failed_at)},
    {"why", COLUMN_TEXT, ARCHIVE(why)},
};

const struct table ARCHIVE_STATE_TABLE = {
    .name = "retention_archive", .size = sizeof(struct archive_row), ROW_COLUMNS(ARCHIVE_COLUMNS)};

bool archive_state_load(struct db *db, struct archive_state *out)
{
    struct archive_row row = {0};
    bool is_there =
        row_take(row_query(db, &ARCHIVE_STATE_TABLE, "SELECT {columns} FROM retention_archive"),
                 &ARCHIVE_STATE_TABLE, &row);
    *out = row.state;
    return is_there;
}

void archive_state_save(struct db *db, const struct archive_state *state)
{
    struct archive_row row = {1, *state};
    row_put(db, &ARCHIVE_STATE_TABLE, &row);
}

void archive_state_delete(struct db *db)
{
    (void)db_run(db_query(db, "DELETE FROM retention_archive"));
}

void archive_state_clear(struct archive_state *state)
{
    g_free(state->node);
    g_free(state->why);
    *state = (struct archive_state){0};
}
