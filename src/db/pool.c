#include "db/engine.h"

#include <pthread.h>

#include "db/back_off.h"

/* More idle connections than this are closed: a burst of readers must not hold memory for ever. */
enum { POOL_IDLE_MAX = 16 };

struct db_pool {
    char *where;
    pthread_mutex_t mutex;    /* guards what follows */
    GPtrArray *idle;          /* of struct db */
    struct back_off back_off; /* of a server that could not be reached */
    uint64_t era;             /* counts renewals */
};

struct db_pool *db_pool_create(const char *where)
{
    struct db_pool *pool = g_new0(struct db_pool, 1);
    pool->where = g_strdup(where);
    pool->idle = g_ptr_array_new();
    CHECK(pthread_mutex_init(&pool->mutex, NULL) == 0);
    return pool;
}

static void close_each(GPtrArray *connections)
{
    for (guint i = 0; i < connections->len; i++) {
        struct db *db = connections->pdata[i];
        db_close(&db);
    }
    g_ptr_array_unref(connections);
}

void db_pool_destroy(struct db_pool **pool)
{
    if (*pool == NULL) {
        return;
    }
    close_each((*pool)->idle);
    CHECK(pthread_mutex_destroy(&(*pool)->mutex) == 0);
    g_free((*pool)->where);
    g_clear_pointer(pool, g_free);
}

/* An idle connection, or NULL. `out_may_open`: whether to open another one, in that era. */
static struct db *take_idle(struct db_pool *pool, bool *out_may_open, uint64_t *out_era)
{
    struct db *db = NULL;
    CHECK(pthread_mutex_lock(&pool->mutex) == 0);
    if (pool->idle->len > 0) {
        db = g_ptr_array_steal_index(pool->idle, pool->idle->len - 1);
    }
    *out_may_open = back_off_is_over(&pool->back_off);
    *out_era = pool->era;
    CHECK(pthread_mutex_unlock(&pool->mutex) == 0);
    return db;
}

/* With the mutex held. To be closed without it. */
static GPtrArray *take_all(struct db_pool *pool)
{
    GPtrArray *all = pool->idle;
    pool->idle = g_ptr_array_new();
    return all;
}

/* A server that one borrower could not reach is not asked by all the others at once, each of whom
 * would wait; and those connections that wait for work are most likely lost with it. */
static void note_reach(struct db_pool *pool, bool is_reached)
{
    GPtrArray *lost = NULL;
    CHECK(pthread_mutex_lock(&pool->mutex) == 0);
    if (is_reached) {
        pool->back_off.failures = 0;
    } else {
        back_off_more(&pool->back_off);
        lost = take_all(pool);
    }
    CHECK(pthread_mutex_unlock(&pool->mutex) == 0);
    if (lost != NULL) {
        close_each(lost);
    }
}

void db_pool_renew(struct db_pool *pool)
{
    CHECK(pthread_mutex_lock(&pool->mutex) == 0);
    pool->era++;
    GPtrArray *old = take_all(pool);
    CHECK(pthread_mutex_unlock(&pool->mutex) == 0);
    close_each(old);
}

struct db *db_pool_take(struct db_pool *pool)
{
    bool may_open = false;
    uint64_t era = 0;
    struct db *db = take_idle(pool, &may_open, &era);
    if (db == NULL && !may_open) {
        return db_none("the database was not reached a moment ago");
    }
    if (db == NULL) {
        db = db_open_or_dead(pool->where);
        db->era = era;
    }
    db_begin(db);
    if (postgres_is_url(pool->where)) {
        note_reach(pool, db_error(db) != DB_DOWN);
    }
    return db;
}

/* A connection that met trouble is not used again: the next borrower starts with a fresh one. */
static bool is_worth_keeping(const struct db *db)
{
    return !db->is_dead && db->error == DB_OK;
}

void db_pool_give(struct db_pool *pool, struct db *db)
{
    bool is_kept = is_worth_keeping(db);
    bool is_lost = db->error == DB_DOWN && !db_is_stopped(db); /* and not given up by us */
    if (!db->is_dead && is_lost && postgres_is_url(pool->where)) {
        note_reach(pool, false);
    }
    db_set_stop(db, NULL);
    db_rollback(db);
    CHECK(pthread_mutex_lock(&pool->mutex) == 0);
    is_kept = is_kept && db->era == pool->era && pool->idle->len < POOL_IDLE_MAX;
    if (is_kept) {
        g_ptr_array_add(pool->idle, db);
    }
    CHECK(pthread_mutex_unlock(&pool->mutex) == 0);
    if (!is_kept) {
        db_close(&db);
    }
}
