#include "alert/alert_store.h"

#include <string.h>

/* Stands in no name of a service. */
enum { KEY_SEPARATOR = '\x1f' };

char *alert_stored_key(const char *service, const char *dedup_key)
{
    return service == NULL ? g_strdup(dedup_key)
                           : g_strdup_printf("%s%c%s", service, KEY_SEPARATOR, dedup_key);
}

/* As people wrote it. What a version stored that did not keep services apart has no service. */
static void read_key(void *self, struct db_query *row, int at)
{
    struct alert *alert = self;
    const char *stored = db_text(row, at);
    const char *separator =
        strcmp(alert->integration, ALERT_MANUAL) == 0 ? strchr(stored, KEY_SEPARATOR) : NULL;
    if (separator != NULL) {
        alert->key_service = g_strndup(stored, (gsize)(separator - stored));
    }
    alert->dedup_key = g_strdup(separator == NULL ? stored : separator + 1);
}

static void write_key(const void *self, struct row_value *out)
{
    const struct alert *alert = self;
    out->type = DB_TYPE_TEXT;
    out->bytes = out->owned = alert_stored_key(alert->key_service, alert->dedup_key);
}

static void write_lane(const void *self, struct row_value *out)
{
    out->type = DB_TYPE_INT;
    out->number = lane_of(((const struct alert *)self)->service);
}

static const struct column_maker STORED_KEY = {
    .type = DB_TYPE_TEXT, .write = write_key, .read = read_key};
static const struct column_maker LANE = {.type = DB_TYPE_INT, .write = write_lane};

/* What no field of the record describes. */
static const struct column COLUMNS[] = {
    {"dedup_key", COLUMN_MADE, .flags = COLUMN_FIXED, .maker = &STORED_KEY},
    {"lane", COLUMN_MADE, .flags = COLUMN_FIXED | COLUMN_WRITTEN, .maker = &LANE},
    {"episode_at", COLUMN_UTC, offsetof(struct alert, episode_at), .flags = COLUMN_TOUCHED},
};

static const struct row_word WORDS[] = {{"alert", ALERT_STATUS_NAMES, &ALERT_STATES}, {NULL}};

const struct table ALERT_TABLE = {
    .name = "alert",
    .size = sizeof(struct alert),
    .record = &ALERT_RECORD,
    ROW_COLUMNS(COLUMNS),
    .words = WORDS,
};

/* Open in the sense of deduplication, as the partial indexes say it. */
#define IS_UNRESOLVED "status < {alert.resolved}"

static struct db_query *ask(struct db *db, const char *sql)
{
    return row_query(db, &ALERT_TABLE, sql);
}

/* Whoever asked for its key has an old answer. */
static void forget_answers(struct db *db, const struct alert *alert)
{
    g_autofree char *key = alert_stored_key(alert->key_service, alert->dedup_key);
    db_stale(db, key);
}

bool alert_load(struct db *db, int64_t id, struct alert *out)
{
    return row_load(db, &ALERT_TABLE, id, out);
}

void alert_read_any(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT 1 FROM alert {rows} LIMIT 1");
    (void)db_step(query);
    db_reset(query);
}

bool alert_load_by_key(struct db *db, const char *integration, const char *stored_key,
                       struct alert *out)
{
    struct db_query *query =
        ask(db, "SELECT {columns} FROM alert"
                " WHERE integration = $1 AND dedup_key = $2 AND " IS_UNRESOLVED);
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    db_keep(query, 2);
    return row_take(query, &ALERT_TABLE, out);
}

bool alert_load_suppressed(struct db *db, const char *integration, const char *stored_key,
                           struct alert *out)
{
    struct db_query *query =
        ask(db, "SELECT {columns} FROM alert"
                " WHERE integration = $1 AND dedup_key = $2 AND status = {alert.suppressed}"
                " ORDER BY id DESC LIMIT 1");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    return row_take(query, &ALERT_TABLE, out);
}

bool alert_is_known(struct db *db, const char *integration, const char *stored_key)
{
    struct db_query *query =
        ask(db, "SELECT 1 FROM alert WHERE integration = $1 AND dedup_key = $2 LIMIT 1");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    return db_is_any(query);
}

void alert_insert(struct db *db, struct alert *alert)
{
    row_insert(db, &ALERT_TABLE, alert);
    forget_answers(db, alert);
}

void alert_save(struct db *db, const struct alert *alert)
{
    row_save(db, &ALERT_TABLE, alert);
    forget_answers(db, alert);
}

void alert_touch(struct db *db, const struct alert *alert)
{
    row_touch(db, &ALERT_TABLE, alert);
    forget_answers(db, alert);
}

static const struct column PAST_COLUMNS[] = {
    {"COALESCE(SUM(CASE WHEN first_at >= $3 THEN 1 ELSE 0 END), 0)", COLUMN_INT,
     offsetof(struct alert_past, openings)},
    {"COALESCE(MAX(CASE WHEN status = {alert.resolved} AND resolved_at >= $3 THEN id END), 0)",
     COLUMN_INT, offsetof(struct alert_past, resolved_id)},
};

static const struct table PAST = {
    .size = sizeof(struct alert_past),
    ROW_COLUMNS(PAST_COLUMNS),
    .words = WORDS,
};

struct alert_past alert_look_back(struct db *db, const char *integration, const char *stored_key,
                                  struct utc since)
{
    /* Only the latest few can matter: a key that opened thousands of times must not cost more. */
    struct db_query *query = row_query(
        db, &PAST,
        "SELECT {columns}"
        " FROM (SELECT id, status, first_at, resolved_at FROM alert WHERE integration = $1"
        " AND dedup_key = $2 ORDER BY id DESC LIMIT 32) AS latest");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    db_bind_int(query, 3, since.us);
    db_keep(query, 2);
    struct alert_past past = {0};
    (void)!row_take(query, &PAST, &past);
    return past;
}

size_t alert_expired(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids, size_t max)
{
    struct db_query *query =
        ask(db, "SELECT id FROM alert WHERE expires_at IS NOT NULL AND " IS_UNRESOLVED
                " AND expires_at <= $2 AND " IN_LANES " ORDER BY expires_at LIMIT $3");
    db_bind_int(query, 1, (int64_t)lanes);
    db_bind_int(query, 2, now.us);
    db_bind_int(query, 3, (int64_t)max);
    return db_take_ids(query, out_ids, max);
}

void alert_expire_after(struct db *db, struct utc at)
{
    struct db_query *query =
        ask(db, "UPDATE alert SET expires_at = $1 WHERE expires_at IS NOT NULL AND " IS_UNRESOLVED
                " AND expires_at < $1");
    db_bind_utc(query, 1, at);
    (void)db_run(query);
    db_stale(db, NULL);
}

struct utc alert_next_expiry(struct db *db, lane_set lanes, struct utc until)
{
    struct db_query *query =
        ask(db, "SELECT expires_at FROM alert WHERE expires_at <= $2"
                " AND " IS_UNRESOLVED " AND " IN_LANES " ORDER BY expires_at LIMIT 1");
    db_bind_int(query, 1, (int64_t)lanes);
    db_bind_utc(query, 2, until);
    db_keep(query, 0);
    return db_take_instant(query);
}

/* Four texts, so that each kind of list walks an index in the order of its answer: with millions
 * of old alerts a filter over all of them would be too slow. */
#define REST " AND ($2 = 0 OR severity = $2) AND ($3 = '' OR integration = $3)"
#define PAGED " AND id < $4" REST " ORDER BY id DESC LIMIT $5"
#define STATUS " AND ($6 = 0 OR status = $6) AND ($7 = 0 OR " IS_UNRESOLVED ")"

static struct db_query *list_query(struct db *db, const struct alert_filter *filter)
{
    if (filter->service != NULL) {
        return ask(db, "SELECT {columns} FROM alert WHERE service = $1" STATUS PAGED);
    }
    if (filter->status != 0) {
        return ask(db, "SELECT {columns} FROM alert WHERE status = $6 AND $1 = ''"
                       " AND ($7 = 0 OR " IS_UNRESOLVED ")" PAGED);
    }
    if (filter->is_unresolved) {
        return ask(
            db,
            "SELECT {columns} FROM (SELECT {columns} FROM alert WHERE status = {alert.open}"
            " AND $1 = '' AND $6 = 0 AND id < $4 UNION ALL SELECT {columns}"
            " FROM alert WHERE status = {alert.acknowledged} AND $7 = 1 AND id < $4) AS unresolved"
            " WHERE id < $4" REST " ORDER BY id DESC LIMIT $5");
    }
    return ask(db, "SELECT {columns} FROM alert WHERE $1 = ''" STATUS PAGED);
}

size_t alert_list(struct db *db, const struct alert_filter *filter, int limit,
                  void (*each)(void *self, const struct alert *alert), void *self)
{
    struct db_query *query = list_query(db, filter);
    db_bind_text(query, 1, filter->service == NULL ? "" : filter->service);
    db_bind_int(query, 2, filter->severity);
    db_bind_text(query, 3, filter->integration == NULL ? "" : filter->integration);
    db_bind_int(query, 4, filter->before_id == 0 ? INT64_MAX : filter->before_id);
    db_bind_int(query, 5, limit);
    db_bind_int(query, 6, filter->status);
    db_bind_int(query, 7, filter->is_unresolved);
    size_t count = 0;
    struct alert alert;
    while (row_next(query, &ALERT_TABLE, &alert)) {
        each(self, &alert);
        alert_clear(&alert);
        count++;
    }
    return count;
}

bool alert_any_of_service(struct db *db, const char *service)
{
    struct db_query *query = ask(db, "SELECT 1 FROM alert WHERE service = $1 LIMIT 1");
    db_bind_text(query, 1, service);
    return db_is_any(query);
}

bool alert_any_by_integration(struct db *db, const char *integration)
{
    struct db_query *query = ask(db, "SELECT 1 FROM alert WHERE integration = $1 LIMIT 1");
    db_bind_text(query, 1, integration);
    return db_is_any(query);
}

size_t alert_worst(struct db *db, int64_t *out_ids, size_t max)
{
    /* No index is in this order: narrow rows are sorted, and only those that are shown are read whole. */
    struct db_query *query =
        ask(db, "SELECT id FROM alert WHERE status IN ({alert.open}, {alert.acknowledged})"
                " ORDER BY severity, id DESC LIMIT $1");
    db_bind_int(query, 1, (int64_t)max);
    return db_take_ids(query, out_ids, max);
}
