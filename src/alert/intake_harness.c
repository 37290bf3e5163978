#include "alert/intake_harness.h"

#include "alert/alert_events.h"

const struct utc START = {1795000000000000};

static struct utc world_wall(void *self)
{
    return ((struct intake_world *)self)->wall;
}

static struct span world_elapsed(void *self)
{
    return (struct span){((struct intake_world *)self)->wall.us - START.us};
}

static struct service CHECKOUT = {.name = (char[]){"checkout"}, .policy = (char[]){"p"}};
static struct service SEARCH = {.name = (char[]){"search"},
                                .policy = (char[]){"p"},
                                .urgency = SERVICE_LOW,
                                .auto_resolve = {INT64_C(3600000000)}};

int set_up(void **state)
{
    struct intake_world *world = g_new0(struct intake_world, 1);
    world->wall = START;
    world->integration = "prod-am";
    world->service = "checkout";
    world->clock = (struct clock){world_wall, world_elapsed, world};
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &world->clock);
    world->ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
    ledger_add_events(world->ledger, ALERT_EVENTS);
    ledger_judge_events(world->ledger);
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

int tear_down(void **state)
{
    struct intake_world *world = *state;
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

enum command_result run_take(struct ledger_tx *tx, void *arg)
{
    struct intake_taking *taking = arg;
    struct intake_world *world = taking->world;
    alert_clear(&world->alert);
    struct intake_result result = {0};
    alert_take(tx, &world->view, &taking->signal, world->integration, world->service, &result);
    world->alert = result.alert;
    world->outcome = taking->outcome = result.outcome;
    world->is_raised = result.alert.severity < result.severity_before;
    world->is_unsure = result.is_unsure;
    return COMMAND_DONE;
}

void foresee_take(struct ledger_tx *tx, void *arg)
{
    const struct intake_taking *taking = arg;
    alert_foresee(tx, &taking->signal, taking->world->integration, taking->world->service);
}

void answered(void *arg, enum command_outcome outcome)
{
    (void)arg;
    assert_int_equal(outcome, OUTCOME_COMMITTED);
}

void take(struct intake_world *world, int action, const char *key, int severity)
{
    struct intake_taking taking = {
        .world = world,
        .signal =
            {
                .action = action,
                .dedup_key = g_strdup(key),
                .summary = g_strdup(world->summary == NULL ? "disk full" : world->summary),
                .severity = severity,
                .source = g_strdup("db7"),
                .occurred_at = world->started_at,
                .ended_at = world->ended_at,
                .is_repeated = world->is_repeated,
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

void assert_events(struct intake_world *world, const char *expected)
{
    g_autoptr(GString) kinds = g_string_new(NULL);
    event_list(world->db, 0, NULL, 100, note_kind, kinds);
    assert_string_equal(kinds->str, expected);
}
