/* base/unicode.h - characters that make a text read otherwise than it is stored, or drive a terminal. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <glib.h>
#include <stdbool.h>

/* Shows nothing, or changes the direction of what follows: zero width, U+202E and its kind. */
static inline bool unichar_is_trick(gunichar c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xfeff || c == 0x061c || c == 0xad;
}

/* C0, DEL and C1 controls, and the two separators that end a line. */
static inline bool unichar_is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

#endif
