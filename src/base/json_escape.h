/* base/json_escape.h - one character as JSON writes it inside a text, and read. Cheap: hostile texts are nothing else. */
#ifndef BASE_JSON_ESCAPE_H
#define BASE_JSON_ESCAPE_H

#include <glib.h>
#include <string.h>

enum { JSON_ESCAPE_SIZE = 6 };

/* A quote, a backslash or a control character into `out`; answers how many bytes of it. */
static inline size_t json_escape(char c, char out[JSON_ESCAPE_SIZE])
{
    static const char SHORT[] = "\"\\\b\f\n\r\t", LETTERS[] = "\"\\bfnrt";
    static const char DIGITS[] = "0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(SHORT, c);
    if (at != NULL) {
        out[0] = '\\';
        out[1] = LETTERS[at - SHORT];
        return 2;
    }
    out[0] = '\\';
    out[1] = 'u';
    out[2] = out[3] = '0';
    out[4] = DIGITS[((unsigned char)c >> 4) & 0xf];
    out[5] = DIGITS[(unsigned char)c & 0xf];
    return JSON_ESCAPE_SIZE;
}

/* Is it one of them? */
static inline bool json_must_escape(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* The four digits of the escape (\u0041) that begins at `at`, of which `left` bytes are there; -1: there is none. */
static inline int json_escaped_unit(const char *at, size_t left)
{
    int value = 0;
    if (left < JSON_ESCAPE_SIZE || at[0] != '\\' || at[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < JSON_ESCAPE_SIZE; i++) {
        int digit = g_ascii_xdigit_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

#endif
