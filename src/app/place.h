/* app/place.h - where a database is: in a data directory, in a file by itself, or on a server. */
#ifndef APP_PLACE_H
#define APP_PLACE_H

#include "cli/cli.h"
#include "db/db.h"

struct place {
    char *where;        /* for db_open */
    char *data;         /* the data directory; NULL where there is none */
    char *shown;        /* for people: without a password */
    const char *called; /* the flag that named it; "" where none did */
    bool is_server;
};

/* "./data", or postgresql://…, which may stand in a file: file:PATH. False and a fault for anything
 * else, of which nothing is shown when it looks like an address: it may hold a password. `called`, the
 * flag, is borrowed for as long as the place; place_clear it in either case. */
NODISCARD bool place_parse(const char *called, const char *text, struct place *out,
                           struct fault *fault);
/* Of a directory that is to be filled the parent must be there: else a slip of the finger would make it. */
NODISCARD bool place_check_target(const struct place *place, struct fault *fault);
/* A fault about a database is told of the flag that named it. */
void place_blame(const struct place *place, struct fault *fault);
/* What `tocsin serve` would use. */
void place_of_settings(const struct settings *settings, struct place *out);
/* A database file by itself: a backup. */
void place_of_file(const char *path, struct place *out);
/* Is it a database of ours, of a schema that this program reads? `db` is open on it. */
NODISCARD bool place_check_schema(const struct place *place, struct db *db, struct fault *fault);
/* The same of whatever schema: for what only copies it. */
NODISCARD bool place_holds_ours(const struct place *place, struct db *db, struct fault *fault);
/* May the file be opened to be written to? Not another program's, in which merely opening it would set something.
 * A fault when it is that, or cannot be read. */
NODISCARD bool place_check_file(const char *file, struct fault *fault);
/* The same of the file in a data directory, and is it what was used there (app/lost.h)? */
NODISCARD bool place_check_kept(const struct place *place, struct fault *fault);
/* The database of these settings, for a command that goes to it by itself, DB_READ_ONLY or DB_READ_WRITE. NULL and a
 * fault where there is none, where what was used there is gone, or where it is another program's: then nothing was
 * changed in it. */
NODISCARD struct db *place_open(const struct cli *cli, const struct place *place, enum db_mode mode,
                                struct fault *fault);

void place_clear(struct place *place);

#endif
