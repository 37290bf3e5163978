/* What becomes due by itself: duties, the clock, and the way back from a full disk. */
#include "base/log.h"
#include "base/metric.h"
#include "base/plant.h"
#include "ledger/ledger_private.h"

enum {
    DUTY_SUBJECTS = 100,        /* in one transaction: some milliseconds */
    DUTY_SUBJECTS_SHARED = 250, /* where a transaction waits for its turn and for a standby */
    TICK_ROUNDS = 8, /* transactions of each duty in one tick; then commands have their turn */
};

#define RETRY_WAIT SPAN_S(1)
/* A tick that took this long is over even if there is more: somebody waits to be answered. */
#define TICK_MOST SPAN_MS(5)
/* Even with nothing due a node looks this often whether others wrote, and whether they live. */
#define LOOK_MOST SPAN_MS(250)
/* So that each deadline is seen by several looks before it comes. */
#define ASKED_AHEAD SPAN_S(2)

/* Writing is tried where it is needed next: the room for paging first, then an event that tells the end. */
static void try_to_reopen(struct ledger *ledger)
{
    if (!damage_is_over(ledger) || !ledger_hold_room(ledger)) {
        return;
    }
    struct span closed = ledger_closed_for(ledger);
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    json_auto_t *data = json_pack("{s:I}", "closed_us", (json_int_t)closed.us);
    event_append(&tx, PRINCIPAL_TOCSIN, &EVENT_LEDGER_REOPENED, subject_only("ledger"), data);
    if (ledger_finish(ledger, "reopen") == DB_OK) {
        atomic_store(&ledger->door, LEDGER_OPEN);
        metric_set(METRIC_DATABASE_UP, 1);
        metric_set(METRIC_DATABASE_DAMAGED, 0);
        char text[UTC_TEXT_SIZE];
        span_format(closed, text);
        LOG_INFO("ledger", NULL, "writing works again: alerts are accepted", "closed_for", text);
    }
}

/* Runs the first subject alone after a failure, to get past the healthy ones and find the bad. */
static int run_due(const struct duty_state *state, struct ledger_tx *tx)
{
    int most = db_is_shared(tx->db) ? DUTY_SUBJECTS_SHARED : DUTY_SUBJECTS;
    return state->duty.run_due(tx, state->duty.self, state->is_failing ? 1 : most);
}

static bool put_off(struct ledger *ledger, const struct duty_state *state, struct utc now)
{
    if (state->duty.put_off == NULL) {
        return false;
    }
    struct ledger_tx tx = ledger_begin(ledger, now);
    state->duty.put_off(&tx, state->duty.self, SPAN_MIN(1));
    LOG_ERROR("ledger", NULL, "a subject is put off, it cannot be worked", "duty",
              state->duty.name);
    return ledger_finish(ledger, state->duty.name) == DB_OK;
}

/* Answers when to come again. */
static struct utc fail_duty(struct ledger *ledger, struct duty_state *state, enum db_status status,
                            struct utc now)
{
    if (status == DB_CONFLICT) {
        return now; /* nothing was wrong with the subject; the tick's rounds are the bound */
    }
    bool is_poisoned = status == DB_CONSTRAINT || status == DB_FAILED || status == DB_DAMAGED;
    if (is_poisoned && (!state->is_failing || put_off(ledger, state, now))) {
        state->is_failing = true;
        return now;
    }
    damage_strike(ledger, &state->strikes, state->duty.name, status);
    state->quiet_until = (struct span){clock_elapsed(ledger->clock).us + RETRY_WAIT.us};
    return utc_add(now, RETRY_WAIT);
}

static struct utc run_duty(struct ledger *ledger, struct duty_state *state, struct utc now)
{
    struct span quiet = {state->quiet_until.us - clock_elapsed(ledger->clock).us};
    if (quiet.us > 0) {
        return utc_add(now, quiet);
    }
    struct ledger_tx tx = ledger_begin(ledger, now);
    struct utc next = state->duty.next_at(&tx, state->duty.self);
    if (db_error(tx.db) == DB_OK && utc_before(tx.now, next)) {
        ledger_drop(ledger, state->duty.name);
        state->is_failing = false;
        state->strikes = 0;
        return next;
    }
    int done = db_error(tx.db) == DB_OK ? run_due(state, &tx) : 0;
    enum db_status status = ledger_finish(ledger, state->duty.name);
    if (status != DB_OK) {
        return fail_duty(ledger, state, status, now);
    }
    state->strikes = 0;
    if (done <= 0) {
        /* Due and yet nothing to do is a bug of the duty; it must not spin. */
        LOG_ERROR("ledger", NULL, "a duty is due but does nothing", "duty", state->duty.name);
        state->quiet_until = (struct span){clock_elapsed(ledger->clock).us + RETRY_WAIT.us};
        return utc_add(now, RETRY_WAIT);
    }
    return now;
}

static void ask_each(struct ledger *ledger, struct ledger_tx *tx)
{
    for (guint i = 0; i < ledger->duties->len; i++) {
        struct duty_state *state = &g_array_index(ledger->duties, struct duty_state, i);
        state->next_at = state->duty.next_at(tx, state->duty.self);
    }
}

/* Asks all duties in one transaction that only reads: mostly nothing is due, and one for each would
 * cost more than many alerts. On a shared database this is the look at what others wrote, too. When
 * the asking fails all count as due, and each meets the failure by itself; but not where nothing can
 * be reached: then false. */
static bool ask_duties(struct ledger *ledger, struct utc now)
{
    struct ledger_tx tx = ledger_look(ledger, now);
    if (db_ask_ahead(tx.db)) {
        ask_each(ledger, &tx);
        db_ask_ahead_end(tx.db);
    }
    ask_each(ledger, &tx);
    if (ledger->is_shared) {
        node_watch(&tx);
    }
    if (ledger_end_look(ledger)) {
        return true;
    }
    for (guint i = 0; i < ledger->duties->len; i++) {
        g_array_index(ledger->duties, struct duty_state, i).next_at = now;
    }
    return !ledger_is_cut_off(ledger);
}

/* One transaction of each duty that is due. Answers the earliest instant to come again. */
static struct utc run_duties(struct ledger *ledger, struct utc now)
{
    if (!ask_duties(ledger, now)) {
        return utc_add(now, RETRY_WAIT);
    }
    /* A shared database's look has an instant of its own, and what is due just then is due. */
    now = clock_now(ledger->clock);
    if (ledger->is_shared) {
        if (news_has_jump(ledger)) {
            /* No deadline may be judged before it is moved, which the begin of any turn does. */
            return ledger_touch(ledger, "clock jump") == DB_OK ? now : utc_add(now, RETRY_WAIT);
        }
        node_work(ledger);
    }
    struct utc next = UTC_NEVER;
    for (guint i = 0; i < ledger->duties->len && !ledger_is_cut_off(ledger); i++) {
        struct duty_state *state = &g_array_index(ledger->duties, struct duty_state, i);
        if (utc_before(now, state->next_at)) {
            state->is_failing = false;
            state->strikes = 0;
        } else {
            state->next_at = run_duty(ledger, state, now);
        }
        next = utc_earlier(next, state->next_at);
    }
    return ledger_is_cut_off(ledger) ? utc_add(now, RETRY_WAIT)
                                     : next; /* each would wait in vain */
}

void ledger_be_alone(struct ledger *ledger)
{
    ledger->is_alone = true;
}

struct utc ledger_asked_until(const struct ledger_tx *tx)
{
    bool is_whole = tx->lanes == LANES_ALL || tx->ledger->is_alone;
    return is_whole ? UTC_NEVER : utc_add(tx->now, ASKED_AHEAD);
}

/* When to look again at the latest. */
static struct utc bound(const struct ledger *ledger, struct utc next)
{
    struct utc now = clock_now(ledger->clock); /* may have been set right meanwhile */
    if (ledger->is_shared && !ledger->is_alone &&
        !PLANTED(ledger->planted, LEDGER_BUG_LOST_WAKE_UP)) {
        next = utc_earlier(next, utc_add(now, LOOK_MOST));
    }
    return ledger_is_writable(ledger) ? next : utc_earlier(next, utc_add(now, RETRY_WAIT));
}

struct utc ledger_tick(struct ledger *ledger)
{
    damage_hear(ledger);
    if (!ledger_is_writable(ledger)) {
        try_to_reopen(ledger);
    }
    struct utc now = clock_now(ledger->clock);
    if (ledger_is_cut_off(ledger) || !ledger_notice_clock(ledger)) {
        return utc_add(now, RETRY_WAIT);
    }
    struct utc next = now;
    struct span until = {clock_elapsed(ledger->clock).us + TICK_MOST.us};
    for (int round = 0; round < TICK_ROUNDS && !utc_before(clock_now(ledger->clock), next) &&
                        clock_elapsed(ledger->clock).us < until.us;
         round++) {
        next = run_duties(ledger, clock_now(ledger->clock));
    }
    ledger_tidy(ledger);
    return bound(ledger, next);
}
