#include "feature/note/note.h"

const struct table NOTE_TABLE = {
    .name = "note", .size = sizeof(struct note), .record = &NOTE_RECORD};

void note_insert(struct db *db, struct note *note)
{
    row_insert(db, &NOTE_TABLE, note);
}

void note_save(struct db *db, const struct note *note)
{
    row_save(db, &NOTE_TABLE, note);
}

bool note_load(struct db *db, int64_t id, struct note *out)
{
    return row_load(db, &NOTE_TABLE, id, out);
}

void note_list(struct db *db, int64_t before_id, int limit,
               void (*each)(void *self, const struct note *note), void *self)
{
    struct db_query *query = row_query(
        db, &NOTE_TABLE, "SELECT {columns} FROM note WHERE id < $1 ORDER BY id DESC LIMIT $2");
    db_bind_int(query, 1, before_id == 0 ? G_MAXINT64 : before_id);
    db_bind_int(query, 2, limit);
    struct note note;
    while (row_next(query, &NOTE_TABLE, &note)) {
        each(self, &note);
        note_clear(&note);
    }
}
