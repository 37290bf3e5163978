/* base/nearest.h - which known name did they probably mean? */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/check.h"

/* Offer every known name, then ask. `given` and the offered names are borrowed. */
struct nearest {
    const char *given;
    const char *found; /* NULL: nothing is near enough to be worth suggesting */
    size_t distance;   /* of `found` */
};

void nearest_offer(struct nearest *nearest, const char *name);

/* Slips of the finger between two texts: insertions, deletions, replacements and swaps of
 * neighbours, letter case ignored. At least `limit` as soon as it is not less. */
NODISCARD size_t nearest_distance(const char *a, const char *b, size_t limit);

#endif
