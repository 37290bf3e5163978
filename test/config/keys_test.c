#include "config/config_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "access/token_store.h"
#include "alert/kinds.h"
#include "base/json.h"
#include "config/test_world.h"

static const char TEAM[] =
    "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n"
    "policies: [{name: p, steps: [{notify: [{user: ana}], wait: 1m}], last_resort: {user: ana}}]\n"
    "services: [{name: s, policy: p}]\n"
    "integrations: [{name: prod-am, kind: alertmanager, service: s}, {name: legacy, kind: "
    "pagerduty, "
    "service: s}]\n"
    "heartbeats: [{name: backup, service: s, every: 1d}]\n";

static const char WITH_KEY[] =
    "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n"
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
    struct apply_config without = world_apply(world, WITH_KEY, (struct terms){0});
    assert_int_equal(without.base.status, 422);
    assert_string_equal(without.base.fault.field, "integrations[0].key");

    struct terms first_key = {.keys = "{\"integration:am\": \"first-key-0123456789\"}"};
    struct apply_config first = world_apply(world, WITH_KEY, first_key);
    world_assert_counts(&first, 4, 0, 0);
    assert_int_equal(json_array_size(first.minted), 0);
    assert_true(opens(world, "first-key-0123456789", "am"));
    struct apply_config same = world_apply(world, WITH_KEY, first_key);
    world_assert_counts(&same, 0, 0, 0);
    struct apply_config elsewhere = world_apply(world, WITH_KEY, (struct terms){0});
    world_assert_counts(&elsewhere, 0, 0, 0); /* the key is known already */

    struct apply_config second = world_apply(
        world, WITH_KEY, (struct terms){.keys = "{\"integration:am\": \"second-key-012345678\"}"});
    world_assert_counts(&second, 0, 1, 0);
    assert_true(opens(world, "second-key-012345678", "am"));
    assert_true(opens(world, "first-key-0123456789", "am")); /* for a day */
    world->now = utc_add(world->now, SPAN_D(1));
    assert_false(opens(world, "first-key-0123456789", "am"));
    assert_true(opens(world, "second-key-012345678", "am"));
    struct apply_config back = world_apply(world, WITH_KEY, first_key);
    world_assert_counts(&back, 0, 1, 0);
    assert_true(opens(world, "first-key-0123456789", "am"));
    apply_config_clear(&without);
    apply_config_clear(&first);
    apply_config_clear(&same);
    apply_config_clear(&elsewhere);
    apply_config_clear(&second);
    apply_config_clear(&back);
}

/* The versions before took any. */
static void test_a_weak_key_in_use_stays(void **state)
{
    struct world *world = *state;
    static const char WEAK[] = "aaaaaaaaaaaaaaaa";
    struct terms weak = {.keys = "{\"integration:am\": \"aaaaaaaaaaaaaaaa\"}"};
    struct apply_config fresh = world_apply(world, WITH_KEY, weak);
    assert_int_equal(fresh.base.status, 422);
    assert_string_equal(fresh.base.fault.field, "integrations[0].key");

    struct apply_config first = world_apply(
        world, WITH_KEY, (struct terms){.keys = "{\"integration:am\": \"first-key-0123456789\"}"});
    assert_int_equal(first.base.status, 200);
    struct access_key key = {
        .owner_kind = KEY_INTEGRATION, .owner = "am", .created_at = world->now};
    key_hash(WEAK, key.hash);
    access_key_insert(world->db, &key);
    struct apply_config again = world_apply(world, WITH_KEY, weak);
    world_assert_counts(&again, 0, 0, 0);
    assert_true(opens(world, WEAK, "am"));

    /* Of what is not in use any more, or is another's, it is new. */
    (void)access_key_revoke(world->db, KEY_INTEGRATION, "am", 0, world->now);
    struct apply_config revoked = world_apply(world, WITH_KEY, weak);
    assert_int_equal(revoked.base.status, 422);
    assert_non_null(strstr(revoked.base.fault.text, "easy to guess"));
    apply_config_clear(&fresh);
    apply_config_clear(&first);
    apply_config_clear(&again);
    apply_config_clear(&revoked);
}

static void test_key_has_one_owner(void **state)
{
    struct world *world = *state;
    struct terms keys = {.keys = "{\"integration:am\": \"first-key-0123456789\", "
                                 "\"integration:two\": \"first-key-0123456789\"}"};
    struct apply_config first = world_apply(world, WITH_KEY, keys);
    assert_int_equal(first.base.status, 200);
    struct apply_config second = world_apply(
        world, "integrations: [{name: two, kind: native, service: s, key: env:AM_KEY}]\n", keys);
    assert_int_equal(second.base.status, 422);
    assert_string_equal(second.base.fault.field, "integrations[0].key");
    assert_non_null(strstr(second.base.fault.text, "integration am already"));

    /* A renamed integration brings its key along. */
    g_auto(GStrv) parts = g_strsplit(WITH_KEY, "name: am", 2);
    g_autofree char *other = g_strjoinv("name: two", parts);
    struct terms prune = keys;
    prune.prune = true;
    struct apply_config third = world_apply(world, other, prune);
    world_assert_counts(&third, 1, 0, 1);
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
        world_apply(world, yaml,
                    (struct terms){.keys = "{\"integration:am\": \"first-key-0123456789\", "
                                           "\"heartbeat:hb\": \"first-key-0123456789\"}"});
    assert_int_equal(twice.base.status, 422);
    assert_string_equal(twice.base.fault.field, "heartbeats[0].key");
    apply_config_clear(&twice);
}

static const char *read_env(void *self, const char *name)
{
    (void)self;
    return strcmp(name, "SET") == 0     ? "a-key-of-enough-characters"
           : strcmp(name, "WEAK") == 0  ? "aaaaaaaaaaaaaaaa"
           : strcmp(name, "BYTES") == 0 ? "\xff\xfe-key-of-enough-characters"
                                        : NULL;
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
        {"a weak one, which may be in use", "integrations: [{name: a, key: env:WEAK}]",
         "{\"integration:a\":\"aaaaaaaaaaaaaaaa\"}", NULL},
        {"no text", "integrations: [{name: a, key: env:BYTES}]", NULL, "integrations[0].key"},
        {"unset", "integrations: [{name: a}, {name: b, key: env:UNSET}]", NULL,
         "integrations[1].key"},
        {"no file", "heartbeats: [{name: h, key: file:/none}]", NULL, "heartbeats[0].key"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct fault fault = {0};
        json_auto_t *document = world_parse(ROWS[i].document);
        json_auto_t *keys = config_resolve_keys(document, &source, NULL, &fault);
        if (ROWS[i].field != NULL) {
            assert_null(keys);
            assert_string_equal(fault.field, ROWS[i].field);
            continue;
        }
        g_autofree char *text = json_write(keys);
        assert_string_equal(text, ROWS[i].expect);
    }
}

static void test_minted_keys_open(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});

    static const struct {
        const char *kind, *name, *prefix;
    } ROWS[] = {{"integration", "prod-am", "tcn_int_"},
                {"integration", "legacy", ""}, /* as PagerDuty's routing keys look */
                {"heartbeat", "backup", "tcn_beat_"}};

    assert_int_equal(json_array_size(first.minted), G_N_ELEMENTS(ROWS));
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const json_t *minted = json_array_get(first.minted, i);
        assert_string_equal(json_text(minted, "kind", ""), ROWS[i].kind);
        assert_string_equal(json_text(minted, "name", ""), ROWS[i].name);
        assert_true(g_str_has_prefix(json_text(minted, "key", ""), ROWS[i].prefix));
        assert_true(opens(world, json_text(minted, "key", ""), ROWS[i].name));
    }
    assert_int_equal(strlen(json_text(json_array_get(first.minted, 1), "key", "")), 32);
    g_autofree char *plan = json_write(first.plan);
    assert_null(strstr(plan, "tcn_"));
    apply_config_clear(&first);
}

int main(void)
{
    config_register(CONFIG_KINDS);
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_given_key),
        IN_WORLD(test_a_weak_key_in_use_stays),
        IN_WORLD(test_key_has_one_owner),
        IN_WORLD(test_same_key_twice_in_a_file),
        cmocka_unit_test(test_resolve_keys),
        IN_WORLD(test_minted_keys_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
