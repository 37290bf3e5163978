/* http/cookie.h - the cookies of a request (RFC 6265, 5.4). Pure. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <glib.h>
#include <stdbool.h>

#include "base/check.h"

/* The value of the first cookie of that name in a Cookie header ("a=1; b=2"), without the quotes that may stand
 * around it; newly allocated, NULL when there is none. */
char *cookie_value(const char *header, const char *name);

/* The same, strictly, for what proves who somebody is: false when there are two of that name, or what stands there is
 * no word of 1 to COOKIE_WORD_MAX letters, digits, - and _. True with NULL: there is none. */
enum { COOKIE_WORD_MAX = 128 };

NODISCARD bool cookie_sole(const char *header, const char *name, char **out);

#endif
