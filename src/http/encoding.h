/* http/encoding.h - in which form is an answer sent, and does who asks have it already? Pure. */
#ifndef HTTP_ENCODING_H
#define HTTP_ENCODING_H

#include "base/check.h"

enum encoding { ENCODING_IDENTITY = 1, ENCODING_GZIP, ENCODING_BROTLI };

/* The smallest form that an Accept-Encoding header (RFC 9110, 12.5.3) takes gladly; of several that it
 * prefers alike, Brotli first. NULL, or nothing of ours: as it is. */
NODISCARD enum encoding encoding_wanted(const char *accept);
/* Its name in Content-Encoding; NULL of ENCODING_IDENTITY, which has none there. */
const char *encoding_name(enum encoding encoding);

/* Is the entity tag ("\"…\"", quotes included) in an If-None-Match header, or does that take any? NULL: no. */
NODISCARD bool etag_is_listed(const char *header, const char *etag);

#endif
