/* Room inside the file that nothing is in, and how it is given back.
 *
 * Pages whose rows were deleted stay in the file and are used for the next rows. A file that knows where each of its pages
 * is pointed from (auto_vacuum, which only a new file can be given) can move its last pages into such room, and be cut. */
#include "db/sqlite_engine.h"

/* In one go: each dirties some others, and the caller looks at its time between two of them. */
#define A_FEW "4"

enum { NONE = 0 }; /* auto_vacuum of a file that was made without */

static const char SPACE[] =
    "SELECT (SELECT page_count FROM pragma_page_count), (SELECT freelist_count FROM"
    " pragma_freelist_count), (SELECT auto_vacuum FROM pragma_auto_vacuum)";

bool sqlite_space(struct db *db, struct db_space *out)
{
    struct db_query *query = db_query(db, SPACE);
    bool is_known = db_step(query) == DB_ROW;
    if (is_known) {
        *out = (struct db_space){.bytes = db_int(query, 0) * SQLITE_PAGE,
                                 .free_bytes = db_int(query, 1) * SQLITE_PAGE,
                                 .can_shrink = db_int(query, 2) != NONE};
    }
    db_reset(query);
    return is_known;
}

int64_t sqlite_give_back(struct db *db, int64_t reserve)
{
    struct db_space before, after;
    if (!sqlite_space(db, &before) || !before.can_shrink || before.free_bytes <= reserve) {
        return 0;
    }
    struct db_query *query = db_query(db, "PRAGMA incremental_vacuum(" A_FEW ")");
    while (db_step(query) == DB_ROW) { /* one for each page */
    }
    return sqlite_space(db, &after) ? before.bytes - after.bytes : 0;
}
