/* The program under test: started, driven, crashed and started again. */
#include <string.h>

#include "access/key_command.h"
#include "alert/alert_events.h"
#include "alert/kinds.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "db/test_database.h"
#include "ledger/ledger_private.h"
#include "oncall/off_duty.h"
#include "oncall/override_work.h"
#include "paging/alert_topic.h"
#include "paging/mail_store.h"
#include "sim/plant_store.h"
#include "sim/world_private.h"

enum { WORLD_ROOM = 2097152 }; /* bytes that are kept for paging on a full disk, twice */

/* --- its machine --- */

static int64_t drifted(const struct node *node, int64_t us)
{
    return us + us / 1000 * node->drift_ppm / 1000;
}

static struct span read_elapsed(void *self)
{
    const struct node *node = self;
    return (struct span){drifted(node, node->world->elapsed.us)};
}

static struct utc read_wall(void *self)
{
    const struct node *node = self;
    return (struct utc){node->world->wall_base.us + node->skew.us + read_elapsed(self).us};
}

/* The simulated machine is never booted: only its process dies, and its disk loses power. */
static const char *read_boot(void *self)
{
    (void)self;
    return "the only one";
}

static struct utc read_database_clock(void *self)
{
    const struct node *node = self;
    return world_now(node->world).wall;
}

void process_init(struct world *world, int index)
{
    struct node *node = &world->nodes[index];
    *node = (struct node){.world = world, .index = index};
    g_snprintf(node->name, sizeof node->name, "n%d", index);
    node->clock = (struct clock){read_wall, read_elapsed, node, read_boot};
    node->link = (struct db_link){network_fate, read_database_clock, network_announced, node};
    node->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
}

void process_clear(struct node *node)
{
    g_array_unref(node->commands);
}

bool process_is_awake(const struct node *node)
{
    return node->is_up && !node->is_frozen;
}

bool process_is_open(const struct node *node)
{
    return node->is_up && !node->is_leaving;
}

void process_at(struct node *node, struct span after, void (*happen)(void *arg),
                void (*drop)(void *arg), void *arg)
{
    agenda_add(node->world->agenda, (struct happening){
                                        .at = {node->world->elapsed.us + after.us},
                                        .happen = happen,
                                        .drop = drop,
                                        .arg = arg,
                                        .epoch = node->epoch,
                                    });
}

/* --- its process is put together --- */

bool process_submit(void *self, struct command command)
{
    struct node *node = self;
    g_array_append_val(node->commands, command);
    return true;
}

static void woken(void *self)
{
    struct node *node = self;
    node->courier_at = node->world->elapsed;
}

static void committed(void *self, int64_t last_seq)
{
    struct node *node = self;
    (void)last_seq;
    courier_wake(node->courier);
}

static bool is_plant(const struct node *node, enum plant plant)
{
    return node->world->options.plant == (int)plant;
}

static enum wanted look_again(void *self, int64_t delivery_id)
{
    struct node *node = self;
    if (is_plant(node, PLANT_LATE_SENDING)) {
        return WANTED_YES;
    }
    node->is_blind = world_is_shared(node->world) && node_is_cut_off(node);
    if (node->is_blind) {
        return WANTED_UNKNOWN;
    }
    struct utc now = clock_now(ledger_clock(node->ledger));
    return delivery_is_wanted(node->db, delivery_id, now) ? WANTED_YES : WANTED_NO;
}

static void note_outcome(void *arg, enum command_outcome outcome)
{
    struct node *node = arg;
    node->has_recovered = outcome == OUTCOME_COMMITTED;
}

static enum command_result recover(struct ledger_tx *tx, void *arg)
{
    struct node *node = arg;
    return pager_recover(tx, node->pager);
}

static void run_alone(struct node *node, enum command_result (*run)(struct ledger_tx *, void *),
                      void (*answer)(void *, enum command_outcome), void *arg)
{
    const struct command command = {.run = run, .answer = answer, .arg = arg};
    ledger_run_batch(node->ledger, &command, 1);
}

static bool load_config(struct node *node)
{
    struct fault fault = {0};
    struct config *config = config_load(node->db, &fault);
    if (config != NULL) {
        config_publish(node->configs, config);
    }
    return config != NULL;
}

static void first_config(struct node *node)
{
    json_auto_t *document = world_document(node->world, &node->world->scene);
    struct apply_config apply = {.base = {.configs = node->configs, .actor = PRINCIPAL_HERE},
                                 .document = document};
    run_alone(node, apply_config_run, config_command_answered, &apply);
    if (apply.base.status != 200) {
        g_error("the scene was refused: %s: %s", apply.base.fault.field, apply.base.fault.text);
    }
    apply_config_clear(&apply);
}

/* A server's databases are shared by themselves. */
static enum db_mode mode_in(const struct world *world)
{
    return world_is_shared(world) && !test_database_is_shared() ? DB_SHARED : DB_READ_WRITE;
}

static bool open_database(struct node *node)
{
    struct world *world = node->world;
    struct fault fault = {0};
    bool is_shared = world_is_shared(world);
    node->db = db_open(world->where, mode_in(world), &fault);
    if (node->db == NULL) {
        return false;
    }
    if (!db_migrate(node->db, world_now(world).wall, &fault)) {
        db_close(&node->db);
        return false;
    }
    if (is_shared) {
        db_set_link(node->db, &node->link);
        db_plant(node->db, is_plant(node, PLANT_EARLY_DATABASE) ? DB_BUG_EARLY_ANSWER : 0);
    }
    return true;
}

static unsigned planted_in_ledger(const struct node *node)
{
    switch ((enum plant)node->world->options.plant) {
    case PLANT_EARLY_ANSWER:
        return LEDGER_BUG_ANSWERS_EARLY;
    case PLANT_NO_FENCE:
        return LEDGER_BUG_NO_FENCE;
    case PLANT_EARLY_FENCE:
        return LEDGER_BUG_EARLY_FENCE;
    case PLANT_LOST_WAKE_UP:
        return LEDGER_BUG_LOST_WAKE_UP;
    case PLANT_NOTHING:
    case PLANT_LOST_TIMERS:
    case PLANT_WRONG_SHIFT:
    case PLANT_LATE_SENDING:
    case PLANT_NO_THROTTLE:
    case PLANT_DOUBLE_END:
    case PLANT_EARLY_DATABASE:
        break;
    }
    return 0;
}

static void add_events(struct ledger *ledger)
{
    ledger_add_events(ledger, KEY_EVENTS);
    ledger_add_events(ledger, CONFIG_EVENTS);
    ledger_add_events(ledger, OVERRIDE_EVENTS);
    ledger_add_events(ledger, ABSENCE_EVENTS);
    ledger_add_events(ledger, OFF_DUTY_EVENTS);
    ledger_add_events(ledger, ALERT_EVENTS);
    ledger_add_events(ledger, PAGING_EVENTS);
    ledger_judge_events(ledger);
}

static void assemble(struct node *node)
{
    struct world *world = node->world;
    config_register(CONFIG_KINDS);
    node->configs = config_holder_create();
    node->ledger = ledger_create(node->db, &node->clock, &world->random);
    if (!world_is_shared(world)) {
        ledger_keep_room(node->ledger, WORLD_ROOM);
    }
    node->ledger->planted = planted_in_ledger(node);
    add_events(node->ledger);
    node->pager = pager_create(node->configs, &world->random);
    pager_add_topics(node->pager, &ALERT_TOPIC);
    pager_attach(node->pager, node->ledger);
    config_add_witness(node->configs, node->ledger);
    ledger_add_listener(node->ledger, (struct ledger_listener){committed, node});
    const struct courier_options options = {
        .pager = node->pager,
        .sender = provider_sender(node),
        .submit = process_submit,
        .submit_self = node,
        .wake = woken,
        .wake_self = node,
        .still_wanted = look_again,
        .still_wanted_self = node,
        .clock = &node->clock,
        .public_url = "http://tocsin.example",
    };
    node->courier = courier_create(&options);
}

static void close_process(struct node *node)
{
    courier_destroy(&node->courier);
    ledger_destroy(&node->ledger);
    pager_destroy(&node->pager);
    config_holder_destroy(&node->configs);
    db_close(&node->db);
}

/* --- one node alone --- */

static bool start_alone(struct node *node, bool is_first)
{
    struct world *world = node->world;
    /* What was committed just before the crash happened then, not now. */
    world->is_reading_past = true;
    history_read(world, node->db);
    world->is_reading_past = false;
    assemble(node);
    run_alone(node, recover, note_outcome, node);
    if (!node->has_recovered) {
        close_process(node);
        return false;
    }
    if (is_first) {
        first_config(node);
    } else {
        CHECK(load_config(node));
        history_check_answered(world, node->db);
    }
    return true;
}

/* --- one of several --- */

static bool start_among_others(struct node *node, bool is_first)
{
    struct fault fault = {0};
    assemble(node);
    if (!load_config(node) || !ledger_join(node->ledger, node->name, NULL, &fault)) {
        close_process(node);
        return false;
    }
    run_alone(node, recover, note_outcome, node);
    if (!node->has_recovered) {
        close_process(node);
        return false;
    }
    if (is_first) {
        first_config(node);
    }
    return true;
}

bool process_start(struct node *node)
{
    struct world *world = node->world;
    bool is_first = world->epochs == 0;
    node->epoch = ++world->epochs;
    node->has_recovered = false;
    if (!open_database(node)) {
        return false;
    }
    bool is_started =
        world_is_shared(world) ? start_among_others(node, is_first) : start_alone(node, is_first);
    if (is_started) {
        node->is_up = true;
        node->is_frozen = false;
        node->tick_at = world->elapsed;
        node->courier_at = world->elapsed;
    }
    return is_started;
}

/* --- the end of a process --- */

/* Nobody hears an answer any more; senders will try again, the rest is freed. */
static void cut_commands(struct node *node)
{
    g_autoptr(GArray) cut = g_steal_pointer(&node->commands);
    node->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
    for (guint i = 0; i < cut->len; i++) {
        const struct command *command = &g_array_index(cut, struct command, i);
        if (command->answer != NULL) {
            command->answer(command->arg, OUTCOME_UNAVAILABLE);
        }
    }
}

static void go_down(struct node *node)
{
    node->is_up = false;
    node->is_frozen = false;
    node->is_leaving = false;
    node->falls_in = 0;
    node->freezes_in = 0;
    node->faults++;
}

void process_crash(struct node *node, bool has_power_gone)
{
    struct world *world = node->world;
    world_count(world, COUNT_CRASHES);
    world->report->counts[COUNT_POWER_LOSSES] += has_power_gone;
    world->down_at = world_now(world);
    go_down(node);
    agenda_drop(world->agenda, node->epoch);
    cut_commands(node);
    if (has_power_gone) {
        memory_disk_power_off(world->disk);
    }
    close_process(node);
    if (has_power_gone) {
        memory_disk_power_on(world->disk, &world->random);
    }
}

void process_leave(struct node *node)
{
    node->is_leaving = true;
    ledger_leave(node->ledger);
    history_read(node->world, node->world->eye);
}

static void run_commands(struct node *node);

/* What is in flight comes home as unknown and is settled before the end. */
void process_end(struct node *node)
{
    agenda_drop(node->world->agenda, node->epoch);
    run_commands(node);
    ledger_end(node->ledger);
    history_read(node->world, node->world->eye);
    go_down(node);
    cut_commands(node);
    close_process(node);
}

void process_forget_timers(struct node *node)
{
    struct fault fault;
    struct db *db = db_open(node->world->where, mode_in(node->world), &fault);
    if (db != NULL) {
        plant_lost_timers(db);
        db_close(&db);
    }
}

/* --- driving it --- */

static void read_news(struct node *node)
{
    struct world *world = node->world;
    history_read(world, world_is_shared(world) ? world->eye : node->db);
}

static void run_commands(struct node *node)
{
    if (is_plant(node, PLANT_DOUBLE_END)) {
        plant_double_end(node->db);
    }
    if (is_plant(node, PLANT_NO_THROTTLE)) {
        plant_no_throttle(node->db);
    }
    g_autoptr(GArray) batch = g_steal_pointer(&node->commands);
    node->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
    if (batch->len > 0) {
        node->is_in_batch = true;
        ledger_run_batch(node->ledger, &g_array_index(batch, struct command, 0), batch->len);
        node->is_in_batch = false;
        /* Whatever was answered is known to the auditor before the events that follow from it. */
        node->tick_at = node->world->elapsed;
        read_news(node);
    }
}

/* When an instant of the node's own clock comes. */
static struct span elapsed_of(const struct node *node, struct utc at)
{
    int64_t wait_us = at.us - clock_now(ledger_clock(node->ledger)).us;
    return (struct span){node->world->elapsed.us + wait_us};
}

static void tick(struct node *node)
{
    struct utc again = ledger_tick(node->ledger);
    node->tick_at = elapsed_of(node, again);
    read_news(node);
}

static void step_courier(struct node *node)
{
    node->courier_at = (struct span){UTC_NEVER.us};
    struct utc again = courier_step(node->courier, clock_now(ledger_clock(node->ledger)));
    struct span at = elapsed_of(node, again);
    node->courier_at.us = MIN(node->courier_at.us, at.us);
}

/* Between two steps it may die or freeze: then the rest waits. */
static bool goes_on(struct node *node)
{
    if (node->falls_in > 0 && --node->falls_in == 0) {
        cluster_fall(node);
    }
    return process_is_awake(node);
}

void process_work(struct node *node)
{
    const struct world *world = node->world;
    bool is_busy = process_is_awake(node);
    node->is_working = is_busy;
    while (is_busy) {
        run_commands(node);
        if (goes_on(node) && node->tick_at.us <= world->elapsed.us) {
            tick(node);
        }
        if (goes_on(node) && node->courier_at.us <= world->elapsed.us) {
            step_courier(node);
        }
        is_busy =
            goes_on(node) && (node->commands->len > 0 || node->tick_at.us <= world->elapsed.us ||
                              node->courier_at.us <= world->elapsed.us);
    }
    node->is_working = false;
}
