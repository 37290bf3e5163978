#include "base/json.h"

#include <glib.h>
#include <string.h>

#include "base/json_cut.h"
#include "base/limits.h"

/* What a glance over the bytes tells before anything is allocated. */
struct outline {
    size_t depth;
    size_t depth_max;
    size_t nodes;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool has_element(const char *bytes, size_t size, size_t at)
{
    while (at < size && is_space(bytes[at])) {
        at++;
    }
    return at < size && bytes[at] != ']' && bytes[at] != '}';
}

/* The parser would build everything first and recurse as deep as it is told to; so the limits are
 * checked on the bytes. Malformed input may be counted wrongly: the parser refuses it anyway. */
static struct outline outline_of(const char *bytes, size_t size)
{
    struct outline outline = {.nodes = 1};
    for (size_t at = 0; at < size;) {
        char c = bytes[at];
        if (c == '"') {
            at = json_text_end(bytes, size, at) + 1;
            continue;
        }
        if (c == '{' || c == '[') {
            outline.depth++;
            outline.depth_max = MAX(outline.depth_max, outline.depth);
            outline.nodes += has_element(bytes, size, at + 1) ? 1 : 0;
        } else if ((c == '}' || c == ']') && outline.depth > 0) {
            outline.depth--;
        } else if (c == ',') {
            outline.nodes++;
        }
        at++;
    }
    return outline;
}

static void set_parse_fault(const json_error_t *error, struct fault *fault)
{
    const char *text = error->text;
    switch ((int)json_error_code(error)) {
    case json_error_invalid_utf8:
        text = "the text is not valid UTF-8; send UTF-8";
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        text = "a text contains the character U+0000; leave it out";
        break;
    case json_error_premature_end_of_input:
        text = "the document ends in the middle; was it cut off?";
        break;
    case json_error_numeric_overflow:
        text = "a number is too large (integer overflow beyond 64 bits, or infinite); write it as "
               "a text";
        break;
    case json_error_end_of_input_expected:
        text = "something follows the end of the document; send exactly one";
        break;
    default:
        break;
    }
    (void)fault_set(fault, "", "not valid JSON: line %d, column %d: %s", error->line, error->column,
                    text);
}

json_t *json_read(const char *bytes, size_t size, struct fault *fault)
{
    return json_read_up_to(bytes, size, LIMIT_JSON_NODES, fault);
}

static bool judge_outline(const struct outline *outline, size_t nodes_max, struct fault *fault)
{
    if (outline->depth_max > LIMIT_JSON_DEPTH) {
        return fault_set(fault, "", "nested more than %d levels deep; flatten it",
                         (int)LIMIT_JSON_DEPTH);
    }
    if (outline->nodes > nodes_max) {
        return fault_set(fault, "", "holds more than %zu values; send it in parts", nodes_max);
    }
    return true;
}

static bool is_bearable(const char *bytes, size_t size, size_t nodes_max, struct fault *fault)
{
    struct outline outline = outline_of(bytes, size);
    return judge_outline(&outline, nodes_max, fault);
}

/* Jansson reads over a NUL byte after a number; strict JSON knows none. NULL with `error` set, or
 * with its text empty where that byte is all that is wrong. */
static json_t *load_strict(const char *bytes, size_t size, json_error_t *error)
{
    json_t *value = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
    if (value != NULL && memchr(bytes, '\0', size) != NULL) {
        json_decref(value);
        error->text[0] = '\0';
        return NULL;
    }
    return value;
}

json_t *json_read_up_to(const char *bytes, size_t size, size_t nodes_max, struct fault *fault)
{
    if (!is_bearable(bytes, size, nodes_max, fault)) {
        return NULL;
    }
    json_error_t error;
    json_t *value = load_strict(bytes, size, &error);
    if (value == NULL && error.text[0] == '\0') {
        (void)fault_set(fault, "", "not valid JSON: a NUL byte follows its values; leave it out");
    } else if (value == NULL) {
        set_parse_fault(&error, fault);
    }
    return value;
}

/* Where more values are in it than can be borne: the elements that fit. Takes over `text`; NULL for none. */
static char *fit(char *text, size_t *size, size_t nodes_max, struct json_mends *out,
                 struct fault *fault)
{
    g_autofree char *whole = text;
    struct outline outline = outline_of(whole, *size);
    if (judge_outline(&outline, nodes_max, fault)) {
        return g_steal_pointer(&whole);
    }
    out->is_cut = outline.nodes > nodes_max;
    char *cut = out->is_cut ? json_cut(whole, *size, nodes_max, size) : NULL;
    if (cut != NULL && !is_bearable(cut, *size, nodes_max, fault)) {
        g_clear_pointer(&cut, g_free);
    }
    return cut;
}

/* What ends in the middle is good up to there: the elements that are whole. NULL: none is. */
static json_t *load_begun(const char *text, size_t size, struct json_mends *out)
{
    size_t whole_size = 0;
    g_autofree char *whole = json_cut(text, size, SIZE_MAX, &whole_size);
    json_error_t ignored;
    json_t *value = whole == NULL ? NULL : json_loadb(whole, whole_size, JSON_DECODE_ANY, &ignored);
    out->ends_early = value != NULL;
    return value;
}

static json_t *load_mended(const char *text, size_t size, struct json_mends *out,
                           json_error_t *error)
{
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
    if (value == NULL && json_error_code(error) == json_error_duplicate_key) {
        out->has_doubled_key = true;
        value = json_loadb(text, size, JSON_DECODE_ANY, error);
    }
    if (value == NULL && json_error_code(error) == json_error_premature_end_of_input) {
        value = load_begun(text, size, out);
    }
    return value;
}

static json_t *read_mended(const char *bytes, size_t size, bool must_shrink, size_t nodes_max,
                           struct json_mends *out, struct fault *fault)
{
    size_t mended_size = 0;
    char *whole = json_mend(bytes, size, must_shrink, &mended_size, out);
    g_autofree char *mended = fit(whole, &mended_size, nodes_max, out, fault);
    if (mended == NULL) {
        return NULL;
    }
    json_error_t error;
    json_t *value = load_mended(mended, mended_size, out, &error);
    if (value == NULL) {
        size_t sound_size = 0;
        g_autofree char *sound =
            json_without_broken(mended, mended_size, &sound_size, &out->broken);
        json_error_t another = error;
        value = sound != NULL ? load_mended(sound, sound_size, out, &another) : NULL;
        error = value != NULL && out->ends_early ? another : error;
    }
    if (value == NULL || out->ends_early) {
        set_parse_fault(&error, fault);
    }
    return value;
}

json_t *json_read_mended(const char *bytes, size_t size, size_t nodes_max, struct json_mends *out,
                         struct fault *fault)
{
    *out = (struct json_mends){0};
    struct outline outline = outline_of(bytes, size);
    if (judge_outline(&outline, nodes_max, fault)) {
        json_error_t error;
        json_t *value = load_strict(bytes, size, &error);
        if (value != NULL) {
            return value;
        }
    }
    return read_mended(bytes, size, outline.nodes > nodes_max, nodes_max, out, fault);
}

const char *json_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : otherwise;
}
