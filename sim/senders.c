/* Monitoring systems: new alerts, repeats, storms, resolves. They try again until they are answered. */
#include "page/pager.h"
#include "sim/world_private.h"

static const struct span MEAN_GAP = {INT64_C(20) * 60 * 1000000};
static const struct span TRY_AGAIN = {INT64_C(5) * 1000000};

struct sending {
    struct take take; /* first: the command's argument is the sending itself */
    struct world *world;
    int action;
    int64_t key;
    int service;
    int severity;
};

static void try_to_send(void *arg);

static void sending_free(struct sending *sending)
{
    take_clear(&sending->take);
    g_free(sending);
}

static void sending_drop(void *arg)
{
    sending_free(arg);
}

static void answered(void *arg, enum command_outcome outcome)
{
    struct sending *sending = arg;
    struct world *world = sending->world;
    if (outcome != OUTCOME_COMMITTED) {
        world_at_owned(world, TRY_AGAIN, try_to_send, sending_drop, sending);
        return;
    }
    struct moment now = world_now(world);
    int64_t id = sending->take.alert_id;
    if (sending->take.outcome == TAKE_OPENED) {
        world->report->alerts++;
        auditor_accepted(world->auditor, id, sending->service, sending->severity, now);
    } else if (sending->take.outcome == TAKE_JOINED) {
        auditor_accepted(world->auditor, id, sending->service, sending->severity, now);
    }
    if (id != 0) {
        g_array_append_val(world->answered, id);
    }
    sending_free(sending);
}

static void fill_signal(struct sending *sending)
{
    static const char *const NAMES[] = {"service0", "service1", "service2", "service3"};
    take_clear(&sending->take);
    sending->take = (struct take){
        .pager = sending->world->pager,
        .integration = "monitoring",
        .service = NAMES[sending->service],
        .signal = {.action = sending->action,
                   .dedup_key = g_strdup_printf("k%" G_GINT64_FORMAT, sending->key),
                   .summary = g_strdup_printf("trouble %" G_GINT64_FORMAT, sending->key),
                   .severity = sending->severity},
    };
}

static void try_to_send(void *arg)
{
    struct sending *sending = arg;
    struct world *world = sending->world;
    if (!world->is_up) {
        world_at_owned(world, TRY_AGAIN, try_to_send, sending_drop, sending);
        return;
    }
    fill_signal(sending);
    const struct command command = {
        .run = pager_take, .answer = answered, .arg = sending, .is_intake = true};
    if (!world_submit(world, command)) {
        world_at_owned(world, TRY_AGAIN, try_to_send, sending_drop, sending);
    }
}

static struct sending *sending_new(struct world *world, int action, int64_t key)
{
    struct sending *sending = g_new0(struct sending, 1);
    sending->world = world;
    sending->action = action;
    sending->key = key;
    /* A key belongs to one service and starts with one severity, whenever it is sent. */
    sending->service = (int)(key % world->scene.service_count);
    sending->severity = 1 + (int)(key / 7 % 4);
    world->report->signals++;
    return sending;
}

static void send_trigger(struct world *world)
{
    bool is_repeat = world->keys > 0 && chance_of(&world->chance, 15);
    int64_t key = is_repeat
                      ? chance_between(&world->chance, MAX(0, world->keys - 5), world->keys - 1)
                      : world->keys++;
    struct sending *sending = sending_new(world, SIGNAL_TRIGGER, key);
    if (is_repeat && chance_of(&world->chance, 20)) {
        sending->severity = SEVERITY_CRITICAL;
    }
    try_to_send(sending);
}

static void send_resolve(struct world *world)
{
    if (world->keys > 0) {
        int64_t key = chance_between(&world->chance, MAX(0, world->keys - 20), world->keys - 1);
        try_to_send(sending_new(world, SIGNAL_RESOLVE, key));
    }
}

static void next_signal(void *arg)
{
    struct world *world = arg;
    int what = (int)chance_between(&world->chance, 1, 100);
    if (what <= 75) {
        send_trigger(world);
    } else if (what <= 98) {
        send_resolve(world);
    } else {
        for (int64_t left = chance_between(&world->chance, 5, 60); left > 0; left--) {
            send_trigger(world); /* a storm */
        }
    }
    world_at(world, chance_gap(&world->chance, MEAN_GAP), next_signal, world);
}

void senders_start(struct world *world)
{
    world_at(world, chance_gap(&world->chance, MEAN_GAP), next_signal, world);
}
