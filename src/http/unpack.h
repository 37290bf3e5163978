/* http/unpack.h - a gzip'd body (RFC 1952), unpacked as it comes. What is unpacked is handed on in pieces: whoever
 * takes it counts, and can say that it is enough. */
#ifndef HTTP_UNPACK_H
#define HTTP_UNPACK_H

#include "base/check.h"

struct unpack;

enum { UNPACK_MEMORY = 49152 }; /* what one holds, at most */

NODISCARD struct unpack *unpack_create(void);
void unpack_destroy(struct unpack **unpack);

/* Hands on what the bytes hold until `take` answers false. False: they are not gzip. */
NODISCARD bool unpack_feed(struct unpack *unpack, const char *bytes, size_t size,
                           bool (*take)(void *self, const char *bytes, size_t size), void *self);
/* Was that the end, as the data themselves say? */
NODISCARD bool unpack_is_whole(const struct unpack *unpack);

#endif
