/* What a sender says of its own episodes: when they began and ended, and what has changed. */
#include "alert/intake_harness.h"

static void since_when_is_by_the_senders_clock(void **state)
{
    struct intake_world *world = *state;
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

static struct utc past(int minutes)
{
    return utc_add(START, SPAN_MIN(minutes));
}

/* What has not begun yet is told to nobody; the sender's own instants are compared all the same. */
static void a_start_ahead_is_not_told(void **state)
{
    struct intake_world *world = *state;
    world->started_at = utc_add(START, SPAN_D(1));
    take(world, SIGNAL_TRIGGER, "a day", SEVERITY_ERROR);
    assert_int_equal(world->alert.started_at.us, world->started_at.us);
    world->started_at.us++;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_false(utc_is_set(world->alert.started_at));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_false(utc_is_set(world->alert.started_at));
    world->started_at = past(0);
    world->ended_at = past(5);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_STALE);
}

static void a_late_resolve_changes_nothing(void **state)
{
    struct intake_world *world = *state;
    world->started_at = past(0);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    world->ended_at = past(5);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_int_equal(world->alert.ended_at.us, past(5).us);
    world->started_at = past(20);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_OPENED);
    int64_t id = world->alert.id;
    world->started_at = past(0);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_STALE);
    assert_int_equal(world->alert.id, id);
    assert_int_equal(world->alert.status, ALERT_OPEN);
    /* Nor when the resolve between was lost, and the second firing joined the first. */
    world->started_at = past(40);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_JOINED);
    world->started_at = past(20);
    world->ended_at = past(30);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_STALE);
    assert_int_equal(world->alert.started_at.us, past(20).us); /* since when it is open */
    world->started_at = past(40);
    world->ended_at = past(41);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    assert_events(world, "alert.triggered alert.resolved alert.triggered alert.resolve_ignored "
                         "alert.resolve_ignored alert.resolved");
}

/* Two replicas of one Prometheus: one sees the end first, the other repeats the firing. */
static void replicas_are_one_alert(void **state)
{
    struct intake_world *world = *state;
    world->is_repeated = true;
    world->started_at = past(0);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    int64_t id = world->alert.id;
    world->ended_at = past(5);
    take(world, SIGNAL_RESOLVE, "k", 0);
    world->wall = utc_add(world->wall, SPAN_S(30));
    world->started_at = utc_add(START, SPAN_S(3));
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_int_equal(world->outcome, TAKE_CONTINUED);
    assert_int_equal(world->alert.id, id);
    assert_int_equal(world->alert.status, ALERT_OPEN);
    assert_false(utc_is_set(world->alert.resolved_at));
    world->started_at = past(0);
    take(world, SIGNAL_RESOLVE, "k", 0); /* the first says it again for a quarter of an hour */
    assert_int_equal(world->outcome, TAKE_STALE);
    world->started_at = utc_add(START, SPAN_S(3));
    world->ended_at = past(6);
    take(world, SIGNAL_RESOLVE, "k", 0);
    assert_int_equal(world->outcome, TAKE_RESOLVED);
    world->started_at = past(7);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR); /* another episode */
    assert_int_equal(world->outcome, TAKE_OPENED);
    assert_int_not_equal(world->alert.id, id);
    assert_events(world, "alert.triggered alert.resolved alert.continued alert.resolved "
                         "alert.triggered");
}

static void a_repeat_renews_what_its_sender_says(void **state)
{
    struct intake_world *world = *state;
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    assert_null(world->alert.first_summary);
    world->summary = "disk 97 % full";
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_WARNING);
    assert_false(world->is_raised);
    world->summary = "disk 99 % full";
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    assert_true(world->is_raised);
    take(world, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL); /* nothing new */
    struct alert stored = {0};
    assert_true(alert_load(world->db, world->alert.id, &stored));
    assert_string_equal(stored.summary, "disk 99 % full");
    assert_string_equal(stored.first_summary, "disk full");
    assert_int_equal(stored.severity, SEVERITY_CRITICAL);
    assert_int_equal(stored.first_severity, SEVERITY_ERROR);
    assert_int_equal(stored.count, 4);
    alert_clear(&stored);
    assert_events(world, "alert.triggered alert.repeated alert.repeated");
    take(world, SIGNAL_TRIGGER, "k", 0); /* does not say how bad it is */
    assert_int_equal(world->alert.severity, SEVERITY_CRITICAL);
}

static void note_repeat(void *self, const struct event *event)
{
    json_t **last = self;
    if (strcmp(event->kind, "alert.repeated") == 0) {
        json_decref(*last);
        *last = json_loads(event->data, 0, NULL);
    }
}

static void history_keeps_each_version(void **state)
{
    struct intake_world *world = *state;
    struct intake_taking taking = {.world = world};
    static const char *const DETAILS[] = {"{\"used\":91}", "{\"used\":97}", "{\"used\":97}", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(DETAILS); i++) {
        taking.signal = (struct signal){
            .action = SIGNAL_TRIGGER,
            .dedup_key = g_strdup("k"),
            .summary = g_strdup("s"),
            .details = DETAILS[i] == NULL ? NULL : json_loads(DETAILS[i], 0, NULL),
            .links = json_pack("[{s:s}]", "href", i < 2 ? "http://a/1" : "http://b/1"),
        };
        const struct command command = {.run = run_take, .answer = answered, .arg = &taking};
        ledger_run_batch(world->ledger, &command, 1);
        signal_clear(&taking.signal);
    }
    struct alert stored = {0};
    assert_true(alert_load(world->db, world->alert.id, &stored));
    /* What a repeat does not speak of stays. */
    assert_int_equal(json_integer_value(json_object_get(stored.details, "used")), 97);
    alert_clear(&stored);
    assert_events(world, "alert.triggered alert.repeated");
    json_t *last = NULL;
    event_list(world->db, 0, NULL, 100, note_repeat, &last);
    const json_t *details = json_object_get(last, "details");
    assert_int_equal(json_integer_value(json_object_get(details, "used")), 97);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(last, "details_before"), "used")), 91);
    assert_null(json_object_get(last, "links"));
    assert_null(json_object_get(last, "links_before"));
    json_decref(last);
}

/* Also none: an empty list is said, one that is absent is not. */
static void a_repeat_renews_where_it_is(void **state)
{
    struct intake_world *world = *state;
    struct intake_taking taking = {.world = world};

    static const struct {
        const char *source, *links;
        const char *source_after;
        size_t links_after;
    } ROWS[] = {
        {"db7", "[]", "db7", 0}, {"db7", "[{\"href\":\"http://a/1\"}]", "db7", 1},
        {"db8", NULL, "db8", 1}, {NULL, "[]", "db8", 0},
        {NULL, "[]", "db8", 0}, /* nothing new */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        taking.signal = (struct signal){
            .action = SIGNAL_TRIGGER,
            .dedup_key = g_strdup("k"),
            .summary = g_strdup("s"),
            .source = g_strdup(ROWS[i].source),
            .component = g_strdup(ROWS[i].source),
            .group = g_strdup(ROWS[i].source),
            .class_name = g_strdup(ROWS[i].source),
            .links = ROWS[i].links == NULL ? NULL : json_loads(ROWS[i].links, 0, NULL),
        };
        const struct command command = {.run = run_take, .answer = answered, .arg = &taking};
        ledger_run_batch(world->ledger, &command, 1);
        signal_clear(&taking.signal);
        struct alert stored = {0};
        assert_true(alert_load(world->db, world->alert.id, &stored));
        assert_string_equal(stored.source, ROWS[i].source_after);
        assert_string_equal(stored.component, ROWS[i].source_after);
        assert_string_equal(stored.group, ROWS[i].source_after);
        assert_string_equal(stored.class_name, ROWS[i].source_after);
        assert_int_equal(json_array_size(stored.links), ROWS[i].links_after);
        assert_int_equal(stored.links == NULL, ROWS[i].links_after == 0);
        alert_clear(&stored);
    }
    assert_events(world, "alert.triggered alert.repeated alert.repeated alert.repeated");
}

#define ON_A_LEDGER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_LEDGER(since_when_is_by_the_senders_clock),   ON_A_LEDGER(a_start_ahead_is_not_told),
        ON_A_LEDGER(a_late_resolve_changes_nothing),       ON_A_LEDGER(replicas_are_one_alert),
        ON_A_LEDGER(a_repeat_renews_what_its_sender_says), ON_A_LEDGER(history_keeps_each_version),
        ON_A_LEDGER(a_repeat_renews_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
