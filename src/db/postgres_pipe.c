#include "db/postgres.h"

#include <string.h>

#include "base/plant.h"

/* Answers that are let gather, before somebody needs one. */
enum { REPLIES_MAX = 1000 };

static struct reply *owed(const struct postgres_db *pg)
{
    return pg->first < pg->replies->len ? &g_array_index(pg->replies, struct reply, pg->first)
                                        : NULL;
}

static void owe(struct postgres_db *pg, enum reply_kind kind, struct postgres_query *query)
{
    struct reply reply = {.kind = kind, .query = query};
    g_array_append_val(pg->replies, reply);
    pg->is_synced = kind == REPLY_SYNC;
}

static void settle(struct postgres_db *pg)
{
    pg->answers++;
    if (++pg->first == pg->replies->len) {
        g_array_set_size(pg->replies, 0);
        pg->first = 0;
    }
}

void postgres_drop(struct postgres_db *pg)
{
    g_clear_pointer(&pg->conn, PQfinish);
    g_array_set_size(pg->replies, 0);
    pg->first = 0;
    pg->is_synced = true;
    pg->is_doomed = false;
}

/* The connection cannot be used any more. If COMMIT was on its way, nobody knows. */
static void lose(struct postgres_db *pg, const char *why)
{
    enum db_status status = pg->is_committing && !pg->is_refused ? DB_UNCERTAIN : DB_DOWN;
    (void)db_fail(&pg->base, status, "PostgreSQL: %s", why);
    pg->is_doomed = true;
}

static void lose_with_message(struct postgres_db *pg)
{
    g_autofree char *message = postgres_message(pg->conn);
    lose(pg, message);
}

/* --- connecting --- */

static void on_notice(void *self, const PGresult *result)
{
    struct postgres_db *pg = self;
    const struct reply *reply = owed(pg);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (reply == NULL || reply->kind != REPLY_COMMIT || g_strcmp0(severity, "WARNING") != 0) {
        return;
    }
    /* "canceling the wait for synchronous replication": reported as a success all the same. */
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    lose(pg, text != NULL ? text : "a warning at the commit");
}

static void take_connection(struct postgres_db *pg, PGconn *conn)
{
    pg->back_off.failures = 0;
    pg->conn = conn;
    pg->number++;
    pg->base.session++;
    (void)PQsetNoticeReceiver(conn, on_notice, pg);
    CHECK(PQenterPipelineMode(conn) == 1); /* refused only to a connection that is busy */
}

static enum db_status reconnect(struct postgres_db *pg)
{
    if (!back_off_is_over(&pg->back_off)) {
        return db_fail(&pg->base, DB_DOWN, "PostgreSQL: not reached a moment ago: %s",
                       pg->why_away);
    }
    struct fault fault = {0};
    PGconn *conn = postgres_connect(&pg->place, &fault);
    if (conn == NULL) {
        back_off_more(&pg->back_off);
        (void)g_strlcpy(pg->why_away, fault.text, sizeof(pg->why_away));
        return db_fail(&pg->base, DB_DOWN, "PostgreSQL: %s", fault.text);
    }
    take_connection(pg, conn);
    return DB_OK;
}

bool postgres_first_connect(struct postgres_db *pg, struct fault *fault)
{
    PGconn *conn = postgres_connect(&pg->place, fault);
    if (conn == NULL) {
        return false;
    }
    if (pg->base.mode != DB_READ_ONLY && !postgres_check_rights(conn, fault)) {
        PQfinish(conn);
        return false;
    }
    take_connection(pg, conn);
    return true;
}

/* A server that went away while we were idle has told so: the socket can be read. */
static bool is_alive(struct postgres_db *pg)
{
    while (PQstatus(pg->conn) == CONNECTION_OK &&
           postgres_poll(pg->conn, false, (struct span){0})) {
        if (PQconsumeInput(pg->conn) != 1) {
            return false;
        }
        (void)PQisBusy(pg->conn); /* takes in what came */
    }
    return PQstatus(pg->conn) == CONNECTION_OK;
}

enum db_status postgres_ready(struct postgres_db *pg)
{
    struct db *db = &pg->base;
    if (pg->conn != NULL && owed(pg) != NULL && postgres_await(pg) != DB_OK) {
        /* Of a transaction that is over. */
        db_forget_error(db);
    }
    if (pg->conn != NULL && !is_alive(pg)) {
        postgres_drop(pg);
    }
    return pg->conn != NULL ? DB_OK : reconnect(pg);
}

/* --- sending --- */

static void send_word(struct postgres_db *pg, enum reply_kind kind, const char *sql)
{
    if (PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0) == 1) {
        owe(pg, kind, NULL);
    } else {
        lose_with_message(pg);
    }
}

static void send_begin(struct postgres_db *pg)
{
    pg->is_begin_due = false;
    if (pg->base.is_reading) {
        send_word(pg, REPLY_WORD, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        return;
    }
    send_word(pg, REPLY_WORD, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    if (pg->is_impatient) {
        send_word(pg, REPLY_WORD, "SET LOCAL lock_timeout = '500ms'");
    }
    if (PLANTED(pg->base.bugs, DB_BUG_EARLY_ANSWER)) {
        send_word(pg, REPLY_WORD, "SET LOCAL synchronous_commit = off");
    }
}

/* Answers false when there is nothing to send to. */
static bool open_transaction(struct postgres_db *pg)
{
    struct db *db = &pg->base;
    if (db->error == DB_OK && !db->is_in_transaction) {
        (void)postgres_ready(pg);
    }
    if (db->error == DB_OK && pg->conn == NULL) {
        (void)db_fail(db, DB_DOWN, "PostgreSQL: the connection was lost");
    }
    if (db->error == DB_OK && pg->is_begin_due) {
        send_begin(pg);
    }
    return db->error == DB_OK;
}

void postgres_send_word(struct postgres_db *pg, enum reply_kind kind, const char *sql)
{
    if (open_transaction(pg)) {
        send_word(pg, kind, sql);
    }
}

/* Prepared as the values' types are; a NULL has none, and takes that of an earlier value. */
static bool is_prepared(const struct postgres_query *query, const struct postgres_db *pg)
{
    if (query->connection != pg->number) {
        return false;
    }
    for (int i = 1; i <= query->count; i++) {
        if (query->values[i].type != 0 && query->values[i].type != query->types[i]) {
            return false;
        }
    }
    return true;
}

static void send_prepare(struct postgres_query *query, struct postgres_db *pg)
{
    for (int i = 1; i <= query->count; i++) {
        Oid type = query->values[i].type;
        query->types[i] = type != 0 ? type : query->types[i];
    }
    (void)g_snprintf(query->name, sizeof query->name, "t%" G_GUINT64_FORMAT, ++pg->prepared);
    if (PQsendPrepare(pg->conn, query->name, query->sql, query->count, &query->types[1]) == 1) {
        query->connection = pg->number;
        owe(pg, REPLY_PREPARE, query);
    } else {
        lose_with_message(pg);
        return;
    }
    if (query->many != NULL && !query->knows_arrays) {
        if (PQsendDescribePrepared(pg->conn, query->name) == 1) {
            owe(pg, REPLY_DESCRIBE, query);
        } else {
            lose_with_message(pg);
        }
    }
}

/* Answers whether it was sent. */
static bool send_values(struct postgres_query *query, struct postgres_db *pg, enum reply_kind kind)
{
    const char *values[POSTGRES_VALUES];
    int sizes[POSTGRES_VALUES];
    int formats[POSTGRES_VALUES];
    for (int i = 0; i < query->count; i++) {
        const struct postgres_value *value = &query->values[i + 1];
        values[i] = value->bytes;
        sizes[i] = value->size;
        formats[i] = value->bytes != NULL && value->is_binary;
    }
    if (PQsendQueryPrepared(pg->conn, query->name, query->count, values, sizes, formats, 0) != 1) {
        lose_with_message(pg);
        return false;
    }
    owe(pg, kind, query);
    return true;
}

void postgres_send_query(struct postgres_query *query, enum reply_kind kind, struct kept *kept)
{
    struct postgres_db *pg = (struct postgres_db *)query->base.db;
    if (pg->gathered->len > 0 && !query->is_many) {
        postgres_gather_send(pg, query);
    }
    if (!open_transaction(pg)) {
        return;
    }
    pg->is_last_gathered = pg->is_last_gathered && query->is_many;
    if (!is_prepared(query, pg)) {
        send_prepare(query, pg);
    }
    if (pg->base.error == DB_OK && send_values(query, pg, kind)) {
        g_array_index(pg->replies, struct reply, pg->replies->len - 1).kept = kept;
    }
    if (pg->replies->len - pg->first > REPLIES_MAX) {
        (void)postgres_await(pg);
    }
}

/* A node that froze between two pieces of one pipeline is not idle to the server, which waits for
 * the rest for ever and lets it keep the turn. So whoever waited for a lock in vain ends those that
 * have been silent in the middle for as long as a transaction may be idle. Nobody who waits for a
 * standby is among them: that would make his commit known before it is safe. */
static const char SQL_EVICT[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND backend_xid IS NOT NULL"
    " AND state = 'active' AND wait_event = 'ClientRead' AND state_change < clock_timestamp() -"
    " CAST(current_setting('idle_in_transaction_session_timeout') AS INTERVAL)";

void postgres_evict(struct postgres_db *pg)
{
    pg->is_kept_waiting = false;
    send_word(pg, REPLY_WORD, SQL_EVICT);
    (void)postgres_await(pg);
}

/* --- receiving --- */

static void fail_by(struct postgres_db *pg, const struct reply *reply, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == NULL) {
        lose_with_message(pg);
        return;
    }
    /* Thrown out during the commit itself, for instance while it waits for a standby: who knows. */
    if (reply->kind == REPLY_COMMIT && g_strcmp0(severity, "ERROR") != 0) {
        lose(pg, text != NULL ? text : state);
        return;
    }
    pg->is_refused = true;
    pg->is_kept_waiting = strcmp(state, "55P03") == 0;
    pg->base.is_too_long = pg->base.is_too_long || (pg->time != 0 && strcmp(state, "57014") == 0);
    /* Read-only: a standby by now, unless we have asked for it ourselves. */
    bool is_ours = pg->base.is_reading && strcmp(state, "25006") == 0;
    pg->is_doomed = pg->is_doomed || (!is_ours && postgres_is_doom(state));
    (void)db_fail(&pg->base, is_ours ? DB_FAILED : postgres_status_of(state),
                  "PostgreSQL: %s (%s) in: %.120s", text != NULL ? text : "error", state,
                  reply->query != NULL ? reply->query->sql : "a transaction's begin or end");
}

static void keep_result(struct postgres_db *pg, const struct reply *reply, PGresult *result)
{
    bool is_command = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (is_command && (reply->kind == REPLY_RUN || reply->kind == REPLY_STEP)) {
        pg->changes = g_ascii_strtoll(PQcmdTuples(result), NULL, 10);
    }
    if (reply->kind == REPLY_COMMIT && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        pg->is_refused = true;
        (void)db_fail(&pg->base, DB_FAILED, "PostgreSQL: the commit answered %s",
                      PQcmdStatus(result));
    }
    if (reply->kind == REPLY_STEP) {
        PQclear(reply->query->result);
        reply->query->result = result;
    } else if (reply->kind == REPLY_DESCRIBE) {
        postgres_gather_types(reply->query, result);
        PQclear(result);
    } else if (reply->kind == REPLY_KEEP) {
        PQclear(reply->kept->result);
        reply->kept->result = result;
    } else {
        PQclear(result);
    }
}

static void take_result(struct postgres_db *pg, const struct reply *reply, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        keep_result(pg, reply, result);
        return;
    }
    if (reply->kind == REPLY_PREPARE) {
        reply->query->connection = 0;
    }
    if (status == PGRES_PIPELINE_SYNC) {
        settle(pg);
    } else if (status != PGRES_PIPELINE_ABORTED) { /* that follows an error that was told */
        fail_by(pg, reply, result);
    }
    PQclear(result);
}

/* Takes in all answers that are here. */
static void take_results(struct postgres_db *pg)
{
    for (const struct reply *reply;
         !pg->is_doomed && (reply = owed(pg)) != NULL && PQisBusy(pg->conn) == 0;) {
        PGresult *result = PQgetResult(pg->conn);
        if (result != NULL) {
            take_result(pg, reply, result);
        } else {
            settle(pg);
        }
    }
}

static void sync_up(struct postgres_db *pg)
{
    if (pg->is_synced) {
        return;
    }
    if (PQpipelineSync(pg->conn) == 1) {
        owe(pg, REPLY_SYNC, NULL);
    } else {
        lose_with_message(pg);
    }
}

static bool has_come(struct postgres_db *pg)
{
    take_results(pg);
    return owed(pg) == NULL || pg->is_doomed;
}

static struct span end_of_patience(const struct postgres_db *pg)
{
    return postgres_end_in(pg->time == DB_TIME_HOUR          ? pg->long_ms
                           : pg->time == DB_TIME_HALF_MINUTE ? POSTGRES_HALF_MS
                                                             : pg->answer_ms);
}

static void lose_patience(struct postgres_db *pg)
{
    pg->base.is_too_long = pg->time != 0;
    postgres_doubt_host();
    lose(pg, "no answer in time");
}

/* False: the connection is given up. */
static bool wait_for_answer(struct postgres_db *pg, bool wants_write, struct span end)
{
    for (;;) {
        if (db_is_stopped(&pg->base)) {
            lose(pg, "given up");
            return false;
        }
        struct span look = postgres_end_in(POSTGRES_STOP_MS);
        bool is_last = pg->base.stop == NULL || look.us >= end.us;
        if (postgres_poll(pg->conn, wants_write, is_last ? end : look)) {
            return true;
        }
        if (is_last) {
            lose_patience(pg);
            return false;
        }
    }
}

static void receive(struct postgres_db *pg)
{
    struct span end = end_of_patience(pg);
    for (int64_t answers = pg->answers; !has_come(pg);) {
        if (pg->time != 0 &&
            pg->answers != answers) { /* of many statements that were sent at once */
            answers = pg->answers;
            end = end_of_patience(pg);
        }
        int unsent = PQflush(pg->conn);
        if (unsent < 0 || PQstatus(pg->conn) != CONNECTION_OK) {
            (void)PQconsumeInput(pg->conn); /* the reason may be here already */
            if (!has_come(pg)) {
                lose_with_message(pg);
            }
        } else if (wait_for_answer(pg, unsent == 1, end) && PQconsumeInput(pg->conn) != 1 &&
                   !has_come(pg)) {
            lose_with_message(pg);
        }
    }
}

enum db_status postgres_await(struct postgres_db *pg)
{
    if (pg->conn == NULL) {
        return pg->base.error;
    }
    pg->round_trips += !pg->is_synced;
    if (!pg->is_doomed) {
        sync_up(pg);
    }
    if (!pg->is_doomed && owed(pg) != NULL) {
        receive(pg);
    }
    if (pg->is_doomed) {
        postgres_drop(pg);
    }
    return pg->base.error;
}

void postgres_let_go(struct postgres_db *pg)
{
    if (pg->conn != NULL && !pg->is_doomed) {
        sync_up(pg);
    }
    if (pg->conn != NULL && (pg->is_doomed || PQflush(pg->conn) != 0)) {
        postgres_drop(pg);
    }
}

void postgres_roll_back(struct postgres_db *pg)
{
    if (!pg->is_doomed) {
        sync_up(pg); /* ends what an error made the server skip */
    }
    if (!pg->is_doomed) {
        send_word(pg, REPLY_WORD, "ROLLBACK");
    }
    postgres_let_go(pg);
}

/* --- scripts --- */

static void receive_script(struct postgres_db *pg, const char *sql)
{
    struct span end = end_of_patience(pg);
    struct postgres_query unnamed = {.sql = g_strdup(sql)};
    struct reply reply = {.kind = REPLY_RUN, .query = &unnamed};
    while (!pg->is_doomed) {
        int unsent = PQflush(pg->conn);
        if (unsent == 0 && PQisBusy(pg->conn) == 0) {
            PGresult *result = PQgetResult(pg->conn);
            if (result == NULL) {
                break;
            }
            take_result(pg, &reply, result);
            end = end_of_patience(pg); /* each statement has its own */
        } else if (unsent < 0 ||
                   (wait_for_answer(pg, unsent == 1, end) && PQconsumeInput(pg->conn) != 1)) {
            lose_with_message(pg);
        }
    }
    g_free(unnamed.sql);
}

enum db_status postgres_script(struct db *db, const char *sql)
{
    struct postgres_db *pg = (struct postgres_db *)db;
    postgres_gather_send(pg, NULL);
    if (!open_transaction(pg)) {
        return db->error;
    }
    postgres_forget_kept(pg);
    if (postgres_await(pg) != DB_OK) {
        return db->error;
    }
    if (PQexitPipelineMode(pg->conn) != 1 || PQsendQuery(pg->conn, sql) != 1) {
        lose_with_message(pg);
    }
    receive_script(pg, sql);
    if (!pg->is_doomed && PQenterPipelineMode(pg->conn) != 1) {
        lose_with_message(pg);
    }
    if (pg->is_doomed) {
        postgres_drop(pg);
    }
    return db->error;
}
