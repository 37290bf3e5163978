#include "app/doctor_server.h"

#include <string.h>

#define SKEW_MOST SPAN_S(2)
#define LAG_MOST SPAN_S(10)

/* Of a server that becomes so while nodes are connected; a new connection is refused. */
static void judge_role(const struct db_server *server, GPtrArray *findings)
{
    if (server->is_read_only) {
        lint_add(findings, LINT_PROBLEM, "server", "",
                 "Set default_transaction_read_only = off for this database.",
                 "The database server takes no writes (default_transaction_read_only is on).");
    }
}

static void judge_disk(const struct db_server *server, GPtrArray *findings)
{
    if (!server->has_fsync) {
        lint_add(findings, LINT_PROBLEM, "fsync", "",
                 "Set fsync = on in postgresql.conf and restart the database server.",
                 "The database server does not wait for its disk (fsync is off): accepted alerts "
                 "are lost when its machine stops, and the database may be damaged.");
    }
    if (!server->has_full_page_writes) {
        lint_add(findings, LINT_PROBLEM, "fsync", "",
                 "Set full_page_writes = on in postgresql.conf and reload it.",
                 "full_page_writes is off: the database may be damaged when its machine stops.");
    }
}

/* As many as each commit needs, and no more. A cluster manager names another one when one of these stops;
 * whether there is a manager cannot be seen from here. */
static void judge_last(const struct db_server *server, GPtrArray *findings)
{
    if (server->standbys_unnamed > 0) {
        lint_add(findings, LINT_NOTE, "replication", "",
                 "A cluster manager such as Patroni does so. Without one, name all standbys: "
                 "synchronous_standby_names = 'ANY 1 (…, …)'.",
                 "When a synchronous standby stops, no alert can be accepted until another one is "
                 "named in its place (%s).",
                 server->standby_names);
    } else if (server->standbys_required == 1) {
        lint_add(findings, LINT_WARNING, "replication", "",
                 "Add a second one: synchronous_standby_names = 'ANY 1 (…, …)'.",
                 "There is one synchronous standby: when it stops, no alert can be accepted.");
    } else {
        lint_add(findings, LINT_WARNING, "replication", "",
                 "Add another one to the list, or let each commit wait for fewer.",
                 "Each commit waits for all %" G_GINT64_FORMAT
                 " synchronous standbys (%s): when one of them stops, no alert can be accepted.",
                 server->standbys_required, server->standby_names);
    }
}

static void judge_waited_for(const struct db_server *server, GPtrArray *findings)
{
    if (server->standbys_ready == 0) {
        lint_add(findings, LINT_PROBLEM, "replication", "",
                 "Start a standby, or name one that is connected in synchronous_standby_names.",
                 "No synchronous standby is connected (%s): no commit is ever confirmed.",
                 server->standby_names);
    } else if (server->standbys_ready < server->standbys_required) {
        lint_add(findings, LINT_PROBLEM, "replication", "",
                 "Start the others, or name some that are connected in synchronous_standby_names.",
                 "Each commit waits for %" G_GINT64_FORMAT " standbys (%s), and %" G_GINT64_FORMAT
                 " can answer: none is ever confirmed.",
                 server->standbys_required, server->standby_names, server->standbys_ready);
    } else if (server->standbys_ready == server->standbys_required) {
        judge_last(server, findings);
    }
    if (server->lag.us > LAG_MOST.us) {
        char lag[UTC_TEXT_SIZE];
        span_format(server->lag, lag);
        lint_add(findings, LINT_WARNING, "replication", "",
                 "Look at the standby's load and at the network between the two.",
                 "A synchronous standby is %s behind: a failover takes as long to catch up.", lag);
    }
}

static void judge_standbys(const struct db_server *server, GPtrArray *findings)
{
    if (server->standbys_required == 0) {
        lint_add(findings, LINT_WARNING, "replication", "",
                 server->standbys > 0
                     ? "Set synchronous_standby_names = 'ANY 1 (…, …)' with the names of two "
                       "standbys."
                     : "Add two standbys and set synchronous_standby_names = 'ANY 1 (…, …)'.",
                 "No commit waits for a standby: accepted alerts are lost when the machine of the "
                 "database is.");
    } else if (!server->can_see_standbys) {
        lint_add(
            findings, LINT_NOTE, "replication", "",
            "GRANT pg_read_all_stats to the account that Tocsin uses.",
            "Whether the synchronous standbys keep up cannot be seen: the account has no right "
            "to look.");
    } else {
        judge_waited_for(server, findings);
    }
}

static void judge_names(const char *names, GPtrArray *findings)
{
    if (names != NULL) {
        lint_add(findings, LINT_NOTE, "database-host", "",
                 "Put the names into /etc/hosts, or the addresses beside them: hostaddr=…,… in "
                 "TOCSIN_DATABASE_URL.",
                 "A resolver is asked for %s at each new connection: while it does not answer, no "
                 "time-out of Tocsin's holds.",
                 names);
    }
}

static void judge_link(const struct db_server *server, GPtrArray *findings)
{
    if (!server->is_near && !server->is_encrypted) {
        lint_add(
            findings, LINT_WARNING, "database-tls", "",
            "Add sslmode=verify-full&sslrootcert=FILE to TOCSIN_DATABASE_URL; without it, TLS is "
            "used only where both sides happen to offer it.",
            "The connection to the database server is not encrypted: whoever is on the way reads "
            "alerts and addresses, and may change them.");
    }
}

static void judge_room(const struct server_facts *facts, GPtrArray *findings)
{
    const struct db_server *server = &facts->server;
    int64_t wanted = facts->connections_wanted * MAX(facts->nodes_alive, 1);
    int64_t free_now = server->connections_max - server->connections;
    if (server->connections_max < wanted) {
        lint_add(
            findings, LINT_WARNING, "connections", "",
            "Raise max_connections and restart the database server, or run with fewer --threads.",
            "%d nodes may want %" G_GINT64_FORMAT
            " connections; the database server has %" G_GINT64_FORMAT ".",
            MAX(facts->nodes_alive, 1), wanted, server->connections_max);
    } else if (free_now < facts->connections_wanted) {
        lint_add(findings, LINT_WARNING, "connections", "",
                 "Raise max_connections, or see who holds them: SELECT * FROM pg_stat_activity.",
                 "Of %" G_GINT64_FORMAT " connections of the database server %" G_GINT64_FORMAT
                 " are free: a node may be turned away.",
                 server->connections_max, MAX(free_now, 0));
    }
}

static void judge_clock(const struct server_facts *facts, GPtrArray *findings)
{
    struct span skew = utc_since(facts->now, facts->server.now);
    if (skew.us > SKEW_MOST.us || skew.us < -SKEW_MOST.us) {
        char text[UTC_TEXT_SIZE];
        span_format((struct span){ABS(skew.us)}, text);
        lint_add(findings, LINT_WARNING, "clock", "",
                 "Let both follow a time service such as chrony; hand-offs and waits go by the "
                 "database's clock.",
                 "This machine's clock is %s %s the database's.", text,
                 skew.us > 0 ? "ahead of" : "behind");
    }
}

static void judge_nodes(const struct server_facts *facts, GPtrArray *findings)
{
    if (facts->nodes_alive == 1) {
        lint_add(findings, LINT_NOTE, "nodes", "",
                 "Start Tocsin on another machine with the same TOCSIN_DATABASE_URL.",
                 "There is one node: when its machine stops, pages wait until it is back.");
    }
    if (facts->versions->len > 1) {
        g_ptr_array_add(facts->versions, NULL);
        g_autofree char *list = g_strjoinv(", ", (char **)facts->versions->pdata);
        g_ptr_array_set_size(facts->versions, (gint)facts->versions->len - 1);
        lint_add(findings, LINT_WARNING, "nodes", "", "Bring the upgrade to its end on every node.",
                 "The nodes run different versions: %s.", list);
    }
    for (guint i = 0; i < facts->silent->len; i++) {
        lint_add(findings, LINT_WARNING, "nodes", "",
                 "See whether it still runs; the others take its work over within seconds.",
                 "The node %s has not been heard for a while.",
                 (const char *)facts->silent->pdata[i]);
    }
    if (facts->orphan_lanes > 0) {
        lint_add(
            findings, facts->nodes_alive > 0 ? LINT_WARNING : LINT_PROBLEM, "nodes", "",
            facts->nodes_alive > 0 ? "Look again in some seconds: a node that lives takes them."
                                   : "Start a node: tocsin serve.",
            "%d of 64 lanes are held by nobody: what is due there waits.", facts->orphan_lanes);
    }
}

void doctor_judge_server(const struct server_facts *facts, GPtrArray *findings)
{
    judge_role(&facts->server, findings);
    judge_disk(&facts->server, findings);
    judge_standbys(&facts->server, findings);
    judge_link(&facts->server, findings);
    judge_names(facts->names, findings);
    judge_room(facts, findings);
    judge_clock(facts, findings);
    judge_nodes(facts, findings);
}
