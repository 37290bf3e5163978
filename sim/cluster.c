/* What goes wrong among several nodes that share one database. */
#include "config/config_work.h"
#include "sim/world_private.h"

/* How a node falls in the middle of its work, see falls_in. */
enum { FALL_DEAD = 1, FALL_FROZEN };

static bool is_reachable(const struct node *node)
{
    return !node->is_cut && !node->world->is_database_down;
}

/* What the node has in flight is not certain any more, and whoever must act on it needs its time. */
static void disturb(struct node *node, struct span grace)
{
    node->faults++;
    inspector_disturbed(node->world->inspector, grace, world_now(node->world));
}

static void disturb_all(struct world *world)
{
    for (int i = 0; i < world->node_count; i++) {
        disturb(&world->nodes[i], GRACE_FAULT);
    }
}

/* --- the way to the database --- */

enum db_fate cluster_fate(void *self, enum db_moment moment)
{
    struct node *node = self;
    if (!is_reachable(node)) {
        return DB_LINK_CUT;
    }
    if (moment == DB_AT_COMMIT && node->lost_next != 0) {
        enum db_fate fate = (enum db_fate)node->lost_next;
        node->lost_next = 0;
        disturb(node, GRACE_FAULT);
        world_count(node->world, COUNT_LOST_ANSWERS);
        return fate;
    }
    return DB_LINK_GOOD;
}

static void lose_next(struct node *node)
{
    node->lost_next =
        chance_of(&node->world->chance, 50) ? DB_LINK_LOST_BEFORE : DB_LINK_LOST_AFTER;
}

static void lose_answer(void *arg)
{
    struct world *world = arg;
    lose_next(world_any_node(world));
    world_at(world, chance_gap(&world->chance, SPAN_MIN(3)), lose_answer, world);
}

static void heal_cut(void *arg)
{
    struct node *node = arg;
    node->is_cut = false;
    disturb(node, GRACE_FAULT);
}

static void cut(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    if (!node->is_cut) {
        struct span most = chance_of(&world->chance, 70) ? SPAN_S(10) : SPAN_MIN(5);
        node->is_cut = true;
        disturb(node, GRACE_FAULT);
        world_count(world, COUNT_CUTS);
        world_at(world, chance_span(&world->chance, SPAN_MS(100), most), heal_cut, node);
    }
    world_at(world, chance_gap(&world->chance, SPAN_MIN(8)), cut, world);
}

static void database_comes_back(void *arg)
{
    struct world *world = arg;
    world->is_database_down = false;
    disturb_all(world);
}

static void database_goes(struct world *world, struct span most)
{
    world->is_database_down = true;
    disturb_all(world);
    world_at(world, chance_span(&world->chance, SPAN_MS(200), most), database_comes_back, world);
}

static void outage(void *arg)
{
    struct world *world = arg;
    if (!world->is_database_down) {
        world_count(world, COUNT_OUTAGES);
        database_goes(world, chance_of(&world->chance, 70) ? SPAN_S(20) : SPAN_MIN(4));
    }
    world_at(world, chance_gap(&world->chance, SPAN_MIN(40)), outage, world);
}

/* The primary dies: all connections end, what was committed is on the standby, whose clock is a
 * little off. */
static void change_primary(struct world *world)
{
    memory_disk_power_off(world->disk);
    for (int i = 0; i < world->node_count; i++) {
        if (world->nodes[i].db != NULL) {
            db_hang_up(world->nodes[i].db);
        }
    }
    db_hang_up(world->eye);
    memory_disk_power_on(world->disk, &world->random);
    int64_t off_us = chance_of(&world->chance, 80) ? 300000 : 4000000;
    world->wall_base.us += chance_between(&world->chance, -off_us, off_us);
    history_check_answered(world, world->eye);
}

/* The commits under way have lost their answers; then nobody can be reached for a while. */
static void failover(void *arg)
{
    struct world *world = arg;
    world_at(world, chance_gap(&world->chance, SPAN_MIN(30)), failover, world);
    if (world->is_database_down) {
        return;
    }
    world_count(world, COUNT_FAILOVERS);
    change_primary(world);
    database_goes(world, SPAN_S(20));
}

/* Some commits are on their way when it happens. */
static void failover_comes(void *arg)
{
    struct world *world = arg;
    for (int i = 0; i < world->node_count; i++) {
        if (chance_of(&world->chance, 50)) {
            lose_next(&world->nodes[i]);
        }
    }
    world_at(world, chance_span(&world->chance, SPAN_MS(1), SPAN_MS(300)), failover, world);
}

/* --- nodes fall and come back --- */

static void come_back(void *arg)
{
    struct node *node = arg;
    disturb(node, GRACE_FAULT);
    if (!is_reachable(node) || !process_start(node)) {
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
    disturb(node, GRACE_FAULT);
    process_crash(node, false);
    world_at(node->world, time_away(node->world), come_back, node);
}

static void wake(void *arg)
{
    struct node *node = arg;
    node->is_frozen = false;
    node->woke_at = node->world->elapsed;
    disturb(node, GRACE_FAULT);
}

static void freeze(struct node *node)
{
    struct world *world = node->world;
    struct span away = chance_of(&world->chance, 60)
                           ? chance_span(&world->chance, SPAN_S(1), SPAN_S(10))
                           : chance_span(&world->chance, SPAN_S(10), SPAN_MIN(10));
    world_count(world, COUNT_FREEZES);
    disturb(node, GRACE_FAULT);
    node->is_frozen = true;
    agenda_delay(world->agenda, node->epoch, (struct span){world->elapsed.us + away.us});
    process_at(node, away, wake, NULL, node);
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
    if (process_is_awake(node)) {
        node->falls_in = (int)chance_between(&world->chance, 1, 12);
        node->falls_how = how;
        if (how == FALL_DEAD && chance_of(&world->chance, 20)) {
            lose_next(node);
        }
    } else if (node->is_frozen && how == FALL_DEAD) {
        die(node);
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
    plan_to_fall(world, FALL_FROZEN);
    world_at(world, chance_gap(&world->chance, SPAN_MIN(6)), plan_freeze, world);
}

static void end(void *arg)
{
    struct node *node = arg;
    if (!is_reachable(node)) {
        die(node); /* whoever stops it has no patience */
        return;
    }
    node->faults++;
    process_end(node);
    world_at(node->world, time_away(node->world), come_back, node);
}

static void stop(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    if (process_is_awake(node) && process_is_open(node) && is_reachable(node)) {
        world_count(world, COUNT_STOPS);
        disturb(node, GRACE_STOP);
        process_leave(node);
        process_at(node, chance_span(&world->chance, SPAN_MS(10), SPAN_S(8)), end, NULL, node);
    }
    world_at(world, chance_gap(&world->chance, SPAN_MIN(8)), stop, world);
}

/* --- other ways that are cut --- */

static void speak_again(void *arg)
{
    struct node *node = arg;
    node->is_silent = false;
}

static void fall_silent(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    if (!node->is_silent) {
        node->is_silent = true;
        world_count(world, COUNT_SILENT_NODES);
        world_at(world, chance_span(&world->chance, SPAN_S(5), SPAN_MIN(5)), speak_again, node);
    }
    world_at(world, chance_gap(&world->chance, SPAN_MIN(20)), fall_silent, world);
}

static void provider_recovers(void *arg)
{
    bool *fails = arg;
    *fails = false;
}

static void provider_fails(void *arg)
{
    struct world *world = arg;
    bool *fails = &world->providers_fail[chance_between(&world->chance, 0, 2)];
    *fails = true;
    world_at(world, chance_span(&world->chance, SPAN_S(30), SPAN_MIN(10)), provider_recovers,
             fails);
    world_at(world, chance_gap(&world->chance, SPAN_H(1)), provider_fails, world);
}

static void hear(void *arg)
{
    struct node *node = arg;
    node->tick_at = node->world->elapsed;
}

/* Wake-ups arrive late or never. */
void cluster_announced(void *self)
{
    struct node *speaker = self;
    struct world *world = speaker->world;
    for (int i = 0; i < world->node_count; i++) {
        struct node *node = &world->nodes[i];
        if (node == speaker || !node->is_up) {
            continue;
        }
        if (chance_of(&world->chance, 20)) {
            world_count(world, COUNT_LOST_WAKE_UPS);
        } else if (process_is_awake(node)) {
            process_at(node, chance_span(&world->chance, SPAN_MS(1), SPAN_MS(50)), hear, NULL,
                       node);
        }
    }
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
    if (outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_REFUSED) {
        world->is_changing = false;
    }
    CHECK(outcome != OUTCOME_COMMITTED || change->apply.base.status == 200);
    apply_config_clear(&change->apply);
    json_decref(change->document);
    g_free(change);
}

/* A rotation is moved on by one turn. */
static void change_config(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    world_at(world, chance_gap(&world->chance, SPAN_MIN(15)), change_config, world);
    if (world->is_changing || !process_is_open(node)) {
        return;
    }
    world->is_changing = true;
    world->next_scene = world->scene;
    struct scene_schedule *schedule =
        &world->next_scene
             .schedules[chance_between(&world->chance, 0, world->scene.schedule_count - 1)];
    schedule->layers[0].start_s -= schedule->layers[0].turn_s;
    struct change *change = g_new0(struct change, 1);
    change->world = world;
    change->document = scene_document(&world->next_scene);
    change->apply = (struct apply_config){.base = {.configs = node->configs, .actor = "local"},
                                          .document = change->document};
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
    static void (*const TROUBLES[])(void *) = {
        lose_answer, cut,  outage,      failover_comes, plan_death,
        plan_freeze, stop, fall_silent, provider_fails, change_config,
    };
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
    for (size_t i = 0; i < G_N_ELEMENTS(TROUBLES); i++) {
        world_at(world, chance_span(&world->chance, SPAN_S(20), SPAN_MIN(10)), TROUBLES[i], world);
    }
}

static bool is_able(const struct world *world)
{
    for (int i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (process_is_awake(node) && process_is_open(node) && is_reachable(node)) {
            return true;
        }
    }
    return false;
}

void cluster_look(struct world *world)
{
    struct moment now = world_now(world);
    world->report->counts[COUNT_MOVES] += inspector_look(world->inspector, is_able(world), now);
    auditor_look(world->auditor, inspector_is_calm(world->inspector, now), now);
}

void cluster_end(struct world *world)
{
    history_check_answered(world, world->eye);
    inspector_end(world->inspector, world_now(world));
}
