#include "base/json_cut.h"

#include <jansson.h>
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

size_t json_text_end(const char *bytes, size_t size, size_t at)
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

/* Is what begins or has ended here an element of an outer list? */
static bool is_in_list(const struct scan *scan)
{
    return scan->depth > 0 && scan->depth <= LIST_DEPTH_MAX &&
           scan->closers[scan->depth - 1] == ']';
}

/* An object or list has ended at `at`. */
static void close_level(struct scan *scan, size_t at)
{
    if (scan->depth == 0) {
        return;
    }
    scan->depth--;
    if (is_in_list(scan)) {
        scan->good = at + 1;
        scan->good_depth = scan->depth;
        memcpy(scan->good_closers, scan->closers, sizeof scan->closers);
    }
}

static void scan_to_cut(const char *bytes, size_t size, size_t nodes_max, struct scan *scan)
{
    size_t nodes = 1;
    for (size_t at = 0; at < size && nodes <= nodes_max; at++) {
        char c = bytes[at];
        if (c == '"') {
            at = json_text_end(bytes, size, at);
            continue;
        }
        nodes += c == ',' || c == '{' || c == '[' ? 1 : 0; /* or fewer: of those that are empty */
        if (c == '{' || c == '[') {
            open_level(scan, c == '{' ? '}' : ']');
        } else if (c == '}' || c == ']') {
            close_level(scan, at);
        }
    }
}

char *json_cut(const char *bytes, size_t size, size_t nodes_max, size_t *out_size)
{
    struct scan scan = {0};
    scan_to_cut(bytes, size, nodes_max, &scan);
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

/* Answers 1 when null was put in its place. */
static size_t copy_element(GString *out, const char *bytes, size_t size)
{
    json_auto_t *value = json_loadb(bytes, size, 0, NULL);
    g_string_append_len(out, value != NULL ? bytes : "null",
                        value != NULL ? (gssize)size : (gssize)strlen("null"));
    return value == NULL ? 1 : 0;
}

char *json_without_broken(const char *bytes, size_t size, size_t *out_size, size_t *out_broken)
{
    struct scan scan = {0};
    GString *out = g_string_sized_new(size + 1);
    size_t copied = 0; /* of `bytes` */
    size_t begin = 0;  /* of the element that is open */
    *out_broken = 0;
    for (size_t at = 0; at < size; at++) {
        char c = bytes[at];
        if (c == '"') {
            at = json_text_end(bytes, size, at);
        } else if (c == '{' || c == '[') {
            begin = is_in_list(&scan) ? at : begin;
            open_level(&scan, c == '{' ? '}' : ']');
        } else if (c == '}' || c == ']') {
            close_level(&scan, at);
        }
        if (scan.good == at + 1 && begin >= copied && c != '"') {
            g_string_append_len(out, bytes + copied, (gssize)(begin - copied));
            *out_broken += copy_element(out, bytes + begin, at + 1 - begin);
            copied = at + 1;
        }
    }
    g_string_append_len(out, bytes + copied, (gssize)(size - copied));
    *out_size = out->len;
    return g_string_free(out, *out_broken == 0);
}
