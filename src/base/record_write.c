#include "base/record.h"

#include <string.h>

#include "base/json_set.h"
#include "base/limits.h"

/* NOLINTBEGIN(misc-no-recursion): as deep as the descriptions, which are constants of ours */

static json_t *write_object(const struct record *record, const void *self, bool is_stored);

static json_t *write_texts(const GPtrArray *texts)
{
    json_t *list = json_array();
    for (guint i = 0; texts != NULL && i < texts->len; i++) {
        (void)json_array_append_new(list, json_string(g_ptr_array_index(texts, i)));
    }
    return list;
}

static json_t *write_records(const struct record *record, const GPtrArray *elements, bool is_stored)
{
    json_t *list = json_array();
    for (guint i = 0; elements != NULL && i < elements->len; i++) {
        json_t *element = write_object(record, g_ptr_array_index(elements, i), is_stored);
        (void)json_array_append_new(list, element);
    }
    return list;
}

static bool is_empty_list(const GPtrArray *list)
{
    return list == NULL || list->len == 0;
}

static json_t *write_text(const struct field *field, const char *text, bool is_stored)
{
    bool is_secret = (field->flags & FIELD_SECRET) != 0;
    bool is_shown = !is_secret || is_stored;
    if (text == NULL) {
        return NULL;
    }
    if (!is_shown && !g_str_has_prefix(text, "env:") && !g_str_has_prefix(text, "file:")) {
        return NULL;
    }
    return json_string(text);
}

static json_t *write_span(struct span span)
{
    char text[UTC_TEXT_SIZE];
    span_format(span, text);
    return json_string(text);
}

static json_t *write_utc(struct utc at)
{
    return utc_is_set(at) ? json_utc(at) : NULL;
}

static json_t *write_enum(const struct enum_name *names, int value)
{
    const char *name = enum_to_name(names, value);
    return name != NULL ? json_string(name) : NULL;
}

static json_t *write_object_or_null(const struct record *record, const void *self, bool is_stored)
{
    return self != NULL ? write_object(record, self, is_stored) : NULL;
}

/* NULL: nothing to write. */
static json_t *write_value(const struct field *field, const void *at, bool is_stored)
{
    bool is_always = (field->flags & (FIELD_REQUIRED | FIELD_READ_ONLY | FIELD_ALWAYS)) != 0;
    bool is_required = (field->flags & (FIELD_REQUIRED | FIELD_ALWAYS)) != 0;
    switch (field->kind) {
    case FIELD_TEXT:
        return write_text(field, *(char *const *)at, is_stored);
    case FIELD_BOOL:
        return is_always || *(const bool *)at ? json_boolean(*(const bool *)at) : NULL;
    case FIELD_INT:
        return is_always || *(const int64_t *)at != 0 ? json_integer(*(const int64_t *)at) : NULL;
    case FIELD_SPAN:
        return is_always || ((const struct span *)at)->us != 0
                   ? write_span(*(const struct span *)at)
                   : NULL;
    case FIELD_UTC:
        return write_utc(*(const struct utc *)at);
    case FIELD_ENUM:
        return write_enum(field->names, *(const int *)at);
    case FIELD_TEXTS:
        return is_required || !is_empty_list(*(GPtrArray *const *)at)
                   ? write_texts(*(GPtrArray *const *)at)
                   : NULL;
    case FIELD_RECORD:
        return write_object_or_null(field->record, *(void *const *)at, is_stored);
    case FIELD_RECORDS:
        return is_required || !is_empty_list(*(GPtrArray *const *)at)
                   ? write_records(field->record, *(GPtrArray *const *)at, is_stored)
                   : NULL;
    case FIELD_JSON:
        return json_incref(*(json_t *const *)at);
    case FIELD_CUSTOM:
        return field->codec->write(at);
    }
    CHECK(!"a field kind of the enumeration");
    return NULL;
}

static json_t *write_object(const struct record *record, const void *self, bool is_stored)
{
    json_t *object = json_object();
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        json_t *value = write_value(field, (const char *)self + field->offset, is_stored);
        if (value != NULL) {
            (void)json_object_set_new(object, field->name, value);
        }
    }
    return object;
}

json_t *record_write(const struct record *record, const void *self)
{
    return write_object(record, self, false);
}

json_t *record_write_stored(const struct record *record, const void *self)
{
    return write_object(record, self, true);
}

static json_t *reference_to(const struct record *record)
{
    g_autofree char *path = g_strdup_printf("#/components/schemas/%s", record->name);
    return json_pack("{s:s}", "$ref", path);
}

static void set_bounds(json_t *schema, const struct field *field, const char *low, const char *high)
{
    if (field->min == 0 && field->max == 0) {
        return;
    }
    (void)json_object_set_new(schema, low, json_integer(field->min));
    (void)json_object_set_new(schema, high, json_integer(field->max));
}

static json_t *text_schema(const struct field *field)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    bool has_bounds = field->min != 0 || field->max != 0;
    int64_t min = (field->flags & FIELD_REQUIRED) != 0 ? MAX(field->min, 1) : field->min;
    if (min > 0) {
        (void)json_object_set_new(schema, "minLength", json_integer(min));
    }
    (void)json_object_set_new(schema, "maxLength",
                              json_integer(has_bounds ? field->max : LIMIT_TEXT));
    return schema;
}

static json_t *enum_schema(const struct enum_name *names)
{
    json_t *list = json_array();
    for (; names->name != NULL; names++) {
        (void)json_array_append_new(list, json_string(names->name));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *list_schema(const struct field *field, json_t *items)
{
    json_t *schema = json_pack("{s:s, s:o}", "type", "array", "items", items);
    set_bounds(schema, field, "minItems", "maxItems");
    return schema;
}

static json_t *json_schema(const struct field *field)
{
    if (field->record != NULL) {
        return list_schema(field, reference_to(field->record));
    }
    return field->codec != NULL ? field->codec->schema() : json_object();
}

json_t *field_value_schema(const struct field *field)
{
    json_t *schema = NULL;
    switch (field->kind) {
    case FIELD_TEXT:
        return text_schema(field);
    case FIELD_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case FIELD_INT:
        schema = json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
        set_bounds(schema, field, "minimum", "maximum");
        return schema;
    case FIELD_SPAN:
        return json_pack("{s:s, s:s, s:[s, s]}", "type", "string", "pattern",
                         "^([0-9]+(ms|s|m|h|d|w))+$", "examples", "5m", "12h");
    case FIELD_UTC:
        return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
    case FIELD_ENUM:
        return enum_schema(field->names);
    case FIELD_TEXTS:
        return list_schema(field, json_pack("{s:s}", "type", "string"));
    case FIELD_RECORD:
        return reference_to(field->record);
    case FIELD_RECORDS:
        return list_schema(field, reference_to(field->record));
    case FIELD_JSON:
        return json_schema(field);
    case FIELD_CUSTOM:
        return field->codec->schema != NULL ? field->codec->schema() : json_object();
    }
    CHECK(!"a field kind of the enumeration");
    return NULL;
}

static json_t *field_schema(const struct field *field)
{
    json_t *schema = field_value_schema(field);
    if ((field->flags & FIELD_NULL) != 0) {
        schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
    }
    if (field->doc != NULL) {
        (void)json_object_set_new(schema, "description", json_string(field->doc));
    }
    if ((field->flags & FIELD_SECRET) != 0) {
        (void)json_object_set_new(schema, "format", json_string("password"));
    }
    if ((field->flags & FIELD_READ_ONLY) != 0) {
        (void)json_object_set_new(schema, "readOnly", json_true());
    }
    return schema;
}

static void describe_fields(const struct record *record, json_t *properties, json_t *required)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        (void)json_object_set_new(properties, field->name, field_schema(field));
        if ((field->flags & (FIELD_REQUIRED | FIELD_ALWAYS)) != 0) {
            (void)json_array_append_new(required, json_string(field->name));
        }
    }
}

json_t *record_schema(const struct record *record)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    if (record->base != NULL) {
        describe_fields(record->base, properties, required);
    }
    describe_fields(record, properties, required);
    json_t *schema = json_pack("{s:s}", "type", "object");
    if (record->doc != NULL) {
        (void)json_object_set_new(schema, "description", json_string(record->doc));
    }
    (void)json_object_set_new(schema, "properties", properties);
    bool has_required = json_array_size(required) > 0;
    if (has_required) {
        (void)json_object_set(schema, "required", required);
    }
    json_decref(required);
    (void)json_object_set_new(schema, "additionalProperties", json_boolean(record->is_open));
    return schema;
}

void record_schemas(const struct record *record, json_t *schemas)
{
    if (json_object_get(schemas, record->name) != NULL) {
        return;
    }
    (void)json_object_set_new(schemas, record->name, record_schema(record));
    if (record->base != NULL) {
        record_schemas(record->base, schemas);
    }
    for (size_t i = 0; i < record->field_count; i++) {
        if (record->fields[i].record != NULL) {
            record_schemas(record->fields[i].record, schemas);
        }
    }
}

/* NOLINTEND(misc-no-recursion) */
