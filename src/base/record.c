#include "base/record_faults.h"

#include <string.h>

#include "base/limits.h"
#include "base/nearest.h"

/* Records within records are read, cleared and described by recursion; how deep is bounded by the
 * descriptions, which are constants of this program, not by input. */
/* NOLINTBEGIN(misc-no-recursion) */

static bool read_object(const struct record *record, const json_t *value, void *out, bool is_stored,
                        struct fault *fault);

static const char *kind_of(const json_t *value)
{
    static const char *const NAMES[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return value == NULL ? "nothing" : NAMES[json_typeof(value)];
}

static bool wrong_kind(const char *wanted, const json_t *value, struct fault *fault)
{
    return fault_set(fault, "", "must be %s, not %s", wanted, kind_of(value));
}

static bool judge_length(const struct field *field, const char *text, struct fault *fault)
{
    bool has_bounds = field->min != 0 || field->max != 0;
    int64_t max = has_bounds ? field->max : LIMIT_TEXT;
    int64_t min = (field->flags & FIELD_REQUIRED) != 0 ? MAX(field->min, 1) : field->min;
    int64_t length = g_utf8_strlen(text, -1);
    if (length < min) {
        return min == 1 ? fault_set(fault, "", "must not be empty")
                        : fault_set(fault, "", "must have at least %" G_GINT64_FORMAT " characters",
                                    min);
    }
    if (length > max) {
        return fault_set(fault, "",
                         "has %" G_GINT64_FORMAT " characters; at most %" G_GINT64_FORMAT
                         " are allowed",
                         length, max);
    }
    return true;
}

static bool read_text(const struct field *field, const json_t *value, void *at, struct fault *fault)
{
    if (!json_is_string(value)) {
        bool is_scalar = json_is_number(value) || json_is_boolean(value);
        return fault_set(fault, "", "must be a text, not %s%s", kind_of(value),
                         is_scalar ? "; put it in quotes" : "");
    }
    const char *text = json_string_value(value);
    if (!judge_length(field, text, fault)) {
        return false;
    }
    *(char **)at = g_strdup(text);
    return true;
}

static bool read_bool(const json_t *value, void *at, struct fault *fault)
{
    if (!json_is_boolean(value)) {
        return wrong_kind("true or false", value, fault);
    }
    *(bool *)at = json_is_true(value);
    return true;
}

/* A whole number written as 5.0 or 5e3 is one too (JSON has only one kind of number). */
static bool whole_number(const json_t *value, int64_t *out)
{
    const double most = 9007199254740992.0;
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    double real = json_real_value(value);
    if (!json_is_real(value) || !(real >= -most && real <= most) || real != (double)(int64_t)real) {
        return false;
    }
    *out = (int64_t)real;
    return true;
}

static bool read_int(const struct field *field, const json_t *value, void *at, struct fault *fault)
{
    int64_t number = 0;
    if (!whole_number(value, &number)) {
        return json_is_real(value) ? fault_set(fault, "", "must be a whole number")
                                   : wrong_kind("a whole number", value, fault);
    }
    bool has_bounds = field->min != 0 || field->max != 0;
    if (has_bounds && (number < field->min || number > field->max)) {
        return fault_set(fault, "",
                         "is %" G_GINT64_FORMAT "; it must be between %" G_GINT64_FORMAT
                         " and %" G_GINT64_FORMAT,
                         number, field->min, field->max);
    }
    *(int64_t *)at = number;
    return true;
}

static bool read_span(const struct field *field, const json_t *value, void *at, struct fault *fault)
{
    struct span span = {0};
    if (json_is_number(value)) {
        return fault_set(fault, "", "needs a unit: write 90s, 5m, 12h or 3d");
    }
    if (!json_is_string(value)) {
        return wrong_kind("a span of time such as 5m", value, fault);
    }
    if (!span_parse(json_string_value(value), &span)) {
        return fault_set(fault, "", "\"%.40s\" is not a span of time; write 90s, 5m, 12h, 3d or 1w",
                         json_string_value(value));
    }
    bool has_bounds = field->min != 0 || field->max != 0;
    if (has_bounds && (span.us < field->min || span.us > field->max)) {
        char low[UTC_TEXT_SIZE];
        char high[UTC_TEXT_SIZE];
        span_format((struct span){field->min}, low);
        span_format((struct span){field->max}, high);
        return fault_set(fault, "", "is %.40s; it must be between %s and %s",
                         json_string_value(value), low, high);
    }
    *(struct span *)at = span;
    return true;
}

static bool read_utc(const json_t *value, void *at, struct fault *fault)
{
    if (!json_is_string(value)) {
        return wrong_kind("an instant such as \"2026-12-24T23:30:00+01:00\"", value, fault);
    }
    if (!utc_parse(json_string_value(value), at)) {
        return fault_set(fault, "",
                         "\"%.40s\" is not an instant; write date, time and offset as in "
                         "2026-12-24T23:30:00+01:00",
                         json_string_value(value));
    }
    return true;
}

static char *known_names(const struct enum_name *names)
{
    GString *known = g_string_new(NULL);
    for (const struct enum_name *name = names; name->name != NULL; name++) {
        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", name->name);
    }
    return g_string_free(known, FALSE);
}

bool enum_refuse(const struct enum_name *names, const char *given, struct fault *fault)
{
    g_autofree char *known = known_names(names);
    struct nearest nearest = {.given = given};
    for (const struct enum_name *name = names; name->name != NULL; name++) {
        nearest_offer(&nearest, name->name);
    }
    if (nearest.found != NULL) {
        return fault_set(fault, "",
                         "\"%.40s\" is not known; did you mean \"%s\"? It must be one of %s", given,
                         nearest.found, known);
    }
    return fault_set(fault, "", "\"%.40s\" is not known; it must be one of %s", given, known);
}

static bool read_enum(const struct field *field, const json_t *value, void *at, struct fault *fault)
{
    int number = json_is_string(value) ? enum_from_name(field->names, json_string_value(value)) : 0;
    if (number != 0) {
        *(int *)at = number;
        return true;
    }
    if (!json_is_string(value)) {
        g_autofree char *known = known_names(field->names);
        return fault_set(fault, "", "must be one of %s, not %s", known, kind_of(value));
    }
    return enum_refuse(field->names, json_string_value(value), fault);
}

static bool judge_count(const struct field *field, const json_t *value, struct fault *fault)
{
    if (!json_is_array(value)) {
        return wrong_kind("a list", value, fault);
    }
    bool has_bounds = field->min != 0 || field->max != 0;
    int64_t count = (int64_t)json_array_size(value);
    if (has_bounds && count < field->min) {
        return field->min == 1
                   ? fault_set(fault, "", "must have at least one element")
                   : fault_set(fault, "", "must have at least %" G_GINT64_FORMAT " elements",
                               field->min);
    }
    if (has_bounds && count > field->max) {
        return fault_set(fault, "",
                         "has %" G_GINT64_FORMAT " elements; at most %" G_GINT64_FORMAT
                         " are allowed",
                         count, field->max);
    }
    return true;
}

static bool read_texts(const struct field *field, const json_t *value, void *at,
                       struct fault *fault)
{
    static const struct field ELEMENT = {.flags = FIELD_REQUIRED};
    if (!judge_count(field, value, fault)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        char *text = NULL;
        if (!read_text(&ELEMENT, json_array_get(value, i), &text, fault)) {
            fault_within_index(fault, i);
            return false;
        }
        g_ptr_array_add(*(GPtrArray **)at, text);
    }
    return true;
}

static void *new_object(const struct record *record, const json_t *value, bool is_stored,
                        struct fault *fault)
{
    void *self = g_malloc0(record->size);
    if (!read_object(record, value, self, is_stored, fault)) {
        g_free(self);
        return NULL;
    }
    return self;
}

static bool read_records(const struct field *field, const json_t *value, void *at, bool is_stored,
                         struct fault *fault)
{
    if (!judge_count(field, value, fault)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        void *element = new_object(field->record, json_array_get(value, i), is_stored, fault);
        if (element == NULL) {
            fault_within_index(fault, i);
            return false;
        }
        g_ptr_array_add(*(GPtrArray **)at, element);
    }
    return true;
}

static bool read_value(const struct field *field, json_t *value, void *at, bool is_stored,
                       struct fault *fault)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return read_text(field, value, at, fault);
    case FIELD_BOOL:
        return read_bool(value, at, fault);
    case FIELD_INT:
        return read_int(field, value, at, fault);
    case FIELD_SPAN:
        return read_span(field, value, at, fault);
    case FIELD_UTC:
        return read_utc(value, at, fault);
    case FIELD_ENUM:
        return read_enum(field, value, at, fault);
    case FIELD_TEXTS:
        return read_texts(field, value, at, fault);
    case FIELD_RECORD:
        *(void **)at = new_object(field->record, value, is_stored, fault);
        return *(void **)at != NULL;
    case FIELD_RECORDS:
        return read_records(field, value, at, is_stored, fault);
    case FIELD_JSON:
        *(json_t **)at = json_incref(value);
        return true;
    case FIELD_CUSTOM:
        return field->codec->read(value, at, fault);
    }
    CHECK(!"a field kind of the enumeration");
    return false;
}

static bool refuse_absent(const struct field *field, struct fault *fault)
{
    return field->doc == NULL ? fault_set(fault, field->name, "is required")
                              : fault_set(fault, field->name, "is required. %s", field->doc);
}

static bool read_field(const struct field *field, const json_t *object, void *out, bool is_stored,
                       struct fault *fault)
{
    json_t *value = json_object_get(object, field->name);
    if (value == NULL || json_is_null(value)) {
        return (field->flags & FIELD_REQUIRED) == 0 || refuse_absent(field, fault);
    }
    if ((field->flags & FIELD_READ_ONLY) != 0 && !is_stored) {
        return fault_set(fault, field->name, "is set by the server; leave it out");
    }
    if (!read_value(field, value, (char *)out + field->offset, is_stored, fault)) {
        fault_within(fault, field->name);
        return false;
    }
    return true;
}

static const struct field *find_field(const struct record *record, const char *key)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (strcmp(record->fields[i].name, key) == 0) {
            return &record->fields[i];
        }
    }
    return NULL;
}

static bool refuse_key(const struct record *record, const char *key, struct fault *fault)
{
    struct nearest nearest = {.given = key};
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        if ((field->flags & FIELD_READ_ONLY) == 0) {
            nearest_offer(&nearest, field->name);
            g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", field->name);
        }
    }
    if (nearest.found != NULL) {
        return fault_set(fault, key, "unknown field \"%.60s\"; did you mean \"%s\"?", key,
                         nearest.found);
    }
    return fault_set(fault, key, "unknown field \"%.60s\"; known are %s", key, known->str);
}

static bool judge_keys(const struct record *record, const json_t *object, struct fault *fault)
{
    /* jansson's iterators take a pointer to non-const but do not write through it. */
    void *self = (void *)(uintptr_t)object;
    for (void *at = json_object_iter(self); at != NULL; at = json_object_iter_next(self, at)) {
        if (find_field(record, json_object_iter_key(at)) == NULL) {
            return refuse_key(record, json_object_iter_key(at), fault);
        }
    }
    return true;
}

static void make_lists(const struct record *record, void *out)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct field *field = &record->fields[i];
        GPtrArray **list = (GPtrArray **)(void *)((char *)out + field->offset);
        if (field->kind == FIELD_TEXTS) {
            *list = g_ptr_array_new_with_free_func(g_free);
        } else if (field->kind == FIELD_RECORDS) {
            *list = g_ptr_array_new();
        }
    }
}

static bool read_fields(const struct record *record, const json_t *value, void *out, bool is_stored,
                        struct fault *fault)
{
    if (!judge_keys(record, value, fault)) {
        return false;
    }
    for (size_t i = 0; i < record->field_count; i++) {
        if (!read_field(&record->fields[i], value, out, is_stored, fault)) {
            return false;
        }
    }
    if (record->fill != NULL) {
        record->fill(out);
    }
    return record->check == NULL || record->check(out, fault);
}

static bool read_object(const struct record *record, const json_t *value, void *out, bool is_stored,
                        struct fault *fault)
{
    if (!json_is_object(value)) {
        return wrong_kind("an object", value, fault);
    }
    make_lists(record, out);
    if (!read_fields(record, value, out, is_stored, fault)) {
        record_clear(record, out);
        return false;
    }
    return true;
}

bool record_read(const struct record *record, const json_t *value, void *out, struct fault *fault)
{
    return read_object(record, value, out, false, fault);
}

bool record_read_stored(const struct record *record, const json_t *value, void *out,
                        struct fault *fault)
{
    return read_object(record, value, out, true, fault);
}

void *record_new(const struct record *record, const json_t *value, struct fault *fault)
{
    return new_object(record, value, false, fault);
}

void *record_new_stored(const struct record *record, const json_t *value, struct fault *fault)
{
    return new_object(record, value, true, fault);
}

/* --- all mistakes --- */

static void gather_object(const struct record *record, const json_t *value, GArray *out);

static void gather_elements(const struct record *record, const json_t *list, GArray *out)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        guint from = out->len;
        gather_object(record, json_array_get(list, i), out);
        for (guint k = from; k < out->len; k++) {
            fault_within_index(&g_array_index(out, struct fault, k), i);
        }
    }
}

static void gather_field(const struct record *record, const struct field *field,
                         const json_t *object, GArray *out)
{
    const json_t *value = json_object_get(object, field->name);
    guint from = out->len;
    if (field->kind == FIELD_RECORD && json_is_object(value)) {
        gather_object(field->record, value, out);
    } else if (field->kind == FIELD_RECORDS && json_is_array(value)) {
        gather_elements(field->record, value, out);
    }
    for (guint k = from; k < out->len; k++) {
        fault_within(&g_array_index(out, struct fault, k), field->name);
    }
    if (out->len > from) {
        return;
    }
    struct fault fault = {0};
    void *scratch = g_malloc0(record->size);
    make_lists(record, scratch);
    if (!read_field(field, object, scratch, false, &fault)) {
        g_array_append_val(out, fault);
    }
    record_clear(record, scratch);
    g_free(scratch);
}

/* It is not missing: it was mistyped, which was told. */
static bool is_mistyped(const struct field *field, const json_t *object, const GArray *told,
                        guint from)
{
    g_autofree char *meant = g_strdup_printf("did you mean \"%s\"?", field->name);
    bool is_told = false;
    for (guint i = from; i < told->len; i++) {
        is_told = is_told || strstr(g_array_index(told, struct fault, i).text, meant) != NULL;
    }
    return is_told && json_object_get(object, field->name) == NULL;
}

static void gather_object(const struct record *record, const json_t *value, GArray *out)
{
    struct fault fault = {0};
    guint from = out->len;
    void *self = (void *)(uintptr_t)value; /* as in judge_keys */
    for (void *at = json_object_iter(self); at != NULL; at = json_object_iter_next(self, at)) {
        if (find_field(record, json_object_iter_key(at)) == NULL) {
            (void)refuse_key(record, json_object_iter_key(at), &fault);
            g_array_append_val(out, fault);
        }
    }
    for (size_t i = 0; json_is_object(value) && i < record->field_count; i++) {
        if (!is_mistyped(&record->fields[i], value, out, from)) {
            gather_field(record, &record->fields[i], value, out);
        }
    }
    void *whole = out->len == from ? new_object(record, value, false, &fault) : NULL;
    if (out->len == from && whole == NULL) {
        g_array_append_val(out, fault);
    }
    record_free(record, whole);
}

void record_faults(const struct record *record, const json_t *value, GArray *out)
{
    gather_object(record, value, out);
}

static void clear_records(const struct record *record, GPtrArray *elements)
{
    for (guint i = 0; elements != NULL && i < elements->len; i++) {
        record_free(record, g_ptr_array_index(elements, i));
    }
    g_clear_pointer(&elements, g_ptr_array_unref);
}

static void clear_field(const struct field *field, void *at)
{
    switch (field->kind) {
    case FIELD_TEXT:
        g_free(*(char **)at);
        break;
    case FIELD_TEXTS:
        g_clear_pointer((GPtrArray **)at, g_ptr_array_unref);
        break;
    case FIELD_RECORD:
        record_free(field->record, *(void **)at);
        break;
    case FIELD_RECORDS:
        clear_records(field->record, *(GPtrArray **)at);
        break;
    case FIELD_JSON:
        json_decref(*(json_t **)at);
        break;
    case FIELD_CUSTOM:
        if (field->codec->clear != NULL) {
            field->codec->clear(at);
        }
        break;
    case FIELD_BOOL:
    case FIELD_INT:
    case FIELD_SPAN:
    case FIELD_UTC:
    case FIELD_ENUM:
        break;
    }
}

void record_clear(const struct record *record, void *self)
{
    if (record->clear != NULL) {
        record->clear(self);
    }
    for (size_t i = 0; i < record->field_count; i++) {
        clear_field(&record->fields[i], (char *)self + record->fields[i].offset);
    }
    memset(self, 0, record->size);
}

void record_free(const struct record *record, void *self)
{
    if (self != NULL) {
        record_clear(record, self);
        g_free(self);
    }
}

/* NOLINTEND(misc-no-recursion) */

const char *enum_to_name(const struct enum_name *names, int value)
{
    for (; names->name != NULL; names++) {
        if (names->value == value) {
            return names->name;
        }
    }
    return NULL;
}

int enum_from_name(const struct enum_name *names, const char *name)
{
    for (; names->name != NULL; names++) {
        if (strcmp(names->name, name) == 0) {
            return names->value;
        }
    }
    return 0;
}
