#include "db/server.h"

#include <string.h>

#include "db/engine.h"

static void take_setting(struct db_server *out, const char *name, const char *value)
{
    bool is_on = strcmp(value, "on") == 0;
    int64_t number = g_ascii_strtoll(value, NULL, 10);
    if (strcmp(name, "server_version_num") == 0) {
        out->version_number = number;
    } else if (strcmp(name, "server_version") == 0) {
        g_strlcpy(out->version, value, MIN(sizeof out->version, strcspn(value, " ") + 1));
    } else if (strcmp(name, "synchronous_commit") == 0) {
        g_strlcpy(out->synchronous_commit, value, sizeof out->synchronous_commit);
    } else if (strcmp(name, "synchronous_standby_names") == 0) {
        g_strlcpy(out->standby_names, value, sizeof out->standby_names);
    } else if (strcmp(name, "fsync") == 0) {
        out->has_fsync = is_on;
    } else if (strcmp(name, "full_page_writes") == 0) {
        out->has_full_page_writes = is_on;
    } else if (strcmp(name, "default_transaction_read_only") == 0) {
        out->is_read_only = is_on;
    } else if (strcmp(name, "max_connections") == 0) {
        out->connections_max += number;
    } else if (strcmp(name, "superuser_reserved_connections") == 0) {
        out->connections_max -= number;
    }
}

/* As the server gives them to a new session, but for what every session of ours asks for. */
static void read_settings(struct db *db, struct db_server *out)
{
    struct db_query *query = db_query(
        db, "SELECT name, CASE name WHEN 'synchronous_commit' THEN setting ELSE reset_val END FROM "
            "pg_settings WHERE name IN ('server_version_num',"
            " 'server_version', 'synchronous_commit', 'synchronous_standby_names', 'fsync',"
            " 'full_page_writes', 'default_transaction_read_only', 'max_connections',"
            " 'superuser_reserved_connections')");
    while (db_step(query) == DB_ROW) {
        const char *value = db_text(query, 1);
        take_setting(out, db_text(query, 0), value != NULL ? value : "");
    }
}

/* To other accounts a standby shows that it is there, and nothing else. */
static void read_standbys(struct db *db, struct db_server *out)
{
    struct db_query *query =
        db_query(db, "SELECT count(*), count(state),"
                     " count(CASE WHEN sync_state IN ('sync', 'quorum') THEN 1 END),"
                     " CAST(coalesce(max(EXTRACT(EPOCH FROM replay_lag)) FILTER"
                     " (WHERE sync_state IN ('sync', 'quorum')), 0) * 1000000 AS BIGINT)"
                     " FROM pg_stat_replication");
    if (db_step(query) == DB_ROW) {
        out->standbys = db_int(query, 0);
        out->can_see_standbys = db_int(query, 1) == out->standbys;
        out->standbys_waited_for = db_int(query, 2);
        out->lag = (struct span){db_int(query, 3)};
    }
    db_reset(query);
}

static void read_state(struct db *db, struct db_server *out)
{
    struct db_query *query =
        db_query(db, "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END,"
                     " CAST((SELECT sum(numbackends) FROM pg_stat_database) AS BIGINT),"
                     " CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)");
    if (db_step(query) == DB_ROW) {
        out->is_standby = db_int(query, 0) != 0;
        out->connections = db_int(query, 1);
        out->now = (struct utc){db_int(query, 2)};
    }
    db_reset(query);
}

bool db_server_look(struct db *db, struct db_server *out)
{
    *out = (struct db_server){0};
    if (db->is_dead || strcmp(db->engine->name, "postgresql") != 0) {
        return false;
    }
    read_settings(db, out);
    read_standbys(db, out);
    read_state(db, out);
    return db_error(db) == DB_OK;
}
