/* channel/text.h - texts from outside, made safe for the place they are put into. Pure. */
#ifndef CHANNEL_TEXT_H
#define CHANNEL_TEXT_H

#include <glib.h>

#include "base/check.h"

/* One line of valid UTF-8 of at most `max` characters: control characters and line ends become
 * spaces, invisible characters that turn the reading direction are dropped, what is too long ends
 * in "…". NULL gives "". To be freed with g_free. */
NODISCARD char *text_line(const char *text, size_t max);

/* At most `max` bytes of valid UTF-8; what is longer ends after a whole character in "…". To be freed with
 * g_free. */
NODISCARD char *text_within(const char *text, size_t max);

/* Is it an http or https link without spaces, quotes or control characters? Others are not shown. */
bool text_is_link(const char *url);

/* RFC 2047: unchanged when it is short plain ASCII, else encoded words of at most 64 characters with
 * `between` (" " or "\r\n ") among them. To be freed with g_free. The text must be one line. */
NODISCARD char *text_encoded_words(const char *line, const char *between);

/* The same with encoded words in any case, for where quotes, commas or brackets have a meaning. */
NODISCARD char *text_all_encoded(const char *line, const char *between);

/* RFC 2045 quoted-printable with CRLF line ends. To be freed with g_free. */
NODISCARD char *text_quoted_printable(const char *text);

#endif
