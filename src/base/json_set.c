#include "base/json_set.h"

json_t *json_utc(struct utc at)
{
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    return json_string(text);
}

void json_set_utc(json_t *object, const char *key, struct utc at)
{
    if (utc_is_set(at)) {
        (void)json_object_set_new(object, key, json_utc(at));
    }
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        (void)json_object_set_new(object, key, json_string(text));
    }
}
