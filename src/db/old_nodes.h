/* db/old_nodes.h - which nodes that live does a step of the schema not work beside?
 *
 * A node that was killed stands there as alive until another one buries it, and there may be none. So
 * its beat is watched, as nodes watch each other: for longer than makes a node count as lost, and over
 * one connection, so that the database was there all the while for whoever wanted to beat. */
#ifndef DB_OLD_NODES_H
#define DB_OLD_NODES_H

#include <glib.h>

#include "db/db.h"

struct old_node {
    int64_t id;
    int64_t beat;
};

/* In a transaction of a server that takes its time, before the turn: those that know less than the
 * schema `needed`, of struct old_node; if there are any, `ms` pass. Free with g_array_unref. */
NODISCARD GArray *old_nodes_watch(struct db *db, int64_t needed, int ms);
/* In the turn: the names of those that have beaten since, or have joined; NULL: there are none. Free
 * with g_free. */
NODISCARD char *old_nodes_living(struct db *db, int64_t needed, const GArray *watched);

#endif
