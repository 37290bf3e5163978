#include "ledger/lane.h"

/* FNV-1a: what matters is that every node and every version answers the same. */
int lane_of(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = name; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    }
    return (int)((hash ^ hash >> 32) % LANE_COUNT);
}
