#include "retention/retention_work.h"

#include "ledger/checkpoint.h"
#include "retention/archive_duty.h"
#include "source/payload.h"

/* After a start, for others have more to do then; between two runs; after a step that failed. */
#define FIRST_AFTER SPAN_MIN(1)
#define RUN_EVERY SPAN_H(1)
/* While nothing can be written but what pages people. */
#define WAIT_FOR_ROOM SPAN_MIN(1)
/* A step ends after this, for a batch may wait behind it. */
#define STEP_MOST SPAN_MS(5)
/* Whoever writes out wakes the ledger; this is in case that was missed. */
#define LOOK_AGAIN SPAN_MIN(10)

/* Of one step. What it dirties is synced, and moved into the file, while alerts wait. */
enum {
    ROWS_MOST = 32,
};

/* So much room that nothing is in stays in the file, for what comes next: else it would shrink and grow in turns. One part
 * in so many of the file, and this at least. */
enum { SPACE_SHARE = 8 };

static const int64_t SPACE_LEAST = 8388608;

struct retention_work {
    struct config_holder *configs;
    const struct clock
        *clock; /* its elapsed time is the one that steps and rests are measured by */
    struct payload_book *payloads;
    bool is_running;
    enum retention_sort sort; /* of a run that goes on */
    struct retention_cursor cursor;
    struct span due;       /* elapsed time of the next step */
    struct span begun;     /* of the last step … */
    bool has_stepped;      /* … after which there was no rest yet */
    struct span judged;    /* when judged_at was moved on; 0: not by this node */
    struct span forgotten; /* when the memory of payloads is to be looked at again */
    bool has_missed;       /* the last look found no judged_at */
    struct archive_duty archived;
};

/* --- when --- */

static struct span after(struct span at, struct span by)
{
    return (struct span){at.us + by.us};
}

static void rest(struct retention_work *work, struct span elapsed)
{
    struct span took = {elapsed.us - work->begun.us}; /* with its commit */
    struct span until = after(elapsed, retention_rest(took));
    work->due.us = MAX(work->due.us, until.us);
    work->has_stepped = false;
}

static void stop_run(struct retention_work *work)
{
    work->is_running = false;
    archive_duty_cancel(&work->archived);
}

/* Each node remembers payloads for itself. */
static void forget_payloads(struct ledger_tx *tx, struct retention_work *work, struct span elapsed)
{
    if (work->payloads == NULL || elapsed.us < work->forgotten.us) {
        return;
    }
    struct retention_state state;
    retention_state_load(tx->db, &state);
    if (!utc_is_set(state.judged_at)) {
        /* Twice, for while a database is asked ahead there is no answer yet; then not at every tick. */
        bool is_sure = work->has_missed;
        work->has_missed = !is_sure;
        work->forgotten = is_sure ? after(elapsed, FIRST_AFTER) : elapsed;
    } else {
        struct config *config = config_current(work->configs);
        struct span kept = retention_of(config)->payloads;
        work->forgotten = after(elapsed, RUN_EVERY);
        payload_book_forget(work->payloads, retention_horizon(state.judged_at, tx->now, kept));
        config_unref(config);
    }
}

struct utc retention_next_at(struct ledger_tx *tx, void *self)
{
    struct retention_work *work = self;
    struct span elapsed = clock_elapsed(work->clock);
    forget_payloads(tx, work, elapsed);
    if (!lane_is_in(tx->lanes, LANE_HOUSE)) {
        stop_run(work); /* another node goes on with it */
        work->judged = (struct span){0};
        return UTC_NEVER;
    }
    if (work->has_stepped) {
        rest(work, elapsed);
    }
    if (!ledger_is_writable(tx->ledger)) {
        work->due.us = MAX(work->due.us, after(elapsed, WAIT_FOR_ROOM).us);
    }
    if (work->is_running && archive_duty_waits(&work->archived)) {
        return utc_add(tx->now, LOOK_AGAIN);
    }
    struct span left = {work->due.us - elapsed.us};
    return left.us <= 0 ? tx->now : utc_add(tx->now, left);
}

static void put_off(struct ledger_tx *tx, void *self, struct span by)
{
    struct retention_work *work = self;
    (void)tx;
    (void)by; /* what could not be deleted for years may stay for another hour */
    stop_run(work);
    work->due = after(clock_elapsed(work->clock), RUN_EVERY);
}

/* --- a step --- */

static struct span kept_for(const struct retention *retention, enum retention_sort sort)
{
    switch (sort) {
    case SORT_ALERTS:
    case SORT_SUPPRESSED:
        return retention->alerts;
    case SORT_EVENTS:
        return retention->events;
    case SORT_PAYLOADS:
        return retention->payloads;
    case SORT_DELIVERIES:
    case SORT_NOTICES:
    case SORT_SPACE:
    case SORT_END:
        break;
    }
    return retention->deliveries;
}

static int64_t *counter(struct retention_state *state, enum retention_sort sort)
{
    switch (sort) {
    case SORT_ALERTS:
    case SORT_SUPPRESSED:
        return &state->alerts;
    case SORT_DELIVERIES:
        return &state->deliveries;
    case SORT_NOTICES:
    case SORT_EVENTS:
    case SORT_PAYLOADS:
    case SORT_SPACE:
    case SORT_END:
        break;
    }
    return &state->notices;
}

static bool has_time(const void *self)
{
    const struct retention_work *work = self;
    return clock_elapsed(work->clock).us < work->begun.us + STEP_MOST.us;
}

/* All of the next take what it is about: what is old, since when, and what is known of it. */
struct retention_step {
    struct ledger_tx *tx;
    struct retention_work *work;
    struct retention_state *state;
    struct utc before; /* what was over before that is old */
    int limit;
};

/* True when there may be more of this sort. */
static bool work_sort(const struct retention_step *step)
{
    struct retention_work *work = step->work;
    struct retention_candidate found[ROWS_MOST];
    size_t max = (size_t)CLAMP(step->limit, 1, ROWS_MOST);
    size_t count =
        retention_find(step->tx->db, work->sort, step->before, &work->cursor, found, max);
    size_t i = 0;
    for (; i < count && (i == 0 || has_time(work)); i++) {
        work->cursor = (struct retention_cursor){found[i].over_at, found[i].id};
        if (retention_may_go(&found[i], step->before)) {
            retention_delete(step->tx->db, work->sort, found[i].id);
            *counter(step->state, work->sort) += 1;
        }
    }
    return i < count || count == max;
}

/* Events up to that number at most; answers the last one that is gone, 0: none. `out_more`: so may be those after it. */
static int64_t forget_events(const struct retention_step *step, int64_t most, bool *out_more)
{
    struct retention_event oldest[RETENTION_EVENTS_MOST];
    size_t max = step->limit == 1 ? RETENTION_EVENTS_LEAST : RETENTION_EVENTS_MOST;
    size_t count = retention_first_events(step->tx->db, oldest, max);
    int64_t needed = retention_needed_seq(step->tx->db);
    needed = most < needed ? most + 1 : needed;
    *out_more = false;
    int64_t last = retention_prefix(oldest, count, needed, step->before, step->tx->now);
    if (last == 0 || last - oldest[0].seq + 1 < RETENTION_EVENTS_LEAST) {
        return 0;
    }
    int64_t gone = event_forget(step->tx, last);
    step->state->events += gone;
    *out_more = gone > 0 && last == oldest[count - 1].seq;
    return gone > 0 ? last : 0;
}

static bool work_events(const struct retention_step *step)
{
    bool has_more;
    return forget_events(step, INT64_MAX, &has_more) > 0 && has_more;
}

static bool work_payloads(const struct retention_step *step)
{
    step->state->payloads += retention_delete_payloads(step->tx->db, step->before);
    return false;
}

/* Of events that were written out. True when there are more in the list; where none may go the list ends all the same, for
 * what nothing comes of is not to be written out without end. */
static bool work_listed_events(const struct retention_step *step)
{
    struct archive_list *list = step->work->archived.list;
    bool has_more;
    int64_t last = forget_events(step, list->reached.id, &has_more);
    list->is_end = list->is_end || last == 0;
    return last > 0 && last < list->reached.id;
}

/* What was written out, of any sort. True when there may be more. */
static bool work_list(const struct retention_step *step)
{
    struct archive_duty *archived = &step->work->archived;
    enum retention_sort sort = step->work->sort;
    if (archived->list == NULL) {
        const struct archive_ask ask = {.sort = sort, .before = step->before, .now = step->tx->now};
        archive_duty_want(archived, &ask);
        return true;
    }
    bool is_used_up = true;
    if (sort == SORT_EVENTS) {
        is_used_up = !work_listed_events(step);
    } else if (sort == SORT_PAYLOADS) {
        step->state->payloads += archive_duty_delete_payloads(step->tx, archived, step->before);
    } else {
        int max = CLAMP(step->limit, 1, ROWS_MOST);
        *counter(step->state, sort) +=
            archive_duty_delete(step->tx, archived, step->before, max, has_time, step->work);
        is_used_up = archive_duty_is_used_up(archived);
    }
    return !is_used_up || archive_duty_go_on(archived, step->before, step->tx->now);
}

/* The same of the file. */
static bool work_space(const struct retention_step *step)
{
    struct db *db = step->tx->db;
    struct db_space space;
    if (!db_space(db, &space) || !space.can_shrink) {
        return false;
    }
    int64_t reserve = MAX(space.bytes / SPACE_SHARE, SPACE_LEAST);
    int64_t given;
    do {
        given = db_give_back(db, reserve);
    } while (given > 0 && has_time(step->work));
    return given > 0;
}

/* True when there may be more of the sort that is worked. */
static bool work_step(const struct retention_step *step)
{
    enum retention_sort sort = step->work->sort;
    if (sort < SORT_SPACE && archive_duty_is_on(&step->work->archived)) {
        return work_list(step);
    }
    switch (sort) {
    case SORT_EVENTS:
        return work_events(step);
    case SORT_PAYLOADS:
        return work_payloads(step);
    case SORT_SPACE:
        return work_space(step);
    case SORT_ALERTS:
    case SORT_SUPPRESSED:
    case SORT_DELIVERIES:
    case SORT_NOTICES:
    case SORT_END:
        break;
    }
    return work_sort(step);
}

static void begin(struct ledger_tx *tx, struct retention_work *work, struct retention_state *state)
{
    bool goes_on =
        utc_before(state->ended_at, state->begun_at); /* another one's, or before a restart */
    if (!goes_on) {
        *state = (struct retention_state){
            .judged_at = state->judged_at, .begun_at = tx->now, .ended_at = state->ended_at};
    }
    work->is_running = true;
    work->sort = SORT_ALERTS;
    work->cursor = (struct retention_cursor){0};
}

static void end(struct ledger_tx *tx, struct retention_work *work, struct retention_state *state)
{
    state->ended_at = utc_later(tx->now, state->begun_at);
    work->is_running = false;
    work->due = after(work->begun, RUN_EVERY);
    if (state->alerts + state->deliveries + state->notices + state->payloads + state->events > 0) {
        json_auto_t *data = json_pack(
            "{s:I, s:I, s:I, s:I, s:I}", "alerts", (json_int_t)state->alerts, "deliveries",
            (json_int_t)state->deliveries, "notices", (json_int_t)state->notices, "payloads",
            (json_int_t)state->payloads, "events", (json_int_t)state->events);
        event_append(tx, PRINCIPAL_TOCSIN, &EVENT_RETENTION_RAN, subject_only("retention"), data);
    }
}

static void judge_time(const struct ledger_tx *tx, struct retention_work *work,
                       struct retention_state *state)
{
    bool is_known = work->judged.us != 0;
    struct span passed = {is_known ? work->begun.us - work->judged.us : 0};
    state->judged_at = retention_clock(state->judged_at, tx->now, passed);
    work->judged = work->begun;
}

/* A step of a run. */
static void run_on(struct ledger_tx *tx, struct retention_work *work, struct retention_state *state,
                   int limit)
{
    struct config *config = config_current(work->configs);
    struct span kept = kept_for(retention_of(config), work->sort);
    const struct retention_step step = {tx, work, state,
                                        retention_horizon(state->judged_at, tx->now, kept), limit};
    if (work->sort != SORT_END && !work_step(&step)) {
        work->sort++;
        work->cursor = (struct retention_cursor){0};
    }
    if (work->sort == SORT_END) {
        end(tx, work, state);
    }
    config_unref(config);
}

int retention_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct retention_work *work = self;
    struct retention_state state;
    work->begun = clock_elapsed(work->clock);
    work->has_stepped = true;
    retention_state_load(tx->db, &state);
    judge_time(tx, work, &state);
    archive_duty_note(tx, &work->archived);
    if (!work->is_running && !archive_duty_permits(tx, &work->archived)) {
        work->due = after(work->begun, RUN_EVERY);
    } else if (!archive_duty_has_none(&work->archived)) {
        if (!work->is_running) {
            begin(tx, work, &state);
        }
        run_on(tx, work, &state, limit);
    }
    retention_state_save(tx->db, &state);
    return 1;
}

/* --- the rest --- */

struct retention_work *retention_work_create(struct config_holder *configs,
                                             const struct clock *clock,
                                             struct payload_book *payloads, struct archive *archive)
{
    struct retention_work *work = g_new0(struct retention_work, 1);
    *work = (struct retention_work){
        .configs = configs, .clock = clock, .payloads = payloads, .archived = {.archive = archive}};
    work->due = after(clock_elapsed(clock), FIRST_AFTER);
    return work;
}

void retention_work_destroy(struct retention_work **work)
{
    if (*work != NULL) {
        archive_duty_cancel(&(*work)->archived);
        g_clear_pointer(work, g_free);
    }
}

void retention_work_attach(struct retention_work *work, struct ledger *ledger)
{
    ledger_add_duty(ledger, (struct ledger_duty){.name = "retention",
                                                 .next_at = retention_next_at,
                                                 .run_due = retention_run_due,
                                                 .put_off = put_off,
                                                 .self = work});
}
