/* db/tables.h - what tables a database has, asked of the database itself. */
#ifndef DB_TABLES_H
#define DB_TABLES_H

#include <glib.h>

#include "db/digest.h"

struct db_column {
    char *name;
    int type;   /* enum db_type */
    int key_at; /* place in the primary key, from 1; 0: not in it */
};

struct db_table {
    char *name;
    GArray *columns; /* of struct db_column, in the order of the table */
    size_t key_count;
    bool is_state; /* has the one row that a migration put there */
};

/* The tables with content, by name: not those that an engine or a node keeps for itself (turns, nodes,
 * lanes, the machine's clock, the schema's version), which mean nothing elsewhere, nor any that our
 * migrations do not make. NULL and a fault when they cannot be read or one of ours has a column of a
 * type that is not known here. */
NODISCARD GPtrArray *db_tables_list(struct db *db, struct fault *fault);

/* The same with those that are no content. */
NODISCARD GPtrArray *db_tables_list_all(struct db *db, struct fault *fault);

/* "alert.summary": the first column that only one of the two has; NULL when there is none. Free with
 * g_free. */
NODISCARD char *db_tables_differ(const GPtrArray *a, const GPtrArray *b);

static inline const struct db_column *db_table_column(const struct db_table *table, size_t at)
{
    return &g_array_index(table->columns, struct db_column, at);
}

#endif
