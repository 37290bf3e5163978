#include "db/engine.h"

#include "base/clock.h"
#include "base/plant.h"
#include "base/random.h"

/* The clock is read outside of the select that waits for the lock, or it would tell when the wait
 * began. */
static const char SQL_TAKE[] =
    "SELECT number, next_id, {clock} FROM"
    " (SELECT number, next_id FROM turn WHERE only_row = 1 {lock}) AS mine";
static const char SQL_LOOK[] = "SELECT number, next_id, {clock} FROM turn WHERE only_row = 1";
static const char SQL_COUNT_UP[] = "UPDATE turn SET number = $1, next_id = $2 WHERE only_row = 1";
static const char SQL_MARK[] = "INSERT INTO commit_mark (writer, number) VALUES ($1, $2)"
                               " ON CONFLICT (writer) DO UPDATE SET number = excluded.number";
static const char SQL_FIND_MARK[] = "SELECT number FROM commit_mark WHERE writer = $1";

/* Of a lock's time-out each: the first is longer than who holds the turn may be silent, the others are short,
 * for one who fell silent while he was waited for. */
enum { TURN_TRIES = 4 };

/* A database file has no clock of its own (0), and a test brings one. */
static struct utc clock_of(const struct db *db, struct utc server)
{
    if (db->link != NULL && db->link->now != NULL) {
        return db->link->now(db->link->self);
    }
    return server.us != 0 ? server : clock_now(&CLOCK_SYSTEM);
}

static void read_turn(struct db *db, const char *sql)
{
    struct db_query *query = db_query(db, sql);
    if (db_step(query) == DB_ROW) {
        db->turn.is_known = true;
        db->turn.number = db_int(query, 0);
        db->next_id = db_int(query, 1);
        db->turn.now = clock_of(db, db_utc(query, 2));
    } else {
        (void)db_fail(db, DB_FAILED, "table turn has lost its row; restore a backup");
    }
    db_reset(query);
}

static enum db_fate fate_of(struct db *db, enum db_moment moment)
{
    return db->link == NULL || db->link->fate == NULL ? DB_LINK_GOOD
                                                      : db->link->fate(db->link->self, moment);
}

static bool takes_turn(const struct db *db)
{
    return db->is_shared && !db->is_turnless && !db->is_reading;
}

/* Whoever holds the turn and is silent has frozen, perhaps in the middle of a pipeline, where the server
 * waits for the rest: to begin again ends him. So nobody waits so long that he could not see meanwhile
 * who lives. */
static void take_turn(struct db *db)
{
    const char *sql = PLANTED(db->bugs, DB_BUG_NO_TURN) ? SQL_LOOK : SQL_TAKE;
    read_turn(db, sql);
    for (int tries = 1; tries < TURN_TRIES && db->error == DB_CONFLICT; tries++) {
        db->engine->rollback(db);
        db_forget_error(db);
        if (db->engine->begin(db) == DB_OK) {
            read_turn(db, sql);
        }
    }
}

void turn_begin(struct db *db)
{
    db->turn = (struct db_turn){0};
    db->turn.is_asking = true;
    bool is_good = fate_of(db, DB_AT_BEGIN) == DB_LINK_GOOD;
    db->turn.is_asking = false;
    if (!is_good) {
        (void)db_fail(db, DB_DOWN, "the link to the database is cut");
        return;
    }
    if (db->engine->begin(db) == DB_OK && takes_turn(db)) {
        take_turn(db);
    }
}

void turn_take(struct db *db)
{
    db->is_turnless = false;
    if (db->error == DB_OK && takes_turn(db)) {
        read_turn(db, SQL_TAKE);
    }
}

/* 63 bits that no other connection has, all of the same length. */
static int64_t draw_writer(void)
{
    uint64_t bits = 0;
    random_fill(&RANDOM_SYSTEM, &bits, sizeof bits);
    return (int64_t)((bits >> 2) | UINT64_C(1) << 62);
}

static void count_up(struct db *db, int64_t number)
{
    struct db_query *query = db_query(db, SQL_COUNT_UP);
    db_bind_int(query, 1, number);
    db_bind_int(query, 2, db->next_id);
    (void)db_run(query);
}

/* Ends the turn, in the transaction. Answers its number; 0 for one that changed nothing, of which
 * nobody needs to know. */
static int64_t end_turn(struct db *db)
{
    if (!takes_turn(db) || !db->turn.is_known) {
        return 0;
    }
    if (db->turn.is_resolving) {
        count_up(db, db->turn.number);
        return 0;
    }
    if (!db->turn.has_written) {
        return 0;
    }
    db->writer = db->writer != 0 ? db->writer : draw_writer();
    count_up(db, db->turn.number + 1);
    struct db_query *query = db_query(db, SQL_MARK);
    db_bind_int(query, 1, db->writer);
    db_bind_int(query, 2, db->turn.number + 1);
    (void)db_run(query);
    if (db->turn.is_announced && db->engine->announce != NULL) {
        db->engine->announce(db);
    }
    return db->turn.number + 1;
}

static void tell_others(struct db *db)
{
    if (db->turn.is_announced && db->link != NULL && db->link->announced != NULL) {
        db->link->announced(db->link->self);
    }
}

/* The engine's commit over a link that may lose its answer. */
static enum db_status commit_over_link(struct db *db)
{
    enum db_fate fate = db->is_reading ? DB_LINK_GOOD : fate_of(db, DB_AT_COMMIT);
    if (fate == DB_LINK_CUT) {
        return db_fail(db, DB_DOWN, "the link to the database is cut");
    }
    enum db_status status = fate == DB_LINK_LOST_BEFORE ? DB_OK : db->engine->commit(db);
    if (status == DB_OK && fate != DB_LINK_LOST_BEFORE) {
        tell_others(db);
    }
    return status == DB_OK && fate != DB_LINK_GOOD
               ? db_fail(db, DB_UNCERTAIN, "the answer to the commit was lost")
               : status;
}

enum db_status turn_commit(struct db *db)
{
    int64_t number = end_turn(db);
    enum db_status status = db->error == DB_OK ? commit_over_link(db) : db->error;
    if (!db->turn.is_resolving) {
        db->uncertain = status == DB_UNCERTAIN ? number : 0;
        db->turn.taken = status == DB_OK ? number : 0;
    }
    return status;
}

bool db_is_shared(const struct db *db)
{
    return db->is_shared;
}

/* A transaction that only reads asks when somebody wants to know. */
static bool knows_turn(struct db *db)
{
    if (!db->is_shared || !db->is_in_transaction || db->error != DB_OK) {
        return false;
    }
    if (!db->turn.is_known && db->is_reading) {
        read_turn(db, SQL_LOOK);
    }
    return db->turn.is_known;
}

int64_t db_turn(struct db *db)
{
    return knows_turn(db) ? db->turn.number : 0;
}

uint64_t db_session(const struct db *db)
{
    return db->session;
}

int64_t db_turn_taken(const struct db *db)
{
    return db->turn.taken;
}

struct utc db_now(struct db *db)
{
    return knows_turn(db) ? db->turn.now : (struct utc){0};
}

void db_announce(struct db *db)
{
    db->turn.is_announced = true;
}

/* A writer commits rising numbers, and this was its last: no other row of its can bear it. */
static bool is_marked(struct db *db, int64_t number)
{
    struct db_query *query = db_query(db, SQL_FIND_MARK);
    db_bind_int(query, 1, db->writer);
    bool is_marked = db_step(query) == DB_ROW && db_int(query, 0) == number;
    db_reset(query);
    return is_marked;
}

/* Holding the turn, the lost commit has either ended or never will. The number is written once more
 * though it stays: only a transaction that writes waits for the standbys, and what came before it in
 * the log is as safe as it is. */
enum db_status db_resolve(struct db *db)
{
    if (!db->is_shared) {
        return DB_OK;
    }
    if (db->uncertain == 0) {
        return DB_DONE;
    }
    db_begin(db);
    db->turn.is_resolving = true;
    bool is_kept = is_marked(db, db->uncertain);
    enum db_status status = db_commit(db);
    if (status != DB_OK) {
        return status;
    }
    db->uncertain = 0;
    return is_kept ? DB_OK : DB_DONE;
}

void db_set_link(struct db *db, const struct db_link *link)
{
    db->link = link;
}

void db_hang_up(struct db *db)
{
    CHECK(!db->is_in_transaction || db->turn.is_asking);
    if (db->engine->hang_up != NULL) {
        g_hash_table_remove_all(db->queries);
        db->engine->hang_up(db);
    }
}

#ifdef TOCSIN_PLANTS
void db_plant(struct db *db, unsigned bugs)
{
    db->bugs |= bugs;
    if (db->engine->plant != NULL) {
        db->engine->plant(db);
    }
}
#endif
