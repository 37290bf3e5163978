/* Who listens inside the transaction of an event. */
#include "ledger/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "db/test_database.h"
#include "ledger/chain.h"

static const struct event_kind DONE = {.name = "thing.done"};
static const struct event_kind FOLLOWED = {.name = "thing.followed"};
static const struct event_kind IGNORED = {.name = "thing.ignored"};
static const struct event_kind *const OF_DONE[] = {&DONE, NULL};
static const struct event_kind *const OF_ALL[] = {&FOLLOWED, &DONE, NULL};

struct world {
    char *where;
    struct db *db;
    struct ledger *ledger;
    GString *heard; /* "a:thing.done:1 b:thing.done:1 " */
};

struct ear {
    struct world *world;
    const char *name;
    const struct event_kind *answer; /* what it appends; NULL: nothing */
    int64_t fails_at; /* number of the subject whose event it cannot follow; 0: none */
};

static void hear(struct ledger_tx *tx, void *self, const struct occurrence *what)
{
    struct ear *ear = self;
    g_string_append_printf(ear->world->heard, "%s:%s:%" G_GINT64_FORMAT " ", ear->name,
                           what->kind->name, what->subject.id);
    if (ear->fails_at != 0 && what->subject.id == ear->fails_at) {
        (void)db_run(db_query(tx->db, "SELECT nothing FROM nowhere"));
    }
    if (ear->answer != NULL) {
        event_append(tx, what->actor, ear->answer, what->subject, what->data);
    }
}

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &CLOCK_SYSTEM);
    world->ledger = ledger_create(world->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    world->heard = g_string_new(NULL);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    ledger_destroy(&world->ledger);
    db_close(&world->db);
    test_database_drop(&world->where);
    g_string_free(world->heard, TRUE);
    g_free(world);
    return 0;
}

struct job {
    const struct event_kind *kind;
    struct subject subject;
    enum command_outcome outcome;
};

static enum command_result run_job(struct ledger_tx *tx, void *arg)
{
    const struct job *job = arg;
    json_auto_t *data = json_pack("{s:s}", "what", "x");
    event_append(tx, principal_read("user:ana"), job->kind, job->subject, data);
    return COMMAND_DONE;
}

static void answer_job(void *arg, enum command_outcome outcome)
{
    ((struct job *)arg)->outcome = outcome;
}

static void run_jobs(struct world *world, struct job *jobs, size_t count)
{
    g_autofree struct command *commands = g_new0(struct command, count);
    for (size_t i = 0; i < count; i++) {
        commands[i] = (struct command){run_job, answer_job, &jobs[i], false};
    }
    ledger_run_batch(world->ledger, commands, count);
}

static void note_kind(void *self, const struct event *event)
{
    g_string_append_printf(self, "%s/%s ", event->kind, event->subject);
    assert_string_equal(event->actor, "user:ana");
    assert_string_equal(event->data, "{\"what\":\"x\"}");
}

static void assert_log(struct world *world, const char *expected)
{
    g_autoptr(GString) log = g_string_new(NULL);
    struct fault fault = {0};
    event_list(world->db, 0, NULL, 100, note_kind, log);
    assert_string_equal(log->str, expected);
    assert_true(chain_check(world->db, "database", &fault));
}

static void they_hear_in_the_order_in_which_they_came(void **state)
{
    struct world *world = *state;
    struct ear a = {world, "a", &FOLLOWED, 0}, b = {world, "b", NULL, 0}, c = {world, "c", NULL, 0};
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"a", OF_DONE, NULL, hear, &a});
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"b", OF_ALL, NULL, hear, &b});
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"c", OF_DONE, NULL, hear, &c});
    struct job jobs[] = {{&DONE, subject_of_id("thing", 1), 0},
                         {&IGNORED, subject_of_id("thing", 2), 0}};
    run_jobs(world, jobs, 2);
    /* What follows from what was heard first is heard before the others hear the first. */
    assert_string_equal(world->heard->str,
                        "a:thing.done:1 b:thing.followed:1 b:thing.done:1 c:thing.done:1 ");
    assert_log(world, "thing.done/thing:1 thing.followed/thing:1 thing.ignored/thing:2 ");
}

static void only_what_is_about_their_noun(void **state)
{
    struct world *world = *state;
    struct ear a = {world, "a", NULL, 0};
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"a", OF_ALL, "alert", hear, &a});
    struct job jobs[] = {{&DONE, subject_of_id("thing", 1), 0},
                         {&DONE, subject_of_id("alert", 2), 0},
                         {&DONE, subject_named("alerts", "3"), 0}};
    run_jobs(world, jobs, 3);
    assert_string_equal(world->heard->str, "a:thing.done:2 ");
}

/* What cannot be followed did not happen, and takes nothing else with it. */
static void what_one_of_them_cannot_follow_is_not_kept(void **state)
{
    struct world *world = *state;
    struct ear a = {world, "a", &FOLLOWED, 2};
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"a", OF_DONE, NULL, hear, &a});
    struct job jobs[] = {{&DONE, subject_of_id("thing", 1), 0},
                         {&DONE, subject_of_id("thing", 2), 0},
                         {&DONE, subject_of_id("thing", 3), 0}};
    run_jobs(world, jobs, 3);
    assert_int_equal(jobs[0].outcome, OUTCOME_COMMITTED);
    assert_int_equal(jobs[1].outcome, OUTCOME_FAILED);
    assert_int_equal(jobs[2].outcome, OUTCOME_COMMITTED);
    assert_log(world, "thing.done/thing:1 thing.followed/thing:1 "
                      "thing.done/thing:3 thing.followed/thing:3 ");
    /* The batch ran more than once, and they heard each time. */
    assert_non_null(strstr(strchr(world->heard->str, ' '), "a:thing.done:1 "));
}

/* In a process of its own, for our bug ends it. */
static void two_that_answer_each_other_are_stopped(void **state)
{
    struct world *world = *state;
    if (strcmp(world->where, ":memory:") != 0) {
        return; /* two processes cannot have one connection */
    }
    struct ear a = {world, "a", &FOLLOWED, 0}, b = {world, "b", &DONE, 0};
    static const struct event_kind *const OF_FOLLOWED[] = {&FOLLOWED, NULL};
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"a", OF_DONE, NULL, hear, &a});
    ledger_subscribe(world->ledger, (struct ledger_subscriber){"b", OF_FOLLOWED, NULL, hear, &b});
    struct job job = {&DONE, subject_of_id("thing", 1), 0};
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_jobs(world, &job, 1);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_hear_in_the_order_in_which_they_came, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_about_their_noun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_one_of_them_cannot_follow_is_not_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_that_answer_each_other_are_stopped, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
