/* What goes wrong among several nodes that share one database. */
#include "config/config_work.h"
#include "ledger/ledger_private.h"
#include "sim/eye_store.h"
#include "sim/world_private.h"

/* How a node falls in the middle of its work, see falls_in. */
enum { FALL_DEAD = 1, FALL_FROZEN, FALL_WAITING };

/* --- nodes fall and come back --- */

static void come_back(void *arg)
{
    struct node *node = arg;
    node_disturb(node, GRACE_FAULT);
    if (node->world->options.plant == PLANT_LOST_TIMERS) {
        process_forget_timers(node);
    }
    bool is_started = !node_is_cut_off(node) && process_start(node);
    world_tell(node->world, node, is_started ? "starts" : "cannot start");
    if (!is_started) {
        world_at(node->world, SPAN_S(1), come_back, node);
    }
}

static struct span time_away(struct world *world)
{
    return chance_of(&world->chance, 75) ? chance_span(&world->chance, SPAN_MS(500), SPAN_S(20))
                                         : chance_span(&world->chance, SPAN_S(20), SPAN_MIN(10));
}

static void die(struct node *node)
{
    node_disturb(node, GRACE_FAULT);
    world_tell(node->world, node, "dies");
    process_crash(node, false);
    world_at(node->world, time_away(node->world), come_back, node);
}

static void fall_asleep(struct node *node)
{
    world_count(node->world, COUNT_FREEZES);
    world_tell(node->world, node, "freezes");
    node_disturb(node, GRACE_FAULT);
    node->is_frozen = true;
    agenda_hold(node->world->agenda, node->epoch);
}

static void wake(void *arg)
{
    struct node *node = arg;
    node->is_frozen = false;
    world_tell(node->world, node, "wakes");
    node_disturb(node, GRACE_FAULT);
    agenda_release(node->world->agenda, node->epoch, node->world->elapsed);
}

static struct span time_asleep(struct world *world)
{
    return chance_of(&world->chance, 60) ? chance_span(&world->chance, SPAN_S(1), SPAN_S(10))
                                         : chance_span(&world->chance, SPAN_S(10), SPAN_MIN(10));
}

static void freeze(struct node *node)
{
    fall_asleep(node);
    process_at(node, time_asleep(node->world), wake, NULL, node);
}

/* Something is due in a lane that the node believes to hold, and nobody has done it yet: the worst
 * moment to wake with old ideas. */
static bool is_worst_moment(const struct node *node)
{
    struct eye_due due;
    eye_next_due(node->world->eye, &due);
    return !utc_before(world_now(node->world).wall, due.at) &&
           lane_is_in(node->ledger->member.hold.lanes, (int)due.lane);
}

/* The node is stopped while it waits for its turn; the others go on. */
static void freeze_here(struct node *node)
{
    struct world *world = node->world;
    bool waits_for_work = chance_of(&world->chance, 70);
    int64_t least_us = world->elapsed.us + time_asleep(world).us;
    int64_t most_us = least_us + (waits_for_work ? SPAN_MIN(5).us : 0);
    fall_asleep(node);
    node->is_inside = true;
    while (world_goes_on(world) && world->elapsed.us < most_us) {
        world_move_on(world, most_us);
        if (waits_for_work && world->elapsed.us >= least_us && is_worst_moment(node)) {
            break;
        }
        world_work(world);
    }
    node->is_inside = false;
    wake(node);
}

void cluster_wait(struct node *node)
{
    bool is_place = node->is_working && (!node->freezes_in_batch || node->is_in_batch);
    if (is_place && node->freezes_in > 0 && --node->freezes_in == 0) {
        freeze_here(node);
    }
}

void cluster_fall(struct node *node)
{
    if (node->falls_how == FALL_DEAD) {
        die(node);
    } else {
        freeze(node);
    }
}

void cluster_freeze_soon(struct node *node)
{
    node->falls_in = 1;
    node->falls_how = FALL_FROZEN;
}

static void plan_to_fall(struct world *world, int how)
{
    struct node *node = world_any_node(world);
    if (node->is_frozen && how == FALL_DEAD && !node->is_inside) {
        die(node);
    } else if (process_is_awake(node) && how == FALL_WAITING) {
        node->freezes_in = (int)chance_between(&world->chance, 1, 8);
        node->freezes_in_batch = chance_of(&world->chance, 60);
        node->freezes_in = node->freezes_in_batch ? 1 : node->freezes_in;
    } else if (process_is_awake(node)) {
        node->falls_in = (int)chance_between(&world->chance, 1, 12);
        node->falls_how = how;
        if (how == FALL_DEAD && chance_of(&world->chance, 20)) {
            node->next_commit = COMMIT_IS_CUT;
        }
    }
}

static void plan_death(void *arg)
{
    struct world *world = arg;
    plan_to_fall(world, FALL_DEAD);
    world_at(world, chance_gap(&world->chance, SPAN_MIN(6)), plan_death, world);
}

static void plan_freeze(void *arg)
{
    struct world *world = arg;
    plan_to_fall(world, chance_of(&world->chance, 50) ? FALL_FROZEN : FALL_WAITING);
    world_at(world, chance_gap(&world->chance, SPAN_MIN(6)), plan_freeze, world);
}

static void end(void *arg)
{
    struct node *node = arg;
    if (node_is_cut_off(node)) {
        die(node); /* whoever stops it has no patience */
        return;
    }
    node->faults++;
    world_tell(node->world, node, "ends");
    process_end(node);
    world_at(node->world, time_away(node->world), come_back, node);
}

static void stop(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    if (process_is_awake(node) && process_is_open(node) && !node_is_cut_off(node)) {
        world_count(world, COUNT_STOPS);
        node_disturb(node, GRACE_STOP);
        world_tell(world, node, "leaves");
        process_leave(node);
        process_at(node, chance_span(&world->chance, SPAN_MS(10), SPAN_S(8)), end, NULL, node);
    }
    world_at(world, chance_gap(&world->chance, SPAN_MIN(8)), stop, world);
}

/* --- the configuration changes at one node --- */

struct change {
    struct apply_config apply; /* first: the command's argument is the change itself */
    struct world *world;
    json_t *document;
};

static void change_answered(void *arg, enum command_outcome outcome)
{
    struct change *change = arg;
    struct world *world = change->world;
    config_command_answered(change, outcome);
    CHECK(outcome != OUTCOME_COMMITTED || change->apply.base.status == 200);
    if (world->change == CHANGE_SENT && outcome != OUTCOME_COMMITTED) {
        world->change = outcome == OUTCOME_UNCERTAIN ? CHANGE_LOST : CHANGE_NONE;
    }
    apply_config_clear(&change->apply);
    json_decref(change->document);
    g_free(change);
}

/* A rotation is moved on by one turn. */
static void turn_rotation(struct world *world)
{
    int last = world->scene.schedule_count - 1;
    world->next_scene = world->scene;
    struct scene_layer *layer =
        &world->next_scene.schedules[chance_between(&world->chance, 0, last)].layers[0];
    layer->start_s -= layer->turn_s;
}

/* What got no answer is tried again, at any node. */
static void change_config(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    world_at(world, chance_gap(&world->chance, SPAN_MIN(15)), change_config, world);
    if (world->change == CHANGE_SENT || !process_is_open(node)) {
        return;
    }
    if (world->change == CHANGE_NONE) {
        turn_rotation(world);
    }
    world->change = CHANGE_SENT;
    struct change *change = g_new0(struct change, 1);
    change->world = world;
    change->document = world_document(world, &world->next_scene);
    change->apply = (struct apply_config){
        .base = {.configs = node->configs, .actor = PRINCIPAL_HERE}, .document = change->document};
    const struct command command = {
        .run = apply_config_run, .answer = change_answered, .arg = change};
    CHECK(process_submit(node, command));
}

/* --- from start to end --- */

static void skew_clock(struct world *world, struct node *node)
{
    node->skew.us = chance_between(&world->chance, -SPAN_H(1).us, SPAN_H(1).us);
    node->drift_ppm = chance_between(&world->chance, -100, 100);
}

void cluster_start(struct world *world)
{
    struct fault fault = {0};
    static void (*const TROUBLES[])(void *) = {plan_death, plan_freeze, stop, change_config};
    skew_clock(world, &world->nodes[0]);
    CHECK(process_start(&world->nodes[0]));
    world->eye = db_open(world->where, DB_READ_ONLY, &fault);
    CHECK(world->eye != NULL);
    world->inspector = inspector_create(world->auditor, world->eye);
    for (int i = 1; i < world->node_count; i++) {
        skew_clock(world, &world->nodes[i]);
        CHECK(process_start(&world->nodes[i]));
    }
    inspector_disturbed(world->inspector, GRACE_FAULT, world_now(world));
    senders_start(world);
    network_start(world);
    for (size_t i = 0; i < G_N_ELEMENTS(TROUBLES); i++) {
        world_at(world, chance_span(&world->chance, SPAN_S(20), SPAN_MIN(10)), TROUBLES[i], world);
    }
}

static bool is_able(const struct world *world)
{
    for (int i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (process_is_awake(node) && process_is_open(node) && !node_is_cut_off(node)) {
            return true;
        }
    }
    return false;
}

void cluster_look(struct world *world)
{
    struct moment now = world_now(world);
    history_check_new(world, world->eye);
    world->report->counts[COUNT_MOVES] += inspector_look(world->inspector, is_able(world), now);
    auditor_look(world->auditor, inspector_is_calm(world->inspector, now), now);
}

void cluster_end(struct world *world)
{
    history_check_answered(world, world->eye);
    inspector_end(world->inspector, world_now(world));
}
