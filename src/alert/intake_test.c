/* Signals meet alerts, on a real ledger over SQLite in memory, with a clock that the test moves. */
#include "alert/intake_harness.h"
#include "base/limits.h"

/* What was asked ahead for all is old for the second of a key. */
static void a_batch_sees_what_it_has_done_itself(void **state)
{
    struct intake_world *world = *state;

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
    struct intake_taking takings[G_N_ELEMENTS(rows)];
    struct command commands[G_N_ELEMENTS(rows)];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        takings[i] = (struct intake_taking){
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

static void keep_data(void *self, const struct event *event)
{
    char **data = self;
    g_free(*data);
    *data = g_strdup(event->data);
}

/* The silence does not hold and the route is not taken, and the event says so. */
static void what_could_not_be_evaluated_is_in_the_record(void **state)
{
    struct intake_world *world = *state;
    static const char BOMB[] =
        "{\"name\": \"%s\", %s \"match\": [{\"field\": \"summary\", \"op\": \"=~\", "
        "\"value\": \"(a|aa)+|.*!\"}]}";
    const struct record *const records[] = {&ROUTE_RECORD, &SILENCE_RECORD};
    GPtrArray *const lists[] = {world->routes, world->silences};
    const char *const names[] = {"drills", "night"};
    const char *const more[] = {"\"suppress\": true,", "\"from\": \"2026-01-01T00:00:00Z\", "
                                                       "\"to\": \"2027-01-01T00:00:00Z\","};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        struct fault fault = {0};
        g_autofree char *text = g_strdup_printf(BOMB, names[i], more[i]);
        json_auto_t *json = json_loads(text, 0, NULL);
        void *made = record_new(records[i], json, &fault);
        assert_non_null(made);
        g_ptr_array_add(lists[i], made);
    }
    g_autofree char *many = g_strnfill(60, 'a');
    g_autofree char *summary = g_strconcat(many, "!", NULL);
    world->summary = summary;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    assert_true(world->is_unsure);
    g_autofree char *data = NULL;
    event_list(world->db, 0, NULL, 100, keep_data, &data);
    assert_non_null(strstr(data, "\"routes_not_evaluated\":\"drills\""));
    assert_non_null(strstr(data, "\"silence_not_evaluated\":\"night\""));
    assert_null(strstr(data, "silenced_by"));
    world->summary = "b!";
    take(world, SIGNAL_TRIGGER, "other", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_SUPPRESSED);
    assert_false(world->is_unsure);
    record_free(&ROUTE_RECORD, world->routes->pdata[0]);
    record_free(&SILENCE_RECORD, world->silences->pdata[0]);
}

static void same_key_folds(void **state)
{
    struct intake_world *world = *state;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    int64_t id = world->alert.id;
    world->wall = utc_add(world->wall, SPAN_S(60));
    take(world, SIGNAL_TRIGGER, "k", 0); /* does not say how bad it is: as it was */
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
    struct intake_world *world = *state;
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
    struct intake_world *world = *state;
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
    struct intake_world *world = *state;
    take(world, SIGNAL_ACKNOWLEDGE, "nobody", 0);
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    take(world, SIGNAL_RESOLVE, "nobody", 0);
    assert_int_equal(world->outcome, TAKE_UNKNOWN);
    assert_int_equal(world->alert.id, 0);
    assert_events(world, "alert.unknown alert.unknown");
}

static void a_key_is_made_up_or_hashed(void **state)
{
    struct intake_world *world = *state;
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
    struct intake_world *world = *state;
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
    struct intake_world *world = *state;
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
    struct intake_world *world = *state;
    world->expires_at = utc_add(START, SPAN_MIN(4));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL, UTC_NEVER).us,
                     utc_add(START, SPAN_MIN(4)).us);
    world->wall = utc_add(START, SPAN_MIN(1));
    world->expires_at = utc_add(START, SPAN_MIN(5));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL, UTC_NEVER).us,
                     utc_add(START, SPAN_MIN(5)).us);
    world->expires_at = utc_add(START, SPAN_MIN(6));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL); /* also when it is raised */
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL, UTC_NEVER).us,
                     utc_add(START, SPAN_MIN(6)).us);
    /* Of what the source says and what the service asks for, the earlier one. */
    struct route to_search = {.name = (char[]){"to-search"}, .service = (char[]){"search"}};
    g_ptr_array_add(world->routes, &to_search);
    world->expires_at = utc_add(START, SPAN_H(9));
    take(world, SIGNAL_TRIGGER, "k2", SEVERITY_ERROR);
    assert_int_equal(world->alert.expires_at.us, utc_add(world->wall, SPAN_H(1)).us);
}

static void suppressed_alerts_are_one_row(void **state)
{
    struct intake_world *world = *state;
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
    struct intake_world *world = *state;
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

static void the_worst_come_first(void **state)
{
    struct intake_world *world = *state;

    const struct {
        const char *key;
        int severity;
    } rows[] = {{"old critical", SEVERITY_CRITICAL}, {"warning", SEVERITY_WARNING},
                {"error", SEVERITY_ERROR},           {"acknowledged", SEVERITY_CRITICAL},
                {"resolved", SEVERITY_CRITICAL},     {"info", SEVERITY_INFO},
                {"new error", SEVERITY_ERROR}};

    static const char *const WORST_FIRST[] = {"acknowledged", "old critical", "new error", "error",
                                              "warning"};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        take(world, SIGNAL_TRIGGER, rows[i].key, rows[i].severity);
    }
    take(world, SIGNAL_ACKNOWLEDGE, "acknowledged", 0);
    take(world, SIGNAL_RESOLVE, "resolved", 0);
    int64_t ids[G_N_ELEMENTS(WORST_FIRST)];
    assert_int_equal(alert_worst(world->db, ids, G_N_ELEMENTS(ids)), G_N_ELEMENTS(ids));
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        struct alert alert = {0};
        assert_true(alert_load(world->db, ids[i], &alert));
        assert_string_equal(alert.dedup_key, WORST_FIRST[i]);
        alert_clear(&alert);
    }
}

struct expiring {
    struct intake_world *world;
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
    struct intake_world *world = *state;
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL, UTC_NEVER).us, UTC_NEVER.us);
    for (int i = 3; i >= 1; i--) {
        g_autofree char *key = g_strdup_printf("%d", i);
        take(world, SIGNAL_TRIGGER, key, SEVERITY_ERROR);
        struct expiring expiring = {world, world->alert.id, utc_add(START, SPAN_MIN(i))};
        const struct command command = {.run = run_expire, .answer = answered, .arg = &expiring};
        ledger_run_batch(world->ledger, &command, 1);
    }
    assert_int_equal(alert_next_expiry(world->db, LANES_ALL, UTC_NEVER).us,
                     utc_add(START, SPAN_MIN(1)).us);
    int64_t ids[4];
    assert_int_equal(alert_expired(world->db, utc_add(START, SPAN_MIN(2)), LANES_ALL, ids, 4), 2);
    assert_int_equal(ids[0], 3);
    assert_int_equal(ids[1], 2);
    assert_int_equal(alert_expired(world->db, utc_add(START, SPAN_MIN(9)), LANES_ALL, ids, 1), 1);
}

static void the_api_shows_an_alert(void **state)
{
    struct intake_world *world = *state;
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
        ON_A_LEDGER(what_could_not_be_evaluated_is_in_the_record),
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
        ON_A_LEDGER(the_worst_come_first),
        ON_A_LEDGER(expiries_come_in_order),
        ON_A_LEDGER(the_api_shows_an_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
