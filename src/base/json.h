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

/* What was mended in a document. */
struct json_mends {
    size_t
        texts; /* with U+0000, half surrogate pairs, raw control characters, bytes not of UTF-8 */
    size_t numbers;       /* infinite, or integers beyond 64 bits with sign: texts now */
    size_t words;         /* such as NaN, 0x1F and None, which are no JSON: texts now */
    size_t marks;         /* a byte order mark, control characters between the values */
    size_t parts;         /* nested too deep, or of too many values: left out */
    size_t broken;        /* elements of an outer list that are no JSON: null now */
    bool has_doubled_key; /* the last of them counts */
    bool
        is_cut; /* holds more values than are taken: those elements of the outer list that fit are there */
    bool ends_early; /* in the middle: those elements of the outer list that are whole are there */
};

/* The same for the doors of programs: what the strict reader takes is read just so, and costs no more;
 * what it refuses is mended first where the meaning allows, element by element of an outer list. Refused is
 * what has no shape, such as a document that ends before one element of its outer list is whole. The fault says
 * where it ends also when some are (ends_early): for whom a part is not enough. */
NODISCARD json_t *json_read_mended(const char *bytes, size_t size, size_t nodes_max,
                                   struct json_mends *out, struct fault *fault);

/* The bytes mended, of *out_size bytes (and a NUL); newly allocated. Doubled keys and broken elements stay.
 * `must_shrink`: parts with more than LIMIT_JSON_MEMBER values are left out. */
NODISCARD char *json_mend(const char *bytes, size_t size, bool must_shrink, size_t *out_size,
                          struct json_mends *out);

/* A sentence about it, newly allocated; NULL when nothing was mended. */
NODISCARD char *json_mends_told(const struct json_mends *mends);

/* Compact text with keys in the order they were set; to be freed with g_free. Never NULL. */
NODISCARD char *json_write(const json_t *value);

/* The text at `key` of an object, or `otherwise` when absent or not a string. Borrowed. */
const char *json_text(const json_t *object, const char *key, const char *otherwise);

#endif
