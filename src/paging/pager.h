/* paging/pager.h - the commands of paging: take a signal, acknowledge, resolve, escalate, page …
 *
 * They run inside the ledger's transaction (see ledger/ledger.h) and may be used by any door: API,
 * signed link, integration, command line. Each appends to the event log; alert, escalation, pages
 * and notifications change in the same commit. */
#ifndef PAGING_PAGER_H
#define PAGING_PAGER_H

#include "alert/alert.h"
#include "base/principal.h"
#include "base/subject.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "oncall/policy.h"

struct pager;
struct topic_kind;

/* The secret by which links are signed; every server makes it at its first start on a database. */
#define PAGER_LINK_SECRET "link"

/* Holds what paging needs beside the database; the snapshot is re-read from `configs` per command. */
NODISCARD struct pager *pager_create(struct config_holder *configs, const struct random *random);
void pager_destroy(struct pager **pager);

/* What pages: a row of paging/topic.h, which outlives the pager. Before the first command. */
void pager_add_topics(struct pager *pager, const struct topic_kind *kind);

/* Begins to page about a subject that is open, by the policy that its row names: inside the command of its noun that
 * wrote it. One that is over, or paged about already, is left as it is. False: there is no such subject (or an error, see
 * db_error). */
NODISCARD bool pager_page_about(struct pager *pager, struct ledger_tx *tx, struct subject subject);

/* Registers the duties (escalations, personal rules, expiries, heartbeats, gaps ahead), and listens to changes of the
 * configuration: in the commit that brings it a new heartbeat is expected from then on, and a contact that failed is
 * open when its address changed. Before the first batch. */
void pager_attach(struct pager *pager, struct ledger *ledger);

/* The first command after start, before anything else: makes or reads the key of signed links, and
 * takes back the deliveries that were under way when the last process ended. arg is the pager. */
enum command_result pager_recover(struct ledger_tx *tx, void *arg);

struct pulse {
    struct pager *pager;
    struct span
        overdue; /* how long the oldest message of our lanes that is due has waited to be claimed */
};

/* Does what paging needs, for the supervisor: see ledger_pulse. arg: a struct pulse. */
enum command_result pager_pulse(struct ledger_tx *tx, void *arg);

/* LINK_KEY_SIZE bytes that sign links; after pager_recover was committed. */
const unsigned char *pager_link_key(const struct pager *pager);

/* What paging appends to the event log; NULL at the end. */
extern const struct event_kind *const PAGING_EVENTS[];

/* --- a signal comes in --- */
struct take {
    struct pager *pager;
    struct signal signal;    /* in: the command takes its texts over */
    const char *integration; /* in: name; for a heartbeat "heartbeat:NAME"; borrowed for the call */
    const char *service;     /* in: where the integration points */
    int outcome;             /* out: enum take_outcome */
    int64_t alert_id;        /* out: 0 when unknown */
    char dedup_key[260];     /* out */
};
/* A command's run function; arg is struct take *. */
enum command_result pager_take(struct ledger_tx *tx, void *arg);
/* And its foresee function. */
void pager_foresee_take(struct ledger_tx *tx, void *arg);
/* Frees what is left of the signal after the command ran or was refused. */
void take_clear(struct take *take);

/* --- a person or program acts on what it paged about --- */
enum act_verb {
    VERB_ACKNOWLEDGE = 1,
    VERB_RESOLVE,
    VERB_ESCALATE, /* the next step, now */
    VERB_SNOOZE,   /* until `until`; then it pages again from the first step */
    VERB_PAGE,     /* tell `target` too, now */
};

/* Nobody remembers what sleeps longer; what is to be quiet for good is resolved, or its like suppressed by a route. */
#define SNOOZE_LONGEST_US (INT64_C(30) * 86400 * 1000000)

struct act {
    struct pager *pager;
    int verb;
    struct subject subject;
    int64_t delivery_id; /* of pager_act_on_delivery, instead of `subject` */
    struct principal actor;
    const struct target *target; /* VERB_PAGE */
    struct utc until;            /* VERB_SNOOZE */
    const char *note;            /* may be NULL */
    json_t *
        holds; /* VERB_PAGE: an array for what does not go at once, [{who, contact?, why, until?}]; may be
                         * NULL */
    int status;         /* out: HTTP-like: 200 done, 404 no such subject, 409 not possible now */
    struct fault fault; /* out: why, when not 200 */
};
enum command_result pager_act(struct ledger_tx *tx, void *arg);

/* The same for all that one digest told of. Done when one of them was. */
enum command_result pager_act_on_delivery(struct ledger_tx *tx, void *arg);

/* --- a person says that a test page arrived --- */
struct verify {
    struct pager *pager;
    int64_t delivery_id;
    const char *user; /* who says so: must be whom it went to */
    int status;
    struct fault fault;
};
enum command_result pager_verify(struct ledger_tx *tx, void *arg);

/* --- a test page to one contact of one person, to all of them (contact NULL), or to a channel --- */
struct test_page {
    struct pager *pager;
    const char *user; /* NULL: it goes to */
    const char *channel;
    const char *contact;
    struct principal actor;
    int status;
    struct fault fault;
};
enum command_result pager_test(struct ledger_tx *tx, void *arg);

/* --- a person leaves: what they have not answered goes to others now --- */
struct reassign {
    struct pager *pager;
    struct config *config; /* to judge by: as it will be after this commit; borrowed */
    const char *user;
    bool dry_run; /* only count */
    int count;    /* out: subjects whose pages went on */
};

/* Inside another command. A page through a schedule goes to whoever is on call there by now, any other
 * to the next step of its policy. What is acknowledged stays with whoever did that. */
void pager_reassign(struct ledger_tx *tx, struct reassign *reassign);

/* --- a heartbeat was heard --- */
struct beat {
    struct pager *pager;
    const char *heartbeat; /* name */
    int status;
};
enum command_result pager_beat(struct ledger_tx *tx, void *arg);

#endif
