/* api/assets.h - the files of the web interface, which the build made and packed. Only for this floor.
 *
 * `tools/web` leaves each file as it is, as Brotli and as gzip, under a name with the hash of what is in it;
 * and an index that says what a page begins with. Without Node and without a built interface there are none. */
#ifndef API_ASSETS_H
#define API_ASSETS_H

#include <glib.h>

#include "http/encoding.h"

struct asset {
    const char *content_type;
    const void *bytes; /* live as long as the program */
    size_t size;
};

/* The file of that name in that form; false: there is none. */
NODISCARD bool asset_find(const char *name, enum encoding wanted, struct asset *out);

/* What a page begins with: addresses such as "/assets/shell-3f2a.js", lists that end with NULL. */
struct asset_index {
    char *script;    /* the module that begins */
    char **preloads; /* modules that it needs at once */
    char **styles;
    char *icon, *manifest; /* NULL: there is none */
};

/* NULL: this program was built without its interface. Borrowed, of all threads. */
const struct asset_index *asset_index(void);

#endif
