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

/* Headers that say one thing, of those that are heeded here; see shape.c. */
enum { SHAPE_SINGLES = 5 };

struct shape {
    unsigned hosts, lengths, encodings;
    bool is_sound, is_chunked, expects_continue, has_odd_host;
    size_t header_size;   /* bytes */
    unsigned parts;       /* lines and parameters of the query */
    const char *length;   /* as it was sent; NULL: without */
    const char *end;      /* of the last value, white space included; NULL: there is none */
    const char *encoding; /* of the body, the last line of them as it was sent; NULL: without */
    unsigned packings;    /* how often gzip stands in all of them */
    bool is_packed_otherwise;
    const char *singles[SHAPE_SINGLES]; /* their first values; NULL: without */
    bool is_contradicted;               /* a later one says something else */
    const char *why;                    /* it is to be refused; NULL: it is sound */
};

/* Looks at all of the header, and drops the white space behind its values. `version` as libmicrohttpd gives it. */
void shape_read(struct MHD_Connection *connection, const char *version, struct shape *out);
/* Is there a body to come? */
NODISCARD bool shape_has_body(const struct shape *shape);
/* Of the body that was announced; 0 without. */
NODISCARD uint64_t shape_size(const struct shape *shape);

#endif
