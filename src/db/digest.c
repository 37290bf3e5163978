#include "db/digest.h"

#include <glib.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Wide enough that two different sets of rows do not meet by accident. */
enum { ROW_HASH_SIZE = 16 };

struct db_row_hash {
    crypto_generichash_state state;
};

static void begin(struct db_row_hash *hash)
{
    CHECK(crypto_generichash_init(&hash->state, NULL, 0, ROW_HASH_SIZE) == 0);
}

struct db_row_hash *db_row_hash_create(void)
{
    /* The state wants to be aligned to a line of the cache. */
    struct db_row_hash *hash = g_aligned_alloc0(1, sizeof *hash, 64);
    begin(hash);
    return hash;
}

void db_row_hash_free(struct db_row_hash **hash)
{
    g_clear_pointer(hash, g_aligned_free);
}

static void add(struct db_row_hash *hash, const void *bytes, size_t size)
{
    CHECK(crypto_generichash_update(&hash->state, bytes, size) == 0);
}

/* Type and length go first, so that no value can be taken for a part of its neighbour. */
static void add_sized(struct db_row_hash *hash, unsigned char type, const void *bytes, size_t size)
{
    uint64_t length = GUINT64_TO_LE((uint64_t)size);
    add(hash, &type, 1);
    add(hash, &length, sizeof length);
    add(hash, bytes, size);
}

static void add_text(struct db_row_hash *hash, const char *text)
{
    size_t size = strlen(text);
    if (g_utf8_validate(text, (gssize)size, NULL)) {
        add_sized(hash, DB_TYPE_TEXT, text, size);
        return;
    }
    g_autofree char *mended = g_utf8_make_valid(text, (gssize)size);
    add_sized(hash, DB_TYPE_TEXT, mended, strlen(mended));
}

void db_row_hash_add(struct db_row_hash *hash, struct db_query *row, int column, int type)
{
    if (db_is_null(row, column)) {
        add(hash, "", 1);
    } else if (type == DB_TYPE_INT) {
        int64_t value = GINT64_TO_LE(db_int(row, column));
        add_sized(hash, DB_TYPE_INT, &value, sizeof value);
    } else if (type == DB_TYPE_TEXT) {
        add_text(hash, db_text(row, column));
    } else {
        size_t size = 0;
        const void *bytes = db_blob(row, column, &size);
        add_sized(hash, DB_TYPE_BLOB, bytes, size);
    }
}

void db_row_hash_end(struct db_row_hash *hash, struct db_digest *digest)
{
    unsigned char out[ROW_HASH_SIZE];
    CHECK(crypto_generichash_final(&hash->state, out, sizeof out) == 0);
    uint64_t halves[2];
    memcpy(halves, out, sizeof halves);
    digest->rows++;
    digest->low += GUINT64_FROM_LE(halves[0]);
    digest->high += GUINT64_FROM_LE(halves[1]);
    begin(hash);
}

bool db_digest_equal(const struct db_digest *a, const struct db_digest *b)
{
    return a->rows == b->rows && a->low == b->low && a->high == b->high;
}

void db_digest_format(const struct db_digest *digest, char out[DB_DIGEST_TEXT_SIZE])
{
    /* The two halves folded: whoever compares by eye needs no more. */
    (void)snprintf(out, DB_DIGEST_TEXT_SIZE, "%016" G_GINT64_MODIFIER "x",
                   digest->low ^ digest->high);
}
