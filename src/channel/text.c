#include "channel/text.h"

#include <string.h>

#include "base/unicode.h"

static const char *next_char(const char *at)
{
    return at + g_utf8_skip[(unsigned char)*at];
}

char *text_line(const char *text, size_t max)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    GString *out = g_string_new(NULL);
    size_t count = 0;
    for (const char *at = valid; *at != '\0'; at = next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (unichar_is_trick(c)) {
            continue;
        }
        if (count + 1 >= max && *next_char(at) != '\0') {
            g_string_append(out, "…");
            break;
        }
        g_string_append_unichar(out, unichar_is_control(c) ? ' ' : c);
        count++;
    }
    return g_strstrip(g_string_free(out, FALSE));
}

char *text_within(const char *text, size_t max)
{
    static const char ELLIPSIS[] = "…";
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    if (strlen(valid) <= max) {
        return g_steal_pointer(&valid);
    }
    size_t size = max > strlen(ELLIPSIS) ? max - strlen(ELLIPSIS) : 0;
    while (size > 0 && ((unsigned char)valid[size] & 0xc0) == 0x80) {
        size--;
    }
    return g_strdup_printf("%.*s%s", (int)size, valid, ELLIPSIS);
}

bool text_is_link(const char *url)
{
    if (url == NULL || !(g_str_has_prefix(url, "http://") || g_str_has_prefix(url, "https://"))) {
        return false;
    }
    for (const char *at = url; *at != '\0'; at++) {
        if (g_ascii_iscntrl(*at) || strchr(" \"'<>\\^`{|}", *at) != NULL) {
            return false;
        }
    }
    return true;
}

static bool is_plain(const char *line)
{
    if (strlen(line) > 60 || strstr(line, "=?") != NULL) {
        return false;
    }
    for (const char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e) {
            return false;
        }
    }
    return true;
}

char *text_all_encoded(const char *line, const char *between)
{
    /* 52 of base64, with "=?UTF-8?B?" and "?=" 64: after the name of a header of up to ten letters the
     * line has no more than 76 (RFC 2047, 2). */
    enum { WORD_BYTES = 39 };

    GString *out = g_string_new(NULL);
    for (const char *from = line; *from != '\0';) {
        const char *to = from;
        /* A character is never split between two words (RFC 2047, 5.3). */
        while (*to != '\0' && next_char(to) - from <= WORD_BYTES) {
            to = next_char(to);
        }
        g_autofree char *word = g_base64_encode((const guchar *)from, (gsize)(to - from));
        g_string_append_printf(out, "%s=?UTF-8?B?%s?=", from == line ? "" : between, word);
        from = to;
    }
    return g_string_free(out, FALSE);
}

char *text_encoded_words(const char *line, const char *between)
{
    return is_plain(line) ? g_strdup(line) : text_all_encoded(line, between);
}

/* Of one character in a line that is `*column` long; room for a soft line end is kept. */
static void quote_char(GString *out, const char *at, size_t *column)
{
    bool ends_line = at[1] == '\0' || at[1] == '\n' || at[1] == '\r';
    bool is_blank_at_end = (*at == ' ' || *at == '\t') && ends_line;
    /* A line "." or "From " is written so that no mail program can mistake it. */
    bool is_risky = *column == 0 && (*at == '.' || *at == 'F');
    bool is_literal = (*at == '\t' || (*at >= ' ' && *at <= '~')) && *at != '=';
    bool is_quoted = !is_literal || is_blank_at_end || is_risky;
    size_t width = is_quoted ? 3 : 1;
    if (*column + width > 75) {
        g_string_append(out, "=\r\n");
        *column = 0;
    }
    if (is_quoted) {
        g_string_append_printf(out, "=%02X", (unsigned)(unsigned char)*at);
    } else {
        g_string_append_c(out, *at);
    }
    *column += width;
}

char *text_quoted_printable(const char *text)
{
    GString *out = g_string_new(NULL);
    size_t column = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\r' && at[1] == '\n') {
            continue;
        }
        if (*at == '\n') {
            g_string_append(out, "\r\n");
            column = 0;
        } else {
            quote_char(out, at, &column);
        }
    }
    return g_string_free(out, FALSE);
}
