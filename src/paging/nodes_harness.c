#include "paging/nodes_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/kinds.h"
#include "base/json.h"
#include "config/config_store.h"
#include "paging/alert_topic.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

struct nodes_job {
    enum command_result (*what)(struct ledger_tx *, void *);
    void *arg;
    enum command_outcome outcome;
};

static enum command_result run_job(struct ledger_tx *tx, void *arg)
{
    const struct nodes_job *job = arg;
    return job->what(tx, job->arg);
}

static void end_job(void *arg, enum command_outcome outcome)
{
    ((struct nodes_job *)arg)->outcome = outcome;
}

enum command_outcome room_run(struct room *room,
                              enum command_result (*what)(struct ledger_tx *, void *), void *arg)
{
    struct nodes_job job = {what, arg, 0};
    const struct command command = {.run = run_job, .answer = end_job, .arg = &job};
    ledger_run_batch(room->node->ledger, &command, 1);
    return job.outcome;
}

struct applying {
    struct apply_config apply; /* first: the command's argument */
    enum command_outcome outcome;
};

static void end_applying(void *arg, enum command_outcome outcome)
{
    ((struct applying *)arg)->outcome = outcome;
    config_command_answered(arg, outcome);
}

enum command_outcome room_try_apply(struct room *room, const char *document)
{
    struct fault fault = {0};
    g_autofree char *text = g_strdelimit(g_strdup(document), "'", '"');
    json_auto_t *value = json_read(text, strlen(text), &fault);
    assert_non_null(value);
    struct applying self = {
        .apply = {.base = {.configs = room->configs, .actor = PRINCIPAL_HERE}, .document = value}};
    const struct command command = {.run = apply_config_run, .answer = end_applying, .arg = &self};
    ledger_run_batch(room->node->ledger, &command, 1);
    assert_string_equal(self.apply.base.fault.text, "");
    apply_config_clear(&self.apply);
    return self.outcome;
}

void room_apply(struct room *room, const char *document)
{
    assert_int_equal(room_try_apply(room, document), OUTCOME_COMMITTED);
}

static void open_room(struct nodes_house *house, int at)
{
    static const char *const NAMES[] = {"ada", "bob"};
    struct fault fault = {0};
    struct room *room = &house->rooms[at];
    room->node = &house->cluster->nodes[at];
    cluster_open(room->node);
    config_register(CONFIG_KINDS);
    room->configs = config_holder_create();
    struct config *config = config_load(room->node->db, &fault);
    assert_non_null(config);
    config_publish(room->configs, config);
    config_add_witness(room->configs, room->node->ledger);
    room->pager = pager_create(room->configs, &RANDOM_SYSTEM);
    pager_add_topics(room->pager, &ALERT_TOPIC);
    pager_attach(room->pager, room->node->ledger);
    room->keys = key_index_create();
    assert_true(key_index_attach(room->keys, room->node->ledger, room->node->db, &fault));
    assert_true(ledger_join(room->node->ledger, NAMES[at], NULL, &fault));
    assert_int_equal(room_run(room, pager_recover, room->pager), OUTCOME_COMMITTED);
}

void room_close(struct room *room)
{
    cluster_kill(room->node);
    pager_destroy(&room->pager);
    key_index_destroy(&room->keys);
    config_holder_destroy(&room->configs);
}

int house_set_up(void **state)
{
    struct nodes_house *house = g_new0(struct nodes_house, 1);
    house->cluster = cluster_create();
    open_room(house, 0);
    room_apply(&house->rooms[0], TEAM);
    open_room(house, 1);
    cluster_pass(house->cluster, SPAN_S(2), 0);
    *state = house;
    return 0;
}

int house_tear_down(void **state)
{
    struct nodes_house *house = *state;
    for (int i = 0; i < ROOMS; i++) {
        if (house->rooms[i].configs != NULL) {
            room_close(&house->rooms[i]);
        }
    }
    cluster_destroy(&house->cluster);
    g_free(house);
    return 0;
}

/* The room whose node holds the lane of that name, and the other one. */
struct room *house_holder(struct nodes_house *house, const char *name)
{
    bool is_first = lane_is_in(cluster_lanes(house->rooms[0].node), lane_of(name));
    return &house->rooms[is_first ? 0 : 1];
}

struct room *house_other(struct nodes_house *house, const struct room *room)
{
    return &house->rooms[room == &house->rooms[0] ? 1 : 0];
}

/* A bit for cluster_pass. */
unsigned house_bit(const struct nodes_house *house, const struct room *room)
{
    return 1U << (room - house->rooms);
}

int64_t room_signal(struct room *room, const char *key, const char *service)
{
    struct take take = {
        .pager = room->pager,
        .integration = "test",
        .service = service,
        .signal = {.action = SIGNAL_TRIGGER,
                   .dedup_key = g_strdup(key),
                   .summary = g_strdup(key),
                   .severity = SEVERITY_CRITICAL},
    };
    assert_int_equal(room_run(room, pager_take, &take), OUTCOME_COMMITTED);
    take_clear(&take);
    return take.alert_id;
}

/* NULL when nothing is claimed. */
struct errand *room_claim(struct room *room, GArray *held)
{
    struct claim claim = {
        .pager = room->pager, .public_url = "http://t.example", .max = 64, .held = held};
    assert_int_equal(room_run(room, pager_claim, &claim), OUTCOME_COMMITTED);
    assert_true(claim.errands->len <= 1);
    struct errand *errand =
        claim.errands->len == 1 ? g_ptr_array_steal_index(claim.errands, 0) : NULL;
    g_ptr_array_unref(claim.errands);
    return errand;
}

enum command_outcome room_settle(struct room *room, const struct errand *errand, bool *out_stale)
{
    struct settle settle = {.pager = room->pager,
                            .delivery_id = errand->delivery_id,
                            .node = errand->node,
                            .result = {.state = SEND_DELIVERED}};
    enum command_outcome outcome = room_run(room, pager_settle, &settle);
    *out_stale = settle.is_stale;
    return outcome;
}

int room_delivery_state(struct room *room, int64_t id)
{
    struct delivery delivery = {0};
    assert_true(delivery_load(room->node->db, id, &delivery));
    int state = delivery.state;
    delivery_clear(&delivery);
    return state;
}

struct utc room_now(const struct room *room)
{
    return clock_now(ledger_clock(room->node->ledger));
}
