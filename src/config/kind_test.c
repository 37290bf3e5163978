#include "config/kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "config/config_check.h"
#include "config/config_plan.h"
#include "config/config_store.h"
#include "config/config_yaml.h"
#include "config/lint.h"
#include "config/past.h"
#include "config/test_kinds.h"
#include "config/test_world.h"

/* The configuration makes all of two nouns that it has never heard of: it is handed their rows. */

static const char TEAM[] = "shelves:\n"
                           "  - {name: top}\n"
                           "  - {name: low, label: dusty}\n"
                           "gadgets:\n"
                           "  - {name: saw, shelf: top, partner: axe}\n"
                           "  - top/axe\n";

static void test_rows_are_found(void **state)
{
    (void)state;
    assert_int_equal(config_kind_count(), 2);
    assert_ptr_equal(config_kind_at(0), &SHELF_KIND); /* by place, not as listed nor by number */
    assert_ptr_equal(config_kind_at(1), &GADGET_KIND);
    assert_ptr_equal(config_kind_of_text("gadget"), &GADGET_KIND);
    assert_ptr_equal(config_kind_of_text("shelves"), &SHELF_KIND);
    assert_null(config_kind_of_text("user"));
    assert_ptr_equal(config_kind_of_number(900), &GADGET_KIND);
    assert_null(config_kind_of_number(1));
    assert_null(config_kind_of_number(-1));
    assert_null(config_kind_of_number(CONFIG_NUMBER_MAX + 1));
}

static void test_wrong_lists_are_refused(void **state)
{
    (void)state;
    static const struct field NAMELESS_FIELDS[] = {
        {.name = "label", .kind = FIELD_TEXT, .offset = 0, .flags = FIELD_REQUIRED}};
    static const struct record NAMELESS = {.fields = NAMELESS_FIELDS, .field_count = 1};
    struct config_kind kind = SHELF_KIND;
    const struct config_kind *const kinds[] = {&GADGET_KIND, &kind, NULL};
    assert_null(config_kinds_wrong(kinds));
    kind.number = GADGET_KIND.number;
    assert_string_equal(config_kinds_wrong(kinds), "two kinds of one number");
    kind = SHELF_KIND;
    kind.number = 0;
    assert_string_equal(config_kinds_wrong(kinds), "a number out of range");
    kind = SHELF_KIND;
    kind.place = GADGET_KIND.place;
    assert_string_equal(config_kinds_wrong(kinds), "two kinds at one place");
    kind = SHELF_KIND;
    kind.noun = "gadget";
    assert_string_equal(config_kinds_wrong(kinds), "two kinds of one word");
    kind = SHELF_KIND;
    kind.section = "gadget";
    assert_string_equal(config_kinds_wrong(kinds), "two kinds of one word");
    kind = SHELF_KIND;
    kind.record = &NAMELESS;
    assert_string_equal(config_kinds_wrong(kinds), "a record that does not begin with its name");
    kind = SHELF_KIND;
    kind.remembered_days = 1;
    assert_string_equal(config_kinds_wrong(kinds), "remembered, and never over");
}

/* ---- what a file is refused for ---- */

static const struct {
    const char *name, *yaml, *text;
} REFUSED[] = {
    {"unknown section", "gadget: []\n", "gadget: unknown section \"gadget\"; did you mean"},
    {"strange section", "users: []\n", "known are shelves, gadgets"},
    {"unknown shelf", "shelves: [{name: top}]\ngadgets: [{name: a, shelf: tip}]\n",
     "gadgets[0].shelf: there is no shelf \"tip\"; did you mean \"top\"?"},
    {"strange shelf", "gadgets: [{name: a, shelf: moon}]\n",
     "gadgets[0].shelf: there is no shelf \"moon\"; add it to shelves"},
    {"two of one name", "shelves: [{name: top}, {name: top}]\n",
     "shelves[1].name: there are two shelves called \"top\""},
    {"slash in a name", "shelves: [{name: a/b}]\n", "shelves[0].name: must not contain"},
    {"no meaning", "shelves: [{name: top}]\ngadgets: [{name: a, shelf: top, size: 3}]\n",
     "gadgets[0].size: must be even"},
    {"unknown field", "shelves: [{name: top, size: 1}]\n", "shelves[0].size: unknown field"},
};

static void test_refused(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
        struct fault fault = {0};
        json_auto_t *document = world_parse(REFUSED[i].yaml);
        assert_null(config_plan_make(document, nothing, (struct plan_options){.is_from_file = true},
                                     &fault));
        g_autofree char *text = g_strdup_printf("%s: %s", fault.field, fault.text);
        if (strstr(text, REFUSED[i].text) == NULL) {
            fail_msg("%s: %s", REFUSED[i].name, text);
        }
    }
}

/* ---- apply ---- */

static struct config *current(struct world *world)
{
    return config_current(world->configs);
}

static int64_t stored_number(struct world *world, const char *name)
{
    struct db_query *query = db_query(world->db, "SELECT kind FROM config_object WHERE name = $1");
    db_bind_text(query, 1, name);
    int64_t number = db_step(query) == DB_ROW ? db_int(query, 0) : 0;
    db_reset(query);
    return number;
}

static void test_apply(void **state)
{
    struct world *world = *state;
    test_gadgets_written = 0;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    world_assert_counts(&first, 4, 0, 0);
    assert_int_equal(json_array_size(first.minted), 2); /* gadgets have keys, shelves do not */
    assert_int_equal(test_gadgets_written, 2);
    assert_int_equal(stored_number(world, "saw"), 900);
    assert_int_equal(stored_number(world, "top"), 901);
    struct config *config = current(world);
    const struct gadget *saw = gadget_find(config, "saw");
    assert_ptr_equal(saw->linked, gadget_find(config, "axe"));
    assert_true(saw->is_loaded);
    assert_int_equal(config_items(config, &SHELF_KIND)->len, 2);
    config_unref(config);

    struct apply_config again = world_apply(world, TEAM, (struct terms){0});
    world_assert_counts(&again, 0, 0, 0);
    struct apply_config large = world_apply(world,
                                            "gadgets:\n"
                                            "  - {name: axe, shelf: low, size: 12}\n"
                                            "  - {name: saw, shelf: top, partner: axe}\n",
                                            (struct terms){0});
    world_assert_counts(&large, 0, 2, 0);
    g_autofree char *text = config_plan_text(large.plan);
    assert_non_null(strstr(text, "~ gadget axe: shelf top -> low\n"));
    assert_non_null(strstr(text, "~ gadget axe: order 2 -> 1\n"));
    assert_non_null(strstr(text, "left as they are: shelf top, shelf low\n"));
    assert_int_equal(json_array_size(large.warnings), 1);
    const json_t *warning = json_array_get(large.warnings, 0);
    assert_string_equal(json_string_value(json_object_get(warning, "path")), "axe");
    assert_string_equal(json_string_value(json_object_get(warning, "text")), "is large");
    apply_config_clear(&first);
    apply_config_clear(&again);
    apply_config_clear(&large);
}

static void test_export(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, world->now, notes);
    g_autofree char *yaml = yaml_write(document, notes);
    assert_string_equal(yaml, "# Shelf top was tidied.\n"
                              "# Shelf low was tidied.\n"
                              "# Gadgets have a rest.\n"
                              "shelves:\n"
                              "- name: top\n"
                              "- name: low\n"
                              "  label: dusty\n"
                              "gadgets:\n"
                              "- name: saw\n"
                              "  shelf: top\n"
                              "  partner: axe\n"
                              "- name: axe\n"
                              "  shelf: top\n");
    struct apply_config again = world_apply(world, yaml, (struct terms){0});
    world_assert_counts(&again, 0, 0, 0);
    apply_config_clear(&first);
    apply_config_clear(&again);
}

/* ---- one of them ---- */

static void put(struct world *world, const char *spec, int status)
{
    json_auto_t *json = json_loads(spec, 0, NULL);
    struct put_object put = {.kind = &GADGET_KIND, .spec = json};
    world_run(world, put_object_run, &put);
    assert_string_equal(put.base.fault.text, "");
    assert_int_equal(put.base.status, status);
    assert_string_equal(json_string_value(json_object_get(put.written, "created_by")), "local");
    put_object_clear(&put);
}

static void test_made_by_people(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, "shelves: [{name: top}]\n", (struct terms){0});
    char soon[UTC_TEXT_SIZE];
    utc_format(utc_add(world->now, SPAN_MIN(1)), soon);
    g_autofree char *brief =
        g_strdup_printf("{\"name\": \"brief\", \"shelf\": \"top\", \"to\": \"%s\"}", soon);
    put(world, brief, 201);
    put(world, "{\"name\": \"lasting\", \"shelf\": \"top\"}", 201);
    put(world, "{\"name\": \"lasting\", \"shelf\": \"top\", \"size\": 2}", 200);

    world->now = utc_add(world->now, SPAN_MIN(1));
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    json_auto_t *document = config_export(world->db, world->now, notes);
    assert_null(json_object_get(document, "gadgets"));
    assert_int_equal(notes->len, 3); /* the shelf, the one that is not over, the rest */
    assert_string_equal(notes->pdata[1],
                        "Not in this file, made by a person or program: gadget lasting.");

    struct config *config = current(world);
    assert_non_null(gadget_find(config, "brief"));
    config_unref(config);
    world->now = utc_add(world->now, SPAN_D(6));
    put(world, "{\"shelf\": \"top\"}", 201); /* a name is made up */
    config = current(world);
    assert_null(gadget_find(config, "brief")); /* forgotten */
    assert_int_equal(config_items(config, &GADGET_KIND)->len, 2);
    config_unref(config);
    apply_config_clear(&first);
}

static void test_delete(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, "shelves: [{name: top}]\n", (struct terms){0});
    put(world, "{\"name\": \"axe\", \"shelf\": \"top\"}", 201);
    put(world, "{\"name\": \"saw\", \"shelf\": \"top\", \"partner\": \"axe\"}", 201);
    struct delete_object unknown = {.kind = &GADGET_KIND, .name = "sew"};
    world_run(world, delete_object_run, &unknown);
    assert_int_equal(unknown.base.status, 404);
    assert_string_equal(unknown.base.fault.text,
                        "there is no gadget \"sew\"; did you mean \"saw\"?");
    struct delete_object needed = {.kind = &GADGET_KIND, .name = "axe"};
    world_run(world, delete_object_run, &needed);
    assert_int_equal(needed.base.status, 409);
    assert_string_equal(needed.base.fault.text,
                        "axe is still needed: gadgets[0].partner: there is no gadget \"axe\"; add "
                        "it to gadgets");
    struct delete_object of_file = {.kind = &SHELF_KIND, .name = "top"};
    world_run(world, delete_object_run, &of_file);
    assert_int_equal(of_file.base.status, 409);
    struct delete_object saw = {.kind = &GADGET_KIND, .name = "saw"};
    world_run(world, delete_object_run, &saw);
    assert_int_equal(saw.base.status, 200);
    struct config *config = current(world);
    assert_null(gadget_find(config, "saw"));
    assert_non_null(gadget_find(config, "axe"));
    config_unref(config);
    apply_config_clear(&first);
}

/* ---- a newer program's ---- */

static void test_a_kind_that_is_not_known(void **state)
{
    struct world *world = *state;
    struct apply_config first = world_apply(world, TEAM, (struct terms){0});
    static const struct config_kind NEWER = {.noun = "widget", .number = 77};
    struct config_object object = {
        .kind = &NEWER, .name = (char *)(uintptr_t) "w", .spec = json_object()};
    db_begin(world->db);
    config_save_object(world->db, &object, 1, world->now);
    assert_int_equal(db_commit(world->db), DB_OK);
    json_decref(object.spec);

    struct fault fault = {0};
    assert_null(config_load(world->db, &fault));
    assert_non_null(strstr(fault.text, "holds a kind 77 that this program does not know"));
    g_autoptr(GPtrArray) objects = config_load_objects(world->db);
    assert_int_equal(objects->len, 4);
    apply_config_clear(&first);
}

/* ---- lint and what is past ---- */

static void add(struct config *config, const struct config_kind *kind, const char *spec)
{
    struct fault fault = {0};
    json_auto_t *json = json_loads(spec, 0, NULL);
    void *item = record_new(kind->record, json, &fault);
    assert_string_equal(fault.text, "");
    assert_true(config_add(config, kind, item));
}

static void test_lint(void **state)
{
    struct world *world = *state;
    struct config *config = config_create();
    add(config, &SHELF_KIND, "{\"name\": \"top\"}");
    add(config, &SHELF_KIND, "{\"name\": \"low\"}");
    add(config, &GADGET_KIND, "{\"name\": \"odd\", \"shelf\": \"top\", \"size\": 3}");
    add(config, &GADGET_KIND,
        "{\"name\": \"was\", \"shelf\": \"gone\", \"size\": 3, \"to\": \"2026-01-01T00:00:00Z\"}");
    g_autoptr(GPtrArray) findings = lint_new();
    lint_config(config, world->now, findings);
    assert_int_equal(findings->len, 2);
    const struct finding *bare = findings->pdata[0];
    const struct finding *odd = findings->pdata[1];
    assert_string_equal(bare->subject, "shelf:low"); /* nothing relies on it */
    assert_string_equal(odd->subject, "gadget:odd");
    assert_string_equal(odd->what, "In gadget odd, size: must be even");
    config_unref(config);
}

static void count_past(void *count, const char *path, const char *text)
{
    assert_string_equal(path, "old");
    assert_non_null(strstr(text, "ends at 2026-01-01T00:00:00Z, which is past"));
    ++*(int *)count;
}

static void test_past(void **state)
{
    struct world *world = *state;
    int count = 0;
    const struct config_teller teller = {count_past, &count};
    json_auto_t *document =
        world_parse("gadgets:\n"
                    "  - {name: old, shelf: top, to: \"2026-01-01T00:00:00Z\"}\n"
                    "  - {name: new, shelf: top}\n"
                    "  - {size: what}\n");
    struct config *config = config_create();
    config_past(config, document, world->now, &teller);
    assert_int_equal(count, 1);
    add(config, &GADGET_KIND, "{\"name\": \"old\", \"shelf\": \"top\"}");
    config_past(config, document, world->now, &teller);
    assert_int_equal(count, 1); /* known before */
    config_unref(config);
}

int main(void)
{
    config_register(TEST_KINDS);
    config_register(TEST_KINDS); /* the same again is no harm */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_found),
        cmocka_unit_test(test_wrong_lists_are_refused),
        cmocka_unit_test(test_refused),
        IN_WORLD(test_apply),
        IN_WORLD(test_export),
        IN_WORLD(test_made_by_people),
        IN_WORLD(test_delete),
        IN_WORLD(test_a_kind_that_is_not_known),
        IN_WORLD(test_lint),
        IN_WORLD(test_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
