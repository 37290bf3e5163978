/* base/json_cut.h - a JSON document of which a part is taken: cut off in the middle, too large, or with
 * elements that cannot be read. Pure. */
#ifndef BASE_JSON_CUT_H
#define BASE_JSON_CUT_H

#include <glib.h>

#include "base/check.h"

/* Where the text ends that begins at `at`: the place of its closing quotation mark, or beyond `size`. */
NODISCARD size_t json_text_end(const char *bytes, size_t size, size_t at);

/* The document up to its last whole element of an outer list (not deeper than two levels: `[{…}, …]` or
 * `{"alerts": [{…}, …]}`), with what is open there closed: so that those elements can be read. Newly
 * allocated, its size in *out_size; NULL when no element is whole. Garbage in, garbage out: what is not JSON
 * gives something that is none. At most `nodes_max` values are in it. */
NODISCARD char *json_cut(const char *bytes, size_t size, size_t nodes_max, size_t *out_size);

/* The document with null in the place of those elements of an outer list that are no JSON by themselves;
 * newly allocated. NULL when there are none. */
NODISCARD char *json_without_broken(const char *bytes, size_t size, size_t *out_size,
                                    size_t *out_broken);

#endif
