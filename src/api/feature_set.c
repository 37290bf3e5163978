#include "api/feature_set.h"

#include "cli/cli.h"
#include "config/kind.h"
#include "paging/pager.h"

struct features {
    const struct feature_list *list;
    void **contexts; /* of each; NULL: its handlers get the struct api_context */
    GArray *routes;  /* of struct route_set, with a table of NULL at the end */
};

void features_register(const struct feature_list *list)
{
    static GPtrArray *kinds; /* lives for ever, as config_register wants it */
    if (kinds != NULL) {
        return;
    }
    kinds = g_ptr_array_new();
    for (size_t i = 0; i < list->count; i++) {
        const struct config_kind *const *kind = list->features[i]->kinds;
        for (; kind != NULL && *kind != NULL; kind++) {
            g_ptr_array_add(kinds, (void *)(uintptr_t)*kind);
        }
    }
    g_ptr_array_add(kinds, NULL);
    config_register((const struct config_kind *const *)kinds->pdata);
}

struct placed {
    const struct cli_table *table;
    int place;
};

static gint by_place(gconstpointer a, gconstpointer b)
{
    return ((const struct placed *)a)->place - ((const struct placed *)b)->place;
}

GPtrArray *features_commands(const struct feature_list *list)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct placed));
    for (size_t i = 0; i < list->count; i++) {
        const struct feature *feature = list->features[i];
        const struct cli_table *const *table = feature->commands;
        for (; table != NULL && *table != NULL; table++) {
            int place = (*table)->place != 0 ? (*table)->place : feature->help_place;
            struct placed placed = {*table, place};
            g_array_append_val(all, placed);
        }
    }
    g_array_sort(all, by_place); /* stable: of one place in the order of their row */
    GPtrArray *commands = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        cli_add_table(commands, g_array_index(all, struct placed, i).table);
    }
    return commands;
}

static void add_events(const struct feature *feature, struct ledger *ledger)
{
    const struct event_kind *const *const *lists = feature->events;
    for (; lists != NULL && *lists != NULL; lists++) {
        ledger_add_events(ledger, *lists);
    }
}

static void add_topics(const struct feature *feature, struct pager *pager)
{
    const struct topic_kind *const *topics = feature->topics;
    for (; topics != NULL && *topics != NULL; topics++) {
        pager_add_topics(pager, *topics);
    }
}

static void add_routes(GArray *routes, const struct feature *feature, void *context)
{
    const struct route_table *const *tables = feature->routes;
    for (; tables != NULL && *tables != NULL; tables++) {
        struct route_set set = {*tables, context};
        g_array_append_val(routes, set);
    }
}

struct features *features_open(const struct feature_list *list, struct api_context *api)
{
    struct features *features = g_new0(struct features, 1);
    features->list = list;
    features->contexts = g_new0(void *, list->count);
    features->routes = g_array_new(TRUE, FALSE, sizeof(struct route_set));
    for (size_t i = 0; i < list->count; i++) {
        add_events(list->features[i], api->ledger);
        add_topics(list->features[i], api->pager);
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct feature *feature = list->features[i];
        features->contexts[i] = feature->open != NULL ? feature->open(api) : NULL;
        add_routes(features->routes, feature, feature->open != NULL ? features->contexts[i] : api);
    }
    return features;
}

void features_close(struct features **handle)
{
    struct features *features = g_steal_pointer(handle);
    if (features == NULL) {
        return;
    }
    for (size_t i = features->list->count; i > 0; i--) {
        const struct feature *feature = features->list->features[i - 1];
        if (feature->close != NULL) {
            feature->close(features->contexts[i - 1]);
        }
    }
    g_array_unref(features->routes);
    g_free(features->contexts);
    g_free(features);
}

const struct route_set *features_routes(const struct features *features)
{
    return (const struct route_set *)(const void *)features->routes->data;
}
