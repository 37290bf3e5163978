/* app/place.h - where a database is: in a data directory, in a file by itself, or on a server. */
#ifndef APP_PLACE_H
#define APP_PLACE_H

#include "app/settings.h"

struct place {
    char *where; /* for db_open */
    char *data;  /* the data directory; NULL where there is none */
    char *shown; /* for people: without a password */
    bool is_server;
};

/* "./data", or postgresql://…, which may stand in a file: file:PATH. False and a fault for anything
 * else; place_clear it in either case. */
NODISCARD bool place_parse(const char *text, struct place *out, struct fault *fault);
/* What `tocsin serve` would use. */
void place_of_settings(const struct settings *settings, struct place *out);
/* A database file by itself: a backup. */
void place_of_file(const char *path, struct place *out);
void place_clear(struct place *place);

#endif
