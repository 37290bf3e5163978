/* paging/paging_harness.h - for tests: a server without threads, whose clock stands until it is moved. */
#ifndef PAGING_PAGING_HARNESS_H
#define PAGING_PAGING_HARNESS_H

#include "db/memory_vfs.h"
#include "paging/errand.h"
#include "paging/work.h"

struct paging {
    struct utc now;
    struct span jumped; /* of that: what the wall clock was set by */
    struct clock clock;
    struct memory_disk *disk;
    char *where;
    bool is_node; /* from the next start on: joins the nodes of a shared database */
    struct db *db;
    struct config_holder *configs;
    struct ledger *ledger;
    struct pager *pager;
    struct utc started_at; /* what the sender says of the next signals; unset: nothing */
    bool is_repeated;      /* they come from a sender that repeats what goes on and what is over */
    GPtrArray *errands;    /* of struct errand: claimed and not settled, in order */
};

/* 2026-01-05T10:00:00Z, a Monday. */
extern const struct utc PAGING_START;

/* What a test of a higher floor brings: all kinds that are configured, and what is called at each start, before the first
 * batch. */
extern const struct config_kind *const *paging_kinds;
extern void (*paging_more)(struct paging *paging);

/* `document`: the configuration as JSON text; single quotes stand for double ones. */
void paging_open(struct paging *paging, const char *document);
void paging_close(struct paging *paging);
/* The same from a database of an older version: of so many steps, with these rows in it. */
void paging_open_older(struct paging *paging, const char *document, size_t steps, const char *rows);
/* The same as set-up and tear-down of a test, whose state is then the struct paging. */
int paging_start(void **state, const char *document);
int paging_finish(void **state);
/* Applies more of it. */
void paging_apply(struct paging *paging, const char *document);
/* Ends the process and starts it again. */
void paging_restart(struct paging *paging);

/* Moves the clock on and runs what is due on the way, at its own instant, and claims. */
void paging_pass(struct paging *paging, struct span span);

/* The wall clock is set, which the ledger notices. */
void paging_jump(struct paging *paging, struct span by);

/* Answers the alert's id, 0 when none. Claims. */
int64_t paging_signal(struct paging *paging, int action, const char *key, int severity);
/* The same of another service than "shop". */
int64_t paging_signal_of(struct paging *paging, const char *service, int action, const char *key,
                         int severity);
/* Answers the status. */
int paging_act(struct paging *paging, int verb, int64_t alert_id, const char *actor);
int paging_act_saying(struct paging *paging, int verb, int64_t alert_id, const char *actor,
                      const char *note);
int paging_page(struct paging *paging, int64_t alert_id, const char *user);
int paging_page_saying(struct paging *paging, int64_t alert_id, const char *user, const char *note);
/* Anybody; `holds` as of struct act. */
int paging_page_asking(struct paging *paging, int64_t alert_id, const struct target *target,
                       json_t *holds);
int paging_snooze(struct paging *paging, int64_t alert_id, struct span span);

/* Takes the oldest errand, settles it so, and answers "who contact: what", newly allocated; NULL when
 * there is none. `what` is the kind and the number of alerts: "page 1", "digest 5", "ended 1 into ID", "swap.asked 1". */
NODISCARD char *paging_settle(struct paging *paging, int send_state);
NODISCARD char *paging_settle_with(struct paging *paging, const struct send_result *result);
/* The same for SEND_RETRY, with what the provider asked for. */
NODISCARD char *paging_settle_later(struct paging *paging, struct span retry_after);
/* Settles as delivered all that there is and answers their lines joined by "; ". */
NODISCARD char *paging_messages(struct paging *paging);

/* The oldest errand. */
NODISCARD const struct errand *paging_first(const struct paging *paging);

/* Settles it with the provider's id, and fails the test unless its line is this ("": there is none). */
void paging_settle_by(struct paging *paging, int send_state, const char *id, const char *expected);
/* paging_settle and paging_messages, and fail the test unless they answer this. */
void paging_settle_as(struct paging *paging, int send_state, const char *expected);
void paging_expect(struct paging *paging, const char *expected);

/* So many errors one after the other, each answered before the next: ana is told of the first three at once, the
 * rest is held back. */
void paging_burst(struct paging *paging, const char *prefix, int count);

/* How many events of that kind the alert has. */
NODISCARD int paging_events(struct paging *paging, int64_t alert_id, const char *kind);

#endif
