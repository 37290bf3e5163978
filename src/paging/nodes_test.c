/* Paging by several nodes over one shared database: who works what, who may settle, what each notices
 * of the others. */
#include "paging/alert_topic.h"
#include "paging/nodes_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/key_command.h"
#include "alert/alert_store.h"

static const char HEARTBEAT[] =
    "{'heartbeats': [{'name': 'backup', 'every': '1m', 'grace': '10s', 'service': 'shop'}]}";

static const char ARM_PAGE[] = "UPDATE page SET next_at = $1";
static const char ARM_ALERT[] = "UPDATE alert SET expires_at = $1";

static void arm(struct db *db, const char *sql, struct utc at)
{
    struct db_query *q = db_query(db, sql);
    db_bind_utc(q, 1, at);
    (void)db_run(q);
    assert_int_equal(db_error(db), DB_OK);
}

/* In a lane or in none of ours, and up to its deadline or not. */
static void is_found_until(struct db *db, lane_set lanes,
                           struct utc (*next_of)(struct db *, lane_set, struct utc))
{
    struct utc next = next_of(db, lanes, UTC_NEVER);
    assert_true(utc_before(next, UTC_NEVER));
    assert_int_equal(next_of(db, ~lanes, UTC_NEVER).us, UTC_NEVER.us);
    assert_int_equal(next_of(db, lanes, next).us, next.us);
    assert_int_equal(next_of(db, lanes, (struct utc){next.us - 1}).us, UTC_NEVER.us);
}

/* --- lanes --- */

static void rows_are_in_the_lane_of_their_name(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = &house->rooms[0];
    room_apply(room, HEARTBEAT);
    (void)room_signal(room, "k", "shop");
    struct db *db = room->node->db;
    lane_set shop = (lane_set)1 << lane_of("shop"), ana = (lane_set)1 << lane_of("ana");
    lane_set backup = (lane_set)1 << lane_of("backup");
    assert_true(shop != ana);
    is_found_until(db, shop, escalation_next);
    arm(db, ARM_PAGE, room_now(room));
    is_found_until(db, shop, page_next);
    arm(db, ARM_ALERT, room_now(room));
    is_found_until(db, shop, alert_next_expiry);
    assert_true(utc_before(mailbox_next(db, ana), UTC_NEVER));
    assert_int_equal(mailbox_next(db, ~ana).us, UTC_NEVER.us);
    is_found_until(db, backup, heartbeat_next);
    struct errand *errand = room_claim(house_holder(house, "ana"), NULL);
    assert_non_null(errand);
    is_found_until(db, ana, delivery_next_lease);
    errand_free(errand);
}

static void only_the_holder_of_its_lane_claims_a_mailbox(void **state)
{
    struct nodes_house *house = *state;
    struct room *ours = house_holder(house, "ana"), *theirs = house_other(house, ours);
    (void)room_signal(theirs, "k", "shop"); /* any node may take it in */
    assert_null(room_claim(theirs, NULL));
    struct errand *errand = room_claim(ours, NULL);
    assert_non_null(errand);
    assert_null(room_claim(ours, NULL));
    bool is_stale = true;
    assert_int_equal(room_settle(ours, errand, &is_stale), OUTCOME_COMMITTED);
    assert_false(is_stale);
    assert_int_equal(room_delivery_state(theirs, errand->delivery_id), DELIVERY_DELIVERED);
    errand_free(errand);
}

static void an_escalation_goes_on_once(void **state)
{
    struct nodes_house *house = *state;
    int64_t id = room_signal(&house->rooms[0], "k", "shop");
    cluster_pass(house->cluster, SPAN_MIN(6), 0);
    struct db *db = house->rooms[1].node->db;
    struct escalation e;
    assert_true(escalation_of(db, alert_subject(id), &e));
    assert_int_equal(e.state, ESCALATION_LAST_RESORT); /* one step, then the last resort */
    assert_int_equal(cluster_count_kind(house->cluster, "escalation.exhausted"), 1);
    assert_int_equal(cluster_count_kind(house->cluster, "page.started"), 2);
}

/* --- the fence --- */

static void what_a_dead_node_was_sending_goes_again_at_once(void **state)
{
    struct nodes_house *house = *state;
    struct room *dead = house_holder(house, "ana"), *alive = house_other(house, dead);
    (void)room_signal(alive, "k", "shop");
    struct errand *errand = room_claim(dead, NULL);
    assert_non_null(errand);
    int64_t first = errand->delivery_id;
    assert_false(errand->message.may_repeat);
    errand_free(errand);
    room_close(dead);
    dead->configs = NULL;
    cluster_pass(house->cluster, SPAN_S(5), 0);
    assert_int_equal(room_delivery_state(alive, first), DELIVERY_UNKNOWN);
    errand = room_claim(alive, NULL);
    assert_non_null(errand);
    assert_true(errand->message.may_repeat);
    errand_free(errand);
}

static void a_node_that_was_away_settles_nothing(void **state)
{
    struct nodes_house *house = *state;
    struct room *away = house_holder(house, "ana"), *there = house_other(house, away);
    (void)room_signal(there, "k", "shop");
    struct errand *first = room_claim(away, NULL);
    assert_non_null(first);
    struct utc now = clock_now(ledger_clock(away->node->ledger));
    assert_true(delivery_is_wanted(there->node->db, first->delivery_id, now));
    cluster_pass(house->cluster, SPAN_S(6), house_bit(house, away));
    struct errand *second = room_claim(there, NULL);
    assert_non_null(second);
    /* It wakes: what it is about to send is not its own any more … */
    now = clock_now(ledger_clock(there->node->ledger));
    assert_false(delivery_is_wanted(away->node->db, first->delivery_id, now));
    /* … nor what it has sent, whether it has noticed already or not. */
    bool is_stale = false;
    assert_int_equal(room_settle(away, first, &is_stale), OUTCOME_REFUSED);
    assert_true(is_stale);
    cluster_pass(house->cluster, SPAN_S(1), 0);
    assert_int_equal(room_settle(away, first, &is_stale), OUTCOME_REFUSED);
    assert_int_equal(room_settle(away, second, &is_stale), OUTCOME_REFUSED); /* another's */
    assert_int_equal(room_delivery_state(there, first->delivery_id), DELIVERY_UNKNOWN);
    assert_int_equal(room_settle(there, second, &is_stale), OUTCOME_COMMITTED);
    assert_int_equal(room_delivery_state(there, second->delivery_id), DELIVERY_DELIVERED);
    errand_free(first);
    errand_free(second);
}

static void a_leaving_node_brings_home_what_is_in_flight(void **state)
{
    struct nodes_house *house = *state;
    struct room *leaving = house_holder(house, "ana");
    (void)room_signal(leaving, "k", "shop");
    struct errand *errand = room_claim(leaving, NULL);
    assert_non_null(errand);
    ledger_leave(leaving->node->ledger);
    cluster_pass(house->cluster, SPAN_S(1), 0);
    assert_null(room_claim(house_other(house, leaving), NULL)); /* it is being sent */
    bool is_stale = true;
    assert_int_equal(room_settle(leaving, errand, &is_stale), OUTCOME_COMMITTED);
    assert_int_equal(room_delivery_state(leaving, errand->delivery_id), DELIVERY_DELIVERED);
    (void)room_signal(leaving, "second", "shop");
    assert_null(room_claim(leaving, NULL)); /* no lanes, no claims */
    errand_free(errand);
}

/* --- what other nodes change --- */

static void a_change_of_configuration_is_noticed(void **state)
{
    struct nodes_house *house = *state;
    struct room *here = &house->rooms[0], *there = &house->rooms[1];
    room_apply(
        here,
        "{'users': [{'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'b@x.org'}]}],"
        "'policies': [{'name': 'q', 'steps': [{'notify': [{'user': 'budi'}], 'wait': "
        "'5m'}], 'last_resort': {'user': 'ana'}}], 'services': [{'name': 'bar', 'policy': 'q'}]}");
    /* The very next command of the other node judges by it, without a tick in between. */
    int64_t id = room_signal(there, "k", "bar");
    int64_t pages[4];
    struct db *db = there->node->db;
    assert_int_equal(page_unanswered(db, "budi", pages, 4), 1);
    struct escalation e;
    assert_true(escalation_of(db, alert_subject(id), &e));
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
    struct nodes_house *house = *state;
    struct room *room = &house->rooms[0];
    struct config *before = config_current(room->configs);
    room->node->at_begin = cut_at_the_next;
    room->node->moment = DB_AT_COMMIT;
    room->node->fate = DB_LINK_LOST_AFTER;
    assert_int_equal(room_try_apply(room, "{'teams': [{'name': 't', 'members': ['ana']}]}"),
                     OUTCOME_UNCERTAIN);
    room->node->is_cut = false;
    (void)room_signal(room, "k", "shop");
    struct config *after = config_current(room->configs);
    assert_int_equal(after->version, before->version + 1);
    assert_non_null(team_find(after, "t"));
    config_unref(before);
    config_unref(after);
}

static const char BAR[] =
    "{'users': [{'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'b@x.org'}]}],"
    "'teams': [{'name': 'bar', 'members': ['budi']}]}";

static bool knows_bar(const struct room *room)
{
    struct config *config = config_current(room->configs);
    bool is_known = team_find(config, "bar") != NULL;
    config_unref(config);
    return is_known;
}

/* Outside of a transaction no turn is counted: as what a lost primary took along. */
static void change_behind(const struct room *room, const char *sql)
{
    (void)db_run(db_query(room->node->db, sql));
    assert_int_equal(db_error(room->node->db), DB_OK);
}

static void a_new_connection_may_know_less(void **state)
{
    struct nodes_house *house = *state;
    struct room *here = &house->rooms[0], *there = &house->rooms[1];
    if (test_database_is_shared()) {
        skip(); /* where db_hang_up can do nothing */
    }
    room_apply(here, BAR);
    change_behind(there, "UPDATE config_object SET deleted_at = 1 WHERE name = 'bar'");
    change_behind(there, "UPDATE config_state SET version = version - 1");
    db_hang_up(here->node->db);
    assert_true(knows_bar(here));
    (void)room_signal(here, "k", "shop");
    assert_false(knows_bar(here));
}

static int try_bar(struct room *room)
{
    g_autofree char *text = g_strdelimit(g_strdup(BAR), "'", '"');
    json_auto_t *document = json_loads(text, 0, NULL);
    struct apply_config apply = {.base = {.configs = room->configs, .actor = PRINCIPAL_HERE},
                                 .document = document};
    assert_int_equal(room_run(room, apply_config_run, &apply), OUTCOME_REFUSED);
    assert_non_null(strstr(apply.base.fault.text, "bring this node to that version"));
    apply_config_clear(&apply);
    return apply.base.status;
}

static void what_a_newer_program_wrote_is_tried_once(void **state)
{
    struct nodes_house *house = *state;
    struct room *here = &house->rooms[0], *there = &house->rooms[1];
    room_apply(here, BAR);
    change_behind(there, "UPDATE config_object SET kind = 77 WHERE name = 'bar'");
    change_behind(there, "UPDATE config_state SET version = version + 1");
    (void)room_signal(there, "k", "shop"); /* counts a turn */
    (void)room_signal(here, "k", "shop");
    assert_true(knows_bar(here)); /* what was good stays */
    struct config *known = config_current(here->configs);
    assert_int_equal(config_unreadable(here->configs), known->version + 1);
    config_unref(known);
    assert_int_equal(try_bar(here), 503); /* what cannot be read is not changed */
    change_behind(there, "UPDATE config_object SET deleted_at = 1 WHERE name = 'bar'");
    change_behind(there, "UPDATE config_state SET version = version + 1");
    (void)room_signal(there, "k", "shop");
    (void)room_signal(here, "k", "shop");
    assert_false(knows_bar(here));
    assert_int_equal(config_unreadable(here->configs), 0);
}

static void keys_are_good_and_end_on_every_node(void **state)
{
    struct nodes_house *house = *state;
    struct room *here = &house->rooms[0], *there = &house->rooms[1];
    struct key_mint mint = {
        .owner_kind = KEY_INTEGRATION, .owner = "prom", .actor = PRINCIPAL_HERE};
    assert_int_equal(room_run(here, key_mint, &mint), OUTCOME_COMMITTED);
    struct key_entry found;
    struct utc now = room_now(here);
    assert_true(key_index_find(here->keys, mint.text, now, &found));
    cluster_pass(house->cluster, SPAN_MS(300), 0);
    assert_true(key_index_find(there->keys, mint.text, now, &found));
    struct key_revoke revoke = {
        .owner_kind = KEY_INTEGRATION, .owner = "prom", .actor = PRINCIPAL_HERE};
    assert_int_equal(room_run(there, key_revoke, &revoke), OUTCOME_COMMITTED);
    assert_false(key_index_find(there->keys, mint.text, now, &found));
    cluster_pass(house->cluster, SPAN_MS(300), 0);
    assert_false(key_index_find(here->keys, mint.text, now, &found));
}

/* --- what is asked of a duty --- */

struct duty_case {
    const char *duty, *arm;
    const char *name; /* of its lane */
};

static const struct duty_case DUTIES[] = {
    {"escalations", "UPDATE escalation SET next_at = $1", "shop"},
    {"personal rules", ARM_PAGE, "shop"},
    {"alert expiry", ARM_ALERT, "shop"},
    {"heartbeats", "UPDATE heartbeat_state SET due_at = $1", "backup"},
    {"delivery leases", "UPDATE delivery SET lease_until = $1 WHERE lease_until IS NOT NULL",
     "ana"},
};

struct asking {
    const struct duty_case *row;
    struct span ahead; /* of the one deadline there is */
    bool is_told;
};

static enum command_result ask_duty(struct ledger_tx *tx, void *arg)
{
    struct asking *asking = arg;
    struct utc at = utc_add(tx->now, asking->ahead);
    arm(tx->db, asking->row->arm, at);
    const GArray *duties = tx->ledger->duties;
    for (guint i = 0; i < duties->len; i++) {
        const struct ledger_duty *duty = &g_array_index(duties, struct duty_state, i).duty;
        if (strcmp(duty->name, asking->row->duty) == 0) {
            asking->is_told = duty->next_at(tx, duty->self).us == at.us;
            return COMMAND_DONE;
        }
    }
    fail_msg("no duty \"%s\"", asking->row->duty);
    return COMMAND_DONE;
}

static bool is_told(struct room *room, const struct duty_case *row, struct span ahead)
{
    struct asking asking = {.row = row, .ahead = ahead};
    assert_int_equal(room_run(room, ask_duty, &asking), OUTCOME_COMMITTED);
    return asking.is_told;
}

static void who_shares_the_work_tells_the_near_deadlines(void **state)
{
    struct nodes_house *house = *state;
    struct room *sender = house_holder(house, "ana"), *other = house_other(house, sender);
    room_apply(sender, HEARTBEAT);
    (void)room_signal(sender, "k", "shop");
    struct errand *errand = room_claim(sender, NULL);
    assert_non_null(errand);
    errand_free(errand);
    for (size_t i = 0; i < G_N_ELEMENTS(DUTIES); i++) {
        const struct duty_case *row = &DUTIES[i];
        struct room *holder = house_holder(house, row->name);
        print_message("%s\n", row->duty);
        assert_true(is_told(holder, row, SPAN_S(1)));
        assert_false(is_told(house_other(house, holder), row, SPAN_S(1)));
        assert_false(is_told(holder, row, SPAN_H(1)));
    }
    room_close(other);
    other->configs = NULL;
    cluster_pass(house->cluster, SPAN_S(8), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(DUTIES); i++) {
        print_message("%s, alone\n", DUTIES[i].duty);
        assert_true(is_told(sender, &DUTIES[i], SPAN_H(1)));
    }
}

/* --- outages --- */

static void cut_all(struct nodes_house *house, bool is_cut)
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
    struct nodes_house *house = *state;
    room_apply(&house->rooms[0], HEARTBEAT);
    for (size_t i = 0; i < G_N_ELEMENTS(OUTAGES); i++) {
        const struct outage_case *row = &OUTAGES[i];
        print_message("%s\n", row->name);
        struct beat beat = {.pager = house->rooms[0].pager, .heartbeat = "backup"};
        assert_int_equal(room_run(&house->rooms[0], pager_beat, &beat), OUTCOME_COMMITTED);
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

/* The courier of a node that lives knows how it went, and brings it when it can. */
static void an_outage_longer_than_a_lease_repeats_nothing(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    (void)room_signal(room, "k", "shop");
    struct errand *errand = room_claim(room, NULL);
    assert_non_null(errand);
    cut_all(house, true);
    cluster_pass(house->cluster, SPAN_S(100), 0);
    cut_all(house, false);
    cluster_pass(house->cluster, SPAN_S(10), 0);
    bool is_stale = true;
    assert_int_equal(room_settle(room, errand, &is_stale), OUTCOME_COMMITTED);
    assert_int_equal(room_delivery_state(room, errand->delivery_id), DELIVERY_DELIVERED);
    errand_free(errand);
}

static void what_a_node_that_died_in_an_outage_was_sending_goes_again(void **state)
{
    struct nodes_house *house = *state;
    struct room *dead = house_holder(house, "ana"), *alive = house_other(house, dead);
    (void)room_signal(alive, "k", "shop");
    struct errand *errand = room_claim(dead, NULL);
    assert_non_null(errand);
    cut_all(house, true);
    room_close(dead);
    dead->configs = NULL;
    cluster_pass(house->cluster, SPAN_S(100), 0);
    alive->node->is_cut = false;
    cluster_pass(house->cluster, SPAN_S(6), 0);
    assert_int_equal(room_delivery_state(alive, errand->delivery_id), DELIVERY_UNKNOWN);
    errand_free(errand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOUSE(rows_are_in_the_lane_of_their_name),
        IN_HOUSE(only_the_holder_of_its_lane_claims_a_mailbox),
        IN_HOUSE(an_escalation_goes_on_once),
        IN_HOUSE(what_a_dead_node_was_sending_goes_again_at_once),
        IN_HOUSE(a_node_that_was_away_settles_nothing),
        IN_HOUSE(a_leaving_node_brings_home_what_is_in_flight),
        IN_HOUSE(a_change_of_configuration_is_noticed),
        IN_HOUSE(a_change_of_unknown_outcome_is_found_again),
        IN_HOUSE(a_new_connection_may_know_less),
        IN_HOUSE(what_a_newer_program_wrote_is_tried_once),
        IN_HOUSE(keys_are_good_and_end_on_every_node),
        IN_HOUSE(who_shares_the_work_tells_the_near_deadlines),
        IN_HOUSE(a_beat_is_not_missed_for_an_outage_of_ours),
        IN_HOUSE(an_outage_longer_than_a_lease_repeats_nothing),
        IN_HOUSE(what_a_node_that_died_in_an_outage_was_sending_goes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
