/* paging/page_store.h - escalations and pages on disk. The only SQL about their tables. */
#ifndef PAGING_PAGE_STORE_H
#define PAGING_PAGE_STORE_H

#include <glib.h>

#include "base/subject.h"
#include "db/row.h"
#include "ledger/lane.h"
#include "paging/state.h"
#include "paging/topic.h"

/* A row of table escalation. */
struct escalation {
    int64_t id;
    struct subject subject;
    int lane;               /* of the subject's area; only written */
    int64_t policy_version; /* 0: there was no policy */
    int state;              /* enum escalation_state */
    int64_t step, round;
    int severity; /* the worst that it was */
    int urgency; /* of what is told of it now; only escalation_insert and escalation_follow write it */
    struct utc started_at;
    struct utc next_at; /* unset: nothing to wait for */
    bool next_is_date;  /* a date stays when the clock jumps; a wait moves with it */
    /* Of one that has ended: where it stood, should it go on after all. 0 and unset before. */
    int kept_state;
    struct utc kept_next_at;
    struct span wait; /* of the step that was told last */
};

extern const struct table ESCALATION_TABLE, PAGE_TABLE;

void escalation_insert(struct db *db, struct escalation *escalation); /* sets id */
void escalation_save(struct db *db, const struct escalation *escalation);
NODISCARD bool escalation_load(struct db *db, int64_t id, struct escalation *out);
NODISCARD bool escalation_of(struct db *db, struct subject subject, struct escalation *out);
/* Due ones in these lanes, most severe first; answers how many ids were written. */
NODISCARD size_t escalation_due(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids,
                                size_t max);
/* Of those until then (ledger_asked_until); UTC_NEVER when none is armed. */
NODISCARD struct utc escalation_next(struct db *db, lane_set lanes, struct utc until);
/* Ids (int64_t) of those that a silence holds. */
NODISCARD GArray *escalation_held(struct db *db, struct utc now);
/* Moves the deadline of the one that is due first: it fails, and must not stop the others. */
void escalation_put_off(struct db *db, struct utc now, lane_set lanes, struct span by);
void escalation_shift_waits(struct db *db, struct span by);
/* Its pages are of this urgency from now on. */
void escalation_follow(struct db *db, struct subject subject, int urgency);
/* What held its paging last, when that was a silence: the event's data, a JSON text, newly allocated; else NULL. */
NODISCARD char *silence_held_by(struct db *db, struct subject subject,
                                const struct topic_events *events);
/* The JSON text of a policy version, newly allocated; NULL when there is none. */
NODISCARD char *policy_version_load(struct db *db, int64_t id);

/* A row of table page. Owns its texts. */
struct page {
    int64_t id;
    struct subject subject;
    int lane;              /* of the subject's area; only written */
    int64_t escalation_id; /* 0: asked for by a person */
    char *who;             /* handle of a user, or "channel:NAME" */
    int urgency;
    int64_t step, round; /* step -1: the last resort */
    char *reason;        /* JSON: see page_work.c */
    int state;           /* enum page_state */
    int64_t next_rule;   /* index of the receiver's next rule */
    struct utc next_at;  /* when it applies; unset: none is left */
    struct utc created_at;
    struct utc ended_at;
};

void page_clear(struct page *page);
void page_insert(struct db *db, struct page *page); /* sets id */
void page_save(struct db *db, const struct page *page);
NODISCARD bool page_load(struct db *db, int64_t id, struct page *out);
NODISCARD size_t page_due(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids,
                          size_t max);
/* Likewise. */
NODISCARD struct utc page_next(struct db *db, lane_set lanes, struct utc until);
void page_put_off(struct db *db, struct utc now, lane_set lanes, struct span by); /* likewise */
void page_shift_waits(struct db *db, struct span by);
/* Active ones of escalations to this person about open alerts: most severe alert first, all of one alert together, the
 * newest first. Answers how many ids were written. */
NODISCARD size_t page_unanswered(struct db *db, const char *who, int64_t *out_ids, size_t max);
/* Who was told of the alert, or is about to be, and did not hand it on (of char *), each once, the first first. To be
 * freed. */
NODISCARD GPtrArray *page_receivers(struct db *db, struct subject subject, int max);
/* The last page of this person about the alert; 0: there is none. One that went to somebody else instead is
 * none of theirs. */
NODISCARD int64_t page_last(struct db *db, struct subject subject, const char *who);
/* Active ones of the same escalation to the same person, of lower urgency than this (follow_store.c). */
NODISCARD size_t page_lower(struct db *db, const struct page *page, int64_t *out_ids, size_t max);
/* Ends every active page of the alert, but for those that a person asked for where these are kept; answers how many
 * there were. */
int64_t page_end_all(struct db *db, struct subject subject, bool keeps_asked, struct utc now);
/* A message that is due and that nobody has claimed since is about to go: in a storm that takes seconds, and half
 * a minute where a database that has just been promoted is slow. A node whose courier stands still has given its
 * work away by then. After longer something is wrong with the sending, and the next step is not kept waiting. */
#define ABOUT_TO_GO SPAN_MIN(1)
/* No person of the step that the escalation told last was told yet, or may have been, and a message to one of them
 * is held back by us (with no such person: to a room of it, of which none was tried): when its wait will be over,
 * begun when that message goes. Unset: it is not so. A message that was due before `due_since` and went not is not
 * held but stuck. */
NODISCARD struct utc escalation_held_until(struct db *db, const struct escalation *e,
                                           struct utc due_since, struct utc now);
/* "Still on it?" about the alert was not asked yet, for the message is held back by us: when it will go. Unset: it
 * is not so. */
NODISCARD struct utc question_held_until(struct db *db, struct subject subject,
                                         struct utc due_since, struct utc now);
/* The questions that the delivery carries for the first time are answered by `until`. */
void questions_begin_waits(struct db *db, int64_t delivery_id, struct utc until);
/* What the delivery carries leaves only at `at`: the waits of the steps that tell its receiver begin then, where
 * it was held or another of the step's messages is, and no person of it was told before. What was due after
 * `held_since` was not held. */
void escalation_begin_waits(struct db *db, int64_t delivery_id, struct utc held_since,
                            struct utc at);
/* The page goes to somebody else instead, and no person of its step was told: the step's wait begins now. */
void escalation_wait_anew(struct db *db, const struct page *page, struct utc now);
/* The last page of each person whom the escalation told last. Answers how many ids were written. */
NODISCARD size_t page_of_step(struct db *db, const struct escalation *e, int64_t *out_ids,
                              size_t max);
/* Is a message that pages this person for the alert out, or delivered? */
NODISCARD bool page_was_told(struct db *db, const struct page *page);
/* Is or will anybody else be told, before `until`, by the step, round and escalation that this page belongs to? */
NODISCARD bool page_has_company(struct db *db, const struct page *page, struct utc until);
/* In order of creation; the page is borrowed during the call. */
void page_list(struct db *db, struct subject subject,
               void (*each)(void *self, const struct page *page), void *self);

/* Heartbeats. */
struct heartbeat_state {
    struct utc last_at; /* unset: never heard */
    struct utc due_at;  /* unset: missing already, or not expected */
    bool is_missing;
};

NODISCARD bool heartbeat_load(struct db *db, const char *name, struct heartbeat_state *out);
/* The names (char *) of all that have a state, configured or not. To be freed. */
NODISCARD GPtrArray *heartbeat_names(struct db *db);
void heartbeat_forget(struct db *db, const char *name);
void heartbeat_save(struct db *db, const char *name, const struct heartbeat_state *state);
/* Newly allocated name of one that is overdue, or NULL. */
NODISCARD char *heartbeat_overdue(struct db *db, struct utc now, lane_set lanes);
/* As escalation_next. */
NODISCARD struct utc heartbeat_next(struct db *db, lane_set lanes, struct utc until);
void heartbeat_shift_waits(struct db *db, struct span by);

/* Until when sources could reach us, for certain; unset: not known. */
NODISCARD struct utc intake_mark_load(struct db *db);
void intake_mark_save(struct db *db, struct utc at);
void intake_mark_shift(struct db *db, struct span by);

/* 32 secret bytes by name; made from `fresh` when there are none yet. */
void secret_take(struct db *db, const char *name, const unsigned char fresh[32],
                 unsigned char out[32]);
NODISCARD bool secret_is_there(struct db *db, const char *name);

#endif
