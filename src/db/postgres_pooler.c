/* Does a pooler between us and the server keep a session for each connection? What we set, listen to and
 * prepare lives in the session: where it is handed round, all of that is lost without a word. */
#include "db/postgres.h"

#include <string.h>

enum {
    ROUNDS = 3,       /* others may take the session in the moment between */
    PATIENCE_MS = 500 /* where every session is taken, one more connection waits for its own */
};

/* Of the process that serves this statement; 0 when it is not answered. */
static int backend_of(PGconn *conn, int ms)
{
    PGresult *result = postgres_ask_within(conn, "SELECT pg_backend_pid()", ms);
    int pid = result != NULL ? (int)g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return pid;
}

/* In place of what the address says: the very host that took the first one, in whatever role it is. */
static const char * override(const PGconn *conn, const char *keyword)
{
    if (strcmp(keyword, "host") == 0) {
        return PQhost(conn);
    }
    if (strcmp(keyword, "hostaddr") == 0) {
        return PQhostaddr(conn);
    }
    if (strcmp(keyword, "port") == 0) {
        return PQport(conn);
    }
    return strcmp(keyword, "target_session_attrs") == 0 ? "any" : NULL;
}

static PGconn *connect_beside(PGconn *conn)
{
    PQconninfoOption *options = PQconninfo(conn);
    CHECK(options != NULL); /* else out of memory */
    GPtrArray *keywords = g_ptr_array_new();
    GPtrArray *values = g_ptr_array_new();
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *other = override(conn, option->keyword);
        g_ptr_array_add(keywords, option->keyword);
        g_ptr_array_add(values, (void *)(uintptr_t)(other != NULL ? other : option->val));
    }
    g_ptr_array_add(keywords, NULL);
    g_ptr_array_add(values, NULL);
    PGconn *beside = PQconnectdbParams((const char *const *)keywords->pdata,
                                       (const char *const *)values->pdata, 0);
    g_ptr_array_unref(keywords);
    g_ptr_array_unref(values);
    PQconninfoFree(options);
    return beside;
}

/* While our connection stands its session is ours alone: that another one meets the same process, or we
 * another one than before, cannot be unless sessions are handed round. */
static bool is_handed_round(PGconn *conn, PGconn *beside)
{
    int first = backend_of(conn, POSTGRES_ANSWER_MS);
    int own = first;
    for (int i = 0; i < ROUNDS && own != 0; i++) {
        int other = backend_of(beside, PATIENCE_MS);
        if (other == own) {
            return true;
        }
        if (other == 0) {
            return false;
        }
        own = backend_of(conn, POSTGRES_ANSWER_MS);
        if (own != 0 && own != first) {
            return true;
        }
    }
    return false;
}

bool postgres_check_pooler(PGconn *conn, struct fault *fault)
{
    PGconn *beside = connect_beside(conn);
    bool is_bad = PQstatus(beside) == CONNECTION_OK && PQsetnonblocking(beside, 1) == 0 &&
                  is_handed_round(conn, beside);
    PQfinish(beside);
    if (!is_bad) {
        return true;
    }
    return fault_set(
        fault, "database-url",
        "a connection pooler (such as PgBouncer in transaction or statement mode) hands the "
        "sessions of the server round among its connections, and what Tocsin sets and listens to "
        "in them is lost; name the PostgreSQL server itself in the address, or set pool_mode = "
        "session for this database in the pooler");
}
