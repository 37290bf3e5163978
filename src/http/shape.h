/* http/shape.h - is a request's header sound, and how does its body come? Only for the files of this folder.
 *
 * What two programs on the way could read differently is not sound (RFC 9112). */
#ifndef HTTP_SHAPE_H
#define HTTP_SHAPE_H

#include <glib.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct shape {
    unsigned hosts, lengths, encodings;
    bool is_sound, is_chunked, expects_continue;
    const char *length; /* as it was sent; NULL: without */
    const char *last_value;
    const char *why; /* it is to be refused; NULL: it is sound */
};

/* Looks at all of the header. `version` as libmicrohttpd gives it. */
void shape_read(struct MHD_Connection *connection, const char *version, struct shape *out);
/* Of the body that was announced; 0 without. */
NODISCARD uint64_t shape_size(const struct shape *shape);

#endif
