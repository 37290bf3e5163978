#include "alert/condition.h"

#include <string.h>

#include "alert/alert.h"
#include "alert/service.h"
#include "base/nearest.h"
#include "base/principal.h"

/* ---- short forms ---- */

static void append_short(json_t *list, json_t *fields)
{
    const char *field = NULL;
    json_t *value = NULL;
    json_object_foreach (fields, field, value) {
        (void)json_array_append_new(list, json_pack("{s:s, s:O}", "field", field, "value", value));
    }
}

static bool is_short(const json_t *element)
{
    return json_is_object(element) && json_object_get(element, "field") == NULL;
}

static json_t *match_in_full(json_t *match)
{
    json_t *list = json_array();
    if (json_is_object(match)) {
        append_short(list, match);
        return list;
    }
    for (size_t i = 0; i < json_array_size(match); i++) {
        json_t *element = json_array_get(match, i);
        if (is_short(element)) {
            append_short(list, element);
        } else {
            (void)json_array_append(list, element);
        }
    }
    return list;
}

json_t *conditions_in_full(json_t *value)
{
    json_t *match = json_object_get(value, "match");
    if (!json_is_object(match) && !json_is_array(match)) {
        return json_incref(value);
    }
    json_t *full = json_copy(value);
    (void)json_object_set_new(full, "match", match_in_full(match));
    return full;
}

/* ---- what they can mean ---- */

static void add_names(const struct config *config, const struct config_kind *kind, GPtrArray *out)
{
    const GPtrArray *items = config_items(config, kind);
    for (guint i = 0; i < items->len; i++) {
        const char *name = config_item_name(g_ptr_array_index(items, i));
        g_ptr_array_add(out, kind == &HEARTBEAT_KIND ? principal_text(PRINCIPAL_HEARTBEAT, name)
                                                     : g_strdup(name));
    }
}

/* All values that the field of an alert can have; NULL: any text. */
static GPtrArray *values_of(const struct config *config, const char *field)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    if (strcmp(field, "service") == 0) {
        add_names(config, &SERVICE_KIND, values);
    } else if (strcmp(field, "integration") == 0) {
        add_names(config, &INTEGRATION_KIND, values);
        add_names(config, &HEARTBEAT_KIND, values);
        g_ptr_array_add(values, g_strdup(ALERT_MANUAL));
    } else if (strcmp(field, "severity") == 0) {
        for (const struct enum_name *name = SEVERITY_NAMES; name->name != NULL; name++) {
            g_ptr_array_add(values, g_strdup(name->name));
        }
    } else {
        g_ptr_array_unref(values);
        return NULL;
    }
    return values;
}

static bool has_text(const GPtrArray *values, const char *text)
{
    for (guint i = 0; i < values->len; i++) {
        if (strcmp(g_ptr_array_index(values, i), text) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_match(const GPtrArray *values, const GRegex *regex)
{
    for (guint i = 0; i < values->len; i++) {
        if (g_regex_match(regex, g_ptr_array_index(values, i), 0, NULL)) {
            return true;
        }
    }
    return false;
}

static bool refuse_value(const struct match *match, const GPtrArray *values, struct fault *fault)
{
    struct nearest nearest = {.given = match->value->text};
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < values->len; i++) {
        nearest_offer(&nearest, g_ptr_array_index(values, i));
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(values, i));
    }
    if (nearest.found != NULL) {
        return fault_set(fault, "value", "there is no %s \"%.60s\"; did you mean \"%.100s\"?",
                         match->field, match->value->text, nearest.found);
    }
    return fault_set(fault, "value", "there is no %s \"%.60s\"; there are: %.200s", match->field,
                     match->value->text, known->len > 0 ? known->str : "none yet");
}

static bool check_condition(const struct config *config, const struct match *match,
                            struct fault *fault)
{
    g_autoptr(GPtrArray) values = values_of(config, match->field);
    if (values == NULL || match->value == NULL || match->op == MATCH_NOT_REGEX) {
        return true;
    }
    if (match->op == MATCH_REGEX) {
        return has_match(values, match->value->regex) ||
               fault_set(fault, "value", "\"%.60s\" fits no %s that there is", match->value->text,
                         match->field);
    }
    return has_text(values, match->value->text) || refuse_value(match, values, fault);
}

bool conditions_check(const struct config *config, const GPtrArray *matches, struct fault *fault)
{
    for (guint i = 0; i < matches->len; i++) {
        if (!check_condition(config, g_ptr_array_index(matches, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "match");
            return false;
        }
    }
    return true;
}
