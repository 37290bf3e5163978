#include "config/config_work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "access/token_store.h"
#include "alert/kinds.h"
#include "alert/service.h"
#include "base/json.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "config/config_yaml.h"
#include "config/test_world.h"
#include "ledger/event.h"
#include "oncall/absence.h"
#include "oncall/override_work.h"
#include "oncall/policy.h"
#include "oncall/schedule.h"
#include "people/user.h"

static const char TEAM[] =
    "users:\n"
    "  - name: ana\n"
    "    time_zone: Asia/Jakarta\n"
    "    contacts: [{kind: email, to: ana@example.com}]\n"
    "  - name: budi\n"
    "    contacts: [{kind: webhook, to: 'http://127.0.0.1:9999/b', secret: env:BUDI}]\n"
    "teams: [{name: payments, members: [ana, budi]}]\n"
    "schedules:\n"
    "  - name: primary\n"
    "    time_zone: Europe/Paris\n"
    "    layers: [{people: [ana, budi], every: 1w, start: 2026-01-05T09:00}]\n"
    "policies:\n"
    "  - name: payments\n"
    "    steps: [{notify: [{schedule: primary}], wait: 5m}]\n"
    "    last_resort: {user: ana}\n"
    "services: [{name: checkout, policy: payments}]\n"
    "integrations: [{name: prod-am, kind: alertmanager, service: checkout}]\n";

static const int TEAM_OBJECTS = 7;

static int64_t event_count(struct world *world)
{
    return event_last_seq(world->db);
}

/* ---- apply ---- */

static void test_apply_twice_changes_nothing(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    assert_int_equal(first.base.status, 200);
    world_assert_counts(&first, TEAM_OBJECTS, 0, 0);
    assert_int_equal(json_array_size(first.minted), 1);
    struct config *config = config_current(world->configs);
    assert_int_equal(config->version, 1);
    assert_string_equal(user_find(config, "ana")->time_zone, "Asia/Jakarta");
    assert_non_null(service_find(config, "checkout"));
    assert_null(service_find(config, "nothing"));
    config_unref(config);
    int64_t events = event_count(world);
    assert_int_equal(events, 1);

    struct apply_config second = world_apply(world, TEAM, (struct terms){0});
    world_assert_counts(&second, 0, 0, 0);
    assert_int_equal(world_count(&second, "unchanged"), TEAM_OBJECTS);
    assert_int_equal(json_array_size(second.minted), 0); /* told once */
    assert_int_equal(event_count(world), events);
    assert_int_equal(config_load_version(world->db), 1);
    apply_config_clear(&first);
    apply_config_clear(&second);
}

static void test_dry_run_writes_nothing(void **state)
{
    struct world *world = *state;
    struct apply_config plan = world_apply(world, TEAM, (struct terms){.dry_run = true});
    world_assert_counts(&plan, TEAM_OBJECTS, 0, 0);
    assert_int_equal(json_array_size(plan.minted), 0);
    g_autofree char *text = config_plan_text(plan.plan);
    assert_non_null(strstr(text, "+ user ana\n"));
    assert_non_null(strstr(text, "+ integration prod-am: a key is minted and shown once\n"));
    assert_int_equal(config_load_version(world->db), 0);
    assert_int_equal(event_count(world), 0);
    struct config *config = config_current(world->configs);
    assert_int_equal(config->version, 0);
    assert_null(user_find(config, "ana"));
    config_unref(config);
    apply_config_clear(&plan);
}

static void test_change_is_told_by_field(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    struct apply_config second =
        world_apply(world,
                    "users: [{name: ana, time_zone: Europe/Paris, contacts: [{kind: email, to: "
                    "ana@example.com}]}]\n",
                    (struct terms){0});
    world_assert_counts(&second, 0, 1, 0);
    g_autofree char *text = config_plan_text(second.plan);
    assert_non_null(strstr(text, "~ user ana: time_zone Asia/Jakarta -> Europe/Paris\n"));
    assert_non_null(strstr(text, "not in this file, left as they are: user budi, team payments"));
    struct config *config = config_current(world->configs);
    assert_string_equal(user_find(config, "ana")->time_zone, "Europe/Paris");
    assert_non_null(user_find(config, "budi")); /* kept */
    config_unref(config);
    apply_config_clear(&first);
    apply_config_clear(&second);
}

static void test_refused_applies_nothing(void **state)
{
    struct world *world = *state;
    struct apply_config refused = world_apply(
        world, "users: [{name: dewi}]\nteams: [{name: ops, members: [dewy]}]\n", (struct terms){0});
    assert_int_equal(refused.base.status, 422);
    assert_string_equal(refused.base.fault.field, "teams[0].members[0]");
    assert_string_equal(refused.base.fault.text,
                        "there is no user \"dewy\"; did you mean \"dewi\"?");
    assert_null(refused.plan);
    assert_int_equal(config_load_version(world->db), 0);
    apply_config_clear(&refused);
}

static void test_prune(void **state)
{
    struct world *world = *state;
    json_auto_t *silence = json_loads("{\"name\": \"night\", \"match\": [{\"field\": \"service\", "
                                      "\"value\": \"checkout\"}], \"from\": "
                                      "\"2026-12-01T00:00:00Z\", \"to\": \"2026-12-02T00:00:00Z\"}",
                                      0, NULL);
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    struct put_object put = {.kind = &SILENCE_KIND, .spec = silence};
    world_run(world, put_object_run, &put);
    assert_string_equal(put.base.fault.text, "");
    assert_int_equal(put.base.status, 201);

    /* Budi is still in the schedule, which the file names: refused as a whole. */
    g_autoptr(GString) without_budi = g_string_new(TEAM);
    char *cut = strstr(without_budi->str, "  - name: budi");
    char *end = strstr(without_budi->str, "teams:");
    g_string_erase(without_budi, cut - without_budi->str, end - cut);
    struct apply_config refused =
        world_apply(world, without_budi->str, (struct terms){.prune = true});
    assert_int_equal(refused.base.status, 422);
    assert_string_equal(refused.base.fault.field, "teams[0].members[1]");

    struct apply_config pruned =
        world_apply(world, "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n",
                    (struct terms){.prune = true});
    world_assert_counts(&pruned, 0, 1, TEAM_OBJECTS - 1);
    struct config *config = config_current(world->configs);
    assert_null(user_find(config, "budi"));
    assert_int_equal(config_items(config, &SERVICE_KIND)->len, 0);
    assert_int_equal(config_items(config, &SILENCE_KIND)->len,
                     1); /* made by a person: never pruned */
    config_unref(config);
    assert_false(access_key_exists(world->db, KEY_INTEGRATION, "prod-am", world->now));
    put_object_clear(&put);
    apply_config_clear(&first);
    apply_config_clear(&refused);
    apply_config_clear(&pruned);
}

static void test_policy_versions(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    struct config *config = config_current(world->configs);
    int64_t before = policy_find(config, "payments")->version;
    assert_int_not_equal(before, 0);
    config_unref(config);
    struct apply_config other = world_apply(
        world, "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n", (struct terms){0});
    config = config_current(world->configs);
    assert_int_equal(policy_find(config, "payments")->version, before);
    config_unref(config);
    /* Another place in the file is not another policy. */
    struct apply_config moved = world_apply(
        world,
        "policies:\n"
        "  - {name: new, last_resort: {user: ana}, steps: [{notify: [{user: ana}], wait: 1m}]}\n"
        "  - name: payments\n"
        "    steps: [{notify: [{schedule: primary}], wait: 5m}]\n"
        "    last_resort: {user: ana}\n",
        (struct terms){0});
    world_assert_counts(&moved, 1, 0, 0);
    apply_config_clear(&moved);
    config = config_current(world->configs);
    assert_int_equal(policy_find(config, "payments")->version, before);
    config_unref(config);
    struct apply_config changed = world_apply(
        world,
        "policies: [{name: payments, last_resort: {user: ana}, steps: [{notify: [{user: "
        "budi}], wait: 1m}]}]\n",
        (struct terms){0});
    world_assert_counts(&changed, 0, 1, 0);
    config = config_current(world->configs);
    assert_true(policy_find(config, "payments")->version > before);
    config_unref(config);
    apply_config_clear(&first);
    apply_config_clear(&other);
    apply_config_clear(&changed);
}

/* ---- export ---- */

static void test_export_applies_without_a_change(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, world->now, notes);
    assert_int_equal(notes->len, 0);
    g_autofree char *yaml = yaml_write(document, notes);
    struct apply_config second = world_apply(world, yaml, (struct terms){.prune = true});
    world_assert_counts(&second, 0, 0, 0);
    assert_int_equal(world_count(&second, "unchanged"), TEAM_OBJECTS);
    assert_non_null(strstr(yaml, "env:BUDI")); /* a reference is no secret */
    assert_null(strstr(yaml, "full_name"));
    apply_config_clear(&first);
    apply_config_clear(&second);
}

static void test_export_leaves_secrets_out(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(
        world,
        "users: [{name: ana, contacts: [{kind: webhook, to: 'https://example.com/x', secret: "
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]}]\n",
        (struct terms){0});
    assert_int_equal(first.base.status, 200);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, world->now, notes);
    g_autofree char *yaml = yaml_write(document, notes);
    assert_null(strstr(yaml, "whsec_"));
    assert_non_null(strstr(yaml, "# The secret of user ana, contact webhook is not shown"));
    /* But what sends the message has it. */
    struct config *config = config_current(world->configs);
    assert_string_equal(user_contact(user_find(config, "ana"), "webhook")->secret,
                        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    config_unref(config);
    apply_config_clear(&first);
}

/* ---- what an earlier version stored ---- */

static void save_stored(struct world *world, const struct config_kind *kind, const char *name,
                        const char *spec)
{
    struct config_object object = {
        .kind = kind, .name = g_strdup(name), .spec = json_loads(spec, 0, NULL), .position = 99};
    assert_non_null(object.spec);
    db_begin(world->db);
    config_save_object(world->db, &object, 1, world->now);
    assert_int_equal(db_commit(world->db), DB_OK);
    g_free(object.name);
    json_decref(object.spec);
}

/* Nothing can be signed with it; but one dead contact must not keep a server from starting. */
static void test_a_stored_webhook_secret_that_is_too_short_loads(void **state)
{
    struct world *world = *state;
    save_stored(world, &USER_KIND, "ana",
                "{\"name\": \"ana\", \"contacts\": [{\"kind\": \"webhook\", \"to\": "
                "\"https://example.com/x\", \"secret\": \"whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==\"}]}");
    struct fault fault = {0};
    struct config *config = config_load(world->db, &fault);
    assert_string_equal(fault.text, "");
    assert_non_null(config);
    assert_non_null(user_find(config, "ana"));
    config_unref(config);
}

/* ---- what lives outside the file ---- */

static void save_span(struct world *world, const struct config_kind *kind, const char *name,
                      const char *to)
{
    const char *what = kind == &ABSENCE_KIND
                           ? "\"user\": \"ana\""
                           : "\"match\": [{\"field\": \"source\", \"value\": \"s\"}]";
    g_autofree char *spec = g_strdup_printf("{\"name\": \"%s\", %s, \"from\": "
                                            "\"2020-01-01T00:00:00Z\", \"to\": \"%s\"}",
                                            name, what, to);
    save_stored(world, kind, name, spec);
}

static void test_export_notes_what_is_not_over(void **state)
{
    struct world *world = *state;
    char now[UTC_TEXT_SIZE];
    char later[UTC_TEXT_SIZE];
    utc_format(world->now, now);
    utc_format(utc_add(world->now, SPAN_S(1)), later);

    static const struct config_kind *const KINDS[] = {&ABSENCE_KIND, &SILENCE_KIND};

    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        save_span(world, KINDS[i], "past", now);
        save_span(world, KINDS[i], "ahead", later);
    }
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, world->now, notes);
    assert_non_null(document);
    assert_int_equal(notes->len, G_N_ELEMENTS(KINDS));
    for (guint i = 0; i < notes->len; i++) {
        assert_non_null(strstr(g_ptr_array_index(notes, i), " ahead."));
    }
}

/* ---- objects and overrides ---- */

static void test_put_and_delete(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    json_auto_t *bad =
        json_loads("{\"match\": [{\"field\": \"service\", \"valu\": \"x\"}]}", 0, NULL);
    struct put_object put = {.kind = &SILENCE_KIND, .spec = bad};
    world_run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 422);
    assert_string_equal(put.base.fault.field, "match[0].valu");

    json_auto_t *good =
        json_loads("{\"match\": [{\"field\": \"service\", \"value\": \"checkout\"}], "
                   "\"from\": \"2026-12-01T00:00:00Z\", \"to\": "
                   "\"2026-12-02T00:00:00Z\"}",
                   0, NULL);
    put = (struct put_object){.kind = &SILENCE_KIND, .spec = good};
    world_run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 201);
    assert_string_equal(json_text(put.written, "created_by", ""), "local");
    g_autofree char *name = g_strdup(json_text(put.written, "name", ""));
    assert_true(g_str_has_prefix(name, "silence-"));

    json_auto_t *ana = json_loads("{\"name\": \"ana\"}", 0, NULL);
    struct put_object owned = {.kind = &USER_KIND, .spec = ana};
    world_run(world, put_object_run, &owned);
    assert_int_equal(owned.base.status, 409);

    struct delete_object gone = {.kind = &SILENCE_KIND, .name = name};
    world_run(world, delete_object_run, &gone);
    assert_int_equal(gone.base.status, 200);
    world_run(world, delete_object_run, &gone);
    assert_int_equal(gone.base.status, 404);
    struct delete_object file_owned = {.kind = &TEAM_KIND, .name = "payments"};
    world_run(world, delete_object_run, &file_owned);
    assert_int_equal(file_owned.base.status, 409);
    put_object_clear(&put);
    put_object_clear(&owned);
    apply_config_clear(&first);
}

static void test_what_is_ended_needs_no_meaning(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    json_auto_t *spec =
        world_parse("{name: night, match: [{field: service, value: checkout}], from: "
                    "'2026-12-01T00:00:00Z', to: '2026-12-02T00:00:00Z'}");
    struct put_object put = {.kind = &SILENCE_KIND, .spec = spec};
    world_run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 201);
    struct apply_config pruned =
        world_apply(world, "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n",
                    (struct terms){.prune = true});
    assert_int_equal(pruned.base.status, 200);

    (void)json_object_set_new(spec, "to", json_string("2026-12-01T00:00:01Z"));
    world_run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 422);
    put.skips_meaning = true;
    world_run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 200);
    assert_string_equal(json_text(put.written, "to", ""), "2026-12-01T00:00:01Z");
    put_object_clear(&put);
    apply_config_clear(&first);
    apply_config_clear(&pruned);
}

static guint overrides_of(struct world *world)
{
    struct config *config = config_current(world->configs);
    guint length = schedule_find(config, "primary")->overrides->len;
    config_unref(config);
    return length;
}

static void note_kind(void *self, const struct event *event)
{
    g_string_append_printf(self, "%s %s; ", event->kind, event->subject);
}

static void test_overrides(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    json_auto_t *spec = json_loads(
        "{\"from\": \"2026-12-24T00:00\", \"to\": \"2026-12-26T00:00\", \"who\": \"budi\"}", 0,
        NULL);
    struct add_override add = {.schedule = "primary", .spec = spec};
    world_run(world, add_override_run, &add);
    assert_string_equal(add.base.fault.text, "");
    assert_int_equal(add.base.status, 201);
    assert_int_equal(overrides_of(world), 1);
    assert_true(add.id > 0);
    g_autoptr(GString) kinds = g_string_new(NULL);
    const struct subject budi = subject_named("user", "budi");
    event_list(world->db, 0, &budi, 100, note_kind, kinds); /* it puts him on call */
    assert_string_equal(kinds->str, "override.added schedule:primary; ");

    /* It outlives an apply, and is no change of the file. */
    struct apply_config again = world_apply(world, TEAM, (struct terms){.prune = true});
    world_assert_counts(&again, 0, 0, 0);
    assert_int_equal(overrides_of(world), 1);

    (void)json_object_set_new(spec, "who", json_string("nobody-we-know"));
    struct add_override unknown = {.schedule = "primary", .spec = spec};
    world_run(world, add_override_run, &unknown);
    assert_int_equal(unknown.base.status, 422);
    assert_string_equal(unknown.base.fault.field, "who");
    struct add_override elsewhere = {.schedule = "none", .spec = spec};
    world_run(world, add_override_run, &elsewhere);
    assert_int_equal(elsewhere.base.status, 404);

    struct remove_override wrong = {.schedule = "other", .id = add.id};
    world_run(world, remove_override_run, &wrong);
    assert_int_equal(wrong.base.status, 404);
    struct remove_override removed = {.schedule = "primary", .id = add.id};
    world_run(world, remove_override_run, &removed);
    assert_int_equal(removed.base.status, 200);
    assert_int_equal(overrides_of(world), 0);
    apply_config_clear(&first);
    apply_config_clear(&again);
}

/* A log wakes nobody, but a policy that was taken once keeps nobody from making a silence. */
static void test_a_last_resort_of_before_holds_nobody_up(void **state)
{
    static const char REFUSED[] = "users: [{name: ana, contacts: [{kind: log}]}]\n"
                                  "policies: [{name: p, steps: [{notify: [{user: ana}], wait: 5m}],"
                                  " last_resort: {user: ana}}]\n";
    static const char TAKEN[] = "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n"
                                "policies: [{name: p, steps: [{notify: [{user: ana}], wait: 5m}],"
                                " last_resort: {user: ana}}]\n"
                                "services: [{name: shop, policy: p}]\n";
    struct world *world = *state;
    struct apply_config refused = world_apply(world, REFUSED, (struct terms){0});
    assert_int_equal(refused.base.status, 422);
    assert_non_null(strstr(refused.base.fault.field, "last_resort"));
    apply_config_clear(&refused);
    struct apply_config first = world_apply(world, TAKEN, (struct terms){0});
    assert_int_equal(first.base.status, 200);
    apply_config_clear(&first);
    /* As a version stored it that did not know the word. */
    (void)db_run(db_query(world->db, "UPDATE config_object SET spec ="
                                     " replace(spec, ',\"watched\":true', '') WHERE name = 'ana'"));
    json_auto_t *spec = json_loads("{\"name\": \"night\", \"match\": [{\"field\": \"service\","
                                   " \"value\": \"shop\"}], \"from\": \"2026-01-01T00:00:00Z\", "
                                   "\"to\": \"2026-06-01T00:00:00Z\"}",
                                   0, NULL);
    struct put_object put = {.kind = &SILENCE_KIND, .spec = spec};
    world_run(world, put_object_run, &put);
    assert_string_equal(put.base.fault.text, "");
    assert_int_equal(put.base.status, 201);
    put_object_clear(&put);
    struct db_query *query =
        db_query(world->db, "SELECT spec FROM config_object WHERE name = 'ana'");
    assert_int_equal(db_step(query), DB_ROW);
    assert_null(strstr(db_text(query, 0), "watched"));
    db_reset(query);
}

static int open_house(void **state)
{
    int failed = world_open(state);
    ledger_add_events(((struct world *)*state)->ledger, OVERRIDE_EVENTS);
    return failed;
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, open_house, world_close)

int main(void)
{
    config_register(CONFIG_KINDS);
    const struct CMUnitTest tests[] = {
        IN_HOUSE(test_apply_twice_changes_nothing),
        IN_HOUSE(test_dry_run_writes_nothing),
        IN_HOUSE(test_change_is_told_by_field),
        IN_HOUSE(test_refused_applies_nothing),
        IN_HOUSE(test_prune),
        IN_HOUSE(test_policy_versions),
        IN_HOUSE(test_export_applies_without_a_change),
        IN_HOUSE(test_export_leaves_secrets_out),
        IN_HOUSE(test_a_stored_webhook_secret_that_is_too_short_loads),
        IN_HOUSE(test_export_notes_what_is_not_over),
        IN_HOUSE(test_put_and_delete),
        IN_HOUSE(test_what_is_ended_needs_no_meaning),
        IN_HOUSE(test_overrides),
        IN_HOUSE(test_a_last_resort_of_before_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
