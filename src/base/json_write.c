/* Writing JSON. What we write are trees, so none of the guards against cycles is needed that make
 * jansson's own writer cost more than storing what it wrote: each event and each page writes some. */
#include "base/json.h"

#include <glib.h>
#include <string.h>

#include "base/json_escape.h"

enum { NUMBER_SIZE = 40 };

static void write_value(GString *out, const json_t *value);

/* Piece by piece: mostly a text is one piece. jansson has made sure that it is UTF-8. */
static void write_text(GString *out, const char *text, size_t size)
{
    g_string_append_c(out, '"');
    for (size_t at = 0; at < size;) {
        size_t from = at;
        while (at < size && !json_must_escape(text[at])) {
            at++;
        }
        g_string_append_len(out, text + from, (gssize)(at - from));
        if (at < size) {
            char escaped[JSON_ESCAPE_SIZE];
            size_t escaped_size = json_escape(text[at++], escaped);
            g_string_append_len(out, escaped, (gssize)escaped_size);
        }
    }
    g_string_append_c(out, '"');
}

static void write_int(GString *out, json_int_t value)
{
    char digits[NUMBER_SIZE];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    g_string_append_len(out, digits + at, (gssize)(sizeof digits - at));
}

/* The shortest text that reads back as the same number is a science of its own: jansson's. */
static void write_real(GString *out, const json_t *value)
{
    char digits[NUMBER_SIZE];
    size_t size = json_dumpb(value, digits, sizeof digits, JSON_ENCODE_ANY);
    CHECK(size > 0 && size <= sizeof digits);
    g_string_append_len(out, digits, (gssize)size);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the value, which json_read bounds. */
static void write_object(GString *out, const json_t *object)
{
    char before = '{';
    /* jansson's loop over an object takes a pointer that could change it; this does not. */
    json_t *each = (json_t *)(uintptr_t)object;
    const char *name = NULL;
    size_t size = 0;
    json_t *value = NULL;
    json_object_keylen_foreach(each, name, size, value)
    {
        g_string_append_c(out, before);
        write_text(out, name, size);
        g_string_append_c(out, ':');
        write_value(out, value);
        before = ',';
    }
    g_string_append(out, before == '{' ? "{}" : "}");
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the value, which json_read bounds. */
static void write_array(GString *out, const json_t *array)
{
    g_string_append_c(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0) {
            g_string_append_c(out, ',');
        }
        write_value(out, json_array_get(array, i));
    }
    g_string_append_c(out, ']');
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the value, which json_read bounds. */
static void write_value(GString *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(out, value);
        break;
    case JSON_ARRAY:
        write_array(out, value);
        break;
    case JSON_STRING:
        write_text(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        write_int(out, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(out, value);
        break;
    case JSON_TRUE:
        g_string_append(out, "true");
        break;
    case JSON_FALSE:
        g_string_append(out, "false");
        break;
    case JSON_NULL:
        g_string_append(out, "null");
        break;
    }
}

char *json_write(const json_t *value)
{
    GString *text = g_string_sized_new(256);
    write_value(text, value);
    return g_string_free(text, FALSE);
}
