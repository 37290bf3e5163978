#include "config/config_short.h"

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

json_t *config_in_full(enum config_kind kind, json_t *value)
{
    json_t *match = json_object_get(value, "match");
    bool has_short_forms = kind == CONFIG_ROUTE || kind == CONFIG_SILENCE;
    if (!has_short_forms || (!json_is_object(match) && !json_is_array(match))) {
        return json_incref(value);
    }
    json_t *full = json_copy(value);
    (void)json_object_set_new(full, "match", match_in_full(match));
    return full;
}
