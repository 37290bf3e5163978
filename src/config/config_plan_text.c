#include <string.h>

#include "base/json.h"
#include "config/config_plan.h"

/* How a plan is told: as JSON to programs, and from that as text to people. */

static json_t *texts_json(const GPtrArray *texts)
{
    json_t *list = json_array();
    for (guint i = 0; i < texts->len; i++) {
        (void)json_array_append_new(list, json_string(g_ptr_array_index(texts, i)));
    }
    return list;
}

static json_t *change_json(const struct config_change *change)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "action",
                     enum_to_name(CHANGE_ACTION_NAMES, change->action), "kind", change->kind->noun,
                     "name", change->name, "details", texts_json(change->details));
}

json_t *config_plan_json(const struct config_plan *plan)
{
    json_int_t counts[CHANGE_UNCHANGED + 1] = {0};
    json_t *changes = json_array();
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        counts[change->action]++;
        if (change->action != CHANGE_UNCHANGED) {
            (void)json_array_append_new(changes, change_json(change));
        }
    }
    json_t *json = json_object();
    for (int action = CHANGE_CREATED; action <= CHANGE_UNCHANGED; action++) {
        (void)json_object_set_new(json, enum_to_name(CHANGE_ACTION_NAMES, action),
                                  json_integer(counts[action]));
    }
    (void)json_object_set_new(json, "changes", changes);
    (void)json_object_set_new(json, "left", texts_json(plan->left));
    return json;
}

static void tell_change(GString *text, const json_t *change)
{
    const char *action = json_text(change, "action", "changed");
    const char *sign = strcmp(action, "created") == 0   ? "+"
                       : strcmp(action, "deleted") == 0 ? "-"
                                                        : "~";
    g_autofree char *called =
        config_called(json_text(change, "kind", ""), json_text(change, "name", ""));
    const json_t *details = json_object_get(change, "details");
    if (json_array_size(details) == 0) {
        g_string_append_printf(text, "%s %s\n", sign, called);
    }
    for (size_t i = 0; i < json_array_size(details); i++) {
        const char *detail = json_string_value(json_array_get(details, i));
        g_string_append_printf(text, "%s %s: %s\n", sign, called, detail != NULL ? detail : "");
    }
}

static json_int_t count_of(const json_t *plan, const char *action)
{
    return json_integer_value(json_object_get(plan, action));
}

char *config_plan_text(const json_t *plan)
{
    GString *text = g_string_new(NULL);
    const json_t *changes = json_object_get(plan, "changes");
    const json_t *left = json_object_get(plan, "left");
    for (size_t i = 0; i < json_array_size(changes); i++) {
        tell_change(text, json_array_get(changes, i));
    }
    for (size_t i = 0; i < json_array_size(left); i++) {
        const char *what = json_string_value(json_array_get(left, i));
        g_string_append_printf(text, "%s%s", i == 0 ? "not in this file, left as they are: " : ", ",
                               what != NULL ? what : "");
    }
    if (json_array_size(left) > 0) {
        g_string_append_c(text, '\n');
    }
    g_string_append_printf(text,
                           "%" JSON_INTEGER_FORMAT " created, %" JSON_INTEGER_FORMAT
                           " changed, %" JSON_INTEGER_FORMAT " deleted, %" JSON_INTEGER_FORMAT
                           " unchanged\n",
                           count_of(plan, "created"), count_of(plan, "changed"),
                           count_of(plan, "deleted"), count_of(plan, "unchanged"));
    return g_string_free(text, FALSE);
}
