#include "db/pageable.h"

#include <glib.h>

#include "db/engine.h"

/* The schema that says of every page what it is about (0005). What is older knows alerts only. */
enum { SUBJECTS_SINCE = 5 };

/* A migration that renames or splits one of these columns must bring a text that reads the older shape. */
struct pageable_part {
    const char *name;
    const char *types; /* of the columns: i integer, t text */
    const char *sql;
    const char *sql_of_alerts; /* before SUBJECTS_SINCE; NULL: the same */
};

/* Escalations in two parts, each of which has an index, as most of them are over for long: those of open alerts, and
 * of the others what is armed. */
#define ESCALATIONS(subject)                                                                       \
    "SELECT e.id, " subject ", e.policy_version, e.state, e.step, e.round, e.severity, e.next_at," \
    " e.next_is_date FROM "
#define NOT_OPEN " WHERE e.next_at IS NOT NULL AND (a.status IS NULL OR a.status >= 3)"

static const struct pageable_part PARTS[PAGEABLE_PARTS] = {
    {"open alerts", "iiiii",
     "SELECT id, status, urgency, snoozed_until, expires_at FROM alert"
     " WHERE status < 3",
     NULL},
    {"escalations", "itiiiiiiii",
     ESCALATIONS(
         "e.subject_kind, e.subject_id") "alert AS a JOIN escalation AS e"
                                         " ON e.subject_id = a.id AND e.subject_kind = 'alert' "
                                         "WHERE a.status < 3 UNION ALL " ESCALATIONS(
                                             "e.subject_kind, e.subject_id") "escalation AS e LEFT "
                                                                             "JOIN alert AS a"
                                                                             " ON a.id = "
                                                                             "e.subject_id AND "
                                                                             "e.subject_kind = "
                                                                             "'alert'" NOT_OPEN,
     ESCALATIONS(
         "'alert', e.alert_id") "alert AS a JOIN escalation AS e"
                                " ON e.alert_id = a.id WHERE a.status < 3 UNION ALL " ESCALATIONS(
                                    "'alert', e.alert_id") "escalation AS e LEFT JOIN alert AS a"
                                                           " ON a.id = e.alert_id" NOT_OPEN},
    {"active pages", "itiitiii",
     "SELECT id, subject_kind, subject_id, escalation_id, user_name, urgency, next_rule, next_at"
     " FROM page WHERE state = 1 OR next_at IS NOT NULL",
     "SELECT id, 'alert', alert_id, escalation_id, user_name, urgency, next_rule, next_at"
     " FROM page WHERE state = 1 OR next_at IS NOT NULL"},
    {"waiting notifications", "iitiiiiittii",
     "SELECT n.id, n.page_id, n.subject_kind, n.subject_id, n.kind, n.state, n.due_at, n.tries,"
     " m.user_name, m.contact, m.urgency, m.next_at FROM notification AS n JOIN mailbox AS m"
     " ON m.id = n.mailbox_id WHERE n.state IN (1, 2)",
     "SELECT n.id, n.page_id, CASE WHEN n.alert_id IS NOT NULL THEN 'alert' END, n.alert_id, "
     "n.kind,"
     " n.state, n.due_at, n.tries, m.user_name, m.contact, m.urgency, m.next_at"
     " FROM notification AS n JOIN mailbox AS m ON m.id = n.mailbox_id WHERE n.state IN (1, 2)"},
    {"claimed deliveries", "iitti",
     "SELECT id, mailbox_id, user_name, contact, lease_until"
     " FROM delivery WHERE lease_until IS NOT NULL",
     NULL},
    {"armed heartbeats", "tiii",
     "SELECT name, last_at, due_at, missing FROM heartbeat_state"
     " WHERE due_at IS NOT NULL OR missing <> 0",
     NULL},
};

static enum db_status take_part(struct db *db, const struct pageable_part *part, bool is_of_alerts,
                                struct db_digest *out)
{
    struct db_row_hash *hash = db_row_hash_create();
    bool is_older = is_of_alerts && part->sql_of_alerts != NULL;
    struct db_query *query = db_query(db, is_older ? part->sql_of_alerts : part->sql);
    while (db_step(query) == DB_ROW) {
        for (int i = 0; part->types[i] != '\0'; i++) {
            db_row_hash_add(hash, query, i, part->types[i] == 't' ? DB_TYPE_TEXT : DB_TYPE_INT);
        }
        db_row_hash_end(hash, out);
    }
    db_reset(query);
    db_row_hash_free(&hash);
    return db_error(db);
}

bool pageable_take(struct db *db, struct pageable *out, struct fault *fault)
{
    bool is_of_alerts = db_schema_found(db) < SUBJECTS_SINCE;
    *out = (struct pageable){0};
    for (int i = 0; i < PAGEABLE_PARTS; i++) {
        if (take_part(db, &PARTS[i], is_of_alerts, &out->parts[i]) != DB_OK) {
            return fault_set(fault, "", "the %s cannot be read: %s", PARTS[i].name,
                             db_error_text(db));
        }
    }
    return true;
}

bool pageable_compare(const struct pageable *before, const struct pageable *after,
                      struct fault *fault)
{
    for (int i = 0; i < PAGEABLE_PARTS; i++) {
        const struct db_digest *old = &before->parts[i];
        const struct db_digest *now = &after->parts[i];
        if (!db_digest_equal(old, now)) {
            return fault_set(fault, "",
                             "the %s would not be the same as before (%" G_GINT64_FORMAT
                             " before, %" G_GINT64_FORMAT " after%s)",
                             PARTS[i].name, old->rows, now->rows,
                             old->rows == now->rows ? ", with other contents" : "");
        }
    }
    return true;
}

const char *pageable_name(int part)
{
    size_t at = (size_t)part;
    CHECK(at < PAGEABLE_PARTS);
    return PARTS[at].name;
}
