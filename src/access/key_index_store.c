#include "access/key_index.h"

#include <glib.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "access/token_store.h"

/* A use is written this long after the one written before it. */
#define USE_WAIT SPAN_MIN(1)

struct indexed_key {
    unsigned char hash[KEY_HASH_SIZE]; /* first: the table's key */
    struct key_entry entry;
    struct utc revoked_at; /* unset: it is not */
    struct utc expires_at;
    struct utc use_written; /* the ledger's thread only */
    _Atomic int64_t used_us;
};

struct key_index {
    struct ledger *ledger;
    struct db *db;
    int64_t version;                  /* the ledger's thread only */
    pthread_rwlock_t lock;            /* guards `keys` as a whole */
    GHashTable *keys;                 /* of struct indexed_key, by hash */
    _Atomic int64_t write_uses_at_us; /* UTC_NEVER: nothing to write */
};

/* The keys are hashes already: any bytes of them do. */
static guint hash_of(gconstpointer key)
{
    guint hash = 0;
    memcpy(&hash, key, sizeof hash);
    return hash;
}

static gboolean is_same(gconstpointer a, gconstpointer b)
{
    return sodium_memcmp(a, b, KEY_HASH_SIZE) == 0;
}

static GHashTable *new_table(void)
{
    return g_hash_table_new_full(hash_of, is_same, NULL, g_free);
}

struct key_index *key_index_create(void)
{
    struct key_index *index = g_new0(struct key_index, 1);
    CHECK(pthread_rwlock_init(&index->lock, NULL) == 0);
    index->keys = new_table();
    atomic_init(&index->write_uses_at_us, UTC_NEVER.us);
    return index;
}

void key_index_destroy(struct key_index **index)
{
    if (*index == NULL) {
        return;
    }
    g_hash_table_unref((*index)->keys);
    CHECK(pthread_rwlock_destroy(&(*index)->lock) == 0);
    g_clear_pointer(index, g_free);
}

static void add_key(void *self, const struct access_key *key)
{
    struct indexed_key *indexed = g_new0(struct indexed_key, 1);
    memcpy(indexed->hash, key->hash, sizeof indexed->hash);
    indexed->entry.id = key->id;
    indexed->entry.owner_kind = key->owner_kind;
    indexed->entry.scope = key->scope;
    (void)g_strlcpy(indexed->entry.owner, key->owner, sizeof indexed->entry.owner);
    indexed->revoked_at = key->revoked_at;
    indexed->expires_at = key->expires_at;
    indexed->use_written = key->last_used_at;
    atomic_init(&indexed->used_us, key->last_used_at.us);
    g_hash_table_replace(self, indexed->hash, indexed);
}

/* Uses that are not written yet must not be forgotten with the old table. */
static void keep_uses(GHashTable *from, GHashTable *to)
{
    GHashTableIter each;
    gpointer value = NULL;
    g_hash_table_iter_init(&each, from);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct indexed_key *old = value;
        struct indexed_key *fresh = g_hash_table_lookup(to, old->hash);
        if (fresh != NULL) {
            atomic_store(&fresh->used_us,
                         MAX(atomic_load(&fresh->used_us), atomic_load(&old->used_us)));
        }
    }
}

static bool load(struct key_index *index)
{
    GHashTable *fresh = new_table();
    /* Before the keys: what changes in between is read once more, not missed. */
    int64_t version = access_key_version(index->db);
    access_key_list(index->db, 0, NULL, add_key, fresh);
    if (db_error(index->db) != DB_OK) {
        g_hash_table_unref(fresh);
        return false;
    }
    CHECK(pthread_rwlock_wrlock(&index->lock) == 0);
    GHashTable *old = index->keys;
    keep_uses(old, fresh);
    index->keys = fresh;
    index->version = version;
    CHECK(pthread_rwlock_unlock(&index->lock) == 0);
    g_hash_table_unref(old);
    return true;
}

static void committed(void *self, int64_t last_seq)
{
    (void)last_seq;
    struct key_index *index = self;
    if (ledger_take_stale(index->ledger, STALE_KEYS) && !load(index)) {
        /* Then old keys stay as they were; the next commit tries again. */
        ledger_mark_stale(&(struct ledger_tx){.ledger = index->ledger}, STALE_KEYS);
    }
}

static void foresee(struct ledger_tx *tx, void *index)
{
    (void)index;
    (void)!access_key_version(tx->db);
}

/* On failure the keys of before stay, and the next transaction tries again. */
static void others_wrote(struct ledger_tx *tx, void *self)
{
    struct key_index *index = self;
    bool is_old = access_key_version(tx->db) != index->version || ledger_is_reconnected(tx);
    if (is_old && db_error(tx->db) == DB_OK) {
        (void)load(index);
    }
}

static struct utc next_write(struct ledger_tx *tx, void *self)
{
    (void)tx;
    struct key_index *index = self;
    return (struct utc){atomic_load(&index->write_uses_at_us)};
}

/* Only this thread changes the table, so reading it needs no lock here. */
static int write_uses(struct ledger_tx *tx, void *self, int limit)
{
    struct key_index *index = self;
    atomic_store(&index->write_uses_at_us, UTC_NEVER.us);
    int written = 0;
    GHashTableIter each;
    gpointer value = NULL;
    g_hash_table_iter_init(&each, index->keys);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct indexed_key *key = value;
        struct utc used = {atomic_load(&key->used_us)};
        if (!utc_before(key->use_written, used)) {
            continue;
        }
        if (written == limit) { /* the rest in the next transaction */
            atomic_store(&index->write_uses_at_us, tx->now.us);
            break;
        }
        access_key_touch(tx->db, key->hash, used);
        key->use_written = used;
        written++;
    }
    return MAX(written, 1); /* looking was the work */
}

bool key_index_attach(struct key_index *index, struct ledger *ledger, struct db *db,
                      struct fault *fault)
{
    index->ledger = ledger;
    index->db = db;
    ledger_add_listener(ledger, (struct ledger_listener){committed, index});
    ledger_add_witness(ledger, (struct ledger_witness){others_wrote, index, foresee});
    ledger_add_duty(ledger, (struct ledger_duty){.name = "key uses",
                                                 .next_at = next_write,
                                                 .run_due = write_uses,
                                                 .self = index});
    return load(index) || fault_set(fault, "", "cannot read the keys: %s", db_error_text(db));
}

static void note_use(struct key_index *index, struct indexed_key *key, struct utc now)
{
    int64_t used_us = atomic_load_explicit(&key->used_us, memory_order_relaxed);
    if (now.us - used_us < USE_WAIT.us && now.us >= used_us) {
        return;
    }
    atomic_store(&key->used_us, now.us);
    /* A second later, so that a start with many senders is one write. */
    int64_t at_us = utc_add(now, SPAN_S(1)).us, never = UTC_NEVER.us;
    (void)atomic_compare_exchange_strong(&index->write_uses_at_us, &never, at_us);
}

static bool is_live(const struct indexed_key *key, struct utc now)
{
    return !utc_is_set(key->revoked_at) &&
           (!utc_is_set(key->expires_at) || utc_before(now, key->expires_at));
}

bool key_index_find(struct key_index *index, const char *text, struct utc now,
                    struct key_entry *out)
{
    unsigned char hash[KEY_HASH_SIZE];
    key_hash(text, hash);
    CHECK(pthread_rwlock_rdlock(&index->lock) == 0);
    struct indexed_key *key = g_hash_table_lookup(index->keys, hash);
    bool is_good = key != NULL && is_live(key, now);
    if (is_good) {
        *out = key->entry;
        note_use(index, key, now);
    }
    CHECK(pthread_rwlock_unlock(&index->lock) == 0);
    return is_good;
}

/* Of one that is not live. */
static bool is_remembered(const struct indexed_key *key, struct utc now)
{
    struct utc ended_at = utc_is_set(key->revoked_at) ? key->revoked_at : key->expires_at;
    return utc_before(now, utc_add(ended_at, KEY_PAST_FOR));
}

bool key_index_find_past(struct key_index *index, const char *text, struct utc now,
                         struct key_entry *out)
{
    unsigned char hash[KEY_HASH_SIZE];
    key_hash(text, hash);
    CHECK(pthread_rwlock_rdlock(&index->lock) == 0);
    const struct indexed_key *key = g_hash_table_lookup(index->keys, hash);
    bool is_past = key != NULL && !is_live(key, now) && is_remembered(key, now);
    if (is_past) {
        *out = key->entry;
    }
    CHECK(pthread_rwlock_unlock(&index->lock) == 0);
    return is_past;
}
