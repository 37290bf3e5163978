#include "account/session_index.h"

#include <glib.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "account/account_store.h"
#include "http/guard.h"

/* A session that was seen is written so long after it was written before … */
#define SEEN_WAIT SPAN_MIN(15)
/* … and with all that were seen in the minute after it. */
#define GATHER_WAIT SPAN_MIN(1)

struct indexed_session {
    unsigned char hash[KEY_HASH_SIZE]; /* first: the table's key */
    char *account;
    bool has_network;
    unsigned char network[16]; /* from which it was made */
    struct sign_in sign_in;
    struct utc seen_written; /* the ledger's thread only */
    _Atomic int64_t seen_us;
};

struct session_index {
    struct ledger *ledger;
    struct db *db;
    int64_t version;                  /* the ledger's thread only */
    pthread_rwlock_t lock;            /* guards `sessions` as a whole */
    GHashTable *sessions;             /* of struct indexed_session, by hash */
    _Atomic int64_t write_seen_at_us; /* UTC_NEVER: nothing to write */
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

static void free_session(gpointer self)
{
    struct indexed_session *session = self;
    g_free(session->account);
    g_free(session);
}

static GHashTable *new_table(void)
{
    return g_hash_table_new_full(hash_of, is_same, NULL, free_session);
}

struct session_index *session_index_create(void)
{
    struct session_index *index = g_new0(struct session_index, 1);
    CHECK(pthread_rwlock_init(&index->lock, NULL) == 0);
    index->sessions = new_table();
    atomic_init(&index->write_seen_at_us, UTC_NEVER.us);
    return index;
}

void session_index_destroy(struct session_index **index)
{
    if (*index == NULL) {
        return;
    }
    g_hash_table_unref((*index)->sessions);
    CHECK(pthread_rwlock_destroy(&(*index)->lock) == 0);
    g_clear_pointer(index, g_free);
}

static void add_session(void *self, const struct session_of *one)
{
    const struct session *session = &one->session;
    struct indexed_session *indexed = g_new0(struct indexed_session, 1);
    memcpy(indexed->hash, session->hash, sizeof indexed->hash);
    indexed->account = g_strdup(session->account);
    indexed->has_network = session->address != NULL;
    if (indexed->has_network) {
        address_network(session->address, indexed->network);
    }
    indexed->sign_in =
        (struct sign_in){.session = session->id,
                         .role = one->role,
                         .made_at = session->made_at,
                         .ends_at = session->ends_at,
                         .checked_until = utc_add(session->checked_at, SESSION_CHECKED)};
    (void)g_strlcpy(indexed->sign_in.csrf, session->csrf, sizeof indexed->sign_in.csrf);
    indexed->seen_written = session->seen_at;
    atomic_init(&indexed->seen_us, session->seen_at.us);
    g_hash_table_replace(self, indexed->hash, indexed);
}

/* What was seen and is not written yet must not be forgotten with the old table. */
static void keep_seen(GHashTable *from, GHashTable *to)
{
    GHashTableIter each;
    gpointer value = NULL;
    g_hash_table_iter_init(&each, from);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct indexed_session *old = value;
        struct indexed_session *fresh = g_hash_table_lookup(to, old->hash);
        if (fresh != NULL) {
            atomic_store(&fresh->seen_us,
                         MAX(atomic_load(&fresh->seen_us), atomic_load(&old->seen_us)));
        }
    }
}

static bool load(struct session_index *index)
{
    GHashTable *fresh = new_table();
    /* Before the sessions: what changes in between is read once more, not missed. */
    int64_t version = account_version(index->db);
    session_list_all(index->db, add_session, fresh);
    if (db_error(index->db) != DB_OK) {
        g_hash_table_unref(fresh);
        return false;
    }
    CHECK(pthread_rwlock_wrlock(&index->lock) == 0);
    GHashTable *old = index->sessions;
    keep_seen(old, fresh);
    index->sessions = fresh;
    index->version = version;
    CHECK(pthread_rwlock_unlock(&index->lock) == 0);
    g_hash_table_unref(old);
    return true;
}

static void committed(void *self, int64_t last_seq)
{
    (void)last_seq;
    struct session_index *index = self;
    if (ledger_take_stale(index->ledger, STALE_ACCOUNTS) && !load(index)) {
        /* Then all stays as it was; the next commit tries again. */
        ledger_mark_stale(&(struct ledger_tx){.ledger = index->ledger}, STALE_ACCOUNTS);
    }
}

static void foresee(struct ledger_tx *tx, void *index)
{
    (void)index;
    (void)!account_version(tx->db);
}

static void others_wrote(struct ledger_tx *tx, void *self)
{
    struct session_index *index = self;
    bool is_old = account_version(tx->db) != index->version || ledger_is_reconnected(tx);
    if (is_old && db_error(tx->db) == DB_OK) {
        (void)load(index);
    }
}

static struct utc next_write(struct ledger_tx *tx, void *self)
{
    (void)tx;
    struct session_index *index = self;
    return (struct utc){atomic_load(&index->write_seen_at_us)};
}

static bool must_write(const struct indexed_session *session, int64_t seen_us)
{
    return seen_us - session->seen_written.us >= SEEN_WAIT.us;
}

/* Other nodes are to know as well, else a session that is used here would be one too long unused there. Only this
 * thread changes the table, so reading it needs no lock here. */
static int write_seen(struct ledger_tx *tx, void *self, int limit)
{
    struct session_index *index = self;
    atomic_store(&index->write_seen_at_us, UTC_NEVER.us);
    int written = 0;
    GHashTableIter each;
    gpointer value = NULL;
    g_hash_table_iter_init(&each, index->sessions);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        struct indexed_session *session = value;
        struct utc seen = {atomic_load(&session->seen_us)};
        if (!must_write(session, seen.us)) {
            continue;
        }
        if (written == limit) { /* the rest in the next transaction */
            atomic_store(&index->write_seen_at_us, tx->now.us);
            break;
        }
        session_touch(tx->db, session->sign_in.session, seen);
        session->seen_written = seen;
        written++;
    }
    if (written > 0) {
        session_end_old(tx->db, utc_add(tx->now, (struct span){-SESSION_IDLE.us}), tx->now);
        account_changed(tx->db);
    }
    return MAX(written, 1); /* looking was the work */
}

bool session_index_attach(struct session_index *index, struct ledger *ledger, struct db *db,
                          struct fault *fault)
{
    index->ledger = ledger;
    index->db = db;
    ledger_add_listener(ledger, (struct ledger_listener){committed, index});
    ledger_add_witness(ledger, (struct ledger_witness){others_wrote, index, foresee});
    ledger_add_duty(ledger, (struct ledger_duty){.name = "sessions seen",
                                                 .next_at = next_write,
                                                 .run_due = write_seen,
                                                 .self = index});
    return load(index) || fault_set(fault, "", "cannot read the sessions: %s", db_error_text(db));
}

static void note_seen(struct session_index *index, struct indexed_session *session, struct utc now)
{
    int64_t seen_us = atomic_load_explicit(&session->seen_us, memory_order_relaxed);
    if (now.us <= seen_us) {
        return;
    }
    atomic_store_explicit(&session->seen_us, now.us, memory_order_relaxed);
    if (must_write(session, now.us)) {
        int64_t at_us = utc_add(now, GATHER_WAIT).us, never = UTC_NEVER.us;
        (void)atomic_compare_exchange_strong(&index->write_seen_at_us, &never, at_us);
    }
}

struct caller *session_index_find(struct session_index *index, const char *text, struct utc now)
{
    unsigned char hash[KEY_HASH_SIZE];
    struct caller *caller = NULL;
    key_hash(text, hash);
    CHECK(pthread_rwlock_rdlock(&index->lock) == 0);
    struct indexed_session *session = g_hash_table_lookup(index->sessions, hash);
    if (session != NULL) {
        struct sign_in sign_in = session->sign_in;
        sign_in.seen_at.us = atomic_load_explicit(&session->seen_us, memory_order_relaxed);
        if (session_is_live(sign_in.seen_at, sign_in.ends_at, now)) {
            caller = caller_create_person(session->account, &sign_in);
            note_seen(index, session, now);
        }
    }
    CHECK(pthread_rwlock_unlock(&index->lock) == 0);
    return caller;
}

bool session_index_knows(struct session_index *index, const char *account,
                         const unsigned char network[16])
{
    bool is_known = false;
    GHashTableIter each;
    gpointer value = NULL;
    CHECK(pthread_rwlock_rdlock(&index->lock) == 0);
    g_hash_table_iter_init(&each, index->sessions);
    while (!is_known && g_hash_table_iter_next(&each, NULL, &value)) {
        const struct indexed_session *session = value;
        is_known = session->has_network && strcmp(session->account, account) == 0 &&
                   memcmp(session->network, network, sizeof session->network) == 0;
    }
    CHECK(pthread_rwlock_unlock(&index->lock) == 0);
    return is_known;
}
