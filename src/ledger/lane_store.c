#include "ledger/lane_store.h"

#include <glib.h>

#define SCHEMA_NEEDED "SELECT max(coalesce(works_from, version)) FROM schema_version"

int64_t schema_needed(struct db *db)
{
    struct db_query *query = db_query(db, SCHEMA_NEEDED);
    int64_t needed = db_step(query) == DB_ROW ? db_int(query, 0) : 0;
    db_reset(query);
    return needed;
}

static struct db_query *query_own_rows(struct db *db, int64_t node)
{
    struct db_query *query = db_query(
        db, "SELECT c.total_us, n.state, l.lane, l.epoch, (" SCHEMA_NEEDED ") FROM clock_shift c"
            " LEFT JOIN node n ON n.id = $1 LEFT JOIN lane l ON l.holder = $1"
            " WHERE c.only_row = 1");
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
    while (db_step(query) == DB_ROW) {
        out->clock_total_us = db_int(query, 0);
        out->schema_needed = db_int(query, 4);
        if (!db_is_null(query, 1)) {
            out->state = (enum node_state)db_int(query, 1);
        }
        int64_t lane = db_int(query, 2);
        if (!db_is_null(query, 2) && lane >= 0 && lane < LANE_COUNT) {
            out->hold.lanes |= UINT64_C(1) << lane;
            out->hold.epochs[lane] = db_int(query, 3);
        }
    }
}

static void load_nodes(struct db *db, struct lane_view *out)
{
    struct db_query *query =
        db_query(db, "SELECT id, state, beat FROM node WHERE state < 3 ORDER BY id LIMIT $1");
    db_bind_int(query, 1, NODES_MAX);
    while (db_step(query) == DB_ROW) {
        out->nodes[out->node_count++] = (struct node_beat){
            .id = db_int(query, 0),
            .state = (enum node_state)db_int(query, 1),
            .beat = db_int(query, 2),
        };
    }
}

void lane_view_load(struct db *db, struct lane_view *out)
{
    *out = (struct lane_view){0};
    load_nodes(db, out);
    struct db_query *query =
        db_query(db, "SELECT lane, holder FROM lane WHERE holder IS NOT NULL ORDER BY lane");
    while (db_step(query) == DB_ROW) {
        int64_t lane = db_int(query, 0);
        if (lane >= 0 && lane < LANE_COUNT) {
            out->holders[lane] = db_int(query, 1);
        }
    }
}

int64_t node_insert(struct db *db, const struct node_row *row)
{
    struct db_query *query =
        db_query(db, "INSERT INTO node (name, address, version, schema_known, state, beat,"
                     " started_at) VALUES ($1, $2, $3, $4, $5, 0, $6) {newid}");
    db_bind_text(query, 1, row->name);
    db_bind_text(query, 2, row->address);
    db_bind_text(query, 3, row->version);
    db_bind_int(query, 4, row->schema_known);
    db_bind_int(query, 5, NODE_ALIVE);
    db_bind_utc(query, 6, row->started_at);
    return db_insert(query);
}

void node_beat(struct db *db, int64_t node)
{
    struct db_query *query =
        db_query(db, "UPDATE node SET beat = beat + 1 WHERE id = $1 AND state < 3");
    db_bind_int(query, 1, node);
    (void)db_run(query);
}

void node_set_leaving(struct db *db, int64_t node)
{
    struct db_query *query =
        db_query(db, "UPDATE node SET state = $2, beat = beat + 1 WHERE id = $1 AND state < 3");
    db_bind_int(query, 1, node);
    db_bind_int(query, 2, NODE_LEAVING);
    (void)db_run(query);
    lane_give(db, node, LANES_ALL);
}

void node_set_gone(struct db *db, int64_t node, struct utc now)
{
    struct db_query *query =
        db_query(db, "UPDATE node SET state = $2, ended_at = $3 WHERE id = $1 AND state < 3");
    db_bind_int(query, 1, node);
    db_bind_int(query, 2, NODE_GONE);
    db_bind_utc(query, 3, now);
    (void)db_run(query);
    lane_give(db, node, LANES_ALL);
}

char *node_name(struct db *db, int64_t node)
{
    struct db_query *query = db_query(db, "SELECT name FROM node WHERE id = $1");
    db_bind_int(query, 1, node);
    char *name = db_step(query) == DB_ROW ? g_strdup(db_text(query, 0)) : NULL;
    db_reset(query);
    return name;
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
        db_query(db, "DELETE FROM node WHERE state = 3 AND ended_at < $1 AND NOT EXISTS"
                     " (SELECT 1 FROM lane WHERE lane.holder = node.id)");
    db_bind_utc(nodes, 1, gone_before);
    (void)db_run(nodes);
    struct db_query *marks = db_query(db, "DELETE FROM commit_mark WHERE number < $1");
    db_bind_int(marks, 1, turn_before);
    (void)db_run(marks);
}
