#include "base/json_cut.h"

#include <string.h>

enum { LIST_DEPTH_MAX = 2 }; /* `alerts` inside the outermost object */

/* Where the scan is, and where it would be good to cut. */
struct scan {
    char closers[LIST_DEPTH_MAX]; /* of the outermost levels that are open */
    size_t depth;                 /* all that are open, deeper ones included */
    size_t good;                  /* after the last whole element; 0: none */
    char good_closers[LIST_DEPTH_MAX];
    size_t good_depth;
};

static size_t skip_string(const char *bytes, size_t size, size_t at)
{
    for (at++; at < size && bytes[at] != '"'; at++) {
        if (bytes[at] == '\\') {
            at++;
        }
    }
    return at;
}

static void open_level(struct scan *scan, char closer)
{
    if (scan->depth < LIST_DEPTH_MAX) {
        scan->closers[scan->depth] = closer;
    }
    scan->depth++;
}

/* An object or list has ended at `at`; was it an element of an outer list? */
static void close_level(struct scan *scan, size_t at)
{
    if (scan->depth == 0) {
        return;
    }
    scan->depth--;
    if (scan->depth > 0 && scan->depth <= LIST_DEPTH_MAX && scan->closers[scan->depth - 1] == ']') {
        scan->good = at + 1;
        scan->good_depth = scan->depth;
        memcpy(scan->good_closers, scan->closers, sizeof scan->closers);
    }
}

char *json_cut(const char *bytes, size_t size, size_t *out_size)
{
    struct scan scan = {0};
    for (size_t at = 0; at < size; at++) {
        char c = bytes[at];
        if (c == '"') {
            at = skip_string(bytes, size, at);
        } else if (c == '{' || c == '[') {
            open_level(&scan, c == '{' ? '}' : ']');
        } else if (c == '}' || c == ']') {
            close_level(&scan, at);
        }
    }
    if (scan.good == 0) {
        return NULL;
    }
    char *text = g_malloc(scan.good + LIST_DEPTH_MAX + 1);
    memcpy(text, bytes, scan.good);
    size_t end = scan.good;
    while (scan.good_depth > 0) {
        text[end++] = scan.good_closers[--scan.good_depth];
    }
    text[end] = '\0';
    *out_size = end;
    return text;
}
