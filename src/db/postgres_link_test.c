/* What becomes of a transaction when the connection does not hold: a relay between the two ends cuts
 * it at a chosen word. */
#include "db/postgres.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "db/test_database.h"

/* --- the relay --- */

enum relay_fault {
    RELAY_GOOD = 0,
    RELAY_CUT_BEFORE, /* the word is not passed on; both ends are closed */
    RELAY_CUT_AFTER,  /* it is passed on, and the answer is not */
    RELAY_SILENT,     /* passes nothing on, and nobody is told */
};

struct relay {
    char *folder;
    char *server; /* the socket of the server */
    int listener;
    pthread_t thread;
    _Atomic int fault;
    _Atomic(const char *) word; /* of the client, at which the fault happens; then it is over */
    _Atomic bool is_ending;
};

static int make_socket(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    assert_true(g_strlcpy(address->sun_path, path, sizeof address->sun_path) <
                sizeof address->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

static bool pass(int from, int to, char *buffer, size_t room, size_t *out_size)
{
    ssize_t size = read(from, buffer, room);
    *out_size = size > 0 ? (size_t)size : 0;
    return size > 0 && (to < 0 || write(to, buffer, *out_size) == size);
}

/* Waits until the server has answered what was passed on, and swallows it. */
static void swallow(int server)
{
    char buffer[8192];
    struct pollfd one = {.fd = server, .events = POLLIN};
    if (poll(&one, 1, 2000) > 0) {
        (void)!read(server, buffer, sizeof buffer);
    }
}

/* What the client says. False: the connection is over. */
static bool pass_up(struct relay *relay, int client, int server)
{
    static char buffer[1 << 16];
    size_t size = 0;
    if (!pass(client, -1, buffer, sizeof buffer, &size)) {
        return false;
    }
    const char *word = atomic_load(&relay->word);
    bool is_hit = word != NULL && memmem(buffer, size, word, strlen(word)) != NULL;
    int fault = is_hit ? atomic_exchange(&relay->fault, RELAY_GOOD) : RELAY_GOOD;
    if (fault == RELAY_CUT_BEFORE) {
        return false;
    }
    if (fault != RELAY_SILENT && write(server, buffer, size) != (ssize_t)size) {
        return false;
    }
    if (fault == RELAY_CUT_AFTER) {
        swallow(server);
        return false;
    }
    return true;
}

static void serve(struct relay *relay, int client)
{
    struct sockaddr_un address;
    int server = make_socket(&address, relay->server);
    bool is_open = connect(server, (struct sockaddr *)&address, sizeof address) == 0;
    while (is_open && !atomic_load(&relay->is_ending)) {
        static char buffer[1 << 16];
        size_t size = 0;
        struct pollfd both[2] = {{.fd = client, .events = POLLIN},
                                 {.fd = server, .events = POLLIN}};
        (void)poll(both, 2, 20);
        is_open = (both[1].revents == 0 || pass(server, client, buffer, sizeof buffer, &size)) &&
                  (both[0].revents == 0 || pass_up(relay, client, server));
    }
    (void)close(server);
    (void)close(client);
}

/* One connection at a time. */
static void *run_relay(void *self)
{
    struct relay *relay = self;
    while (!atomic_load(&relay->is_ending)) {
        struct pollfd one = {.fd = relay->listener, .events = POLLIN};
        if (poll(&one, 1, 20) > 0) {
            serve(relay, accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC));
        }
    }
    return NULL;
}

static char *host_of(const char *where)
{
    struct postgres_place place = {0};
    struct fault fault = {0};
    assert_true(postgres_place_parse(where, &place, &fault));
    char *host = NULL;
    for (size_t i = 0; place.keywords[i] != NULL; i++) {
        host = strcmp(place.keywords[i], "host") == 0 ? g_strdup(place.values[i]) : host;
    }
    postgres_place_clear(&place);
    return host;
}

static void start_relay(struct relay *relay, const char *where)
{
    g_autofree char *host = host_of(where);
    relay->folder = g_dir_make_tmp("tocsin-relay-XXXXXX", NULL);
    relay->server = g_build_filename(host, ".s.PGSQL.5432", NULL);
    g_autofree char *path = g_build_filename(relay->folder, ".s.PGSQL.5432", NULL);
    struct sockaddr_un address;
    relay->listener = make_socket(&address, path);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(relay->listener, 8), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, run_relay, relay), 0);
}

static void stop_relay(struct relay *relay)
{
    atomic_store(&relay->is_ending, true);
    (void)pthread_join(relay->thread, NULL);
    (void)close(relay->listener);
    g_autofree char *path = g_build_filename(relay->folder, ".s.PGSQL.5432", NULL);
    (void)g_unlink(path);
    (void)g_rmdir(relay->folder);
    g_free(relay->folder);
    g_free(relay->server);
}

static void cut_at(struct relay *relay, enum relay_fault fault, const char *word)
{
    atomic_store(&relay->word, word);
    atomic_store(&relay->fault, (int)fault);
}

/* --- the room --- */

struct room {
    char *where;
    char *through; /* the same database by way of the relay */
    struct relay relay;
    struct db *db;    /* through the relay */
    struct db *other; /* straight */
};

static struct db *open_at(const char *where)
{
    struct fault fault = {0};
    struct db *db = db_open(where, DB_READ_WRITE, &fault);
    assert_string_equal(fault.text, "");
    assert_non_null(db);
    return db;
}

static int set_up(void **state)
{
    struct room *room = g_new0(struct room, 1);
    room->where = test_database_create("");
    start_relay(&room->relay, room->where);
    room->through = g_strdup_printf("postgresql://tocsin@/%s?host=%s",
                                    strrchr(room->where, '=') + 1, room->relay.folder);
    room->db = open_at(room->through);
    room->other = open_at(room->where);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    db_close(&room->db);
    db_close(&room->other);
    stop_relay(&room->relay);
    test_database_drop(&room->where);
    g_free(room->through);
    g_free(room);
    return 0;
}

static enum db_status put_secret(struct db *db, const char *name)
{
    struct db_query *query = db_query(db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, name);
    db_bind_blob(query, 2, "xyz", 3);
    return db_run(query);
}

static int64_t count_secrets(struct db *db)
{
    return test_ask_int(db, "SELECT count(*) FROM secret");
}

static int64_t backend_of(struct db *db)
{
    return test_ask_int(db, "SELECT pg_backend_pid()");
}

/* Ends the server's end of a connection, and waits until it is gone. */
static void terminate(struct room *room, int64_t backend)
{
    struct db_query *query =
        db_query(room->other, "SELECT pg_terminate_backend($1::integer, 5000)");
    db_bind_int(query, 1, backend);
    assert_int_equal(db_step(query), DB_ROW);
    assert_int_equal(db_int(query, 0), 1);
    db_reset(query);
}

/* --- tests --- */

static void a_connection_that_was_closed_while_idle_is_made_again(void **state)
{
    struct room *room = *state;
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "one"), DB_DONE);
    assert_int_equal(db_commit(room->db), DB_OK);
    terminate(room, backend_of(room->db));
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "two"), DB_DONE); /* prepared anew */
    assert_int_equal(db_commit(room->db), DB_OK);
    terminate(room, backend_of(room->db));
    assert_int_equal(count_secrets(room->db), 2); /* outside of a transaction as well */
}

static void a_transaction_that_loses_its_connection_is_down_and_not_kept(void **state)
{
    struct room *room = *state;
    db_begin(room->db);
    int64_t backend = backend_of(room->db);
    assert_int_equal(put_secret(room->db, "one"), DB_DONE);
    assert_int_equal(count_secrets(room->db), 1);
    terminate(room, backend);
    assert_int_equal(count_secrets(room->db), -1);
    assert_int_equal(db_error(room->db), DB_DOWN);
    assert_int_equal(db_commit(room->db), DB_DOWN);
    db_begin(room->db);
    assert_int_equal(count_secrets(room->db), 0);
    assert_int_equal(db_commit(room->db), DB_OK);
}

/* The server had said so before COMMIT was sent: nothing is uncertain. */
static void a_commit_on_a_connection_that_was_ended_is_down(void **state)
{
    struct room *room = *state;
    db_begin(room->db);
    int64_t backend = backend_of(room->db);
    assert_int_equal(put_secret(room->db, "one"), DB_DONE);
    terminate(room, backend);
    enum db_status status = db_commit(room->db);
    assert_true(status == DB_DOWN || status == DB_UNCERTAIN);
    assert_int_equal(count_secrets(room->other), 0);
    if (status == DB_UNCERTAIN) {
        assert_int_equal(db_resolve(room->db), DB_DONE);
    }
}

/* Commits over a link that fails at it; answers what db_resolve finds. */
static enum db_status commit_and_resolve(struct room *room, enum relay_fault fault,
                                         const char *name)
{
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, name), DB_DONE);
    cut_at(&room->relay, fault, "COMMIT");
    assert_int_equal(db_commit(room->db), DB_UNCERTAIN);
    assert_int_equal(db_error(room->db), DB_UNCERTAIN);
    enum db_status found = db_resolve(room->db);
    assert_int_equal(found == DB_OK || found == DB_DONE ? db_resolve(room->db) : found, DB_DONE);
    return found;
}

static void a_commit_whose_answer_is_lost_is_resolved(void **state)
{
    struct room *room = *state;
    assert_int_equal(commit_and_resolve(room, RELAY_CUT_BEFORE, "one"), DB_DONE);
    assert_int_equal(count_secrets(room->other), 0);
    assert_int_equal(commit_and_resolve(room, RELAY_CUT_AFTER, "one"), DB_OK);
    assert_int_equal(count_secrets(room->other), 1);
    ((struct postgres_db *)room->db)->answer_ms = 200;
    assert_int_equal(commit_and_resolve(room, RELAY_SILENT, "two"), DB_DONE);
    assert_int_equal(count_secrets(room->other), 1);
    ((struct postgres_db *)room->db)->answer_ms = POSTGRES_ANSWER_MS;
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "two"), DB_DONE);
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_int_equal(count_secrets(room->other), 2);
}

/* What an earlier transaction failed with is read when the next one begins, and is not its failure. */
static void an_earlier_failure_makes_no_commit_certain(void **state)
{
    struct room *room = *state;
    db_begin(room->db);
    (void)db_run(
        db_query(room->db, "INSERT INTO turn (only_row, number, next_id) VALUES (1, 0, 0)"));
    db_rollback(room->db);
    assert_int_equal(commit_and_resolve(room, RELAY_CUT_AFTER, "one"), DB_OK);
}

/* Nothing was to be kept, so that nothing is uncertain. */
static void the_end_of_reading_is_never_uncertain(void **state)
{
    struct room *room = *state;
    db_begin_read(room->db);
    assert_true(db_ask_ahead(room->db));
    struct db_query *query = db_query(room->db, "SELECT 1");
    db_keep(query, 0);
    assert_int_equal(db_step(query), DB_DONE); /* and nobody asks in earnest */
    db_ask_ahead_end(room->db);
    cut_at(&room->relay, RELAY_CUT_BEFORE, "COMMIT");
    assert_int_equal(db_commit(room->db), DB_DOWN);
    assert_int_equal(count_secrets(room->db), 0);
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    struct room *room = *state;
    ((struct postgres_db *)room->db)->answer_ms = 200;
    db_begin(room->db);
    cut_at(&room->relay, RELAY_SILENT, "frob");
    assert_int_equal(test_ask_int(room->db, "SELECT 1 AS frob"), -1);
    assert_int_equal(db_error(room->db), DB_DOWN);
    assert_non_null(strstr(db_error_text(room->db), "in time"));
    db_rollback(room->db);
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "one"), DB_DONE);
    assert_int_equal(db_commit(room->db), DB_OK);
}

/* Not asked again at once, and there again after a while. */
static void a_server_that_is_away_is_not_hammered(void **state)
{
    struct room *room = *state;
    struct postgres_db *pg = (struct postgres_db *)room->db;
    g_autofree char *path = g_build_filename(room->relay.folder, ".s.PGSQL.5432", NULL);
    g_autofree char *away = g_build_filename(room->relay.folder, "away", NULL);
    terminate(room, backend_of(room->db));
    assert_int_equal(g_rename(path, away), 0);
    db_begin(room->db);
    assert_int_equal(db_error(room->db), DB_DOWN);
    assert_int_equal(db_commit(room->db), DB_DOWN);
    assert_int_equal(g_rename(away, path), 0);
    assert_int_equal(pg->back_off.failures, 1);
    if (!back_off_is_over(&pg->back_off)) {
        db_begin(room->db);
        assert_int_equal(db_error(room->db), DB_DOWN);
        db_rollback(room->db);
    }
    pg->back_off.end = clock_elapsed(&CLOCK_SYSTEM);
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "one"), DB_DONE);
    assert_int_equal(db_commit(room->db), DB_OK);
    assert_int_equal(pg->back_off.failures, 0);
}

/* Though nothing is heard of it: as if it were at work all the while. */
static const char WORKS[] = "SET idle_in_transaction_session_timeout = 0";

static void who_waits_too_long_for_the_turn_is_told(void **state)
{
    struct room *room = *state;
    assert_int_equal(db_script(room->other, WORKS), DB_OK);
    db_begin(room->other);
    (void)put_secret(room->other, "one");
    assert_int_equal(count_secrets(room->other), 1);
    assert_int_equal(db_script(room->db, "SET lock_timeout = '50ms'"), DB_OK);
    db_begin(room->db);
    assert_int_equal(db_error(room->db), DB_CONFLICT);
    assert_int_equal(db_commit(room->db), DB_CONFLICT);
    assert_int_equal(db_commit(room->other), DB_OK);
    db_begin(room->db);
    assert_int_equal(count_secrets(room->db), 1);
    assert_int_equal(db_commit(room->db), DB_OK);
}

/* A node froze while it held the turn: the server throws it out, the others go on, and when it wakes
 * it finds that it wrote nothing. */
static void a_frozen_holder_of_the_turn_is_thrown_out(void **state)
{
    struct room *room = *state;
    assert_int_equal(db_script(room->db, "SET idle_in_transaction_session_timeout = '50ms'"),
                     DB_OK);
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "frozen"), DB_DONE);
    db_begin(room->other); /* waits until then */
    assert_int_equal(put_secret(room->other, "alive"), DB_DONE);
    assert_int_equal(db_commit(room->other), DB_OK);
    assert_int_equal(db_commit(room->db), DB_DOWN);
    db_begin(room->db);
    assert_int_equal(count_secrets(room->db), 1);
    assert_int_equal(db_commit(room->db), DB_OK);
}

/* The same in the middle of what it had to say: for the server it is at work. */
static void a_holder_who_froze_in_mid_speech_is_ended_by_who_waits(void **state)
{
    struct room *room = *state;
    PGconn *frozen = PQconnectdb(room->where);
    assert_int_equal(PQenterPipelineMode(frozen), 1);
    static const char *const words[] = {"BEGIN", "SELECT * FROM turn FOR UPDATE"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        assert_int_equal(PQsendQueryParams(frozen, words[i], 0, NULL, NULL, NULL, NULL, 0), 1);
    }
    assert_int_equal(PQflush(frozen), 0);
    static const char holders[] = "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                  " current_database() AND backend_xid IS NOT NULL";
    int64_t end = clock_elapsed(&CLOCK_SYSTEM).us + INT64_C(5000000);
    while (test_ask_int(room->other, holders) != 1) {
        assert_true(clock_elapsed(&CLOCK_SYSTEM).us < end);
    }
    (void)db_run(db_query(room->db, "SET lock_timeout = '100ms'"));
    (void)db_run(db_query(room->db, "SET idle_in_transaction_session_timeout = '50ms'"));
    db_begin(room->db);
    assert_int_equal(put_secret(room->db, "one"), DB_DONE);
    assert_int_equal(db_commit(room->db), DB_OK);
    PQfinish(frozen);
}

/* --- two writers --- */

enum { ROUNDS = 1000 };

struct counter {
    const char *where;
    unsigned bugs;
    int failed;
};

static void count_once(struct db *db)
{
    db_begin(db);
    int64_t total = test_ask_int(db, "SELECT total_us FROM clock_shift");
    struct db_query *query = db_query(db, "UPDATE clock_shift SET total_us = $1");
    db_bind_int(query, 1, total + 1);
    (void)db_run(query);
}

static void *count_up(void *self)
{
    struct counter *counter = self;
    struct fault fault = {0};
    struct db *db = db_open(counter->where, DB_READ_WRITE, &fault);
    db_plant(db, counter->bugs);
    for (int i = 0; i < ROUNDS; i++) {
        count_once(db);
        counter->failed += db_commit(db) != DB_OK;
    }
    db_close(&db);
    return NULL;
}

/* Answers how many of the additions were lost. */
static int64_t race(struct room *room, unsigned bugs)
{
    pthread_t threads[2];
    struct counter counters[2];
    for (int i = 0; i < 2; i++) {
        counters[i] = (struct counter){.where = room->where, .bugs = bugs};
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &counters[i]), 0);
    }
    int failed = 0;
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
        failed += counters[i].failed;
    }
    assert_int_equal(failed, 0);
    return INT64_C(2) * ROUNDS - test_ask_int(room->other, "SELECT total_us FROM clock_shift");
}

static void two_writers_lose_nothing(void **state)
{
    assert_int_equal(race(*state, 0), 0);
    assert_int_equal(test_ask_int(((struct room *)*state)->other, "SELECT number FROM turn"),
                     2 * ROUNDS);
}

static void without_turns_they_do(void **state)
{
    assert_true(race(*state, DB_BUG_NO_TURN) > 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_connection_that_was_closed_while_idle_is_made_again),
        EACH(a_transaction_that_loses_its_connection_is_down_and_not_kept),
        EACH(a_commit_on_a_connection_that_was_ended_is_down),
        EACH(a_commit_whose_answer_is_lost_is_resolved),
        EACH(an_earlier_failure_makes_no_commit_certain),
        EACH(the_end_of_reading_is_never_uncertain),
        EACH(a_server_that_does_not_answer_is_given_up),
        EACH(a_server_that_is_away_is_not_hammered),
        EACH(who_waits_too_long_for_the_turn_is_told),
        EACH(a_frozen_holder_of_the_turn_is_thrown_out),
        EACH(a_holder_who_froze_in_mid_speech_is_ended_by_who_waits),
        EACH(two_writers_lose_nothing),
        EACH(without_turns_they_do),
    };
    (void)g_setenv("TOCSIN_TEST_ENGINE", "postgresql", TRUE);
    return cmocka_run_group_tests_name("postgres_link", tests, NULL, NULL);
}
