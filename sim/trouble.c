/* What goes wrong where one node runs alone, and what goes wrong everywhere: providers. */
#include "sim/world_private.h"

static void come_back(void *arg)
{
    struct world *world = arg;
    struct node *node = &world->nodes[0];
    if (world->options.plant == PLANT_LOST_TIMERS) {
        process_forget_timers(node);
    }
    if (!process_start(node)) {
        if (memory_disk_is_off(world->disk)) {
            memory_disk_power_on(world->disk, &world->random);
        }
        world_at(world, SPAN_S(1), come_back, world);
    }
}

/* Mostly restarted at once, sometimes only after somebody noticed. */
static void fall(struct world *world, bool has_power_gone)
{
    struct span away = chance_of(&world->chance, 80)
                           ? chance_span(&world->chance, SPAN_MS(50), SPAN_S(5))
                           : chance_span(&world->chance, SPAN_S(5), SPAN_MIN(40));
    process_crash(&world->nodes[0], has_power_gone);
    world_at(world, away, come_back, world);
}

void trouble_power(struct world *world)
{
    if (world->nodes[0].is_up && memory_disk_is_off(world->disk)) {
        fall(world, true);
    }
}

static void crash(void *arg)
{
    struct world *world = arg;
    bool is_up = world->nodes[0].is_up;
    int what = (int)chance_between(&world->chance, 1, 3);
    if (is_up && what == 1) {
        /* In the middle of whatever it writes next. */
        memory_disk_fail(world->disk, 0, chance_between(&world->chance, 1, 40), DISK_POWER_LOSS,
                         false);
    } else if (is_up) {
        fall(world, what == 2);
    }
    world_at(world, chance_gap(&world->chance, SPAN_H(5)), crash, world);
}

static void disk_has_room(void *arg)
{
    struct world *world = arg;
    memory_disk_set_capacity(world->disk, -1);
}

static void disk_is_full(void *arg)
{
    struct world *world = arg;
    if (world->nodes[0].is_up && chance_of(&world->chance, 50)) {
        memory_disk_fail(world->disk, 0, chance_between(&world->chance, 1, 40), DISK_BROKEN, false);
    } else if (world->nodes[0].is_up && ledger_is_writable(world->nodes[0].ledger)) {
        /* Twice in a row the room that is kept would be less: then paging waits. */
        world_count(world, COUNT_FULL_DISKS);
        memory_disk_set_capacity(world->disk, memory_disk_used(world->disk));
        world_at(world, chance_span(&world->chance, SPAN_S(10), SPAN_MIN(30)), disk_has_room,
                 world);
    }
    world_at(world, chance_gap(&world->chance, SPAN_H(12)), disk_is_full, world);
}

/* Also while nobody looks. */
static void jump(void *arg)
{
    struct world *world = arg;
    static const struct span MOST[] = {{5000000}, {3600000000}, {86400000000}, {31536000000000}};
    struct span most = MOST[chance_between(&world->chance, 0, G_N_ELEMENTS(MOST) - 1)];
    world->wall_base.us += chance_between(&world->chance, -most.us, most.us);
    world_count(world, COUNT_JUMPS);
    world_at(world, chance_gap(&world->chance, SPAN_H(24)), jump, world);
}

static void provider_recovers(void *arg)
{
    bool *fails = arg;
    *fails = false;
}

static void provider_fails(void *arg)
{
    struct world *world = arg;
    int channel = (int)chance_between(&world->chance, 0, 2);
    world->providers_fail[channel] = true;
    world_at(world, chance_span(&world->chance, SPAN_S(30), SPAN_MIN(40)), provider_recovers,
             &world->providers_fail[channel]);
    world_at(world, chance_gap(&world->chance, SPAN_H(6)), provider_fails, world);
}

void trouble_start(struct world *world)
{
    CHECK(process_start(&world->nodes[0]));
    senders_start(world);
    world_at(world, chance_gap(&world->chance, SPAN_H(5)), crash, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(24)), jump, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(6)), provider_fails, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(12)), disk_is_full, world);
}
