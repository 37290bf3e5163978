/* http/cookie.h - the cookies of a request (RFC 6265, 5.4). Pure. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <glib.h>
#include <stdbool.h>

/* The value of the first cookie of that name in a Cookie header ("a=1; b=2"), without the quotes that may stand
 * around it; newly allocated, NULL when there is none. */
char *cookie_value(const char *header, const char *name);

#endif
