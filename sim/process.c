/* The program under test: started, driven, crashed and started again. */
#include <string.h>

#include "alert/alert_store.h"
#include "base/json.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "ledger/event.h"
#include "ledger/ledger_private.h"
#include "page/mail_store.h"
#include "sim/plant_store.h"
#include "sim/world_private.h"

bool world_submit(void *self, struct command command)
{
    struct world *world = self;
    g_array_append_val(world->commands, command);
    return true;
}

static void woken(void *self)
{
    struct world *world = self;
    world->courier_at = world->elapsed;
}

static void committed(void *self, int64_t last_seq)
{
    struct world *world = self;
    (void)last_seq;
    courier_wake(world->courier);
}

static enum wanted still_wanted(void *self, int64_t delivery_id)
{
    struct world *world = self;
    bool is_wanted =
        world->options.plant == PLANT_LATE_SENDING ||
        delivery_is_wanted(world->db, delivery_id, clock_now(ledger_clock(world->ledger)));
    return is_wanted ? WANTED_YES : WANTED_NO;
}

static void note_outcome(void *arg, enum command_outcome outcome)
{
    struct world *world = arg;
    world->has_recovered = outcome == OUTCOME_COMMITTED;
}

static enum command_result recover(struct ledger_tx *tx, void *arg)
{
    struct world *world = arg;
    return pager_recover(tx, world->pager);
}

static void run_alone(struct world *world, enum command_result (*run)(struct ledger_tx *, void *),
                      void (*answer)(void *, enum command_outcome), void *arg)
{
    const struct command command = {.run = run, .answer = answer, .arg = arg};
    ledger_run_batch(world->ledger, &command, 1);
}

static void load_config(struct world *world)
{
    struct fault fault = {0};
    struct config *config = config_load(world->db, &fault);
    CHECK(config != NULL);
    config_publish(world->configs, config);
}

static void first_config(struct world *world)
{
    struct scene given = world->scene;
    if (world->options.plant == PLANT_WRONG_SHIFT) {
        for (int i = 0; i < SCENE_SCHEDULES; i++) {
            given.schedules[i].layers[0].start_s += 3600;
        }
    }
    json_auto_t *document = scene_document(&given);
    struct apply_config apply = {.base = {.configs = world->configs, .actor = "local"},
                                 .document = document};
    run_alone(world, apply_config_run, config_command_answered, &apply);
    if (apply.base.status != 200) {
        g_error("the scene was refused: %s: %s", apply.base.fault.field, apply.base.fault.text);
    }
    apply_config_clear(&apply);
}

/* Everything that was answered must be there, whatever happened to the disk. */
static void check_answered(struct world *world)
{
    int64_t id = 0;
    for (guint i = 0; i < world->answered->len; i++) {
        struct alert alert = {0};
        id = g_array_index(world->answered, int64_t, i);
        bool is_there = alert_load(world->db, id, &alert);
        alert_clear(&alert);
        if (!is_there) {
            auditor_gone(world->auditor, id, world_now(world));
        }
    }
    g_array_set_size(world->answered, 0);
}

static bool open_database(struct world *world)
{
    struct fault fault = {0};
    world->db = db_open(world->where, DB_READ_WRITE, &fault);
    if (world->db == NULL) {
        return false;
    }
    if (!db_migrate(world->db, world_now(world).wall, &fault)) {
        db_close(&world->db);
        return false;
    }
    return true;
}

static void assemble(struct world *world)
{
    world->configs = config_holder_create();
    world->ledger = ledger_create(world->db, &world->clock, &world->random);
    ledger_set_ballast(world->ledger, &world->ballast);
    if (world->options.plant == PLANT_EARLY_ANSWER) {
        world->ledger->planted = LEDGER_ANSWERS_EARLY;
    }
    world->pager = pager_create(world->configs, &world->random);
    pager_add_duties(world->pager, world->ledger);
    ledger_add_listener(world->ledger, (struct ledger_listener){committed, world});
    const struct courier_options options = {
        .pager = world->pager,
        .sender = provider_sender(world),
        .submit = world_submit,
        .submit_self = world,
        .wake = woken,
        .wake_self = world,
        .still_wanted = still_wanted,
        .still_wanted_self = world,
        .clock = ledger_clock(world->ledger),
        .public_url = "http://tocsin.example",
    };
    world->courier = courier_create(&options);
}

static void close_process(struct world *world)
{
    courier_destroy(&world->courier);
    ledger_destroy(&world->ledger);
    pager_destroy(&world->pager);
    config_holder_destroy(&world->configs);
    db_close(&world->db);
}

static void read_events(struct world *world);

bool process_start(struct world *world)
{
    bool is_first = world->epoch == 0;
    world->epoch++;
    if (!open_database(world)) {
        return false;
    }
    /* What was committed just before the crash happened then, not now. */
    world->is_reading_past = true;
    read_events(world);
    world->is_reading_past = false;
    assemble(world);
    run_alone(world, recover, note_outcome, world);
    if (!world->has_recovered) {
        close_process(world);
        return false;
    }
    if (is_first) {
        first_config(world);
    } else {
        load_config(world);
        check_answered(world);
    }
    world->is_up = true;
    world->tick_at = world->elapsed;
    world->courier_at = world->elapsed;
    return true;
}

void process_crash(struct world *world, bool has_power_gone)
{
    world->report->crashes++;
    world->report->power_losses += has_power_gone;
    world->down_at = world_now(world);
    world->is_up = false;
    agenda_drop(world->agenda, world->epoch);
    /* Nobody hears an answer any more; senders will try again, the rest is freed. */
    g_autoptr(GArray) cut = g_steal_pointer(&world->commands);
    world->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
    for (guint i = 0; i < cut->len; i++) {
        const struct command *command = &g_array_index(cut, struct command, i);
        if (command->answer != NULL) {
            command->answer(command->arg, OUTCOME_UNAVAILABLE);
        }
    }
    if (has_power_gone) {
        memory_disk_power_off(world->disk);
    }
    close_process(world);
    if (has_power_gone) {
        memory_disk_power_on(world->disk, &world->random);
    }
}

void process_forget_timers(struct world *world)
{
    struct fault fault;
    struct db *db = db_open(world->where, DB_READ_WRITE, &fault);
    if (db != NULL) {
        plant_lost_timers(db);
        db_close(&db);
    }
}

/* --- what the auditor may read --- */

static int int_of(const json_t *data, const char *key)
{
    return (int)json_integer_value(json_object_get(data, key));
}

static void read_event(void *self, const struct event *event)
{
    struct world *world = self;
    struct fault fault;
    int64_t alert_id = 0;
    const struct moment now = world->is_reading_past ? world->down_at : world_now(world);
    world->seen_seq = event->seq;
    if (!g_str_has_prefix(event->subject, "alert:")) {
        return;
    }
    alert_id = g_ascii_strtoll(event->subject + strlen("alert:"), NULL, 10);
    json_auto_t *data =
        event->data != NULL ? json_read(event->data, strlen(event->data), &fault) : NULL;
    if (strcmp(event->kind, "alert.triggered") == 0) {
        /* Known from here too: its sender may have been cut off after the commit. */
        const char *service = json_text(data, "service", "service0");
        int severity = enum_from_name(SEVERITY_NAMES, json_text(data, "severity", ""));
        auditor_accepted(world->auditor, alert_id, service[strlen("service")] - '0', severity, now);
    } else if (strcmp(event->kind, "page.started") == 0) {
        world->report->pages++;
        const struct started_page page = {
            .alert_id = alert_id,
            .who = json_text(data, "who", ""),
            .step = int_of(data, "step") - 1,
            .round = int_of(data, "round") - 1,
            .is_last_resort = json_object_get(data, "last_resort") != NULL,
        };
        auditor_page_started(world->auditor, &page, now);
    } else if (strcmp(event->kind, "page.moved") == 0) {
        auditor_page_moved(world->auditor, alert_id, json_text(data, "from", ""), now);
    } else if (strcmp(event->kind, "page.unreachable") == 0) {
        auditor_unreachable(world->auditor, alert_id, json_text(data, "who", ""),
                            json_text(data, "then", ""), now);
    } else if (strcmp(event->kind, "alert.repeated") == 0) {
        int severity = enum_from_name(SEVERITY_NAMES, json_text(data, "severity", ""));
        auditor_raised(world->auditor, alert_id, severity, now);
    } else if (strcmp(event->kind, "alert.reopened") == 0) {
        auditor_reopened(world->auditor, alert_id, now);
    } else if (strcmp(event->kind, "alert.acknowledged") == 0) {
        auditor_acknowledged(world->auditor, alert_id);
    } else if (strcmp(event->kind, "alert.resolved") == 0) {
        auditor_resolved(world->auditor, alert_id);
    }
}

static void read_events(struct world *world)
{
    int64_t before = 0;
    do {
        before = world->seen_seq;
        event_list(world->db, before, NULL, 500, read_event, world);
    } while (world->seen_seq != before);
}

/* --- driving it --- */

static void run_commands(struct world *world)
{
    if (world->options.plant == PLANT_NO_THROTTLE) {
        plant_no_throttle(world->db);
    }
    g_autoptr(GArray) batch = g_steal_pointer(&world->commands);
    world->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
    if (batch->len > 0) {
        ledger_run_batch(world->ledger, &g_array_index(batch, struct command, 0), batch->len);
        /* Whatever was answered is known to the auditor before the events that follow from it. */
        world->tick_at = world->elapsed;
        read_events(world);
    }
}

static struct span elapsed_of(const struct world *world, struct utc at)
{
    return (struct span){at.us - world->wall_base.us};
}

void process_work(struct world *world)
{
    bool is_busy = true;
    while (is_busy) {
        run_commands(world);
        if (world->tick_at.us <= world->elapsed.us) {
            struct utc again = ledger_tick(world->ledger);
            world->tick_at = elapsed_of(world, again);
            read_events(world);
        }
        if (world->courier_at.us <= world->elapsed.us) {
            world->courier_at = (struct span){UTC_NEVER.us};
            struct utc again = courier_step(world->courier, world_now(world).wall);
            struct span at = elapsed_of(world, again);
            world->courier_at.us = MIN(world->courier_at.us, at.us);
        }
        is_busy = world->commands->len > 0 || world->tick_at.us <= world->elapsed.us ||
                  world->courier_at.us <= world->elapsed.us;
    }
}
