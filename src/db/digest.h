/* db/digest.h - what rows say, as numbers that do not depend on their order: the same rows read from
 * two databases, of whatever engine, have the same digest. */
#ifndef DB_DIGEST_H
#define DB_DIGEST_H

#include "db/db.h"

/* Zeroed: of no rows. `low` and `high` are the sums of the rows' hashes. */
struct db_digest {
    int64_t rows;
    uint64_t low, high;
};

/* How a column is to be read. */
enum db_type { DB_TYPE_INT = 1, DB_TYPE_TEXT, DB_TYPE_BLOB };

/* One row, value by value. A text that is not valid UTF-8 is told as if it were mended
 * (g_utf8_make_valid), for PostgreSQL keeps no other. */
struct db_row_hash;
NODISCARD struct db_row_hash *db_row_hash_create(void);
void db_row_hash_free(struct db_row_hash **hash);
void db_row_hash_add(struct db_row_hash *hash, struct db_query *row, int column, int type);
/* Ends the row: it is now part of the digest, and the next one may begin. */
void db_row_hash_end(struct db_row_hash *hash, struct db_digest *digest);

NODISCARD bool db_digest_equal(const struct db_digest *a, const struct db_digest *b);

/* "8f3a…": 16 digits for people and programs. */
enum { DB_DIGEST_TEXT_SIZE = 17 };

void db_digest_format(const struct db_digest *digest, char out[DB_DIGEST_TEXT_SIZE]);

#endif
