/* A configuration and what it arms are one commit: there is no state where a heartbeat is in force and nobody waits
 * for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/log.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "db/test_database.h"
#include "paging/paging_harness.h"

static const char CREW[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '10m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";
static const char CRON[] =
    "{\"heartbeats\": [{\"name\": \"cron\", \"service\": \"shop\", \"every\": \"10m\"}]}";

static void drop_line(void *self, const char *line)
{
    (void)self;
    (void)line;
}

struct attempt {
    struct apply_config apply;
    enum command_outcome outcome;
};

static enum command_result run(struct ledger_tx *tx, void *arg)
{
    return apply_config_run(tx, &((struct attempt *)arg)->apply);
}

static void answer(void *arg, enum command_outcome outcome)
{
    struct attempt *attempt = arg;
    attempt->outcome = outcome;
    config_command_answered(&attempt->apply, outcome);
}

/* One command, and nothing after it. */
static enum command_outcome apply(struct paging *paging, const char *document)
{
    struct fault fault = {0};
    json_auto_t *value = json_read(document, strlen(document), &fault);
    struct attempt attempt = {
        .apply = {.base = {.configs = paging->configs, .actor = {PRINCIPAL_FILE, ""}},
                  .document = value}};
    ledger_run_batch(paging->ledger,
                     &(struct command){.run = run, .answer = answer, .arg = &attempt}, 1);
    apply_config_clear(&attempt.apply);
    return attempt.outcome;
}

static bool is_in_force(struct db *db)
{
    struct fault fault = {0};
    struct config *config = config_load(db, &fault);
    assert_non_null(config);
    bool is = heartbeat_find(config, "cron") != NULL;
    config_unref(config);
    return is;
}

static bool is_armed(struct db *db)
{
    struct heartbeat_state state;
    return heartbeat_load(db, "cron", &state) && utc_is_set(state.due_at);
}

static void fail_if(struct ledger_tx *tx, void *self, const struct occurrence *what)
{
    (void)what;
    if (*(const bool *)self) {
        (void)db_run(db_query(tx->db, "SELECT nothing FROM nowhere"));
    }
}

static void a_failure_after_the_arming_undoes_both(void **state)
{
    (void)state;
    struct paging paging;
    bool fails = true;
    static const struct event_kind *const CHANGED[] = {&EVENT_CONFIG_CHANGED, NULL};
    paging_open(&paging, CREW);
    ledger_subscribe(paging.ledger,
                     (struct ledger_subscriber){"failing", CHANGED, NULL, fail_if, &fails});
    assert_int_equal(apply(&paging, CRON), OUTCOME_FAILED);
    assert_false(is_in_force(paging.db));
    assert_false(is_armed(paging.db));
    fails = false;
    assert_int_equal(apply(&paging, CRON), OUTCOME_COMMITTED);
    assert_true(is_in_force(paging.db));
    assert_true(is_armed(paging.db));
    paging_close(&paging);
}

/* What a command sees of the configuration that one before it, in the same batch, brought. */
struct look_after {
    struct pager *pager;
    bool knows_it;
};

static enum command_result look_after(struct ledger_tx *tx, void *arg)
{
    struct look_after *look = arg;
    pager_enter(look->pager, tx);
    pager_enter(look->pager, tx); /* as a subscriber that pages does */
    look->knows_it = heartbeat_find(look->pager->config, "cron") != NULL;
    pager_leave(look->pager);
    pager_leave(look->pager);
    return COMMAND_DONE;
}

static void what_comes_after_in_the_batch_goes_by_it(void **state)
{
    (void)state;
    struct paging paging;
    struct fault fault = {0};
    bool fails = false;
    static const struct event_kind *const CHANGED[] = {&EVENT_CONFIG_CHANGED, NULL};
    paging_open(&paging, CREW);
    ledger_subscribe(paging.ledger,
                     (struct ledger_subscriber){"failing", CHANGED, NULL, fail_if, &fails});
    json_auto_t *value = json_read(CRON, strlen(CRON), &fault);
    for (int i = 0; i < 2; i++) {
        fails = i == 0; /* then it is in force for nobody, the next in the batch among them */
        struct attempt attempt = {
            .apply = {.base = {.configs = paging.configs, .actor = {PRINCIPAL_FILE, ""}},
                      .document = value}};
        struct look_after look = {paging.pager, false};
        const struct command commands[] = {{.run = run, .answer = answer, .arg = &attempt},
                                           {.run = look_after, .arg = &look}};
        ledger_run_batch(paging.ledger, commands, G_N_ELEMENTS(commands));
        assert_int_equal(attempt.outcome, fails ? OUTCOME_FAILED : OUTCOME_COMMITTED);
        assert_int_equal(look.knows_it, !fails);
        apply_config_clear(&attempt.apply);
    }
    paging_close(&paging);
}

static void seeded_fill(void *self, void *out, size_t size)
{
    uint64_t *state = self;
    for (size_t i = 0; i < size; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((unsigned char *)out)[i] = (unsigned char)(*state >> 56);
    }
}

/* What an end of power at the `nth` call of the disk leaves: is the heartbeat in force? False in *out_was_lost: all
 * was over before. */
static bool lose_power(int64_t nth, bool *out_was_lost)
{
    struct paging paging;
    struct fault fault = {0};
    uint64_t seed = (uint64_t)nth;
    const struct random random = {seeded_fill, &seed};
    paging_open(&paging, CREW);
    memory_disk_fail(paging.disk, 0, nth, DISK_POWER_LOSS, false);
    enum command_outcome outcome = apply(&paging, CRON);
    *out_was_lost = memory_disk_is_off(paging.disk);
    memory_disk_power_off(paging.disk);
    ledger_destroy(&paging.ledger);
    db_close(&paging.db);
    memory_disk_power_on(paging.disk, &random);
    paging.db = db_open(paging.where, DB_READ_WRITE, &fault);
    assert_non_null(paging.db);
    bool is_kept = is_in_force(paging.db);
    assert_int_equal(is_armed(paging.db), is_kept);
    assert_true(is_kept || outcome != OUTCOME_COMMITTED);
    paging.ledger = ledger_create(paging.db, &paging.clock, &RANDOM_SYSTEM);
    paging_close(&paging);
    return is_kept;
}

/* Nothing starts again here that could make up for it. */
static void no_end_of_power_comes_between_them(void **state)
{
    (void)state;
    SKIP_BUT_ON_SQLITE("only a disk of our own loses power");
    int kept = 0, lost = 0;
    bool was_lost = true;
    for (int64_t nth = 1; was_lost; nth++) {
        bool is_kept = lose_power(nth, &was_lost);
        kept += is_kept;
        lost += !is_kept;
    }
    assert_true(kept >= 1 && lost > 3);
}

static enum command_result forget(struct ledger_tx *tx, void *self)
{
    (void)self;
    heartbeat_forget(tx->db, "cron");
    return COMMAND_DONE;
}

/* As a version that armed in a commit of its own could leave it. */
static void a_start_arms_what_was_left(void **state)
{
    (void)state;
    struct paging paging;
    paging_open(&paging, CREW);
    assert_int_equal(apply(&paging, CRON), OUTCOME_COMMITTED);
    ledger_run_batch(paging.ledger, &(struct command){.run = forget}, 1);
    assert_false(is_armed(paging.db));
    paging_restart(&paging);
    assert_true(is_armed(paging.db));
    paging_close(&paging);
}

int main(void)
{
    log_setup(&(struct log_options){.sink = drop_line}); /* failures are told, and meant */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_after_the_arming_undoes_both),
        cmocka_unit_test(what_comes_after_in_the_batch_goes_by_it),
        cmocka_unit_test(no_end_of_power_comes_between_them),
        cmocka_unit_test(a_start_arms_what_was_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
