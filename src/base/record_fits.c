#include "base/describe.h"

/* NOLINTBEGIN(misc-no-recursion): as deep as the descriptions, which are constants of ours */

static const struct field *find(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (g_str_equal(record->fields[i].name, name)) {
            return &record->fields[i];
        }
    }
    return record->base != NULL ? find(record->base, name) : NULL;
}

static bool are_texts(const json_t *value)
{
    size_t i;
    json_t *text;
    bool are = json_is_array(value);
    json_array_foreach ((json_t *)(uintptr_t)value, i, text) {
        are = are && json_is_string(text);
    }
    return are;
}

static bool are_records(const struct record *record, const json_t *value, struct fault *fault)
{
    size_t i;
    json_t *element;
    bool are = json_is_array(value);
    json_array_foreach ((json_t *)(uintptr_t)value, i, element) {
        are = are && record_fits(record, element, fault);
    }
    return are;
}

static bool is_one_of(const struct enum_name *names, const json_t *value)
{
    return json_is_string(value) && enum_from_name(names, json_string_value(value)) != 0;
}

static bool is_instant(const json_t *value)
{
    struct utc at;
    return json_is_string(value) && utc_parse(json_string_value(value), &at);
}

static bool is_span(const json_t *value)
{
    struct span span;
    return json_is_string(value) && span_parse(json_string_value(value), &span);
}

static bool is_of_kind(const struct field *field, const json_t *value, struct fault *fault)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return json_is_string(value);
    case FIELD_BOOL:
        return json_is_boolean(value);
    case FIELD_INT:
        return json_is_integer(value);
    case FIELD_SPAN:
        return is_span(value);
    case FIELD_UTC:
        return is_instant(value);
    case FIELD_ENUM:
        return is_one_of(field->names, value);
    case FIELD_TEXTS:
        return are_texts(value);
    case FIELD_RECORD:
        return record_fits(field->record, value, fault);
    case FIELD_RECORDS:
        return are_records(field->record, value, fault);
    case FIELD_JSON:
    case FIELD_CUSTOM:
        return true;
    }
    return false;
}

static bool has_all(const struct record *record, const json_t *value, struct fault *fault)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if ((field->flags & FIELD_ALWAYS) != 0 && json_object_get(value, field->name) == NULL) {
            return fault_set(fault, field->name, "is missing of %s", record->name);
        }
    }
    return record->base == NULL || has_all(record->base, value, fault);
}

bool record_fits(const struct record *record, const json_t *value, struct fault *fault)
{
    const char *name;
    json_t *member;
    if (!json_is_object(value)) {
        return fault_set(fault, "", "is no object, as %s is", record->name);
    }
    json_object_foreach ((json_t *)(uintptr_t)value, name, member) {
        const struct field *field = find(record, name);
        if (field == NULL && !record->is_open) {
            return fault_set(fault, name, "is not described by %s", record->name);
        }
        bool is_null = field != NULL && (field->flags & FIELD_NULL) != 0 && json_is_null(member);
        if (field != NULL && !is_null && !is_of_kind(field, member, fault)) {
            return fault_set(fault, name, "is not of the kind that %s says", record->name);
        }
    }
    return has_all(record, value, fault);
}

/* NOLINTEND(misc-no-recursion) */
