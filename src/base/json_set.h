/* base/json_set.h - members of a JSON object, written as every answer and event writes them. */
#ifndef BASE_JSON_SET_H
#define BASE_JSON_SET_H

#include <jansson.h>

#include "base/utc.h"

/* The instant as RFC 3339 text; a new reference. */
json_t *json_utc(struct utc at);
/* Sets it; one that is unset is left out. */
void json_set_utc(json_t *object, const char *key, struct utc at);
/* Sets a text; NULL is left out. */
void json_set_text(json_t *object, const char *key, const char *text);

#endif
