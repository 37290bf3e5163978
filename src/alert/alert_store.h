/* alert/alert_store.h - alerts on disk. The only SQL about table alert. */
#ifndef ALERT_ALERT_STORE_H
#define ALERT_ALERT_STORE_H

#include "alert/alert.h"
#include "db/row.h"
#include "ledger/lane.h"

extern const struct table ALERT_TABLE;

/* False when there is none (or after an error: see db_error). `out` is filled and owned on true. */
NODISCARD bool alert_load(struct db *db, int64_t id, struct alert *out);
/* How the key is stored, on which the four below are asked: two services that name the same one for alerts of
 * ALERT_MANUAL mean two alerts. `service` NULL: it is the integration's. Newly allocated. */
NODISCARD char *alert_stored_key(const char *service, const char *dedup_key);

/* The open or acknowledged alert with this key. */
NODISCARD bool alert_load_by_key(struct db *db, const char *integration, const char *stored_key,
                                 struct alert *out);

/* The latest suppressed alert with this key. */
NODISCARD bool alert_load_suppressed(struct db *db, const char *integration, const char *stored_key,
                                     struct alert *out);
/* Was there ever an alert with this key, in whatever state? */
NODISCARD bool alert_is_known(struct db *db, const char *integration, const char *stored_key);

/* Reads the root of the table itself, whatever row comes first: whether it can be read at all. */
void alert_read_any(struct db *db);

/* Writes a new row; sets alert->id. */
void alert_insert(struct db *db, struct alert *alert);
/* Writes back every column that may change after the insert. */
void alert_save(struct db *db, const struct alert *alert);
/* Writes back count, last_at, expires_at and the sender's starts only: a plain repeat, cheap in a storm. */
void alert_touch(struct db *db, const struct alert *alert);

/* What was with this key lately. */
struct alert_past {
    int64_t openings;    /* how many alerts were opened at or after `since` */
    int64_t resolved_id; /* the latest that was resolved at or after it; 0: none */
};
NODISCARD struct alert_past alert_look_back(struct db *db, const char *integration,
                                            const char *stored_key, struct utc since);

/* Open alerts in these lanes whose expires_at has come; writes at most `max` ids. */
NODISCARD size_t alert_expired(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids,
                               size_t max);
/* None expires before that. */
void alert_expire_after(struct db *db, struct utc at);
/* Of those until then (ledger_asked_until); UTC_NEVER when none. */
NODISCARD struct utc alert_next_expiry(struct db *db, lane_set lanes, struct utc until);

struct alert_filter {
    int status;          /* 0: any; ALERT_OPEN means exactly open */
    bool is_unresolved;  /* open or acknowledged */
    const char *service; /* NULL: any */
    const char *integration;
    int severity;      /* 0: any */
    int64_t before_id; /* cursor: ids below this; 0: from the newest */
};

/* Newest first, at most `limit`; `each` borrows the alert. Answers how many. */
size_t alert_list(struct db *db, const struct alert_filter *filter, int limit,
                  void (*each)(void *self, const struct alert *alert), void *self);

/* Whether there is an alert of this service, or one that came in by this integration, whatever its status. */
NODISCARD bool alert_any_of_service(struct db *db, const char *service);
NODISCARD bool alert_any_by_integration(struct db *db, const char *integration);

/* Of all that are open or acknowledged the worst, of one severity the newest first; writes at most `max` ids. Reads
 * through all of them: for who reads, not for a thread that takes alerts. */
NODISCARD size_t alert_worst(struct db *db, int64_t *out_ids, size_t max);

#endif
