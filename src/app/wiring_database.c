#include <unistd.h>

#include "app/data_dir.h"
#include "app/wiring.h"
#include "base/log.h"
#include "db/migrate.h"
#include "page/page_store.h"
#include "page/pager.h"

/* Begun anew, it would answer every sender with 401, which most of them take for the end. `but_first`: what to do
 * before a new one is asked for. */
static bool refuse_lost(const char *data, const char *why, const char *but_first,
                        struct fault *fault)
{
    return fault_set(fault, "data",
                     "the database of %s is gone: tocsin.db %s, or restore a backup with "
                     "`tocsin restore`; if a new one is meant, which knows no key and no person, "
                     "%ssay so with: rm -f used ballast tocsin.db-wal (in that directory)",
                     data, why, but_first);
}

static bool refuse_foreign(const char *data, struct fault *fault)
{
    return refuse_lost(data,
                       "holds nothing of ours, or its log tocsin.db-wal is missing or damaged. Put "
                       "ours back",
                       "move that file away and ", fault);
}

static bool refuse_emptied(const struct settings *settings, struct fault *fault)
{
    g_autofree char *shown = settings_database_shown(settings);
    return fault_set(
        fault, "database-url",
        "the database of %s is gone: %.80s holds nothing of ours. Name the one that was "
        "used from there, or restore a backup with `tocsin restore FILE --to` it; if "
        "a new one is meant, which knows no key and no person, say so with: "
        "rm -f used ballast (in that directory)",
        settings->data, shown);
}

/* What is in it; SCHEMA_EMPTY also when it has our tables, but no server ever ran on them: somebody has made them
 * anew. 0 and a fault when it cannot be read. */
static int look_in(struct db *db, struct fault *fault)
{
    struct db_migrations *known = db_migrations_load();
    struct db_schema schema = {0};
    bool is_read = db_schema_look(db, known, &schema, fault);
    db_migrations_free(&known);
    if (!is_read || schema.state == SCHEMA_EMPTY || schema.state == SCHEMA_TOO_NEW) {
        return is_read ? schema.state : 0;
    }
    bool was_served = secret_is_there(db, PAGER_LINK_SECRET);
    if (db_error(db) != DB_OK) {
        (void)fault_set(fault, "", "cannot read the database: %s", db_error_text(db));
        return 0;
    }
    return was_served ? schema.state : SCHEMA_EMPTY;
}

/* Looked at before anything is set in it: a file that is not ours stays as it is, and a log that is put back must
 * find ours as it left it. */
static bool is_ours_and_whole(const struct house *house, struct fault *fault)
{
    const char *data = house->settings->data;
    struct db *db = db_open(house->database, DB_READ_ONLY, fault);
    if (db == NULL) {
        return false;
    }
    int state = look_in(db, fault);
    bool is_foreign = state == SCHEMA_EMPTY && (data_dir_is_marked(data) || db_is_foreign(db));
    bool is_ours = state != 0 && (!is_foreign || refuse_foreign(data, fault));
    bool was_used = data_dir_is_marked(data) || newest_noted(data) > 0;
    bool is_whole = is_ours && (!was_used || newest_check(data, db, fault));
    db_close(&db);
    return is_whole;
}

static bool open_file(struct house *house, struct fault *fault)
{
    const char *data = house->settings->data;
    house->database = data_dir_database(data);
    house->is_new = !data_dir_has_database(data);
    if (house->is_new && data_dir_was_used(data)) {
        return refuse_lost(data, "is missing or empty. Put it back", "", fault);
    }
    /* Else a start that fails leaves a database behind, and the next one takes it for what was in use. */
    if (house->is_new && !http_can_listen(house->settings->listen, fault)) {
        return false;
    }
    if (house->is_new) {
        newest_forget(data);
    } else if (!is_ours_and_whole(house, fault)) {
        return false;
    }
    house->db = db_open(house->database, DB_READ_WRITE, fault);
    if (house->db == NULL || !db_migrate(house->db, clock_now(&CLOCK_SYSTEM), fault)) {
        return false;
    }
    house->newest = newest_open(data);
    return true;
}

static bool open_server(struct house *house, struct fault *fault)
{
    const struct settings *settings = house->settings;
    house->data_lock = data_dir_lock(settings->data, fault);
    if (house->data_lock < 0) {
        return false;
    }
    house->database = g_strdup(settings->database_url);
    house->db = db_open(house->database, DB_READ_WRITE, fault);
    int state = house->db != NULL ? look_in(house->db, fault) : 0;
    if (state == 0) {
        return false;
    }
    if (state == SCHEMA_EMPTY && data_dir_is_marked(settings->data)) {
        return refuse_emptied(settings, fault);
    }
    if (!db_migrate(house->db, clock_now(&CLOCK_SYSTEM), fault)) {
        return false;
    }
    g_autofree char *shown = settings_database_shown(settings);
    LOG_INFO("serve", NULL, "database open", "where", shown);
    return true;
}

bool house_open_database(struct house *house, struct fault *fault)
{
    if (!data_dir_prepare(house->settings->data, fault)) {
        return false;
    }
    return house->settings->database_url != NULL ? open_server(house, fault)
                                                 : open_file(house, fault);
}

bool house_mark_database(struct house *house, struct fault *fault)
{
    return data_dir_mark_used(house->settings->data, fault);
}

/* Whatever else went wrong in a transaction stays wrong. */
static bool is_passing(enum db_status status)
{
    return status == DB_DOWN || status == DB_UNCERTAIN || status == DB_CONFLICT;
}

bool house_misses_database(const struct house *house)
{
    if (house->settings->database_url == NULL) {
        return false;
    }
    if (house->db == NULL) { /* without a name it was not even tried */
        return house->database != NULL && db_is_away(house->database);
    }
    if (house->ledger != NULL && !ledger_is_writable(house->ledger)) {
        return true;
    }
    return house->desk == NULL &&
           is_passing(db_error(house->db)); /* else the desk's thread has it */
}

void house_close_database(struct house *house)
{
    newest_close(&house->newest);
    db_close(&house->db);
    if (house->data_lock >= 0) {
        (void)close(house->data_lock);
        house->data_lock = -1;
    }
    g_clear_pointer(&house->database, g_free);
}
