#include "base/log.h"
#include "base/metric.h"
#include "ledger/ledger_private.h"

#include <string.h>

struct ledger *ledger_create(struct db *db, const struct clock *clock, const struct random *random)
{
    struct ledger *ledger = g_new0(struct ledger, 1);
    ledger->db = db;
    ledger->machine = clock;
    ledger->random = random;
    ledger->duties = g_array_new(FALSE, TRUE, sizeof(struct duty_state));
    ledger->listeners = g_array_new(FALSE, TRUE, sizeof(struct ledger_listener));
    ledger->witnesses = g_array_new(FALSE, TRUE, sizeof(struct ledger_witness));
    ledger->subscribers = g_array_new(FALSE, TRUE, sizeof(struct ledger_subscriber));
    ledger->is_shared = db_is_shared(db);
    ledger->schema_known = db_schema_known();
    cluster_clock_init(&ledger->cluster, clock);
    ledger->clock = ledger->is_shared ? &ledger->cluster.clock : clock;
    atomic_init(&ledger->door, LEDGER_OPEN);
    CHECK(pthread_mutex_init(&ledger->why.mutex, NULL) == 0);
    CHECK(pthread_mutex_init(&ledger->damage.mutex, NULL) == 0);
    node_init(ledger);
    metric_set(METRIC_DATABASE_UP, 1);
    if (!ledger->is_shared) {
        ledger_see_clocks(ledger);
        return ledger;
    }
    /* The common clock is wanted before the first transaction. If it cannot be read now, it will be
     * learnt by the first look that succeeds. */
    struct ledger_tx tx = ledger_look(ledger, clock_now(ledger->clock));
    db_rollback(tx.db);
    news_forget(ledger);
    return ledger;
}

void ledger_destroy(struct ledger **ledger)
{
    if (*ledger == NULL) {
        return;
    }
    g_array_unref((*ledger)->duties);
    g_array_unref((*ledger)->listeners);
    g_array_unref((*ledger)->witnesses);
    g_array_unref((*ledger)->subscribers);
    g_clear_pointer(&(*ledger)->kinds, g_hash_table_unref);
    node_clear(*ledger);
    (void)pthread_mutex_destroy(&(*ledger)->why.mutex);
    (void)pthread_mutex_destroy(&(*ledger)->damage.mutex);
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

void ledger_add_witness(struct ledger *ledger, struct ledger_witness witness)
{
    g_array_append_val(ledger->witnesses, witness);
}

void ledger_subscribe(struct ledger *ledger, struct ledger_subscriber subscriber)
{
    g_array_append_val(ledger->subscribers, subscriber);
}

void ledger_judge_events(struct ledger *ledger)
{
    ledger->judges_data = true;
}

static void add_kinds(struct ledger *ledger, const struct event_kind *const *kinds)
{
    for (size_t i = 0; kinds[i] != NULL; i++) {
        bool is_new = g_hash_table_insert(ledger->kinds, (gpointer)(uintptr_t)kinds[i]->name,
                                          (gpointer)(uintptr_t)kinds[i]);
        CHECK(is_new); /* a name stands for one kind */
    }
}

void ledger_add_events(struct ledger *ledger, const struct event_kind *const *kinds)
{
    if (ledger->kinds == NULL) {
        ledger->kinds = g_hash_table_new(g_str_hash, g_str_equal);
        add_kinds(ledger, LEDGER_EVENTS);
    }
    add_kinds(ledger, kinds);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct event_kind *const *left = a;
    const struct event_kind *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

GPtrArray *event_kinds(const struct ledger *ledger)
{
    GPtrArray *kinds = g_ptr_array_new();
    GHashTableIter iter;
    gpointer kind;
    if (ledger->kinds != NULL) {
        g_hash_table_iter_init(&iter, ledger->kinds);
        while (g_hash_table_iter_next(&iter, NULL, &kind)) {
            g_ptr_array_add(kinds, kind);
        }
    }
    g_ptr_array_sort(kinds, by_name);
    return kinds;
}

const struct event_kind *event_kind_of(const struct ledger *ledger, const char *name)
{
    return ledger->kinds == NULL ? NULL : g_hash_table_lookup(ledger->kinds, name);
}

bool ledger_hold_room(struct ledger *ledger)
{
    return ledger->room == 0 || db_hold_room(ledger->db, ledger->room);
}

/* A log that was moved into the file has its own room again. */
static bool make_room(struct ledger *ledger)
{
    db_tidy(ledger->db, true);
    return ledger_hold_room(ledger);
}

void ledger_tidy(struct ledger *ledger)
{
    if (ledger_is_writable(ledger) && !db_is_in_place(ledger->db)) {
        damage_met(ledger,
                   "the database or its log was removed, moved or replaced while the server "
                   "runs: the next start would not find what is written now");
    }
    if (ledger_is_writable(ledger) && !ledger_hold_room(ledger) && !make_room(ledger)) {
        ledger_close_door(ledger, LEDGER_FULL, "the disk has no more than what is kept for paging");
    }
    db_tidy(ledger->db, ledger_door(ledger) == LEDGER_FULL);
}

void ledger_keep_room(struct ledger *ledger, int64_t bytes)
{
    ledger->room = bytes;
    ledger_tidy(ledger);
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

const struct clock *ledger_clock(const struct ledger *ledger)
{
    return ledger->clock;
}

bool ledger_is_writable(const struct ledger *ledger)
{
    return atomic_load(&ledger->door) == LEDGER_OPEN;
}

enum ledger_door ledger_door(const struct ledger *ledger)
{
    return (enum ledger_door)atomic_load(&ledger->door);
}

bool ledger_is_shared(const struct ledger *ledger)
{
    return ledger->is_shared;
}

bool ledger_is_cut_off(const struct ledger *ledger)
{
    enum ledger_door door = ledger_door(ledger);
    return ledger->is_shared &&
           (door == LEDGER_DOWN || door == LEDGER_UNCERTAIN || door == LEDGER_OUTDATED);
}

struct span ledger_closed_for(const struct ledger *ledger)
{
    if (ledger_is_writable(ledger)) {
        return (struct span){0};
    }
    return (struct span){clock_elapsed(ledger->clock).us - atomic_load(&ledger->closed_since_us)};
}

char *ledger_closed_why(const struct ledger *ledger)
{
    if (ledger_is_writable(ledger)) {
        return NULL;
    }
    struct closed_why *why = (struct closed_why *)(uintptr_t)&ledger->why; /* the lock changes */
    CHECK(pthread_mutex_lock(&why->mutex) == 0);
    char *text = g_strdup(why->text);
    CHECK(pthread_mutex_unlock(&why->mutex) == 0);
    return text;
}

void ledger_publish_why(struct ledger *ledger, const char *text)
{
    CHECK(pthread_mutex_lock(&ledger->why.mutex) == 0);
    (void)g_strlcpy(ledger->why.text, text, sizeof(ledger->why.text));
    CHECK(pthread_mutex_unlock(&ledger->why.mutex) == 0);
}

/* Instant and reason go before the door: whoever sees it closed must not find the last time's. Only
 * this thread changes any of them. */
static void set_door(struct ledger *ledger, enum ledger_door door, const char *why)
{
    ledger_publish_why(ledger, why);
    if (ledger_is_writable(ledger)) {
        atomic_store(&ledger->closed_since_us, clock_elapsed(ledger->clock).us);
    }
    atomic_store(&ledger->door, door);
}

/* A full disk of one's own has room kept for what goes on; without a shared database nothing does. */
static const char *words_for(const struct ledger *ledger, enum ledger_door door)
{
    if (door == LEDGER_DAMAGED) {
        return "the database cannot be relied on: new alerts are refused, and accepted ones may "
               "not "
               "page; `tocsin doctor` says more";
    }
    if (!ledger->is_shared) {
        return "cannot write: new alerts are refused, accepted ones go on";
    }
    return door == LEDGER_FULL
               ? "the database takes no writes: new alerts are refused, and nothing is paged by "
                 "this "
                 "node until it does"
               : "the database cannot be reached: new alerts are refused, and nothing is paged by "
                 "this node until it is back";
}

static void tell_closed(const struct ledger *ledger, enum ledger_door door, const char *why)
{
    LOG_ERROR("ledger", NULL, words_for(ledger, door), "why", why);
}

void ledger_close_door(struct ledger *ledger, enum ledger_door door, const char *why)
{
    /* Damage of our own file stays until it was looked at, whatever else is wrong with it. */
    if (ledger_door(ledger) == LEDGER_DAMAGED && (door == LEDGER_DAMAGED || !ledger->is_shared)) {
        return;
    }
    metric_set(METRIC_DATABASE_UP, door != LEDGER_DOWN && door != LEDGER_UNCERTAIN);
    if (door == LEDGER_OUTDATED) {
        metric_set(METRIC_NODE_LANES, 0); /* it works none, and others take them */
    }
    if (door == LEDGER_OUTDATED && ledger_door(ledger) != LEDGER_OUTDATED) {
        LOG_ERROR("ledger", NULL, "this program is too old for the database: it does nothing more",
                  "why", why);
    } else if (ledger_is_writable(ledger) || door == LEDGER_DAMAGED) {
        tell_closed(ledger, door, why);
    }
    set_door(ledger, door, why);
}

/* --- one transaction --- */

static struct ledger_tx begin(struct ledger *ledger, struct utc now, bool is_reading)
{
    ledger->attempts++;
    struct ledger_tx tx = {ledger, ledger->db, now, LANES_ALL, NULL};
    struct span before = clock_elapsed(ledger->machine);
    ledger->is_announced = false;
    ledger->begun_at = before;
    if (is_reading) {
        db_begin_read(ledger->db);
    } else {
        db_begin(ledger->db);
    }
    ledger->head_before = ledger->head;
    if (ledger->is_shared) {
        news_learn(&tx, before, is_reading);
    }
    return tx;
}

int64_t ledger_attempt(const struct ledger_tx *tx)
{
    return tx->ledger->attempts;
}

struct ledger_tx ledger_begin(struct ledger *ledger, struct utc now)
{
    return begin(ledger, now, false);
}

struct ledger_tx ledger_look(struct ledger *ledger, struct utc now)
{
    return begin(ledger, now, true);
}

/* A turn that does not come is no neighbour who was a little faster: whoever holds it has lost its
 * standbys, or hangs. */
static bool is_stuck(const struct ledger *ledger, enum db_status status)
{
    return status == DB_CONFLICT &&
           clock_elapsed(ledger->clock).us - ledger->begun_at.us >= SPAN_S(1).us;
}

static void undo(struct ledger *ledger, enum db_status status, const char *what)
{
    ledger->head = ledger->head_before;
    ledger->member.is_beating = false;
    /* What was read in it is lost with it as well, if it was read for the first time. */
    if (ledger->news.is_fresh || (status != DB_CONSTRAINT && status != DB_FAILED)) {
        news_forget(ledger);
    }
    ledger->news.is_doubtful = ledger->news.is_doubtful || status == DB_FAILED;
    const char *why = db_error_text(ledger->db);
    if (status == DB_UNCERTAIN) {
        ledger_close_door(ledger, LEDGER_UNCERTAIN, why);
    } else if (status == DB_FULL) {
        ledger_close_door(ledger, LEDGER_FULL, why);
    } else if (status == DB_DAMAGED) {
        damage_met(ledger, why);
    } else if (status == DB_DOWN || is_stuck(ledger, status)) {
        ledger_close_door(ledger, ledger->is_outdated ? LEDGER_OUTDATED : LEDGER_DOWN, why);
    } else if (status != DB_CONFLICT) {
        LOG_ERROR("ledger", NULL, "transaction failed", "what", what, "why", why);
    }
}

static void tell_listeners(struct ledger *ledger, int64_t last_seq)
{
    ledger->news.heard_seq = last_seq;
    ledger->news.is_unheard = false;
    for (guint i = 0; i < ledger->listeners->len; i++) {
        struct ledger_listener listener =
            g_array_index(ledger->listeners, struct ledger_listener, i);
        listener.committed(listener.self, last_seq);
    }
}

void ledger_tell(struct ledger *ledger)
{
    bool is_unheard = ledger->news.is_unheard;
    tell_listeners(ledger, ledger->news.heard_seq);
    ledger->news.is_unheard = is_unheard;
}

/* What became of a commit whose answer was lost. Nobody new is let in to wait while that is found
 * out; when it cannot be, the door stays closed as of now. */
static enum db_status resolve(struct ledger *ledger)
{
    enum ledger_door door = ledger_door(ledger);
    g_autofree char *why = ledger_closed_why(ledger);
    set_door(ledger, LEDGER_UNCERTAIN, db_error_text(ledger->db));
    enum db_status status = news_resolve(ledger);
    if (status != DB_UNCERTAIN) {
        set_door(ledger, door, why != NULL ? why : "");
    } else if (door == LEDGER_OPEN) {
        tell_closed(ledger, LEDGER_UNCERTAIN, db_error_text(ledger->db));
    }
    ledger->begun_at = clock_elapsed(ledger->clock); /* what was waited for is over */
    return status;
}

static enum db_status commit(struct ledger *ledger, bool has_events)
{
    if (ledger->is_shared) {
        node_carry_beat(ledger);
        if (has_events || ledger->is_announced) {
            db_announce(ledger->db);
        }
    }
    struct span before = clock_elapsed(ledger->clock);
    enum db_status status = db_commit(ledger->db);
    metric_observe(HISTOGRAM_COMMIT, (struct span){clock_elapsed(ledger->clock).us - before.us});
    bool is_sure = status != DB_UNCERTAIN;
    if (!is_sure && ledger->is_shared) {
        status = resolve(ledger);
    }
    metric_add(status == DB_OK ? METRIC_COMMITS : METRIC_COMMIT_FAILURES, 1);
    if (status == DB_OK && ledger->is_shared) {
        metric_set(METRIC_DATABASE_UP, 1);
        node_beaten(ledger);
        news_committed(ledger);
    }
    if (!is_sure) {
        news_forget(ledger); /* others may have written before it was found out */
    }
    return status;
}

enum db_status ledger_finish(struct ledger *ledger, const char *what)
{
    bool has_events = ledger->head.seq > ledger->head_before.seq;
    enum db_status status = commit(ledger, has_events);
    if (status != DB_OK) {
        undo(ledger, status, what);
    } else if (has_events) {
        tell_listeners(ledger, ledger->head.seq);
    }
    return status;
}

enum db_status ledger_touch(struct ledger *ledger, const char *what)
{
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    CHECK(tx.ledger == ledger);
    return ledger_finish(ledger, what);
}

void ledger_drop(struct ledger *ledger, const char *what)
{
    if (db_error(ledger->db) != DB_OK) {
        ledger_abort(ledger, what);
    } else {
        db_rollback(ledger->db);
        ledger->head = ledger->head_before;
    }
}

void ledger_abort(struct ledger *ledger, const char *what)
{
    db_rollback(ledger->db);
    undo(ledger, db_error(ledger->db), what);
}

bool ledger_end_look(struct ledger *ledger)
{
    bool is_unheard = ledger->is_shared && ledger->news.is_unheard;
    int64_t last_seq = is_unheard ? event_last_seq(ledger->db) : 0;
    enum db_status status = db_commit(ledger->db);
    if (status != DB_OK && ledger->is_shared) {
        undo(ledger, status, "look");
    }
    if (status != DB_OK) {
        return false;
    }
    /* Less than was heard: a server that failed had shown what it had not passed on yet. */
    if (is_unheard && last_seq != ledger->news.heard_seq) {
        tell_listeners(ledger, last_seq);
    }
    ledger->news.is_unheard = ledger->news.is_unheard && !is_unheard;
    node_tell_gain(ledger);
    return true;
}
