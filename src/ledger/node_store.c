#include "ledger/node.h"

static struct node_info read_node(struct db_query *query)
{
    return (struct node_info){.id = db_int(query, 0),
                              .name = db_text(query, 1),
                              .address = db_text(query, 2),
                              .version = db_text(query, 3),
                              .schema_known = db_int(query, 4),
                              .state = (enum node_state)db_int(query, 5),
                              .beat = db_int(query, 6),
                              .started_at = db_utc(query, 7),
                              .ended_at = db_utc(query, 8),
                              .lanes = (int)db_int(query, 9),
                              .epoch_least = db_int(query, 10),
                              .epoch_most = db_int(query, 11)};
}

void node_list(struct db *db, void (*each)(void *self, const struct node_info *node), void *self)
{
    struct db_query *query =
        db_query(db, "SELECT n.id, n.name, n.address, n.version, n.schema_known, n.state, n.beat,"
                     " n.started_at, n.ended_at, count(l.lane), coalesce(min(l.epoch), 0),"
                     " coalesce(max(l.epoch), 0)"
                     " FROM node n LEFT JOIN lane l ON l.holder = n.id"
                     " GROUP BY n.id, n.name, n.address, n.version, n.schema_known, n.state,"
                     " n.beat, n.started_at, n.ended_at ORDER BY n.id");
    while (db_step(query) == DB_ROW) {
        struct node_info node = read_node(query);
        each(self, &node);
    }
}

void node_forget_gone(struct db *db, int kept)
{
    struct db_query *query =
        db_query(db, "DELETE FROM node WHERE state = 3 AND id NOT IN (SELECT id FROM node"
                     " WHERE state = 3 ORDER BY ended_at DESC, id DESC LIMIT $1)"
                     " AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.holder = node.id)");
    db_bind_int(query, 1, kept);
    (void)db_run(query);
}

int node_orphan_lanes(struct db *db)
{
    struct db_query *query = db_query(db, "SELECT count(*) FROM lane WHERE holder IS NULL");
    int count = db_step(query) == DB_ROW ? (int)db_int(query, 0) : 0;
    db_reset(query);
    return count;
}
