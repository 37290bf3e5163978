#include "base/log.h"
#include "base/metric.h"
#include "ledger/clock_store.h"
#include "ledger/ledger_private.h"

/* A step of the wall clock that is too big for a clock that is being disciplined. */
#define JUMP_LEAST SPAN_S(2)

static const char *boot_of(const struct clock *clock)
{
    return clock->boot != NULL ? clock->boot(clock->self) : NULL;
}

/* What the last process of this boot saw, so that a jump while nobody looked is noticed; else now. */
static void see_clocks(struct ledger *ledger)
{
    const char *boot = boot_of(ledger->clock);
    ledger->is_clock_marked = boot == NULL || clock_mark_load(ledger->db, boot, &ledger->wall_seen,
                                                              &ledger->elapsed_seen);
    if (boot == NULL || !ledger->is_clock_marked) {
        ledger->wall_seen = clock_now(ledger->clock);
        ledger->elapsed_seen = clock_elapsed(ledger->clock);
    }
}

struct ledger *ledger_create(struct db *db, const struct clock *clock, const struct random *random)
{
    struct ledger *ledger = g_new0(struct ledger, 1);
    ledger->db = db;
    ledger->clock = clock;
    ledger->random = random;
    ledger->duties = g_array_new(FALSE, TRUE, sizeof(struct duty_state));
    ledger->listeners = g_array_new(FALSE, TRUE, sizeof(struct ledger_listener));
    see_clocks(ledger);
    atomic_init(&ledger->is_writable, true);
    return ledger;
}

void ledger_destroy(struct ledger **ledger)
{
    if (*ledger == NULL) {
        return;
    }
    g_array_unref((*ledger)->duties);
    g_array_unref((*ledger)->listeners);
    g_clear_pointer(ledger, g_free);
}

void ledger_add_duty(struct ledger *ledger, struct ledger_duty duty)
{
    struct duty_state state = {.duty = duty};
    g_array_append_val(ledger->duties, state);
}

void ledger_add_listener(struct ledger *ledger, struct ledger_listener listener)
{
    g_array_append_val(ledger->listeners, listener);
}

void ledger_set_ballast(struct ledger *ledger, const struct ballast *ballast)
{
    ledger->ballast = ballast;
    ledger->is_ballast_held = ballast->hold(ballast->self);
    if (!ledger->is_ballast_held) {
        LOG_ERROR("ledger", NULL, "no room for the ballast: new alerts are refused until there is");
        ledger->closed_since = clock_elapsed(ledger->clock);
        atomic_store(&ledger->is_writable, false);
    }
}

const struct random *ledger_random(const struct ledger_tx *tx)
{
    return tx->ledger->random;
}

void ledger_mark_stale(struct ledger_tx *tx, enum ledger_stale what)
{
    tx->ledger->stale |= (unsigned)what;
}

bool ledger_take_stale(struct ledger *ledger, enum ledger_stale what)
{
    bool is_stale = (ledger->stale & (unsigned)what) != 0;
    ledger->stale &= ~(unsigned)what;
    return is_stale;
}

bool ledger_is_writable(const struct ledger *ledger)
{
    return atomic_load(&ledger->is_writable);
}

struct ledger_tx ledger_begin(struct ledger *ledger, struct utc now)
{
    ledger->head_before = ledger->head;
    db_begin(ledger->db);
    return (struct ledger_tx){ledger, ledger->db, now, LANES_ALL};
}

static void close_intake(struct ledger *ledger)
{
    if (atomic_exchange(&ledger->is_writable, false)) {
        ledger->closed_since = clock_elapsed(ledger->clock);
        LOG_ERROR("ledger", NULL, "cannot write: new alerts are refused, accepted ones go on",
                  "why", db_error_text(ledger->db));
    }
}

static void undo(struct ledger *ledger, enum db_status status, const char *what)
{
    ledger->head = ledger->head_before;
    if (status == DB_UNCERTAIN) {
        ledger->head.is_known = false;
    } else if (status == DB_FULL || status == DB_DOWN) {
        close_intake(ledger);
    } else {
        LOG_ERROR("ledger", NULL, "transaction failed", "what", what, "why",
                  db_error_text(ledger->db));
    }
    if (status == DB_FULL && ledger->is_ballast_held) {
        ledger->ballast->release(ledger->ballast->self);
        ledger->is_ballast_held = false;
    }
}

enum db_status ledger_finish(struct ledger *ledger, const char *what)
{
    struct span before = clock_elapsed(ledger->clock);
    enum db_status status = db_commit(ledger->db);
    metric_observe(HISTOGRAM_COMMIT, (struct span){clock_elapsed(ledger->clock).us - before.us});
    metric_add(status == DB_OK ? METRIC_COMMITS : METRIC_COMMIT_FAILURES, 1);
    if (status != DB_OK) {
        undo(ledger, status, what);
        return status;
    }
    if (ledger->head.seq > ledger->head_before.seq) {
        for (guint i = 0; i < ledger->listeners->len; i++) {
            struct ledger_listener listener =
                g_array_index(ledger->listeners, struct ledger_listener, i);
            listener.committed(listener.self, ledger->head.seq);
        }
    }
    return status;
}

void ledger_abort(struct ledger *ledger, const char *what)
{
    db_rollback(ledger->db);
    undo(ledger, db_error(ledger->db), what);
}

static enum db_status mark_clocks(struct ledger *ledger, struct utc wall, struct span elapsed)
{
    struct ledger_tx tx = ledger_begin(ledger, wall);
    clock_mark_save(tx.db, boot_of(ledger->clock), wall, elapsed);
    return ledger_finish(ledger, "clock mark");
}

static enum db_status record_jump(struct ledger *ledger, struct utc now, struct span elapsed,
                                  struct span by)
{
    struct ledger_tx tx = ledger_begin(ledger, now);
    if (boot_of(ledger->clock) != NULL) {
        clock_mark_save(tx.db, boot_of(ledger->clock), now, elapsed);
    }
    json_auto_t *data = json_pack("{s:I}", "by_us", (json_int_t)by.us);
    event_append(&tx, "tocsin", "clock.jumped", "clock", data);
    for (guint i = 0; i < ledger->duties->len; i++) {
        const struct ledger_duty *duty = &g_array_index(ledger->duties, struct duty_state, i).duty;
        if (duty->clock_jumped != NULL) {
            duty->clock_jumped(&tx, duty->self, by);
        }
    }
    return ledger_finish(ledger, "clock jump");
}

bool ledger_notice_clock(struct ledger *ledger)
{
    struct utc wall = clock_now(ledger->clock);
    struct span elapsed = clock_elapsed(ledger->clock);
    struct span by = {utc_since(wall, ledger->wall_seen).us -
                      (elapsed.us - ledger->elapsed_seen.us)};
    if (by.us > JUMP_LEAST.us || by.us < -JUMP_LEAST.us) {
        /* Not kept as seen until it is written: a failure must not lose the jump. */
        if (record_jump(ledger, wall, elapsed, by) != DB_OK) {
            return false;
        }
        char text[UTC_TEXT_SIZE];
        span_format((struct span){ABS(by.us)}, text);
        LOG_WARN("ledger", NULL, "the wall clock jumped", "way", by.us > 0 ? "forward" : "back",
                 "by", text);
    }
    ledger->wall_seen = wall;
    ledger->elapsed_seen = elapsed;
    if (!ledger->is_clock_marked) {
        ledger->is_clock_marked = mark_clocks(ledger, wall, elapsed) == DB_OK;
    }
    return true;
}

/* --- one of several nodes --- */

void ledger_add_witness(struct ledger *ledger, struct ledger_witness witness)
{
    (void)ledger;
    (void)witness;
}

bool ledger_join(struct ledger *ledger, const char *name, const char *address, struct fault *fault)
{
    (void)ledger;
    (void)name;
    (void)address;
    (void)fault;
    return true;
}

void ledger_leave(struct ledger *ledger)
{
    (void)ledger;
}

void ledger_end(struct ledger *ledger)
{
    (void)ledger;
}

int64_t ledger_node(const struct ledger_tx *tx)
{
    (void)tx;
    return 0;
}

int64_t ledger_lane_epoch(const struct ledger_tx *tx, int lane)
{
    (void)tx;
    (void)lane;
    return 0;
}

const struct clock *ledger_clock(const struct ledger *ledger)
{
    return ledger->clock;
}

bool ledger_beat_age(const struct ledger *ledger, int64_t node, struct span *out_age)
{
    (void)ledger;
    (void)node;
    (void)out_age;
    return false;
}

enum ledger_door ledger_door(const struct ledger *ledger)
{
    return ledger_is_writable(ledger) ? LEDGER_OPEN : LEDGER_DOWN;
}
