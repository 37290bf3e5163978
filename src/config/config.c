#include "config/config.h"

#include <pthread.h>
#include <string.h>

static const struct {
    const char *section;
    const char *noun;
    const struct record *record;
} KINDS[CONFIG_KIND_COUNT] = {
    [CONFIG_USER] = {"users", "user", &USER_RECORD},
    [CONFIG_TEAM] = {"teams", "team", &TEAM_RECORD},
    [CONFIG_CHANNEL] = {"channels", "channel", &CHAT_CHANNEL_RECORD},
    [CONFIG_SCHEDULE] = {"schedules", "schedule", &SCHEDULE_RECORD},
    [CONFIG_POLICY] = {"policies", "policy", &POLICY_RECORD},
    [CONFIG_SERVICE] = {"services", "service", &SERVICE_RECORD},
    [CONFIG_INTEGRATION] = {"integrations", "integration", &INTEGRATION_RECORD},
    [CONFIG_ROUTE] = {"routes", "route", &ROUTE_RECORD},
    [CONFIG_SILENCE] = {"silences", "silence", &SILENCE_RECORD},
    [CONFIG_HEARTBEAT] = {"heartbeats", "heartbeat", &HEARTBEAT_RECORD},
    [CONFIG_ABSENCE] = {"absences", "absence", &ABSENCE_RECORD},
};

/* config_item_name reads any of them as a pointer to its name. */
#define NAME_COMES_FIRST(type) \
    _Static_assert(offsetof(struct type, name) == 0, "the name comes first in struct " #type)
NAME_COMES_FIRST(user);
NAME_COMES_FIRST(team);
NAME_COMES_FIRST(chat_channel);
NAME_COMES_FIRST(schedule);
NAME_COMES_FIRST(policy);
NAME_COMES_FIRST(service);
NAME_COMES_FIRST(integration);
NAME_COMES_FIRST(route);
NAME_COMES_FIRST(silence);
NAME_COMES_FIRST(heartbeat);
NAME_COMES_FIRST(absence);

const char *config_section(enum config_kind kind)
{
    CHECK(kind >= CONFIG_USER && kind < CONFIG_KIND_COUNT);
    return KINDS[kind].section;
}

const char *config_noun(enum config_kind kind)
{
    CHECK(kind >= CONFIG_USER && kind < CONFIG_KIND_COUNT);
    return KINDS[kind].noun;
}

const struct record *config_record(enum config_kind kind)
{
    CHECK(kind >= CONFIG_USER && kind < CONFIG_KIND_COUNT);
    return KINDS[kind].record;
}

int config_kind_from_text(const char *noun_or_section)
{
    for (int kind = CONFIG_USER; kind < CONFIG_KIND_COUNT; kind++) {
        if (strcmp(KINDS[kind].noun, noun_or_section) == 0 ||
            strcmp(KINDS[kind].section, noun_or_section) == 0) {
            return kind;
        }
    }
    return 0;
}

const char *config_item_name(const void *item)
{
    return *(char *const *)item;
}

struct config *config_create(void)
{
    struct config *config = g_new0(struct config, 1);
    for (int kind = CONFIG_USER; kind < CONFIG_KIND_COUNT; kind++) {
        config->items[kind] = g_ptr_array_new();
        config->by_name[kind] = g_hash_table_new(g_str_hash, g_str_equal);
    }
    config->policy_versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    config->refs = 1;
    return config;
}

bool config_add(struct config *config, enum config_kind kind, void *item)
{
    CHECK(kind >= CONFIG_USER && kind < CONFIG_KIND_COUNT);
    char *name = *(char **)item;
    if (g_hash_table_contains(config->by_name[kind], name)) {
        return false;
    }
    g_ptr_array_add(config->items[kind], item);
    (void)g_hash_table_insert(config->by_name[kind], name, item);
    return true;
}

void config_link(struct config *config)
{
    const GPtrArray *schedules = config->items[CONFIG_SCHEDULE];
    for (guint i = 0; i < schedules->len; i++) {
        struct schedule *schedule = g_ptr_array_index(schedules, i);
        const struct schedule *primary = config_schedule(config, schedule->next_of);
        if (primary != NULL && primary->next_of == NULL && schedule->primary == NULL) {
            schedule_follow(schedule, primary);
        }
    }
}

static void destroy(struct config *config)
{
    for (int kind = CONFIG_USER; kind < CONFIG_KIND_COUNT; kind++) {
        g_hash_table_destroy(config->by_name[kind]);
        for (guint i = 0; i < config->items[kind]->len; i++) {
            record_free(KINDS[kind].record, g_ptr_array_index(config->items[kind], i));
        }
        g_ptr_array_unref(config->items[kind]);
    }
    g_hash_table_destroy(config->policy_versions);
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

const void *config_find(const struct config *config, enum config_kind kind, const char *name)
{
    CHECK(kind >= CONFIG_USER && kind < CONFIG_KIND_COUNT);
    return name != NULL ? g_hash_table_lookup(config->by_name[kind], name) : NULL;
}

const struct user *config_user(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_USER, name);
}

const struct team *config_team(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_TEAM, name);
}

const struct chat_channel *config_channel(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_CHANNEL, name);
}

const struct schedule *config_schedule(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_SCHEDULE, name);
}

const struct policy *config_policy(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_POLICY, name);
}

const struct service *config_service(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_SERVICE, name);
}

const struct integration *config_integration(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_INTEGRATION, name);
}

const struct heartbeat *config_heartbeat(const struct config *config, const char *name)
{
    return config_find(config, CONFIG_HEARTBEAT, name);
}

struct config_holder {
    pthread_mutex_t lock;
    struct config *current;
    struct config *next; /* borrowed; the ledger's thread */
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

struct config *config_next(const struct config_holder *holder)
{
    return holder->next;
}

void config_set_next(struct config_holder *holder, struct config *config)
{
    holder->next = config;
}

int64_t config_unreadable(const struct config_holder *holder)
{
    return holder->unreadable;
}

void config_set_unreadable(struct config_holder *holder, int64_t version)
{
    holder->unreadable = version;
}
