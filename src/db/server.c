#include "db/server.h"

#include <gio/gio.h>
#include <string.h>

#include "db/postgres.h"
#include "db/standby_names.h"

/* A form of tomorrow that we cannot read names somebody all the same. */
static void take_names(struct db_server *out, const char *value)
{
    int required = 0;
    g_strlcpy(out->standby_names, value, sizeof out->standby_names);
    out->standbys_required = standby_names_parse(value, &required) ? required : 1;
}

static void take_setting(struct db_server *out, const char *name, const char *value)
{
    bool is_on = strcmp(value, "on") == 0;
    int64_t number = g_ascii_strtoll(value, NULL, 10);
    if (strcmp(name, "server_version_num") == 0) {
        out->version_number = number;
    } else if (strcmp(name, "server_version") == 0) {
        g_strlcpy(out->version, value, MIN(sizeof out->version, strcspn(value, " ") + 1));
    } else if (strcmp(name, "synchronous_standby_names") == 0) {
        take_names(out, value);
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

/* As the server gives them to a new session: of what every session of ours sets for itself
 * (synchronous_commit, for instance) there is nothing to be judged. */
static void read_settings(struct db *db, struct db_server *out)
{
    struct db_query *query =
        db_query(db, "SELECT name, reset_val FROM pg_settings WHERE name IN ('server_version_num',"
                     " 'server_version', 'synchronous_standby_names', 'fsync', 'full_page_writes',"
                     " 'default_transaction_read_only', 'max_connections',"
                     " 'superuser_reserved_connections')");
    while (db_step(query) == DB_ROW) {
        const char *value = db_text(query, 1);
        take_setting(out, db_text(query, 0), value != NULL ? value : "");
    }
}

/* To other accounts a standby shows that it is there, and nothing else. One that catches up is "potential"
 * though no commit could be confirmed by it; a subscriber (logical) can never take over. */
static void read_standbys(struct db *db, struct db_server *out)
{
    struct db_query *query = db_query(
        db,
        "SELECT count(*), count(state),"
        " count(*) FILTER (WHERE state = 'streaming' AND sync_state <> 'async'),"
        " count(*) FILTER (WHERE state = 'streaming' AND sync_state = 'async' AND NOT EXISTS"
        "  (SELECT 1 FROM pg_replication_slots WHERE active_pid = pid AND slot_type = 'logical')),"
        " CAST(coalesce(max(EXTRACT(EPOCH FROM replay_lag)) FILTER"
        " (WHERE sync_state IN ('sync', 'quorum')), 0) * 1000000 AS BIGINT)"
        " FROM pg_stat_replication");
    if (db_step(query) == DB_ROW) {
        out->standbys = db_int(query, 0);
        out->can_see_standbys = db_int(query, 1) == out->standbys;
        out->standbys_ready = db_int(query, 2);
        out->standbys_unnamed = db_int(query, 3);
        out->lag = (struct span){db_int(query, 4)};
    }
    db_reset(query);
}

static void read_state(struct db *db, struct db_server *out)
{
    struct db_query *query =
        db_query(db, "SELECT CAST((SELECT sum(numbackends) FROM pg_stat_database) AS BIGINT),"
                     " CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)");
    if (db_step(query) == DB_ROW) {
        out->connections = db_int(query, 0);
        out->now = (struct utc){db_int(query, 1)};
    }
    db_reset(query);
}

static bool is_loopback(const char *address)
{
    g_autoptr(GInetAddress) parsed = g_inet_address_new_from_string(address);
    return parsed != NULL && g_inet_address_get_is_loopback(parsed);
}

/* As we see it: behind a pooler the server sees another connection. */
static void look_at_link(struct db *db, struct db_server *out)
{
    PGconn *conn = ((struct postgres_db *)db)->conn;
    const char *address =
        conn != NULL ? PQhostaddr(conn) : NULL; /* "" for a socket of this machine */
    out->is_near = address == NULL || address[0] == '\0' || is_loopback(address);
    out->is_encrypted = conn != NULL && (PQsslInUse(conn) != 0 || PQgssEncInUse(conn) != 0);
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
    look_at_link(db, out);
    return db_error(db) == DB_OK;
}

static bool is_name(const char *host)
{
    return host[0] != '\0' && host[0] != '/' && host[0] != '@' && !g_hostname_is_ip_address(host);
}

char **db_hosts_to_resolve(const char *where)
{
    GPtrArray *names = g_ptr_array_new();
    struct postgres_place all = {0};
    struct fault fault = {0};
    bool is_server = postgres_is_url(where) && postgres_place_parse(where, &all, &fault);
    unsigned count = is_server ? postgres_place_count(&all) : 0;
    for (unsigned i = 0; i < count; i++) {
        struct postgres_place one = {0};
        postgres_place_pick(&all, i, &one);
        const char *host = postgres_place_value(&one, "host");
        if (is_name(host) && postgres_place_value(&one, "hostaddr")[0] == '\0') {
            g_ptr_array_add(names, g_strdup(host));
        }
        postgres_place_clear(&one);
    }
    postgres_place_clear(&all);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

void db_server_wait(struct db *db, int ms)
{
    struct db_query *query = db_query(db, "SELECT 1 FROM pg_sleep($1)");
    db_bind_real(query, 1, ms / 1000.0);
    (void)db_step(query);
    db_reset(query);
}
