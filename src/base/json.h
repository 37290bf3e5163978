/* base/json.h - JSON from outside, read strictly (RFC 8259), by way of jansson. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/fault.h"

/* Parses one whole document. Refuses: bad UTF-8, NUL in text, duplicate keys, more than
 * LIMIT_JSON_DEPTH levels or LIMIT_JSON_NODES values, anything after the document. NULL and a
 * fault (with line and column in its text) when refused; else a new reference. */
NODISCARD json_t *json_read(const char *bytes, size_t size, struct fault *fault);

/* The same with another bound on the values, for what is large by nature. */
NODISCARD json_t *json_read_up_to(const char *bytes, size_t size, size_t nodes_max,
                                  struct fault *fault);

/* Compact text with keys in the order they were set; to be freed with g_free. Never NULL. */
NODISCARD char *json_write(const json_t *value);

/* The text at `key` of an object, or `otherwise` when absent or not a string. Borrowed. */
const char *json_text(const json_t *object, const char *key, const char *otherwise);

#endif
