#include "oncall/policy_store.h"

#include <string.h>

#include "oncall/policy.h"

/* The spec of the newest policy_version row; NULL when there is none. Free with g_free. */
static char *current_spec(struct db *db, const char *policy)
{
    struct db_query *query =
        db_query(db, "SELECT spec FROM policy_version WHERE policy = $1 ORDER BY id DESC LIMIT 1");
    db_bind_text(query, 1, policy);
    char *spec = db_step(query) == DB_ROW ? g_strdup(db_text(query, 0)) : NULL;
    db_reset(query);
    return spec;
}

/* Escalations under way keep the row they began with. */
void policy_version_write(struct db *db, const struct config_object *object, const char *spec,
                          struct utc now)
{
    g_autofree char *before = current_spec(db, object->name);
    if (before != NULL && strcmp(before, spec) == 0) {
        return;
    }
    struct db_query *query =
        db_query(db, "INSERT INTO policy_version (policy, spec, created_at) VALUES ($1, $2, $3)"
                     " {newid}");
    db_bind_text(query, 1, object->name);
    db_bind_text(query, 2, spec);
    db_bind_utc(query, 3, now);
    (void)db_insert(query);
}

void policy_versions_load(struct db *db, const struct config *config)
{
    GHashTable *policies = config_by_name(config, &POLICY_KIND);
    struct db_query *query =
        db_query(db, "SELECT policy, MAX(id) FROM policy_version GROUP BY policy");
    while (db_step(query) == DB_ROW) {
        struct policy *policy = g_hash_table_lookup(policies, db_text(query, 0));
        if (policy != NULL) {
            policy->version = db_int(query, 1);
        }
    }
}
