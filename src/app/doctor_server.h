/* app/doctor_server.h - judges the PostgreSQL server and the nodes that share it. Pure: what was seen
 * comes in as values. */
#ifndef APP_DOCTOR_SERVER_H
#define APP_DOCTOR_SERVER_H

#include "config/lint.h"
#include "db/server.h"

struct server_facts {
    struct db_server server;
    struct utc now;             /* this machine's clock, read together with the server's */
    int64_t connections_wanted; /* by this node at most */
    int nodes_alive;
    int orphan_lanes;    /* held by nobody */
    const char *names;   /* of database hosts, which only a resolver knows: "a, b"; NULL: none */
    GPtrArray *versions; /* of char *: of the nodes alive, each once */
    GPtrArray *silent; /* of char *: names of nodes that count as alive and were not heard lately */
};

void doctor_judge_server(const struct server_facts *facts, GPtrArray *findings);

#endif
