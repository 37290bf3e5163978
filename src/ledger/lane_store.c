#include "ledger/lane_store.h"

#include <glib.h>

#define SCHEMA_NEEDED "SELECT max(coalesce(works_from, version)) FROM schema_version"

int64_t schema_needed(struct db *db)
{
    return db_take_int(db_query(db, SCHEMA_NEEDED));
}

struct lane_row {
    int64_t lane;
    int64_t holder; /* 0: nobody */
    int64_t epoch;
};

static const struct column LANE_COLUMNS[] = {
    {"lane", COLUMN_INT, offsetof(struct lane_row, lane), COLUMN_KEY},
    {"holder", COLUMN_INT, offsetof(struct lane_row, holder), COLUMN_NULL},
    {"epoch", COLUMN_INT, offsetof(struct lane_row, epoch)},
};

const struct table LANE_TABLE = {
    .name = "lane", .size = sizeof(struct lane_row), ROW_COLUMNS(LANE_COLUMNS)};

/* There is one for each lane that the node holds, and one where it holds none. */
struct own_row {
    int64_t clock_total_us;
    int64_t state; /* 0: there is no such node */
    int64_t lane;  /* -1: none */
    int64_t epoch;
    int64_t schema_needed;
};

static const struct column OWN_COLUMNS[] = {
    {"c.total_us", COLUMN_INT, offsetof(struct own_row, clock_total_us)},
    {"n.state", COLUMN_INT, offsetof(struct own_row, state)},
    {"coalesce(l.lane, -1)", COLUMN_INT, offsetof(struct own_row, lane)},
    {"l.epoch", COLUMN_INT, offsetof(struct own_row, epoch)},
    {"(" SCHEMA_NEEDED ")", COLUMN_INT, offsetof(struct own_row, schema_needed)},
};

static const struct table OWN = {.size = sizeof(struct own_row), ROW_COLUMNS(OWN_COLUMNS)};

static struct db_query *query_own_rows(struct db *db, int64_t node)
{
    struct db_query *query =
        row_query(db, &OWN,
                  "SELECT {columns} FROM clock_shift c LEFT JOIN node n ON n.id = $1"
                  " LEFT JOIN lane l ON l.holder = $1 WHERE c.only_row = 1");
    db_bind_int(query, 1, node);
    db_keep(query, 0);
    return query;
}

void own_rows_ask(struct db *db, int64_t node)
{
    struct db_query *query = query_own_rows(db, node);
    (void)db_step(query);
    db_reset(query);
}

void own_rows_load(struct db *db, int64_t node, struct own_rows *out)
{
    *out = (struct own_rows){.state = NODE_GONE};
    struct db_query *query = query_own_rows(db, node);
    struct own_row row;
    while (row_next(query, &OWN, &row)) {
        out->clock_total_us = row.clock_total_us;
        out->schema_needed = row.schema_needed;
        if (row.state != 0) {
            out->state = (enum node_state)row.state;
        }
        if (row.lane >= 0 && row.lane < LANE_COUNT) {
            out->hold.lanes |= UINT64_C(1) << row.lane;
            out->hold.epochs[row.lane] = row.epoch;
        }
    }
}

static void load_nodes(struct db *db, struct lane_view *out)
{
    struct db_query *query =
        row_query(db, &NODE_TABLE,
                  "SELECT {columns} FROM node WHERE state < {node.gone} ORDER BY id LIMIT $1");
    db_bind_int(query, 1, NODES_MAX);
    struct node_info node;
    while (row_next(query, &NODE_TABLE, &node)) {
        out->nodes[out->node_count++] =
            (struct node_beat){.id = node.id, .state = node.state, .beat = node.beat};
    }
}

void lane_view_load(struct db *db, struct lane_view *out)
{
    *out = (struct lane_view){0};
    load_nodes(db, out);
    struct db_query *query = row_query(
        db, &LANE_TABLE, "SELECT {columns} FROM lane WHERE holder IS NOT NULL ORDER BY lane");
    struct lane_row row;
    while (row_next(query, &LANE_TABLE, &row)) {
        if (row.lane >= 0 && row.lane < LANE_COUNT) {
            out->holders[row.lane] = row.holder;
        }
    }
}

int64_t node_insert(struct db *db, struct node_info *node)
{
    node->state = NODE_ALIVE;
    node->beat = 0;
    row_insert(db, &NODE_TABLE, node);
    return node->id;
}

/* The node is the first parameter. */
static struct db_query *of_node(struct db *db, int64_t node, const char *sql)
{
    struct db_query *query = row_query(db, &NODE_TABLE, sql);
    db_bind_int(query, 1, node);
    return query;
}

#define IS_HERE "id = $1 AND state < {node.gone}"

void node_beat(struct db *db, int64_t node)
{
    (void)db_run(of_node(db, node, "UPDATE node SET beat = beat + 1 WHERE " IS_HERE));
}

void node_set_leaving(struct db *db, int64_t node)
{
    (void)db_run(of_node(db, node,
                         "UPDATE node SET state = {node.leaving}, beat = beat + 1"
                         " WHERE " IS_HERE));
    lane_give(db, node, LANES_ALL);
}

void node_set_gone(struct db *db, int64_t node, struct utc now)
{
    struct db_query *query =
        of_node(db, node, "UPDATE node SET state = {node.gone}, ended_at = $2 WHERE " IS_HERE);
    db_bind_utc(query, 2, now);
    (void)db_run(query);
    lane_give(db, node, LANES_ALL);
}

char *node_name(struct db *db, int64_t node)
{
    return db_take_text(of_node(db, node, "SELECT name FROM node WHERE id = $1"));
}

void lane_take(struct db *db, int64_t node, lane_set lanes)
{
    struct db_query *query = db_query(
        db, "UPDATE lane SET holder = $1, epoch = epoch + 1 WHERE " SQL_LANE_IN("lane", "$2"));
    db_bind_int(query, 1, node);
    db_bind_int(query, 2, (int64_t)lanes);
    (void)db_run(query);
}

void lane_give(struct db *db, int64_t node, lane_set lanes)
{
    struct db_query *query = db_query(
        db, "UPDATE lane SET holder = NULL WHERE holder = $1 AND " SQL_LANE_IN("lane", "$2"));
    db_bind_int(query, 1, node);
    db_bind_int(query, 2, (int64_t)lanes);
    (void)db_run(query);
}

void clock_shift_add(struct db *db, struct span by)
{
    struct db_query *query =
        db_query(db, "UPDATE clock_shift SET total_us = total_us + $1 WHERE only_row = 1");
    db_bind_int(query, 1, by.us);
    (void)db_run(query);
}

void node_prune(struct db *db, struct utc gone_before, int64_t turn_before)
{
    struct db_query *nodes =
        row_query(db, &NODE_TABLE,
                  "DELETE FROM node WHERE state = {node.gone} AND ended_at < $1 AND NOT EXISTS"
                  " (SELECT 1 FROM lane WHERE lane.holder = node.id)");
    db_bind_utc(nodes, 1, gone_before);
    (void)db_run(nodes);
    struct db_query *marks = db_query(db, "DELETE FROM commit_mark WHERE number < $1");
    db_bind_int(marks, 1, turn_before);
    (void)db_run(marks);
}
