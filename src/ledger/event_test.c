#include "ledger/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "db/test_database.h"

enum { EVENTS = 20 };

struct world {
    char *where;
    struct db *db;
    struct ledger *ledger;
};

static enum command_result append_one(struct ledger_tx *tx, void *arg)
{
    const int *n = arg;
    json_auto_t *data = *n % 2 == 0 ? json_pack("{s:i, s:s}", "n", *n, "é", "\n") : NULL;
    event_append(tx, "user:ana", "alert.triggered", *n % 3 == 0 ? "alert:3" : "alert:4", data);
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
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) seqs = g_string_new(NULL);
        event_list(world->db, rows[i].after, rows[i].subject, rows[i].limit, note_seq, seqs);
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

static void an_event_comes_back_as_it_was_appended(void **state)
{
    bool was_called = false;
    event_list(((struct world *)*state)->db, 1, NULL, 1, check_event, &was_called);
    assert_true(was_called);
}

static void a_changed_history_is_found_at_the_right_event(void **state)
{
    static const struct {
        const char *name, *sql;
        int64_t bad_seq; /* 0: sound */
        size_t zeros;    /* bound as $1, when not 0 */
    } rows[] = {
        {"untouched", "SELECT 1", 0},
        {"another actor", "UPDATE event SET actor = 'user:eve' WHERE seq = 7", 7},
        {"another kind", "UPDATE event SET kind = 'alert.resolved' WHERE seq = 1", 1},
        {"another subject", "UPDATE event SET subject = 'alert:5' WHERE seq = 20", 20},
        {"other data", "UPDATE event SET data = '{}' WHERE seq = 8", 8},
        {"data taken away", "UPDATE event SET data = NULL WHERE seq = 8", 8},
        {"empty data for none", "UPDATE event SET data = '' WHERE seq = 9", 9},
        {"another instant", "UPDATE event SET at = at + 1 WHERE seq = 5", 5},
        {"another hash", "UPDATE event SET hash = $1 WHERE seq = 5", 5, 32},
        {"hash cut", "UPDATE event SET hash = $1 WHERE seq = 5", 5, 3},
        {"one removed", "DELETE FROM event WHERE seq = 10", 10},
        {"the first removed", "DELETE FROM event WHERE seq = 1", 1},
        {"a pulse that saw the last one", "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 20)",
         0},
        {"the last removed that a pulse saw",
         "INSERT INTO pulse (only_row, at, seq) VALUES (1, 1, 21)", 21},
        {"text moved between fields",
         "UPDATE event SET actor = actor || 'x', kind = substr(kind, 2) WHERE seq = 3", 3},
        {"two exchanged",
         "UPDATE event SET subject = CASE seq WHEN 3 THEN 'alert:4' ELSE 'alert:3' END "
         "WHERE seq IN (3, 4)",
         3},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        void *fresh = NULL;
        (void)set_up(&fresh);
        struct world *world = fresh;
        static const char zeros[32];
        struct db_query *query = db_query(world->db, rows[i].sql);
        if (rows[i].zeros > 0) {
            db_bind_blob(query, 1, zeros, rows[i].zeros);
        }
        if (db_run(query) == DB_FAILED) {
            fail_msg("%s: %s", rows[i].name, db_error_text(world->db));
        }
        int64_t bad_seq = -1;
        bool is_sound = event_verify(world->db, &bad_seq);
        if (is_sound != (rows[i].bad_seq == 0) || bad_seq != rows[i].bad_seq) {
            fail_msg("%s: found at %d", rows[i].name, (int)bad_seq);
        }
        (void)tear_down(&fresh);
    }
}

static void the_chain_goes_on_after_a_restart(void **state)
{
    struct world *world = *state;
    ledger_destroy(&world->ledger);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    int n = 1;
    ledger_run_batch(world->ledger, &(struct command){append_one, NULL, &n, false}, 1);
    int64_t bad_seq = 0;
    assert_true(event_verify(world->db, &bad_seq));
    assert_int_equal(event_last_seq(world->db), EVENTS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_listed_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_comes_back_as_it_was_appended, set_up, tear_down),
        cmocka_unit_test(a_changed_history_is_found_at_the_right_event),
        cmocka_unit_test_setup_teardown(the_chain_goes_on_after_a_restart, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
