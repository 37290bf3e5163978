#include "paging/page_store.h"

#include <glib.h>
#include <string.h>

#include "paging/mail_store.h"
#include "paging/topic_store.h"

#define AT(member) offsetof(struct escalation, member)

static const struct column ESCALATION_COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    SUBJECT_COLUMNS(escalation),
    {"lane", COLUMN_ENUM, AT(lane), COLUMN_FIXED | COLUMN_WRITTEN},
    {"policy_version", COLUMN_INT, AT(policy_version), COLUMN_FIXED},
    {"state", COLUMN_ENUM, AT(state)},
    {"step", COLUMN_INT, AT(step)},
    {"round", COLUMN_INT, AT(round)},
    {"severity", COLUMN_ENUM, AT(severity)},
    {"urgency", COLUMN_ENUM, AT(urgency), COLUMN_FIXED},
    {"started_at", COLUMN_UTC, AT(started_at), COLUMN_FIXED},
    {"next_at", COLUMN_UTC, AT(next_at)},
    {"next_is_date", COLUMN_BOOL, AT(next_is_date)},
    {"kept_state", COLUMN_ENUM, AT(kept_state)},
    {"kept_next_at", COLUMN_UTC, AT(kept_next_at)},
    {"wait_us", COLUMN_SPAN, AT(wait)},
};
#undef AT

const struct table ESCALATION_TABLE = {
    .name = "escalation",
    .size = sizeof(struct escalation),
    ROW_COLUMNS(ESCALATION_COLUMNS),
    .words = PAGING_WORDS,
};

void escalation_insert(struct db *db, struct escalation *e)
{
    row_insert(db, &ESCALATION_TABLE, e);
}

void escalation_save(struct db *db, const struct escalation *e)
{
    row_save(db, &ESCALATION_TABLE, e);
}

bool escalation_load(struct db *db, int64_t id, struct escalation *out)
{
    return row_load(db, &ESCALATION_TABLE, id, out);
}

bool escalation_of(struct db *db, struct subject subject, struct escalation *out)
{
    struct db_query *q = row_query(
        db, &ESCALATION_TABLE, "SELECT {columns} FROM escalation WHERE " IS_ABOUT("", "$1", "$2"));
    bind_subject(q, 1, 2, subject);
    return row_take(q, &ESCALATION_TABLE, out);
}

void escalation_follow(struct db *db, struct subject subject, int urgency)
{
    struct db_query *q =
        paging_query(db, "UPDATE escalation SET urgency = $1 WHERE " IS_ABOUT("", "$2", "$3"));
    db_bind_int(q, 1, urgency);
    bind_subject(q, 2, 3, subject);
    (void)db_run(q);
}

static void shift_by(struct db_query *q, struct span by)
{
    db_bind_int(q, 1, by.us);
    (void)db_run(q);
}

size_t escalation_due(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids, size_t max)
{
    struct db_query *q =
        paging_query(db, "SELECT id FROM escalation WHERE next_at <= $2 AND " IN_LANES
                         " ORDER BY severity, next_at, id LIMIT $3");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

/* The index is walked to the first of ours; MIN() would read all. */
struct utc escalation_next(struct db *db, lane_set lanes, struct utc until)
{
    struct db_query *q =
        paging_query(db, "SELECT next_at FROM escalation WHERE next_at <= $2 AND " IN_LANES
                         " ORDER BY next_at LIMIT 1");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, until);
    db_keep(q, 0);
    return db_take_instant(q);
}

GArray *escalation_held(struct db *db, struct utc now)
{
    /* Of those that go on by themselves, only a silence's end is a date. In the order of their index:
     * by id all there ever were would be looked at. */
    struct db_query *q = paging_query(
        db, "SELECT id FROM escalation WHERE next_at > $1 AND next_is_date = 1"
            " AND state IN ({escalation.active}, {escalation.last_resort}) ORDER BY next_at, id");
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    db_bind_utc(q, 1, now);
    while (db_step(q) == DB_ROW) {
        int64_t id = db_int(q, 0);
        g_array_append_val(ids, id);
    }
    db_reset(q);
    return ids;
}

void escalation_put_off(struct db *db, struct utc now, lane_set lanes, struct span by)
{
    struct db_query *q = paging_query(
        db, "UPDATE escalation SET next_at = next_at + $3 WHERE id = (SELECT id FROM escalation"
            " WHERE next_at <= $2 AND " IN_LANES " ORDER BY severity, next_at, id LIMIT 1)");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, by.us);
    (void)db_run(q);
}

void escalation_shift_waits(struct db *db, struct span by)
{
    shift_by(paging_query(db, "UPDATE escalation SET next_at = next_at + $1"
                              " WHERE next_at IS NOT NULL AND next_is_date = 0"),
             by);
}

char *policy_version_load(struct db *db, int64_t id)
{
    struct db_query *q = paging_query(db, "SELECT spec FROM policy_version WHERE id = $1");
    db_bind_int(q, 1, id);
    char *spec = db_step(q) == DB_ROW ? g_strdup(db_text(q, 0)) : NULL;
    db_reset(q);
    return spec;
}

#define AT(member) offsetof(struct page, member)

static const struct column PAGE_COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    SUBJECT_COLUMNS(page),
    {"lane", COLUMN_ENUM, AT(lane), COLUMN_FIXED | COLUMN_WRITTEN},
    {"escalation_id", COLUMN_INT, AT(escalation_id), COLUMN_FIXED | COLUMN_NULL},
    {"user_name", COLUMN_TEXT, AT(who), COLUMN_FIXED},
    {"urgency", COLUMN_ENUM, AT(urgency), COLUMN_FIXED},
    {"step", COLUMN_INT, AT(step), COLUMN_FIXED},
    {"round", COLUMN_INT, AT(round), COLUMN_FIXED},
    {"reason", COLUMN_TEXT, AT(reason), COLUMN_FIXED},
    {"state", COLUMN_ENUM, AT(state)},
    {"next_rule", COLUMN_INT, AT(next_rule)},
    {"next_at", COLUMN_UTC, AT(next_at)},
    {"created_at", COLUMN_UTC, AT(created_at), COLUMN_FIXED},
    {"ended_at", COLUMN_UTC, AT(ended_at)},
};
#undef AT

const struct table PAGE_TABLE = {
    .name = "page",
    .size = sizeof(struct page),
    ROW_COLUMNS(PAGE_COLUMNS),
    .words = PAGING_WORDS,
};

void page_clear(struct page *page)
{
    row_clear(&PAGE_TABLE, page);
}

void page_insert(struct db *db, struct page *p)
{
    row_insert(db, &PAGE_TABLE, p);
}

void page_save(struct db *db, const struct page *p)
{
    row_save(db, &PAGE_TABLE, p);
}

bool page_load(struct db *db, int64_t id, struct page *out)
{
    return row_load(db, &PAGE_TABLE, id, out);
}

size_t page_due(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids, size_t max)
{
    struct db_query *q = paging_query(db, "SELECT id FROM page WHERE next_at <= $2 AND " IN_LANES
                                          " ORDER BY urgency, next_at, id LIMIT $3");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

struct utc page_next(struct db *db, lane_set lanes, struct utc until)
{
    struct db_query *q =
        paging_query(db, "SELECT next_at FROM page WHERE next_at <= $2 AND " IN_LANES
                         " ORDER BY next_at LIMIT 1");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, until);
    db_keep(q, 0);
    return db_take_instant(q);
}

void page_put_off(struct db *db, struct utc now, lane_set lanes, struct span by)
{
    struct db_query *q = paging_query(
        db, "UPDATE page SET next_at = next_at + $3 WHERE id = (SELECT id FROM page"
            " WHERE next_at <= $2 AND " IN_LANES " ORDER BY urgency, next_at, id LIMIT 1)");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    db_bind_int(q, 3, by.us);
    (void)db_run(q);
}

void page_shift_waits(struct db *db, struct span by)
{
    shift_by(paging_query(db, "UPDATE page SET next_at = next_at + $1 WHERE next_at IS NOT NULL"),
             by);
}

size_t page_unanswered(struct db *db, const char *who, int64_t *out_ids, size_t max)
{
    struct db_query *q =
        paging_query(db, "SELECT p.id FROM escalation e JOIN page p ON " SAME_SUBJECT("p", "e")
                     /* What is open is armed: so that an index finds it. */
                     " WHERE e.next_at IS NOT NULL AND " IS_OPEN(
                         "e") " AND p.state = {page.active}"
                              " AND p.user_name = $1 AND p.escalation_id IS NOT NULL"
                              " ORDER BY e.severity, e.id, p.id DESC LIMIT $2");
    size_t count = 0;
    db_bind_text(q, 1, who);
    db_bind_int(q, 2, (int64_t)max);
    while (count < max && db_step(q) == DB_ROW) {
        out_ids[count++] = db_int(q, 0);
    }
    db_reset(q);
    return count;
}

GPtrArray *page_receivers(struct db *db, struct subject subject, int max)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    struct db_query *q = paging_query(
        db, "SELECT p.user_name FROM page p WHERE " IS_ABOUT(
                "p.", "$1", "$3") " AND p.state <> {page.moved}"
                                  " AND EXISTS (SELECT 1 FROM notification n WHERE n.page_id = p.id"
                                  " AND n.state IN ({notification.waiting}, "
                                  "{notification.sending}, {notification.delivered})) GROUP BY "
                                  "p.user_name ORDER BY MIN(p.id) LIMIT $2");
    bind_subject(q, 1, 3, subject);
    db_bind_int(q, 2, max);
    while (db_step(q) == DB_ROW) {
        g_ptr_array_add(names, g_strdup(db_text(q, 0)));
    }
    db_reset(q);
    return names;
}

int64_t page_last(struct db *db, struct subject subject, const char *who)
{
    struct db_query *q =
        paging_query(db, "SELECT id FROM page WHERE " IS_ABOUT(
                             "", "$1", "$3") " AND user_name = $2"
                                             " AND state <> {page.moved} ORDER BY id DESC LIMIT 1");
    int64_t id = 0;
    bind_subject(q, 1, 3, subject);
    db_bind_text(q, 2, who);
    return db_take_ids(q, &id, 1) == 1 ? id : 0;
}

int64_t page_end_all(struct db *db, struct subject subject, bool keeps_asked, struct utc now)
{
    struct db_query *q = paging_query(
        db, "UPDATE page SET state = {page.ended}, next_at = NULL, ended_at = $1"
            " WHERE " IS_ABOUT("", "$2", "$3") " AND state = {page.active>ended}"
                                               " AND ($4 = 0 OR escalation_id IS NOT NULL)");
    db_bind_utc(q, 1, now);
    bind_subject(q, 2, 3, subject);
    db_bind_int(q, 4, keeps_asked);
    (void)db_run(q);
    return db_changes(db);
}

size_t page_of_step(struct db *db, const struct escalation *e, int64_t *out_ids, size_t max)
{
    struct db_query *q = paging_query(
        db, "SELECT MAX(id) FROM page WHERE " IS_ABOUT(
                "", "$1",
                "$6") " AND escalation_id = $2"
                      " AND step = $3 AND round = $4 GROUP BY user_name ORDER BY MAX(id) LIMIT $5");
    bind_subject(q, 1, 6, e->subject);
    db_bind_int(q, 2, e->id);
    db_bind_int(q, 3, e->step - 1);
    db_bind_int(q, 4, e->round);
    db_bind_int(q, 5, (int64_t)max);
    return db_take_ids(q, out_ids, max);
}

bool page_was_told(struct db *db, const struct page *page)
{
    struct db_query *q = paging_query(
        db, "SELECT 1 FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"
            " WHERE " IS_ABOUT(
                "n.", "$1",
                "$3") " AND m.user_name = $2 AND n.kind = {message.page}"
                      " AND n.state IN ({notification.sending}, {notification.delivered}) LIMIT 1");
    bind_subject(q, 1, 3, page->subject);
    db_bind_text(q, 2, page->who);
    return db_is_any(q);
}

bool page_has_company(struct db *db, const struct page *page, struct utc until)
{
    /* Told, about to be (by a message that waits already, perhaps of an earlier page), or by a rule that
     * is to come; but not by what is tried again only when the step is over. */
    struct db_query *q = paging_query(
        db,
        "SELECT 1 FROM page p WHERE " IS_ABOUT(
            "p.", "$1",
            "$9") " AND p.escalation_id = $2"
                  " AND p.step = $3 AND p.round = $4 AND p.id <> $5 AND p.user_name <> $6"
                  " AND p.state = {page.active} AND (p.next_at < $7 OR EXISTS (SELECT 1"
                  " FROM notification n JOIN mailbox m ON m.id = n.mailbox_id"
                  " WHERE " SAME_SUBJECT(
                      "n",
                      "p") " AND m.user_name = p.user_name AND n.kind IN ({message.page}, "
                           "{message.still_on_it})"
                           " AND (n.state = {notification.sending} OR (n.state = "
                           "{notification.delivered} AND n.page_id = p.id) OR (n.state = "
                           "{notification.waiting}"
                           " AND m.refused = 0 AND NOT (m.failures >= $8 AND m.retry_at >= $7)))))"
                           " LIMIT 1");
    bind_subject(q, 1, 9, page->subject);
    db_bind_int(q, 2, page->escalation_id);
    db_bind_int(q, 3, page->step);
    db_bind_int(q, 4, page->round);
    db_bind_int(q, 5, page->id);
    db_bind_text(q, 6, page->who);
    db_bind_utc(q, 7, until);
    db_bind_int(q, 8, MAILBOX_FAILS);
    return db_is_any(q);
}

void page_list(struct db *db, struct subject subject,
               void (*each)(void *self, const struct page *page), void *self)
{
    struct db_query *q =
        row_query(db, &PAGE_TABLE,
                  "SELECT {columns} FROM page WHERE " IS_ABOUT("", "$1", "$2") " ORDER BY id");
    bind_subject(q, 1, 2, subject);
    struct page page;
    while (row_next(q, &PAGE_TABLE, &page)) {
        each(self, &page);
        page_clear(&page);
    }
    db_reset(q);
}

bool heartbeat_load(struct db *db, const char *name, struct heartbeat_state *out)
{
    struct db_query *q =
        paging_query(db, "SELECT last_at, due_at, missing FROM heartbeat_state WHERE name = $1");
    db_bind_text(q, 1, name);
    bool is_found = db_step(q) == DB_ROW;
    if (is_found) {
        *out = (struct heartbeat_state){db_utc(q, 0), db_utc(q, 1), db_int(q, 2) != 0};
    }
    db_reset(q);
    return is_found;
}

GPtrArray *heartbeat_names(struct db *db)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    struct db_query *q = paging_query(db, "SELECT name FROM heartbeat_state ORDER BY name");
    while (db_step(q) == DB_ROW) {
        g_ptr_array_add(names, g_strdup(db_text(q, 0)));
    }
    db_reset(q);
    return names;
}

void heartbeat_forget(struct db *db, const char *name)
{
    struct db_query *q = paging_query(db, "DELETE FROM heartbeat_state WHERE name = $1");
    db_bind_text(q, 1, name);
    (void)db_run(q);
}

void heartbeat_save(struct db *db, const char *name, const struct heartbeat_state *state)
{
    struct db_query *q =
        paging_query(db, "INSERT INTO heartbeat_state (name, last_at, due_at, missing, lane)"
                         " VALUES ($1, $2, $3, $4, $5)"
                         " ON CONFLICT (name) DO UPDATE SET last_at = excluded.last_at,"
                         " due_at = excluded.due_at, missing = excluded.missing");
    db_bind_text(q, 1, name);
    db_bind_utc(q, 2, state->last_at);
    db_bind_utc(q, 3, state->due_at);
    db_bind_int(q, 4, state->is_missing);
    db_bind_int(q, 5, lane_of(name));
    (void)db_run(q);
}

char *heartbeat_overdue(struct db *db, struct utc now, lane_set lanes)
{
    struct db_query *q =
        paging_query(db, "SELECT name FROM heartbeat_state WHERE due_at <= $2 AND " IN_LANES
                         " ORDER BY due_at, name LIMIT 1");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, now);
    char *name = db_step(q) == DB_ROW ? g_strdup(db_text(q, 0)) : NULL;
    db_reset(q);
    return name;
}

struct utc heartbeat_next(struct db *db, lane_set lanes, struct utc until)
{
    struct db_query *q =
        paging_query(db, "SELECT due_at FROM heartbeat_state WHERE due_at <= $2 AND " IN_LANES
                         " ORDER BY due_at LIMIT 1");
    db_bind_int(q, 1, (int64_t)lanes);
    db_bind_utc(q, 2, until);
    db_keep(q, 0);
    return db_take_instant(q);
}

void heartbeat_shift_waits(struct db *db, struct span by)
{
    shift_by(paging_query(db, "UPDATE heartbeat_state SET due_at = due_at + $1"
                              " WHERE due_at IS NOT NULL"),
             by);
}

struct utc intake_mark_load(struct db *db)
{
    struct db_query *q = paging_query(db, "SELECT open_at FROM intake_mark WHERE only_row = 1");
    struct utc at = db_step(q) == DB_ROW ? db_utc(q, 0) : (struct utc){0};
    db_reset(q);
    return at;
}

void intake_mark_save(struct db *db, struct utc at)
{
    struct db_query *q = paging_query(db, "UPDATE intake_mark SET open_at = $1 WHERE only_row = 1");
    db_bind_utc(q, 1, at);
    (void)db_run(q);
}

void intake_mark_shift(struct db *db, struct span by)
{
    shift_by(paging_query(db, "UPDATE intake_mark SET open_at = open_at + $1 WHERE only_row = 1"),
             by);
}

void secret_take(struct db *db, const char *name, const unsigned char fresh[32],
                 unsigned char out[32])
{
    struct db_query *q = paging_query(
        db, "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    db_bind_text(q, 1, name);
    db_bind_blob(q, 2, fresh, 32);
    (void)db_run(q);
    q = paging_query(db, "SELECT value FROM secret WHERE name = $1");
    db_bind_text(q, 1, name);
    if (db_step(q) == DB_ROW) {
        size_t size = 0;
        const void *value = db_blob(q, 0, &size);
        CHECK(size == 32);
        memcpy(out, value, 32);
    }
    db_reset(q);
}

bool secret_is_there(struct db *db, const char *name)
{
    struct db_query *q = paging_query(db, "SELECT 1 FROM secret WHERE name = $1");
    db_bind_text(q, 1, name);
    return db_is_any(q);
}
