#include "config/config_work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "config/config_yaml.h"
#include "ledger/event.h"
#include "people/token_store.h"

/* ---- a world of one database, a clock that stands and random numbers that count ---- */

static struct utc fixed_wall(void *self)
{
    return *(struct utc *)self;
}

static struct span fixed_elapsed(void *self)
{
    return (struct span){((struct utc *)self)->us};
}

static void counting_fill(void *self, void *out, size_t size)
{
    unsigned char *next = self;
    for (size_t i = 0; i < size; i++) {
        ((unsigned char *)out)[i] = (*next)++;
    }
}

struct world {
    struct db *db;
    struct ledger *ledger;
    struct config_holder *configs;
    struct utc now;
    unsigned char counter;
    struct clock clock;
    struct random random;
};

static int open_world(void **state)
{
    struct world *world = g_new0(struct world, 1);
    struct fault fault = {0};
    world->now = (struct utc){1795000000000000};
    world->clock = (struct clock){fixed_wall, fixed_elapsed, &world->now};
    world->random = (struct random){counting_fill, &world->counter};
    world->db = db_open(":memory:", DB_READ_WRITE, &fault);
    assert_non_null(world->db);
    assert_true(db_migrate(world->db, world->now, &fault));
    world->ledger = ledger_create(world->db, &world->clock, &world->random);
    world->configs = config_holder_create();
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    config_holder_destroy(&world->configs);
    ledger_destroy(&world->ledger);
    db_close(&world->db);
    g_free(world);
    return 0;
}

static void run(struct world *world, enum command_result (*command)(struct ledger_tx *, void *),
                void *arg)
{
    struct config_command *base = arg;
    base->configs = world->configs;
    base->actor = "local";
    struct command one = {.run = command, .answer = config_command_answered, .arg = arg};
    ledger_run_batch(world->ledger, &one, 1);
}

static json_t *parse(const char *yaml)
{
    struct yaml_document document;
    struct fault fault = {0};
    bool is_read = yaml_read(yaml, strlen(yaml), &document, &fault);
    assert_string_equal(fault.text, "");
    assert_true(is_read);
    json_t *json = json_incref(document.json);
    yaml_document_clear(&document);
    return json;
}

struct
try {
    const char *keys; /* JSON; NULL: none */
    bool dry_run, prune;
};

/* The struct is the caller's to clear. */
static struct apply_config apply(struct world *world, const char *yaml, struct try how)
{
    json_auto_t *document = parse(yaml);
    json_auto_t *keys = how.keys != NULL ? json_loads(how.keys, 0, NULL) : NULL;
    struct apply_config self = {
        .document = document, .keys = keys, .dry_run = how.dry_run, .prune = how.prune};
    run(world, apply_config_run, &self);
    self.document = NULL;
    self.keys = NULL;
    return self;
}

static int count(const struct apply_config *self, const char *action)
{
    assert_string_equal(self->base.fault.text, "");
    return (int)json_integer_value(json_object_get(self->plan, action));
}

static void assert_counts(const struct apply_config *self, int created, int changed, int deleted)
{
    assert_int_equal(count(self, "created"), created);
    assert_int_equal(count(self, "changed"), changed);
    assert_int_equal(count(self, "deleted"), deleted);
}

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
    struct apply_config first = apply(world, TEAM, (struct try){0});
    assert_int_equal(first.base.status, 200);
    assert_counts(&first, TEAM_OBJECTS, 0, 0);
    assert_int_equal(json_array_size(first.minted), 1);
    struct config *config = config_current(world->configs);
    assert_int_equal(config->version, 1);
    assert_string_equal(config_user(config, "ana")->time_zone, "Asia/Jakarta");
    assert_non_null(config_service(config, "checkout"));
    assert_null(config_service(config, "nothing"));
    config_unref(config);
    int64_t events = event_count(world);
    assert_int_equal(events, 1);

    struct apply_config second = apply(world, TEAM, (struct try){0});
    assert_counts(&second, 0, 0, 0);
    assert_int_equal(count(&second, "unchanged"), TEAM_OBJECTS);
    assert_int_equal(json_array_size(second.minted), 0); /* told once */
    assert_int_equal(event_count(world), events);
    assert_int_equal(config_load_version(world->db), 1);
    apply_config_clear(&first);
    apply_config_clear(&second);
}

static void test_dry_run_writes_nothing(void **state)
{
    struct world *world = *state;
    struct apply_config plan = apply(world, TEAM, (struct try){.dry_run = true});
    assert_counts(&plan, TEAM_OBJECTS, 0, 0);
    assert_int_equal(json_array_size(plan.minted), 0);
    g_autofree char *text = config_plan_text(plan.plan);
    assert_non_null(strstr(text, "+ user ana\n"));
    assert_non_null(strstr(text, "+ integration prod-am: a key is minted and shown once\n"));
    assert_int_equal(config_load_version(world->db), 0);
    assert_int_equal(event_count(world), 0);
    struct config *config = config_current(world->configs);
    assert_int_equal(config->version, 0);
    assert_null(config_user(config, "ana"));
    config_unref(config);
    apply_config_clear(&plan);
}

static void test_change_is_told_by_field(void **state)
{
    struct world *world = *state;
    struct apply_config first = apply(world, TEAM, (struct try){0});
    struct apply_config second =
        apply(world,
              "users: [{name: ana, time_zone: Europe/Paris, contacts: [{kind: email, to: "
              "ana@example.com}]}]\n",
              (struct try){0});
    assert_counts(&second, 0, 1, 0);
    g_autofree char *text = config_plan_text(second.plan);
    assert_non_null(strstr(text, "~ user ana: time_zone Asia/Jakarta -> Europe/Paris\n"));
    assert_non_null(strstr(text, "not in this file, left as they are: user budi, team payments"));
    struct config *config = config_current(world->configs);
    assert_string_equal(config_user(config, "ana")->time_zone, "Europe/Paris");
    assert_non_null(config_user(config, "budi")); /* kept */
    config_unref(config);
    apply_config_clear(&first);
    apply_config_clear(&second);
}

static void test_refused_applies_nothing(void **state)
{
    struct world *world = *state;
    struct apply_config refused = apply(
        world, "users: [{name: dewi}]\nteams: [{name: ops, members: [dewy]}]\n", (struct try){0});
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
    struct apply_config first = apply(world, TEAM, (struct try){0});
    struct put_object put = {.kind = CONFIG_SILENCE, .spec = silence};
    run(world, put_object_run, &put);
    assert_string_equal(put.base.fault.text, "");
    assert_int_equal(put.base.status, 201);

    /* Budi is still in the schedule, which the file names: refused as a whole. */
    g_autoptr(GString) without_budi = g_string_new(TEAM);
    char *cut = strstr(without_budi->str, "  - name: budi");
    char *end = strstr(without_budi->str, "teams:");
    g_string_erase(without_budi, cut - without_budi->str, end - cut);
    struct apply_config refused = apply(world, without_budi->str, (struct try){.prune = true});
    assert_int_equal(refused.base.status, 422);
    assert_string_equal(refused.base.fault.field, "teams[0].members[1]");

    struct apply_config pruned = apply(world, "users: [{name: ana, contacts: [{kind: log}]}]\n",
                                       (struct try){.prune = true});
    assert_counts(&pruned, 0, 1, TEAM_OBJECTS - 1);
    struct config *config = config_current(world->configs);
    assert_null(config_user(config, "budi"));
    assert_int_equal(config->items[CONFIG_SERVICE]->len, 0);
    assert_int_equal(config->items[CONFIG_SILENCE]->len, 1); /* made by a person: never pruned */
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
    struct apply_config first = apply(world, TEAM, (struct try){0});
    struct config *config = config_current(world->configs);
    int before = GPOINTER_TO_INT(g_hash_table_lookup(config->policy_versions, "payments"));
    assert_int_not_equal(before, 0);
    config_unref(config);
    struct apply_config other =
        apply(world, "users: [{name: ana, contacts: [{kind: log}]}]\n", (struct try){0});
    config = config_current(world->configs);
    assert_int_equal(GPOINTER_TO_INT(g_hash_table_lookup(config->policy_versions, "payments")),
                     before);
    config_unref(config);
    struct apply_config changed =
        apply(world,
              "policies: [{name: payments, last_resort: {user: ana}, steps: [{notify: [{user: "
              "budi}], wait: 1m}]}]\n",
              (struct try){0});
    assert_counts(&changed, 0, 1, 0);
    config = config_current(world->configs);
    assert_true(GPOINTER_TO_INT(g_hash_table_lookup(config->policy_versions, "payments")) > before);
    config_unref(config);
    apply_config_clear(&first);
    apply_config_clear(&other);
    apply_config_clear(&changed);
}

/* ---- export ---- */

static void test_export_applies_without_a_change(void **state)
{
    struct world *world = *state;
    struct apply_config first = apply(world, TEAM, (struct try){0});
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, notes);
    assert_int_equal(notes->len, 0);
    g_autofree char *yaml = yaml_write(document, notes);
    struct apply_config second = apply(world, yaml, (struct try){.prune = true});
    assert_counts(&second, 0, 0, 0);
    assert_int_equal(count(&second, "unchanged"), TEAM_OBJECTS);
    assert_non_null(strstr(yaml, "env:BUDI")); /* a reference is no secret */
    assert_null(strstr(yaml, "full_name"));
    apply_config_clear(&first);
    apply_config_clear(&second);
}

static void test_export_leaves_secrets_out(void **state)
{
    struct world *world = *state;
    struct apply_config first =
        apply(world,
              "users: [{name: ana, contacts: [{kind: webhook, to: 'https://example.com/x', secret: "
              "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]}]\n",
              (struct try){0});
    assert_int_equal(first.base.status, 200);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, notes);
    g_autofree char *yaml = yaml_write(document, notes);
    assert_null(strstr(yaml, "whsec_"));
    assert_non_null(strstr(yaml, "# The secret of user ana, contact webhook is not shown"));
    /* But what sends the message has it. */
    struct config *config = config_current(world->configs);
    assert_string_equal(user_contact(config_user(config, "ana"), "webhook")->secret,
                        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    config_unref(config);
    apply_config_clear(&first);
}

/* ---- keys ---- */

static const char WITH_KEY[] =
    "users: [{name: ana, contacts: [{kind: log}]}]\n"
    "policies: [{name: p, steps: [{notify: [{user: ana}], wait: 1m}], last_resort: {user: ana}}]\n"
    "services: [{name: s, policy: p}]\n"
    "integrations: [{name: am, kind: alertmanager, service: s, key: env:AM_KEY}]\n";

static bool opens(struct world *world, const char *key, const char *owner)
{
    unsigned char hash[KEY_HASH_SIZE];
    struct access_key found;
    g_autofree char *found_owner = NULL;
    key_hash(key, hash);
    return access_key_load(world->db, hash, &found, &found_owner) &&
           access_key_is_live(&found, world->now) && strcmp(found_owner, owner) == 0;
}

static void test_given_key(void **state)
{
    struct world *world = *state;
    struct apply_config without = apply(world, WITH_KEY, (struct try){0});
    assert_int_equal(without.base.status, 422);
    assert_string_equal(without.base.fault.field, "integrations[0].key");

    struct try first_key = {.keys = "{\"integration:am\": \"first-key-0123456789\"}"};
    struct apply_config first = apply(world, WITH_KEY, first_key);
    assert_counts(&first, 4, 0, 0);
    assert_int_equal(json_array_size(first.minted), 0);
    assert_true(opens(world, "first-key-0123456789", "am"));
    struct apply_config same = apply(world, WITH_KEY, first_key);
    assert_counts(&same, 0, 0, 0);
    struct apply_config elsewhere = apply(world, WITH_KEY, (struct try){0});
    assert_counts(&elsewhere, 0, 0, 0); /* the key is known already */

    struct apply_config second = apply(
        world, WITH_KEY, (struct try){.keys = "{\"integration:am\": \"second-key-012345678\"}"});
    assert_counts(&second, 0, 1, 0);
    assert_true(opens(world, "second-key-012345678", "am"));
    assert_true(opens(world, "first-key-0123456789", "am")); /* for a day */
    world->now = utc_add(world->now, SPAN_D(1));
    assert_false(opens(world, "first-key-0123456789", "am"));
    assert_true(opens(world, "second-key-012345678", "am"));
    struct apply_config back = apply(world, WITH_KEY, first_key);
    assert_counts(&back, 0, 1, 0);
    assert_true(opens(world, "first-key-0123456789", "am"));
    apply_config_clear(&first);
    apply_config_clear(&same);
    apply_config_clear(&elsewhere);
    apply_config_clear(&second);
    apply_config_clear(&back);
}

static void test_key_has_one_owner(void **state)
{
    struct world *world = *state;
    struct try keys = {.keys = "{\"integration:am\": \"first-key-0123456789\", "
                               "\"integration:two\": \"first-key-0123456789\"}"};
    struct apply_config first = apply(world, WITH_KEY, keys);
    assert_int_equal(first.base.status, 200);
    struct apply_config second = apply(
        world, "integrations: [{name: two, kind: native, service: s, key: env:AM_KEY}]\n", keys);
    assert_int_equal(second.base.status, 422);
    assert_string_equal(second.base.fault.field, "integrations[0].key");
    assert_non_null(strstr(second.base.fault.text, "integration am already"));

    /* A renamed integration brings its key along. */
    g_auto(GStrv) parts = g_strsplit(WITH_KEY, "name: am", 2);
    g_autofree char *other = g_strjoinv("name: two", parts);
    struct try prune = keys;
    prune.prune = true;
    struct apply_config third = apply(world, other, prune);
    assert_counts(&third, 1, 0, 1);
    assert_true(opens(world, "first-key-0123456789", "two"));
    apply_config_clear(&first);
    apply_config_clear(&second);
    apply_config_clear(&third);
}

static void test_same_key_twice_in_a_file(void **state)
{
    struct world *world = *state;
    g_autofree char *yaml = g_strconcat(
        WITH_KEY, "heartbeats: [{name: hb, service: s, every: 1m, key: env:AM_KEY}]\n", NULL);
    struct apply_config twice =
        apply(world, yaml,
              (struct try){.keys = "{\"integration:am\": \"first-key-0123456789\", "
                                   "\"heartbeat:hb\": \"first-key-0123456789\"}"});
    assert_int_equal(twice.base.status, 422);
    assert_string_equal(twice.base.fault.field, "heartbeats[0].key");
    apply_config_clear(&twice);
}

static const char *read_env(void *self, const char *name)
{
    (void)self;
    return strcmp(name, "SET") == 0 ? "a-key-of-enough-characters" : NULL;
}

static char *read_file(void *self, const char *path)
{
    (void)self;
    return strcmp(path, "/run/key") == 0 ? g_strdup("another-key-of-enough\n") : NULL;
}

static void test_resolve_keys(void **state)
{
    (void)state;
    const struct key_source source = {read_env, read_file, NULL};

    static const struct {
        const char *name, *document, *expect, *field;
    } ROWS[] = {
        {"nothing to resolve", "integrations: [{name: a, kind: native}]", "{}", NULL},
        {"environment", "integrations: [{name: a, key: env:SET}]",
         "{\"integration:a\":\"a-key-of-enough-characters\"}", NULL},
        {"file, without its line end", "heartbeats: [{name: h, key: file:/run/key}]",
         "{\"heartbeat:h\":\"another-key-of-enough\"}", NULL},
        {"unset", "integrations: [{name: a}, {name: b, key: env:UNSET}]", NULL,
         "integrations[1].key"},
        {"no file", "heartbeats: [{name: h, key: file:/none}]", NULL, "heartbeats[0].key"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault = {0};
        json_auto_t *document = parse(ROWS[i].document);
        json_auto_t *keys = config_resolve_keys(document, &source, &fault);
        if (ROWS[i].field != NULL) {
            assert_null(keys);
            assert_string_equal(fault.field, ROWS[i].field);
            continue;
        }
        g_autofree char *text = json_write(keys);
        assert_string_equal(text, ROWS[i].expect);
    }
}

static void test_minted_key_opens(void **state)
{
    struct world *world = *state;
    struct apply_config first = apply(world, TEAM, (struct try){0});
    const json_t *minted = json_array_get(first.minted, 0);
    assert_string_equal(json_text(minted, "kind", ""), "integration");
    assert_string_equal(json_text(minted, "name", ""), "prod-am");
    assert_true(g_str_has_prefix(json_text(minted, "key", ""), "tcn_int_"));
    assert_true(opens(world, json_text(minted, "key", ""), "prod-am"));
    apply_config_clear(&first);
}

/* ---- objects and overrides ---- */

static void test_put_and_delete(void **state)
{
    struct world *world = *state;
    struct apply_config first = apply(world, TEAM, (struct try){0});
    json_auto_t *bad =
        json_loads("{\"match\": [{\"field\": \"service\", \"valu\": \"x\"}]}", 0, NULL);
    struct put_object put = {.kind = CONFIG_SILENCE, .spec = bad};
    run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 422);
    assert_string_equal(put.base.fault.field, "match[0].valu");

    json_auto_t *good = json_loads("{\"match\": [{\"field\": \"service\", \"value\": \"x\"}], "
                                   "\"from\": \"2026-12-01T00:00:00Z\", \"to\": "
                                   "\"2026-12-02T00:00:00Z\"}",
                                   0, NULL);
    put = (struct put_object){.kind = CONFIG_SILENCE, .spec = good};
    run(world, put_object_run, &put);
    assert_int_equal(put.base.status, 201);
    assert_string_equal(json_text(put.written, "created_by", ""), "local");
    g_autofree char *name = g_strdup(json_text(put.written, "name", ""));
    assert_true(g_str_has_prefix(name, "silence-"));

    json_auto_t *ana = json_loads("{\"name\": \"ana\"}", 0, NULL);
    struct put_object owned = {.kind = CONFIG_USER, .spec = ana};
    run(world, put_object_run, &owned);
    assert_int_equal(owned.base.status, 409);

    struct delete_object gone = {.kind = CONFIG_SILENCE, .name = name};
    run(world, delete_object_run, &gone);
    assert_int_equal(gone.base.status, 200);
    run(world, delete_object_run, &gone);
    assert_int_equal(gone.base.status, 404);
    struct delete_object file_owned = {.kind = CONFIG_TEAM, .name = "payments"};
    run(world, delete_object_run, &file_owned);
    assert_int_equal(file_owned.base.status, 409);
    put_object_clear(&put);
    put_object_clear(&owned);
    apply_config_clear(&first);
}

static guint overrides_of(struct world *world)
{
    struct config *config = config_current(world->configs);
    guint length = config_schedule(config, "primary")->overrides->len;
    config_unref(config);
    return length;
}

static void test_overrides(void **state)
{
    struct world *world = *state;
    struct apply_config first = apply(world, TEAM, (struct try){0});
    json_auto_t *spec = json_loads(
        "{\"from\": \"2026-12-24T00:00\", \"to\": \"2026-12-26T00:00\", \"who\": \"budi\"}", 0,
        NULL);
    struct add_override add = {.schedule = "primary", .spec = spec};
    run(world, add_override_run, &add);
    assert_string_equal(add.base.fault.text, "");
    assert_int_equal(add.base.status, 201);
    assert_int_equal(overrides_of(world), 1);
    assert_true(add.id > 0);

    /* It outlives an apply, and is no change of the file. */
    struct apply_config again = apply(world, TEAM, (struct try){.prune = true});
    assert_counts(&again, 0, 0, 0);
    assert_int_equal(overrides_of(world), 1);

    (void)json_object_set_new(spec, "who", json_string("nobody-we-know"));
    struct add_override unknown = {.schedule = "primary", .spec = spec};
    run(world, add_override_run, &unknown);
    assert_int_equal(unknown.base.status, 422);
    assert_string_equal(unknown.base.fault.field, "who");
    struct add_override elsewhere = {.schedule = "none", .spec = spec};
    run(world, add_override_run, &elsewhere);
    assert_int_equal(elsewhere.base.status, 404);

    struct remove_override wrong = {.schedule = "other", .id = add.id};
    run(world, remove_override_run, &wrong);
    assert_int_equal(wrong.base.status, 404);
    struct remove_override removed = {.schedule = "primary", .id = add.id};
    run(world, remove_override_run, &removed);
    assert_int_equal(removed.base.status, 200);
    assert_int_equal(overrides_of(world), 0);
    apply_config_clear(&first);
    apply_config_clear(&again);
}

static void test_older_snapshot_is_dropped(void **state)
{
    (void)state;
    struct config_holder *holder = config_holder_create();
    struct config *newer = config_create();
    struct config *older = config_create();
    newer->version = 2;
    older->version = 1;
    config_publish(holder, newer);
    config_publish(holder, older);
    struct config *current = config_current(holder);
    assert_ptr_equal(current, newer);
    config_unref(current);
    config_holder_destroy(&holder);
    assert_null(holder);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_apply_twice_changes_nothing),
        IN_WORLD(test_dry_run_writes_nothing),
        IN_WORLD(test_change_is_told_by_field),
        IN_WORLD(test_refused_applies_nothing),
        IN_WORLD(test_prune),
        IN_WORLD(test_policy_versions),
        IN_WORLD(test_export_applies_without_a_change),
        IN_WORLD(test_export_leaves_secrets_out),
        IN_WORLD(test_given_key),
        IN_WORLD(test_key_has_one_owner),
        IN_WORLD(test_same_key_twice_in_a_file),
        cmocka_unit_test(test_resolve_keys),
        IN_WORLD(test_minted_key_opens),
        IN_WORLD(test_put_and_delete),
        IN_WORLD(test_overrides),
        cmocka_unit_test(test_older_snapshot_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
