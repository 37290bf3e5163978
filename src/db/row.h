/* db/row.h - what a table's columns are is said once.
 *
 * A table describes how a struct is kept: which member stands in which column. From the one description
 * come the column lists of statements, binding a struct and reading one, and the statements that write
 * and find one row. Where the struct has a record (base/record.h), its fields that name a `column` are
 * columns of the table; only what no field describes is listed here.
 *
 * Statements of stores say what they mean by tokens, which are replaced once, when a statement is
 * prepared:
 *     {columns}                       the columns that row_read reads, in its order
 *     {n.columns}                     the same of what is called n in the statement; expressions stay as they are
 *     {alert.open}                    the number of an enumerator, by a word of the table: no enumerator's
 *                                     number stands in SQL
 *     {notification.waiting>cancelled}  the number of the first, of a state that becomes the second: no
 *                                     statement can be prepared that would write a change which the states
 *                                     do not allow (base/state.h)
 *
 * To write many rows by one statement, row_value answers what one column of one struct is as a value
 * apart from any statement: a later row_insert of many binds it at `row * columns + column`, or gathers
 * the values of a column as an array. Nothing else knows how a struct becomes a row. */
#ifndef DB_ROW_H
#define DB_ROW_H

#include "base/record.h"
#include "base/state.h"
#include "db/db.h"
#include "db/digest.h"

enum column_kind {
    COLUMN_INT = 1,  /* int64_t */
    COLUMN_ENUM,     /* int or an enumeration: its number; or another small number */
    COLUMN_WORD,     /* int or an enumeration: its name in `names`; 0 is NULL */
    COLUMN_BOOL,     /* bool: 0 or 1 */
    COLUMN_TEXT,     /* char *, owned; NULL is NULL */
    COLUMN_BORROWED, /* const char *: once read it is good until the next step or reset */
    COLUMN_INTERNED, /* const char *, one of a few: once read it is good for ever */
    COLUMN_UTC,      /* struct utc; unset is NULL */
    COLUMN_SPAN,     /* struct span, in microseconds */
    COLUMN_JSON, /* json_t *, an owned reference, as text; NULL, and what cannot be read, is NULL */
    COLUMN_BYTES, /* `bytes` bytes in the struct itself; 0 where other than so many are kept */
    COLUMN_MADE,  /* made of the struct, or makes something in it, by `maker` */
};

enum column_flag {
    COLUMN_KEY = 1,      /* by which a row is found */
    COLUMN_ID = 2,       /* the key "id", an int64_t that row_insert sets */
    COLUMN_FIXED = 4,    /* only written when the row is inserted */
    COLUMN_WRITTEN = 8,  /* never read into the struct */
    COLUMN_READ = 16,    /* never written from the struct, but by statements of its own */
    COLUMN_NULL = 32,    /* 0 is NULL */
    COLUMN_TOUCHED = 64, /* row_touch writes it, too */
};

/* Of one column in one row. */
struct row_value {
    int type; /* enum db_type; 0: NULL */
    int64_t number;
    const char *bytes; /* of a text, which ends with a NUL, or a blob */
    size_t size;       /* of a blob */
    char *owned;       /* what `bytes` points to, if it was made for this; free with g_free */
};

struct column_maker {
    int type; /* enum db_type */
    /* `out` is NULL, zeroed. */
    void (*write)(const void *self, struct row_value *out);
    /* Not NULL unless the column is COLUMN_WRITTEN. */
    void (*read)(void *self, struct db_query *row, int at);
};

struct column {
    const char *name; /* or, in a struct that is only read, an expression of SQL */
    enum column_kind kind;
    size_t offset;
    unsigned flags;                   /* of enum column_flag */
    const struct enum_name *names;    /* COLUMN_WORD */
    size_t bytes;                     /* COLUMN_BYTES */
    const struct column_maker *maker; /* COLUMN_MADE */
};

/* What {name.enumerator} in a statement stands for. */
struct row_word {
    const char *name;
    const struct enum_name *names;
    const struct states *states; /* NULL: nothing that changes from one to the other */
};

struct table {
    const char *name;            /* NULL: no table, but what a statement answers; it is only read */
    size_t size;                 /* of the struct */
    const struct table *base;    /* of what is only read: its columns come first; NULL: none */
    const struct record *record; /* NULL: none */
    const struct column *columns;
    size_t count;
    const struct row_word *words; /* end with {NULL}; NULL: none */
    const char *const
        *statements; /* columns that only statements know; end with NULL; NULL: none */
};

/* The two members that a list of columns is. */
#define ROW_COLUMNS(list) .columns = (list), .count = G_N_ELEMENTS(list)

/* As db_query, for a statement whose text says {columns} and the words of `table`. */
NODISCARD struct db_query *row_query(struct db *db, const struct table *table, const char *sql);

/* Reads a row whose statement answers {columns} first. `out` need not be set before. */
void row_read(struct db_query *query, const struct table *table, void *out);
/* Steps: is there another row? Then it is read. */
NODISCARD bool row_next(struct db_query *query, const struct table *table, void *out);
/* Steps once and resets: is there a row? Then it is read; so nothing in it may be borrowed. */
NODISCARD bool row_take(struct db_query *query, const struct table *table, void *out);
/* The row with that id. Asked for again in a transaction that wrote nothing since, it is known. */
NODISCARD bool row_load(struct db *db, const struct table *table, int64_t id, void *out);

/* A new row. Sets the id, where there is one (0 after an error). */
void row_insert(struct db *db, const struct table *table, void *self);
/* A new row, or all of the one that has its key. */
void row_put(struct db *db, const struct table *table, const void *self);
/* Writes what may change into the row that has its key; row_touch only what is COLUMN_TOUCHED. */
void row_save(struct db *db, const struct table *table, const void *self);
void row_touch(struct db *db, const struct table *table, const void *self);

/* Frees the owned texts and JSON of a struct that has no record, and zeroes it. */
void row_clear(const struct table *table, void *self);

/* The columns as they are, at most table_columns of them; false: that one is not kept. */
NODISCARD size_t table_columns(const struct table *table);
NODISCARD bool table_column(const struct table *table, size_t at, struct column *out);
/* enum db_type of what it keeps. */
NODISCARD int column_type(const struct column *column);

/* What the struct has there. Free value->owned. */
void row_value(const struct column *column, const void *self, struct row_value *out);
void row_bind(struct db_query *query, int at, const struct row_value *value);

#endif
