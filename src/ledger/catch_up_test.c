/* What others write, and commits whose answer is lost: two and three ledgers over one database. */
#include "ledger/cluster_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/chain.h"

/* --- news --- */

static void interleaved_batches_keep_one_chain(void **state)
{
    struct cluster *cluster = *state;
    int64_t before = cluster_verify(cluster);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(cluster_write(&cluster->nodes[i * 7 % 3]), OUTCOME_COMMITTED);
    }
    assert_int_equal(cluster_verify(cluster), before + 300);
}

static void a_beat_notes_the_end_of_the_history_now_and_then(void **state)
{
    static const char NOTED[] = "SELECT coalesce(max(seq), 0) FROM pulse";
    struct cluster *cluster = *state;
    struct db *db = cluster->nodes[0].db;
    cluster_pass(cluster, SPAN_S(31), 0);
    int64_t length = cluster_verify(cluster);
    assert_int_equal(test_ask_int(db, NOTED), length);
    assert_int_equal(cluster_write(&cluster->nodes[1]), OUTCOME_COMMITTED);
    cluster_pass(cluster, SPAN_S(1), 0);
    assert_int_equal(test_ask_int(db, NOTED), length); /* not with each beat */
    cluster_pass(cluster, SPAN_S(30), 0);
    assert_int_equal(test_ask_int(db, NOTED), length + 1);
    (void)cluster_verify(cluster);
    (void)db_run(db_query(db, "DELETE FROM event WHERE seq > 2"));
    struct chain chain;
    assert_false(chain_verify(db, &chain));
    assert_int_equal(chain.state, CHAIN_CUT_OFF);
    assert_int_equal(chain.bad_from, 3);
    assert_int_equal(chain.bad_to, length + 1);
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
    int64_t seq = cluster_verify(cluster);
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
    (void)cluster_verify(cluster);
}

/* What a batch that wrote no events noticed, the listeners hear of all the same. */
static void news_noticed_by_a_batch_are_not_lost_on_the_listeners(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    assert_int_equal(ledger_touch(b->ledger, "test"), DB_OK);
    (void)!ledger_tick(b->ledger).us;
    assert_int_equal(b->heard_seq, cluster_verify(cluster));
}

static void a_lost_wake_up_is_seen(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0], *b = &cluster->nodes[1];
    b->ledger->planted = LEDGER_BUG_LOST_WAKE_UP;
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
    struct utc next = ledger_tick(b->ledger);
    assert_true(b->heard_seq < cluster_verify(cluster));
    assert_true(utc_since(next, cluster->server).us > SPAN_S(1).us); /* nor would it look again */
}

/* --- what of the others' is not looked at --- */

static enum command_result see_asked_until(struct ledger_tx *tx, void *arg)
{
    struct span *ahead = arg;
    ahead->us = ledger_asked_until(tx).us - tx->now.us;
    return COMMAND_DONE;
}

static struct span asked_ahead(struct cluster_node *node)
{
    struct span ahead = {0};
    const struct command command = {.run = see_asked_until, .arg = &ahead};
    ledger_run_batch(node->ledger, &command, 1);
    return ahead;
}

static void who_shares_the_work_is_asked_for_the_near_deadlines(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *node = &cluster->nodes[0];
    struct span ahead = asked_ahead(node);
    assert_true(ahead.us >= SPAN_S(1).us); /* a look is late by what a turn takes */
    assert_true(ahead.us < SPAN_S(10).us);
    cluster_kill(&cluster->nodes[1]);
    cluster_kill(&cluster->nodes[2]);
    cluster_pass(cluster, SPAN_S(8), 0);
    assert_true(cluster_lanes(node) == LANES_ALL);
    assert_true(asked_ahead(node).us > SPAN_D(365).us);
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
        int64_t before = cluster_verify(cluster);
        a->fate = rows[i].fate;
        a->moment = rows[i].moment;
        enum command_outcome outcome = cluster_write(a);
        if (outcome != rows[i].outcome || cluster_verify(cluster) != before + rows[i].events) {
            fail_msg("%s: outcome %d, %d events", rows[i].name, outcome,
                     (int)(cluster_verify(cluster) - before));
        }
        bool is_kept = outcome == OUTCOME_COMMITTED;
        assert_true(!is_kept || a->heard_seq == cluster_verify(cluster));
        assert_int_equal(ledger_is_writable(a->ledger), is_kept);
        assert_int_equal(cluster_write(b), OUTCOME_COMMITTED);
        cluster_pass(cluster, SPAN_S(2), 0);
        assert_true(ledger_is_writable(a->ledger));
        assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
        (void)cluster_verify(cluster);
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
        int64_t before = cluster_verify(cluster);
        a->fate = fates[i];
        a->link.fate = lose_all;
        assert_int_equal(cluster_write(a), OUTCOME_UNCERTAIN);
        assert_int_equal(cluster_verify(cluster), before + (fates[i] == DB_LINK_LOST_AFTER));
        assert_int_equal(ledger_door(a->ledger), LEDGER_UNCERTAIN);
        assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE); /* intake is closed */
        assert_int_equal(cluster_write(b), OUTCOME_COMMITTED);
        a->link.fate = good;
        a->is_cut = false;
        cluster_pass(cluster, SPAN_S(2), 0);
        assert_int_equal(ledger_door(a->ledger), LEDGER_OPEN);
        assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
        (void)cluster_verify(cluster);
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
        (void)cluster_verify(cluster);
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
    (void)cluster_verify(cluster);
    cluster_pass(cluster, SPAN_S(5), 0);
    assert_int_equal(cluster_count_kind(cluster, "node.lost"), 0);
}

/* As another program would, by a connection of its own. */
static void run_script(struct cluster *cluster, const char *sql)
{
    struct fault fault = {0};
    enum db_mode mode = test_database_is_shared() ? DB_READ_WRITE : DB_SHARED;
    struct db *db = db_open(cluster->where, mode, &fault);
    db_begin(db);
    (void)db_run(db_query(db, sql));
    assert_int_equal(db_commit(db), DB_OK);
    db_close(&db);
}

static void a_node_that_is_too_old_for_the_schema_writes_nothing(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    run_script(cluster, "INSERT INTO schema_version (version, name, applied_at, works_from)"
                        " VALUES (98, 'more', 1, 2)");
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED); /* which it works beside */
    run_script(cluster, "INSERT INTO schema_version (version, name, applied_at)"
                        " VALUES (99, 'other', 1)");
    int64_t before = cluster_verify(cluster);
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_int_equal(ledger_door(a->ledger), LEDGER_OUTDATED);
    int worked = a->worked;
    a->is_due_now = true;
    cluster_pass(cluster, SPAN_S(5), 0); /* the others notice by themselves */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ledger_door(cluster->nodes[i].ledger), LEDGER_OUTDATED);
    }
    assert_int_equal(a->worked, worked);
    assert_int_equal(cluster_verify(cluster), before);
    /* It was taken back, by a restored backup. */
    run_script(cluster, "DELETE FROM schema_version WHERE version = 99");
    cluster_pass(cluster, SPAN_S(3), 0);
    assert_int_equal(ledger_door(a->ledger), LEDGER_OPEN);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
}

/* A step that changes what is read first: not even the question what it wants can be asked with the rest. */
static void a_schema_that_cannot_be_asked_is_seen_too(void **state)
{
    struct cluster *cluster = *state;
    struct cluster_node *a = &cluster->nodes[0];
    run_script(cluster, "INSERT INTO schema_version (version, name, applied_at)"
                        " VALUES (99, 'other', 1)");
    run_script(cluster, "ALTER TABLE clock_shift RENAME COLUMN total_us TO by_us");
    assert_int_equal(cluster_write(a), OUTCOME_UNAVAILABLE);
    assert_int_equal(ledger_door(a->ledger), LEDGER_OUTDATED);
    run_script(cluster, "DELETE FROM schema_version WHERE version = 99");
    run_script(cluster, "ALTER TABLE clock_shift RENAME COLUMN by_us TO total_us");
    cluster_pass(cluster, SPAN_S(3), 0);
    assert_int_equal(ledger_door(a->ledger), LEDGER_OPEN);
    assert_int_equal(cluster_write(a), OUTCOME_COMMITTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_CLUSTER(interleaved_batches_keep_one_chain),
        IN_CLUSTER(a_beat_notes_the_end_of_the_history_now_and_then),
        IN_CLUSTER(witnesses_are_told_when_others_wrote_and_only_then),
        IN_CLUSTER(listeners_hear_of_others_commits_at_the_next_look),
        IN_CLUSTER(a_turn_that_changes_nothing_is_not_counted),
        IN_CLUSTER(news_noticed_by_a_batch_are_not_lost_on_the_listeners),
        IN_CLUSTER(a_lost_wake_up_is_seen),
        IN_CLUSTER(who_shares_the_work_is_asked_for_the_near_deadlines),
        IN_CLUSTER(a_lost_answer_is_looked_up),
        IN_CLUSTER(an_answer_that_cannot_be_looked_up_is_uncertain),
        IN_CLUSTER(the_door_is_closed_since_the_question),
        IN_CLUSTER(a_duty_whose_answer_is_lost_is_done_once),
        IN_CLUSTER(what_is_due_now_is_done_now),
        IN_CLUSTER(a_node_that_is_too_old_for_the_schema_writes_nothing),
        IN_CLUSTER(a_schema_that_cannot_be_asked_is_seen_too),
        cmocka_unit_test(lanes_are_right_after_a_lost_answer),
        IN_CLUSTER(nothing_answered_is_lost_or_doubled),
    };
    return cmocka_run_group_tests_name("news", tests, NULL, NULL);
}
