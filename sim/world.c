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

void world_at(struct world *world, struct span after, void (*happen)(void *arg), void *arg)
{
    agenda_add(
        world->agenda,
        (struct happening){.at = {world->elapsed.us + after.us}, .happen = happen, .arg = arg});
}

/* --- what goes wrong --- */

static void come_back(void *arg)
{
    struct world *world = arg;
    if (world->options.plant == PLANT_LOST_TIMERS) {
        process_forget_timers(world);
    }
    process_start(world);
}

static void crash(void *arg)
{
    struct world *world = arg;
    if (world->is_up) {
        process_crash(world);
        /* Mostly restarted at once, sometimes only after somebody noticed. */
        struct span away = chance_of(&world->chance, 80)
                               ? chance_span(&world->chance, SPAN_MS(50), SPAN_S(5))
                               : chance_span(&world->chance, SPAN_S(5), SPAN_MIN(40));
        world_at(world, away, come_back, world);
    }
    world_at(world, chance_gap(&world->chance, SPAN_H(5)), crash, world);
}

static void jump(void *arg)
{
    struct world *world = arg;
    static const struct span MOST[] = {{5000000}, {3600000000}, {86400000000}, {31536000000000}};
    if (world->is_up) {
        struct span most = MOST[chance_between(&world->chance, 0, G_N_ELEMENTS(MOST) - 1)];
        int64_t by = chance_between(&world->chance, -most.us, most.us);
        world->wall_base.us += by;
        world->report->jumps++;
    }
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
    world->clock = (struct clock){read_wall, read_elapsed, world};
    world->random = chance_random(&world->chance);
    world->agenda = agenda_create();
    world->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
    scene_make(&world->scene, &world->chance, START.us / 1000000);
    world->auditor = auditor_create(&world->scene);
    process_start(world);
    senders_start(world);
    world_at(world, chance_gap(&world->chance, SPAN_H(5)), crash, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(24)), jump, world);
    world_at(world, chance_gap(&world->chance, SPAN_H(6)), provider_fails, world);
}

static void close_world(struct world *world)
{
    const char *complaint = auditor_complaint(world->auditor);
    g_strlcpy(world->report->complaint, complaint != NULL ? complaint : "",
              sizeof world->report->complaint);
    if (world->is_up) {
        process_crash(world);
        world->report->crashes--; /* the end of the world is not one of its faults */
    }
    agenda_destroy(&world->agenda);
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
