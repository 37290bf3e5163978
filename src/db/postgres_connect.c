#include "db/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"

enum { VEILED_MS = 5 };

/* What a connection is made with where the URL says nothing. A dead peer is noticed within 5 s. */
static const char *const DEFAULTS[][2] = {
    {"connect_timeout", "2"},       {"keepalives", "1"},       {"keepalives_idle", "2"},
    {"keepalives_interval", "1"},   {"keepalives_count", "3"}, {"tcp_user_timeout", "4000"},
    {"application_name", "tocsin"},
};

/* In every session: nothing waits for ever, and nobody holds the turn who does not work (a second: while
 * others wait for their turn, they cannot see who is dead). A lock is waited for a little longer, so that
 * then who froze with it can be told from who works. The server gives a statement up a little before we
 * would give up the connection. */
static const char SESSION[] =
    "SELECT set_config('statement_timeout', '4500', false),"
    " set_config('lock_timeout', '1200', false),"
    " set_config('idle_in_transaction_session_timeout', '1000', false),"
    " set_config('client_connection_check_interval', '1000', false),"
    " set_config('tcp_keepalives_idle', '2', false),"
    " set_config('tcp_keepalives_interval', '1', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '4000', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('TimeZone', 'UTC', false),"
    " set_config('standard_conforming_strings', 'on', false),"
    " set_config('bytea_output', 'hex', false),"
    " set_config('jit', 'off', false),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    "  WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";

/* Nothing is set in a session that may not be ours alone. */
static const char IF_IT_IS_OURS[] = " WHERE pg_backend_pid() = ";

bool postgres_is_url(const char *where)
{
    return g_str_has_prefix(where, "postgresql://") || g_str_has_prefix(where, "postgres://");
}

static const char UNKNOWN_PARAMETER[] = "invalid URI query parameter: \"";

/* Only where it cannot be a part of a password: that may have a bare ? or & in it. */
static char *unknown_parameter(const char *url, const char *message)
{
    const char *query = strchr(url, '?');
    if (query == NULL || strchr(query, '@') != NULL || strstr(query, "password") != NULL ||
        !g_str_has_prefix(message, UNKNOWN_PARAMETER)) {
        return NULL;
    }
    const char *name = message + strlen(UNKNOWN_PARAMETER);
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return size > 0 && name[size] == '"' ? g_strndup(name, size) : NULL;
}

/* libpq quotes the part of the URL that it does not understand, which may hold the password. */
static bool refuse_url(const char *url, char *message, struct fault *fault)
{
    g_strdelimit(message, "\n", ' ');
    g_autofree char *parameter = unknown_parameter(url, message);
    if (parameter != NULL) {
        return fault_set(
            fault, "database-url",
            "PostgreSQL knows no parameter %s; correct it or leave it out of the address",
            parameter);
    }
    char *quoted = strstr(message, ": \"");
    if (quoted != NULL) {
        *quoted = '\0';
    }
    return fault_set(
        fault, "database-url",
        "%s; write postgresql://USER:PASSWORD@HOST/DATABASE, with special characters of "
        "the password as %%XX",
        g_strstrip(message));
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0) {
            return option->val;
        }
    }
    return NULL;
}

static bool check_target(const PQconninfoOption *options, struct fault *fault)
{
    const char *target = value_of(options, "target_session_attrs");
    if (target == NULL || strcmp(target, "read-write") == 0 || strcmp(target, "primary") == 0) {
        return true;
    }
    return fault_set(
        fault, "database-url",
        "target_session_attrs=%s may lead to a standby, and whom to page is never read "
        "from one; leave it out (it is read-write)",
        target);
}

/* A password with a bare @ or / makes libpq take its parts for a host, a port or a database, and quote
 * them when it cannot get there. It ends the password at the first @ that has no / before it. */
static bool is_split_well(const char *url, const PQconninfoOption *options)
{
    const char *start = strstr(url, "://") + strlen("://");
    const char *end = start + strcspn(start, "@/");
    const char *hosts = *end == '@' ? end + 1 : start;
    const char *ports = value_of(options, "port");
    return hosts[strcspn(hosts, "@?")] != '@' &&
           (ports == NULL || ports[strspn(ports, "0123456789,")] == '\0');
}

static void add(GPtrArray *keywords, GPtrArray *values, const char *keyword, const char *value)
{
    g_ptr_array_add(keywords, g_strdup(keyword));
    g_ptr_array_add(values, g_strdup(value));
}

static void fill(struct postgres_place *out, const PQconninfoOption *options)
{
    GPtrArray *keywords = g_ptr_array_new();
    GPtrArray *values = g_ptr_array_new();
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val != NULL && strcmp(option->keyword, "client_encoding") != 0) {
            add(keywords, values, option->keyword, option->val);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(DEFAULTS); i++) {
        if (value_of(options, DEFAULTS[i][0]) == NULL) {
            add(keywords, values, DEFAULTS[i][0], DEFAULTS[i][1]);
        }
    }
    if (value_of(options, "target_session_attrs") == NULL) {
        add(keywords, values, "target_session_attrs", "read-write");
    }
    add(keywords, values, "client_encoding", "UTF8");
    g_ptr_array_add(keywords, NULL);
    g_ptr_array_add(values, NULL);
    out->keywords = (char **)g_ptr_array_free(keywords, FALSE);
    out->values = (char **)g_ptr_array_free(values, FALSE);
}

bool postgres_place_parse(const char *url, struct postgres_place *out, struct fault *fault)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    if (options == NULL) {
        g_autofree char *text = g_strdup(message != NULL ? message : "out of memory");
        PQfreemem(message);
        return refuse_url(url, text, fault);
    }
    char misread[] = "the parts of the address cannot be told apart";
    bool is_good = is_split_well(url, options) ? check_target(options, fault)
                                               : refuse_url(url, misread, fault);
    if (is_good) {
        fill(out, options);
    }
    PQconninfoFree(options);
    return is_good;
}

static bool is_list(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

/* "a,b,c" from the second on: "b,c,a". A list of one is for all hosts. */
static char *turn_list(const char *list, unsigned nth)
{
    g_auto(GStrv) parts = g_strsplit(list, ",", -1);
    guint count = g_strv_length(parts);
    GString *out = g_string_new(count == 0 ? "" : parts[nth % count]);
    for (guint i = 1; i < count; i++) {
        g_string_append_printf(out, ",%s", parts[(nth + i) % count]);
    }
    return g_string_free(out, FALSE);
}

void postgres_place_turn(const struct postgres_place *all, unsigned nth, struct postgres_place *out)
{
    out->keywords = g_strdupv(all->keywords);
    out->values = g_strdupv(all->values);
    for (size_t i = 0; out->keywords[i] != NULL; i++) {
        if (is_list(out->keywords[i])) {
            g_free(out->values[i]);
            out->values[i] = turn_list(all->values[i], nth);
        }
    }
}

void postgres_place_pick(const struct postgres_place *all, unsigned nth, struct postgres_place *out)
{
    postgres_place_turn(all, nth, out);
    for (size_t i = 0; out->keywords[i] != NULL; i++) {
        char *comma = is_list(out->keywords[i]) ? strchr(out->values[i], ',') : NULL;
        if (comma != NULL) {
            *comma = '\0';
        }
    }
}

void postgres_place_clear(struct postgres_place *place)
{
    g_clear_pointer(&place->keywords, g_strfreev);
    g_clear_pointer(&place->values, g_strfreev);
}

char *postgres_message(const PGconn *conn)
{
    char *message = g_strdup(PQerrorMessage(conn));
    g_strdelimit(g_strchomp(message), "\n\t", ' ');
    if (message[0] == '\0') {
        g_free(message);
        return g_strdup("the connection was lost");
    }
    return message;
}

/* --- waiting --- */

struct span postgres_end_in(int ms)
{
    return (struct span){clock_elapsed(&CLOCK_SYSTEM).us + (int64_t)ms * 1000};
}

bool postgres_poll(const PGconn *conn, bool wants_write, struct span end)
{
    struct pollfd socket = {.fd = PQsocket(conn),
                            .events = (short)(wants_write ? POLLIN | POLLOUT : POLLIN)};
    /* TLS may hold bytes that the socket does not show any more: look again soon. */
    bool is_veiled = PQsslInUse((PGconn *)(uintptr_t)conn) != 0;
    int64_t left_us = 0;
    int ready = 0;
    do {
        left_us = end.us - clock_elapsed(&CLOCK_SYSTEM).us;
        int64_t wait_ms = left_us > 0 ? left_us / 1000 + 1 : 0;
        ready = poll(&socket, 1, (int)(is_veiled ? MIN(wait_ms, VEILED_MS) : wait_ms));
    } while (ready < 0 && errno == EINTR);
    return ready != 0 || (is_veiled && left_us > 0);
}

PGresult *postgres_ask_within(PGconn *conn, const char *sql, int ms)
{
    struct span end = postgres_end_in(ms);
    if (PQsendQuery(conn, sql) != 1) {
        return NULL;
    }
    for (int unsent = 1; unsent != 0 || PQisBusy(conn) != 0;) {
        unsent = PQflush(conn);
        if (unsent < 0 || ((unsent == 1 || PQisBusy(conn) != 0) &&
                           (!postgres_poll(conn, unsent == 1, end) || PQconsumeInput(conn) != 1))) {
            return NULL;
        }
    }
    PGresult *result = PQgetResult(conn);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        PQclear(result);
        return NULL;
    }
    PQclear(PQgetResult(conn)); /* NULL, which ends the query; it is here already or soon */
    return result;
}

PGresult *postgres_ask(PGconn *conn, const char *sql)
{
    return postgres_ask_within(conn, sql, POSTGRES_ANSWER_MS);
}

/* --- connecting --- */

static bool refuse_connection(PGconn *conn, struct fault *fault)
{
    g_autofree char *message = postgres_message(conn);
    const char *database = PQdb(conn);
    const char *user = PQuser(conn);
    return postgres_refuse(message, database != NULL ? database : "", user != NULL ? user : "",
                           fault);
}

bool postgres_check_version(int version, struct fault *fault)
{
    if (version >= POSTGRES_VERSION_MIN) {
        return true;
    }
    return fault_set(fault, "database-url",
                     "the server is PostgreSQL %d.%d; Tocsin needs 15 or later: upgrade the server",
                     version / 10000, version % 10000);
}

/* How many rows the server answers; -1 and a fault. */
static int tell_session(PGconn *conn, const char *sql, struct fault *fault)
{
    PGresult *result = postgres_ask(conn, sql);
    if (result == NULL) {
        g_autofree char *message = postgres_message(conn);
        (void)fault_set(fault, "database-url", "the database does not take our settings: %s",
                        message);
        return -1;
    }
    int rows = PQntuples(result);
    PQclear(result);
    return rows;
}

/* A pooler makes up the process that it names when it takes a connection: none serves us under that
 * number. */
static bool set_session(PGconn *conn, struct fault *fault)
{
    g_autofree char *careful =
        g_strdup_printf("%s%s%d", SESSION, IF_IT_IS_OURS, PQbackendPID(conn));
    int rows = tell_session(conn, careful, fault);
    return rows > 0 || (rows == 0 && postgres_check_pooler(conn, fault) &&
                        tell_session(conn, SESSION, fault) > 0);
}

const char *postgres_place_value(const struct postgres_place *place, const char *keyword)
{
    for (size_t i = 0; place->keywords[i] != NULL; i++) {
        if (strcmp(place->keywords[i], keyword) == 0) {
            return place->values[i];
        }
    }
    return "";
}

unsigned postgres_place_count(const struct postgres_place *place)
{
    const char *hosts = postgres_place_value(place, "host");
    unsigned count = 1;
    for (hosts = hosts[0] != '\0' ? hosts : postgres_place_value(place, "hostaddr"); *hosts != '\0';
         hosts++) {
        count += *hosts == ',';
    }
    return count;
}

/* The host that took the last connection of this process: tried first, or each new connection would
 * wait for those before it in the list while they are away. */
static _Atomic unsigned good_host;

static void note_host(const struct postgres_place *place, unsigned count, const PGconn *conn)
{
    for (unsigned i = 0; i < count; i++) {
        struct postgres_place one = {0};
        postgres_place_pick(place, i, &one);
        const char *port = postgres_place_value(&one, "port");
        bool is_it = (strcmp(postgres_place_value(&one, "host"), PQhost(conn)) == 0 ||
                      strcmp(postgres_place_value(&one, "hostaddr"), PQhost(conn)) == 0) &&
                     (port[0] == '\0' || strcmp(port, PQport(conn)) == 0);
        postgres_place_clear(&one);
        if (is_it) {
            atomic_store(&good_host, i);
            return;
        }
    }
}

void postgres_doubt_host(void)
{
    (void)atomic_fetch_add(&good_host, 1);
}

static PGconn *connect_any(const struct postgres_place *place)
{
    unsigned count = postgres_place_count(place);
    struct postgres_place turned = {0};
    postgres_place_turn(place, count > 1 ? atomic_load(&good_host) : 0, &turned);
    PGconn *conn = PQconnectdbParams((const char *const *)turned.keywords,
                                     (const char *const *)turned.values, 0);
    CHECK(conn != NULL); /* else out of memory */
    if (count > 1 && PQstatus(conn) == CONNECTION_OK) {
        note_host(place, count, conn);
    }
    postgres_place_clear(&turned);
    return conn;
}

bool postgres_set_up(PGconn *conn, struct fault *fault)
{
    return postgres_check_version(PQserverVersion(conn), fault) &&
           (PQsetnonblocking(conn, 1) == 0 || refuse_connection(conn, fault)) &&
           set_session(conn, fault);
}

PGconn *postgres_connect(const struct postgres_place *place, struct fault *fault)
{
    PGconn *conn = connect_any(place);
    bool is_good = PQstatus(conn) == CONNECTION_OK || refuse_connection(conn, fault);
    if (!is_good || !postgres_set_up(conn, fault)) {
        PQfinish(conn);
        return NULL;
    }
    return conn;
}
