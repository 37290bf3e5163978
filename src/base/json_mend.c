/* JSON of programs that cannot be told what is wrong with it: the bytes are rewritten into what the
 * strict reader takes. Texts and numbers are mended, and parts that are too much left out; what has no shape
 * stays refused. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/json_cut.h"
#include "base/json_escape.h"
#include "base/limits.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

struct mending {
    const char *bytes;
    size_t size, at;
    GString *out;
    struct json_mends *mends;
    bool must_shrink;
    bool is_member;  /* the value that comes stands behind a colon */
    size_t depth;    /* of the objects and lists that are open */
    size_t measured; /* up to here no part has too many values */
    size_t text_at;  /* where in `out` the text begins that is read */
};

static size_t left(const struct mending *mending)
{
    return mending->size - mending->at;
}

static void copy(struct mending *mending, size_t count)
{
    g_string_append_len(mending->out, mending->bytes + mending->at, (gssize)count);
    mending->at += count;
}

/* --- texts --- */

/* The four digits after \u at `at`, or -1. */
static int hex_at(const struct mending *mending, size_t at)
{
    return at < mending->size ? json_escaped_unit(mending->bytes + at, mending->size - at) : -1;
}

static bool is_between(int value, int from, int to)
{
    return value >= from && value <= to;
}

/* In place of one byte. Of a text its beginning is kept at most: behind it one byte takes the place of one, so that
 * a body does not grow in memory. True: something was mended. */
static bool replace(struct mending *mending, const char *good, size_t size)
{
    bool is_kept = mending->out->len - mending->text_at < LIMIT_DETAILS;
    g_string_append_len(mending->out, is_kept ? good : "?", is_kept ? (gssize)size : 1);
    mending->at++;
    return true;
}

/* A backslash that escapes nothing was meant as one. */
static bool keep_backslash(struct mending *mending)
{
    return replace(mending, "\\\\", 2);
}

static bool take_code(struct mending *mending)
{
    int code = hex_at(mending, mending->at);
    if (code < 0) {
        return keep_backslash(mending);
    }
    bool is_first = is_between(code, 0xd800, 0xdbff);
    if (is_first && is_between(hex_at(mending, mending->at + 6), 0xdc00, 0xdfff)) {
        copy(mending, 12);
        return false;
    }
    if (code == 0 || is_first || is_between(code, 0xdc00, 0xdfff)) {
        g_string_append(mending->out, REPLACEMENT);
        mending->at += 6;
        return true;
    }
    copy(mending, 6);
    return false;
}

static bool take_escape(struct mending *mending)
{
    char next = '\0';
    if (left(mending) > 1) {
        next = mending->bytes[mending->at + 1];
    }
    if (next == 'u') {
        return take_code(mending);
    }
    if (next == '\0' || strchr("\"\\/bfnrt", next) == NULL) {
        return keep_backslash(mending);
    }
    copy(mending, 2);
    return false;
}

static bool take_control(struct mending *mending)
{
    char escaped[JSON_ESCAPE_SIZE];
    char control = mending->bytes[mending->at];
    if (control == '\0') {
        return replace(mending, REPLACEMENT, strlen(REPLACEMENT));
    }
    size_t size = json_escape(control, escaped);
    return replace(mending, escaped, size);
}

static bool take_wide(struct mending *mending)
{
    const char *text = mending->bytes + mending->at;
    gunichar character = g_utf8_get_char_validated(text, (gssize)left(mending));
    if (character == (gunichar)-1 || character == (gunichar)-2) {
        return replace(mending, REPLACEMENT, strlen(REPLACEMENT));
    }
    copy(mending, (size_t)g_unichar_to_utf8(character, NULL));
    return false;
}

/* Mostly a text is one piece. */
static size_t plain_of(const struct mending *mending)
{
    size_t at = mending->at;
    while (at < mending->size && (unsigned char)mending->bytes[at] < 0x80 &&
           !json_must_escape(mending->bytes[at])) {
        at++;
    }
    return at - mending->at;
}

/* Past the closing quote, or to the end of what was cut off. */
static void take_text(struct mending *mending)
{
    bool is_mended = false;
    mending->text_at = mending->out->len;
    copy(mending, 1);
    while (left(mending) > 0) {
        unsigned char c = (unsigned char)mending->bytes[mending->at];
        if (c == '"') {
            copy(mending, 1);
            break;
        }
        if (c == '\\') {
            is_mended |= take_escape(mending);
        } else if (c < 0x20) {
            is_mended |= take_control(mending);
        } else if (c >= 0x80) {
            is_mended |= take_wide(mending);
        } else {
            copy(mending, plain_of(mending));
        }
    }
    mending->mends->texts += is_mended ? 1 : 0;
}

/* --- numbers --- */

static size_t digits_of(const char *text)
{
    return strspn(text, "0123456789");
}

/* As JSON writes numbers: "-0.5e+3". */
static bool is_number(const char *text)
{
    text += text[0] == '-' ? 1 : 0;
    size_t whole = digits_of(text);
    if (whole == 0 || (whole > 1 && text[0] == '0')) {
        return false;
    }
    text += whole;
    if (text[0] == '.') {
        size_t fraction = digits_of(text + 1);
        if (fraction == 0) {
            return false;
        }
        text += 1 + fraction;
    }
    if (text[0] == 'e' || text[0] == 'E') {
        text += text[1] == '+' || text[1] == '-' ? 2 : 1;
        size_t exponent = digits_of(text);
        if (exponent == 0) {
            return false;
        }
        text += exponent;
    }
    return text[0] == '\0';
}

static bool fits(const char *number)
{
    gint64 whole = 0;
    if (strpbrk(number, ".eE") == NULL) {
        return g_ascii_string_to_signed(number, 10, G_MININT64, G_MAXINT64, &whole, NULL);
    }
    return isfinite(g_ascii_strtod(number, NULL));
}

/* A number that cannot be held, or a word that is none of JSON's, is kept as the text that it was: so its value stays what it is. */
static void take_word(struct mending *mending)
{
    static const char WORD[] = "_+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const WORDS[] = {"true", "false", "null", NULL};
    size_t size = 0;
    while (size < left(mending) && mending->bytes[mending->at + size] != '\0' &&
           strchr(WORD, mending->bytes[mending->at + size]) != NULL) {
        size++;
    }
    g_autofree char *word = g_strndup(mending->bytes + mending->at, size);
    bool is_none = !g_strv_contains(WORDS, word) && !is_number(word);
    bool is_beyond = !is_none && is_number(word) && !fits(word);
    const char *quote = is_none || is_beyond ? "\"" : "";
    mending->mends->words += is_none ? 1 : 0;
    mending->mends->numbers += is_beyond ? 1 : 0;
    g_string_append(mending->out, quote);
    copy(mending, size);
    g_string_append(mending->out, quote);
}

/* --- what is too much --- */

/* Past the end of the object or list that begins at `at`. */
static size_t end_of(const struct mending *mending, size_t at, size_t *out_values)
{
    size_t depth = 0;
    *out_values = 1;
    for (; at < mending->size; at++) {
        char c = mending->bytes[at];
        if (c == '"') {
            at = json_text_end(mending->bytes, mending->size, at);
        } else if (c == '{' || c == '[') {
            depth++;
            (*out_values)++;
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (c == ',') {
            (*out_values)++;
        }
        if (depth == 0) {
            return at + 1;
        }
    }
    return mending->size;
}

static bool is_list_of_objects(const struct mending *mending)
{
    const char *text = mending->bytes + mending->at;
    size_t at = 1;
    while (at < left(mending) && g_ascii_isspace(text[at])) {
        at++;
    }
    return text[0] == '[' && at < left(mending) && text[at] == '{';
}

/* A member of the whole or of an alert that has more values than are ever kept of it. The list of the alerts
 * itself is none. */
static bool is_too_wide(struct mending *mending)
{
    enum { ALERTS_DEPTH = 1 };

    bool is_alerts = mending->depth <= ALERTS_DEPTH && is_list_of_objects(mending);
    if (!mending->must_shrink || !mending->is_member || is_alerts ||
        mending->at < mending->measured) {
        return false;
    }
    size_t values = 0;
    size_t end = end_of(mending, mending->at, &values);
    if (values <= LIMIT_JSON_MEMBER) {
        mending->measured = end;
    }
    return values > LIMIT_JSON_MEMBER;
}

static void open_part(struct mending *mending)
{
    bool is_too_deep = mending->depth >= LIMIT_JSON_DEPTH;
    if (is_too_deep || is_too_wide(mending)) {
        size_t values = 0;
        g_string_append(mending->out, is_too_deep ? "\"(nested too deep: left out)\""
                                                  : "\"(too many values: left out)\"");
        mending->at = end_of(mending, mending->at, &values);
        mending->mends->parts++;
        return;
    }
    mending->depth++;
    copy(mending, 1);
}

/* --- the whole --- */

static void take_other(struct mending *mending)
{
    unsigned char c = (unsigned char)mending->bytes[mending->at];
    if (c < 0x20 && strchr("\t\n\r", c) == NULL) {
        c = 0;
    }
    if (c == '}' || c == ']') {
        mending->depth -= mending->depth > 0 ? 1 : 0;
    }
    if (c == 0) { /* a control character between values, or the NUL that ends a text in C */
        g_string_append_c(mending->out, ' ');
        mending->at++;
        mending->mends->marks++;
    } else {
        copy(mending, 1);
    }
}

static void take_next(struct mending *mending)
{
    char c = mending->bytes[mending->at];
    if (c == '"') {
        take_text(mending);
    } else if (g_ascii_isalnum(c) || (c != '\0' && strchr("+-.", c) != NULL)) {
        take_word(mending);
    } else if (c == '{' || c == '[') {
        open_part(mending);
    } else {
        take_other(mending);
    }
    mending->is_member = c == ':' || (mending->is_member && g_ascii_isspace(c));
}

char *json_mend(const char *bytes, size_t size, bool must_shrink, size_t *out_size,
                struct json_mends *out)
{
    *out = (struct json_mends){0};
    struct mending mending = {.bytes = bytes,
                              .size = size,
                              .out = g_string_sized_new(size + 64),
                              .mends = out,
                              .must_shrink = must_shrink};
    if (size >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0) {
        mending.at = 3;
        out->marks++;
    }
    while (left(&mending) > 0) {
        take_next(&mending);
    }
    *out_size = mending.out->len;
    return g_string_free(mending.out, FALSE);
}

char *json_mends_told(const struct json_mends *mends)
{
    g_autoptr(GString) told = g_string_new(NULL);
    if (mends->texts > 0) {
        g_string_append_printf(told,
                               "; %zu text%s held what no text may hold (U+0000, half a character, "
                               "a control character or bytes that are not UTF-8)",
                               mends->texts, mends->texts == 1 ? "" : "s");
    }
    if (mends->numbers > 0) {
        g_string_append_printf(told, "; %zu number%s too large to be held: kept as text",
                               mends->numbers, mends->numbers == 1 ? " is" : "s are");
    }
    if (mends->words > 0) {
        g_string_append_printf(told, "; %zu value%s no JSON (such as NaN): kept as text",
                               mends->words, mends->words == 1 ? " is" : "s are");
    }
    if (mends->parts > 0) {
        g_string_append_printf(told,
                               "; %zu part%s nested deeper than %d levels, or of more than %d "
                               "values: left out",
                               mends->parts, mends->parts == 1 ? " is" : "s are",
                               (int)LIMIT_JSON_DEPTH, (int)LIMIT_JSON_MEMBER);
    }
    if (mends->broken > 0) {
        g_string_append_printf(told, "; %zu element%s of the list %s no JSON: left out",
                               mends->broken, mends->broken == 1 ? "" : "s",
                               mends->broken == 1 ? "is" : "are");
    }
    if (mends->has_doubled_key) {
        g_string_append(told, "; a key stands twice in one object: the last one counts");
    }
    if (mends->marks > 0) {
        g_string_append(told, "; a byte order mark or control characters around the values");
    }
    if (told->len == 0) {
        return NULL;
    }
    return g_strconcat("not valid JSON, and mended: ", told->str + 2, NULL);
}
