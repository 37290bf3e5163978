/* The ways from nodes to the database, to providers and to one another, and the database itself. */
#include "sim/world_private.h"

bool node_is_cut_off(const struct node *node)
{
    return node->is_cut || node->world->is_database_down;
}

void node_disturb(struct node *node, struct span grace)
{
    node->faults++;
    inspector_disturbed(node->world->inspector, grace, world_now(node->world));
}

static void disturb_all(struct world *world)
{
    for (int i = 0; i < world->node_count; i++) {
        node_disturb(&world->nodes[i], GRACE_FAULT);
    }
}

/* --- a node's way to the database --- */

static void heal_cut(void *arg)
{
    struct node *node = arg;
    node->is_cut = false;
    world_tell(node->world, node, "reaches the database again");
    node_disturb(node, GRACE_FAULT);
}

static void cut_now(struct node *node)
{
    struct world *world = node->world;
    struct span most = chance_of(&world->chance, 70) ? SPAN_S(10) : SPAN_MIN(5);
    node->is_cut = true;
    world_count(world, COUNT_CUTS);
    world_tell(world, node, "is cut from the database");
    node_disturb(node, GRACE_FAULT);
    world_at(world, chance_span(&world->chance, SPAN_MS(100), most), heal_cut, node);
}

/* The answer is lost, and that may be all or the end of the way. */
static enum db_fate lose_answer_now(struct node *node)
{
    static const struct enum_name FATES[] = {
        {"nothing was sent", DB_LINK_CUT},
        {"it was not kept", DB_LINK_LOST_BEFORE},
        {"it was kept", DB_LINK_LOST_AFTER},
    };
    struct world *world = node->world;
    bool is_cut = node->next_commit == COMMIT_IS_CUT;
    const struct enum_name *fate = &FATES[chance_between(&world->chance, is_cut ? 0 : 1, 2)];
    node->next_commit = COMMIT_IS_WELL;
    world_count(world, COUNT_LOST_ANSWERS);
    world_tell(world, node, "loses the answer to a commit: %s", fate->name);
    node_disturb(node, GRACE_FAULT);
    if (is_cut) {
        cut_now(node);
    }
    return (enum db_fate)fate->value;
}

enum db_fate network_fate(void *self, enum db_moment moment)
{
    struct node *node = self;
    if (moment == DB_AT_BEGIN) {
        cluster_wait(node);
    }
    if (node_is_cut_off(node)) {
        return DB_LINK_CUT;
    }
    return moment == DB_AT_COMMIT && node->next_commit != COMMIT_IS_WELL ? lose_answer_now(node)
                                                                         : DB_LINK_GOOD;
}

static void lose_answer(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    node->next_commit = COMMIT_IS_LOST;
    world_at(world, chance_gap(&world->chance, SPAN_MIN(3)), lose_answer, world);
}

static void cut(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    if (chance_of(&world->chance, 50)) {
        node->next_commit = COMMIT_IS_CUT;
    } else if (!node->is_cut) {
        cut_now(node);
    }
    world_at(world, chance_gap(&world->chance, SPAN_MIN(8)), cut, world);
}

/* --- the database --- */

static void database_comes_back(void *arg)
{
    struct world *world = arg;
    world->is_database_down = false;
    world_tell(world, NULL, "can reach the database again");
    disturb_all(world);
}

static void database_goes(struct world *world, struct span most)
{
    world->is_database_down = true;
    world_tell(world, NULL, "are cut from the database");
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
    world_tell(world, NULL, "have a new primary");
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
            world->nodes[i].next_commit = COMMIT_IS_LOST;
        }
    }
    world_at(world, chance_span(&world->chance, SPAN_MS(1), SPAN_MS(300)), failover, world);
}

/* --- to the providers, and to one another --- */

static void speak_again(void *arg)
{
    struct node *node = arg;
    node->is_silent = false;
    world_tell(node->world, node, "reaches the providers again");
}

static void fall_silent(void *arg)
{
    struct world *world = arg;
    struct node *node = world_any_node(world);
    if (!node->is_silent) {
        node->is_silent = true;
        world_tell(world, node, "is cut from the providers");
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
void network_announced(void *self)
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

void network_start(struct world *world)
{
    static void (*const TROUBLES[])(void *) = {lose_answer,    cut,         outage,
                                               failover_comes, fall_silent, provider_fails};
    for (size_t i = 0; i < G_N_ELEMENTS(TROUBLES); i++) {
        world_at(world, chance_span(&world->chance, SPAN_S(20), SPAN_MIN(10)), TROUBLES[i], world);
    }
}
