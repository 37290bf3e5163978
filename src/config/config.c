#include "config/config.h"

#include <pthread.h>
#include <string.h>

#include "ledger/ledger.h"

const char *config_item_name(const void *item)
{
    return *(char *const *)item;
}

struct config *config_create(void)
{
    struct config *config = g_new0(struct config, 1);
    config->kinds = g_new0(struct config_items, config_kind_count());
    for (size_t i = 0; i < config_kind_count(); i++) {
        config->kinds[i].list = g_ptr_array_new();
        config->kinds[i].by_name = g_hash_table_new(g_str_hash, g_str_equal);
    }
    config->refs = 1;
    return config;
}

static struct config_items *items_of(const struct config *config, const struct config_kind *kind)
{
    return &config->kinds[config_kind_index(kind)];
}

bool config_add(struct config *config, const struct config_kind *kind, void *item)
{
    struct config_items *items = items_of(config, kind);
    char *name = *(char **)item;
    if (g_hash_table_contains(items->by_name, name)) {
        return false;
    }
    g_ptr_array_add(items->list, item);
    (void)g_hash_table_insert(items->by_name, name, item);
    return true;
}

void config_link(struct config *config)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        const struct config_kind *kind = config_kind_at(k);
        const GPtrArray *items = config_items(config, kind);
        for (guint i = 0; kind->link != NULL && i < items->len; i++) {
            kind->link(config, g_ptr_array_index(items, i));
        }
    }
}

static void destroy(struct config *config)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        struct config_items *items = &config->kinds[k];
        g_hash_table_destroy(items->by_name);
        for (guint i = 0; i < items->list->len; i++) {
            record_free(config_kind_at(k)->record, g_ptr_array_index(items->list, i));
        }
        g_ptr_array_unref(items->list);
    }
    g_free(config->kinds);
    g_free(config);
}

struct config *config_ref(struct config *config)
{
    atomic_fetch_add(&config->refs, 1);
    return config;
}

void config_unref(struct config *config)
{
    if (config != NULL && atomic_fetch_sub(&config->refs, 1) == 1) {
        destroy(config);
    }
}

const GPtrArray *config_items(const struct config *config, const struct config_kind *kind)
{
    return items_of(config, kind)->list;
}

GHashTable *config_by_name(const struct config *config, const struct config_kind *kind)
{
    return items_of(config, kind)->by_name;
}

const void *config_find(const struct config *config, const struct config_kind *kind,
                        const char *name)
{
    return name != NULL ? g_hash_table_lookup(items_of(config, kind)->by_name, name) : NULL;
}

struct config_holder {
    pthread_mutex_t lock;
    struct config *current;
    struct config *next; /* what attempt `next_of` at a transaction brings; the ledger's thread */
    int64_t next_of;
    int64_t
        unreadable; /* the version of a newer program's that could not be read; the ledger's thread */
};

struct config_holder *config_holder_create(void)
{
    struct config_holder *holder = g_new0(struct config_holder, 1);
    CHECK(pthread_mutex_init(&holder->lock, NULL) == 0);
    holder->current = config_create();
    return holder;
}

void config_holder_destroy(struct config_holder **holder)
{
    if (*holder != NULL) {
        config_unref((*holder)->current);
        config_unref((*holder)->next);
        CHECK(pthread_mutex_destroy(&(*holder)->lock) == 0);
        g_clear_pointer(holder, g_free);
    }
}

struct config *config_current(struct config_holder *holder)
{
    CHECK(pthread_mutex_lock(&holder->lock) == 0);
    struct config *config = config_ref(holder->current);
    CHECK(pthread_mutex_unlock(&holder->lock) == 0);
    return config;
}

static void put(struct config_holder *holder, struct config *config, bool is_older_kept_out)
{
    struct config *dropped = config;
    CHECK(pthread_mutex_lock(&holder->lock) == 0);
    if (!is_older_kept_out || config->version >= holder->current->version) {
        dropped = holder->current;
        holder->current = config;
    }
    CHECK(pthread_mutex_unlock(&holder->lock) == 0);
    /* Outside the lock: the last reference frees a whole configuration. */
    config_unref(dropped);
}

void config_publish(struct config_holder *holder, struct config *config)
{
    put(holder, config, true);
}

void config_replace(struct config_holder *holder, struct config *config)
{
    put(holder, config, false);
}

struct config *config_in(struct config_holder *holder, const struct ledger_tx *tx)
{
    bool is_its_own = holder->next != NULL && holder->next_of == ledger_attempt(tx);
    return is_its_own ? config_ref(holder->next) : config_current(holder);
}

void config_bring(struct config_holder *holder, const struct ledger_tx *tx, struct config *config)
{
    config_unref(holder->next);
    holder->next = config != NULL ? config_ref(config) : NULL;
    holder->next_of = ledger_attempt(tx);
}

int64_t config_unreadable(const struct config_holder *holder)
{
    return holder->unreadable;
}

void config_set_unreadable(struct config_holder *holder, int64_t version)
{
    holder->unreadable = version;
}
