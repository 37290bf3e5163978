#include "db/engine.h"

#include <gio/gio.h>

#include "migrations.h" /* made by the build from src/db/migrations */

#define MIGRATIONS_PATH "/tocsin/migrations/"

/* The migration that brings the tables for turns. */
enum { TURNS_SINCE = 2 };

/* "0001_start.sql" -> 1 */
static int64_t version_of(const char *name)
{
    return g_ascii_strtoll(name, NULL, 10);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the embedded files in order, to be freed with g_strfreev. */
static char **list_migrations(size_t *out_count)
{
    char **names = g_resource_enumerate_children(migrations_get_resource(), MIGRATIONS_PATH,
                                                 G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(names != NULL);
    *out_count = g_strv_length(names);
    qsort(names, *out_count, sizeof *names, by_name);
    for (size_t i = 0; i < *out_count; i++) {
        CHECK(version_of(names[i]) == (int64_t)i + 1); /* numbered without a gap */
    }
    return names;
}

int64_t db_schema_known(void)
{
    size_t count = 0;
    g_auto(GStrv) names = list_migrations(&count);
    return names == NULL ? 0 : (int64_t)count;
}

int64_t db_schema_found(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT coalesce(max(version), 0) FROM schema_version");
    int64_t version = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return version;
}

static enum db_status make_table(struct db *db)
{
    db_begin(db);
    (void)db_script(db, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, "
                        "name TEXT NOT NULL, applied_at BIGINT NOT NULL)");
    return db_commit(db);
}

static enum db_status apply(struct db *db, const char *name, struct utc now)
{
    g_autofree char *path = g_strconcat(MIGRATIONS_PATH, name, NULL);
    g_autoptr(GBytes) text =
        g_resource_lookup_data(migrations_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(text != NULL);
    gsize size = 0;
    const char *bytes = g_bytes_get_data(text, &size);
    g_autofree char *sql = g_strndup(bytes, size);

    db_begin(db);
    (void)db_script(db, sql);
    struct db_query *query =
        db_query(db, "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)");
    db_bind_int(query, 1, version_of(name));
    db_bind_text(query, 2, name);
    db_bind_utc(query, 3, now);
    (void)db_run(query);
    return db_commit(db);
}

bool db_migrate(struct db *db, struct utc now, struct fault *fault)
{
    CHECK(db->mode != DB_READ_ONLY);
    db->is_turnless = true;
    int64_t found = make_table(db) == DB_OK ? db_schema_found(db) : -1;
    if (found < 0) {
        return fault_set(fault, "", "cannot read the schema version: %s", db->error_text);
    }
    size_t count = 0;
    g_auto(GStrv) names = list_migrations(&count);
    if (found > (int64_t)count) {
        return fault_set(fault, "",
                         "the database has schema %" G_GINT64_FORMAT
                         ", made by a newer Tocsin; this one knows up to %zu: run the newer "
                         "program, or restore a backup made before the upgrade",
                         found, count);
    }
    for (size_t i = (size_t)found; i < count; i++) {
        db->is_turnless = i < TURNS_SINCE;
        if (apply(db, names[i], now) != DB_OK) {
            return fault_set(fault, "", "migration %s failed and was undone: %s", names[i],
                             db->error_text);
        }
    }
    db->is_turnless = false;
    return true;
}
