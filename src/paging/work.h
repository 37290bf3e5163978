/* paging/work.h - inside the paging room: what its work files share. Not for other rooms.
 *
 * Everything here runs inside a ledger transaction, on the ledger's thread. */
#ifndef PAGING_WORK_H
#define PAGING_WORK_H

#include "alert/alert_events.h"
#include "alert/service.h"
#include "paging/end_store.h"
#include "paging/link.h"
#include "paging/mail_store.h"
#include "paging/page_store.h"
#include "paging/pager.h"
#include "paging/receiver.h"
#include "paging/step.h"
#include "paging/topic.h"

/* A flapping alert that is opened again is paged only if it stays open this long. */
#define FLAPPING_HOLD SPAN_MIN(5)
/* "Still on it?" waits this long for an answer before paging goes on. */
#define STILL_ON_IT_WAIT SPAN_MIN(5)
/* After a start a source has this long to say that its alert is still there. */
#define REFRESH_WAIT SPAN_MIN(5)
/* When not one person in the whole configuration can be reached, look again this often. */
#define NOBODY_RETRY SPAN_MIN(5)

/* How far the search for gaps ahead has come (gap_work.c). */
struct gap_look {
    struct utc next_at; /* unset: not planned yet */
    int64_t version;    /* of the configuration that is looked at; another one: begin again */
    guint place;        /* of the next schedule to look at */
    GArray *found;      /* of struct gap_found: what is to be warned about; NULL: nothing yet */
};

/* More nouns than that never page people. */
enum { TOPIC_KINDS_MAX = 16 };

struct pager {
    const struct topic_kind *kinds[TOPIC_KINDS_MAX];
    size_t kind_count;
    struct config_holder *configs;
    const struct random *random;
    struct config *config; /* of the command that runs; NULL between commands */
    int depth;             /* of pager_enter */
    GHashTable *policies;  /* version id -> struct policy *, as parsed from its snapshot */
    GHashTable *held;    /* mailbox id -> struct held *: a hint that a look would only say "wait" */
    GHashTable *awaited; /* ids of deliveries for which this node has put mailboxes to wait */
    struct gap_look gap_look;
    int64_t silences_version; /* of the configuration that held escalations were judged by */
    struct utc mark_at;       /* when the mark of open intake is to be moved; unset: now */
    struct utc able_since;    /* the start, or the end of an outage of ours */
    struct utc closed_at;     /* since when the ledger cannot write; unset: it can */
    unsigned char link_key[LINK_KEY_SIZE];
    char installation[INSTALLATION_SIZE]; /* see link.h */
    bool has_link_key;
};

/* Takes the snapshot for one command; pager_leave gives it back. Within another, as when a subscriber pages: goes on by
 * that one's. */
void pager_enter(struct pager *pager, struct ledger_tx *tx);
/* The same by a snapshot that is to come; not within another. */
void pager_enter_by(struct pager *pager, struct config *config);
void pager_leave(struct pager *pager);

/* --- page_events.c --- */
extern const struct event_kind EVENT_ESCALATION_STEP_SKIPPED, EVENT_ESCALATION_HELD,
    EVENT_ESCALATION_EXHAUSTED, EVENT_ESCALATION_NOBODY, EVENT_PAGE_STARTED, EVENT_PAGE_MOVED,
    EVENT_PAGE_SUPERSEDED, EVENT_PAGE_FELL_BACK, EVENT_PAGE_RULE_APPLIED, EVENT_PAGE_UNREACHABLE,
    EVENT_DELIVERY_DELIVERED, EVENT_DELIVERY_RETRY, EVENT_DELIVERY_REFUSED, EVENT_DELIVERY_UNKNOWN,
    EVENT_DELIVERY_CANCELLED, EVENT_DELIVERY_SLOW, EVENT_CONTACT_TESTED, EVENT_CONTACT_VERIFIED,
    EVENT_SCHEDULE_GAP_WARNED;

/* --- pages (page_work.c) --- */
struct page_order {
    const struct topic *topic;
    int64_t escalation_id; /* 0: asked for by a person */
    int64_t step, round;
    int urgency;
    struct principal actor;      /* who asked; Tocsin itself for a step */
    const json_t *circumstances; /* kept with the reason, see page_circumstances; NULL: none */
    const char *note;            /* what whoever asked wants to say; may be NULL */
};

/* A page for each who is to be told. Whoever cannot be told at all is given up at once. */
void pages_open(struct pager *pager, struct ledger_tx *tx, const struct page_order *order,
                const GPtrArray *tellings);

/* Who was to be told as well, but has no contact: the record says so. */
void pages_miss(struct pager *pager, struct ledger_tx *tx, const struct page_order *order,
                const GPtrArray *mute);

/* Whether a message put into a mailbox now will arrive, by how the last ones went. */
enum outlook {
    OUTLOOK_GOOD = 1,
    OUTLOOK_POOR, /* it fails for now and is tried again; another way is wanted as well */
    OUTLOOK_NONE, /* it was refused for good: not tried before retry_at */
};

/* Puts the page into the mailbox of that contact; answers its outlook. `is_fresh`: nothing of the alert
 * can wait there already. */
int notify_of_page(struct pager *pager, struct ledger_tx *tx, const struct page *page,
                   const struct topic *topic, const char *contact, bool is_fresh);
/* Of a page's reason what is so of the alert, whoever is told: "silence", "silence_comment": which has just ended, and
 * why it was made; "again": they may have heard that it is over. To be freed with json_decref. */
NODISCARD json_t *page_circumstances(const struct page *page);
void append_page_event(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                       const struct page *page, json_t *data);

/* --- what waits while the alert changes (follow_work.c) --- */
/* What waits about the alert, or is tried again, is as severe as that is now. */
void waiting_follow(struct ledger_tx *tx, const struct topic *topic);
/* Ends the escalation's pages of lower urgency to the same person: this one says it now. */
void page_supersede(struct ledger_tx *tx, const struct page *page);

/* --- falling back (fall_back_work.c) --- */
/* The same, and into the next ones while the outlook is not good. False: no way is left. */
NODISCARD bool notify_or_fall_back(struct pager *pager, struct ledger_tx *tx,
                                   const struct page *page, const struct topic *topic,
                                   const char *contact, bool is_fresh);
/* The contact failed for good or for now: tell the next one; when no way is left, give the page up. */
void page_fall_back(struct pager *pager, struct ledger_tx *tx, int64_t page_id, const char *failed);
/* Every way to this person failed: when nobody of its step could be told, others are at once. */
void page_give_up(struct pager *pager, struct ledger_tx *tx, int64_t page_id);
/* The alert goes on: so do the pages of the step told last, and who was not told yet is told now. */
void page_go_on(struct pager *pager, struct ledger_tx *tx, const struct escalation *e,
                const struct topic *topic);
/* Ends one page in the given state (enum page_state). */
void page_close(struct ledger_tx *tx, struct page *page, int state);
/* Nobody needs to be told any more: ends pages, cancels what waits. */
void page_stop_all(struct ledger_tx *tx, struct subject subject);
/* A silence holds the steps: the same, but whom a person asked for is told on. */
void page_stop_steps(struct ledger_tx *tx, struct subject subject);
/* Is this page still to be told? Yes while its alert is open; one that a person asked for also while
 * the alert is acknowledged: help is wanted although somebody is on it. */
NODISCARD bool page_is_live(const struct page *page, const struct topic *topic);
int page_run_due(struct ledger_tx *tx, void *self, int limit);
/* Remembers that the throttle would say "wait" to this severity until then. */
void mailbox_hold(struct pager *pager, int64_t mailbox_id, int severity, struct utc until);
/* A message without an alert, or a question about one or word of its end, to one contact; not before its
 * due_at. A warning about a gap and a notice have time: they are of low urgency; an end never is urgent. */
void notify_specially(struct pager *pager, struct ledger_tx *tx, const char *who,
                      const char *contact, const struct notification *template);

/* --- trying again early (reopen_work.c) --- */
/* The contact works, or may: what waits for its next attempt goes now, and new messages are counted on. */
void contact_reopen(struct pager *pager, struct ledger_tx *tx, const char *who,
                    const char *contact);
/* One attempt may be now, whatever the back-off says; when it fails that goes on. */
void mailbox_try_now(struct pager *pager, struct ledger_tx *tx, struct mailbox *mailbox);
/* Expects each heartbeat of the configuration from now on, unless it is already; forgets those that are gone, for one
 * that comes back by the same name is a new one. */
void heartbeats_follow_config(const struct pager *pager, struct ledger_tx *tx);
/* Opens the contacts that failed and have another address in the configuration now. */
void contacts_follow_config(struct pager *pager, struct ledger_tx *tx);
/* Opens those that have a secret and refused: the server has just started, perhaps with another one. */
void contacts_follow_start(struct pager *pager, struct ledger_tx *tx);

/* --- escalations (escalation_work.c) --- */
/* A version of a policy as parsed, kept while the pager lives; NULL when there is none. Borrowed. */
const struct policy *policy_of(struct pager *pager, struct ledger_tx *tx, int64_t version);
void escalation_start(struct pager *pager, struct ledger_tx *tx, const struct topic *topic);
/* It got worse: from the first step again, at once, if nobody has answered and it is worse than ever
 * before. A sender that goes up and down must not keep the alert at its first step. */
void escalation_raise(struct pager *pager, struct ledger_tx *tx, const struct topic *topic);
/* The alert was resolved, and goes on after all. Where nobody can have heard of its end: as if it had never ended;
 * whoever was told is not told again. Where somebody was told that it is over, or it has counted as that for longer
 * than END_WAIT_REPEATED: from the first step again, unless it is snoozed. */
void escalation_continue(struct pager *pager, struct ledger_tx *tx, struct topic *topic,
                         struct span was_over);
/* The next step now, whatever was waited for. */
void escalation_hurry(struct pager *pager, struct ledger_tx *tx, const struct topic *topic);
/* Is the step that this page belongs to the latest that was told? */
NODISCARD bool escalation_waits_for(struct ledger_tx *tx, const struct page *page);
/* When the next step comes, or the last resort is told again, if that page belongs to the latest that was told;
 * else UTC_NEVER. */
NODISCARD struct utc escalation_next_of(struct ledger_tx *tx, const struct page *page);
/* Acknowledged or snoozed: judged again at `until` (unset: never), which is a date or a wait. */
void escalation_pause(struct ledger_tx *tx, struct subject subject, struct utc until, bool is_date);
/* Acknowledged: paused, until the service's "still on it?" if it asks that. */
void pause_for_acknowledgement(struct pager *pager, struct ledger_tx *tx,
                               const struct topic *topic);
/* Goes on at once from the step where a pause had stopped it. */
void escalation_resume(struct pager *pager, struct ledger_tx *tx, const struct topic *topic);
void escalation_end(struct ledger_tx *tx, struct subject subject);
int escalation_run_due(struct ledger_tx *tx, void *self, int limit);

/* --- alerts that are over (end_work.c) --- */
/* An end waits this long: many that come together make one message, and what opens again at once is not called
 * over. */
#define END_WAIT SPAN_S(5)
/* The same of an end said by one of several senders that repeat themselves. Two Prometheis evaluate a rule up to a
 * minute apart, as a rule: until then the other may say that it goes on. */
#define END_WAIT_REPEATED SPAN_S(75)
/* An end that is due takes along those that will be so soon. */
#define END_BUNDLE SPAN_S(2)
struct errand;
/* Ends paging about it, and lets those who were told know after `wait`. */
void topic_is_over(struct pager *pager, struct ledger_tx *tx, const struct topic *topic,
                   struct span wait);
/* Somebody has it, or has it no longer: the messages in rooms that told of it say so where they can be changed. */
void rooms_follow(struct pager *pager, struct ledger_tx *tx, const struct topic *topic);
/* One message about all ends that are due in the mailbox; `waiting`: the first of them. With `told` that message
 * is written anew, as it stands with its alerts. */
void end_fill(struct pager *pager, struct ledger_tx *tx, const GArray *waiting,
              const struct told_message *told, struct errand *errand, struct delivery *delivery);

/* --- what comes in (take_work.c) --- */
/* After a start: sources could not reach us, and get time to do so before they count as gone. */
void grant_time_to_refresh(struct pager *pager, struct ledger_tx *tx);
/* --- outages of ours (outage_work.c) --- */
/* Grants that time if we were out of reach until just now, and to those who are sending the time to say
 * how it went; true when it did. */
bool outage_forgive(struct pager *pager, struct ledger_tx *tx);
/* When what is due by a source's silence is to be judged: not while nobody can reach us. */
struct utc outage_judge_at(struct pager *pager, struct ledger_tx *tx, struct utc due_at);
struct utc mark_next_at(struct ledger_tx *tx, void *self);
int mark_run_due(struct ledger_tx *tx, void *self, int limit);
void mark_jumped(struct ledger_tx *tx, void *self, struct span by);

struct utc expiry_next_at(struct ledger_tx *tx, void *self);
int expiry_run_due(struct ledger_tx *tx, void *self, int limit);
int heartbeat_run_due(struct ledger_tx *tx, void *self, int limit);

/* --- gaps ahead (gap_work.c); self is the pager --- */
struct utc gap_next_at(struct ledger_tx *tx, void *self);
int gap_run_due(struct ledger_tx *tx, void *self, int limit);
void gap_jumped(struct ledger_tx *tx, void *self, struct span by);
void gap_off(struct ledger_tx *tx, void *self, struct span by);
void gap_look_clear(struct gap_look *look);

/* --- silences that changed (silence_work.c) --- */
struct utc silence_next_at(struct ledger_tx *tx, void *self);
int silence_run_due(struct ledger_tx *tx, void *self, int limit);

/* --- deliveries (settle_work.c) --- */
/* A claimed delivery that was neither settled nor renewed by then: its process is gone, or its courier
 * hangs. */
#define DELIVERY_LEASE SPAN_S(60)
int lease_run_due(struct ledger_tx *tx, void *self, int limit);
/* It was claimed and never started: what it carries waits again, as if it had not been claimed. */
void delivery_put_back(struct pager *pager, struct ledger_tx *tx, int64_t delivery_id);

/* --- pages that a person asks for (asked_work.c) --- */
/* Appends to `holds` for each of these whose page, the last about the alert, does not go at once: {who, contact?,
 * why, until?}; until: at the latest. */
void pages_hold(struct pager *pager, struct ledger_tx *tx, struct subject subject,
                const GPtrArray *tellings, json_t *holds);

/* --- one attempt at a time to one address (address_work.c) --- */
/* When what is under way to where that person's contact sends counts as slow, so that what waits for it goes to the
 * next contact as well. Unset: nothing is under way there. */
NODISCARD struct utc address_slow_at(struct ledger_tx *tx, const struct contact *contact,
                                     const char *who);
/* May a mailbox wait for that delivery to end? On a database of its own, and of a delivery whose claimant is lost: yes.
 * Among several nodes only those know that this one has put to wait, for to ask costs a way to the database at each
 * settling; what another node has put to wait looks again by itself, within 15 s. */
NODISCARD bool address_is_awaited(const struct pager *pager, const struct ledger_tx *tx,
                                  int64_t delivery_id, bool is_lost);

/* --- looking again (look_work.c) --- */
/* Is this page's notification still to be sent? Fills `topic` in either case, to be cleared, and when the page was
 * made. The page may have been moved to somebody else on the way. */
NODISCARD bool notification_is_wanted(struct pager *pager, struct ledger_tx *tx,
                                      const struct notification *n, struct topic *topic,
                                      struct utc *out_paged_at);
/* The page came through a schedule where somebody else is on call now: they are paged instead. False,
 * with nothing done, when it is not so. */
NODISCARD bool page_pass_on(struct pager *pager, struct ledger_tx *tx, struct page *page,
                            const struct topic *topic);

/* --- building messages (errand_work.c) --- */
struct errand;
struct claim;
/* Addressed to the delivery's receiver, with neither items nor kind yet. */
NODISCARD struct errand *errand_new(const struct delivery *delivery, const struct contact *contact,
                                    const struct config *config, struct utc now);
/* An array of pairs that lives as long as the errand. */
struct message_pair *errand_pairs(struct errand *errand, size_t count);
/* The first ERRAND_ITEMS_MAX are listed, the others only counted. */
void errand_add(struct errand *errand, const struct config *config, const struct topic *topic);
/* Of a message about one subject: who else was paged, and who is next if nobody acknowledges. */
void errand_set_others(struct errand *errand, struct pager *pager, struct ledger_tx *tx,
                       struct subject subject, const char *receiver);
/* After that, of a page that a person asked for: it goes at once, while the message of the step may be held. */
void errand_mind_hold(struct errand *errand, struct ledger_tx *tx, struct subject subject);
/* A link to what is told, to acknowledge it: to the subject itself, or (LINK_DELIVERY, LINK_CONTACT) to all that the
 * delivery carries, or its contact. */
void errand_link_subject(struct errand *errand, const struct claim *claim, const char *who,
                         struct subject subject);
void errand_link_delivery(struct errand *errand, const struct claim *claim, const char *who,
                          int kind, int64_t delivery_id);
/* The link that was set is only to look at: there is nothing to acknowledge. */
void errand_only_look(struct errand *errand);
/* "You are told because ..." in the receiver's language. */
void errand_set_reason(struct errand *errand, struct pager *pager, struct ledger_tx *tx,
                       int64_t page_id);
/* The same for "still on it?", a test, a notice and a warning about gaps; of the latter three also what is told, from
 * what stands in the notification. */
void errand_explain(struct errand *errand, const struct config *config,
                    const struct notification *n);
/* `kind`: 'n' for a notification, 'd' for a delivery of several. */
void errand_set_id(struct errand *errand, const struct pager *pager, char kind, int64_t id);

#endif
