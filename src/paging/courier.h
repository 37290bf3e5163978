/* paging/courier.h - claims what is due, hands it to the sender, brings the result home.
 *
 * Driven by calls on one thread; its own thread is made in app/. Claiming and settling are commands
 * of the ledger: `submit` is queue_submit in production and direct in the simulator. */
#ifndef PAGING_COURIER_H
#define PAGING_COURIER_H

#include "channel/channel.h"
#include "paging/pager.h"

struct courier;

enum wanted {
    WANTED_YES = 1,
    WANTED_NO,
    WANTED_UNKNOWN, /* the database cannot be asked */
};

struct courier_options {
    struct pager *pager;
    struct sender sender;
    bool (*submit)(void *self, struct command command);
    void *submit_self;
    /* From any thread: courier_step has something to do (a claim was answered, work became due). */
    void (*wake)(void *self);
    void *wake_self;
    /* The last look before an attempt starts, at committed state: is the delivery still wanted? NULL:
     * always. Called on the courier's thread. */
    enum wanted (*still_wanted)(void *self, int64_t delivery_id);
    void *still_wanted_self;
    const struct clock *clock; /* the elapsed one: how old a claim is */
    const char *public_url;
    unsigned flight_max; /* attempts in flight at once; 0: 256 */
};

NODISCARD struct courier *courier_create(const struct courier_options *options);
/* Not before its sender has called home for every attempt. */
void courier_destroy(struct courier **courier);

/* Claims (unless a claim is under way or flight_max is reached) and starts what was claimed. Answers
 * when it wants to be called again without being woken. */
NODISCARD struct utc courier_step(struct courier *courier, struct utc now);

/* The last look, for a sender that made an attempt wait. When the database cannot be asked, a claim of
 * the last CLAIM_FRESH seconds stands: silence would be worse than a page too many, and no other node
 * can have taken over yet. An older one is not sent, and waits again when the database is back. On the
 * courier's thread. */
NODISCARD bool courier_still_wants(struct courier *courier, int64_t delivery_id);

#define CLAIM_FRESH SPAN_S(2)

/* An attempt that takes longer is not waited for: the person's next contact is told, once. From then on
 * its lease is renewed this often, so that no attempt is made anew while one is under way. */
#define ATTEMPT_SLOW SPAN_S(15)
#define RENEW_EVERY SPAN_S(20)

/* The server stops: nothing is claimed any more, and what an answer still under way brings is put back
 * for whoever comes after us. What is in flight comes home as before. On the courier's thread. */
void courier_retire(struct courier *courier);
/* Is there still something to step for: in flight, or an answer of the ledger that will come? */
NODISCARD bool courier_is_busy(struct courier *courier);

/* Any thread: new notifications may be due. */
void courier_wake(struct courier *courier);

#endif
