#include "ledger/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "db/test_database.h"
#include "ledger/parent.h"

enum { EVENTS = 20 };

struct world {
    char *where;
    struct db *db;
    struct ledger *ledger;
};

static const char *const OF_ALERT[] = {"alert", "team", NULL};
static const struct event_kind TRIGGERED = {.name = "alert.triggered", .subjects = OF_ALERT};

static enum command_result append_one(struct ledger_tx *tx, void *arg)
{
    const int *n = arg;
    json_auto_t *data = *n % 2 == 0 ? json_pack("{s:i, s:s}", "n", *n, "é", "\n") : NULL;
    const struct principal ana = principal_read("user:ana");
    const struct subject alert = subject_of_id("alert", *n % 3 == 0 ? 3 : 4);
    const struct subject teams[] = {subject_named("team", "payments"), subject_named("team", "a")};
    if (*n == 6 || *n == 12) {
        event_append_below(tx, ana, &TRIGGERED, alert, data,
                           (struct event_parents){teams, *n == 6 ? 1 : 2});
    } else {
        event_append(tx, ana, &TRIGGERED, *n == 15 ? teams[0] : alert, data);
    }
    return COMMAND_DONE;
}

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &CLOCK_SYSTEM);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    for (int n = 1; n <= EVENTS; n++) {
        ledger_run_batch(world->ledger, &(struct command){append_one, NULL, &n, false}, 1);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    ledger_destroy(&world->ledger);
    db_close(&world->db);
    test_database_drop(&world->where);
    g_free(world);
    return 0;
}

static void note_seq(void *self, const struct event *event)
{
    g_string_append_printf(self, "%d ", (int)event->seq);
}

static void events_are_listed_in_order(void **state)
{
    struct world *world = *state;

    static const struct {
        const char *name;
        int64_t after;
        const char *subject;
        int limit;
        const char *seqs;
    } rows[] = {
        {"all from the start", 0, NULL, 5, "1 2 3 4 5 "},
        {"after a seq", 17, NULL, 5, "18 19 20 "},
        {"of a subject", 4, "alert:3", 3, "6 9 12 "},
        {"nothing after the last", 20, NULL, 5, ""},
        {"no such subject", 0, "alert:9", 5, ""},
        {"of a parent, its own among them", 0, "team:payments", 5, "6 12 15 "},
        {"of a parent, a piece", 0, "team:payments", 2, "6 12 "},
        {"of a parent, after a seq", 6, "team:payments", 5, "12 15 "},
        {"of a parent that has none of its own", 0, "team:a", 5, "12 "},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) seqs = g_string_new(NULL);
        char kind[SUBJECT_KIND_SIZE];
        struct subject about;
        bool is_one = rows[i].subject != NULL && subject_read(rows[i].subject, kind, &about);
        event_list(world->db, rows[i].after, is_one ? &about : NULL, rows[i].limit, note_seq, seqs);
        if (strcmp(seqs->str, rows[i].seqs) != 0) {
            fail_msg("%s: %s", rows[i].name, seqs->str);
        }
    }
    assert_int_equal(event_last_seq(world->db), EVENTS);
}

static void check_event(void *self, const struct event *event)
{
    *(bool *)self = true;
    assert_string_equal(event->actor, "user:ana");
    assert_string_equal(event->kind, "alert.triggered");
    assert_string_equal(event->data, "{\"n\":2,\"é\":\"\\n\"}");
    assert_true(utc_is_set(event->at));
}

/* However many events there are, a timeline is read by index. */
static void timelines_are_read_by_index(void **state)
{
    struct world *world = *state;
    SKIP_BUT_ON_SQLITE("asks SQLite what it plans");
    struct db_query *query = db_query(
        world->db, "EXPLAIN QUERY PLAN SELECT seq, data FROM event WHERE subject = $3 AND seq > $1"
                   " UNION ALL SELECT p.seq, e.data FROM event_parent p JOIN event e"
                   " ON e.seq = p.seq WHERE p.subject = $3 AND p.seq > $1 ORDER BY seq LIMIT $2");
    while (db_step(query) == DB_ROW) {
        const char *step = db_text(query, 3);
        if (strstr(step, "SCAN") != NULL || strstr(step, "TEMP") != NULL) {
            fail_msg("%s", step);
        }
    }
}

static void an_event_comes_back_as_it_was_appended(void **state)
{
    bool was_called = false;
    event_list(((struct world *)*state)->db, 1, NULL, 1, check_event, &was_called);
    assert_true(was_called);
}

static const struct {
    const char *name, *sql;
    enum chain_state state;
    int64_t bad_from, bad_to, last_seq;
    size_t zeros; /* bound as $1, when not 0 */
} CHANGES[] = {
    {"untouched", "SELECT 1", CHAIN_WHOLE, 0, 0, 20},
    {"another actor", "UPDATE event SET actor = 'user:eve' WHERE seq = 7", CHAIN_EDITED, 7, 7, 6},
    {"another kind", "UPDATE event SET kind = 'alert.resolved' WHERE seq = 1", CHAIN_EDITED, 1, 1,
     0},
    {"another subject", "UPDATE event SET subject = 'alert:5' WHERE seq = 20", CHAIN_EDITED, 20, 20,
     19},
    {"other data", "UPDATE event SET data = '{}' WHERE seq = 8", CHAIN_EDITED, 8, 8, 7},
    {"data taken away", "UPDATE event SET data = NULL WHERE seq = 8", CHAIN_EDITED, 8, 8, 7},
    {"empty data for none", "UPDATE event SET data = '' WHERE seq = 9", CHAIN_EDITED, 9, 9, 8},
    {"another instant", "UPDATE event SET at = at + 1 WHERE seq = 5", CHAIN_EDITED, 5, 5, 4},
    {"another hash", "UPDATE event SET hash = $1 WHERE seq = 5", CHAIN_EDITED, 5, 5, 4, 32},
    {"hash cut", "UPDATE event SET hash = $1 WHERE seq = 5", CHAIN_EDITED, 5, 5, 4, 3},
    {"another number", "UPDATE event SET seq = 0 WHERE seq = 1", CHAIN_EDITED, 0, 0, 0},
    {"one removed", "DELETE FROM event WHERE seq = 10", CHAIN_MISSING, 10, 10, 9},
    {"some removed", "DELETE FROM event WHERE seq IN (10, 11, 12, 15)", CHAIN_MISSING, 10, 12, 9},
    {"the first removed", "DELETE FROM event WHERE seq = 1", CHAIN_MISSING, 1, 1, 0},
    {"all but the last removed", "DELETE FROM event WHERE seq < 20", CHAIN_MISSING, 1, 19, 0},
    {"edited before a gap",
     "UPDATE event SET actor = 'user:eve', seq = CASE seq WHEN 20 THEN 22 ELSE seq END "
     "WHERE seq > 18",
     CHAIN_EDITED, 19, 19, 18},
    {"a pulse that saw the last one", "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 20)",
     CHAIN_WHOLE, 0, 0, 20},
    {"the last removed that a pulse saw", "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 21)",
     CHAIN_CUT_OFF, 21, 21, 20},
    {"text moved between fields",
     "UPDATE event SET actor = actor || 'x', kind = substr(kind, 2) WHERE seq = 3", CHAIN_EDITED, 3,
     3, 2},
    {"two exchanged",
     "UPDATE event SET subject = CASE seq WHEN 3 THEN 'alert:4' ELSE 'alert:3' END "
     "WHERE seq IN (3, 4)",
     CHAIN_EDITED, 3, 3, 2},
    {"taken out of a parent's timeline", "DELETE FROM event_parent WHERE seq = 6", CHAIN_ASTRAY, 6,
     6, 20},
    {"taken out of one of two", "DELETE FROM event_parent WHERE seq = 12 AND subject = 'team:a'",
     CHAIN_ASTRAY, 12, 12, 20},
    {"put into a timeline", "INSERT INTO event_parent (subject, seq) VALUES ('team:x', 9)",
     CHAIN_ASTRAY, 9, 9, 20},
    {"moved to another's", "UPDATE event_parent SET subject = 'team:b' WHERE seq = 6", CHAIN_ASTRAY,
     6, 6, 20},
    {"another parent in the data",
     "UPDATE event SET data = replace(data, 'payments', 'search') WHERE seq = 6", CHAIN_EDITED, 6,
     6, 5},
    {"no event yet", "DELETE FROM event", CHAIN_WHOLE, 0, 0, 0},
};

static void a_changed_history_is_found_at_the_right_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(CHANGES); i++) {
        void *fresh = NULL;
        (void)set_up(&fresh);
        struct world *world = fresh;
        static const char zeros[32];
        struct db_query *query = db_query(world->db, CHANGES[i].sql);
        if (CHANGES[i].zeros > 0) {
            db_bind_blob(query, 1, zeros, CHANGES[i].zeros);
        }
        if (db_run(query) == DB_FAILED) {
            fail_msg("%s: %s", CHANGES[i].name, db_error_text(world->db));
        }
        struct chain chain;
        bool is_whole = chain_verify(world->db, &chain);
        if (is_whole != (CHANGES[i].state == CHAIN_WHOLE) || chain.state != CHANGES[i].state ||
            chain.bad_from != CHANGES[i].bad_from || chain.bad_to != CHANGES[i].bad_to ||
            chain.last_seq != CHANGES[i].last_seq) {
            fail_msg("%s: state %d, %d to %d, whole up to %d", CHANGES[i].name, (int)chain.state,
                     (int)chain.bad_from, (int)chain.bad_to, (int)chain.last_seq);
        }
        (void)tear_down(&fresh);
    }
}

static void run_sql(struct world *world, const char *sql)
{
    assert_int_not_equal(db_run(db_query(world->db, sql)), DB_FAILED);
}

/* Also once as many events have come as were cut off at the end. */
static void a_cut_end_is_found_for_ever(void **state)
{
    struct world *world = *state;
    run_sql(world, "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 20)");
    run_sql(world, "DELETE FROM event WHERE seq > 14");
    ledger_destroy(&world->ledger);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    for (int n = 1; n <= EVENTS; n++) {
        ledger_run_batch(world->ledger, &(struct command){append_one, NULL, &n, false}, 1);
    }
    struct chain chain;
    assert_false(chain_verify(world->db, &chain));
    assert_int_equal(chain.state, CHAIN_MISSING);
    assert_int_equal(chain.bad_from, 15);
    assert_int_equal(chain.bad_to, EVENTS);
}

static void all_events_gone_are_found_for_ever(void **state)
{
    struct world *world = *state;
    run_sql(world, "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 20)");
    run_sql(world, "DELETE FROM event");
    ledger_destroy(&world->ledger);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    int n = 1;
    ledger_run_batch(world->ledger, &(struct command){append_one, NULL, &n, false}, 1);
    struct chain chain;
    assert_false(chain_verify(world->db, &chain));
    assert_int_equal(chain.state, CHAIN_MISSING);
    assert_int_equal(chain.bad_from, 1);
    assert_int_equal(chain.bad_to, EVENTS);
}

static void an_empty_history_that_was_not_is_found(void **state)
{
    struct world *world = *state;
    run_sql(world, "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 20)");
    run_sql(world, "DELETE FROM event");
    struct chain chain;
    assert_false(chain_verify(world->db, &chain));
    assert_int_equal(chain.state, CHAIN_CUT_OFF);
    assert_int_equal(chain.bad_from, 1);
    assert_int_equal(chain.bad_to, EVENTS);
    assert_false(utc_is_set(chain.first_at));
}

/* In one go or in slices of any size, also such that the last one is full. */
static void a_walk_finds_the_same_in_slices(void **state)
{
    static const int slices[] = {1, 3, 7, 10, 20, 21};
    struct world *world = *state;
    run_sql(world, "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 20)");
    for (int round = 0; round < 2; round++) {
        struct chain whole;
        assert_int_equal(chain_verify(world->db, &whole), round == 0);
        for (size_t i = 0; i < G_N_ELEMENTS(slices); i++) {
            struct chain chain;
            int walks = 1;
            for (chain_begin(&chain, world->db); chain_walk(&chain, world->db, slices[i]);) {
                walks++;
            }
            int expected = round == 0 ? EVENTS / slices[i] + 1 : 12 / slices[i] + 1;
            assert_int_equal(walks, expected);
            assert_int_equal(chain.state, whole.state);
            assert_int_equal(chain.bad_from, whole.bad_from);
            assert_int_equal(chain.last_seq, whole.last_seq);
            assert_memory_equal(chain.hash, whole.hash, sizeof chain.hash);
        }
        run_sql(world, "DELETE FROM event WHERE seq = 13");
    }
}

static void keep_hash(void *self, const struct event *event)
{
    unsigned char *hash = self;
    struct event edited = *event;
    edited.actor = event->seq == 2 ? "user:eve" : event->actor;
    event_hash(hash, &edited, hash);
}

/* Whoever can write the hash, too: the event after it tells. */
static void an_edit_with_its_hash_is_found_by_the_next_event(void **state)
{
    struct world *world = *state;
    unsigned char hash[EVENT_HASH_SIZE] = {0};
    event_list(world->db, 0, NULL, 2, keep_hash, hash);
    struct db_query *query =
        db_query(world->db, "UPDATE event SET actor = 'user:eve', hash = $1 WHERE seq = 2");
    db_bind_blob(query, 1, hash, sizeof hash);
    assert_int_not_equal(db_run(query), DB_FAILED);
    struct fault fault = {0};
    assert_false(chain_check(world->db, "database", &fault));
    assert_non_null(strstr(fault.text, "event 3 of the database does not fit to the ones before "
                                       "it: it was edited, or event 2 together with its hash"));
}

static void the_chain_goes_on_after_a_restart(void **state)
{
    struct world *world = *state;
    ledger_destroy(&world->ledger);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    int n = 1;
    ledger_run_batch(world->ledger, &(struct command){append_one, NULL, &n, false}, 1);
    struct chain chain;
    assert_true(chain_verify(world->db, &chain));
    assert_int_equal(event_last_seq(world->db), EVENTS + 1);
}

static const struct event_kind SHELVED = {.name = "alert.shelved", .subjects = OF_ALERT};
static const struct event_kind FORGED = {.name = "alert.triggered", .subjects = OF_ALERT};

struct attempt {
    const char *name;
    const struct event_kind *kind;
    struct subject subject;
    bool is_taken;
};

static enum command_result attempt(struct ledger_tx *tx, void *arg)
{
    const struct attempt *self = arg;
    event_append(tx, PRINCIPAL_TOCSIN, self->kind, self->subject, NULL);
    return COMMAND_DONE;
}

/* In a process of its own: what is our bug ends it. */
static bool is_taken(struct world *world, struct attempt *self)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ledger_run_batch(world->ledger, &(struct command){attempt, NULL, self, false}, 1);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void an_event_is_of_a_listed_kind_and_about_what_it_may_be(void **state)
{
    struct world *world = *state;
    struct attempt rows[] = {
        {"as it should be", &TRIGGERED, subject_of_id("alert", 3), true},
        {"about something else", &TRIGGERED, subject_of_id("delivery", 3), false},
        {"about nothing", &TRIGGERED, {0}, false},
        {"of a kind that no list holds", &SHELVED, subject_of_id("alert", 3), false},
        {"of another kind with the same name", &FORGED, subject_of_id("alert", 3), false},
    };
    static const struct event_kind *const KINDS[] = {&TRIGGERED, NULL};
    if (strcmp(world->where, ":memory:") != 0) {
        return; /* two processes cannot have one connection */
    }
    ledger_add_events(world->ledger, KINDS);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (is_taken(world, &rows[i]) != rows[i].is_taken) {
            fail_msg("%s", rows[i].name);
        }
    }
    assert_ptr_equal(event_kind_of(world->ledger, "alert.triggered"), &TRIGGERED);
    assert_non_null(event_kind_of(world->ledger, "clock.jumped"));
    assert_null(event_kind_of(world->ledger, "alert.shelved"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_listed_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(timelines_are_read_by_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_comes_back_as_it_was_appended, set_up, tear_down),
        cmocka_unit_test(a_changed_history_is_found_at_the_right_event),
        cmocka_unit_test_setup_teardown(a_cut_end_is_found_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_events_gone_are_found_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_history_that_was_not_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_walk_finds_the_same_in_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_edit_with_its_hash_is_found_by_the_next_event, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_event_is_of_a_listed_kind_and_about_what_it_may_be,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_chain_goes_on_after_a_restart, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
