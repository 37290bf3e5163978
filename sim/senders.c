/* Monitoring systems: new alerts, repeats, storms, resolves. They try again until they are answered. */
#include "paging/pager.h"
#include "sim/world_private.h"

static const struct span MEAN_GAP = {INT64_C(20) * 60 * 1000000};
static const struct span TRY_AGAIN = {INT64_C(5) * 1000000};
/* With several nodes: shorter lives need more to happen in them. */
static const struct span SHARED_MEAN_GAP = {INT64_C(60) * 1000000};
static const struct span TRY_ANOTHER = {INT64_C(1) * 1000000};
static const struct span ANSWER_WAIT = {INT64_C(10) * 1000000};

/* What a sender wants to get rid of. */
struct sending {
    struct world *world;
    int holders; /* its requests, and the plan to make another */
    bool is_answered;
    int requests; /* so far */
    int action;
    int64_t key;
    int service;
    int severity;
};

/* One try, at one node. It may run long after its sender has turned to another node. */
struct request {
    struct take take; /* first: the command's argument is the request itself */
    struct sending *sending;
    int number;
};

static void try_to_send(void *arg);

static void sending_unref(void *arg)
{
    struct sending *sending = arg;
    if (--sending->holders == 0) {
        g_free(sending);
    }
}

static void try_again(struct sending *sending)
{
    struct world *world = sending->world;
    sending->holders++;
    world_at_owned(world, world_is_shared(world) ? TRY_ANOTHER : TRY_AGAIN, try_to_send,
                   sending_unref, sending);
}

static void accepted(const struct sending *sending, const struct take *take)
{
    struct world *world = sending->world;
    struct moment now = world_now(world);
    int64_t id = take->alert_id;
    /* How severe an alert was that this one joined only the log knows. */
    if (take->outcome == TAKE_OPENED) {
        world_count(world, COUNT_ALERTS);
        auditor_accepted(world->auditor, id, sending->service, sending->severity, now);
    }
    if (id != 0) {
        g_array_append_val(world->answered, id);
    }
}

static void answered(void *arg, enum command_outcome outcome)
{
    struct request *request = arg;
    struct sending *sending = request->sending;
    bool is_heard = !sending->is_answered && request->number == sending->requests;
    if (is_heard && outcome == OUTCOME_COMMITTED) {
        sending->is_answered = true;
        accepted(sending, &request->take);
    } else if (is_heard) {
        try_again(sending);
    }
    take_clear(&request->take);
    g_free(request);
    sending_unref(sending);
}

/* Whoever hears nothing for long tries another node, with the same key. */
static void give_up_waiting(void *arg)
{
    struct request *request = arg; /* a copy: the request itself may be over */
    struct sending *sending = request->sending;
    if (!sending->is_answered && request->number == sending->requests) {
        try_again(sending);
    }
    g_free(request);
    sending_unref(sending);
}

static void drop_waiting(void *arg)
{
    struct request *request = arg;
    sending_unref(request->sending);
    g_free(request);
}

static void plan_to_give_up(const struct request *request)
{
    struct sending *sending = request->sending;
    struct request *copy = g_new0(struct request, 1);
    copy->sending = sending;
    copy->number = request->number;
    sending->holders++;
    world_at_owned(sending->world, ANSWER_WAIT, give_up_waiting, drop_waiting, copy);
}

static struct request *request_new(struct sending *sending, struct pager *pager)
{
    static const char *const NAMES[] = {"service0", "service1", "service2", "service3"};
    struct request *request = g_new0(struct request, 1);
    sending->holders++;
    request->sending = sending;
    request->number = ++sending->requests;
    request->take = (struct take){
        .pager = pager,
        .integration = "monitoring",
        .service = NAMES[sending->service],
        .signal = {.action = sending->action,
                   .dedup_key = g_strdup_printf("k%" G_GINT64_FORMAT, sending->key),
                   .summary = g_strdup_printf("trouble %" G_GINT64_FORMAT, sending->key),
                   .severity = sending->severity},
    };
    return request;
}

static void try_to_send(void *arg)
{
    struct sending *sending = arg;
    struct node *node = world_any_node(sending->world);
    if (sending->is_answered) {
        sending_unref(sending);
        return;
    }
    if (!process_is_open(node)) {
        sending->requests++; /* nobody listens to an earlier one any more */
        try_again(sending);
        sending_unref(sending);
        return;
    }
    struct request *request = request_new(sending, node->pager);
    if (world_is_shared(sending->world)) {
        plan_to_give_up(request);
    }
    const struct command command = {
        .run = pager_take, .answer = answered, .arg = request, .is_intake = true};
    CHECK(process_submit(node, command));
    sending_unref(sending);
}

static struct sending *sending_new(struct world *world, int action, int64_t key)
{
    struct sending *sending = g_new0(struct sending, 1);
    sending->world = world;
    sending->holders = 1;
    sending->action = action;
    sending->key = key;
    /* A key belongs to one service and starts with one severity, whenever it is sent. */
    sending->service = (int)(key % world->scene.service_count);
    sending->severity = 1 + (int)(key / 7 % 4);
    world_count(world, COUNT_SIGNALS);
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

static void next_signal(void *arg);

static void plan_next(struct world *world)
{
    struct span mean = world_is_shared(world) ? SHARED_MEAN_GAP : MEAN_GAP;
    world_at(world, chance_gap(&world->chance, mean), next_signal, world);
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
    plan_next(world);
}

void senders_start(struct world *world)
{
    plan_next(world);
}
