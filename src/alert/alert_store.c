#include "alert/alert_store.h"

#include <string.h>

#include "base/json.h"

#define COLUMNS                                                                                    \
    "id, integration, dedup_key, service, status, severity, urgency, summary, source, component, " \
    "group_name, class_name, details, links, count, route, flapping, first_at, last_at, "          \
    "acknowledged_at, acknowledged_by, resolved_at, resolved_by, snoozed_until, expires_at, "      \
    "started_at, episode_at, ended_at, first_summary, first_severity"

/* Our own JSON, written by alert_insert: what does not parse was damaged, and is shown as absent
 * rather than keeping the alert from being paged. */
static json_t *stored_json(const char *text)
{
    return text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
}

/* Stands in no name of a service. */
enum { KEY_SEPARATOR = '\x1f' };

char *alert_stored_key(const char *service, const char *dedup_key)
{
    return service == NULL ? g_strdup(dedup_key)
                           : g_strdup_printf("%s%c%s", service, KEY_SEPARATOR, dedup_key);
}

/* As people wrote it. What a version stored that did not keep services apart has no service. */
static void split_key(struct alert *alert, const char *stored_key)
{
    const char *separator =
        strcmp(alert->integration, ALERT_MANUAL) == 0 ? strchr(stored_key, KEY_SEPARATOR) : NULL;
    if (separator != NULL) {
        alert->key_service = g_strndup(stored_key, (gsize)(separator - stored_key));
    }
    alert->dedup_key = g_strdup(separator == NULL ? stored_key : separator + 1);
}

/* Whoever asked for its key has an old answer. */
static void forget_answers(struct db *db, const struct alert *alert)
{
    g_autofree char *key = alert_stored_key(alert->key_service, alert->dedup_key);
    db_stale(db, key);
}

static void read_row(struct db_query *row, struct alert *out)
{
    *out = (struct alert){
        .id = db_int(row, 0),
        .integration = g_strdup(db_text(row, 1)),
        .service = g_strdup(db_text(row, 3)),
        .status = (int)db_int(row, 4),
        .severity = (int)db_int(row, 5),
        .urgency = (int)db_int(row, 6),
        .summary = g_strdup(db_text(row, 7)),
        .source = g_strdup(db_text(row, 8)),
        .component = g_strdup(db_text(row, 9)),
        .group = g_strdup(db_text(row, 10)),
        .class_name = g_strdup(db_text(row, 11)),
        .details = stored_json(db_text(row, 12)),
        .links = stored_json(db_text(row, 13)),
        .count = db_int(row, 14),
        .route = g_strdup(db_text(row, 15)),
        .is_flapping = db_int(row, 16) != 0,
        .first_at = db_utc(row, 17),
        .last_at = db_utc(row, 18),
        .acknowledged_at = db_utc(row, 19),
        .acknowledged_by = g_strdup(db_text(row, 20)),
        .resolved_at = db_utc(row, 21),
        .resolved_by = g_strdup(db_text(row, 22)),
        .snoozed_until = db_utc(row, 23),
        .expires_at = db_utc(row, 24),
        .started_at = db_utc(row, 25),
        .episode_at = db_utc(row, 26),
        .ended_at = db_utc(row, 27),
        .first_summary = g_strdup(db_text(row, 28)),
        .first_severity = (int)db_int(row, 29),
    };
    split_key(out, db_text(row, 2));
}

static bool read_one(struct db_query *query, struct alert *out)
{
    bool is_there = db_step(query) == DB_ROW;
    if (is_there) {
        read_row(query, out);
    }
    db_reset(query);
    return is_there;
}

bool alert_load(struct db *db, int64_t id, struct alert *out)
{
    struct db_query *query = db_query(db, "SELECT " COLUMNS " FROM alert WHERE id = $1");
    db_bind_int(query, 1, id);
    db_keep(query, 0);
    return read_one(query, out);
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
        db_query(db, "SELECT " COLUMNS " FROM alert"
                     " WHERE integration = $1 AND dedup_key = $2 AND status < 3");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    db_keep(query, 2);
    return read_one(query, out);
}

bool alert_load_suppressed(struct db *db, const char *integration, const char *stored_key,
                           struct alert *out)
{
    struct db_query *query =
        db_query(db, "SELECT " COLUMNS " FROM alert"
                     " WHERE integration = $1 AND dedup_key = $2 AND status = 4"
                     " ORDER BY id DESC LIMIT 1");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    return read_one(query, out);
}

bool alert_is_known(struct db *db, const char *integration, const char *stored_key)
{
    struct db_query *query =
        db_query(db, "SELECT 1 FROM alert WHERE integration = $1 AND dedup_key = $2 LIMIT 1");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    return db_is_any(query);
}

static void bind_json(struct db_query *query, int at, const json_t *value)
{
    if (value != NULL) {
        g_autofree char *text = json_write(value);
        db_bind_text(query, at, text);
    }
}

/* Parameters 1 to 26: everything that alert_save may change, in the same order for both. */
static void bind_mutable(struct db_query *query, const struct alert *alert)
{
    db_bind_text(query, 1, alert->service);
    db_bind_int(query, 2, alert->status);
    db_bind_int(query, 3, alert->severity);
    db_bind_int(query, 4, alert->urgency);
    db_bind_text(query, 5, alert->summary);
    bind_json(query, 6, alert->details);
    bind_json(query, 7, alert->links);
    db_bind_int(query, 8, alert->count);
    db_bind_text(query, 9, alert->route);
    db_bind_int(query, 10, alert->is_flapping);
    db_bind_utc(query, 11, alert->last_at);
    db_bind_utc(query, 12, alert->acknowledged_at);
    db_bind_text(query, 13, alert->acknowledged_by);
    db_bind_utc(query, 14, alert->resolved_at);
    db_bind_text(query, 15, alert->resolved_by);
    db_bind_utc(query, 16, alert->snoozed_until);
    db_bind_utc(query, 17, alert->expires_at);
    db_bind_utc(query, 18, alert->started_at);
    db_bind_utc(query, 19, alert->episode_at);
    db_bind_utc(query, 20, alert->ended_at);
    db_bind_text(query, 21, alert->first_summary);
    if (alert->first_severity != 0) {
        db_bind_int(query, 22, alert->first_severity);
    }
    db_bind_text(query, 23, alert->source);
    db_bind_text(query, 24, alert->component);
    db_bind_text(query, 25, alert->group);
    db_bind_text(query, 26, alert->class_name);
}

void alert_insert(struct db *db, struct alert *alert)
{
    g_autofree char *key = alert_stored_key(alert->key_service, alert->dedup_key);
    struct db_query *query = db_query(
        db, "INSERT INTO alert (service, status, severity, urgency, summary, details, links, count,"
            " route, flapping, last_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by,"
            " snoozed_until, expires_at, started_at, episode_at, ended_at, first_summary,"
            " first_severity, source, component, group_name, class_name, integration, dedup_key,"
            " first_at, lane)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
            " $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30) {newid}");
    bind_mutable(query, alert);
    db_bind_text(query, 27, alert->integration);
    db_bind_text(query, 28, key);
    db_bind_utc(query, 29, alert->first_at);
    db_bind_int(query, 30, lane_of(alert->service));
    alert->id = db_insert(query);
    db_stale(db, key);
}

void alert_save(struct db *db, const struct alert *alert)
{
    struct db_query *query = db_query(
        db, "UPDATE alert SET service = $1, status = $2, severity = $3, urgency = $4, summary = $5,"
            " details = $6, links = $7, count = $8, route = $9, flapping = $10, last_at = $11,"
            " acknowledged_at = $12, acknowledged_by = $13, resolved_at = $14, resolved_by = $15,"
            " snoozed_until = $16, expires_at = $17, started_at = $18, episode_at = $19,"
            " ended_at = $20, first_summary = $21, first_severity = $22, source = $23,"
            " component = $24, group_name = $25, class_name = $26 WHERE id = $27");
    bind_mutable(query, alert);
    db_bind_int(query, 27, alert->id);
    (void)db_run(query);
    forget_answers(db, alert);
}

void alert_touch(struct db *db, const struct alert *alert)
{
    struct db_query *query =
        db_query(db, "UPDATE alert SET count = $1, last_at = $2, expires_at = $3, started_at = $4,"
                     " episode_at = $5 WHERE id = $6");
    db_bind_int(query, 1, alert->count);
    db_bind_utc(query, 2, alert->last_at);
    db_bind_utc(query, 3, alert->expires_at);
    db_bind_utc(query, 4, alert->started_at);
    db_bind_utc(query, 5, alert->episode_at);
    db_bind_int(query, 6, alert->id);
    (void)db_run(query);
    forget_answers(db, alert);
}

struct alert_past alert_look_back(struct db *db, const char *integration, const char *stored_key,
                                  struct utc since)
{
    /* Only the latest few can matter: a key that opened thousands of times must not cost more. */
    struct db_query *query = db_query(
        db, "SELECT COALESCE(SUM(CASE WHEN first_at >= $3 THEN 1 ELSE 0 END), 0),"
            " COALESCE(MAX(CASE WHEN status = 3 AND resolved_at >= $3 THEN id END), 0)"
            " FROM (SELECT id, status, first_at, resolved_at FROM alert WHERE integration = $1"
            " AND dedup_key = $2 ORDER BY id DESC LIMIT 32) AS latest");
    db_bind_text(query, 1, integration);
    db_bind_text(query, 2, stored_key);
    db_bind_int(query, 3, since.us);
    db_keep(query, 2);
    struct alert_past past = {0};
    if (db_step(query) == DB_ROW) {
        past = (struct alert_past){.openings = db_int(query, 0), .resolved_id = db_int(query, 1)};
    }
    db_reset(query);
    return past;
}

size_t alert_expired(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids, size_t max)
{
    struct db_query *query =
        db_query(db, "SELECT id FROM alert WHERE expires_at IS NOT NULL AND status < 3"
                     " AND expires_at <= $2 AND " IN_LANES " ORDER BY expires_at LIMIT $3");
    db_bind_int(query, 1, (int64_t)lanes);
    db_bind_int(query, 2, now.us);
    db_bind_int(query, 3, (int64_t)max);
    return db_take_ids(query, out_ids, max);
}

void alert_expire_after(struct db *db, struct utc at)
{
    struct db_query *query =
        db_query(db, "UPDATE alert SET expires_at = $1 WHERE expires_at IS NOT NULL AND status < 3"
                     " AND expires_at < $1");
    db_bind_utc(query, 1, at);
    (void)db_run(query);
    db_stale(db, NULL);
}

struct utc alert_next_expiry(struct db *db, lane_set lanes)
{
    struct db_query *query =
        db_query(db, "SELECT expires_at FROM alert WHERE expires_at IS NOT NULL"
                     " AND status < 3 AND " IN_LANES " ORDER BY expires_at LIMIT 1");
    db_bind_int(query, 1, (int64_t)lanes);
    db_keep(query, 0);
    return db_take_instant(query);
}

/* Four texts, so that each kind of list walks an index in the order of its answer: with millions
 * of old alerts a filter over all of them would be too slow. */
#define REST " AND ($2 = 0 OR severity = $2) AND ($3 = '' OR integration = $3)"
#define PAGED " AND id < $4" REST " ORDER BY id DESC LIMIT $5"
#define STATUS " AND ($6 = 0 OR status = $6) AND ($7 = 0 OR status < 3)"

static struct db_query *list_query(struct db *db, const struct alert_filter *filter)
{
    if (filter->service != NULL) {
        return db_query(db, "SELECT " COLUMNS " FROM alert WHERE service = $1" STATUS PAGED);
    }
    if (filter->status != 0) {
        return db_query(db, "SELECT " COLUMNS " FROM alert WHERE status = $6 AND $1 = ''"
                            " AND ($7 = 0 OR status < 3)" PAGED);
    }
    if (filter->is_unresolved) {
        return db_query(db,
                        "SELECT " COLUMNS " FROM (SELECT " COLUMNS " FROM alert WHERE status = 1"
                        " AND $1 = '' AND $6 = 0 AND id < $4 UNION ALL SELECT " COLUMNS
                        " FROM alert WHERE status = 2 AND $7 = 1 AND id < $4) AS unresolved"
                        " WHERE id < $4" REST " ORDER BY id DESC LIMIT $5");
    }
    return db_query(db, "SELECT " COLUMNS " FROM alert WHERE $1 = ''" STATUS PAGED);
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
    while (db_step(query) == DB_ROW) {
        struct alert alert = {0};
        read_row(query, &alert);
        each(self, &alert);
        alert_clear(&alert);
        count++;
    }
    return count;
}

bool alert_any_of_service(struct db *db, const char *service)
{
    struct db_query *query = db_query(db, "SELECT 1 FROM alert WHERE service = $1 LIMIT 1");
    db_bind_text(query, 1, service);
    return db_is_any(query);
}

bool alert_any_by_integration(struct db *db, const char *integration)
{
    struct db_query *query = db_query(db, "SELECT 1 FROM alert WHERE integration = $1 LIMIT 1");
    db_bind_text(query, 1, integration);
    return db_is_any(query);
}

size_t alert_worst(struct db *db, int64_t *out_ids, size_t max)
{
    /* No index is in this order: narrow rows are sorted, and only those that are shown are read whole. */
    struct db_query *query = db_query(db, "SELECT id FROM alert WHERE status IN (1, 2)"
                                          " ORDER BY severity, id DESC LIMIT $1");
    db_bind_int(query, 1, (int64_t)max);
    return db_take_ids(query, out_ids, max);
}
