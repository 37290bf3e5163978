#include "db/migrate.h"

#include <gio/gio.h>
#include <string.h>

#include "base/clock.h"
#include "db/back_off.h"
#include "db/engine.h"
#include "db/old_nodes.h"
#include "db/pageable.h"
#include "migrations.h" /* made by the build from src/db/migrations */

#define MIGRATIONS_PATH "/tocsin/migrations/"
#define WORKS_FROM "-- works from:"

enum {
    /* The step that brings the tables of turns, and schema_version.works_from. */
    TURNS_SINCE = 2,
};

static const struct db_patience PATIENCE = {.tries = 30, .alone_ms = 60000, .watch_ms = 4000};

#define AT_ONCE SPAN_MS(500)

/* Held until the end of the transaction: two programs that migrate at once do it one after the
 * other. It is waited for before the turn is taken, or all nodes would wait as well. */
#define BE_ALONE                             \
    "SET LOCAL lock_timeout = %d;"           \
    "SELECT pg_advisory_xact_lock(8420, 1);" \
    "SET LOCAL lock_timeout = '3s';"         \
    "SET LOCAL idle_in_transaction_session_timeout = '60s'"
/* Nobody may wait long behind a statement that waits for a lock itself, so that gives up soon; the
 * work once begun may take its time. */
#define WAIT_BRIEFLY "SET LOCAL lock_timeout = '1s'"

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
    g_autoptr(GBytes) text = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(text != NULL);
    gsize size = 0;
    const char *bytes = g_bytes_get_data(text, &size);
    return g_strndup(bytes, size);
}

/* Ours, and those of the features that this program was linked with: each registers itself. */
static char **names_of_migrations(void)
{
    (void)migrations_get_resource(); /* so that it is linked */
    char **names =
        g_resources_enumerate_children(MIGRATIONS_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(names != NULL);
    return names;
}

struct db_migrations *db_migrations_load(void)
{
    g_auto(GStrv) names = names_of_migrations();
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

bool db_is_foreign(struct db *db)
{
    return ask_number(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", 0) > 0 &&
           has_table(db) == 0;
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

/* What a try is at. */
enum stage {
    STAGE_ALONE = 1, /* waits for another program that migrates */
    STAGE_TURN,      /* waits for the writers' turn */
    STAGE_NODES,     /* looks whether the step works beside the nodes that live */
    STAGE_WORK,
};

struct run {
    struct db *db;
    const struct db_migrations *known;
    const struct db_patience *patience;
    struct utc now;
    int64_t found; /* before the transaction */
    int64_t until; /* the last step of the transaction */
    enum stage stage;
    enum db_status cause;      /* of the last try that is worth another one; DB_OK: none yet */
    char why[FAULT_TEXT_SIZE]; /* of the first such try with this cause */
};

/* What a program must know at least to go on beside the last step. */
static int64_t needed_after(const struct run *run)
{
    int64_t from = works_from(run->known->items[run->until - 1].sql);
    return from > 0 ? from : run->until;
}

/* Where the turn is long in coming somebody had it all the while, and nobody else could beat: who was watched
 * may live all the same. */
static void take_turn_at_once(struct db *db, bool was_watched)
{
    struct span began = clock_elapsed(&CLOCK_SYSTEM);
    turn_take(db);
    struct span waited = {clock_elapsed(&CLOCK_SYSTEM).us - began.us};
    if (was_watched && waited.us >= AT_ONCE.us) {
        (void)db_fail(db, DB_CONFLICT,
                      "the turn did not come at once, so that no node could show that it lives");
    }
}

/* Answers the nodes that were watched before the turn was taken; see db/old_nodes.h. */
static GArray *be_alone(struct run *run)
{
    struct db *db = run->db;
    run->stage = STAGE_ALONE;
    db_take_time(db, DB_TIME_HOUR);
    g_autofree char *sql = g_strdup_printf(BE_ALONE, run->patience->alone_ms);
    (void)db_script(db, sql);
    run->stage = db_error(db) == DB_OK ? STAGE_TURN : STAGE_ALONE;
    GArray *watched = NULL;
    if (run->found >= TURNS_SINCE) {
        watched = old_nodes_watch(db, needed_after(run), run->patience->watch_ms);
        take_turn_at_once(db, watched->len > 0);
    }
    (void)db_script(db, WAIT_BRIEFLY);
    return watched;
}

/* In the turn, so that none can come or beat meanwhile. */
static bool check_nodes(struct run *run, const GArray *watched, struct fault *fault)
{
    if (watched == NULL) {
        return true;
    }
    run->stage = STAGE_NODES;
    g_autofree char *names = old_nodes_living(run->db, needed_after(run), watched);
    return names == NULL ||
           fault_set(fault, "",
                     "migration %s does not work beside nodes of an older version, "
                     "and these are at work: %.120s. Stop every one of them "
                     "(systemctl stop tocsin), then run this again",
                     run->known->items[run->until - 1].name, names);
}

/* In the transaction. False without a fault: see db_error, or somebody else was faster. */
static bool run_steps(struct run *run, struct fault *fault)
{
    struct db *db = run->db;
    g_autoptr(GArray) watched = is_server(db) ? be_alone(run) : NULL;
    struct pageable before = {0};
    struct pageable after = {0};
    if (db_error(db) != DB_OK || db_schema_found(db) != run->found ||
        !check_nodes(run, watched, fault) || db_error(db) != DB_OK) {
        return false;
    }
    run->stage = STAGE_WORK;
    if (run->found > 0 && !pageable_take(db, &before, fault)) {
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

static const char *step_name(const struct run *run)
{
    return run->known->items[run->until - 1].name;
}

/* The first reason counts: that the database was "not reached a moment ago" says nothing. */
static void note_cause(struct run *run, enum db_status cause)
{
    if (cause != run->cause) {
        run->cause = cause;
        g_strlcpy(run->why, run->db->error_text, sizeof run->why);
    }
}

static int judge_failure(struct run *run, enum db_status status, const struct fault *why,
                         struct fault *fault)
{
    const struct db *db = run->db;
    if (status == DB_CONFLICT && run->stage == STAGE_ALONE) {
        (void)fault_set(fault, "",
                        "another program is bringing the schema forward, and has been for longer "
                        "than %d s: let it end, and run this again, which then finds it done",
                        run->patience->alone_ms / 1000);
        return RUN_REFUSED;
    }
    if (db->is_too_long) { /* and would be again */
        (void)fault_set(fault, "", "migration %s takes too long and was undone: %.300s",
                        step_name(run), db->error_text);
        return RUN_REFUSED;
    }
    if (status == DB_CONFLICT || status == DB_DOWN || status == DB_UNCERTAIN) {
        note_cause(run, status == DB_CONFLICT ? DB_CONFLICT : DB_DOWN);
        return RUN_AGAIN;
    }
    if (status == DB_OK && run->stage == STAGE_NODES) {
        *fault = *why;
        return RUN_REFUSED;
    }
    (void)fault_set(fault, "", "migration %s failed and was undone: %s", step_name(run),
                    why->text[0] != '\0' ? why->text : db->error_text);
    return RUN_REFUSED;
}

static int run_once(struct run *run, struct fault *fault)
{
    struct db *db = run->db;
    struct fault why = {0};
    db->is_turnless = is_server(db) || run->found < TURNS_SINCE;
    db_begin(db);
    bool is_good = run_steps(run, &why);
    enum db_status status = is_good ? db_commit(db) : db_error(db);
    db_rollback(db);
    db->is_turnless = false;
    if (status == DB_OK && (is_good || why.text[0] == '\0')) {
        return is_good ? RUN_DONE : RUN_AGAIN;
    }
    return judge_failure(run, status, &why, fault);
}

static bool give_up(const struct run *run, struct fault *fault)
{
    if (run->cause == DB_DOWN) {
        return fault_set(
            fault, "",
            "the database was lost while migration %s ran: %.200s; run it again when it "
            "can be reached: it goes on from where the schema is then",
            step_name(run), run->why);
    }
    return fault_set(
        fault, "",
        "migration %s was tried %d times and undone each time: %.200s; %s and run it again",
        step_name(run), run->patience->tries, run->why,
        run->stage == STAGE_TURN ? "see why no node gets to write"
                                 : "end what holds the tables (a long transaction?)");
}

/* Only a server has others who hold locks: a file fails for good. */
static int run_patiently(struct run *run, struct fault *fault)
{
    struct db_schema schema = {.found = run->found};
    int tries = is_server(run->db) ? run->patience->tries : 1;
    for (int i = 0; i < tries && schema.found == run->found; i++) {
        if (i > 0) {
            back_off_nap(); /* whoever waited behind us goes first */
        }
        int result = run_once(run, fault);
        if (result != RUN_AGAIN) {
            return result;
        }
        struct fault unseen = {0};
        if (!db_schema_look(run->db, run->known, &schema, &unseen)) {
            schema.found = run->found;
        }
    }
    if (schema.found != run->found) {
        return RUN_AGAIN;
    }
    (void)give_up(run, fault);
    return RUN_REFUSED;
}

bool db_migrate_all(struct db *db, const struct db_migrations *known, struct utc now, int *out_done,
                    struct fault *fault)
{
    return db_migrate_within(db, known, now, &PATIENCE, out_done, fault);
}

bool db_migrate_within(struct db *db, const struct db_migrations *known, struct utc now,
                       const struct db_patience *patience, int *out_done, struct fault *fault)
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
        struct run run = {.db = db,
                          .known = known,
                          .patience = patience,
                          .now = now,
                          .found = schema.found,
                          .cause = DB_OK};
        run.until = schema.found == 0 ? (int64_t)known->count : schema.found + 1;
        int result = run_patiently(&run, fault);
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
