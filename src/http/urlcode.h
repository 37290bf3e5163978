/* http/urlcode.h - percent-encoding and forms. Pure. */
#ifndef HTTP_URLCODE_H
#define HTTP_URLCODE_H

#include <glib.h>

#include "base/check.h"

/* The text behind %XX (and behind '+', a space, in queries and forms). NULL when an escape is
 * malformed or the result is not UTF-8 or contains NUL. Free with g_free. */
NODISCARD char *url_decode(const char *text, size_t size, bool plus_is_space);

/* Everything but A-Z a-z 0-9 - . _ ~ escaped. */
NODISCARD char *url_encode(const char *text);

/* Names and values of application/x-www-form-urlencoded. */
struct form {
    GPtrArray *texts; /* name, value, name, value … */
};

/* False when a pair is malformed (see url_decode) or there are more than 100; `out` is then empty. */
NODISCARD bool form_read(const char *bytes, size_t size, struct form *out);
/* The first value of that name, or NULL. */
const char *form_get(const struct form *form, const char *name);
void form_clear(struct form *form);

/* Is it what a Host header may be: a name or an address, perhaps with a port, and blanks behind it? It may be
 * empty (RFC 9112, 3.2; RFC 3986, 3.2.2). */
NODISCARD bool host_is_sound(const char *text);

#endif
