/* Alerts that name their service themselves: whose key is it? */
#include "alert/intake_harness.h"
#include "base/limits.h"

static void take_for(struct intake_world *world, const char *service, int action)
{
    world->integration = ALERT_MANUAL;
    world->service = service;
    take(world, action, "disk", action == SIGNAL_TRIGGER ? SEVERITY_ERROR : 0);
}

static void two_services_have_a_key_each(void **state)
{
    struct intake_world *world = *state;
    take_for(world, "checkout", SIGNAL_TRIGGER);
    int64_t checkout = world->alert.id;
    take_for(world, "checkout", SIGNAL_ACKNOWLEDGE);
    assert_int_equal(world->outcome, TAKE_ACKNOWLEDGED);
    take_for(world, "search", SIGNAL_TRIGGER);
    assert_int_equal(world->outcome, TAKE_OPENED);
    assert_string_equal(world->alert.service, "search");
    assert_string_equal(world->alert.dedup_key, "disk");
    int64_t search = world->alert.id;
    take_for(world, "search", SIGNAL_TRIGGER);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_int_equal(world->alert.id, search);
    take_for(world, "search", SIGNAL_RESOLVE);
    assert_int_equal(world->alert.id, search);
    take_for(world, "search", SIGNAL_RESOLVE);
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    struct alert stored = {0};
    assert_true(alert_load(world->db, checkout, &stored));
    assert_int_equal(stored.status, ALERT_ACKNOWLEDGED);
    assert_string_equal(stored.dedup_key, "disk");
    assert_string_equal(stored.key_service, "checkout");
    alert_clear(&stored);
    assert_events(world, "alert.triggered alert.acknowledged alert.triggered alert.resolved");
}

/* An integration's key is its own, wherever the integration points by now. */
static void an_integration_has_one_key(void **state)
{
    struct intake_world *world = *state;
    take(world, SIGNAL_TRIGGER, "disk", SEVERITY_ERROR);
    assert_null(world->alert.key_service);
    int64_t id = world->alert.id;
    world->service = "search";
    take(world, SIGNAL_TRIGGER, "disk", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_int_equal(world->alert.id, id);
}

/* Whoever sent it repeats and resolves it by the name that it knows. */
static void a_route_does_not_change_whose_key_it_is(void **state)
{
    struct intake_world *world = *state;
    struct route to_search = {.name = (char[]){"to-search"}, .service = (char[]){"search"}};
    g_ptr_array_add(world->routes, &to_search);
    take_for(world, "checkout", SIGNAL_TRIGGER);
    assert_string_equal(world->alert.service, "search");
    int64_t id = world->alert.id;
    take_for(world, "search", SIGNAL_TRIGGER);
    assert_int_equal(world->outcome, TAKE_OPENED);
    take_for(world, "checkout", SIGNAL_TRIGGER);
    assert_int_equal(world->alert.id, id);
    g_ptr_array_set_size(world->routes, 0); /* nor does one that comes or goes meanwhile */
    take_for(world, "checkout", SIGNAL_RESOLVE);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_int_equal(world->alert.id, id);
}

/* As a version stored it that knew of no service. */
static int64_t store_old(struct intake_world *world, const char *service, int status)
{
    db_begin(world->db);
    struct alert old = {.integration = (char[]){ALERT_MANUAL},
                        .dedup_key = (char[]){"disk"},
                        .service = g_strdup(service),
                        .status = status,
                        .severity = SEVERITY_ERROR,
                        .urgency = URGENCY_HIGH,
                        .summary = (char[]){"disk full"},
                        .count = 1,
                        .first_at = START,
                        .last_at = START};
    alert_insert(world->db, &old);
    g_free(old.service);
    assert_int_equal(db_commit(world->db), DB_OK);
    return old.id;
}

static void what_an_older_version_stored_is_found(void **state)
{
    struct intake_world *world = *state;
    int64_t id = store_old(world, "checkout", ALERT_OPEN);
    take_for(world, "search", SIGNAL_TRIGGER);
    assert_int_equal(world->outcome, TAKE_OPENED);
    take_for(world, "checkout", SIGNAL_TRIGGER);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_int_equal(world->alert.id, id);
    take_for(world, "checkout", SIGNAL_RESOLVE);
    assert_int_equal(world->alert.id, id);
    assert_int_equal(world->alert.status, ALERT_RESOLVED);
    take_for(world, "checkout", SIGNAL_TRIGGER);
    assert_int_equal(world->outcome, TAKE_OPENED);
}

static void and_by_the_route_it_took(void **state)
{
    struct intake_world *world = *state;
    struct match_value checkout = {.text = (char[]){"checkout"}};
    struct match of_checkout = {.field = (char[]){"service"}, .value = &checkout};
    struct route to_search = {
        .name = (char[]){"to-search"}, .match = g_ptr_array_new(), .service = (char[]){"search"}};
    g_ptr_array_add(to_search.match, &of_checkout);
    g_ptr_array_add(world->routes, &to_search);
    int64_t id = store_old(world, "search", ALERT_OPEN);
    take_for(world, "billing", SIGNAL_RESOLVE);
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    take_for(world, "checkout", SIGNAL_RESOLVE);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_int_equal(world->alert.id, id);
    id = store_old(world, "checkout", ALERT_SUPPRESSED);
    take_for(world, "checkout", SIGNAL_RESOLVE);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_int_equal(world->alert.id, id);
    g_ptr_array_unref(to_search.match);
}

/* What was asked ahead is old once the same batch has written. */
static void a_batch_sees_what_it_has_done(void **state)
{
    struct intake_world *world = *state;
    int64_t id = store_old(world, "checkout", ALERT_OPEN);
    world->integration = ALERT_MANUAL;
    world->service = "checkout";

    static const struct {
        int action, outcome;
    } ROWS[] = {
        {SIGNAL_TRIGGER, TAKE_JOINED},   {SIGNAL_RESOLVE, TAKE_RESOLVED},
        {SIGNAL_RESOLVE, TAKE_UNKNOWN},  {SIGNAL_TRIGGER, TAKE_OPENED},
        {SIGNAL_TRIGGER, TAKE_JOINED},   {SIGNAL_ACKNOWLEDGE, TAKE_ACKNOWLEDGED},
        {SIGNAL_RESOLVE, TAKE_RESOLVED}, {SIGNAL_RESOLVE, TAKE_UNKNOWN},
    };
    struct intake_taking takings[G_N_ELEMENTS(ROWS)];
    struct command commands[G_N_ELEMENTS(ROWS)];
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        takings[i] = (struct intake_taking){
            .world = world, .signal = {.action = ROWS[i].action, .dedup_key = g_strdup("disk")}};
        commands[i] = (struct command){
            .run = run_take, .answer = answered, .arg = &takings[i], .foresee = foresee_take};
    }
    ledger_run_batch(world->ledger, commands, G_N_ELEMENTS(ROWS));
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (takings[i].outcome != ROWS[i].outcome) {
            fail_msg("row %zu: %d", i, takings[i].outcome);
        }
        signal_clear(&takings[i].signal);
    }
    struct alert stored = {0};
    assert_true(alert_load(world->db, id, &stored));
    assert_int_equal(stored.count, 2);
    alert_clear(&stored);
}

/* The longest key and name together are still one key. */
static void the_longest_key_is_kept(void **state)
{
    struct intake_world *world = *state;
    g_autofree char *key = g_strnfill(LIMIT_DEDUP_KEY, 'k');
    world->integration = ALERT_MANUAL;
    take(world, SIGNAL_TRIGGER, key, SEVERITY_ERROR);
    assert_string_equal(world->alert.dedup_key, key);
    take(world, SIGNAL_TRIGGER, key, SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_string_equal(world->alert.dedup_key, key);
}

#define ON_A_LEDGER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_LEDGER(two_services_have_a_key_each),
        ON_A_LEDGER(an_integration_has_one_key),
        ON_A_LEDGER(a_route_does_not_change_whose_key_it_is),
        ON_A_LEDGER(what_an_older_version_stored_is_found),
        ON_A_LEDGER(and_by_the_route_it_took),
        ON_A_LEDGER(a_batch_sees_what_it_has_done),
        ON_A_LEDGER(the_longest_key_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
