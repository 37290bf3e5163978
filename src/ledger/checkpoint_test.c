/* The old end of the chain goes, and what stands for it holds: a checkpoint that was invented, changed or taken away is
 * found. */
#include "ledger/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "db/copy.h"
#include "db/test_database.h"
#include "ledger/chain.h"
#include "ledger/parent.h"

enum { EVENTS = 20 };

struct world {
    char *where;
    struct db *db;
    struct ledger *ledger;
};

static const char *const OF_ALERT[] = {"alert", NULL};
static const struct event_kind TRIGGERED = {.name = "alert.triggered", .subjects = OF_ALERT};

static enum command_result append_one(struct ledger_tx *tx, void *arg)
{
    const struct subject team = subject_named("team", "a");
    (void)arg;
    event_append_below(tx, PRINCIPAL_TOCSIN, &TRIGGERED, subject_of_id("alert", 3), NULL,
                       (struct event_parents){&team, 1});
    return COMMAND_DONE;
}

static void append(struct world *world, int count)
{
    for (int n = 0; n < count; n++) {
        ledger_run_batch(world->ledger, &(struct command){.run = append_one}, 1);
    }
}

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &CLOCK_SYSTEM);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    append(world, EVENTS);
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

struct forgetting {
    int64_t last_seq, gone;
};

static enum command_result run_forget(struct ledger_tx *tx, void *arg)
{
    struct forgetting *forgetting = arg;
    forgetting->gone = event_forget(tx, forgetting->last_seq);
    return COMMAND_DONE;
}

static int64_t forget(struct world *world, int64_t last_seq)
{
    struct forgetting forgetting = {last_seq, 0};
    ledger_run_batch(world->ledger, &(struct command){.run = run_forget, .arg = &forgetting}, 1);
    return forgetting.gone;
}

static void assert_chain(struct world *world, enum chain_state state, int64_t deleted, int64_t last)
{
    struct chain chain;
    (void)!chain_verify(world->db, &chain);
    if (chain.state != state || chain.checkpoint.seq != deleted || chain.last_seq != last) {
        fail_msg("state %d, behind %d, up to %d", (int)chain.state, (int)chain.checkpoint.seq,
                 (int)chain.last_seq);
    }
}

static void what_is_left_is_whole(void **state)
{
    struct world *world = *state;
    assert_int_equal(forget(world, 12), 12);
    assert_chain(world, CHAIN_WHOLE, 12, EVENTS + 1);
    assert_int_equal(test_ask_int(world->db, "SELECT min(seq) FROM event"), 13);
    assert_int_equal(test_ask_int(world->db, "SELECT min(seq) FROM event_parent"), 13);
    append(world, 5);
    assert_int_equal(forget(world, 15), 3);
    assert_chain(world, CHAIN_WHOLE, 15, EVENTS + 7);
    assert_int_equal(forget(world, EVENTS + 6), EVENTS + 6 - 15);
    assert_chain(world, CHAIN_WHOLE, EVENTS + 6, EVENTS + 8);
    ledger_destroy(&world->ledger);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    append(world, 1);
    assert_chain(world, CHAIN_WHOLE, EVENTS + 6, EVENTS + 9);
}

static void what_makes_no_sense_deletes_nothing(void **state)
{
    struct world *world = *state;
    assert_int_equal(forget(world, EVENTS), 0); /* the newest one */
    assert_int_equal(forget(world, EVENTS + 5), 0);
    assert_int_equal(forget(world, 0), 0);
    assert_int_equal(forget(world, 12), 12);
    assert_int_equal(forget(world, 12), 0);
    assert_int_equal(forget(world, 7), 0);
    assert_chain(world, CHAIN_WHOLE, 12, EVENTS + 1);
}

/* Each after the first 12 of 20 events were deleted; event 21 names the checkpoint. */
static const struct {
    const char *name, *sql, *more;
    enum chain_state state;
} TAMPERED[] = {
    {"taken away", "DELETE FROM event_checkpoint", NULL, CHAIN_MISSING},
    {"moved on over deleted events",
     "UPDATE event_checkpoint SET seq = 14,"
     " hash = (SELECT hash FROM event WHERE seq = 14)",
     "DELETE FROM event WHERE seq <= 14", CHAIN_FORGED},
    {"moved back", "UPDATE event_checkpoint SET seq = 11", NULL, CHAIN_FORGED},
    {"another instant", "UPDATE event_checkpoint SET at = at + 1", NULL, CHAIN_FORGED},
    {"another hash", "UPDATE event_checkpoint SET hash = (SELECT hash FROM event WHERE seq = 14)",
     NULL, CHAIN_FORGED},
    {"another seal", "UPDATE event_checkpoint SET seal = (SELECT hash FROM event WHERE seq = 14)",
     NULL, CHAIN_FORGED},
    {"its key taken away", "DELETE FROM secret WHERE name = 'checkpoint'", NULL, CHAIN_FORGED},
    {"the event that names it taken away", "DELETE FROM event WHERE seq = 21", NULL, CHAIN_FORGED},
    {"more deleted behind it", "DELETE FROM event WHERE seq <= 14", NULL, CHAIN_MISSING},
    {"the first that is left edited", "UPDATE event SET at = at + 1 WHERE seq = 13", NULL,
     CHAIN_EDITED},
    {"one put back in front", "UPDATE event SET seq = 5 WHERE seq = 13", NULL, CHAIN_EDITED},
};

static void run_sql(struct world *world, const char *sql)
{
    assert_int_not_equal(db_run(db_query(world->db, sql)), DB_FAILED);
}

static void what_was_tampered_with_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(TAMPERED); i++) {
        void *fresh = NULL;
        (void)set_up(&fresh);
        struct world *world = fresh;
        assert_int_equal(forget(world, 12), 12);
        run_sql(world, TAMPERED[i].sql);
        if (TAMPERED[i].more != NULL) {
            run_sql(world, TAMPERED[i].more);
        }
        struct chain chain;
        struct fault fault = {0};
        (void)!chain_verify(world->db, &chain);
        if (chain.state != TAMPERED[i].state || chain_check(world->db, "database", &fault)) {
            fail_msg("%s: state %d", TAMPERED[i].name, (int)chain.state);
        }
        /* On it nothing is built. */
        if (chain.state == CHAIN_FORGED && chain.checkpoint.seq == 0) {
            assert_int_equal(forget(world, 16), 0);
        }
        (void)tear_down(&fresh);
    }
}

/* By somebody who has the key as well, but cannot make history name it. */
static void an_invented_one_is_found_though_it_is_sealed(void **state)
{
    struct world *world = *state;
    struct checkpoint real;
    unsigned char key[CHECKPOINT_KEY_SIZE], seal[EVENT_HASH_SIZE];
    assert_int_equal(forget(world, 12), 12);
    assert_true(checkpoint_load(world->db, &real));
    run_sql(world, "UPDATE event_checkpoint SET seq = 14,"
                   " hash = (SELECT hash FROM event WHERE seq = 14)");
    run_sql(world, "DELETE FROM event WHERE seq <= 14");
    run_sql(world, "DELETE FROM event_parent WHERE seq <= 14");
    struct checkpoint forged = {.seq = 14, .at = real.at};
    struct db_query *query = db_query(world->db, "SELECT (SELECT hash FROM event_checkpoint),"
                                                 " value FROM secret WHERE name = 'checkpoint'");
    assert_int_equal(db_step(query), DB_ROW);
    size_t size = 0;
    memcpy(forged.hash, db_blob(query, 0, &size), sizeof forged.hash);
    memcpy(key, db_blob(query, 1, &size), sizeof key);
    db_reset(query);
    checkpoint_seal(&forged, key, seal);
    query = db_query(world->db, "UPDATE event_checkpoint SET seal = $1");
    db_bind_blob(query, 1, seal, sizeof seal);
    assert_int_not_equal(db_run(query), DB_FAILED);
    assert_true(checkpoint_load(world->db, &forged));
    assert_chain(world, CHAIN_FORGED, 14, EVENTS + 1);
}

/* Each step of a walk sees a newer state. */
static void a_walk_goes_on_while_its_events_are_deleted(void **state)
{
    struct world *world = *state;
    struct chain chain;
    chain_begin(&chain, world->db);
    assert_true(chain_walk(&chain, world->db, 5));
    assert_int_equal(forget(world, 12), 12);
    while (chain_walk(&chain, world->db, 4)) {
        append(world, chain.last_seq == 16 ? 1 : 0);
        (void)forget(world, chain.last_seq == 16 ? 18 : 0);
    }
    assert_int_equal(chain.state, CHAIN_WHOLE);
    assert_int_equal(chain.checkpoint.seq, 18);
}

/* As `move` does, from either engine. */
static void a_copy_has_it_too(void **state)
{
    struct world *world = *state;
    g_autofree char *dir = g_dir_make_tmp("tocsin-checkpoint-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "copy.db", NULL);
    struct fault fault = {0};
    struct db_copy copy;
    assert_int_equal(forget(world, 12), 12);
    db_begin_snapshot(world->db);
    bool is_done = db_copy_to_file(world->db, path, NULL, &copy, &fault);
    db_rollback(world->db);
    db_copy_clear(&copy);
    assert_string_equal(fault.text, "");
    assert_true(is_done);
    struct db *db = db_open(path, DB_READ_ONLY, &fault);
    struct chain chain;
    assert_true(chain_verify(db, &chain));
    assert_int_equal(chain.checkpoint.seq, 12);
    db_close(&db);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void an_installation_that_deleted_nothing_has_none(void **state)
{
    struct world *world = *state;
    struct checkpoint checkpoint;
    assert_true(checkpoint_load(world->db, &checkpoint));
    assert_int_equal(checkpoint.seq, 0);
    assert_chain(world, CHAIN_WHOLE, 0, EVENTS);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(what_is_left_is_whole),
        EACH(what_makes_no_sense_deletes_nothing),
        cmocka_unit_test(what_was_tampered_with_is_found),
        EACH(an_invented_one_is_found_though_it_is_sealed),
        EACH(a_walk_goes_on_while_its_events_are_deleted),
        EACH(a_copy_has_it_too),
        EACH(an_installation_that_deleted_nothing_has_none),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
