#include "sim/world.h"

#include <string.h>

#include "sim/world_private.h"

/* Somewhere in 2026, so that instants look like themselves. */
static const struct utc START = {1767607200000000};

struct moment world_now(const struct world *world)
{
    return (struct moment){world->elapsed, {world->wall_base.us + world->elapsed.us}};
}

static struct utc read_wall(void *self)
{
    return world_now(self).wall;
}

static struct span read_elapsed(void *self)
{
    const struct world *world = self;
    return world->elapsed;
}

/* The simulated machine is never booted: only its process dies, and its disk loses power. */
static const char *read_boot(void *self)
{
    (void)self;
    return "the only one";
}

void world_at_owned(struct world *world, struct span after, void (*happen)(void *arg),
                    void (*drop)(void *arg), void *arg)
{
    agenda_add(world->agenda, (struct happening){.at = {world->elapsed.us + after.us},
                                                 .happen = happen,
                                                 .drop = drop,
                                                 .arg = arg});
}

void world_at(struct world *world, struct span after, void (*happen)(void *arg), void *arg)
{
    world_at_owned(world, after, happen, NULL, arg);
}

/* --- what goes wrong --- */

static const int64_t BALLAST_BYTES = INT64_C(4) * 1024 * 1024;

static bool hold_ballast(void *self)
{
    struct world *world = self;
    world->is_ballast_held = memory_disk_hold(world->disk, BALLAST_BYTES);
    return world->is_ballast_held;
}

static void release_ballast(void *self)
{
    struct world *world = self;
    world->is_ballast_held = false;
    memory_disk_release(world->disk);
}

static void come_back(void *arg)
{
    struct world *world = arg;
    if (world->options.plant == PLANT_LOST_TIMERS) {
        process_forget_timers(world);
    }
    if (!process_start(world)) {
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
    process_crash(world, has_power_gone);
    world_at(world, away, come_back, world);
}

static void crash(void *arg)
{
    struct world *world = arg;
    int what = (int)chance_between(&world->chance, 1, 3);
    if (world->is_up && what == 1) {
        /* In the middle of whatever it writes next. */
        memory_disk_fail(world->disk, 0, chance_between(&world->chance, 1, 40), DISK_POWER_LOSS,
                         false);
    } else if (world->is_up) {
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
    if (world->is_up && chance_of(&world->chance, 50)) {
        memory_disk_fail(world->disk, 0, chance_between(&world->chance, 1, 40), DISK_BROKEN, false);
    } else if (world->is_ballast_held) {
        /* Twice in a row there is nothing left to give back: then paging waits for room. */
        world->report->full_disks++;
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
    world->report->jumps++;
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

/* --- one world from start to end --- */

static void open_world(struct world *world, const struct world_options *options,
                       struct world_report *report)
{
    *report = (struct world_report){0};
    *world = (struct world){.options = *options, .report = report};
    world->chance.state = options->seed;
    world->wall_base = START;
    world->clock = (struct clock){read_wall, read_elapsed, world, read_boot};
    world->random = chance_random(&world->chance);
    world->agenda = agenda_create();
    world->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
    world->answered = g_array_new(FALSE, FALSE, sizeof(int64_t));
    world->disk = memory_disk_create("tocsin-sim");
    world->ballast = (struct ballast){hold_ballast, release_ballast, world};
    g_strlcpy(world->where, "file:world.db?vfs=tocsin-sim", sizeof world->where);
    scene_make(&world->scene, &world->chance, START.us / 1000000);
    world->auditor = auditor_create(&world->scene);
    CHECK(process_start(world));
    senders_start(world);
    world_at(world, chance_gap(&world->chance, SPAN_H(5)), crash, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(24)), jump, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(6)), provider_fails, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(12)), disk_is_full, world);
}

static void keep_copy(struct world *world)
{
    struct fault fault;
    memory_disk_set_capacity(world->disk, -1);
    if (world->options.keep_at != NULL && world->is_up &&
        !db_backup(world->db, world->options.keep_at, &fault)) {
        g_printerr("%s\n", fault.text);
    }
}

static void close_world(struct world *world)
{
    const char *complaint = auditor_complaint(world->auditor);
    g_strlcpy(world->report->complaint, complaint != NULL ? complaint : "",
              sizeof world->report->complaint);
    keep_copy(world);
    if (world->is_up) {
        process_crash(world, false);
        world->report->crashes--; /* the end of the world is not one of its faults */
    }
    agenda_destroy(&world->agenda);
    memory_disk_destroy(&world->disk);
    g_array_unref(world->answered);
    auditor_destroy(&world->auditor);
    g_array_unref(world->commands);
}

/* Moves on to the next moment at which anything happens. */
static void step(struct world *world)
{
    struct span next = agenda_next(world->agenda);
    if (world->is_up) {
        next.us = MIN(next.us, MIN(world->tick_at.us, world->courier_at.us));
    }
    world->elapsed.us = MAX(world->elapsed.us, next.us);
    agenda_run(world->agenda, world->elapsed);
    if (world->is_up) {
        process_work(world);
        if (memory_disk_is_off(world->disk)) {
            fall(world, true);
        }
    }
    auditor_look(world->auditor, world->is_up, world_now(world));
    world->report->steps++;
}

void world_run(const struct world_options *options, struct world_report *out)
{
    struct world *world = g_new0(struct world, 1);
    open_world(world, options, out);
    const struct span end = SPAN_H(options->hours);
    while (world->elapsed.us < end.us && auditor_complaint(world->auditor) == NULL) {
        step(world);
    }
    close_world(world);
    g_free(world);
}
