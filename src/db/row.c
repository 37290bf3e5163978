#include "db/row.h"

#include <string.h>

#include "base/json.h"
#include "db/engine.h"
#include "db/row_words.h"

/* --- what a column is --- */

static enum column_kind kind_of_field(const struct field *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return COLUMN_TEXT;
    case FIELD_BOOL:
        return COLUMN_BOOL;
    case FIELD_INT:
        return COLUMN_INT;
    case FIELD_SPAN:
        return COLUMN_SPAN;
    case FIELD_UTC:
        return COLUMN_UTC;
    case FIELD_ENUM:
        return COLUMN_ENUM;
    case FIELD_JSON:
        return COLUMN_JSON;
    case FIELD_CUSTOM: /* an id, which is a text in the API and a number here */
        CHECK((field->stored & COLUMN_ID) != 0);
        return COLUMN_INT;
    case FIELD_TEXTS:
    case FIELD_RECORD:
    case FIELD_RECORDS:
    default:
        CHECK(!"a list or another record: describe it as a column that is COLUMN_MADE");
    }
}

static size_t field_count(const struct table *table)
{
    return table->record == NULL ? 0 : table->record->field_count;
}

static size_t own_columns(const struct table *table)
{
    return field_count(table) + table->count;
}

size_t table_columns(const struct table *table)
{
    return own_columns(table) + (table->base == NULL ? 0 : own_columns(table->base));
}

/* The column, perhaps in `room`; NULL: that one is not kept. */
static inline const struct column *column_at(const struct table *table, size_t at,
                                             struct column *room)
{
    size_t of_base = table->base == NULL ? 0 : own_columns(table->base);
    if (at < of_base) {
        table = table->base; /* which has none itself: see table_columns */
    } else {
        at -= of_base;
    }
    if (at >= field_count(table)) {
        return &table->columns[at - field_count(table)];
    }
    const struct field *field = &table->record->fields[at];
    if (field->column == NULL) {
        return NULL;
    }
    *room = (struct column){.name = field->column,
                            .kind = kind_of_field(field),
                            .offset = field->offset,
                            .flags = field->stored,
                            .names = field->names};
    return room;
}

bool table_column(const struct table *table, size_t at, struct column *out)
{
    struct column room;
    const struct column *column = column_at(table, at, &room);
    if (column != NULL) {
        *out = *column;
    }
    return column != NULL;
}

int column_type(const struct column *column)
{
    switch (column->kind) {
    case COLUMN_WORD:
    case COLUMN_TEXT:
    case COLUMN_BORROWED:
    case COLUMN_INTERNED:
    case COLUMN_JSON:
        return DB_TYPE_TEXT;
    case COLUMN_BYTES:
        return DB_TYPE_BLOB;
    case COLUMN_MADE:
        return column->maker->type;
    case COLUMN_INT:
    case COLUMN_ENUM:
    case COLUMN_BOOL:
    case COLUMN_UTC:
    case COLUMN_SPAN:
    default:
        return DB_TYPE_INT;
    }
}

bool column_is_for(unsigned flags, enum column_use use)
{
    switch (use) {
    case USE_READ:
        return (flags & COLUMN_WRITTEN) == 0;
    case USE_INSERT:
        return (flags & (COLUMN_ID | COLUMN_READ)) == 0;
    case USE_SAVE:
        return (flags & (COLUMN_ID | COLUMN_READ | COLUMN_KEY | COLUMN_FIXED)) == 0;
    case USE_TOUCH:
        return (flags & COLUMN_TOUCHED) != 0;
    case USE_KEY:
    default:
        return (flags & (COLUMN_ID | COLUMN_KEY)) != 0;
    }
}

/* --- from a struct --- */

static void set_text(struct row_value *out, const char *text)
{
    out->type = text == NULL ? 0 : DB_TYPE_TEXT;
    out->bytes = text;
}

static void set_number(struct row_value *out, const struct column *column, int64_t number)
{
    out->type = number == 0 && (column->flags & COLUMN_NULL) != 0 ? 0 : DB_TYPE_INT;
    out->number = number;
}

void row_value(const struct column *column, const void *self, struct row_value *out)
{
    const void *at = (const char *)self + column->offset;
    *out = (struct row_value){0};
    switch (column->kind) {
    case COLUMN_INT:
        set_number(out, column, *(const int64_t *)at);
        break;
    case COLUMN_ENUM:
        set_number(out, column, *(const int *)at);
        break;
    case COLUMN_WORD:
        set_text(out, enum_to_name(column->names, *(const int *)at));
        break;
    case COLUMN_BOOL:
        set_number(out, column, *(const bool *)at);
        break;
    case COLUMN_TEXT:
    case COLUMN_BORROWED:
    case COLUMN_INTERNED:
        set_text(out, *(const char *const *)at);
        break;
    case COLUMN_UTC:
        out->type = utc_is_set(*(const struct utc *)at) ? DB_TYPE_INT : 0;
        out->number = ((const struct utc *)at)->us;
        break;
    case COLUMN_SPAN:
        set_number(out, column, ((const struct span *)at)->us);
        break;
    case COLUMN_JSON:
        if (*(json_t *const *)at != NULL) {
            set_text(out, out->owned = json_write(*(json_t *const *)at));
        }
        break;
    case COLUMN_BYTES:
        out->type = DB_TYPE_BLOB;
        out->bytes = at;
        out->size = column->bytes;
        break;
    case COLUMN_MADE:
    default:
        CHECK(column->maker != NULL);
        column->maker->write(self, out);
    }
}

void row_bind(struct db_query *query, int at, const struct row_value *value)
{
    if (value->type == DB_TYPE_INT) {
        db_bind_int(query, at, value->number);
    } else if (value->type == DB_TYPE_TEXT) {
        db_bind_text(query, at, value->bytes);
    } else if (value->type == DB_TYPE_BLOB) {
        db_bind_blob(query, at, value->bytes, value->size);
    }
}

/* Binds the columns for that use from parameter `first` on; answers the next one. */
static int bind_columns(struct db_query *query, const struct table *table, const void *self,
                        enum column_use use, int first)
{
    int at = first;
    for (size_t i = 0, count = table_columns(table); i < count; i++) {
        struct column room;
        const struct column *column = column_at(table, i, &room);
        if (column != NULL && column_is_for(column->flags, use)) {
            struct row_value value;
            row_value(column, self, &value);
            row_bind(query, at++, &value);
            if (value.owned != NULL) { /* seldom, and this is done for each column of each row */
                g_free(value.owned);
            }
        }
    }
    return at;
}

/* --- into a struct --- */

/* Our own JSON: what does not parse was damaged, and is shown as absent rather than keeping the row from being
 * worked. */
static json_t *read_json(const char *text)
{
    return text == NULL ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);
}

static void read_bytes(struct db_query *row, int at, void *into, size_t bytes)
{
    size_t size = 0;
    const void *kept = db_blob(row, at, &size);
    if (size == bytes) {
        memcpy(into, kept, size);
    }
}

static void read_column(const struct column *column, struct db_query *row, int at, void *self)
{
    void *into = (char *)self + column->offset;
    switch (column->kind) {
    case COLUMN_INT:
        *(int64_t *)into = db_int(row, at);
        break;
    case COLUMN_ENUM:
        *(int *)into = (int)db_int(row, at);
        break;
    case COLUMN_WORD:
        *(int *)into = db_is_null(row, at) ? 0 : enum_from_name(column->names, db_text(row, at));
        break;
    case COLUMN_BOOL:
        *(bool *)into = db_int(row, at) != 0;
        break;
    case COLUMN_TEXT:
        *(char **)into = g_strdup(db_text(row, at));
        break;
    case COLUMN_BORROWED:
        *(const char **)into = db_text(row, at);
        break;
    case COLUMN_INTERNED:
        *(const char **)into = g_intern_string(db_text(row, at));
        break;
    case COLUMN_UTC:
        *(struct utc *)into = db_utc(row, at);
        break;
    case COLUMN_SPAN:
        ((struct span *)into)->us = db_int(row, at);
        break;
    case COLUMN_JSON:
        *(json_t **)into = read_json(db_text(row, at));
        break;
    case COLUMN_BYTES:
        read_bytes(row, at, into, column->bytes);
        break;
    case COLUMN_MADE:
    default:
        CHECK(column->maker != NULL);
        column->maker->read(self, row, at);
    }
}

void row_read(struct db_query *query, const struct table *table, void *out)
{
    int at = 0;
    memset(out, 0, table->size);
    for (size_t i = 0, count = table_columns(table); i < count; i++) {
        struct column room;
        const struct column *column = column_at(table, i, &room);
        if (column != NULL && column_is_for(column->flags, USE_READ)) {
            read_column(column, query, at++, out);
        }
    }
}

bool row_next(struct db_query *query, const struct table *table, void *out)
{
    if (db_step(query) != DB_ROW) {
        return false;
    }
    row_read(query, table, out);
    return true;
}

bool row_take(struct db_query *query, const struct table *table, void *out)
{
    bool is_there = row_next(query, table, out);
    db_reset(query);
    return is_there;
}

void row_clear(const struct table *table, void *self)
{
    for (size_t i = 0, count = table_columns(table); i < count; i++) {
        struct column room;
        const struct column *column = column_at(table, i, &room);
        void *at = column == NULL ? NULL : (char *)self + column->offset;
        if (column != NULL && column->kind == COLUMN_TEXT) {
            g_free(*(char **)at);
        } else if (column != NULL && column->kind == COLUMN_JSON) {
            json_decref(*(json_t **)at);
        }
    }
    memset(self, 0, table->size);
}

/* --- statements that are made of the description --- */

/* Each is known by the address of a part of the description, which lives as long as that. */
static struct db_query *made(struct db *db, const struct table *table, const void *key,
                             char *(*make)(const struct table *table))
{
    struct db_query *query = db_query_known(db, (struct db_query_key){key, NULL});
    if (query == NULL) {
        g_autofree char *sql = make(table);
        query = db_query_prepare(db, (struct db_query_key){key, NULL}, sql, NULL);
    }
    return query;
}

struct db_query *row_query(struct db *db, const struct table *table, const char *sql)
{
    const struct db_query_key key = {sql, table};
    struct db_query *query = db_query_known(db, key);
    return query != NULL ? query
                         : db_query_prepare(db, key, sql, &(struct db_words_of){row_say, table});
}

bool row_load(struct db *db, const struct table *table, int64_t id, void *out)
{
    struct db_query *query = made(db, table, &table->name, row_make_load);
    db_bind_int(query, 1, id);
    db_keep(query, 0);
    return row_take(query, table, out);
}

/* The column that row_insert sets; NULL: the key is given. */
static const struct column *find_id(const struct table *table, struct column *room)
{
    for (size_t i = 0, count = table_columns(table); i < count; i++) {
        const struct column *column = column_at(table, i, room);
        if (column != NULL && (column->flags & COLUMN_ID) != 0) {
            return column;
        }
    }
    return NULL;
}

void row_insert(struct db *db, const struct table *table, void *self)
{
    struct column room;
    const struct column *id = find_id(table, &room);
    struct db_query *query = made(db, table, &table->size, row_make_insert);
    (void)bind_columns(query, table, self, USE_INSERT, 1);
    if (id != NULL) {
        *(int64_t *)(void *)((char *)self + id->offset) = db_insert(query);
    } else {
        (void)db_run(query);
    }
}

void row_put(struct db *db, const struct table *table, const void *self)
{
    struct db_query *query = made(db, table, &table->record, row_make_put);
    (void)bind_columns(query, table, self, USE_INSERT, 1);
    (void)db_run(query);
}

static void update(struct db_query *query, const struct table *table, const void *self,
                   enum column_use use)
{
    int next = bind_columns(query, table, self, use, 1);
    (void)bind_columns(query, table, self, USE_KEY, next);
    (void)db_run(query);
}

void row_save(struct db *db, const struct table *table, const void *self)
{
    update(made(db, table, &table->columns, row_make_save), table, self, USE_SAVE);
}

void row_touch(struct db *db, const struct table *table, const void *self)
{
    update(made(db, table, &table->count, row_make_touch), table, self, USE_TOUCH);
}
