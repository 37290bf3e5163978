#include "ledger/node.h"

const struct enum_name NODE_STATE_NAMES[] = {
    {"alive", NODE_ALIVE}, {"leaving", NODE_LEAVING}, {"gone", NODE_GONE}, {NULL, 0}};

static const struct row_word WORDS[] = {{"node", NODE_STATE_NAMES, NULL}, {NULL}};

#define AT(member) offsetof(struct node_info, member)

static const struct column COLUMNS[] = {
    {"id", COLUMN_INT, AT(id), COLUMN_ID},
    {"name", COLUMN_BORROWED, AT(name), COLUMN_FIXED},
    {"address", COLUMN_BORROWED, AT(address), COLUMN_FIXED},
    {"version", COLUMN_BORROWED, AT(version), COLUMN_FIXED},
    {"schema_known", COLUMN_INT, AT(schema_known), COLUMN_FIXED},
    {"state", COLUMN_ENUM, AT(state)},
    {"beat", COLUMN_INT, AT(beat)},
    {"started_at", COLUMN_UTC, AT(started_at), COLUMN_FIXED},
    {"ended_at", COLUMN_UTC, AT(ended_at)},
};

const struct table NODE_TABLE = {
    .name = "node",
    .size = sizeof(struct node_info),
    ROW_COLUMNS(COLUMNS),
    .words = WORDS,
};

static const struct column WORKED_COLUMNS[] = {
    {"count(l.lane)", COLUMN_ENUM, AT(lanes)},
    {"coalesce(min(l.epoch), 0)", COLUMN_INT, AT(epoch_least)},
    {"coalesce(max(l.epoch), 0)", COLUMN_INT, AT(epoch_most)},
};

static const struct table WORKING = {
    .base = &NODE_TABLE, .size = sizeof(struct node_info), ROW_COLUMNS(WORKED_COLUMNS)};

void node_list(struct db *db, void (*each)(void *self, const struct node_info *node), void *self)
{
    struct db_query *query = row_query(db, &WORKING,
                                       "SELECT {n.columns} FROM node n LEFT JOIN lane l"
                                       " ON l.holder = n.id GROUP BY n.id ORDER BY n.id");
    struct node_info node;
    while (row_next(query, &WORKING, &node)) {
        each(self, &node);
    }
}

void node_forget_gone(struct db *db, int kept)
{
    struct db_query *query =
        row_query(db, &NODE_TABLE,
                  "DELETE FROM node WHERE state = {node.gone} AND id NOT IN (SELECT id FROM node"
                  " WHERE state = {node.gone} ORDER BY ended_at DESC, id DESC LIMIT $1)"
                  " AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.holder = node.id)");
    db_bind_int(query, 1, kept);
    (void)db_run(query);
}

int node_orphan_lanes(struct db *db)
{
    return (int)db_take_int(db_query(db, "SELECT count(*) FROM lane WHERE holder IS NULL"));
}
