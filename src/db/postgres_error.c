#include "db/postgres.h"

#include <string.h>

struct meaning {
    const char *prefix; /* of the SQLSTATE; the first that fits counts */
    enum db_status status;
    bool is_doom; /* of the connection */
};

static const struct meaning MEANINGS[] = {
    {"23", DB_CONSTRAINT, false},
    {"53100", DB_FULL, false}, /* disk full */
    {"53", DB_DOWN, true},     /* out of memory, of connections */
    {"40", DB_CONFLICT, false},
    {"55P03", DB_CONFLICT, false}, /* a lock, that is the turn, did not come in time */
    {"57014", DB_CONFLICT, false}, /* cancelled: it took too long, but the server is there */
    {"57", DB_DOWN, true},         /* shut down, starting up */
    {"08", DB_DOWN, true},
    {"25006", DB_DOWN, true}, /* read-only: the server has become a standby */
    {"25P03", DB_DOWN, true}, /* we were idle in a transaction for too long */
    {"25P02", DB_DOWN, true},
    {"26000", DB_DOWN, true},     /* forgets our statements: something stands between us */
    {"58P01", DB_DAMAGED, false}, /* a file of the server's is gone */
    {"58", DB_DOWN, true},        /* the server's disk fails */
    {"XX001", DB_DAMAGED, false}, /* a page of a table … */
    {"XX002", DB_DAMAGED, false}, /* … or of an index is not what was written */
};

static const struct meaning *meaning_of(const char *sqlstate)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MEANINGS); i++) {
        if (g_str_has_prefix(sqlstate, MEANINGS[i].prefix)) {
            return &MEANINGS[i];
        }
    }
    return NULL;
}

enum db_status postgres_status_of(const char *sqlstate)
{
    if (sqlstate == NULL) {
        return DB_DOWN;
    }
    const struct meaning *meaning = meaning_of(sqlstate);
    return meaning == NULL ? DB_FAILED : meaning->status;
}

bool postgres_is_doom(const char *sqlstate)
{
    const struct meaning *meaning = sqlstate == NULL ? NULL : meaning_of(sqlstate);
    return sqlstate == NULL || (meaning != NULL && meaning->is_doom);
}
