/* base/json_cut.h - a JSON document that was cut off in the middle. Pure. */
#ifndef BASE_JSON_CUT_H
#define BASE_JSON_CUT_H

#include <glib.h>

#include "base/check.h"

/* The document up to its last whole element of an outer list (not deeper than two levels: `[{…}, …]` or
 * `{"alerts": [{…}, …]}`), with what is open there closed: so that those elements can be read. Newly
 * allocated, its size in *out_size; NULL when no element is whole. Garbage in, garbage out: what is not JSON
 * gives something that is none. */
NODISCARD char *json_cut(const char *bytes, size_t size, size_t *out_size);

#endif
