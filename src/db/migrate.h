/* db/migrate.h - the numbered steps that bring the schema forward, and which program works with
 * which schema.
 *
 * Each step runs in a transaction of its own, beside which nobody writes, and leaves the set of
 * pageable work as it was (db/pageable.h), or it is undone. A step whose first line is
 *
 *     -- works from: 2
 *
 * lets programs that know schema 2 go on beside it; without that line only those that know the step
 * itself do. So the nodes of a cluster are renewed one after the other; a step that a living node could
 * not work beside is refused. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <glib.h>

#include "db/db.h"

struct db_migration {
    char *name; /* "0003_more.sql" */
    char *sql;
};

/* Number n stands at n - 1. */
struct db_migrations {
    struct db_migration *items;
    size_t count;
};

/* Those that travel in the program: of this folder, and of the features that it was linked with (GResource files under
 * /tocsin/migrations). Their numbers run without a gap, which is CHECKed. */
NODISCARD struct db_migrations *db_migrations_load(void);
void db_migrations_free(struct db_migrations **migrations);

enum schema_state {
    SCHEMA_EMPTY = 1, /* there is none yet */
    SCHEMA_OLDER,     /* steps are missing */
    SCHEMA_SAME,
    SCHEMA_NEWER,   /* newer than the program, which works with it */
    SCHEMA_TOO_NEW, /* and which does not */
};

struct db_schema {
    int64_t found; /* 0: empty */
    int64_t known; /* the newest that the program knows */
    int state;     /* enum schema_state */
};

/* Not in a transaction that writes. False and a fault when it cannot be read. */
NODISCARD bool db_schema_look(struct db *db, const struct db_migrations *known,
                              struct db_schema *out, struct fault *fault);

/* Is a file another program's: has it tables, but none of ours? See db_error. */
NODISCARD bool db_is_foreign(struct db *db);

/* May this program work with it as it is? False and a fault that says what to do. */
NODISCARD bool db_schema_check(const struct db_schema *schema, struct fault *fault);

/* Runs what is missing; an empty database gets everything in one transaction. On PostgreSQL one
 * program at a time does, and a lock that others hold is waited for a second at most before they may
 * go on and it is tried again. Steps done before a failure stay. `out_done`: how many steps. */
NODISCARD bool db_migrate_all(struct db *db, const struct db_migrations *known, struct utc now,
                              int *out_done, struct fault *fault);

/* The same with other limits. */
struct db_patience {
    int tries;    /* of each step */
    int alone_ms; /* for another program that migrates */
    int watch_ms; /* for nodes that stand there as alive to show that they are */
};

NODISCARD bool db_migrate_within(struct db *db, const struct db_migrations *known, struct utc now,
                                 const struct db_patience *patience, int *out_done,
                                 struct fault *fault);

/* Before a program starts to work: a file is brought forward, an empty server filled; a server with an
 * older schema is refused, for `tocsin migrate` decides when that is done. */
NODISCARD bool db_migrate_for(struct db *db, const struct db_migrations *known, struct utc now,
                              struct fault *fault);

#endif
