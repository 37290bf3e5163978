/* The ledger as one of several nodes: joining, beating, watching the others, taking and giving lanes,
 * leaving. All of it in turns like any other work, or in the look before. */
#include "base/log.h"
#include "base/metric.h"
#include "base/plant.h"
#include "ledger/ledger_private.h"
#include "ledger/node.h"

enum {
    TRIES = 4, /* of a turn that another writer got in the way of */
    /* Marks of commits so many turns ago are of writers that ended; whoever still wants to know about
     * one of its own asks within seconds. */
    MARK_TURNS = 20000000,
};

#define GONE_KEPT SPAN_D(1)
#define PRUNE_EVERY SPAN_H(1)
/* A beat rides along in any transaction from here on; from NODE_BEAT it has one of its own. */
#define BEAT_EARLIEST ((struct span){NODE_BEAT.us / 2})
/* Not oftener is the whole sharing read, however much is written. */
#define VIEW_EARLIEST SPAN_MS(100)

static void see_alive(struct ledger *ledger, int count)
{
    ledger->member.alive = count;
    metric_set(METRIC_NODES_ALIVE, count);
}

void node_init(struct ledger *ledger)
{
    CHECK(pthread_mutex_init(&ledger->member.board.mutex, NULL) == 0);
    metric_set(METRIC_NODE_LANES, ledger->is_shared ? 0 : LANE_COUNT);
    see_alive(ledger, 1);
}

void node_clear(struct ledger *ledger)
{
    (void)pthread_mutex_destroy(&ledger->member.board.mutex);
    g_free(ledger->member.name);
    g_free(ledger->member.address);
}

static bool has_joined(const struct ledger *ledger)
{
    return ledger->member.name != NULL;
}

static struct span since(const struct ledger *ledger, struct span then)
{
    return (struct span){clock_elapsed(ledger->clock).us - then.us};
}

static void hold(struct ledger *ledger, const struct lane_hold *now)
{
    ledger->member.has_gained =
        ledger->member.has_gained || (now->lanes & ~ledger->member.hold.lanes) != 0;
    ledger->member.hold = *now;
    metric_set(METRIC_NODE_LANES, lane_count(now->lanes));
}

void node_learn(struct ledger *ledger, const struct own_rows *rows, bool is_reading)
{
    if (PLANTED(ledger->planted, LEDGER_BUG_NO_FENCE) ||
        (!is_reading && PLANTED(ledger->planted, LEDGER_BUG_EARLY_FENCE))) {
        return;
    }
    ledger->member.state = rows->state;
    hold(ledger, &rows->hold);
}

void node_tell_gain(struct ledger *ledger)
{
    if (ledger->member.has_gained) {
        ledger->member.has_gained = false;
        ledger_tell(ledger); /* what is due in there was not ours to ask for */
    }
}

/* --- beats --- */

/* Somebody has to; each node does from time to time. */
static void prune(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    if (!member->has_pruned || since(ledger, member->pruned_at).us >= PRUNE_EVERY.us) {
        member->has_pruned = true;
        member->pruned_at = clock_elapsed(ledger->clock);
        struct span back = {-GONE_KEPT.us};
        node_prune(ledger->db, utc_add(clock_now(ledger->clock), back),
                   db_turn(ledger->db) - MARK_TURNS);
    }
}

/* So that it shows if events are cut off at the end: a file has its pulse for that. */
static void carry_pulse(struct ledger *ledger)
{
    bool is_due = ledger->pulse_written.us == 0 ||
                  since(ledger, ledger->pulse_written).us >= PULSE_WRITTEN_EVERY.us;
    if (!is_due) {
        return;
    }
    if (!ledger->head.is_known) {
        event_load_head(ledger->db, &ledger->head);
    }
    pulse_save(ledger->db, clock_now(ledger->clock), ledger->head.seq);
    ledger->member.is_pulsing = true;
}

void node_carry_beat(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    bool is_due = has_joined(ledger) && member->id != 0 &&
                  since(ledger, member->beaten_at).us >= BEAT_EARLIEST.us;
    if (is_due && db_error(ledger->db) == DB_OK) {
        node_beat(ledger->db, member->id);
        member->is_beating = true;
        carry_pulse(ledger);
        prune(ledger);
    }
}

void node_beaten(struct ledger *ledger)
{
    if (ledger->member.is_beating) {
        ledger->member.is_beating = false;
        ledger->member.beaten_at = clock_elapsed(ledger->clock);
    }
    if (ledger->member.is_pulsing) {
        ledger->member.is_pulsing = false;
        ledger->pulse_written = clock_elapsed(ledger->clock);
    }
}

/* --- joining and leaving --- */

static void tell(struct ledger_tx *tx, const struct event_kind *kind, int64_t node, json_t *data)
{
    event_append(tx, PRINCIPAL_TOCSIN, kind, subject_of_id("node", node), data);
    tx->ledger->is_announced = true;
}

static enum db_status try_to_join(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    struct node_info row = {.name = member->name,
                            .address = member->address,
                            .version = TOCSIN_VERSION,
                            .schema_known = db_schema_known(),
                            .started_at = tx.now};
    int64_t id = db_error(tx.db) == DB_OK ? node_insert(tx.db, &row) : 0;
    if (db_error(tx.db) == DB_OK) {
        json_auto_t *data = json_pack("{s:s, s:s*, s:s}", "name", member->name, "address",
                                      member->address, "version", TOCSIN_VERSION);
        tell(&tx, &EVENT_NODE_JOINED, id, data);
        node_forget_gone(tx.db, NODES_GONE_KEPT);
    }
    enum db_status status = ledger_finish(ledger, "join");
    if (status == DB_OK) {
        member->id = id;
        member->state = NODE_ALIVE;
        member->beaten_at = clock_elapsed(ledger->clock);
        member->watch = (struct lane_watch){0};
        member->is_view_known = false;
        hold(ledger, &(struct lane_hold){0});
        LOG_INFO("ledger", NULL, "joined the nodes of this database", "name", member->name);
    }
    return status;
}

/* Runs a turn again while others are in its way. */
static enum db_status insist(struct ledger *ledger, enum db_status (*turn)(struct ledger *ledger))
{
    enum db_status status = DB_CONFLICT;
    for (int i = 0; i < TRIES && status == DB_CONFLICT && (i == 0 || !ledger_is_cut_off(ledger));
         i++) {
        status = turn(ledger);
    }
    return status;
}

bool ledger_join(struct ledger *ledger, const char *name, const char *address, struct fault *fault)
{
    if (!ledger->is_shared) {
        return true;
    }
    CHECK(!has_joined(ledger));
    struct membership *member = &ledger->member;
    member->name = g_strdup(name);
    member->address = g_strdup(address);
    if (insist(ledger, try_to_join) == DB_OK) {
        return true;
    }
    g_clear_pointer(&member->name, g_free);
    g_clear_pointer(&member->address, g_free);
    return fault_set(fault, "", "cannot join the nodes of the database: %s",
                     db_error_text(ledger->db));
}

static enum db_status try_to_leave(struct ledger *ledger)
{
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    node_set_leaving(tx.db, ledger->member.id);
    ledger->is_announced = true;
    enum db_status status = ledger_finish(ledger, "leave");
    if (status == DB_OK) {
        ledger->member.state = NODE_LEAVING;
        hold(ledger, &(struct lane_hold){0});
    }
    return status;
}

void ledger_leave(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    if (!has_joined(ledger) || member->is_leaving) {
        return;
    }
    member->is_leaving = true;
    member->lanes_left = lane_count(member->hold.lanes);
    if (insist(ledger, try_to_leave) != DB_OK) {
        /* The others will find out by themselves. */
        LOG_WARN("ledger", NULL,
                 "could not hand over: others take this node's lanes once it is silent", "why",
                 db_error_text(ledger->db));
    }
    hold(ledger, &(struct lane_hold){0});
}

/* What the node had claimed is free again, in this transaction. */
static void tell_duties(struct ledger_tx *tx, int64_t node)
{
    GArray *duties = tx->ledger->duties;
    for (guint i = 0; i < duties->len; i++) {
        const struct ledger_duty *duty = &g_array_index(duties, struct duty_state, i).duty;
        if (duty->node_gone != NULL) {
            duty->node_gone(tx, duty->self, node);
        }
    }
}

static void go(struct ledger_tx *tx)
{
    const struct membership *member = &tx->ledger->member;
    tell_duties(tx, member->id);
    node_set_gone(tx->db, member->id, tx->now);
    json_auto_t *data = json_pack("{s:s, s:i}", "name", member->name, "lanes", member->lanes_left);
    tell(tx, &EVENT_NODE_LEFT, member->id, data);
}

static enum db_status try_to_end(struct ledger *ledger)
{
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    if (db_error(tx.db) == DB_OK && ledger->member.state != NODE_GONE) {
        go(&tx);
    }
    return ledger_finish(ledger, "end");
}

void ledger_end(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    if (!has_joined(ledger)) {
        return;
    }
    ledger_leave(ledger);
    if (insist(ledger, try_to_end) != DB_OK) {
        LOG_WARN("ledger", NULL, "could not say goodbye: others will count this node as lost",
                 "why", db_error_text(ledger->db));
    }
    g_clear_pointer(&member->name, g_free);
    g_clear_pointer(&member->address, g_free);
    member->id = 0;
    member->is_leaving = false;
}

void ledger_set_idle(struct ledger *ledger, bool is_idle)
{
    atomic_store(&ledger->member.is_idle, is_idle);
}

int64_t ledger_node(const struct ledger_tx *tx)
{
    return tx->ledger->member.id;
}

int ledger_nodes_alive(const struct ledger_tx *tx)
{
    return tx->ledger->member.alive;
}

int64_t ledger_lane_epoch(const struct ledger_tx *tx, int lane)
{
    CHECK(lane >= 0 && lane < LANE_COUNT);
    return tx->ledger->is_shared ? tx->ledger->member.hold.epochs[lane] : 1;
}

/* --- watching --- */

static void publish(struct membership *member)
{
    CHECK(pthread_mutex_lock(&member->board.mutex) == 0);
    member->board.node_count = member->watch.node_count;
    for (size_t i = 0; i < member->watch.node_count; i++) {
        member->board.nodes[i] = member->watch.nodes[i];
    }
    CHECK(pthread_mutex_unlock(&member->board.mutex) == 0);
}

bool ledger_beat_age(const struct ledger *ledger, int64_t node, struct span *out_age)
{
    /* The mutex guards what other threads read; it is no part of what const promises. */
    struct beat_board *board = &((struct ledger *)(uintptr_t)ledger)->member.board;
    int64_t now_us = clock_elapsed(ledger->clock).us;
    bool is_found = false;
    CHECK(pthread_mutex_lock(&board->mutex) == 0);
    for (size_t i = 0; i < board->node_count && !is_found; i++) {
        if (board->nodes[i].id == node) {
            *out_age = (struct span){now_us - board->nodes[i].beat_at.us};
            is_found = true;
        }
    }
    CHECK(pthread_mutex_unlock(&board->mutex) == 0);
    return is_found;
}

static int count_alive(const struct lane_view *view)
{
    int alive = 0;
    for (size_t i = 0; i < view->node_count; i++) {
        alive += view->nodes[i].state == NODE_ALIVE;
    }
    return alive;
}

void node_watch(struct ledger_tx *tx)
{
    struct ledger *ledger = tx->ledger;
    struct membership *member = &ledger->member;
    if (!has_joined(ledger) || db_error(tx->db) != DB_OK) {
        return;
    }
    bool is_same =
        member->is_view_known && ledger->news.is_known && member->view_turn == ledger->news.turn;
    if (!is_same) {
        if (member->is_view_known && since(ledger, member->viewed_at).us < VIEW_EARLIEST.us) {
            return;
        }
        lane_view_load(tx->db, &member->view);
        member->is_view_known = db_error(tx->db) == DB_OK;
        if (!member->is_view_known) {
            return;
        }
        member->view_turn = ledger->news.turn;
        member->viewed_at = clock_elapsed(ledger->clock);
        see_alive(ledger, count_alive(&member->view));
    }
    /* Where no turn was taken nobody has beaten either: that is a look, too. */
    lane_watch_look(&member->watch, &member->view, clock_elapsed(ledger->clock));
    publish(member);
}

/* --- work --- */

/* The last one that lives keeps its lanes, for whatever it can still do; as this turn finds them, for two may
 * want to go at once. */
static enum db_status idle_turn(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    struct lane_view view = {0};
    if (db_error(tx.db) == DB_OK) {
        lane_view_load(tx.db, &view);
    }
    bool is_going = db_error(tx.db) == DB_OK && count_alive(&view) > 1;
    if (is_going) {
        member->lanes_left = lane_count(member->hold.lanes);
        go(&tx);
    }
    enum db_status status = ledger_finish(ledger, "idle");
    if (status == DB_OK && is_going) {
        member->state = NODE_GONE;
        hold(ledger, &(struct lane_hold){0});
        LOG_WARN("ledger", NULL, "nothing is sent here: the other nodes take over");
    }
    return status;
}

static void bury(struct ledger_tx *tx, int64_t node, const struct lane_view *view)
{
    struct ledger *ledger = tx->ledger;
    int lanes = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        lanes += view->holders[lane] == node;
    }
    g_autofree char *name = node_name(tx->db, node);
    node_set_gone(tx->db, node, tx->now);
    if (!ledger->member.has_failed) {
        tell_duties(tx, node);
    }
    json_auto_t *data = json_pack("{s:s*, s:i}", "name", name, "lanes", lanes);
    tell(tx, &EVENT_NODE_LOST, node, data);
    LOG_WARN("ledger", NULL, "a node is silent and counts as lost", "name", name);
}

static void do_verdict(struct ledger_tx *tx, const struct lane_verdict *verdict,
                       const struct lane_view *view)
{
    struct ledger *ledger = tx->ledger;
    for (size_t i = 0; i < verdict->dead_count; i++) {
        bury(tx, verdict->dead[i], view);
    }
    if (verdict->give != 0) {
        lane_give(tx->db, ledger->member.id, verdict->give);
    }
    if (verdict->take != 0) {
        lane_take(tx->db, ledger->member.id, verdict->take);
    }
    ledger->is_announced = ledger->is_announced || !lane_verdict_is_empty(verdict);
}

/* What is to be done is judged again by what stands there in this turn. */
static enum db_status work_turn(struct ledger *ledger)
{
    struct membership *member = &ledger->member;
    struct ledger_tx tx = ledger_begin(ledger, clock_now(ledger->clock));
    struct lane_view view;
    struct lane_verdict verdict = {0};
    struct own_rows rows = {0};
    if (db_error(tx.db) == DB_OK) {
        lane_view_load(tx.db, &view);
        lane_judge(&member->watch, &view, member->id, clock_elapsed(ledger->clock), &verdict);
        do_verdict(&tx, &verdict, &view);
        own_rows_load(tx.db, member->id, &rows);
    }
    enum db_status status = ledger_finish(ledger, "node");
    if (status == DB_OK) {
        metric_add(METRIC_NODE_TAKEOVERS, (int64_t)verdict.dead_count);
        hold(ledger, &rows.hold);
        member->state = rows.state;
        member->has_failed = false;
        member->is_view_known = false; /* it has changed, and is worth a look at once */
        node_tell_gain(ledger);
    } else if (status == DB_CONSTRAINT || status == DB_FAILED) {
        member->has_failed = true; /* the lanes matter more than what a duty makes of them */
    }
    return status;
}

static enum db_status beat_turn(struct ledger *ledger)
{
    return ledger_touch(ledger, "beat"); /* carries it */
}

static bool is_judged_idle(const struct ledger *ledger)
{
    const struct membership *member = &ledger->member;
    struct lane_verdict verdict;
    if (!member->is_view_known) {
        return true;
    }
    lane_judge(&member->watch, &member->view, member->id, clock_elapsed(ledger->clock), &verdict);
    return lane_verdict_is_empty(&verdict);
}

/* By the last view, so that the last one that lives asks for no turns. */
static bool is_useless(const struct membership *member)
{
    return atomic_load(&member->is_idle) && member->alive > 1;
}

void node_work(struct ledger *ledger)
{
    const struct membership *member = &ledger->member;
    if (!has_joined(ledger)) {
        return;
    }
    if (member->state == NODE_GONE && atomic_load(&member->is_idle)) {
        return; /* until somebody sends here again */
    }
    if (member->state == NODE_GONE && !member->is_leaving) {
        LOG_WARN("ledger", NULL, "this node was counted as lost, and joins anew", "name",
                 member->name);
        (void)insist(ledger, try_to_join);
    } else if (member->state == NODE_ALIVE && member->is_leaving) {
        (void)insist(ledger, try_to_leave); /* could not be written then */
    } else if (member->state == NODE_ALIVE && is_useless(member)) {
        (void)insist(ledger, idle_turn);
    } else if (!is_judged_idle(ledger)) {
        (void)insist(ledger, work_turn);
    } else if (since(ledger, member->beaten_at).us >= NODE_BEAT.us) {
        (void)insist(ledger, beat_turn);
    }
}
