#include "ledger/ledger_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "db/test_database.h"
#include "ledger/chain.h"

static const struct utc START = {1795000000000000};

/* A ledger in memory with a clock that stands where the test puts it. */
struct world {
    struct utc wall;
    struct span elapsed;
    struct clock clock;
    char *where;
    struct db *db;
    struct ledger *ledger;
    int64_t told_seq;
    int told_count;
};

static struct utc world_wall(void *self)
{
    return ((struct world *)self)->wall;
}

static struct span world_elapsed(void *self)
{
    return ((struct world *)self)->elapsed;
}

static void pass(struct world *world, struct span by)
{
    world->wall = utc_add(world->wall, by);
    world->elapsed.us += by.us;
}

static void note_commit(void *self, int64_t last_seq)
{
    struct world *world = self;
    world->told_seq = last_seq;
    world->told_count++;
}

static void drop_line(void *self, const char *line)
{
    (void)self;
    (void)line;
}

static int set_up(void **state)
{
    log_setup(&(struct log_options){.sink = drop_line}); /* failures are told, and meant */
    struct world *world = g_new0(struct world, 1);
    world->wall = START;
    world->clock = (struct clock){world_wall, world_elapsed, world};
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &world->clock);
    world->ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
    ledger_add_listener(world->ledger, (struct ledger_listener){note_commit, world});
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

/* A command that writes one secret and one event, or misbehaves. */
enum manner { GOOD = 1, REFUSES, BREAKS_KEY, BREAKS_SQL };

struct job {
    const char *name;
    enum manner manner;
    int runs;
    int answers;
    enum command_outcome outcome;
    const int *told_count; /* of the world: listeners hear before answers are given */
    int told_at_answer;
};

static const struct event_kind MADE = {.name = "secret.made"};
static const struct event_kind DONE = {.name = "chore.done"};

static enum command_result run_job(struct ledger_tx *tx, void *arg)
{
    struct job *job = arg;
    job->runs++;
    if (job->manner == REFUSES) {
        return COMMAND_REFUSED;
    }
    if (job->manner == BREAKS_SQL) {
        (void)db_run(db_query(tx->db, "SELECT nothing FROM nowhere"));
        return COMMAND_DONE;
    }
    struct db_query *query = db_query(tx->db, "INSERT INTO secret (name, value) VALUES ($1, $2)");
    db_bind_text(query, 1, job->manner == BREAKS_KEY ? "taken" : job->name);
    db_bind_blob(query, 2, "", 0);
    (void)db_run(query);
    event_append(tx, PRINCIPAL_TOCSIN, &MADE, subject_named("secret", job->name), NULL);
    return COMMAND_DONE;
}

static void answer_job(void *arg, enum command_outcome outcome)
{
    struct job *job = arg;
    job->answers++;
    job->outcome = outcome;
    job->told_at_answer = job->told_count == NULL ? 0 : *job->told_count;
}

static void run_jobs(struct world *world, struct job *jobs, size_t count)
{
    g_autofree struct command *commands = g_new0(struct command, count);
    for (size_t i = 0; i < count; i++) {
        jobs[i].told_count = &world->told_count;
        commands[i] = (struct command){run_job, answer_job, &jobs[i], false};
    }
    ledger_run_batch(world->ledger, commands, count);
}

static int64_t count_of(struct db *db, const char *table)
{
    struct db_query *query = strcmp(table, "event") == 0
                                 ? db_query(db, "SELECT count(*) FROM event")
                                 : db_query(db, "SELECT count(*) FROM secret");
    int64_t count = db_step(query) == DB_ROW ? db_int(query, 0) : -1;
    db_reset(query);
    return count;
}

static void a_batch_is_one_transaction_and_answers_after_it(void **state)
{
    struct world *world = *state;
    struct job jobs[] = {{.name = "a", .manner = GOOD},
                         {.name = "b", .manner = REFUSES},
                         {.name = "c", .manner = GOOD}};
    run_jobs(world, jobs, 3);
    assert_int_equal(jobs[0].outcome, OUTCOME_COMMITTED);
    assert_int_equal(jobs[1].outcome, OUTCOME_REFUSED);
    assert_int_equal(jobs[2].outcome, OUTCOME_COMMITTED);
    assert_int_equal(world->told_count, 1);
    assert_int_equal(world->told_seq, 2);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jobs[i].runs, 1);
        assert_int_equal(jobs[i].answers, 1);
        assert_int_equal(jobs[i].told_at_answer, 1);
    }
    assert_int_equal(count_of(world->db, "secret"), 2);
    assert_int_equal(event_last_seq(world->db), 2);
}

static void a_bad_command_spoils_only_itself(void **state)
{
    struct world *world = *state;
    struct job taken = {.name = "taken", .manner = GOOD};
    run_jobs(world, &taken, 1);
    struct job jobs[40];
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++) {
        static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
        g_autofree char *name = g_strconcat(names[i / 10], names[i % 10], NULL);
        enum manner bad = i % 2 == 0 ? BREAKS_KEY : BREAKS_SQL;
        jobs[i] = (struct job){.name = g_intern_string(name), .manner = i % 9 == 4 ? bad : GOOD};
    }
    run_jobs(world, jobs, G_N_ELEMENTS(jobs));
    int good = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++) {
        bool is_good = jobs[i].manner == GOOD;
        good += is_good;
        assert_int_equal(jobs[i].outcome, is_good ? OUTCOME_COMMITTED : OUTCOME_FAILED);
        assert_int_equal(jobs[i].answers, 1);
    }
    assert_int_equal(count_of(world->db, "secret"), good + 1);
    assert_int_equal(event_last_seq(world->db), good + 1);
    struct fault fault = {0};
    assert_true(
        chain_check(world->db, "database", &fault)); /* the chain went back with each rollback */
    assert_true(ledger_is_writable(world->ledger));
}

static void many_bad_commands_are_told_apart_too(void **state)
{
    struct world *world = *state;
    struct job jobs[30];
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++) {
        jobs[i] = (struct job){.name = "x", .manner = i == 29 ? GOOD : BREAKS_SQL};
    }
    run_jobs(world, jobs, G_N_ELEMENTS(jobs));
    for (size_t i = 0; i < G_N_ELEMENTS(jobs); i++) {
        assert_int_equal(jobs[i].outcome, i == 29 ? OUTCOME_COMMITTED : OUTCOME_FAILED);
        assert_int_equal(jobs[i].answers, 1);
    }
}

/* A duty whose subjects are deadlines in a list. */
struct chores {
    struct utc due[8]; /* unset: done */
    int ran;
    int transactions;
    struct span jumped;
    size_t poisoned; /* index + 1 of a subject whose work fails */
    bool is_lazy;    /* does nothing though due */
};

static struct utc chores_next(struct ledger_tx *tx, void *self)
{
    (void)tx;
    const struct chores *chores = self;
    struct utc next = UTC_NEVER;
    for (size_t i = 0; i < G_N_ELEMENTS(chores->due); i++) {
        next = utc_is_set(chores->due[i]) ? utc_earlier(next, chores->due[i]) : next;
    }
    return next;
}

static int chores_run(struct ledger_tx *tx, void *self, int limit)
{
    struct chores *chores = self;
    int done = 0;
    chores->transactions++;
    for (size_t i = 0; !chores->is_lazy && i < G_N_ELEMENTS(chores->due) && done < limit; i++) {
        if (!utc_is_set(chores->due[i]) || utc_before(tx->now, chores->due[i])) {
            continue;
        }
        if (chores->poisoned == i + 1) {
            (void)db_run(db_query(tx->db, "SELECT nothing FROM nowhere"));
            return done;
        }
        event_append(tx, PRINCIPAL_TOCSIN, &DONE, subject_only("chore"), NULL);
        chores->due[i] = (struct utc){0};
        chores->ran++;
        done++;
    }
    return done;
}

static void chores_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    (void)tx;
    struct chores *chores = self;
    chores->jumped.us += by.us;
    for (size_t i = 0; i < G_N_ELEMENTS(chores->due); i++) {
        chores->due[i].us += utc_is_set(chores->due[i]) ? by.us : 0;
    }
}

static void chores_put_off(struct ledger_tx *tx, void *self, struct span by)
{
    struct chores *chores = self;
    struct utc *due = &chores->due[chores->poisoned - 1];
    *due = utc_add(tx->now, by);
}

static void add_chores(struct world *world, struct chores *chores)
{
    ledger_add_duty(world->ledger, (struct ledger_duty){"chores", chores_next, chores_run,
                                                        chores_jumped, chores, chores_put_off});
}

/* A node of a shared database looks four times a second at least. */
static struct utc as_told(const struct world *world, struct utc due)
{
    bool is_shared = test_database_is_shared();
    return is_shared ? utc_earlier(due, utc_add(world->wall, SPAN_MS(250))) : due;
}

static void duties_run_when_due_and_say_when_next(void **state)
{
    struct world *world = *state;
    struct chores chores = {.due = {utc_add(START, SPAN_S(5)), utc_add(START, SPAN_S(9))}};
    add_chores(world, &chores);
    assert_true(ledger_tick(world->ledger).us == as_told(world, chores.due[0]).us);
    assert_int_equal(chores.ran, 0);
    pass(world, SPAN_S(5));
    assert_true(ledger_tick(world->ledger).us == as_told(world, chores.due[1]).us);
    assert_int_equal(chores.ran, 1);
    pass(world, SPAN_S(60)); /* late, as after a night of downtime */
    assert_true(ledger_tick(world->ledger).us == as_told(world, UTC_NEVER).us);
    assert_int_equal(chores.ran, 2);
    assert_int_equal(world->told_count, 2);
}

static void a_clock_jump_moves_waits_and_fires_nothing(void **state)
{
    static const struct {
        const char *name;
        struct span by;
        bool is_jump;
    } rows[] = {
        {"disciplined forward", {1900000}, false},      {"disciplined back", {-1900000}, false},
        {"an hour forward", {3600000000}, true},        {"an hour back", {-3600000000}, true},
        {"ten years forward", {315360000000000}, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        void *fresh = NULL;
        (void)set_up(&fresh);
        struct world *world = fresh;
        struct chores chores = {.due = {utc_add(START, SPAN_MIN(5))}};
        add_chores(world, &chores);
        assert_true(ledger_tick(world->ledger).us == as_told(world, chores.due[0]).us);
        world->wall.us += rows[i].by.us;
        struct utc next = ledger_tick(world->ledger);
        struct utc due = utc_add(START, SPAN_MIN(5)); /* waits as long as before */
        due = rows[i].is_jump ? utc_add(due, rows[i].by) : due;
        if (chores.ran != 0 || next.us != as_told(world, due).us ||
            chores.jumped.us != (rows[i].is_jump ? rows[i].by.us : 0) ||
            event_last_seq(world->db) != rows[i].is_jump) {
            fail_msg("%s: ran %d, waits %" G_GINT64_FORMAT, rows[i].name, chores.ran,
                     utc_since(next, world->wall).us);
        }
        (void)tear_down(&fresh);
    }
    (void)state;
}

static void a_jump_is_noticed_before_a_batch_uses_the_clock(void **state)
{
    struct world *world = *state;
    struct chores chores = {.due = {utc_add(START, SPAN_MIN(5))}};
    add_chores(world, &chores);
    world->wall.us += SPAN_H(1).us;
    struct job job = {.name = "a", .manner = GOOD};
    run_jobs(world, &job, 1);
    assert_true(chores.jumped.us == SPAN_H(1).us);
    assert_true(ledger_tick(world->ledger).us == as_told(world, chores.due[0]).us);
    assert_true(chores.jumped.us == SPAN_H(1).us); /* once */
}

static void a_poisoned_subject_is_put_off_and_the_others_go_on(void **state)
{
    struct world *world = *state;
    struct chores chores = {.due = {START, START, START, START}, .poisoned = 3};
    add_chores(world, &chores);
    struct chores healthy = {.due = {START}};
    add_chores(world, &healthy);
    struct utc next = {0};
    for (int i = 0; i < 5 && !utc_before(world->wall, next); i++) {
        next = ledger_tick(world->ledger);
    }
    assert_int_equal(healthy.ran, 1);
    assert_false(utc_is_set(chores.due[3]));
    assert_true(chores.due[2].us == utc_add(START, SPAN_MIN(1)).us);
    assert_true(next.us == as_told(world, chores.due[2]).us);
}

static void a_duty_that_does_nothing_does_not_spin(void **state)
{
    struct world *world = *state;
    struct chores chores = {.due = {START}, .is_lazy = true};
    add_chores(world, &chores);
    assert_true(ledger_tick(world->ledger).us == as_told(world, utc_add(START, SPAN_S(1))).us);
    assert_int_equal(chores.transactions, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_one_transaction_and_answers_after_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_bad_command_spoils_only_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_bad_commands_are_told_apart_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(duties_run_when_due_and_say_when_next, set_up, tear_down),
        cmocka_unit_test(a_clock_jump_moves_waits_and_fires_nothing),
        cmocka_unit_test_setup_teardown(a_jump_is_noticed_before_a_batch_uses_the_clock, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_poisoned_subject_is_put_off_and_the_others_go_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_duty_that_does_nothing_does_not_spin, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
