/* Our own format as programs really send it: rewritten, field by field of its description, into what the
 * strict reader takes. */
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "source/native.h"

static const json_t *member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

static json_t *mend_text(const struct field *field, const json_t *value, struct fault *mend)
{
    size_t max = field->max != 0 ? (size_t)field->max : LIMIT_TEXT;
    if (json_is_string(value)) {
        g_autofree char *text = text_fit(json_string_value(value), max, field->name, mend);
        return json_string(text);
    }
    mend_told(mend, field->name, "is no text: taken as its JSON");
    g_autofree char *written = json_write(value);
    g_autofree char *text = text_fit(written, max, field->name, mend);
    return json_string(text);
}

static json_t *told_as(const struct field *field, int value, struct fault *mend)
{
    const char *name = enum_to_name(field->names, value);
    g_autofree char *what = g_strconcat("is none of ours: taken as ", name, NULL);
    mend_told(mend, field->name, what);
    return json_string(name);
}

/* One that is not known pages where the alert says what is wrong; else it stays, and is refused: nobody
 * can tell whether something is wrong, or over. */
static json_t *mend_action(const struct field *field, const json_t *value, const json_t *body,
                           struct fault *mend)
{
    const char *word = json_is_string(value) ? json_string_value(value) : "";
    int action = action_from_word(word);
    if (action == 0 && text_is_blank(json_text(body, "summary", ""))) {
        return json_incref((json_t *)(uintptr_t)value);
    }
    return told_as(field, action != 0 ? action : SIGNAL_TRIGGER, mend);
}

static json_t *mend_severity(const struct field *field, const json_t *value, struct fault *mend)
{
    int severity = json_is_string(value) ? severity_from_word(json_string_value(value)) : 0;
    if (severity != 0) {
        return told_as(field, severity, mend);
    }
    mend_told(mend, field->name, "is none of critical, error, warning, info: left out");
    return NULL;
}

static json_t *mend_enum(const struct field *field, const json_t *value, const json_t *body,
                         struct fault *mend)
{
    if (json_is_string(value) && enum_from_name(field->names, json_string_value(value)) != 0) {
        return json_incref((json_t *)(uintptr_t)value);
    }
    return field->names == SEVERITY_NAMES ? mend_severity(field, value, mend)
                                          : mend_action(field, value, body, mend);
}

static void mend_link(json_t **links, const json_t *value, const char *place, struct fault *mend)
{
    const char *href =
        json_is_string(value) ? json_string_value(value) : json_text(value, "href", NULL);
    const char *text = json_text(value, "text", NULL);
    if (json_array_size(*links) >= NATIVE_LINKS_MAX) {
        mend_told(mend, place, "is more than are kept: left out");
    } else if (!links_add(links, href, text)) {
        mend_told(mend, place, "is no address that begins with http:// or https://: left out");
    }
}

/* One that stands there without its list is a list of one. */
static json_t *mend_links(const struct field *field, const json_t *value, struct fault *mend)
{
    json_t *links = NULL;
    if (!json_is_array(value)) {
        mend_link(&links, value, field->name, mend);
        return links;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        g_autofree char *place = g_strdup_printf("%s[%zu]", field->name, i);
        mend_link(&links, json_array_get(value, i), place, mend);
    }
    return links;
}

/* New reference; NULL: it is left out. */
static json_t *mend_field(const struct field *field, const json_t *value, const json_t *body,
                          struct fault *mend)
{
    switch ((int)field->kind) {
    case FIELD_TEXT:
        return mend_text(field, value, mend);
    case FIELD_ENUM:
        return mend_enum(field, value, body, mend);
    case FIELD_RECORDS:
        return mend_links(field, value, mend);
    default: /* the details */
        if (json_is_object(value)) {
            return json_copy((json_t *)(uintptr_t)value);
        }
        mend_told(mend, field->name, "are no object: kept in one as \"value\"");
        return json_pack("{s:O}", "value", value);
    }
}

/* NULL: it is not known. */
static const struct field *field_of(const char *key)
{
    for (size_t i = 0; i < NATIVE_ALERT_RECORD.field_count; i++) {
        if (strcmp(NATIVE_ALERT_RECORD.fields[i].name, key) == 0) {
            return &NATIVE_ALERT_RECORD.fields[i];
        }
    }
    return NULL;
}

static bool is_aim(const struct field *field)
{
    return strcmp(field->name, "integration") == 0 || strcmp(field->name, "service") == 0;
}

/* Would it be taken as it is? Links are not judged here. */
static bool is_in_order(const struct field *field, const json_t *value)
{
    switch ((int)field->kind) {
    case FIELD_TEXT: /* no more bytes than characters are taken */
        return json_is_string(value) && !is_aim(field) &&
               json_string_length(value) <= (field->max != 0 ? (size_t)field->max : LIMIT_TEXT);
    case FIELD_ENUM:
        return json_is_string(value) && enum_from_name(field->names, json_string_value(value)) != 0;
    case FIELD_JSON:
        return json_is_object(value);
    default:
        return false;
    }
}

static bool needs_nothing(const json_t *body)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)(uintptr_t)body, key, value) {
        const struct field *field = field_of(key);
        if (field == NULL || !is_in_order(field, value)) {
            return false;
        }
    }
    return true;
}

/* A field that is not known may be what somebody needs to know; but it takes the place of no detail. */
static void keep_others(const json_t *body, json_t *mended, struct fault *mend)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)(uintptr_t)body, key, value) {
        json_t *details = json_object_get(mended, "details");
        if (field_of(key) != NULL || json_is_null(value)) {
            continue;
        }
        if (details == NULL) {
            details = json_object();
            (void)json_object_set_new(mended, "details", details);
        }
        bool has_place = json_object_get(details, key) == NULL;
        mend_told(mend, key,
                  has_place ? "is not known: kept in the details" : "is not known: left out");
        if (has_place) {
            (void)json_object_set(details, key, value);
        }
    }
}

json_t *native_mend(const json_t *body, struct fault *mend)
{
    if (needs_nothing(body)) { /* as nearly always */
        return json_incref((json_t *)(uintptr_t)body);
    }
    json_t *mended = json_object();
    for (size_t i = 0; i < NATIVE_ALERT_RECORD.field_count; i++) {
        const struct field *field = &NATIVE_ALERT_RECORD.fields[i];
        const json_t *value = member(body, field->name);
        if (value != NULL && is_aim(field)) {
            mend_told(mend, field->name, "is left out: the key says where the alert goes");
        } else if (value != NULL) {
            (void)json_object_set_new(mended, field->name, mend_field(field, value, body, mend));
        }
    }
    keep_others(body, mended, mend);
    return mended;
}
