#include "paging/courier.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "paging/errand.h"

enum { FLIGHT_MAX = 256, RENEWALS_MAX = 64 };

/* A refused or unavailable ledger is asked again this much later. */
#define ASK_AGAIN SPAN_S(1)

enum ask_state { ASK_IDLE = 1, ASK_ASKED, ASK_ANSWERED };

/* Its own part of the courier: a command's argument must know the way back. */
struct renewer {
    struct renew renew; /* first: the command's argument is this */
    struct courier *courier;
    struct span not_before; /* elapsed; the ledger could not keep it just now */
};

struct courier {
    struct claim claim; /* first: the claim command's argument is the courier itself */
    struct courier_options options;
    GHashTable
        *flights; /* delivery id -> struct courier_flight *: claimed here and not settled yet */
    unsigned in_flight;   /* attempts handed to the sender and not yet home */
    GQueue unsettled;     /* of struct courier_flight: home, but their settling was not taken yet */
    struct utc settle_at; /* not before then: the ledger could not keep them just now */
    struct utc ask_at;    /* earliest next claim when nothing wakes us */
    struct span asked;    /* elapsed, when the claim under way was asked for */
    bool is_unsure;       /* an earlier claim was perhaps kept: see struct claim */
    bool is_retired;      /* see courier_retire */
    struct renewer renewer;
    atomic_bool is_woken;
    /* Between the ledger's thread and ours: */
    pthread_mutex_t lock;

    enum ask_state claim_state, renew_state;
    enum command_outcome claim_outcome, renew_outcome;
    GQueue settled; /* of struct courier_flight whose settle command was answered */
};

/* One attempt on its way out and its result on the way home. */
struct courier_flight {
    struct settle settle; /* first: the command's argument is the flight itself */
    struct courier *courier;
    struct errand *errand;
    struct span claimed;  /* elapsed; not after the claim was committed */
    struct span renew_at; /* elapsed */
    bool is_home;         /* it is only its settling that is still waited for */
    bool is_told_of;      /* it is slow, and the next contact was told */
    enum command_outcome outcome;
};

struct courier *courier_create(const struct courier_options *options)
{
    struct courier *courier = g_new0(struct courier, 1);
    courier->options = *options;
    if (courier->options.flight_max == 0) {
        courier->options.flight_max = FLIGHT_MAX;
    }
    courier->claim.pager = options->pager;
    courier->claim.public_url = options->public_url;
    courier->claim_state = ASK_IDLE;
    courier->renew_state = ASK_IDLE;
    courier->renewer.courier = courier;
    courier->renewer.renew.pager = options->pager;
    courier->renewer.renew.renewals = g_array_new(FALSE, FALSE, sizeof(struct renewal));
    CHECK(pthread_mutex_init(&courier->lock, NULL) == 0);
    courier->flights = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, NULL);
    g_queue_init(&courier->unsettled);
    g_queue_init(&courier->settled);
    atomic_init(&courier->is_woken, true);
    return courier;
}

static void flight_free(struct courier_flight *flight)
{
    g_hash_table_remove(flight->courier->flights, &flight->settle.delivery_id);
    errand_free(flight->errand);
    g_free(flight);
}

static void forget_held(struct courier *courier)
{
    g_clear_pointer(&courier->claim.held, g_array_unref);
}

void courier_destroy(struct courier **courier)
{
    struct courier *c = *courier;
    if (c == NULL) {
        return;
    }
    for (struct courier_flight *f = g_queue_pop_head(&c->settled); f != NULL;
         f = g_queue_pop_head(&c->settled)) {
        flight_free(f);
    }
    for (struct courier_flight *f = g_queue_pop_head(&c->unsettled); f != NULL;
         f = g_queue_pop_head(&c->unsettled)) {
        flight_free(f);
    }
    g_clear_pointer(&c->claim.errands, g_ptr_array_unref);
    forget_held(c);
    g_array_unref(c->renewer.renew.renewals);
    g_hash_table_unref(c->flights);
    pthread_mutex_destroy(&c->lock);
    g_free(c);
    *courier = NULL;
}

void courier_wake(struct courier *courier)
{
    atomic_store(&courier->is_woken, true);
    courier->options.wake(courier->options.wake_self);
}

/* --- the result comes home --- */

static void settle_answered(void *arg, enum command_outcome outcome)
{
    struct courier_flight *flight = arg;
    struct courier *courier = flight->courier;
    flight->outcome = outcome;
    pthread_mutex_lock(&courier->lock);
    g_queue_push_tail(&courier->settled, flight);
    pthread_mutex_unlock(&courier->lock);
    courier->options.wake(courier->options.wake_self);
}

static void submit_settle(struct courier *courier, struct courier_flight *flight)
{
    flight->is_home = true;
    const struct command command = {.run = pager_settle, .answer = settle_answered, .arg = flight};
    if (!courier->options.submit(courier->options.submit_self, command)) {
        g_queue_push_tail(&courier->unsettled, flight);
    }
}

static void came_home(void *self, const struct send_result *result)
{
    struct courier_flight *flight = self;
    struct courier *courier = flight->courier;
    flight->settle.result = *result;
    courier->in_flight--;
    submit_settle(courier, flight);
}

/* Others took over while this node was away: whoever reads of a page that came twice finds it here. */
static void tell_stale(const struct courier_flight *flight)
{
    if (flight->settle.is_stale) {
        char delivery[32];
        g_snprintf(delivery, sizeof delivery, "%" G_GINT64_FORMAT, flight->settle.delivery_id);
        LOG_WARN("courier", NULL, "the outcome of a delivery came too late and was not recorded",
                 "delivery", delivery, "detail", flight->settle.result.detail);
    }
}

/* Results that the ledger could not keep (full disk) are brought again. */
static void collect_settled(struct courier *courier, struct utc now)
{
    GQueue answered = G_QUEUE_INIT;
    pthread_mutex_lock(&courier->lock);
    answered = courier->settled;
    g_queue_init(&courier->settled);
    pthread_mutex_unlock(&courier->lock);
    for (struct courier_flight *f = g_queue_pop_head(&answered); f != NULL;
         f = g_queue_pop_head(&answered)) {
        bool is_kept = f->outcome == OUTCOME_COMMITTED || f->outcome == OUTCOME_REFUSED;
        if (is_kept) {
            tell_stale(f);
            flight_free(f);
        } else {
            g_queue_push_tail(&courier->unsettled, f);
            courier->settle_at = utc_add(now, ASK_AGAIN);
        }
    }
}

static void submit_unsettled(struct courier *courier, struct utc now)
{
    if (utc_before(now, courier->settle_at)) {
        return;
    }
    for (guint left = courier->unsettled.length; left > 0; left--) {
        submit_settle(courier, g_queue_pop_head(&courier->unsettled));
    }
}

/* --- out --- */

static struct span elapsed_now(const struct courier *courier)
{
    const struct clock *clock = courier->options.clock;
    return clock != NULL ? clock_elapsed(clock) : (struct span){0};
}

bool courier_still_wants(struct courier *courier, int64_t delivery_id)
{
    const struct courier_options *options = &courier->options;
    struct courier_flight *flight = g_hash_table_lookup(courier->flights, &delivery_id);
    CHECK(flight != NULL);
    enum wanted wanted = options->still_wanted != NULL
                             ? options->still_wanted(options->still_wanted_self, delivery_id)
                             : WANTED_YES;
    if (wanted == WANTED_UNKNOWN) {
        bool is_fresh = elapsed_now(courier).us - flight->claimed.us < CLAIM_FRESH.us;
        flight->settle.is_unstarted = !is_fresh;
        return is_fresh;
    }
    flight->settle.is_cancelled = wanted == WANTED_NO;
    return wanted == WANTED_YES;
}

static void start_flight(struct courier *courier, struct errand *errand)
{
    struct courier_flight *flight = g_new0(struct courier_flight, 1);
    flight->courier = courier;
    flight->errand = errand;
    flight->claimed = courier->asked;
    flight->renew_at.us = courier->asked.us + ATTEMPT_SLOW.us;
    flight->settle.pager = courier->options.pager;
    flight->settle.delivery_id = errand->delivery_id;
    flight->settle.node = errand->node;
    flight->settle.is_update = errand->message.update_id != NULL;
    (void)g_hash_table_insert(courier->flights, &flight->settle.delivery_id, flight);
    const struct courier_options *options = &courier->options;
    if (courier->is_retired) {
        flight->settle.is_unstarted = true;
        g_strlcpy(flight->settle.result.detail, "not started: the server was stopped",
                  sizeof flight->settle.result.detail);
    }
    if (courier->is_retired || !courier_still_wants(courier, errand->delivery_id)) {
        submit_settle(courier, flight);
        return;
    }
    courier->in_flight++;
    options->sender.send(options->sender.self, &errand->address, &errand->message, came_home,
                         flight);
}

static void claim_answered(void *arg, enum command_outcome outcome)
{
    struct courier *courier = arg;
    pthread_mutex_lock(&courier->lock);
    courier->claim_state = ASK_ANSWERED;
    courier->claim_outcome = outcome;
    pthread_mutex_unlock(&courier->lock);
    courier->options.wake(courier->options.wake_self);
}

/* Takes what a claim brought and starts it. */
static void collect_claim(struct courier *courier, struct utc now)
{
    pthread_mutex_lock(&courier->lock);
    bool is_answered = courier->claim_state == ASK_ANSWERED;
    enum command_outcome outcome = courier->claim_outcome;
    if (is_answered) {
        courier->claim_state = ASK_IDLE;
    }
    pthread_mutex_unlock(&courier->lock);
    if (!is_answered) {
        return;
    }
    g_autoptr(GPtrArray) errands = g_steal_pointer(&courier->claim.errands);
    forget_held(courier);
    courier->is_unsure =
        outcome != OUTCOME_COMMITTED && (courier->is_unsure || outcome == OUTCOME_UNCERTAIN);
    if (outcome != OUTCOME_COMMITTED) {
        courier->ask_at = utc_add(now, ASK_AGAIN);
        return;
    }
    courier->ask_at = courier->claim.next_at;
    while (errands != NULL && errands->len > 0) {
        start_flight(courier, g_ptr_array_steal_index(errands, 0));
    }
}

static bool is_asked(struct courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    bool asked = courier->claim_state != ASK_IDLE;
    pthread_mutex_unlock(&courier->lock);
    return asked;
}

/* After a claim of which nothing is known: what this node holds for certain. */
static GArray *held_here(const struct courier *courier)
{
    GArray *held = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    gpointer id = NULL;
    g_hash_table_iter_init(&iter, courier->flights);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        g_array_append_vals(held, id, 1);
    }
    return held;
}

static void ask(struct courier *courier, struct utc now)
{
    courier->claim.max = courier->options.flight_max - courier->in_flight;
    courier->claim.held = courier->is_unsure ? held_here(courier) : NULL;
    courier->asked = elapsed_now(courier);
    pthread_mutex_lock(&courier->lock);
    courier->claim_state = ASK_ASKED;
    pthread_mutex_unlock(&courier->lock);
    const struct command command = {
        .run = pager_claim, .answer = claim_answered, .arg = courier, .vital = VITAL_CLAIM};
    if (!courier->options.submit(courier->options.submit_self, command)) {
        pthread_mutex_lock(&courier->lock);
        courier->claim_state = ASK_IDLE;
        pthread_mutex_unlock(&courier->lock);
        forget_held(courier);
        courier->ask_at = utc_add(now, ASK_AGAIN);
    }
}

/* --- attempts that take their time --- */

static void renew_answered(void *arg, enum command_outcome outcome)
{
    struct courier *courier = ((struct renewer *)arg)->courier;
    pthread_mutex_lock(&courier->lock);
    courier->renew_state = ASK_ANSWERED;
    courier->renew_outcome = outcome;
    pthread_mutex_unlock(&courier->lock);
    courier->options.wake(courier->options.wake_self);
}

static bool is_renewing(struct courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    bool asked = courier->renew_state != ASK_IDLE;
    pthread_mutex_unlock(&courier->lock);
    return asked;
}

static void note_renewed(struct courier *courier, const struct renewal *renewal, struct span at)
{
    struct courier_flight *flight = g_hash_table_lookup(courier->flights, &renewal->delivery_id);
    if (flight != NULL) {
        flight->renew_at.us = at.us + RENEW_EVERY.us;
        flight->is_told_of |= renewal->tells_next;
    }
}

static void collect_renewed(struct courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    bool is_answered = courier->renew_state == ASK_ANSWERED;
    enum command_outcome outcome = courier->renew_outcome;
    if (is_answered) {
        courier->renew_state = ASK_IDLE;
    }
    pthread_mutex_unlock(&courier->lock);
    if (!is_answered) {
        return;
    }
    struct span now = elapsed_now(courier);
    if (outcome != OUTCOME_COMMITTED && outcome != OUTCOME_REFUSED) {
        courier->renewer.not_before.us = now.us + ASK_AGAIN.us;
        return;
    }
    const GArray *renewals = courier->renewer.renew.renewals;
    for (guint i = 0; i < renewals->len; i++) {
        note_renewed(courier, &g_array_index(renewals, struct renewal, i), now);
    }
}

/* Those to renew now; answers when the next one is (elapsed), UTC_NEVER.us: none. */
static int64_t choose_slow(struct courier *courier, struct span now)
{
    GArray *renewals = courier->renewer.renew.renewals;
    GHashTableIter iter;
    gpointer value = NULL;
    int64_t next_us = UTC_NEVER.us;
    g_array_set_size(renewals, 0);
    g_hash_table_iter_init(&iter, courier->flights);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct courier_flight *flight = value;
        next_us = MIN(next_us, flight->renew_at.us);
        if (flight->renew_at.us <= now.us && renewals->len < RENEWALS_MAX) {
            const struct renewal renewal = {.delivery_id = flight->settle.delivery_id,
                                            .node = flight->settle.node,
                                            .tells_next = !flight->is_home && !flight->is_told_of};
            g_array_append_val(renewals, renewal);
        }
    }
    return MAX(next_us, courier->renewer.not_before.us);
}

static void submit_renewals(struct courier *courier, struct span now)
{
    const struct command command = {
        .run = pager_renew, .answer = renew_answered, .arg = &courier->renewer};
    pthread_mutex_lock(&courier->lock);
    courier->renew_state = ASK_ASKED;
    pthread_mutex_unlock(&courier->lock);
    if (!courier->options.submit(courier->options.submit_self, command)) {
        pthread_mutex_lock(&courier->lock);
        courier->renew_state = ASK_IDLE;
        pthread_mutex_unlock(&courier->lock);
        courier->renewer.not_before.us = now.us + ASK_AGAIN.us;
    }
}

/* Answers when to look again. */
static struct utc look_at_slow(struct courier *courier, struct utc now)
{
    collect_renewed(courier);
    if (courier->options.clock == NULL || is_renewing(courier)) {
        return UTC_NEVER;
    }
    struct span elapsed = elapsed_now(courier);
    int64_t next_us = choose_slow(courier, elapsed);
    if (next_us == UTC_NEVER.us) {
        return UTC_NEVER;
    }
    if (next_us > elapsed.us) {
        return utc_add(now, (struct span){next_us - elapsed.us});
    }
    submit_renewals(courier, elapsed);
    return utc_add(now, ASK_AGAIN);
}

void courier_retire(struct courier *courier)
{
    courier->is_retired = true;
}

bool courier_is_busy(struct courier *courier)
{
    /* What the ledger could not keep just now would be waited for in vain. */
    return is_asked(courier) || is_renewing(courier) ||
           g_hash_table_size(courier->flights) > courier->unsettled.length;
}

struct utc courier_step(struct courier *courier, struct utc now)
{
    collect_settled(courier, now);
    submit_unsettled(courier, now);
    collect_claim(courier, now);
    bool has_room = !courier->is_retired && courier->in_flight < courier->options.flight_max;
    if (has_room && !is_asked(courier)) {
        bool is_woken = atomic_exchange(&courier->is_woken, false);
        if (is_woken || !utc_before(now, courier->ask_at)) {
            courier->ask_at = UTC_NEVER;
            ask(courier, now);
        }
    }
    bool has_unsettled = courier->unsettled.length > 0;
    struct utc again = has_unsettled ? utc_add(now, ASK_AGAIN) : UTC_NEVER;
    again = utc_earlier(again, look_at_slow(courier, now));
    return is_asked(courier) || !has_room ? again : utc_earlier(courier->ask_at, again);
}
