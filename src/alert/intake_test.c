/* Signals meet alerts, on a real ledger over SQLite in memory, with a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "alert/intake.h"
#include "base/limits.h"
#include "db/test_database.h"
#include "ledger/event.h"

static const struct utc START = {1795000000000000};

struct world {
    struct utc wall;
    struct clock clock;
    char *where;
    struct db *db;
    struct ledger *ledger;
    GPtrArray *routes, *silences;
    GHashTable *services;
    struct intake_view view;
    struct utc started_at, expires_at; /* of the next signals */
    /* of the last signal */
    struct alert alert;
    int outcome;
    bool is_raised;
};

static struct utc world_wall(void *self)
{
    return ((struct world *)self)->wall;
}

static struct span world_elapsed(void *self)
{
    return (struct span){((struct world *)self)->wall.us - START.us};
}

static struct service CHECKOUT = {.name = (char[]){"checkout"}, .policy = (char[]){"p"}};
static struct service SEARCH = {.name = (char[]){"search"},
                                .policy = (char[]){"p"},
                                .urgency = SERVICE_LOW,
                                .auto_resolve = {INT64_C(3600000000)}};

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->wall = START;
    world->clock = (struct clock){world_wall, world_elapsed, world};
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &world->clock);
    world->ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
    world->routes = g_ptr_array_new();
    world->silences = g_ptr_array_new();
    world->services = g_hash_table_new(g_str_hash, g_str_equal);
    (void)g_hash_table_insert(world->services, CHECKOUT.name, &CHECKOUT);
    (void)g_hash_table_insert(world->services, SEARCH.name, &SEARCH);
    world->view = (struct intake_view){
        .routes = world->routes,
        .silences = world->silences,
        .services = world->services,
        .random = &RANDOM_SYSTEM,
    };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    alert_clear(&world->alert);
    ledger_destroy(&world->ledger);
    db_close(&world->db);
    test_database_drop(&world->where);
    g_ptr_array_unref(world->routes);
    g_ptr_array_unref(world->silences);
    g_hash_table_unref(world->services);
    g_free(world);
    return 0;
}

struct taking {
    struct world *world;
    struct signal signal;
    int outcome;
};

static enum command_result run_take(struct ledger_tx *tx, void *arg)
{
    struct taking *taking = arg;
    struct world *world = taking->world;
    alert_clear(&world->alert);
    struct intake_result result = {0};
    alert_take(tx, &world->view, &taking->signal, "prod-am", "checkout", &result);
    world->alert = result.alert;
    world->outcome = taking->outcome = result.outcome;
    world->is_raised = result.is_severity_raised;
    return COMMAND_DONE;
}

static void foresee_take(struct ledger_tx *tx, void *arg)
{
    const struct taking *taking = arg;
    alert_foresee(tx, &taking->signal, "prod-am");
}

static void answered(void *arg, enum command_outcome outcome)
{
    (void)arg;
    assert_int_equal(outcome, OUTCOME_COMMITTED);
}

static void take(struct world *world, int action, const char *key, int severity)
{
    struct taking taking = {
        .world = world,
        .signal =
            {
                .action = action,
                .dedup_key = g_strdup(key),
                .summary = g_strdup("disk full"),
                .severity = severity,
                .source = g_strdup("db7"),
                .occurred_at = world->started_at,
                .expires_at = world->expires_at,
                .details = json_pack("{s:{s:s}}", "labels", "team", "db"),
            },
    };
    const struct command command = {
        .run = run_take, .answer = answered, .arg = &taking, .foresee = foresee_take};
    ledger_run_batch(world->ledger, &command, 1);
    signal_clear(&taking.signal);
}

static void note_kind(void *self, const struct event *event)
{
    GString *kinds = self;
    g_string_append_printf(kinds, "%s%s", kinds->len > 0 ? " " : "", event->kind);
}

static void assert_events(struct world *world, const char *expected)
{
    g_autoptr(GString) kinds = g_string_new(NULL);
    event_list(world->db, 0, NULL, 100, note_kind, kinds);
    assert_string_equal(kinds->str, expected);
}

/* What was asked ahead for all is old for the second of a key. */
static void a_batch_sees_what_it_has_done_itself(void **state)
{
    struct world *world = *state;

    static const struct {
        const char *key;
        int action, outcome;
    } rows[] = {
        {"k", SIGNAL_TRIGGER, TAKE_OPENED},           {"other", SIGNAL_TRIGGER, TAKE_OPENED},
        {"k", SIGNAL_TRIGGER, TAKE_JOINED},           {"k", SIGNAL_TRIGGER, TAKE_JOINED},
        {"k", SIGNAL_ACKNOWLEDGE, TAKE_ACKNOWLEDGED}, {"k", SIGNAL_RESOLVE, TAKE_RESOLVED},
        {"k", SIGNAL_RESOLVE, TAKE_UNKNOWN},          {"k", SIGNAL_TRIGGER, TAKE_OPENED},
        {"other", SIGNAL_TRIGGER, TAKE_JOINED},
    };
    struct taking takings[G_N_ELEMENTS(rows)];
    struct command commands[G_N_ELEMENTS(rows)];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        takings[i] = (struct taking){
            .world = world,
            .signal = {.action = rows[i].action, .dedup_key = g_strdup(rows[i].key)}};
        commands[i] = (struct command){
            .run = run_take, .answer = answered, .arg = &takings[i], .foresee = foresee_take};
    }
    ledger_run_batch(world->ledger, commands, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (takings[i].outcome != rows[i].outcome) {
            fail_msg("row %zu: %d", i, takings[i].outcome);
        }
        signal_clear(&takings[i].signal);
    }
    assert_int_equal(world->alert.count, 2); /* of the last, "other" */
}

static void since_when_is_by_the_senders_clock(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_TRIGGER, "silent", SEVERITY_ERROR);
    assert_false(utc_is_set(world->alert.started_at));
    world->started_at = utc_add(START, SPAN_MIN(-7));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->alert.first_at.us, START.us);
    struct alert stored = {0};
    assert_true(alert_load(world->db, world->alert.id, &stored));
    assert_int_equal(stored.started_at.us, world->started_at.us);
    alert_clear(&stored);
}

static void same_key_folds(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    int64_t id = world->alert.id;
    world->wall = utc_add(world->wall, SPAN_S(60));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_WARNING);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_int_equal(world->alert.id, id);
    assert_int_equal(world->alert.count, 2);
    assert_false(world->is_raised);
    struct alert stored = {0};
    assert_true(alert_load(world->db, id, &stored));
    assert_int_equal(stored.count, 2);
    assert_int_equal(stored.severity, SEVERITY_ERROR);
    assert_int_equal(stored.first_at.us, START.us);
    assert_int_equal(stored.last_at.us, world->wall.us);
    assert_string_equal(stored.summary, "disk full");
    assert_string_equal(stored.source, "db7");
    assert_non_null(json_object_get(stored.details, "labels"));
    alert_clear(&stored);
    take(world, SIGNAL_TRIGGER, "other", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    assert_int_not_equal(world->alert.id, id);
    assert_events(world, "alert.triggered alert.triggered");
}

static void resolve_closes_and_a_new_trigger_opens_anew(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    int64_t id = world->alert.id;
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_int_equal(world->alert.id, id);
    assert_int_equal(world->alert.status, ALERT_RESOLVED);
    assert_string_equal(world->alert.resolved_by, "integration:prod-am");
    take(world, SIGNAL_RESOLVE, "k", 0); /* Prometheus says it again and again */
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    assert_int_equal(world->alert.id, 0);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    assert_int_not_equal(world->alert.id, id);
    assert_events(world, "alert.triggered alert.resolved alert.triggered");
}

static void acknowledged_stays_acknowledged(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_WARNING);
    take(world, SIGNAL_ACKNOWLEDGE, "k", 0);
    assert_int_equal(world->outcome, TAKE_ACKNOWLEDGED);
    struct utc acknowledged_at = world->alert.acknowledged_at;
    world->wall = utc_add(world->wall, SPAN_S(60));
    take(world, SIGNAL_ACKNOWLEDGE, "k", 0);
    assert_int_equal(world->outcome, TAKE_ACKNOWLEDGED);
    assert_int_equal(world->alert.acknowledged_at.us, acknowledged_at.us);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_int_equal(world->alert.status, ALERT_ACKNOWLEDGED);
    assert_true(world->is_raised);
    assert_int_equal(world->alert.severity, SEVERITY_CRITICAL);
    assert_int_equal(world->alert.urgency, URGENCY_HIGH);
    assert_events(world, "alert.triggered alert.acknowledged alert.repeated");
}

static void unknown_keys_are_recorded(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_ACKNOWLEDGE, "nobody", 0);
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    take(world, SIGNAL_RESOLVE, "nobody", 0);
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    assert_int_equal(world->alert.id, 0);
    assert_events(world, "alert.unknown alert.unknown");
}

static void a_key_is_made_up_or_hashed(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_TRIGGER, NULL, SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    assert_int_equal(strlen(world->alert.dedup_key), 32);
    g_autofree char *longer = g_strnfill(5000, 'k');
    take(world, SIGNAL_TRIGGER, longer, SEVERITY_ERROR);
    take(world, SIGNAL_TRIGGER, longer, SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_JOINED);
    assert_true(strlen(world->alert.dedup_key) <= LIMIT_DEDUP_KEY);
    take(world, SIGNAL_RESOLVE, longer, 0);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
}

static void the_fourth_opening_is_flapping(void **state)
{
    struct world *world = *state;
    for (int i = 1; i <= 4; i++) {
        take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
        assert_int_equal(world->alert.is_flapping, i >= 4);
        take(world, SIGNAL_RESOLVE, "k", 0);
        world->wall = utc_add(world->wall, SPAN_MIN(4));
    }
    assert_events(world, "alert.triggered alert.resolved alert.triggered alert.resolved "
                         "alert.triggered alert.resolved alert.triggered alert.flapping "
                         "alert.resolved");
    world->wall = utc_add(world->wall, SPAN_MIN(16));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_false(world->alert.is_flapping);
}

static void routes_decide_where_to(void **state)
{
    struct world *world = *state;
    struct route to_search = {.name = (char[]){"to-search"}, .service = (char[]){"search"}};
    g_ptr_array_add(world->routes, &to_search);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    assert_string_equal(world->alert.service, "search");
    assert_string_equal(world->alert.route, "to-search");
    assert_int_equal(world->alert.urgency, URGENCY_LOW);
    assert_int_equal(world->alert.expires_at.us, utc_add(START, SPAN_H(1)).us);
    to_search.service = (char[]){"deleted"};
    take(world, SIGNAL_TRIGGER, "k2", SEVERITY_CRITICAL);
    assert_string_equal(world->alert.service, "checkout"); /* never nowhere */
}

static void a_repeat_puts_the_expiry_off(void **state)
{
    struct world *world = *state;
    world->expires_at = utc_add(START, SPAN_MIN(4));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL).us, utc_add(START, SPAN_MIN(4)).us);
    world->wall = utc_add(START, SPAN_MIN(1));
    world->expires_at = utc_add(START, SPAN_MIN(5));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL).us, utc_add(START, SPAN_MIN(5)).us);
    world->expires_at = utc_add(START, SPAN_MIN(6));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL); /* also when it is raised */
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL).us, utc_add(START, SPAN_MIN(6)).us);
    /* Of what the source says and what the service asks for, the earlier one. */
    struct route to_search = {.name = (char[]){"to-search"}, .service = (char[]){"search"}};
    g_ptr_array_add(world->routes, &to_search);
    world->expires_at = utc_add(START, SPAN_H(9));
    take(world, SIGNAL_TRIGGER, "k2", SEVERITY_ERROR);
    assert_int_equal(world->alert.expires_at.us, utc_add(world->wall, SPAN_H(1)).us);
}

static void suppressed_alerts_are_one_row(void **state)
{
    struct world *world = *state;
    struct route quiet = {.name = (char[]){"quiet"}, .suppress = true};
    g_ptr_array_add(world->routes, &quiet);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_SUPPRESSED);
    assert_int_equal(world->alert.status, ALERT_SUPPRESSED);
    int64_t id = world->alert.id;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_SUPPRESSED);
    assert_int_equal(world->alert.id, id);
    assert_int_equal(world->alert.count, 2);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_events(world, "alert.suppressed alert.resolved");
}

static void count_alert(void *self, const struct alert *alert)
{
    int64_t *last_id = self;
    assert_true(*last_id == 0 || alert->id < *last_id); /* newest first */
    *last_id = alert->id;
}

static void lists_filter_and_page(void **state)
{
    struct world *world = *state;
    static const char *const KEYS[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        take(world, SIGNAL_TRIGGER, KEYS[i], i % 2 == 0 ? SEVERITY_ERROR : SEVERITY_INFO);
    }
    take(world, SIGNAL_ACKNOWLEDGE, "b", 0);
    take(world, SIGNAL_RESOLVE, "c", 0);

    const struct {
        const char *name;
        struct alert_filter filter;
        size_t count;
    } rows[] = {
        {"all", {0}, 5},
        {"open", {.status = ALERT_OPEN}, 3},
        {"unresolved", {.is_unresolved = true}, 4},
        {"resolved", {.status = ALERT_RESOLVED}, 1},
        {"resolved and unresolved", {.status = ALERT_RESOLVED, .is_unresolved = true}, 0},
        {"severity", {.severity = SEVERITY_INFO}, 2},
        {"severity, unresolved", {.severity = SEVERITY_ERROR, .is_unresolved = true}, 2},
        {"service", {.service = "checkout"}, 5},
        {"service, open", {.service = "checkout", .status = ALERT_OPEN}, 3},
        {"service, unresolved", {.service = "checkout", .is_unresolved = true}, 4},
        {"other service", {.service = "search"}, 0},
        {"integration", {.integration = "prod-am", .is_unresolved = true}, 4},
        {"other integration", {.integration = "x"}, 0},
        {"below a cursor", {.before_id = 3}, 2},
        {"unresolved below a cursor", {.is_unresolved = true, .before_id = 3}, 2},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t last_id = 0;
        size_t count = alert_list(world->db, &rows[i].filter, 100, count_alert, &last_id);
        if (count != rows[i].count) {
            fail_msg("%s: %zu", rows[i].name, count);
        }
    }
    int64_t last_id = 0;
    const struct alert_filter all = {0};
    assert_int_equal(alert_list(world->db, &all, 2, count_alert, &last_id), 2);
    assert_int_equal(db_error(world->db), DB_OK);
}

struct expiring {
    struct world *world;
    int64_t id;
    struct utc at;
};

static enum command_result run_expire(struct ledger_tx *tx, void *arg)
{
    const struct expiring *expiring = arg;
    struct alert alert = {0};
    assert_true(alert_load(tx->db, expiring->id, &alert));
    alert.expires_at = expiring->at;
    alert_save(tx->db, &alert);
    alert_clear(&alert);
    return COMMAND_DONE;
}

static void expiries_come_in_order(void **state)
{
    struct world *world = *state;
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL).us, UTC_NEVER.us);
    for (int i = 3; i >= 1; i--) {
        g_autofree char *key = g_strdup_printf("%d", i);
        take(world, SIGNAL_TRIGGER, key, SEVERITY_ERROR);
        struct expiring expiring = {world, world->alert.id, utc_add(START, SPAN_MIN(i))};
        const struct command command = {.run = run_expire, .answer = answered, .arg = &expiring};
        ledger_run_batch(world->ledger, &command, 1);
    }
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL).us, utc_add(START, SPAN_MIN(1)).us);
    int64_t ids[4];
    assert_int_equal(alert_expired(world->db, utc_add(START, SPAN_MIN(2)), LANES_ALL, ids, 4), 2);
    assert_int_equal(ids[0], 3);
    assert_int_equal(ids[1], 2);
    assert_int_equal(alert_expired(world->db, utc_add(START, SPAN_MIN(9)), LANES_ALL, ids, 1), 1);
}

static void the_api_shows_an_alert(void **state)
{
    struct world *world = *state;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    json_auto_t *shown = record_write(&ALERT_RECORD, &world->alert);
    assert_true(json_is_string(json_object_get(shown, "id")));
    assert_string_equal(json_string_value(json_object_get(shown, "status")), "open");
    assert_string_equal(json_string_value(json_object_get(shown, "severity")), "error");
    assert_true(json_is_string(json_object_get(shown, "first_at")));
    assert_null(json_object_get(shown, "resolved_at"));
    assert_true(json_is_object(json_object_get(shown, "details")));
}

#define ON_A_LEDGER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_LEDGER(a_batch_sees_what_it_has_done_itself),
        ON_A_LEDGER(since_when_is_by_the_senders_clock),
        ON_A_LEDGER(same_key_folds),
        ON_A_LEDGER(resolve_closes_and_a_new_trigger_opens_anew),
        ON_A_LEDGER(acknowledged_stays_acknowledged),
        ON_A_LEDGER(unknown_keys_are_recorded),
        ON_A_LEDGER(a_key_is_made_up_or_hashed),
        ON_A_LEDGER(the_fourth_opening_is_flapping),
        ON_A_LEDGER(routes_decide_where_to),
        ON_A_LEDGER(a_repeat_puts_the_expiry_off),
        ON_A_LEDGER(suppressed_alerts_are_one_row),
        ON_A_LEDGER(lists_filter_and_page),
        ON_A_LEDGER(expiries_come_in_order),
        ON_A_LEDGER(the_api_shows_an_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
