/* Answers that were asked for ahead, or may be needed again in the same transaction. */
#include "db/postgres.h"

#include <string.h>

/* The topic of what anything that is written makes stale. */
static const char ANYTHING[] = "";

static void free_kept(gpointer data)
{
    struct kept *kept = data;
    PQclear(kept->result);
    g_free(kept->values);
    g_free(kept);
}

static void free_list(gpointer list)
{
    g_ptr_array_unref(list);
}

void postgres_init_kept(struct postgres_db *pg)
{
    pg->kept = g_ptr_array_new_with_free_func(free_kept);
    pg->topics = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list);
}

void postgres_clear_kept(struct postgres_db *pg)
{
    g_clear_pointer(&pg->topics, g_hash_table_unref);
    g_clear_pointer(&pg->kept, g_ptr_array_unref);
}

void postgres_forget_kept(struct postgres_db *pg)
{
    pg->is_asking_ahead = false;
    if (pg->kept->len > 0) {
        g_hash_table_remove_all(pg->topics);
        g_ptr_array_set_size(pg->kept, 0);
    }
}

void postgres_keep(struct db_query *query, int topic_at)
{
    struct postgres_query *postgres = (struct postgres_query *)query;
    CHECK(topic_at >= 0 && topic_at <= postgres->count);
    postgres->is_kept = true;
    postgres->topic_at = topic_at;
    postgres->topic = NULL;
}

void postgres_keep_about(struct db_query *query, const char *topic)
{
    postgres_keep(query, 0);
    ((struct postgres_query *)query)->topic = topic;
}

/* What is stale is not found again, but stays as long as the transaction: somebody may be walking
 * it. */
void postgres_stale(struct db *db, const char *topic)
{
    struct postgres_db *pg = (struct postgres_db *)db;
    if (pg->kept->len > 0 && topic != NULL) {
        (void)g_hash_table_remove(pg->topics, topic);
    } else if (pg->kept->len > 0) {
        g_hash_table_remove_all(pg->topics);
    }
}

void postgres_stale_by_write(struct postgres_db *pg)
{
    postgres_stale(&pg->base, ANYTHING);
}

/* All values in one text, to compare by. */
static char *values_of(const struct postgres_query *query)
{
    GString *out = g_string_new(NULL);
    for (int i = 1; i <= query->count; i++) {
        const struct postgres_value *value = &query->values[i];
        CHECK(!value->is_binary || value->bytes == NULL); /* no question of ours names a blob */
        if (value->bytes != NULL) {
            g_string_append_printf(out, "%zu:%s", strlen(value->bytes), value->bytes);
        }
        g_string_append_c(out, ',');
    }
    return g_string_free(out, FALSE);
}

static const char *topic_of(const struct postgres_query *query)
{
    const char *topic = query->topic_at == 0 ? query->topic : query->values[query->topic_at].bytes;
    return topic != NULL ? topic : ANYTHING;
}

struct kept *postgres_find_kept(struct postgres_query *query, bool *out_is_new)
{
    struct postgres_db *pg = (struct postgres_db *)query->base.db;
    const char *topic = topic_of(query);
    g_autofree char *values = values_of(query);
    GPtrArray *list = g_hash_table_lookup(pg->topics, topic);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        struct kept *kept = list->pdata[i];
        if (kept->query == query && strcmp(kept->values, values) == 0) {
            *out_is_new = false;
            return kept;
        }
    }
    if (list == NULL) {
        list = g_ptr_array_new();
        (void)g_hash_table_insert(pg->topics, g_strdup(topic), list);
    }
    struct kept *kept = g_new0(struct kept, 1);
    kept->query = query;
    kept->values = g_steal_pointer(&values);
    g_ptr_array_add(pg->kept, kept);
    g_ptr_array_add(list, kept);
    *out_is_new = true;
    return kept;
}

bool postgres_ask_ahead(struct db *db, bool is_on)
{
    ((struct postgres_db *)db)->is_asking_ahead = is_on;
    return is_on;
}
