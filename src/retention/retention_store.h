/* retention/retention_store.h - finds what is old, and deletes it: the only statements that take rows of other nouns
 * away. */
#ifndef RETENTION_RETENTION_STORE_H
#define RETENTION_RETENTION_STORE_H

#include "db/row.h"
#include "retention/retention.h"

/* Kinds of what is deleted, in the order in which a run does it. */
enum retention_sort {
    SORT_ALERTS = 1, /* resolved ones … */
    SORT_SUPPRESSED, /* … and those that a route suppressed */
    SORT_DELIVERIES,
    SORT_NOTICES, /* messages that are about no alert: tests, gaps ahead */
    SORT_EVENTS,  /* in whole prefixes, by their numbers (the functions below) */
    SORT_PAYLOADS,
    SORT_SPACE, /* what they took of a file of our own (db_give_back) */
    SORT_END,   /* no sort: none is after it */
};

/* Behind which the next ones are looked for. */
struct retention_cursor {
    struct utc over_at;
    int64_t id;
};

/* Those that were over before `before`, the oldest first; writes at most `max`. Reads no more rows than it writes. */
NODISCARD size_t retention_find(struct db *db, enum retention_sort sort, struct utc before,
                                const struct retention_cursor *after,
                                struct retention_candidate *out, size_t max);
/* Deletes one of them, with all that belongs to it alone. */
void retention_delete(struct db *db, enum retention_sort sort, int64_t id);
/* Answers how many. */
int64_t retention_delete_payloads(struct db *db, struct utc before);

/* So many events go in one step at most, for each step leaves a checkpoint and they are small; and no fewer than that,
 * for a checkpoint is an event itself. */
enum { RETENTION_EVENTS_MOST = 1000, RETENTION_EVENTS_LEAST = 20 };

/* The oldest ones after that number, in order; writes at most `max`. */
NODISCARD size_t retention_events_after(struct db *db, int64_t after_seq,
                                        struct retention_event *out, size_t max);
/* All of them. */
NODISCARD size_t retention_first_events(struct db *db, struct retention_event *out, size_t max);
/* The first event that something needs which is kept: of the oldest alert, or of what is paged about first. INT64_MAX:
 * none is. */
NODISCARD int64_t retention_needed_seq(struct db *db);
/* What the event is about, newly allocated; NULL: it is not there. */
NODISCARD char *retention_subject_of(struct db *db, int64_t seq);
/* How many at the old end happened before `before`: by halving, for times mostly grow with the numbers. */
NODISCARD int64_t retention_count_events(struct db *db, struct utc before);

/* Of any sort but events: how many are old enough, those that are in use among them; counts up to `max`. */
NODISCARD int64_t retention_count(struct db *db, enum retention_sort sort, struct utc before,
                                  int64_t max);
NODISCARD int64_t retention_count_payloads(struct db *db, struct utc before);
/* Since when there is one; unset: there is none. */
NODISCARD struct utc retention_oldest(struct db *db, enum retention_sort sort);
NODISCARD struct utc retention_oldest_payload(struct db *db);

/* How far retention has come: one row. */
struct retention_state {
    struct utc judged_at; /* retention's own clock, see retention_clock */
    struct utc begun_at;  /* the run that goes on, or the last one */
    struct utc ended_at;  /* of the last one that came to its end; before begun_at: one goes on */
    int64_t alerts, deliveries, notices, payloads, events; /* deleted by that run */
};

extern const struct table RETENTION_STATE_TABLE;
/* Zeroed when there was none yet. */
void retention_state_load(struct db *db, struct retention_state *out);
void retention_state_save(struct db *db, const struct retention_state *state);

/* How what is deleted is written out before: one row where it is, or was once by some server. */
struct archive_state {
    char *node;             /* the server that did so last */
    struct utc archived_at; /* unset: not yet */
    int64_t last_seq;       /* of the events */
    struct utc failed_at;   /* since when it cannot be, and nothing is deleted; unset: it can */
    char *why;
};

extern const struct table ARCHIVE_STATE_TABLE;
/* False: there is no archive. Clear it in both cases. */
NODISCARD bool archive_state_load(struct db *db, struct archive_state *out);
void archive_state_save(struct db *db, const struct archive_state *state);
void archive_state_delete(struct db *db);
void archive_state_clear(struct archive_state *state);

#endif
