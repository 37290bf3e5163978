#include "config/config_diff.h"

#include <string.h>

#include "base/json.h"

enum { LINES_MAX = 50, SHOWN_BYTES_MAX = 120 };

struct differ {
    GPtrArray *lines;
    GString *path;
    guint more;
};

static bool is_secret_name(const char *name)
{
    return strcmp(name, "secret") == 0 || strcmp(name, "key") == 0;
}

static char *shown(const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) <= SHOWN_BYTES_MAX) {
        return g_strdup(json_string_value(value));
    }
    char *text = json_write(value);
    if (strlen(text) > SHOWN_BYTES_MAX) {
        g_free(text);
        text = g_strdup(json_is_object(value) ? "{…}" : json_is_array(value) ? "[…]" : "…");
    }
    return text;
}

/* Is there a secret somewhere inside, which must not be shown with its container? */
static bool holds_secret(const json_t *value);

/* NOLINTBEGIN(misc-no-recursion): as deep as the document, which json_read bounds */
static bool holds_secret(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (holds_secret(json_array_get(value, i))) {
            return true;
        }
    }
    void *self = (void *)(uintptr_t)value; /* jansson iterates without writing */
    void *at = json_is_object(value) ? json_object_iter(self) : NULL;
    for (; at != NULL; at = json_object_iter_next(self, at)) {
        if (is_secret_name(json_object_iter_key(at)) || holds_secret(json_object_iter_value(at))) {
            return true;
        }
    }
    return false;
}

static void add_line(struct differ *differ, const char *what)
{
    if (differ->lines->len >= LINES_MAX) {
        differ->more++;
        return;
    }
    g_ptr_array_add(differ->lines, g_strdup_printf("%s %s", differ->path->str, what));
}

static void compare_leaf(struct differ *differ, const json_t *old_value, const json_t *new_value,
                         bool is_secret)
{
    bool is_hidden = is_secret || holds_secret(old_value) || holds_secret(new_value);
    const json_t *whole = new_value != NULL ? new_value : old_value;
    g_autofree char *text = is_hidden ? g_strdup("(not shown)") : shown(whole);
    g_autofree char *what = NULL;
    if (old_value == NULL) {
        what = g_strdup_printf("added: %s", text);
    } else if (new_value == NULL) {
        what = g_strdup_printf("removed: %s", text);
    } else if (is_hidden) {
        what = g_strdup("changed (not shown)");
    } else {
        g_autofree char *before = shown(old_value);
        what = g_strdup_printf("%s -> %s", before, text);
    }
    add_line(differ, what);
}

static void compare(struct differ *differ, const json_t *old_value, const json_t *new_value,
                    bool is_secret);

static void compare_key(struct differ *differ, const char *key, const json_t *old_value,
                        const json_t *new_value)
{
    size_t length = differ->path->len;
    g_string_append_printf(differ->path, "%s%s", length > 0 ? "." : "", key);
    compare(differ, old_value, new_value, is_secret_name(key));
    g_string_truncate(differ->path, length);
}

static void compare_objects(struct differ *differ, const json_t *old_value, const json_t *new_value)
{
    void *self = (void *)(uintptr_t)old_value;
    for (void *at = json_object_iter(self); at != NULL; at = json_object_iter_next(self, at)) {
        const char *key = json_object_iter_key(at);
        compare_key(differ, key, json_object_iter_value(at), json_object_get(new_value, key));
    }
    self = (void *)(uintptr_t)new_value;
    for (void *at = json_object_iter(self); at != NULL; at = json_object_iter_next(self, at)) {
        const char *key = json_object_iter_key(at);
        if (json_object_get(old_value, key) == NULL) {
            compare_key(differ, key, NULL, json_object_iter_value(at));
        }
    }
}

static void compare_lists(struct differ *differ, const json_t *old_value, const json_t *new_value)
{
    size_t count = MAX(json_array_size(old_value), json_array_size(new_value));
    size_t length = differ->path->len;
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(differ->path, "[%zu]", i);
        compare(differ, json_array_get(old_value, i), json_array_get(new_value, i), false);
        g_string_truncate(differ->path, length);
    }
}

static bool is_list_of_texts(const json_t *value)
{
    return json_is_array(value) && json_is_string(json_array_get(value, 0));
}

static void compare(struct differ *differ, const json_t *old_value, const json_t *new_value,
                    bool is_secret)
{
    if (old_value != NULL && new_value != NULL && json_equal(old_value, new_value)) {
        return;
    }
    if (json_is_object(old_value) && json_is_object(new_value)) {
        compare_objects(differ, old_value, new_value);
    } else if (json_is_array(old_value) && json_is_array(new_value) &&
               !is_list_of_texts(old_value) && !is_list_of_texts(new_value)) {
        compare_lists(differ, old_value, new_value);
    } else {
        compare_leaf(differ, old_value, new_value, is_secret);
    }
}

/* NOLINTEND(misc-no-recursion) */

GPtrArray *config_diff(const json_t *old_spec, const json_t *new_spec)
{
    struct differ differ = {.lines = g_ptr_array_new_with_free_func(g_free),
                            .path = g_string_new(NULL)};
    compare(&differ, old_spec, new_spec, false);
    if (differ.more > 0) {
        g_ptr_array_add(differ.lines, g_strdup_printf("and %u more", differ.more));
    }
    (void)g_string_free(differ.path, TRUE);
    return differ.lines;
}
