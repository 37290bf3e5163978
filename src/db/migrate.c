#include "db/migrate.h"

#include <gio/gio.h>
#include <string.h>
#include <time.h>

#include "db/engine.h"
#include "db/pageable.h"
#include "migrations.h" /* made by the build from src/db/migrations */

#define MIGRATIONS_PATH "/tocsin/migrations/"
#define WORKS_FROM "-- works from:"

enum {
    /* The step that brings the tables of turns, and schema_version.works_from. */
    TURNS_SINCE = 2,
    LOCK_TRIES = 30,
    LOCK_PAUSE_MS = 200,
};

/* Held until the end of the transaction: two programs that migrate at once do it one after the
 * other. Nobody may wait long behind a statement that waits for a lock itself, so that gives up
 * soon; the work once begun may take its time. */
static const char BE_ALONE[] = "SET LOCAL idle_in_transaction_session_timeout = '60s';"
                               "SELECT pg_advisory_xact_lock(8420, 1);"
                               "SET LOCAL lock_timeout = '1s'";

/* --- the list --- */

/* "0001_start.sql" -> 1 */
static int64_t version_of(const char *name)
{
    return g_ascii_strtoll(name, NULL, 10);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static char *read_migration(const char *name)
{
    g_autofree char *path = g_strconcat(MIGRATIONS_PATH, name, NULL);
    g_autoptr(GBytes) text =
        g_resource_lookup_data(migrations_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(text != NULL);
    gsize size = 0;
    const char *bytes = g_bytes_get_data(text, &size);
    return g_strndup(bytes, size);
}

struct db_migrations *db_migrations_load(void)
{
    g_auto(GStrv) names = g_resource_enumerate_children(migrations_get_resource(), MIGRATIONS_PATH,
                                                        G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(names != NULL);
    struct db_migrations *migrations = g_new0(struct db_migrations, 1);
    migrations->count = g_strv_length(names);
    migrations->items = g_new0(struct db_migration, migrations->count);
    qsort(names, migrations->count, sizeof *names, by_name);
    for (size_t i = 0; i < migrations->count; i++) {
        CHECK(version_of(names[i]) == (int64_t)i + 1); /* numbered without a gap */
        migrations->items[i].name = g_strdup(names[i]);
        migrations->items[i].sql = read_migration(names[i]);
    }
    return migrations;
}

void db_migrations_free(struct db_migrations **migrations)
{
    if (*migrations == NULL) {
        return;
    }
    for (size_t i = 0; i < (*migrations)->count; i++) {
        g_free((*migrations)->items[i].name);
        g_free((*migrations)->items[i].sql);
    }
    g_free((*migrations)->items);
    g_clear_pointer(migrations, g_free);
}

int64_t db_schema_known(void)
{
    struct db_migrations *migrations = db_migrations_load();
    int64_t known = (int64_t)migrations->count;
    db_migrations_free(&migrations);
    return known;
}

/* --- looking --- */

static bool is_server(const struct db *db)
{
    return strcmp(db->engine->name, "sqlite") != 0;
}

static int64_t ask_number(struct db *db, const char *sql, int64_t parameter)
{
    struct db_query *query = db_query(db, sql);
    if (strstr(sql, "$1") != NULL) {
        db_bind_int(query, 1, parameter);
    }
    int64_t number = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return number;
}

/* -1 after an error. */
static int64_t has_table(struct db *db)
{
    static const char IN_FILE[] =
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
    static const char ON_SERVER[] =
        "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')";
    return ask_number(db, is_server(db) ? ON_SERVER : IN_FILE, 0);
}

int64_t db_schema_found(struct db *db)
{
    int64_t has = has_table(db);
    return has > 0 ? ask_number(db, "SELECT coalesce(max(version), 0) FROM schema_version", 0)
                   : has;
}

/* What a program must know at least to work with a schema that is newer than `known`: as much as the
 * most demanding of the steps it does not know. */
static int64_t needed_by_newer(struct db *db, int64_t known)
{
    return ask_number(db,
                      "SELECT coalesce(max(coalesce(works_from, version)), 0) FROM schema_version"
                      " WHERE version > $1",
                      known);
}

bool db_schema_look(struct db *db, const struct db_migrations *known, struct db_schema *out,
                    struct fault *fault)
{
    *out = (struct db_schema){.known = (int64_t)known->count, .found = db_schema_found(db)};
    int64_t needed = out->found > out->known ? needed_by_newer(db, out->known) : 0;
    if (out->found < 0 || needed < 0) {
        return fault_set(fault, "", "cannot read the schema version: %s", db->error_text);
    }
    if (out->found > out->known) {
        out->state = needed <= out->known ? SCHEMA_NEWER : SCHEMA_TOO_NEW;
    } else if (out->found == out->known) {
        out->state = SCHEMA_SAME;
    } else {
        out->state = out->found == 0 ? SCHEMA_EMPTY : SCHEMA_OLDER;
    }
    return true;
}

bool db_schema_check(const struct db_schema *schema, struct fault *fault)
{
    if (schema->state == SCHEMA_TOO_NEW) {
        return fault_set(fault, "",
                         "the database has schema %" G_GINT64_FORMAT
                         ", made by a newer Tocsin; this one knows up to %" G_GINT64_FORMAT
                         ": run the newer program, or restore a backup made before the upgrade",
                         schema->found, schema->known);
    }
    if (schema->state == SCHEMA_OLDER || schema->state == SCHEMA_EMPTY) {
        return fault_set(fault, "",
                         "the database has schema %" G_GINT64_FORMAT
                         ", this Tocsin works with %" G_GINT64_FORMAT
                         ": run `tocsin migrate` with the same settings once",
                         schema->found, schema->known);
    }
    return true;
}

/* --- migrating --- */

/* 0: the step says nothing. */
static int64_t works_from(const char *sql)
{
    return g_str_has_prefix(sql, WORKS_FROM) ? g_ascii_strtoll(sql + strlen(WORKS_FROM), NULL, 10)
                                             : 0;
}

static void note_step(struct db *db, const struct db_migration *step, struct utc now)
{
    bool has_column = version_of(step->name) >= TURNS_SINCE;
    struct db_query *query =
        db_query(db, has_column ? "INSERT INTO schema_version (version, name, applied_at,"
                                  " works_from) VALUES ($1, $2, $3, $4)"
                                : "INSERT INTO schema_version (version, name, applied_at)"
                                  " VALUES ($1, $2, $3)");
    db_bind_int(query, 1, version_of(step->name));
    db_bind_text(query, 2, step->name);
    db_bind_utc(query, 3, now);
    if (has_column && works_from(step->sql) > 0) {
        db_bind_int(query, 4, works_from(step->sql));
    }
    (void)db_run(query);
}

struct run {
    struct db *db;
    const struct db_migrations *known;
    struct utc now;
    int64_t found; /* before the transaction */
    int64_t until; /* the last step of the transaction */
};

/* In the transaction. False without a fault: see db_error, or somebody else was faster. */
static bool run_steps(const struct run *run, struct fault *fault)
{
    struct db *db = run->db;
    if (is_server(db)) {
        db_take_time(db);
        (void)db_script(db, BE_ALONE);
    }
    struct pageable before = {0};
    struct pageable after = {0};
    if (db_schema_found(db) != run->found ||
        (run->found > 0 && !pageable_take(db, &before, fault))) {
        return false;
    }
    if (run->found == 0) {
        (void)db_script(db, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY,"
                            " name TEXT NOT NULL, applied_at BIGINT NOT NULL)");
    }
    for (int64_t i = run->found; i < run->until; i++) {
        (void)db_script(db, run->known->items[i].sql);
        note_step(db, &run->known->items[i], run->now);
    }
    return db_error(db) == DB_OK && pageable_take(db, &after, fault) &&
           pageable_compare(&before, &after, fault);
}

enum run_result { RUN_DONE = 1, RUN_AGAIN, RUN_REFUSED };

static int run_once(const struct run *run, struct fault *fault)
{
    struct db *db = run->db;
    struct fault why = {0};
    db->is_turnless = run->found < TURNS_SINCE;
    db_begin(db);
    bool is_good = run_steps(run, &why);
    enum db_status status = is_good ? db_commit(db) : db_error(db);
    db_rollback(db);
    db->is_turnless = false;
    if (status == DB_OK && (is_good || why.text[0] == '\0')) {
        return is_good ? RUN_DONE : RUN_AGAIN;
    }
    if (db->is_too_long) { /* and would be again */
        (void)fault_set(fault, "", "migration %s takes too long and was undone: %.300s",
                        run->known->items[run->until - 1].name, db->error_text);
        return RUN_REFUSED;
    }
    if (status == DB_CONFLICT || status == DB_DOWN || status == DB_UNCERTAIN) {
        /* The next look says what became of it. */
        (void)fault_set(fault, "", "%s", db->error_text);
        return RUN_AGAIN;
    }
    (void)fault_set(fault, "", "migration %s failed and was undone: %s",
                    run->known->items[run->until - 1].name,
                    why.text[0] != '\0' ? why.text : db->error_text);
    return RUN_REFUSED;
}

static void pause_for(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* Only a server has others who hold locks: a file fails for good. */
static int run_patiently(struct run *run, int tries, struct fault *fault)
{
    struct db_schema schema = {.found = run->found};
    for (int i = 0; i < tries && schema.found == run->found; i++) {
        struct fault why = {0};
        int result = run_once(run, &why);
        if (result != RUN_AGAIN) {
            *fault = result == RUN_REFUSED ? why : *fault;
            return result;
        }
        if (why.text[0] != '\0') {
            (void)fault_set(
                fault, "",
                "migration %s was tried %d times and undone each time: %.250s; end what "
                "holds the tables (a long transaction?) and run it again",
                run->known->items[run->until - 1].name, i + 1, why.text);
        }
        if (why.text[0] != '\0' && i + 1 < tries) {
            pause_for(LOCK_PAUSE_MS);
        }
        if (!db_schema_look(run->db, run->known, &schema, &why)) {
            schema.found = run->found;
        }
    }
    return schema.found == run->found ? RUN_REFUSED : RUN_AGAIN;
}

bool db_migrate_all(struct db *db, const struct db_migrations *known, struct utc now, int *out_done,
                    struct fault *fault)
{
    int tries = is_server(db) ? LOCK_TRIES : 1;
    return db_migrate_tries(db, known, now, tries, out_done, fault);
}

bool db_migrate_tries(struct db *db, const struct db_migrations *known, struct utc now, int tries,
                      int *out_done, struct fault *fault)
{
    CHECK(db->mode != DB_READ_ONLY);
    *out_done = 0;
    for (;;) {
        struct db_schema schema;
        if (!db_schema_look(db, known, &schema, fault)) {
            return false;
        }
        if (schema.state == SCHEMA_SAME || schema.state == SCHEMA_NEWER ||
            schema.state == SCHEMA_TOO_NEW) {
            return db_schema_check(&schema, fault);
        }
        struct run run = {.db = db, .known = known, .now = now, .found = schema.found};
        run.until = schema.found == 0 ? (int64_t)known->count : schema.found + 1;
        int result = run_patiently(&run, tries, fault);
        if (result == RUN_REFUSED) {
            return false;
        }
        *out_done += result == RUN_DONE ? (int)(run.until - run.found) : 0;
    }
}

bool db_migrate_for(struct db *db, const struct db_migrations *known, struct utc now,
                    struct fault *fault)
{
    struct db_schema schema;
    if (!db_schema_look(db, known, &schema, fault)) {
        return false;
    }
    int done = 0;
    bool may_migrate = schema.state == SCHEMA_EMPTY || !is_server(db);
    return may_migrate ? db_migrate_all(db, known, now, &done, fault)
                       : db_schema_check(&schema, fault);
}

bool db_migrate(struct db *db, struct utc now, struct fault *fault)
{
    struct db_migrations *known = db_migrations_load();
    bool is_good = db_migrate_for(db, known, now, fault);
    db_migrations_free(&known);
    return is_good;
}
