/* Is a server that could not be opened away for a while, or does it refuse us for good? */
#include "db/postgres.h"

#include <string.h>

/* --- what one host says --- */

/* The server's code at the end of a message of PQERRORS_SQLSTATE, which reads the same in every
 * language: "…: FATAL:  53300". NULL: the message is libpq's own. */
static const char *code_in(const char *message)
{
    enum { CODE_SIZE = 5 };

    const char *last = strrchr(message, ' ');
    bool is_code = last != NULL &&
                   strspn(last + 1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == CODE_SIZE &&
                   last[1 + CODE_SIZE] == '\0';
    return is_code ? last + 1 : NULL;
}

/* It answers, so this takes no longer than its answers do; yet it may fall silent in the middle. */
static PGconn *call(const struct postgres_place *one)
{
    PGconn *conn = PQconnectStartParams((const char *const *)one->keywords,
                                        (const char *const *)one->values, 0);
    CHECK(conn != NULL); /* else out of memory */
    (void)PQsetErrorVerbosity(conn, PQERRORS_SQLSTATE);
    struct span end = postgres_end_in(POSTGRES_ANSWER_MS);
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (PQstatus(conn) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
           next != PGRES_POLLING_FAILED) {
        if (!postgres_poll(conn, next == PGRES_POLLING_WRITING, end)) {
            break;
        }
        next = PQconnectPoll(conn);
    }
    return conn;
}

static bool is_on(const PGconn *conn, const char *name)
{
    return g_strcmp0(PQparameterStatus(conn, name), "on") == 0;
}

/* One that could be written by now is no reason to wait, unless it came up this very moment. */
static bool is_good_or_copy(PGconn *conn)
{
    struct fault fault = {0};
    if (!postgres_set_up(conn, &fault)) {
        return false;
    }
    return is_on(conn, "in_hot_standby") || is_on(conn, "default_transaction_read_only") ||
           postgres_check_rights(conn, &fault);
}

/* Of a host that answers. */
static bool is_for_a_while(const struct postgres_place *one)
{
    PGconn *conn = call(one);
    bool passes;
    if (PQstatus(conn) == CONNECTION_OK) {
        passes = is_good_or_copy(conn);
    } else {
        g_autofree char *message = postgres_message(conn);
        const char *code = code_in(message);
        passes = code != NULL && postgres_status_of(code) == DB_DOWN;
    }
    PQfinish(conn);
    return passes;
}

static bool may_come(const struct postgres_place *one)
{
    switch (PQpingParams((const char *const *)one->keywords, (const char *const *)one->values, 0)) {
    case PQPING_NO_RESPONSE:
    case PQPING_REJECT: /* it starts, or stops */
        return true;
    case PQPING_OK:
        return is_for_a_while(one);
    case PQPING_NO_ATTEMPT: /* libpq refuses a word of the URL */
        break;
    }
    return false;
}

/* --- what all of them say --- */

static void take_any_role(struct postgres_place *place)
{
    for (size_t i = 0; place->keywords[i] != NULL; i++) {
        if (strcmp(place->keywords[i], "target_session_attrs") == 0) {
            g_free(place->values[i]);
            place->values[i] = g_strdup("any");
        }
    }
}

bool db_is_away(const char *where)
{
    struct postgres_place all = {0};
    struct fault fault = {0};
    if (!postgres_is_url(where) || !postgres_place_parse(where, &all, &fault)) {
        return false;
    }
    take_any_role(&all);
    bool is_away = true;
    unsigned count = postgres_place_count(&all);
    for (unsigned i = 0; i < count && is_away; i++) {
        struct postgres_place one = {0};
        postgres_place_pick(&all, i, &one);
        is_away = may_come(&one);
        postgres_place_clear(&one);
    }
    postgres_place_clear(&all);
    return is_away;
}
