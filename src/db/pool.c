#include "db/engine.h"

#include <pthread.h>

/* More idle connections than this are closed: a burst of readers must not hold memory for ever. */
enum { POOL_IDLE_MAX = 16 };

struct db_pool {
    char *where;
    pthread_mutex_t mutex; /* guards `idle` */
    GPtrArray *idle;       /* of struct db */
};

struct db_pool *db_pool_create(const char *where)
{
    struct db_pool *pool = g_new0(struct db_pool, 1);
    pool->where = g_strdup(where);
    pool->idle = g_ptr_array_new();
    CHECK(pthread_mutex_init(&pool->mutex, NULL) == 0);
    return pool;
}

void db_pool_destroy(struct db_pool **pool)
{
    if (*pool == NULL) {
        return;
    }
    for (guint i = 0; i < (*pool)->idle->len; i++) {
        struct db *db = (*pool)->idle->pdata[i];
        db_close(&db);
    }
    g_ptr_array_unref((*pool)->idle);
    CHECK(pthread_mutex_destroy(&(*pool)->mutex) == 0);
    g_free((*pool)->where);
    g_clear_pointer(pool, g_free);
}

static struct db *take_idle(struct db_pool *pool)
{
    struct db *db = NULL;
    CHECK(pthread_mutex_lock(&pool->mutex) == 0);
    if (pool->idle->len > 0) {
        db = g_ptr_array_steal_index(pool->idle, pool->idle->len - 1);
    }
    CHECK(pthread_mutex_unlock(&pool->mutex) == 0);
    return db;
}

struct db *db_pool_take(struct db_pool *pool)
{
    struct db *db = take_idle(pool);
    if (db == NULL) {
        db = db_open_or_dead(pool->where);
    }
    db_begin(db);
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
    db_rollback(db);
    CHECK(pthread_mutex_lock(&pool->mutex) == 0);
    is_kept = is_kept && pool->idle->len < POOL_IDLE_MAX;
    if (is_kept) {
        g_ptr_array_add(pool->idle, db);
    }
    CHECK(pthread_mutex_unlock(&pool->mutex) == 0);
    if (!is_kept) {
        db_close(&db);
    }
}
