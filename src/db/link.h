/* db/link.h - what can happen between a writer and its database, made to happen. For tests and the
 * simulator only. */
#ifndef DB_LINK_H
#define DB_LINK_H

#include "db/db.h"

enum db_moment { DB_AT_BEGIN = 1, DB_AT_COMMIT };

enum db_fate {
    DB_LINK_GOOD = 1,
    DB_LINK_CUT,         /* DB_DOWN, nothing was kept */
    DB_LINK_LOST_BEFORE, /* at a commit: DB_UNCERTAIN, and it was not kept */
    DB_LINK_LOST_AFTER,  /* at a commit: DB_UNCERTAIN, and it was kept */
};

struct db_link {
    enum db_fate (*fate)(void *self, enum db_moment moment);
    /* Stands in for the server's clock (db_now); NULL: that one, for a shared file the machine's. */
    struct utc (*now)(void *self);
    /* A transaction that asked for db_announce was committed; NULL: nobody hears. */
    void (*announced)(void *self);
    void *self;
};

/* `link` is borrowed and must outlive the connection. */
void db_set_link(struct db *db, const struct db_link *link);

/* The connection ends, as when the server does; between transactions, or while the link is asked about
 * a begin (which may take its time). A shared file is opened again at the next begin. */
void db_hang_up(struct db *db);

/* Bugs that a test plants to see itself fail (base/plant.h); only a build with tests has them, and db_plant. */
enum db_bug {
    DB_BUG_NO_TURN = 1,      /* a write transaction does not lock its turn */
    DB_BUG_EARLY_ANSWER = 2, /* commits without waiting for the disk and the standbys */
};

void db_plant(struct db *db, unsigned bugs);

#endif
