/* What others write, and commits whose answer is lost: two and three ledgers over one database. */
#include "ledger/cluster_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct cluster *cluster = cluster_create();
    cluster_start(cluster, 3);
    *state = cluster;
    return 0;
}

static int tear_down(void **state)
{
    struct cluster *cluster = *state;
    cluster_destroy(&cluster);
    return 0;
}

static int64_t chain(struct cluster *cluster)
{
    int64_t length = 0;
    cluster_verify(cluster, &length);
    return length;
}

/* --- news --- */

static void interleaved_batches_keep_one_chain(void **state)
{
    struct cluster *cluster = *state;
    int64_t before = chain(cluster);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(cluster_write(&cluster->nodes[i * 7 % 3]), OUTCOME_COMMITTED);
    }
    assert_int_equal(chain(cluster), before + 300);
}

static void witnesses_are_told_when_others_wrote_and_only_then(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);

    static const struct {
        const char *name;
        int writer; /* 0: the first */
        int told;   /* its witness, in all */
    } rows[] = {
        {"its own write", 0, 0}, {"again", 0, 0},          {"another's", 1, 0},
        {"and another's", 1, 0}, {"now it notices", 0, 1}, {"its own", 0, 1},
        {"a third one's", 2, 1}, {"notices", 0, 2},
    };

    int before = a->witnessed;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(cluster_write(&cluster->nodes[rows[i].writer]), OUTCOME_COMMITTED);
        if (a->witnessed - before != rows[i].told) {
            fail_msg("%s: told %d times", rows[i].name, a->witnessed - before);
        }
    }
    before = b->witnessed;
    (void)!ledger_tick(b->ledger).us; /* a look notices as well */
    assert_int_equal(b->witnessed, before + 1);
    (void)!ledger_tick(b->ledger).us;
    assert_int_equal(b->witnessed, before + 1);
}

static void listeners_hear_of_others_commits_at_the_next_look(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    int64_t seq = chain(cluster);
    assert_int_equal(a->heard_seq, seq);
    assert_true(b->heard_seq < seq);
    struct utc next = ledger_tick(b->ledger);
    assert_int_equal(b->heard_seq, seq);
    assert_in_range(utc_since(next, clock_now(ledger_clock(b->ledger))).us, 0, SPAN_MS(250).us);
    int count = b->heard_count;
    cluster_pass(cluster, SPAN_S(5), 0); /* beats are no events */
    assert_int_equal(b->heard_count, count);
    assert_int_equal(b->heard_seq, seq);
}

static enum command_result refuse(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return COMMAND_REFUSED;
}

/* A transaction that changes nothing takes no number: the next one is another's. */
static void a_turn_that_changes_nothing_is_not_counted(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    struct command nothing = {.run = refuse};
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    ledger_run_batch(a->ledger, &nothing, 1);
    int before = a->witnessed;
    assert_int_equal(cluster_write(b), OUTCOME_COMMITTED);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(a->witnessed, before + 1);
    (void)chain(cluster);
}

/* What a batch that wrote no events noticed, the listeners hear of all the same. */
static void news_noticed_by_a_batch_are_not_lost_on_the_listeners(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(ledger_touch(b->ledger, "test"), DB_OK);
    (void)!ledger_tick(b->ledger).us;
    assert_int_equal(b->heard_seq, chain(cluster));
}

static void a_lost_wake_up_is_seen(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    b->ledger->planted = LEDGER_LOST_WAKE_UP;
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    struct utc next = ledger_tick(b->ledger);
    assert_true(b->heard_seq < chain(cluster));
    assert_true(utc_since(next, cluster->server).us > SPAN_S(1).us); /* nor would it look again */
}

/* --- commits whose answer is lost --- */

static void a_lost_answer_is_looked_up(void **state)
{
    static const struct {
        const char *name;
        enum db_fate fate;
        enum db_moment moment;
        enum command_outcome outcome;
        int64_t events;
    } rows[] = {
        {"kept", DB_LINK_LOST_AFTER, DB_AT_COMMIT, OUTCOME_COMMITTED, 1},
        {"not kept: runs again", DB_LINK_LOST_BEFORE, DB_AT_COMMIT, OUTCOME_COMMITTED, 1},
        {"cut before the commit", DB_LINK_CUT, DB_AT_COMMIT, OUTCOME_UNAVAILABLE, 0},
        {"cut before the begin", DB_LINK_CUT, DB_AT_BEGIN, OUTCOME_UNAVAILABLE, 0},
    };

    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t before = chain(cluster);
        a->fate = rows[i].fate;
        a->moment = rows[i].moment;
        enum command_outcome outcome = cluster_write(a);
        if (outcome != rows[i].outcome || chain(cluster) != before + rows[i].events) {
            fail_msg("%s: outcome %d, %d events", rows[i].name, outcome,
                     (int)(chain(cluster) - before));
        }
        bool is_kept = outcome == OUTCOME_COMMITTED;
        assert_true(!is_kept || a->heard_seq == chain(cluster));
        assert_int_equal(ledger_is_writable(a->ledger), is_kept);
        assert_int_equal(cluster_write(b), OUTCOME_COMMITTED);
        cluster_pass(cluster, SPAN_S(2), 0);
        assert_true(ledger_is_writable(a->ledger));
        assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
        (void)chain(cluster);
    }
}

/* The answer is lost, and then everything is. */
static enum db_fate lose_all(void *self, enum db_moment moment)
{
    struct cluster_node *node = self;
    if (node->is_cut) {
        return DB_LINK_CUT;
    }
    node->is_cut = moment == DB_AT_COMMIT;
    return moment == DB_AT_COMMIT ? node->fate : DB_LINK_GOOD;
}

static void an_answer_that_cannot_be_looked_up_is_uncertain(void **state)
{
    static const enum db_fate fates[] = {DB_LINK_LOST_BEFORE, DB_LINK_LOST_AFTER};
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    enum db_fate (*good)(void *, enum db_moment) = a->link.fate;
    for (size_t i = 0; i < G_N_ELEMENTS(fates); i++) {
        int64_t before = chain(cluster);
        a->fate = fates[i];
        a->link.fate = lose_all;
        assert_int_equal(cluster_write(a), OUTCOME_UNCERTAIN);
        assert_int_equal(chain(cluster), before + (fates[i] == DB_LINK_LOST_AFTER));
        assert_int_equal(ledger_door(a->ledger), LEDGER_UNCERTAIN);
        assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE); /* intake is closed */
        assert_int_equal(cluster_write(b), OUTCOME_COMMITTED);
        a->link.fate = good;
        a->is_cut = false;
        cluster_pass(cluster, SPAN_S(2), 0);
        assert_int_equal(ledger_door(a->ledger), LEDGER_OPEN);
        assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
        (void)chain(cluster);
    }
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
}

/* Asking what became of it takes a second. */
struct slow_question {
    struct cluster_node *node;
    struct span closed; /* for how long, when it began … */
    struct span after;  /* … and a second later */
};

static enum db_fate ask_slowly(void *self, enum db_moment moment)
{
    struct slow_question *question = self;
    struct cluster_node *node = question->node;
    bool is_asking = node->is_cut;
    if (is_asking) {
        assert_int_equal(ledger_door(node->ledger), LEDGER_UNCERTAIN);
        question->closed = ledger_closed_for(node->ledger);
        node->cluster->elapsed.us += SPAN_S(1).us;
        node->cluster->server = utc_add(node->cluster->server, SPAN_S(1));
        question->after = ledger_closed_for(node->ledger);
    }
    return lose_all(node, moment);
}

static struct utc the_servers_clock(void *self)
{
    return ((struct slow_question *)self)->node->cluster->server;
}

/* Also the second time: what it says must not be since the first. */
static void the_door_is_closed_since_the_question(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    const struct db_link good = a->link;
    for (int i = 0; i < 2; i++) {
        struct slow_question question = {.node = a};
        a->fate = DB_LINK_LOST_AFTER;
        a->link = (struct db_link){.fate = ask_slowly, .now = the_servers_clock, .self = &question};
        assert_int_equal(cluster_write(a), OUTCOME_UNCERTAIN);
        assert_int_equal(question.closed.us, 0);
        assert_int_equal(question.after.us, SPAN_S(1).us);
        assert_int_equal(ledger_closed_for(a->ledger).us, SPAN_S(1).us);
        a->link = good;
        a->is_cut = false;
        cluster_pass(cluster, SPAN_S(2), 0);
        assert_int_equal(ledger_closed_for(a->ledger).us, 0);
    }
}

/* The rest of a batch is decided as before; a refused command stays refused. */
static enum command_result write_one(struct ledger_tx *tx, void *arg)
{
    ++*(int *)arg;
    event_append(tx, "test", "thing.done", "thing", NULL);
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

/* Whoever holds the turn hangs: that is no reason to try four times, and to let others queue. */
static void a_turn_that_does_not_come_closes_the_intake(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    if (test_database_is_shared()) {
        (void)!db_run(db_query(a->db, "SET lock_timeout = '50ms'"));
    }
    db_begin(b->db);
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
    int64_t before = chain(cluster);
    a->fate = DB_LINK_LOST_BEFORE;
    a->moment = DB_AT_COMMIT;
    a->at_begin = wait_long_next_time;
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(a->worked, 1);
    assert_int_equal(chain(cluster), before + 1);
}

/* One who was a little faster is. */
static void a_turn_that_is_taken_is_tried_again(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    if (test_database_is_shared()) {
        (void)!db_run(db_query(a->db, "SET lock_timeout = '50ms'"));
    }
    db_begin(b->db);
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_true(ledger_is_writable(a->ledger));
    db_rollback(b->db);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
}

static void a_batch_that_is_run_again_answers_each_once(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    int64_t before = chain(cluster);
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
    assert_int_equal(chain(cluster), before + 2);
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
        int64_t before = chain(cluster);
        a->fate = row->fate;
        a->moment = row->moment;
        ledger_run_queue(a->ledger, commands, 1, 1 + row->room,
                         (struct ledger_latecomers){take_late, &late});
        int64_t kept = row->fate == DB_LINK_CUT ? 0 : 1 + (int64_t)row->let_in;
        assert_int_equal(chain(cluster), before + kept);
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
    int64_t before = chain(cluster);
    enum db_fate (*good)(void *, enum db_moment) = a->link.fate;
    a->moment = DB_AT_COMMIT;
    a->link.fate = always_lose;
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_int_equal(chain(cluster), before);
    a->link.fate = good;
    a->moment = 0;
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(chain(cluster), before + 1);
}

static void a_duty_whose_answer_is_lost_is_done_once(void **state)
{
    static const enum db_fate fates[] = {DB_LINK_LOST_AFTER, DB_LINK_CUT};
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    for (size_t i = 0; i < G_N_ELEMENTS(fates); i++) {
        int64_t before = cluster_count_kind(cluster, "chore.done");
        a->due_at = cluster->server;
        a->fate = fates[i];
        a->moment = DB_AT_COMMIT;
        (void)!ledger_tick(a->ledger).us;
        cluster_pass(cluster, SPAN_S(2), 0);
        bool is_kept = fates[i] == DB_LINK_LOST_AFTER;
        assert_int_equal(cluster_count_kind(cluster, "chore.done"), before + is_kept);
        assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
        (void)chain(cluster);
    }
}

/* The look is a little later than the tick began: what is due at its instant is due. */
static void what_is_due_now_is_done_now(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    cluster->begin_takes = (struct span){1};
    a->is_due_now = true;
    struct utc next = ledger_tick(a->ledger);
    assert_int_equal(a->worked, 1);
    assert_true(utc_before(cluster->server, next)); /* and then it rests */
}

/* Lanes are what the database says after a turn whose answer was lost, either way. */
static void lanes_are_right_after_a_lost_answer(void **state)
{
    static const enum db_fate fates[] = {DB_LINK_LOST_AFTER, DB_LINK_LOST_BEFORE, DB_LINK_CUT};

    for (size_t i = 0; i < G_N_ELEMENTS(fates); i++) {
        struct cluster *cluster = cluster_create();
        struct cluster_node *a = &cluster->nodes[0];
        cluster_join(a);
        a->fate = fates[i];
        a->moment = DB_AT_COMMIT; /* its first turn takes all lanes */
        cluster_pass(cluster, SPAN_MS(50), 0);
        assert_int_equal(a->moment, 0);
        cluster_pass(cluster, SPAN_S(2), 0);
        assert_true(cluster_lanes(a) == LANES_ALL);
        assert_true(cluster_write_lanes(a) == LANES_ALL);
        cluster_destroy(&cluster);
    }
    (void)state;
}

/* A random mixture: whatever is answered with "committed" is there once, and the chain is whole. */
static void nothing_answered_is_lost_or_doubled(void **state)
{
    static const enum db_fate fates[] = {DB_LINK_CUT, DB_LINK_LOST_BEFORE, DB_LINK_LOST_AFTER};
    struct cluster *cluster = *state;
    g_autoptr(GRand) dice = g_rand_new_with_seed(7);
    int64_t before = cluster_count_kind(cluster, "thing.done");
    int64_t least = 0, uncertain = 0;
    for (int i = 0; i < 2000; i++) {
        struct cluster_node *node = &cluster->nodes[g_rand_int_range(dice, 0, 3)];
        if (g_rand_int_range(dice, 0, 4) == 0) {
            node->fate = fates[g_rand_int_range(dice, 0, 3)];
            node->moment = g_rand_boolean(dice) ? DB_AT_COMMIT : DB_AT_BEGIN;
        }
        enum command_outcome outcome = cluster_write(node);
        least += outcome == OUTCOME_COMMITTED;
        uncertain += outcome == OUTCOME_UNCERTAIN;
        if (g_rand_int_range(dice, 0, 4) == 0) {
            cluster_pass(cluster, SPAN_MS(100), 0);
        }
    }
    int64_t there = cluster_count_kind(cluster, "thing.done") - before;
    assert_in_range(there, least, least + uncertain);
    assert_true(least > 500);
    (void)chain(cluster);
    cluster_pass(cluster, SPAN_S(5), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(interleaved_batches_keep_one_chain),
        TEST(witnesses_are_told_when_others_wrote_and_only_then),
        TEST(listeners_hear_of_others_commits_at_the_next_look),
        TEST(a_turn_that_changes_nothing_is_not_counted),
        TEST(news_noticed_by_a_batch_are_not_lost_on_the_listeners),
        TEST(a_lost_wake_up_is_seen),
        TEST(a_lost_answer_is_looked_up),
        TEST(an_answer_that_cannot_be_looked_up_is_uncertain),
        TEST(the_door_is_closed_since_the_question),
        TEST(who_is_refused_hears_it_before_the_rest_is_tried),
        TEST(a_turn_that_does_not_come_closes_the_intake),
        TEST(a_slow_answer_that_nothing_was_kept_is_enough),
        TEST(a_turn_that_is_taken_is_tried_again),
        TEST(a_batch_that_is_run_again_answers_each_once),
        TEST(who_comes_before_the_turn_does_is_let_in),
        TEST(a_batch_that_is_never_kept_is_given_up),
        TEST(a_duty_whose_answer_is_lost_is_done_once),
        TEST(what_is_due_now_is_done_now),
        cmocka_unit_test(lanes_are_right_after_a_lost_answer),
        TEST(nothing_answered_is_lost_or_doubled),
    };
    return cmocka_run_group_tests_name("news", tests, NULL, NULL);
}
