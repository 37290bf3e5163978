#include "db/old_nodes.h"

#include "db/server.h"

static struct db_query *query_old(struct db *db, int64_t needed)
{
    struct db_query *query =
        db_query(db, "SELECT id, beat, name FROM node WHERE state < 3 AND schema_known < $1"
                     " ORDER BY name, id");
    db_bind_int(query, 1, needed);
    return query;
}

GArray *old_nodes_watch(struct db *db, int64_t needed, int ms)
{
    GArray *watched = g_array_new(FALSE, FALSE, sizeof(struct old_node));
    struct db_query *query = query_old(db, needed);
    while (db_step(query) == DB_ROW) {
        struct old_node node = {.id = db_int(query, 0), .beat = db_int(query, 1)};
        g_array_append_val(watched, node);
    }
    if (watched->len > 0) {
        db_server_wait(db, ms);
    }
    return watched;
}

static bool stood_still(const GArray *watched, int64_t id, int64_t beat)
{
    for (guint i = 0; i < watched->len; i++) {
        const struct old_node *node = &g_array_index(watched, struct old_node, i);
        if (node->id == id) {
            return node->beat == beat;
        }
    }
    return false;
}

char *old_nodes_living(struct db *db, int64_t needed, const GArray *watched)
{
    g_autoptr(GString) names = g_string_new(NULL);
    struct db_query *query = query_old(db, needed);
    while (db_step(query) == DB_ROW) {
        if (!stood_still(watched, db_int(query, 0), db_int(query, 1))) {
            g_string_append_printf(names, "%s%s", names->len == 0 ? "" : ", ", db_text(query, 2));
        }
    }
    return names->len == 0 ? NULL : g_strdup(names->str);
}
