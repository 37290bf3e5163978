/* paging/mail_store.h - mailboxes, notifications and deliveries on disk.
 *
 * A mailbox is one person's way of being reached by one contact at one urgency: the unit that a
 * storm is bounded for. Notifications wait in it; a delivery carries one or many of them. */
#ifndef PAGING_MAIL_STORE_H
#define PAGING_MAIL_STORE_H

#include "base/subject.h"
#include "channel/channel.h"
#include "db/row.h"
#include "ledger/lane.h"
#include "paging/state.h"
#include "paging/throttle.h"

extern const struct table MAILBOX_TABLE, NOTIFICATION_TABLE, DELIVERY_TABLE;

/* The urgency of a mailbox for what is never urgent: it has a bound of its own, so that it neither takes
 * room from pages nor waits behind them. */
enum { MAILBOX_ENDS = URGENCY_LOW + 1 };

struct mailbox {
    int64_t id;
    char *who;
    char *contact;
    int urgency;          /* enum urgency, or MAILBOX_ENDS */
    int severity;         /* most severe that waits */
    struct utc next_at;   /* unset: nothing waits */
    int lane;             /* of the receiver */
    int64_t failures;     /* attempts in a row that did not arrive */
    struct utc failed_at; /* when the last of them was noticed */
    struct utc retry_at;  /* when the next one may be; unset: the last attempt went well */
    bool is_refused;      /* the last message was refused for good */
    int64_t
        waits_for; /* the delivery that is under way to the same address; 0: none holds it back */
    bool is_slow;  /* that one takes so long that nobody waits for it */
};

enum {
    MAILBOX_FAILS = 2, /* failures in a row after which nobody counts on a mailbox any more */
};

/* A mailbox waits no longer than this for its next attempt, whatever a provider asks for. */
#define MAILBOX_RETRY_MAX SPAN_H(1)

/* Nothing goes before that: a failure may be the message's own, two in a row are the mailbox's. Unset, or
 * passed: it is open. */
NODISCARD struct utc mailbox_opens_at(const struct mailbox *mailbox, struct utc now);

void mailbox_clear(struct mailbox *mailbox);
/* Finds or makes it; the answer's next_at is unset in a new one. */
void mailbox_take(struct db *db, const char *who, const char *contact, int urgency,
                  struct mailbox *out);
/* Only finds it. */
NODISCARD bool mailbox_find(struct db *db, const char *who, const char *contact, int urgency,
                            struct mailbox *out);
void mailbox_save(struct db *db, const struct mailbox *mailbox);
NODISCARD bool mailbox_load(struct db *db, int64_t id, struct mailbox *out);
/* Due ones in these lanes, high urgency and most severe first. */
NODISCARD size_t mailbox_due(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids,
                             size_t max);
NODISCARD struct utc mailbox_next(struct db *db, lane_set lanes);
/* What still waits: earliest due_at and most severe; sets next_at and severity accordingly. */
void mailbox_judge_next(struct db *db, struct mailbox *mailbox, struct utc now);
/* Something in it may go before what it was armed for: has it looked at as soon as its attempts allow, and saves it. */
void mailbox_hurry(struct db *db, struct mailbox *mailbox, struct utc now);
/* The same as mailbox_judge_next, and saves it. */
void mailbox_rearm(struct db *db, struct mailbox *mailbox, struct utc now);
/* That delivery is over: what waited for it is looked at now. */
void mailboxes_go_on(struct db *db, int64_t delivery_id, struct utc now);
/* The clock jumped by `by` to `now`: mailboxes, notifications, leases, and the last hour's bound. */
void mail_shift_waits(struct db *db, struct utc now, struct span by);

struct notification {
    int64_t id;
    int64_t mailbox_id;
    int64_t page_id;        /* 0: none */
    struct subject subject; /* 0: none */
    int kind;
    int state;
    int severity;
    int passes; /* enum notification_pass; 0: it is bounded like any other */
    struct utc due_at;
    int64_t tries;
    char *data; /* JSON or NULL */
    struct utc created_at;
    struct utc settled_at;
};

void notification_clear(struct notification *notification);
void notification_insert(struct db *db, struct notification *notification);
/* Those of the mailbox that wait for another attempt are due now. */
void notifications_hurry(struct db *db, int64_t mailbox_id, struct utc now);
/* Is there one for this alert that waits in this mailbox already? Not that of a page that has ended: nobody will
 * be told by it. */
NODISCARD bool notification_waits(struct db *db, int64_t mailbox_id, struct subject subject);
/* Was anybody told of the alert, or is being told now? */
NODISCARD bool notification_was_sent(struct db *db, struct subject subject);
/* When the first waiting one that is more severe than this becomes due after now; else UTC_NEVER. */
NODISCARD struct utc notification_due_worse(struct db *db, int64_t mailbox_id, int severity,
                                            struct utc now);
void notification_settle(struct db *db, int64_t id, int state, struct utc now);

/* All that the delivery carries is being sent, one try more (settle_store.c). */
void carried_begin(struct db *db, int64_t delivery_id);
/* Of all that the delivery carries and that is being sent (settle_store.c). */
void carried_settle(struct db *db, int64_t delivery_id, int state, struct utc now);

/* How often a notification is tried. */
struct patience {
    int64_t tries_max;
    int64_t unknown_max; /* possible repeats that one person is asked to bear */
};

/* They wait again until `due_at`; what was tried often enough has failed. */
void carried_wait_again(struct db *db, int64_t delivery_id, struct patience patience,
                        struct utc due_at, struct utc now);
/* As if it had not been claimed: due now, and the try does not count. */
void carried_put_back(struct db *db, int64_t delivery_id, struct utc now);
/* Ids (int64_t) of the pages that it carries in this state, tried at most so often; most severe first. */
NODISCARD GArray *carried_pages(struct db *db, int64_t delivery_id, int state, int64_t tries_max);
/* How many attempts ended without an answer, so that they may have reached the person. */
NODISCARD int64_t notification_unknown_attempts(struct db *db, int64_t id);
/* Cancels those of the alert that wait, but for those of pages that a person asked for where these are kept; answers
 * how many. */
int64_t notification_cancel_all(struct db *db, struct subject subject, bool keeps_asked,
                                struct utc now);
/* What waits about the alert, or is under way, is of this severity from now on (follow_store.c). Answers the ids
 * (int64_t) of the mailboxes where it waits, to be freed: they are to be judged again. */
NODISCARD GArray *notifications_follow(struct db *db, struct subject subject, int severity);
/* Those of the page that wait. */
void notifications_cancel_of_page(struct db *db, int64_t page_id, struct utc now);
/* What waits in the mailbox about the alert goes past the bound (enum notification_pass). Its id; 0: nothing does
 * that did not pass before. */
int64_t notification_let_pass(struct db *db, int64_t mailbox_id, struct subject subject,
                              int passes);
/* Due and waiting in the mailbox, special kinds first, then most severe; GArray of struct
 * notification whose elements the caller clears (see notifications_free). */
NODISCARD GArray *notifications_waiting(struct db *db, int64_t mailbox_id, struct utc now, int max);
/* Ids (int64_t) of the pages that are due and wait in the mailbox, and wait nowhere else since; most severe first. */
NODISCARD GArray *pages_waiting(struct db *db, int64_t mailbox_id, struct utc now, int max);
/* The newest of this severity among them, newest first. */
NODISCARD GArray *notifications_newest(struct db *db, int64_t mailbox_id, int severity,
                                       struct utc now, int max);

/* What goes past the bound (pass_store.c). Of the mailbox's waiting and due ones; as above. */
NODISCARD GArray *notifications_passing(struct db *db, int64_t mailbox_id, struct utc now, int max);
/* Was the mailbox told of a critical alert of this service within the last hour, or is about to be? */
NODISCARD bool news_is_known(struct db *db, int64_t mailbox_id, const char *service,
                             struct utc now);
void news_save(struct db *db, int64_t mailbox_id, const char *service, int64_t notification_id);
/* Whoever settles or cancels notifications says so: what they told may be no news of anybody any more. */
void news_doubt(struct db *db);
/* When the messages past the bound of the last minute went; newest first. */
NODISCARD size_t passes_recent(struct db *db, int64_t mailbox_id, struct utc now, struct utc *out,
                               size_t max);
/* In order, at most `max`. */
NODISCARD GArray *notifications_of_delivery(struct db *db, int64_t delivery_id, int max);
NODISCARD GArray *notifications_of_kind(struct db *db, struct subject subject, int kind);
NODISCARD GArray *notifications_of_page(struct db *db, int64_t page_id);
void notifications_free(GArray *notifications);

struct delivery {
    int64_t id;
    int64_t mailbox_id;
    char *who;
    char *contact;
    int channel;
    char *address;
    int urgency;
    int severity;
    int64_t items;
    bool passes;   /* past the bound on noise */
    int lane;      /* of the mailbox */
    int64_t epoch; /* of the lane when it was claimed */
    int64_t node;  /* that claimed it */
    int state;
    struct utc claimed_at;
    struct utc lease_until;
    struct utc finished_at;
    char *provider_id; /* of one that is under way: the message that it is written into */
    char *detail;
};

void delivery_clear(struct delivery *delivery);
void delivery_insert(struct db *db, struct delivery *delivery); /* sets id */
void delivery_save(struct db *db, const struct delivery *delivery);
NODISCARD bool delivery_load(struct db *db, int64_t id, struct delivery *out);
/* Claimed ones in these lanes whose lease ended at or before `now`. */
NODISCARD size_t delivery_expired(struct db *db, struct utc now, lane_set lanes, int64_t *out_ids,
                                  size_t max);
/* Of those until then (ledger_asked_until); UTC_NEVER when none. */
NODISCARD struct utc delivery_next_lease(struct db *db, lane_set lanes, struct utc until);
/* After an outage: leases of nodes that live end at `until` at the earliest. */
void delivery_extend_leases(struct db *db, struct utc until);
/* Moves the deadline of the one that is due first: it fails, and must not stop the others. */
void delivery_put_off(struct db *db, struct utc now, lane_set lanes, struct span by);
/* Nobody is sending any more: every lease ends now. */
void delivery_expire_claimed(struct db *db, struct utc now);
/* Claimed by that node, with a lease that goes on. */
NODISCARD size_t delivery_of_node(struct db *db, struct utc now, int64_t node, int64_t *out_ids,
                                  size_t max);
/* That node is gone: the leases of what it had claimed end now. */
void delivery_expire_of_node(struct db *db, struct utc now, int64_t node);

enum { DELIVERY_RECENT_MAX = 64 }; /* more than the bound lets through */

/* Messages that went to the mailbox, or tried to, in the hour before `now`; newest first. */
NODISCARD size_t delivery_recent(struct db *db, int64_t mailbox_id, struct utc now,
                                 struct sent *out, size_t max);
/* What is on its way, by whichever node: to whom and where, and since when by the clock as it is now. What has been
 * so for more than an hour is something else. */
void deliveries_under_way(struct db *db, struct utc now,
                          void (*each)(void *self, const struct delivery *delivery), void *self);
/* Puts this one notification on the delivery. */
void delivery_carry(struct db *db, int64_t delivery_id, int64_t notification_id);
/* Puts every due page of a still open alert that waits in the mailbox on the delivery. */
void delivery_carry_pages(struct db *db, const struct delivery *delivery, struct utc now);
/* How many alerts its pages are about, and how many of each severity (index = enum severity): each counts
 * once, as the most severe of its pages. */
NODISCARD int64_t delivery_count_subjects(struct db *db, int64_t id, size_t by_severity[5]);
/* Has somebody perhaps had one of the pages that it carries? */
NODISCARD bool delivery_may_repeat(struct db *db, int64_t id);
/* Is it still whose who claimed it (not settled, its lease goes on), and is a page of an alert that is
 * still open among what it carries, or anything but pages? */
NODISCARD bool delivery_is_wanted(struct db *db, int64_t delivery_id, struct utc now);
/* The same of one that is claimed, whatever its lease. */
NODISCARD bool delivery_is_live(struct db *db, int64_t delivery_id);
/* The alerts it carries, newest first. */
NODISCARD size_t delivery_subjects(struct db *db, int64_t delivery_id, struct subject *out,
                                   size_t max);
/* Does the delivery tell, or did it tell, of this alert? */
NODISCARD bool delivery_carries(struct db *db, int64_t delivery_id, struct subject subject);
/* Where the last message of the mailbox went to, newly allocated; NULL: there was none. */
NODISCARD char *delivery_last_address(struct db *db, int64_t mailbox_id);
/* The last page about the alert that the delivery carries; 0: it carries none. */
NODISCARD int64_t delivery_page(struct db *db, int64_t delivery_id, struct subject subject);
/* Newest first, all people; `before_id` 0: from the newest. */
void delivery_list(struct db *db, int64_t before_id, int limit,
                   void (*each)(void *self, const struct delivery *delivery), void *self);
/* The attempts of one notification in order. */
void delivery_attempts(struct db *db, int64_t notification_id,
                       void (*each)(void *self, const struct delivery *delivery), void *self);

/* Whether a contact answered lately; NULL failure clears an earlier one. */
void contact_note_failure(struct db *db, const char *user, const char *contact, const char *address,
                          const char *failure, struct utc now);
void contact_note_verified(struct db *db, const char *user, const char *contact,
                           const char *address, struct utc now);
NODISCARD bool contact_is_verified(struct db *db, const char *user, const char *contact,
                                   const char *address);

#endif
