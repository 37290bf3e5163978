/* What becomes of each command of a batch when the turn, or the answer to the commit, does not come, and of
 * those who come meanwhile. */
#include "ledger/cluster_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum command_result refuse(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return COMMAND_REFUSED;
}

/* The rest of a batch is decided as before; a refused command stays refused. */
static const struct event_kind DONE = {.name = "thing.done"};

static enum command_result write_one(struct ledger_tx *tx, void *arg)
{
    ++*(int *)arg;
    event_append(tx, PRINCIPAL_TOCSIN, &DONE, subject_only("thing"), NULL);
    return COMMAND_DONE;
}

static enum command_result break_sql(struct ledger_tx *tx, void *arg)
{
    (void)arg;
    (void)db_run(db_query(tx->db, "SELECT nothing FROM nowhere"));
    return COMMAND_DONE;
}

static void note(void *arg, enum command_outcome outcome)
{
    *(enum command_outcome *)arg = outcome;
}

struct one {
    enum command_result (*run)(struct ledger_tx *tx, void *arg);
    int runs;
    enum command_outcome outcome;
    int answers;
};

static enum command_result run_one(struct ledger_tx *tx, void *arg)
{
    struct one *one = arg;
    return one->run(tx, &one->runs);
}

static void answer_one(void *arg, enum command_outcome outcome)
{
    struct one *one = arg;
    note(&one->outcome, outcome);
    one->answers++;
}

static bool is_refused;

static void note_refusal(void *arg, enum command_outcome outcome)
{
    (void)arg;
    is_refused = outcome == OUTCOME_UNAVAILABLE;
}

static enum command_result run_nothing(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return COMMAND_DONE;
}

static void look_whether_it_was_refused(struct cluster_node *node)
{
    assert_true(is_refused);
    node->worked = -1;
}

/* To try may take as long as the database is waited for. */
static void who_is_refused_hears_it_before_the_rest_is_tried(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    const struct command commands[] = {
        {.run = run_nothing},
        {.run = run_nothing, .answer = note_refusal, .is_intake = true},
    };
    a->fate = DB_LINK_CUT;
    a->moment = DB_AT_BEGIN;
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    is_refused = false;
    a->at_begin = look_whether_it_was_refused;
    ledger_run_batch(a->ledger, commands, G_N_ELEMENTS(commands));
    assert_int_equal(a->worked, -1);
}

static void wait_long(struct cluster_node *node)
{
    node->cluster->elapsed.us += SPAN_S(3).us;
    node->cluster->server = utc_add(node->cluster->server, SPAN_S(3));
    node->worked++;
}

/* The holder is not ended for its silence, and the other does not wait long. */
static void hold_turn(struct cluster_node *holder, struct cluster_node *other)
{
    if (test_database_is_shared()) {
        (void)!db_run(db_query(other->db, "SET lock_timeout = '50ms'"));
        (void)!db_run(db_query(holder->db, "SET idle_in_transaction_session_timeout = 0"));
    }
    db_begin(holder->db);
}

/* Whoever holds the turn hangs: that is no reason to try four times, and to let others queue. */
static void a_turn_that_does_not_come_closes_the_intake(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    hold_turn(b, a);
    assert_int_equal(db_error(b->db), DB_OK);
    a->at_begin = wait_long;
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_int_equal(a->worked, 1);
    assert_int_equal(ledger_door(a->ledger), LEDGER_DOWN);
    db_rollback(b->db);
    cluster_pass(cluster, SPAN_S(2), 0);
    assert_int_equal(ledger_door(a->ledger), LEDGER_OPEN);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
}

static void wait_long_next_time(struct cluster_node *node)
{
    node->at_begin = wait_long;
}

/* But one that came at last, and told that nothing was kept, did come. */
static void a_slow_answer_that_nothing_was_kept_is_enough(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    int64_t before = cluster_verify(cluster);
    a->fate = DB_LINK_LOST_BEFORE;
    a->moment = DB_AT_COMMIT;
    a->at_begin = wait_long_next_time;
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(a->worked, 1);
    assert_int_equal(cluster_verify(cluster), before + 1);
}

/* One who was a little faster is. */
static void a_turn_that_is_taken_is_tried_again(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    hold_turn(b, a);
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_true(ledger_is_writable(a->ledger));
    db_rollback(b->db);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
}

static void a_batch_that_is_run_again_answers_each_once(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    int64_t before = cluster_verify(cluster);
    struct one ones[] = {
        {.run = write_one}, {.run = refuse}, {.run = break_sql}, {.run = write_one}};
    struct command commands[G_N_ELEMENTS(ones)];
    for (size_t i = 0; i < G_N_ELEMENTS(ones); i++) {
        commands[i] = (struct command){run_one, answer_one, &ones[i], true};
    }
    a->fate = DB_LINK_LOST_BEFORE;
    a->moment = DB_AT_COMMIT;
    ledger_run_batch(a->ledger, commands, G_N_ELEMENTS(ones));

    static const enum command_outcome right[] = {OUTCOME_COMMITTED, OUTCOME_REFUSED, OUTCOME_FAILED,
                                                 OUTCOME_COMMITTED};

    for (size_t i = 0; i < G_N_ELEMENTS(ones); i++) {
        assert_int_equal(ones[i].outcome, right[i]);
        assert_int_equal(ones[i].answers, 1);
    }
    assert_in_range(ones[3].runs, 2, 3); /* without the culprit, and again */
    assert_int_equal(cluster_verify(cluster), before + 2);
}

/* Commands that come while a batch waits for its turn. */
struct late {
    struct one ones[3];
    size_t count;
    int times; /* that somebody asked for them */
};

static size_t take_late(void *self, struct command *out, size_t max)
{
    struct late *late = self;
    size_t taken = MIN(late->count, max);
    for (size_t i = 0; i < taken; i++) {
        out[i] = (struct command){run_one, answer_one, &late->ones[i], true};
    }
    late->times++;
    return taken;
}

struct late_case {
    const char *name;
    enum db_fate fate;
    enum db_moment moment;
    size_t room; /* for latecomers */
    size_t let_in;
    int runs; /* of each that was let in */
};

static const struct late_case LATE[] = {
    {"all is well", DB_LINK_GOOD, DB_AT_COMMIT, 3, 3, 1},
    {"more than there is room for", DB_LINK_GOOD, DB_AT_COMMIT, 2, 2, 1},
    {"no room at all", DB_LINK_GOOD, DB_AT_COMMIT, 0, 0, 0},
    {"what is run again lets nobody else in", DB_LINK_LOST_BEFORE, DB_AT_COMMIT, 2, 2, 2},
    {"a turn that does not come lets nobody in", DB_LINK_CUT, DB_AT_BEGIN, 3, 0, 0},
    {"nor does a closed door, though it turns out open", DB_LINK_GOOD, DB_AT_COMMIT, 3, 0, 0},
};

static void who_comes_before_the_turn_does_is_let_in(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    for (size_t i = 0; i < G_N_ELEMENTS(LATE); i++) {
        const struct late_case *row = &LATE[i];
        print_message("%s\n", row->name);
        struct late late = {.ones = {{.run = write_one}, {.run = write_one}, {.run = write_one}},
                            .count = 3};
        struct one first = {.run = write_one};
        struct command commands[1 + G_N_ELEMENTS(late.ones)] = {
            {run_one, answer_one, &first, false}};
        int64_t before = cluster_verify(cluster);
        a->fate = row->fate;
        a->moment = row->moment;
        ledger_run_queue(a->ledger, commands, 1, 1 + row->room,
                         (struct ledger_latecomers){take_late, &late});
        int64_t kept = row->fate == DB_LINK_CUT ? 0 : 1 + (int64_t)row->let_in;
        assert_int_equal(cluster_verify(cluster), before + kept);
        assert_in_range(late.times, 0, 1);
        for (size_t j = 0; j < G_N_ELEMENTS(late.ones); j++) {
            bool is_in = j < row->let_in;
            assert_int_equal(late.ones[j].answers, is_in);
            assert_int_equal(late.ones[j].runs, is_in ? row->runs : 0);
            assert_int_equal(late.ones[j].outcome, is_in ? OUTCOME_COMMITTED : 0);
        }
        assert_int_equal(first.answers, 1);
    }
}

static enum db_fate always_lose(void *self, enum db_moment moment)
{
    struct cluster_node *node = self;
    bool is_mine = node->moment == DB_AT_COMMIT; /* every second commit is db_resolve's own */
    if (moment == DB_AT_COMMIT) {
        node->moment = is_mine ? 0 : DB_AT_COMMIT;
        return is_mine ? DB_LINK_LOST_BEFORE : DB_LINK_GOOD;
    }
    return DB_LINK_GOOD;
}

static void a_batch_that_is_never_kept_is_given_up(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    int64_t before = cluster_verify(cluster);
    enum db_fate (*good)(void *, enum db_moment) = a->link.fate;
    a->moment = DB_AT_COMMIT;
    a->link.fate = always_lose;
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_int_equal(cluster_verify(cluster), before);
    a->link.fate = good;
    a->moment = 0;
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(cluster_verify(cluster), before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_CLUSTER(who_is_refused_hears_it_before_the_rest_is_tried),
        IN_CLUSTER(a_turn_that_does_not_come_closes_the_intake),
        IN_CLUSTER(a_slow_answer_that_nothing_was_kept_is_enough),
        IN_CLUSTER(a_turn_that_is_taken_is_tried_again),
        IN_CLUSTER(a_batch_that_is_run_again_answers_each_once),
        IN_CLUSTER(who_comes_before_the_turn_does_is_let_in),
        IN_CLUSTER(a_batch_that_is_never_kept_is_given_up),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
