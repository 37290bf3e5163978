/* Paging by several nodes over one shared database: who works what, who may settle, what each notices
 * of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "base/json.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "ledger/cluster_harness.h"
#include "page/courier.h"
#include "page/errand.h"
#include "page/work.h"
#include "people/key_command.h"
#include "people/key_index.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

static const char HEARTBEAT[] =
    "{'heartbeats': [{'name': 'backup', 'every': '1m', 'grace': '10s', 'service': 'shop'}]}";

enum { ROOMS = 2 };

/* What a node has above its ledger. */
struct room {
    struct cluster_node *node;
    struct config_holder *configs;
    struct pager *pager;
    struct key_index *keys;
};

struct house {
    struct cluster *cluster;
    struct room rooms[ROOMS];
};

static void take_answer(void *arg, enum command_outcome outcome)
{
    *(enum command_outcome *)arg = outcome;
}

static enum command_result (*wrapped)(struct ledger_tx *, void *);
static void *wrapped_arg;

static enum command_result run_wrapped(struct ledger_tx *tx, void *arg)
{
    (void)arg;
    return wrapped(tx, wrapped_arg);
}

static enum command_outcome run(struct room *room,
                                enum command_result (*what)(struct ledger_tx *, void *), void *arg)
{
    enum command_outcome outcome = 0;
    wrapped = what;
    wrapped_arg = arg;
    const struct command command = {.run = run_wrapped, .answer = take_answer, .arg = &outcome};
    ledger_run_batch(room->node->ledger, &command, 1);
    return outcome;
}

static enum command_outcome *last_outcome;

static void note_outcome(void *arg, enum command_outcome outcome)
{
    *last_outcome = outcome;
    config_command_answered(arg, outcome);
}

static void apply(struct room *room, const char *document)
{
    struct fault fault = {0};
    g_autofree char *text = g_strdelimit(g_strdup(document), "'", '"');
    json_auto_t *value = json_read(text, strlen(text), &fault);
    assert_non_null(value);
    struct apply_config self = {.base = {.configs = room->configs, .actor = "local"},
                                .document = value};
    const struct command command = {
        .run = apply_config_run, .answer = config_command_answered, .arg = &self};
    ledger_run_batch(room->node->ledger, &command, 1);
    assert_int_equal(self.base.status, 200);
    apply_config_clear(&self);
    assert_int_equal(run(room, pager_expect_heartbeats, room->pager), OUTCOME_COMMITTED);
}

static void open_room(struct house *house, int at)
{
    static const char *const NAMES[] = {"ada", "bob"};
    struct fault fault = {0};
    struct room *room = &house->rooms[at];
    room->node = &house->cluster->nodes[at];
    cluster_open(room->node);
    room->configs = config_holder_create();
    struct config *config = config_load(room->node->db, &fault);
    assert_non_null(config);
    config_publish(room->configs, config);
    config_add_witness(room->configs, room->node->ledger);
    room->pager = pager_create(room->configs, &RANDOM_SYSTEM);
    pager_add_duties(room->pager, room->node->ledger);
    room->keys = key_index_create();
    assert_true(key_index_attach(room->keys, room->node->ledger, room->node->db, &fault));
    assert_true(ledger_join(room->node->ledger, NAMES[at], NULL, &fault));
    assert_int_equal(run(room, pager_recover, room->pager), OUTCOME_COMMITTED);
}

static void close_room(struct room *room)
{
    cluster_kill(room->node);
    pager_destroy(&room->pager);
    key_index_destroy(&room->keys);
    config_holder_destroy(&room->configs);
}

static int set_up(void **state)
{
    struct house *house = g_new0(struct house, 1);
    house->cluster = cluster_create();
    open_room(house, 0);
    apply(&house->rooms[0], TEAM);
    open_room(house, 1);
    cluster_pass(house->cluster, SPAN_S(2), 0);
    *state = house;
    return 0;
}

static int tear_down(void **state)
{
    struct house *house = *state;
    for (int i = 0; i < ROOMS; i++) {
        if (house->rooms[i].configs != NULL) {
            close_room(&house->rooms[i]);
        }
    }
    cluster_destroy(&house->cluster);
    g_free(house);
    return 0;
}

/* The room whose node holds the lane of that name, and the other one. */
static struct room *holder(struct house *house, const char *name)
{
    bool is_first = lane_is_in(cluster_lanes(house->rooms[0].node), lane_of(name));
    return &house->rooms[is_first ? 0 : 1];
}

static struct room *other(struct house *house, const struct room *room)
{
    return &house->rooms[room == &house->rooms[0] ? 1 : 0];
}

/* A bit for cluster_pass. */
static unsigned bit_of(const struct house *house, const struct room *room)
{
    return 1U << (room - house->rooms);
}

static int64_t signal_of(struct room *room, const char *key, const char *service)
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
    assert_int_equal(run(room, pager_take, &take), OUTCOME_COMMITTED);
    take_clear(&take);
    return take.alert_id;
}

/* NULL when nothing is claimed. */
static struct errand *claim_with(struct room *room, GArray *held)
{
    struct claim claim = {
        .pager = room->pager, .public_url = "http://t.example", .max = 64, .held = held};
    assert_int_equal(run(room, pager_claim, &claim), OUTCOME_COMMITTED);
    assert_true(claim.errands->len <= 1);
    struct errand *errand =
        claim.errands->len == 1 ? g_ptr_array_steal_index(claim.errands, 0) : NULL;
    g_ptr_array_unref(claim.errands);
    return errand;
}

static struct errand *claim(struct room *room)
{
    return claim_with(room, NULL);
}

static enum command_outcome settle(struct room *room, const struct errand *errand, bool *out_stale)
{
    struct settle settle = {.pager = room->pager,
                            .delivery_id = errand->delivery_id,
                            .claimant = errand->claimant,
                            .result = {.state = SEND_DELIVERED}};
    enum command_outcome outcome = run(room, pager_settle, &settle);
    *out_stale = settle.is_stale;
    return outcome;
}

static int delivery_state_of(struct room *room, int64_t id)
{
    struct delivery delivery = {0};
    assert_true(delivery_load(room->node->db, id, &delivery));
    int state = delivery.state;
    delivery_clear(&delivery);
    return state;
}

/* --- lanes --- */

static void rows_are_in_the_lane_of_their_name(void **state)
{
    struct house *house = *state;
    struct room *room = &house->rooms[0];
    apply(room, HEARTBEAT);
    (void)signal_of(room, "k", "shop");
    struct db *db = room->node->db;
    lane_set shop = (lane_set)1 << lane_of("shop"), ana = (lane_set)1 << lane_of("ana");
    lane_set backup = (lane_set)1 << lane_of("backup");
    assert_true(shop != ana);
    assert_true(utc_before(escalation_next(db, shop), UTC_NEVER));
    assert_int_equal(escalation_next(db, ~shop).us, UTC_NEVER.us);
    assert_true(utc_before(mailbox_next(db, ana), UTC_NEVER));
    assert_int_equal(mailbox_next(db, ~ana).us, UTC_NEVER.us);
    assert_true(utc_before(heartbeat_next(db, backup), UTC_NEVER));
    assert_int_equal(heartbeat_next(db, ~backup).us, UTC_NEVER.us);
    struct errand *errand = claim(holder(house, "ana"));
    assert_non_null(errand);
    assert_true(utc_before(delivery_next_lease(db, ana), UTC_NEVER));
    assert_int_equal(delivery_next_lease(db, ~ana).us, UTC_NEVER.us);
    errand_free(errand);
}

static void only_the_holder_of_its_lane_claims_a_mailbox(void **state)
{
    struct house *house = *state;
    struct room *ours = holder(house, "ana"), *theirs = other(house, ours);
    (void)signal_of(theirs, "k", "shop"); /* any node may take it in */
    assert_null(claim(theirs));
    struct errand *errand = claim(ours);
    assert_non_null(errand);
    assert_null(claim(ours));
    bool is_stale = true;
    assert_int_equal(settle(ours, errand, &is_stale), OUTCOME_COMMITTED);
    assert_false(is_stale);
    assert_int_equal(delivery_state_of(theirs, errand->delivery_id), DELIVERY_DELIVERED);
    errand_free(errand);
}

static void an_escalation_goes_on_once(void **state)
{
    struct house *house = *state;
    int64_t id = signal_of(&house->rooms[0], "k", "shop");
    cluster_pass(house->cluster, SPAN_MIN(6), 0);
    struct db *db = house->rooms[1].node->db;
    struct escalation e;
    assert_true(escalation_of_alert(db, id, &e));
    assert_int_equal(e.state, ESCALATION_LAST_RESORT); /* one step, then the last resort */
    assert_int_equal(cluster_count_kind(house->cluster, "escalation.exhausted"), 1);
    assert_int_equal(cluster_count_kind(house->cluster, "page.started"), 2);
}

/* --- the fence --- */

static void what_a_dead_node_was_sending_goes_again_at_once(void **state)
{
    struct house *house = *state;
    struct room *dead = holder(house, "ana"), *alive = other(house, dead);
    (void)signal_of(alive, "k", "shop");
    struct errand *errand = claim(dead);
    assert_non_null(errand);
    int64_t first = errand->delivery_id;
    assert_false(errand->message.may_repeat);
    errand_free(errand);
    close_room(dead);
    dead->configs = NULL;
    cluster_pass(house->cluster, SPAN_S(5), 0);
    assert_int_equal(delivery_state_of(alive, first), DELIVERY_UNKNOWN);
    errand = claim(alive);
    assert_non_null(errand);
    assert_true(errand->message.may_repeat);
    errand_free(errand);
}

static void a_node_that_was_away_settles_nothing(void **state)
{
    struct house *house = *state;
    struct room *away = holder(house, "ana"), *there = other(house, away);
    (void)signal_of(there, "k", "shop");
    struct errand *first = claim(away);
    assert_non_null(first);
    struct utc now = clock_now(ledger_clock(away->node->ledger));
    assert_true(delivery_is_wanted(there->node->db, first->delivery_id, now));
    cluster_pass(house->cluster, SPAN_S(6), bit_of(house, away));
    struct errand *second = claim(there);
    assert_non_null(second);
    /* It wakes: what it is about to send is not its own any more … */
    now = clock_now(ledger_clock(there->node->ledger));
    assert_false(delivery_is_wanted(away->node->db, first->delivery_id, now));
    /* … nor what it has sent, whether it has noticed already or not. */
    bool is_stale = false;
    assert_int_equal(settle(away, first, &is_stale), OUTCOME_REFUSED);
    assert_true(is_stale);
    cluster_pass(house->cluster, SPAN_S(1), 0);
    assert_int_equal(settle(away, first, &is_stale), OUTCOME_REFUSED);
    assert_int_equal(settle(away, second, &is_stale), OUTCOME_REFUSED); /* another's */
    assert_int_equal(delivery_state_of(there, first->delivery_id), DELIVERY_UNKNOWN);
    assert_int_equal(settle(there, second, &is_stale), OUTCOME_COMMITTED);
    assert_int_equal(delivery_state_of(there, second->delivery_id), DELIVERY_DELIVERED);
    errand_free(first);
    errand_free(second);
}

static void a_stale_epoch_settles_nothing(void **state)
{
    struct house *house = *state;
    struct room *room = holder(house, "ana");
    (void)signal_of(room, "k", "shop");
    struct errand *errand = claim(room);
    assert_non_null(errand);
    bool is_stale = false;
    errand->claimant.epoch--;
    assert_int_equal(settle(room, errand, &is_stale), OUTCOME_REFUSED);
    errand->claimant.epoch++;
    assert_int_equal(settle(room, errand, &is_stale), OUTCOME_COMMITTED);
    errand_free(errand);
}

static void a_leaving_node_brings_home_what_is_in_flight(void **state)
{
    struct house *house = *state;
    struct room *leaving = holder(house, "ana");
    (void)signal_of(leaving, "k", "shop");
    struct errand *errand = claim(leaving);
    assert_non_null(errand);
    ledger_leave(leaving->node->ledger);
    cluster_pass(house->cluster, SPAN_S(1), 0);
    assert_null(claim(other(house, leaving))); /* it is being sent */
    bool is_stale = true;
    assert_int_equal(settle(leaving, errand, &is_stale), OUTCOME_COMMITTED);
    assert_int_equal(delivery_state_of(leaving, errand->delivery_id), DELIVERY_DELIVERED);
    (void)signal_of(leaving, "second", "shop");
    assert_null(claim(leaving)); /* no lanes, no claims */
    errand_free(errand);
}

/* --- a claim of which nothing is known --- */

static void a_claim_that_was_kept_unknown_is_freed_by_the_next(void **state)
{
    struct house *house = *state;
    struct room *room = holder(house, "ana");
    (void)signal_of(room, "k", "shop");
    struct errand *lost = claim(room); /* as if its answer had been UNCERTAIN */
    assert_non_null(lost);
    assert_null(claim(room)); /* taken: it would wait for its lease */
    GArray *held = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(held, lost->delivery_id);
    assert_null(claim_with(room, held)); /* what is in flight here stays */
    g_array_set_size(held, 0);
    struct errand *again = claim_with(room, held);
    assert_non_null(again);
    assert_false(again->message.may_repeat); /* it was never started */
    assert_int_equal(delivery_state_of(room, lost->delivery_id), DELIVERY_CANCELLED);
    errand_free(lost);
    errand_free(again);
    g_array_unref(held);
}

/* --- the courier --- */

/* A courier whose commands run at once, and whose answers and looks the test decides. */
struct post {
    struct room *room;
    struct clock clock;
    struct span elapsed;
    enum command_outcome claim_answer; /* 0: as it is */
    enum wanted wanted;
    int sent;
    void (*done)(void *self, const struct send_result *result);
    void *done_self;
};

static bool submit_at_once(void *self, struct command command)
{
    struct post *post = self;
    enum command_outcome outcome = run(post->room, command.run, command.arg);
    bool is_claim = command.run == pager_claim && post->claim_answer != 0;
    command.answer(command.arg, is_claim ? post->claim_answer : outcome);
    return true;
}

static void no_wake(void *self)
{
    (void)self;
}

static void send(void *self, const struct address *address, const struct message *message,
                 void (*done)(void *self, const struct send_result *result), void *done_self)
{
    struct post *post = self;
    (void)address;
    (void)message;
    post->sent++;
    post->done = done;
    post->done_self = done_self;
}

static enum wanted look(void *self, int64_t delivery_id)
{
    (void)delivery_id;
    return ((struct post *)self)->wanted;
}

static struct span post_elapsed(void *self)
{
    return ((struct post *)self)->elapsed;
}

static struct courier *open_courier(struct post *post, struct room *room)
{
    *post = (struct post){.room = room, .wanted = WANTED_YES};
    post->clock = (struct clock){.elapsed = post_elapsed, .self = post};
    const struct courier_options options = {
        .pager = room->pager,
        .sender = {send, post},
        .submit = submit_at_once,
        .submit_self = post,
        .wake = no_wake,
        .still_wanted = look,
        .still_wanted_self = post,
        .clock = &post->clock,
        .public_url = "http://t.example",
    };
    return courier_create(&options);
}

static struct utc now_of(const struct room *room)
{
    return clock_now(ledger_clock(room->node->ledger));
}

static void land(struct post *post, int state)
{
    const struct send_result result = {.state = state};
    post->done(post->done_self, &result);
}

static void an_uncertain_claim_is_not_sent_and_does_not_wait(void **state)
{
    struct house *house = *state;
    struct room *room = holder(house, "ana");
    struct post post;
    struct courier *courier = open_courier(&post, room);
    (void)signal_of(room, "k", "shop");
    post.claim_answer = OUTCOME_UNCERTAIN;
    (void)courier_step(courier, now_of(room)).us;
    (void)courier_step(courier, now_of(room)).us;
    assert_int_equal(post.sent, 0);
    post.claim_answer = 0;
    cluster_pass(house->cluster, SPAN_S(2), 0);
    (void)courier_step(courier, now_of(room)).us;
    (void)courier_step(courier, now_of(room)).us;
    assert_int_equal(post.sent, 1);
    land(&post, SEND_DELIVERED);
    (void)courier_step(courier, now_of(room)).us;
    courier_destroy(&courier);
}

struct blind_case {
    const char *name;
    struct span age; /* of the claim, when the database cannot be asked */
    bool is_sent;
};

static const struct blind_case BLIND[] = {
    {"a fresh claim stands", {1900000}, true},
    {"an old one may be another node's by now", {2100000}, false},
};

static void a_look_that_fails(void **state)
{
    struct house *house = *state;
    struct room *room = holder(house, "ana");
    for (size_t i = 0; i < G_N_ELEMENTS(BLIND); i++) {
        struct post post;
        struct courier *courier = open_courier(&post, room);
        g_autofree char *key = g_strdup_printf("k%zu", i);
        print_message("%s\n", BLIND[i].name);
        (void)signal_of(room, key, "shop");
        (void)courier_step(courier, now_of(room)).us; /* claims */
        post.wanted = WANTED_UNKNOWN;
        post.elapsed = BLIND[i].age;
        (void)courier_step(courier, now_of(room)).us; /* looks and sends, or not */
        assert_int_equal(post.sent, BLIND[i].is_sent);
        /* What was not sent waits again as soon as the database is back. */
        post.wanted = WANTED_YES;
        cluster_pass(house->cluster, SPAN_MS(50), 0);
        courier_wake(courier);
        (void)courier_step(courier, now_of(room)).us;
        courier_wake(courier);
        (void)courier_step(courier, now_of(room)).us;
        (void)courier_step(courier, now_of(room)).us;
        assert_int_equal(post.sent, 1);
        land(&post, SEND_DELIVERED);
        (void)courier_step(courier, now_of(room)).us;
        courier_destroy(&courier);
    }
}

/* --- what other nodes change --- */

static void a_change_of_configuration_is_noticed(void **state)
{
    struct house *house = *state;
    struct room *here = &house->rooms[0], *there = &house->rooms[1];
    apply(
        here,
        "{'users': [{'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'b@x.org'}]}],"
        "'policies': [{'name': 'q', 'steps': [{'notify': [{'user': 'budi'}], 'wait': "
        "'5m'}], 'last_resort': {'user': 'ana'}}], 'services': [{'name': 'bar', 'policy': 'q'}]}");
    /* The very next command of the other node judges by it, without a tick in between. */
    int64_t id = signal_of(there, "k", "bar");
    int64_t pages[4];
    struct db *db = there->node->db;
    assert_int_equal(page_unanswered(db, "budi", pages, 4), 1);
    struct escalation e;
    assert_true(escalation_of_alert(db, id, &e));
    assert_true(e.policy_version != 0);
    struct config *mine = config_current(here->configs), *theirs = config_current(there->configs);
    assert_int_equal(mine->version, theirs->version);
    config_unref(mine);
    config_unref(theirs);
}

/* The commit goes through, its answer is lost, and so is the way to ask what became of it. */
static void cut_now(struct cluster_node *node)
{
    node->is_cut = true;
}

static void cut_at_the_next(struct cluster_node *node)
{
    node->at_begin = cut_now;
}

static void a_change_of_unknown_outcome_is_found_again(void **state)
{
    struct house *house = *state;
    struct room *room = &house->rooms[0];
    struct fault fault = {0};
    static const char TEXT[] = "{\"teams\": [{\"name\": \"t\", \"members\": [\"ana\"]}]}";
    json_auto_t *document = json_read(TEXT, strlen(TEXT), &fault);
    struct apply_config self = {.base = {.configs = room->configs, .actor = "local"},
                                .document = document};
    enum command_outcome outcome = 0;
    const struct command command = {.run = apply_config_run, .answer = note_outcome, .arg = &self};
    last_outcome = &outcome;
    struct config *before = config_current(room->configs);
    room->node->at_begin = cut_at_the_next;
    room->node->moment = DB_AT_COMMIT;
    room->node->fate = DB_LINK_LOST_AFTER;
    ledger_run_batch(room->node->ledger, &command, 1);
    assert_int_equal(outcome, OUTCOME_UNCERTAIN);
    apply_config_clear(&self);
    room->node->is_cut = false;
    (void)signal_of(room, "k", "shop");
    struct config *after = config_current(room->configs);
    assert_int_equal(after->version, before->version + 1);
    assert_non_null(config_team(after, "t"));
    config_unref(before);
    config_unref(after);
}

static void keys_are_good_and_end_on_every_node(void **state)
{
    struct house *house = *state;
    struct room *here = &house->rooms[0], *there = &house->rooms[1];
    struct key_mint mint = {.owner_kind = KEY_INTEGRATION, .owner = "prom", .actor = "local"};
    assert_int_equal(run(here, key_mint, &mint), OUTCOME_COMMITTED);
    struct key_entry found;
    struct utc now = now_of(here);
    assert_true(key_index_find(here->keys, mint.text, now, &found));
    cluster_pass(house->cluster, SPAN_MS(300), 0);
    assert_true(key_index_find(there->keys, mint.text, now, &found));
    struct key_revoke revoke = {.owner_kind = KEY_INTEGRATION, .owner = "prom", .actor = "local"};
    assert_int_equal(run(there, key_revoke, &revoke), OUTCOME_COMMITTED);
    assert_false(key_index_find(there->keys, mint.text, now, &found));
    cluster_pass(house->cluster, SPAN_MS(300), 0);
    assert_false(key_index_find(here->keys, mint.text, now, &found));
}

/* --- outages --- */

static void cut_all(struct house *house, bool is_cut)
{
    for (int i = 0; i < ROOMS; i++) {
        house->rooms[i].node->is_cut = is_cut;
    }
}

struct outage_case {
    const char *name;
    struct span down;
    struct span missed_after; /* the beat, since the outage ended; due after 70 s */
};

static const struct outage_case OUTAGES[] = {
    {"none", {0}, {70000000}},
    {"of the database, longer than the beat", {100000000}, {70000000}},
};

static void a_beat_is_not_missed_for_an_outage_of_ours(void **state)
{
    struct house *house = *state;
    apply(&house->rooms[0], HEARTBEAT);
    for (size_t i = 0; i < G_N_ELEMENTS(OUTAGES); i++) {
        const struct outage_case *row = &OUTAGES[i];
        print_message("%s\n", row->name);
        struct beat beat = {.pager = house->rooms[0].pager, .heartbeat = "backup"};
        assert_int_equal(run(&house->rooms[0], pager_beat, &beat), OUTCOME_COMMITTED);
        int64_t before = cluster_count_kind(house->cluster, "alert.triggered");
        if (row->down.us > 0) {
            cut_all(house, true);
            cluster_pass(house->cluster, row->down, 0);
            cut_all(house, false);
        }
        cluster_pass(house->cluster, (struct span){row->missed_after.us - SPAN_S(5).us}, 0);
        assert_int_equal(cluster_count_kind(house->cluster, "alert.triggered"), before);
        cluster_pass(house->cluster, SPAN_S(15), 0);
        assert_int_equal(cluster_count_kind(house->cluster, "alert.triggered"), before + 1);
    }
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOUSE(rows_are_in_the_lane_of_their_name),
        IN_HOUSE(only_the_holder_of_its_lane_claims_a_mailbox),
        IN_HOUSE(an_escalation_goes_on_once),
        IN_HOUSE(what_a_dead_node_was_sending_goes_again_at_once),
        IN_HOUSE(a_node_that_was_away_settles_nothing),
        IN_HOUSE(a_stale_epoch_settles_nothing),
        IN_HOUSE(a_leaving_node_brings_home_what_is_in_flight),
        IN_HOUSE(a_claim_that_was_kept_unknown_is_freed_by_the_next),
        IN_HOUSE(an_uncertain_claim_is_not_sent_and_does_not_wait),
        IN_HOUSE(a_look_that_fails),
        IN_HOUSE(a_change_of_configuration_is_noticed),
        IN_HOUSE(a_change_of_unknown_outcome_is_found_again),
        IN_HOUSE(keys_are_good_and_end_on_every_node),
        IN_HOUSE(a_beat_is_not_missed_for_an_outage_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
