#include "base/nearest.h"

#include <glib.h>
#include <string.h>

enum { LENGTH_MAX = 100 };

/* One row of the table of distances (optimal string alignment). */
static size_t fill_row(const char *a, size_t i, const char *b, size_t *const rows[3])
{
    size_t lowest = i;
    size_t *row = rows[2];
    row[0] = i;
    for (size_t j = 1; b[j - 1] != '\0'; j++) {
        char x = g_ascii_tolower(a[i - 1]);
        char y = g_ascii_tolower(b[j - 1]);
        size_t best = rows[1][j - 1] + (x == y ? 0 : 1);
        best = MIN(best, rows[1][j] + 1);
        best = MIN(best, row[j - 1] + 1);
        bool is_swap =
            i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && y == g_ascii_tolower(a[i - 2]);
        if (is_swap) {
            best = MIN(best, rows[0][j - 2] + 1);
        }
        row[j] = best;
        lowest = MIN(lowest, best);
    }
    return lowest;
}

size_t nearest_distance(const char *a, const char *b, size_t limit)
{
    size_t length_a = strlen(a);
    size_t length_b = strlen(b);
    size_t apart = MAX(length_a, length_b) - MIN(length_a, length_b);
    if (apart >= limit || length_a > LENGTH_MAX || length_b > LENGTH_MAX) {
        return limit;
    }
    size_t table[3][LENGTH_MAX + 1] = {{0}};
    size_t *rows[3] = {table[0], table[1], table[2]};
    for (size_t j = 0; j <= length_b; j++) {
        rows[2][j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t *oldest = rows[0];
        rows[0] = rows[1];
        rows[1] = rows[2];
        rows[2] = oldest;
        if (fill_row(a, i, b, rows) >= limit) {
            return limit;
        }
    }
    return MIN(rows[2][length_b], limit);
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    /* One slip in a short name, up to three in a long one; else a suggestion is only noise. */
    size_t bearable = MIN(3, 1 + strlen(nearest->given) / 4);
    size_t limit = nearest->found != NULL ? nearest->distance : bearable + 1;
    size_t distance = nearest_distance(nearest->given, name, limit);
    if (distance < limit) {
        nearest->found = name;
        nearest->distance = distance;
    }
}
