/* app/transfer.h - everything from one place to another, proved to be the same. */
#ifndef APP_TRANSFER_H
#define APP_TRANSFER_H

#include <jansson.h>

#include "app/place.h"
#include "db/copy.h"

struct transfer {
    const struct place *from, *to;
    struct db_copy copy; /* out; transfer_clear it */
    int64_t events;      /* out: in the chain, which was verified on both sides */
    struct span took;    /* out */
};

/* No server may work on either. The target must be empty, and stays so (or away) when anything went
 * wrong: then false and a fault that says what to do. Takes as long as the database is big. */
NODISCARD bool transfer_run(struct transfer *transfer, struct fault *fault);
void transfer_clear(struct transfer *transfer);

/* {tables: [{table, rows, checksum}], pageable: {…}, events, rows, mended, seconds}. */
NODISCARD json_t *transfer_json(const struct transfer *transfer);
/* The same as tables for people. */
void transfer_print(const struct transfer *transfer);

#endif
