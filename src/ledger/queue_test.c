/* The queue with real threads; also run under ThreadSanitizer. No sleeping: the tests wait for
 * answers. */
#include "ledger/queue.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/limits.h"
#include "db/memory_vfs.h"
#include "db/test_database.h"
#include "ledger/chain.h"
#include "ledger/event.h"

enum { SENDERS = 4, COMMANDS_EACH = 500 };

struct world {
    struct memory_disk *disk;
    char *where;
    struct db *db;
    struct ledger *ledger;
    struct queue *queue;
    atomic_int answers[OUTCOME_FAILED + 1];
};

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->disk = memory_disk_create("queue-disk");
    world->where = test_database_create("file:queue.db?vfs=queue-disk");
    world->db = test_database_open(world->where, &CLOCK_SYSTEM);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    queue_stop(&world->queue);
    ledger_destroy(&world->ledger);
    db_close(&world->db);
    test_database_drop(&world->where);
    memory_disk_destroy(&world->disk);
    g_free(world);
    return 0;
}

static const struct event_kind DONE = {.name = "thing.done"};

static enum command_result append_one(struct ledger_tx *tx, void *arg)
{
    (void)arg;
    event_append(tx, PRINCIPAL_TOCSIN, &DONE, subject_only("thing"), NULL);
    return COMMAND_DONE;
}

static void count_answer(void *arg, enum command_outcome outcome)
{
    struct world *world = arg;
    (void)atomic_fetch_add(&world->answers[outcome], 1);
}

static void *send_many(void *arg)
{
    struct world *world = arg;
    for (int i = 0; i < COMMANDS_EACH; i++) {
        struct command command = {append_one, count_answer, world, true};
        if (i % 50 == 0) {
            assert_int_equal(queue_submit_and_wait(world->queue, command), OUTCOME_COMMITTED);
        } else {
            assert_true(queue_submit(world->queue, command));
        }
        (void)ledger_is_writable(world->ledger);
    }
    return NULL;
}

static void every_command_of_every_thread_is_answered_once(void **state)
{
    struct world *world = *state;
    world->queue = queue_start(world->ledger, &CLOCK_SYSTEM);
    pthread_t senders[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_create(&senders[i], NULL, send_many, world), 0);
    }
    struct db_pool *pool = db_pool_create(world->where); /* readers beside the writer */
    for (int i = 0; i < 50; i++) {
        struct db *reader = db_pool_take(pool);
        assert_true(event_last_seq(reader) <= (int64_t)SENDERS * COMMANDS_EACH);
        assert_int_equal(db_error(reader), DB_OK);
        db_pool_give(pool, reader);
    }
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(senders[i], NULL), 0);
    }
    db_pool_destroy(&pool);
    queue_stop(&world->queue); /* runs what still waits */
    assert_int_equal(atomic_load(&world->answers[OUTCOME_COMMITTED]), SENDERS * COMMANDS_EACH);
    assert_int_equal(event_last_seq(world->db), SENDERS * COMMANDS_EACH);
    struct fault fault = {0};
    assert_true(chain_check(world->db, "database", &fault));
}

/* Holds the queue's thread inside a command until the test lets it go. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_reached;
    bool is_open;
};

static void gate_init(struct gate *gate)
{
    memset(gate, 0, sizeof *gate);
    assert_int_equal(pthread_mutex_init(&gate->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&gate->changed, NULL), 0);
}

static void gate_set(struct gate *gate, bool *what)
{
    (void)pthread_mutex_lock(&gate->mutex);
    *what = true;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void gate_wait(struct gate *gate, const bool *what)
{
    (void)pthread_mutex_lock(&gate->mutex);
    while (!*what) {
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    }
    (void)pthread_mutex_unlock(&gate->mutex);
}

static enum command_result wait_at_gate(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    struct gate *gate = arg;
    gate_set(gate, &gate->is_reached);
    gate_wait(gate, &gate->is_open);
    return COMMAND_REFUSED;
}

static void a_full_queue_refuses_and_loses_nothing(void **state)
{
    struct world *world = *state;
    static struct gate gate; /* the queue runs on after this function */
    gate_init(&gate);
    world->queue = queue_start(world->ledger, &CLOCK_SYSTEM);
    assert_true(queue_submit(world->queue, (struct command){wait_at_gate, NULL, &gate, false}));
    gate_wait(&gate, &gate.is_reached);
    int taken = 0;
    while (queue_submit(world->queue, (struct command){append_one, count_answer, world, true})) {
        taken++;
    }
    assert_int_equal(taken, LIMIT_QUEUE_COMMANDS);
    struct command one_more = {append_one, count_answer, world, true};
    assert_int_equal(queue_submit_and_wait(world->queue, one_more), OUTCOME_UNAVAILABLE);
    gate_set(&gate, &gate.is_open);
    queue_stop(&world->queue);
    assert_int_equal(atomic_load(&world->answers[OUTCOME_COMMITTED]), taken);
}

/* A duty that is due at an instant which another thread sets, and opens a gate when it runs. */
struct alarm {
    _Atomic int64_t at_us;
    struct gate rang;
};

static struct utc alarm_next(struct ledger_tx *tx, void *self)
{
    (void)tx;
    return (struct utc){atomic_load(&((struct alarm *)self)->at_us)};
}

static int alarm_run(struct ledger_tx *tx, void *self, int limit)
{
    (void)tx;
    (void)limit;
    struct alarm *alarm = self;
    atomic_store(&alarm->at_us, UTC_NEVER.us);
    gate_set(&alarm->rang, &alarm->rang.is_reached);
    return 1;
}

static void a_queue_that_hangs_is_seen_and_left(void **state)
{
    struct world *world = *state;
    struct gate gate;
    gate_init(&gate);
    world->queue = queue_start(world->ledger, &CLOCK_SYSTEM);
    struct command hangs = {.run = wait_at_gate, .arg = &gate};
    assert_true(queue_submit(world->queue, hangs));
    gate_wait(&gate, &gate.is_reached);
    int64_t least_us = clock_elapsed(&CLOCK_SYSTEM).us;
    while (clock_elapsed(&CLOCK_SYSTEM).us - least_us < 1000) {
        (void)sched_yield();
    }
    assert_true(queue_busy_for(world->queue).us >= 1000);
    assert_false(queue_end_within(world->queue, SPAN_MS(1)));
    assert_false(queue_submit(world->queue, hangs));
    gate_set(&gate, &gate.is_open);
    assert_true(queue_end_within(world->queue, SPAN_MIN(1)));
    assert_true(queue_end_within(world->queue, SPAN_MS(1))); /* once it is */
    assert_int_equal(queue_busy_for(world->queue).us, 0);
    queue_stop(&world->queue);
    assert_null(world->queue);
}

static void the_queue_wakes_for_what_becomes_due(void **state)
{
    struct world *world = *state;

    static const struct {
        const char *name;
        int in_ms;
    } rows[] = {{"at once", 0}, {"soon", 30}};
    static struct alarm alarm; /* the queue runs on after this function */
    atomic_init(&alarm.at_us, UTC_NEVER.us);
    gate_init(&alarm.rang);
    ledger_add_duty(world->ledger, (struct ledger_duty){.name = "alarm",
                                                        .next_at = alarm_next,
                                                        .run_due = alarm_run,
                                                        .self = &alarm});
    world->queue = queue_start(world->ledger, &CLOCK_SYSTEM);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct utc set_at = clock_now(&CLOCK_SYSTEM);
        (void)pthread_mutex_lock(&alarm.rang.mutex);
        alarm.rang.is_reached = false;
        (void)pthread_mutex_unlock(&alarm.rang.mutex);
        atomic_store(&alarm.at_us, utc_add(set_at, SPAN_MS(rows[i].in_ms)).us);
        queue_wake(world->queue);
        gate_wait(&alarm.rang, &alarm.rang.is_reached);
        struct span took = utc_since(clock_now(&CLOCK_SYSTEM), set_at);
        if (took.us < SPAN_MS(rows[i].in_ms).us) {
            fail_msg("%s: rang after %d us", rows[i].name, (int)took.us);
        }
    }
}

/* Keeps the queue writing while copies are made. */
static void *write_until_told(void *arg)
{
    struct gate *gate = ((void **)arg)[0];
    struct world *world = ((void **)arg)[1];
    bool is_open = false;
    while (!is_open) {
        struct command command = {append_one, NULL, NULL, true};
        (void)queue_submit_and_wait(world->queue, command);
        (void)pthread_mutex_lock(&gate->mutex);
        is_open = gate->is_open;
        (void)pthread_mutex_unlock(&gate->mutex);
    }
    return NULL;
}

static void backups_under_writes_are_whole(void **state)
{
    struct world *world = *state;
    static struct gate gate; /* the queue runs on after this function */
    gate_init(&gate);
    world->queue = queue_start(world->ledger, &CLOCK_SYSTEM);
    pthread_t writer;
    void *arg[] = {&gate, world};
    assert_int_equal(pthread_create(&writer, NULL, write_until_told, arg), 0);
    g_autofree char *folder = g_dir_make_tmp("tocsin-queue-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "copy.db", NULL);
    struct db_pool *pool = db_pool_create(world->where);
    for (int i = 0; i < 5; i++) {
        struct fault fault = {0};
        struct db *reader = db_pool_take(pool);
        int64_t seq = event_last_seq(reader);
        bool is_copied = db_backup(reader, path, &fault);
        assert_string_equal(fault.text, "");
        assert_true(is_copied && db_verify(path, &fault));
        assert_false(db_backup(reader, path, &fault)); /* never over an older copy */
        db_pool_give(pool, reader);
        struct db *copy = db_open(path, DB_READ_ONLY, &fault);
        assert_int_equal(event_last_seq(copy), seq); /* the state of the reader, no later one */
        assert_true(chain_check(copy, "copy", &fault));
        db_close(&copy);
        assert_int_equal(g_unlink(path), 0);
    }
    gate_set(&gate, &gate.is_open);
    assert_int_equal(pthread_join(writer, NULL), 0);
    db_pool_destroy(&pool);
    assert_int_equal(g_rmdir(folder), 0); /* and nothing else was left there */
}

/* One of two programs on the same data. */
struct program {
    struct db *db;
    struct ledger *ledger;
    struct queue *queue;
    pthread_t sender;
    atomic_int committed;
    _Atomic int64_t heard_seq;
};

static void hear(void *self, int64_t last_seq)
{
    atomic_store(&((struct program *)self)->heard_seq, last_seq);
}

static void count_committed(void *arg, enum command_outcome outcome)
{
    struct program *program = arg;
    (void)atomic_fetch_add(&program->committed, outcome == OUTCOME_COMMITTED);
}

static void *send_slowly(void *arg)
{
    struct program *program = arg;
    struct command command = {append_one, count_committed, program, true};
    while (atomic_load(&program->committed) < COMMANDS_EACH) {
        /* On SQLite two writers may be in each other's way for too long. */
        enum command_outcome outcome = queue_submit_and_wait(program->queue, command);
        assert_true(outcome == OUTCOME_COMMITTED || outcome == OUTCOME_UNAVAILABLE);
        struct span age = {0};
        (void)ledger_door(program->ledger);
        assert_true(utc_is_set(clock_now(ledger_clock(program->ledger))));
        (void)!ledger_beat_age(program->ledger, 1, &age);
    }
    return NULL;
}

enum { JOIN_TRIES = 20 };

static void start_program(struct program *program, const char *where, const char *name)
{
    struct fault fault = {0};
    *program = (struct program){0};
    enum db_mode mode = test_database_is_shared() ? DB_READ_WRITE : DB_SHARED;
    program->db = db_open(where, mode, &fault);
    assert_string_equal(fault.text, "");
    program->ledger = ledger_create(program->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    ledger_add_listener(program->ledger, (struct ledger_listener){hear, program});
    bool is_joined = false;
    /* The first one writes already. */
    for (int tries = 0; tries < JOIN_TRIES && !is_joined; tries++) {
        is_joined = ledger_join(program->ledger, name, NULL, &fault);
    }
    assert_true(is_joined);
    program->queue = queue_start(program->ledger, ledger_clock(program->ledger));
}

static void two_queues_keep_one_chain(void **state)
{
    struct world *world = *state;
    struct program programs[2];
    for (int i = 0; i < 2; i++) {
        start_program(&programs[i], world->where, i == 0 ? "ada" : "bob");
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&programs[i].sender, NULL, send_slowly, &programs[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(programs[i].sender, NULL), 0);
        assert_int_equal(atomic_load(&programs[i].committed), COMMANDS_EACH);
    }
    struct fault fault = {0};
    int64_t last_seq = event_last_seq(world->db);
    assert_true(last_seq >= 2 * (int64_t)COMMANDS_EACH + 2); /* two joined */
    for (int i = 0; i < 2; i++) { /* each hears of the other's, without being woken */
        while (atomic_load(&programs[i].heard_seq) < last_seq) {
            (void)sched_yield();
        }
    }
    for (int i = 0; i < 2; i++) {
        queue_stop(&programs[i].queue);
        ledger_end(programs[i].ledger);
        ledger_destroy(&programs[i].ledger);
        db_close(&programs[i].db);
    }
    assert_true(chain_check(world->db, "database", &fault));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_command_of_every_thread_is_answered_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_refuses_and_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_queue_wakes_for_what_becomes_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_queue_that_hangs_is_seen_and_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_queues_keep_one_chain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backups_under_writes_are_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
