#include "base/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

/* ---- a record with a field of every kind ---- */

enum colour { COLOUR_RED = 1, COLOUR_BLUE };

static const struct enum_name COLOUR_NAMES[] = {
    {"red", COLOUR_RED}, {"blue", COLOUR_BLUE}, {NULL, 0}};

struct part {
    char *name;
    int64_t weight;
};

struct thing {
    char *name;
    char *note;
    bool is_ready;
    int64_t size;
    struct span wait;
    struct utc at;
    int colour;
    GPtrArray *tags;
    struct part *main_part;
    GPtrArray *parts;
    json_t *extra;
    int dice; /* custom: written as a list of that many zeroes */
    char *secret;
    char *made_by;
    char *compiled; /* not a field: filled, and freed by clear */
};

static bool dice_read(const json_t *value, void *field, struct fault *fault)
{
    *(int *)field = (int)json_array_size(value);
    return json_is_array(value) || fault_set(fault, "", "must be dice");
}

static json_t *dice_write(const void *field)
{
    json_t *list = *(const int *)field > 0 ? json_array() : NULL;
    for (int i = 0; i < *(const int *)field; i++) {
        (void)json_array_append_new(list, json_integer(0));
    }
    return list;
}

static json_t *dice_schema(void)
{
    return json_pack("{s:s}", "type", "array");
}

static const struct field_codec DICE_CODEC = {
    .read = dice_read, .write = dice_write, .schema = dice_schema};

static const struct field PART_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct part, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 5},
    {.name = "weight",
     .kind = FIELD_INT,
     .offset = offsetof(struct part, weight),
     .min = -1,
     .max = 9},
};
static const struct record PART = {.name = "Part",
                                   .size = sizeof(struct part),
                                   .fields = PART_FIELDS,
                                   .field_count = G_N_ELEMENTS(PART_FIELDS)};

static void thing_fill(void *self)
{
    struct thing *thing = self;
    thing->compiled = g_strdup("compiled");
    if (thing->colour == 0) {
        thing->colour = COLOUR_RED;
    }
}

static bool thing_check(const void *self, struct fault *fault)
{
    const struct thing *thing = self;
    return thing->size != 13 || fault_set(fault, "size", "must not be 13");
}

static void thing_clear(void *self)
{
    g_free(((struct thing *)self)->compiled);
}

#define AT(field_name) .name = #field_name, .offset = offsetof(struct thing, field_name)
static const struct field THING_FIELDS[] = {
    {AT(name), .kind = FIELD_TEXT, .flags = FIELD_REQUIRED, .doc = "What it is called."},
    {AT(note), .kind = FIELD_TEXT, .min = 2, .max = 4},
    {AT(is_ready), .kind = FIELD_BOOL},
    {AT(size), .kind = FIELD_INT, .min = 0, .max = 100},
    {AT(wait), .kind = FIELD_SPAN, .min = 1000000, .max = 60000000},
    {AT(at), .kind = FIELD_UTC},
    {AT(colour), .kind = FIELD_ENUM, .names = COLOUR_NAMES},
    {AT(tags), .kind = FIELD_TEXTS, .max = 2},
    {AT(main_part), .kind = FIELD_RECORD, .record = &PART},
    {AT(parts), .kind = FIELD_RECORDS, .record = &PART, .max = 3},
    {AT(extra), .kind = FIELD_JSON},
    {AT(dice), .kind = FIELD_CUSTOM, .codec = &DICE_CODEC},
    {AT(secret), .kind = FIELD_TEXT, .flags = FIELD_SECRET},
    {AT(made_by), .kind = FIELD_TEXT, .flags = FIELD_READ_ONLY},
};
static const struct record THING = {.name = "Thing",
                                    .doc = "A thing.",
                                    .size = sizeof(struct thing),
                                    .fields = THING_FIELDS,
                                    .field_count = G_N_ELEMENTS(THING_FIELDS),
                                    .fill = thing_fill,
                                    .check = thing_check,
                                    .clear = thing_clear};

static json_t *parse(const char *text)
{
    struct fault fault = {0};
    json_t *json = json_read(text, strlen(text), &fault);
    assert_string_equal(fault.text, "");
    return json;
}

/* ---- faults ---- */

struct fault_row {
    const char *name;
    const char *json;
    const char *field;
    const char *text; /* contained in the fault's text */
};

static const struct fault_row FAULTS[] = {
    {"no object", "[1]", "", "must be an object, not a list"},
    {"required", "{}", "name", "is required. What it is called."},
    {"null is absent", "{\"name\": null}", "name", "is required"},
    {"required and empty", "{\"name\": \"\"}", "name", "must not be empty"},
    {"near key", "{\"name\": \"x\", \"colur\": 1}", "colur",
     "unknown field \"colur\"; did you mean \"colour\"?"},
    {"swapped letters", "{\"name\": \"x\", \"szie\": 1}", "szie", "did you mean \"size\"?"},
    {"strange key", "{\"name\": \"x\", \"zebra\": 1}", "zebra",
     "known are name, note, is_ready, size"},
    {"text: number", "{\"name\": 5}", "name", "must be a text, not a number; put it in quotes"},
    {"text: list", "{\"name\": []}", "name", "must be a text, not a list"},
    {"text: too short", "{\"name\": \"x\", \"note\": \"x\"}", "note", "at least 2 characters"},
    {"text: too long", "{\"name\": \"x\", \"note\": \"12345\"}", "note",
     "has 5 characters; at most 4"},
    {"text: characters, not bytes", "{\"name\": \"x\", \"note\": \"ééééé\"}", "note",
     "has 5 characters"},
    {"bool: text", "{\"name\": \"x\", \"is_ready\": \"yes\"}", "is_ready",
     "must be true or false, not a text"},
    {"int: text", "{\"name\": \"x\", \"size\": \"5\"}", "size",
     "must be a whole number, not a text"},
    {"int: fraction", "{\"name\": \"x\", \"size\": 1.5}", "size", "must be a whole number"},
    {"int: huge", "{\"name\": \"x\", \"size\": 1e300}", "size", "must be a whole number"},
    {"int: below", "{\"name\": \"x\", \"size\": -1}", "size",
     "is -1; it must be between 0 and 100"},
    {"int: above", "{\"name\": \"x\", \"size\": 101}", "size", "between 0 and 100"},
    {"span: bare number", "{\"name\": \"x\", \"wait\": 5}", "wait", "needs a unit"},
    {"span: number in quotes", "{\"name\": \"x\", \"wait\": \"5\"}", "wait",
     "\"5\" is not a span of time"},
    {"span: below", "{\"name\": \"x\", \"wait\": \"999ms\"}", "wait",
     "is 999ms; it must be between 1s and 1m"},
    {"span: above", "{\"name\": \"x\", \"wait\": \"61s\"}", "wait", "between 1s and 1m"},
    {"utc: no offset", "{\"name\": \"x\", \"at\": \"2026-01-01T00:00:00\"}", "at",
     "is not an instant"},
    {"utc: number", "{\"name\": \"x\", \"at\": 5}", "at", "must be an instant such as"},
    {"enum", "{\"name\": \"x\", \"colour\": \"green\"}", "colour",
     "\"green\" is not known; it must be one of red, blue"},
    {"enum: nearly", "{\"name\": \"x\", \"colour\": \"bleu\"}", "colour",
     "\"bleu\" is not known; did you mean \"blue\"? It must be one of red, blue"},
    {"enum: number", "{\"name\": \"x\", \"colour\": 1}", "colour",
     "must be one of red, blue, not a number"},
    {"texts: text", "{\"name\": \"x\", \"tags\": \"a\"}", "tags", "must be a list, not a text"},
    {"texts: element", "{\"name\": \"x\", \"tags\": [\"a\", 1]}", "tags[1]", "must be a text"},
    {"texts: empty element", "{\"name\": \"x\", \"tags\": [\"\"]}", "tags[0]", "must not be empty"},
    {"texts: too many", "{\"name\": \"x\", \"tags\": [\"a\", \"b\", \"c\"]}", "tags",
     "has 3 elements; at most 2"},
    {"record within", "{\"name\": \"x\", \"main_part\": {\"name\": \"a\", \"weight\": 10}}",
     "main_part.weight", "between -1 and 9"},
    {"records within", "{\"name\": \"x\", \"parts\": [{\"name\": \"a\"}, {\"name\": \"abcdef\"}]}",
     "parts[1].name", "at most 5"},
    {"unknown key within", "{\"name\": \"x\", \"parts\": [{\"nam\": \"a\"}]}", "parts[0].nam",
     "did you mean \"name\"?"},
    {"custom", "{\"name\": \"x\", \"dice\": 1}", "dice", "must be dice"},
    {"read-only", "{\"name\": \"x\", \"made_by\": \"me\"}", "made_by", "set by the server"},
    {"the whole", "{\"name\": \"x\", \"size\": 13}", "size", "must not be 13"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(FAULTS); i++) {
        const struct fault_row *row = &FAULTS[i];
        struct fault fault = {0};
        struct thing thing = {0};
        json_auto_t *json = parse(row->json);
        if (record_read(&THING, json, &thing, &fault)) {
            fail_msg("%s: was taken", row->name);
        }
        if (strcmp(fault.field, row->field) != 0 || strstr(fault.text, row->text) == NULL) {
            fail_msg("%s: %s: %s", row->name, fault.field, fault.text);
        }
        struct thing zero = {0};
        assert_memory_equal(&thing, &zero, sizeof thing); /* cleared */
        assert_null(record_new(&THING, json, &fault));
    }
}

/* ---- round trip ---- */

struct trip_row {
    const char *name;
    const char *json;
    const char *written; /* NULL: as it was read */
};

static const struct trip_row TRIPS[] = {
    {"least", "{\"name\":\"x\",\"colour\":\"blue\"}", NULL},
    {"filled in", "{\"name\":\"x\"}", "{\"name\":\"x\",\"colour\":\"red\"}"},
    {"everything",
     "{\"name\":\"x\",\"note\":\"éé\",\"is_ready\":true,\"size\":7,\"wait\":\"1m\","
     "\"at\":\"2026-12-24T22:30:00Z\",\"colour\":\"blue\",\"tags\":[\"a\",\"b\"],"
     "\"main_part\":{\"name\":\"p\",\"weight\":-1},\"parts\":[{\"name\":\"q\"},{\"name\":\"r\","
     "\"weight\":9}],\"extra\":{\"deep\":[1,null]},\"dice\":[0,0],\"secret\":\"env:X\"}",
     NULL},
    {"order is the description's", "{\"size\":1,\"name\":\"x\"}",
     "{\"name\":\"x\",\"size\":1,\"colour\":\"red\"}"},
    {"empty and false are left out",
     "{\"name\":\"x\",\"is_ready\":false,\"size\":0,\"tags\":[],\"parts\":[],\"note\":null}",
     "{\"name\":\"x\",\"colour\":\"red\"}"},
    {"whole number written as real", "{\"name\":\"x\",\"size\":5.0}",
     "{\"name\":\"x\",\"size\":5,\"colour\":\"red\"}"},
    {"a secret is not shown", "{\"name\":\"x\",\"secret\":\"swordfish\"}",
     "{\"name\":\"x\",\"colour\":\"red\"}"},
};

static char *write_thing(const struct thing *thing)
{
    json_auto_t *json = record_write(&THING, thing);
    return json_write(json);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(TRIPS); i++) {
        const struct trip_row *row = &TRIPS[i];
        struct fault fault = {0};
        json_auto_t *json = parse(row->json);
        struct thing *thing = record_new(&THING, json, &fault);
        if (thing == NULL) {
            fail_msg("%s: %s: %s", row->name, fault.field, fault.text);
            return;
        }
        assert_non_null(thing->tags);
        assert_non_null(thing->parts);
        g_autofree char *once = write_thing(thing);
        assert_string_equal(once, row->written != NULL ? row->written : row->json);
        json_auto_t *again = parse(once);
        struct thing *same = record_new(&THING, again, &fault);
        g_autofree char *twice = write_thing(same);
        assert_string_equal(twice, once);
        record_free(&THING, same);
        record_free(&THING, thing);
    }
}

static void test_stored_form_keeps_all(void **state)
{
    (void)state;
    struct fault fault = {0};
    json_auto_t *json =
        parse("{\"name\":\"x\",\"secret\":\"swordfish\",\"made_by\":\"ana\",\"colour\":\"red\"}");
    struct thing *thing = record_new_stored(&THING, json, &fault);
    assert_non_null(thing);
    assert_string_equal(thing->made_by, "ana");
    json_auto_t *stored = record_write_stored(&THING, thing);
    assert_true(json_equal(stored, json));
    json_auto_t *shown = record_write(&THING, thing);
    assert_null(json_object_get(shown, "secret"));
    assert_string_equal(json_text(shown, "made_by", ""), "ana");
    record_free(&THING, thing);
    record_free(&THING, NULL);
}

/* ---- schema and enums ---- */

static void test_schema(void **state)
{
    (void)state;
    json_auto_t *schemas = json_object();
    record_schemas(&THING, schemas);
    assert_int_equal(json_object_size(schemas), 2);
    const json_t *thing = json_object_get(schemas, "Thing");
    const json_t *fields = json_object_get(thing, "properties");
    assert_string_equal(json_text(thing, "description", ""), "A thing.");
    assert_true(json_is_false(json_object_get(thing, "additionalProperties")));
    assert_int_equal(json_array_size(json_object_get(thing, "required")), 1);
    assert_int_equal(json_object_size(fields), G_N_ELEMENTS(THING_FIELDS));
    const json_t *items = json_object_get(json_object_get(fields, "parts"), "items");
    assert_string_equal(json_text(items, "$ref", ""), "#/components/schemas/Part");
    const json_t *colour = json_object_get(fields, "colour");
    assert_int_equal(json_array_size(json_object_get(colour, "enum")), 2);
    const json_t *made_by = json_object_get(fields, "made_by");
    assert_true(json_is_true(json_object_get(made_by, "readOnly")));
}

static void test_enums(void **state)
{
    (void)state;
    assert_string_equal(enum_to_name(COLOUR_NAMES, COLOUR_BLUE), "blue");
    assert_null(enum_to_name(COLOUR_NAMES, 0));
    assert_int_equal(enum_from_name(COLOUR_NAMES, "red"), COLOUR_RED);
    assert_int_equal(enum_from_name(COLOUR_NAMES, "RED"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_stored_form_keeps_all),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
