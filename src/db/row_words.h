/* db/row_words.h - the texts that a table's description becomes. Only row.c includes it. */
#ifndef DB_ROW_WORDS_H
#define DB_ROW_WORDS_H

#include "db/row.h"

enum column_use {
    USE_READ = 1,
    USE_INSERT,
    USE_SAVE,
    USE_TOUCH,
    USE_KEY,
};

NODISCARD bool column_is_for(unsigned flags, enum column_use use);

/* What {token} stands for in the words of a struct table; false: it has no such word. */
NODISCARD bool row_say(const void *table, const char *token, GString *out);

/* Statements whose parameters are the columns for that use in the described order; of those that find a row
 * the key's come last. Newly allocated. */
NODISCARD char *row_make_load(const struct table *table);
NODISCARD char *row_make_insert(const struct table *table);
NODISCARD char *row_make_put(const struct table *table);
NODISCARD char *row_make_save(const struct table *table);
NODISCARD char *row_make_touch(const struct table *table);

#endif
