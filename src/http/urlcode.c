#include "http/urlcode.h"

#include <string.h>

enum { FORM_PAIRS_MAX = 100 };

char *url_decode(const char *text, size_t size, bool plus_is_space)
{
    GString *out = g_string_sized_new(size + 1);
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            bool is_whole = size - i > 2;
            int high = is_whole ? g_ascii_xdigit_value(text[i + 1]) : -1;
            int low = is_whole ? g_ascii_xdigit_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                g_string_free(out, TRUE);
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        g_string_append_c(out, c);
    }
    if (!g_utf8_validate_len(out->str, out->len, NULL)) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free(out, FALSE);
}

char *url_encode(const char *text)
{
    return g_uri_escape_string(text, NULL, FALSE);
}

static bool read_pair(const char *pair, size_t size, GPtrArray *texts)
{
    const char *equals = memchr(pair, '=', size);
    size_t name_size = equals == NULL ? size : (size_t)(equals - pair);
    char *name = url_decode(pair, name_size, true);
    char *value =
        equals == NULL ? g_strdup("") : url_decode(equals + 1, size - name_size - 1, true);
    if (name == NULL || value == NULL || texts->len >= 2 * FORM_PAIRS_MAX) {
        g_free(name);
        g_free(value);
        return false;
    }
    g_ptr_array_add(texts, name);
    g_ptr_array_add(texts, value);
    return true;
}

bool form_read(const char *bytes, size_t size, struct form *out)
{
    out->texts = g_ptr_array_new_with_free_func(g_free);
    size_t from = 0;
    while (from < size) {
        const char *end = memchr(bytes + from, '&', size - from);
        size_t to = end == NULL ? size : (size_t)(end - bytes);
        if (to > from && !read_pair(bytes + from, to - from, out->texts)) {
            form_clear(out);
            out->texts = g_ptr_array_new_with_free_func(g_free);
            return false;
        }
        from = to + 1;
    }
    return true;
}

const char *form_get(const struct form *form, const char *name)
{
    for (guint i = 0; form->texts != NULL && i + 1 < form->texts->len; i += 2) {
        if (strcmp(form->texts->pdata[i], name) == 0) {
            return form->texts->pdata[i + 1];
        }
    }
    return NULL;
}

void form_clear(struct form *form)
{
    g_clear_pointer(&form->texts, g_ptr_array_unref);
}

/* How many bytes at `at` belong to a name; within brackets colons do, too. 0: it ends there. */
static size_t host_step(const char *at, bool is_literal)
{
    static const char MARKS[] = "-._~!$&'()*+,;=";
    if (g_ascii_isalnum(*at) || (*at != '\0' && strchr(MARKS, *at) != NULL)) {
        return 1;
    }
    if (is_literal) {
        return *at == ':' ? 1 : 0;
    }
    return *at == '%' && g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2]) ? 3 : 0;
}

bool host_is_sound(const char *text)
{
    bool is_literal = text[0] == '[';
    const char *at = text + (is_literal ? 1 : 0);
    for (size_t step = host_step(at, is_literal); step > 0; step = host_step(at, is_literal)) {
        at += step;
    }
    if (is_literal && *at++ != ']') {
        return false;
    }
    if (*at == ':') {
        at += 1 + strspn(at + 1, "0123456789");
    }
    return at[strspn(at, " \t")] == '\0';
}
