/* ledger/lane.h - who works what, where several nodes share one database.
 *
 * What becomes due by itself (timers, mailboxes, deliveries) is split into lanes; a node works the
 * lanes that it holds. Holding is a row with an epoch, read again inside the very transaction that
 * does the work: a node that was frozen and wakes finds its lanes gone and writes nothing. Taking
 * requests needs no lane: every node may.
 *
 * A node shows that it lives by counting up its beat. Whether another one is dead is judged by how
 * long its beat stood still on the observer's own elapsed clock, never by comparing wall clocks.
 * In a database with one writer, that one holds all lanes. */
#ifndef LEDGER_LANE_H
#define LEDGER_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/utc.h"

enum { LANE_COUNT = 64 };

/* A set of lanes: bit n is lane n. */
typedef uint64_t lane_set;

#define LANES_ALL UINT64_MAX

/* The house's own work, which is in no service's or person's lane (gaps ahead, silences). */
enum { LANE_HOUSE = 0 };

/* The lane of a service, a person, a heartbeat …: the same everywhere and for ever. */
int lane_of(const char *name);

static inline bool lane_is_in(lane_set lanes, int lane)
{
    return (lanes >> lane & 1) != 0;
}

/* In SQL of stores: is the row's lane in the set that was bound by db_bind_int as the parameter? */
#define SQL_LANE_IN(column, parameter) \
    "((CAST(1 AS BIGINT) << CAST(" column " AS INTEGER)) & " parameter ") <> 0"
/* The same of a table with a column `lane`, where the set is the first parameter. */
#define IN_LANES SQL_LANE_IN("lane", "$1")

enum node_state {
    NODE_ALIVE = 1,
    NODE_LEAVING, /* has given its lanes away, brings home what is in flight */
    NODE_GONE,    /* ended, or counted as dead; never comes back under this id */
};

/* A node beats this often, and is dead when its beat stood still for so long while the observer
 * looked all the time. */
#define NODE_BEAT SPAN_MS(500)
#define NODE_DEAD_AFTER SPAN_S(3)

#endif
