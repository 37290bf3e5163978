#include "app/lost.h"

#include "cli/data_dir.h"
#include "db/migrate.h"
#include "paging/page_store.h"
#include "paging/pager.h"

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

bool lost_check_file(const char *data, struct fault *fault)
{
    bool is_lost = !data_dir_has_database(data) && data_dir_was_used(data);
    return !is_lost || refuse_lost(data, "is missing or empty. Put it back", "", fault);
}

bool lost_check_content(const char *data, struct db *db, struct fault *fault)
{
    int state = look_in(db, fault);
    bool is_foreign = state == SCHEMA_EMPTY && (data_dir_is_marked(data) || db_is_foreign(db));
    return state != 0 && (!is_foreign || refuse_foreign(data, fault));
}

bool lost_check_server(const struct settings *settings, struct db *db, struct fault *fault)
{
    int state = look_in(db, fault);
    bool is_emptied = state == SCHEMA_EMPTY && data_dir_is_marked(settings->data);
    return state != 0 && (!is_emptied || refuse_emptied(settings, fault));
}
