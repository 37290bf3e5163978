#include "sim/world.h"

#include <stdarg.h>
#include <stdio.h>

#include "db/test_database.h"
#include "sim/world_private.h"

/* Somewhere in 2026, so that instants look like themselves. */
static const struct utc START = {1767607200000000};

struct moment world_now(const struct world *world)
{
    return (struct moment){world->elapsed, {world->wall_base.us + world->elapsed.us}};
}

void world_tell(const struct world *world, const struct node *node, const char *format, ...)
{
    if (world->options.is_told) {
        va_list args;
        va_start(args, format);
        (void)printf("+%.6f %s ", (double)world->elapsed.us / 1e6,
                     node != NULL ? node->name : "all");
        (void)vprintf(format, args);
        (void)putchar('\n');
        va_end(args);
    }
}

void world_count(struct world *world, enum world_count what)
{
    world->report->counts[what]++;
}

bool world_is_shared(const struct world *world)
{
    return world->node_count > 1;
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

struct node *world_any_node(struct world *world)
{
    if (!world_is_shared(world)) {
        return &world->nodes[0];
    }
    return &world->nodes[chance_between(&world->chance, 0, world->node_count - 1)];
}

json_t *world_document(const struct world *world, const struct scene *scene)
{
    struct scene given = *scene;
    for (int i = 0; world->options.plant == PLANT_WRONG_SHIFT && i < SCENE_SCHEDULES; i++) {
        given.schedules[i].layers[0].start_s += 3600;
    }
    return scene_document(&given);
}

/* --- one world from start to end --- */

static void open_world(struct world *world, const struct world_options *options,
                       struct world_report *report)
{
    *report = (struct world_report){0};
    *world = (struct world){.options = *options, .report = report};
    world->chance.state = options->seed;
    world->wall_base = START;
    world->random = chance_random(&world->chance);
    world->agenda = agenda_create();
    world->answered = g_array_new(FALSE, FALSE, sizeof(int64_t));
    world->questions = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    world->under_way = g_hash_table_new(g_str_hash, g_str_equal);
    world->disk = memory_disk_create("tocsin-sim");
    world->where = test_database_create("file:world.db?vfs=tocsin-sim");
    scene_make(&world->scene, &world->chance, START.us / 1000000);
    world->auditor = auditor_create(&world->scene);
    world->node_count = CLAMP(options->nodes, 1, WORLD_NODES_MAX);
    for (int i = 0; i < world->node_count; i++) {
        process_init(world, i);
    }
    if (world_is_shared(world)) {
        cluster_start(world);
    } else {
        trouble_start(world);
    }
}

static void keep_copy(struct world *world)
{
    struct fault fault;
    struct db *db = world->eye != NULL ? world->eye : world->nodes[0].db;
    memory_disk_set_capacity(world->disk, -1);
    if (world->options.keep_at != NULL && db != NULL &&
        !db_backup(db, world->options.keep_at, &fault)) {
        g_printerr("%s\n", fault.text);
    }
}

static void close_world(struct world *world)
{
    if (world_is_shared(world)) {
        cluster_end(world);
    }
    const char *complaint = auditor_complaint(world->auditor);
    g_strlcpy(world->report->complaint, complaint != NULL ? complaint : "",
              sizeof world->report->complaint);
    keep_copy(world);
    for (int i = 0; i < world->node_count; i++) {
        if (world->nodes[i].is_up) {
            process_crash(&world->nodes[i], false);
            world->report
                ->counts[COUNT_CRASHES]--; /* the end of the world is not one of its faults */
        }
    }
    agenda_destroy(&world->agenda);
    for (int i = 0; i < world->node_count; i++) {
        process_clear(&world->nodes[i]);
    }
    db_close(&world->eye);
    test_database_drop(&world->where);
    memory_disk_destroy(&world->disk);
    g_array_unref(world->answered);
    g_hash_table_destroy(world->questions);
    g_hash_table_destroy(world->under_way);
    inspector_destroy(&world->inspector);
    auditor_destroy(&world->auditor);
}

static struct span next_moment(const struct world *world)
{
    struct span next = agenda_next(world->agenda);
    for (int i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (process_is_awake(node)) {
            next.us = MIN(next.us, MIN(node->tick_at.us, node->courier_at.us));
        }
    }
    return next;
}

bool world_goes_on(const struct world *world)
{
    return world->elapsed.us < SPAN_H(world->options.hours).us &&
           auditor_complaint(world->auditor) == NULL;
}

void world_move_on(struct world *world, int64_t most_us)
{
    world->elapsed.us = MAX(world->elapsed.us, MIN(next_moment(world).us, most_us));
    agenda_run(world->agenda, world->elapsed);
}

void world_work(struct world *world)
{
    for (int i = 0; i < world->node_count; i++) {
        process_work(&world->nodes[i]);
    }
    if (world_is_shared(world)) {
        cluster_look(world);
    } else {
        trouble_power(world);
        auditor_look(world->auditor, world->nodes[0].is_up, world_now(world));
    }
    world_count(world, COUNT_STEPS);
}

void world_run(const struct world_options *options, struct world_report *out)
{
    struct world *world = g_new0(struct world, 1);
    open_world(world, options, out);
    while (world_goes_on(world)) {
        world_move_on(world, UTC_NEVER.us);
        world_work(world);
    }
    close_world(world);
    g_free(world);
}
