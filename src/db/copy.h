/* db/copy.h - copies everything from one database to an empty one, of whatever engine, and proves
 * that it did. */
#ifndef DB_COPY_H
#define DB_COPY_H

#include <glib.h>

#include "db/digest.h"
#include "db/pageable.h"

struct db_copied {
    char *table;
    struct db_digest digest; /* the same on both sides */
};

struct db_copy {
    GArray *tables; /* of struct db_copied, by name */
    struct pageable pageable;
    int64_t rows; /* of all tables */
    const char
        *occupied;  /* a table of the target that had rows, which is why it was refused; or NULL */
    int64_t mended; /* texts that were not valid UTF-8, which PostgreSQL does not keep */
};

void db_copy_clear(struct db_copy *copy);

/* Copies every table with content and every id, then reads both sides' rows and pageable work and
 * compares. `from` is in a transaction that shows one state to its end; `to` is in one that writes,
 * which the caller commits when this answers true, and rolls back when it answers false and a fault.
 * Both must have the schema that this program knows. Reads and keeps a few hundred rows at a time.
 * `out` is filled in either case; db_copy_clear it. */
NODISCARD bool db_copy_all(struct db *from, struct db *to, struct db_copy *out,
                           struct fault *fault);

/* Looks at the finished copy before it is committed: false and a fault undoes it. */
struct db_copy_judge {
    bool (*judge)(void *self, struct db *to, struct fault *fault);
    void *self;
};

/* db_copy_all into a database file that must not exist yet, or into an empty database of a server,
 * which gets its schema if it has none. What was cut short left nothing: only a whole and checked copy
 * is committed and gets its name. `from` as above; `judge` may be NULL. */
NODISCARD bool db_copy_to_file(struct db *from, const char *path, const struct db_copy_judge *judge,
                               struct db_copy *out, struct fault *fault);
NODISCARD bool db_copy_to_server(struct db *from, const char *url,
                                 const struct db_copy_judge *judge, struct db_copy *out,
                                 struct fault *fault);

/* Commits a copy. Where the answer is lost the database is asked what became of it, for as long as
 * `patience`. False and a fault that says whether it was kept, and what to do. */
NODISCARD bool db_commit_copy(struct db *to, struct span patience, struct fault *fault);

/* Begins a transaction that reads and shows one state of the database to its end, on either engine, however
 * long that is. */
void db_begin_snapshot(struct db *db);

#endif
