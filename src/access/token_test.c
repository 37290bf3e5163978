#include "access/token.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "access/key_command.h"
#include "access/key_index.h"
#include "access/token_store.h"
#include "db/test_database.h"
#include "ledger/event.h"

static const struct utc START = {1795000000000000};

static void keys_tell_whose_they_are(void **state)
{
    (void)state;

    static const struct {
        enum key_owner owner;
        const char *prefix;
    } rows[] = {{KEY_INTEGRATION, "tcn_int_"},
                {KEY_HEARTBEAT, "tcn_beat_"},
                {KEY_TOKEN, "tcn_api_"},
                {KEY_FEED, "tcn_feed_"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (int fill = 0; fill <= 255; fill += 51) {
            unsigned char bytes[KEY_BYTES];
            memset(bytes, fill, sizeof bytes);
            char text[KEY_TEXT_SIZE];
            key_write(rows[i].owner, bytes, text);
            assert_true(g_str_has_prefix(text, rows[i].prefix));
            assert_int_equal(strlen(text), strlen(rows[i].prefix) + 49);
            assert_int_equal(key_read(text), rows[i].owner);
            struct fault fault = {0};
            assert_true(key_check_given(text, &fault));
        }
    }
}

static void a_changed_character_is_noticed(void **state)
{
    (void)state;
    unsigned char bytes[KEY_BYTES] = {1, 2, 3};
    char text[KEY_TEXT_SIZE];
    key_write(KEY_TOKEN, bytes, text);
    for (size_t i = 0; i < strlen(text); i++) {
        char kept = text[i];
        text[i] = kept == 'x' ? 'y' : 'x';
        assert_int_equal(key_read(text), 0);
        text[i] = kept;
    }
    text[strlen(text) - 1] = '\0';
    assert_int_equal(key_read(text), 0);
    assert_int_equal(key_read(""), 0);
}

static void two_keys_that_differ_in_one_bit_differ(void **state)
{
    (void)state;
    unsigned char bytes[KEY_BYTES] = {0};
    char first[KEY_TEXT_SIZE], second[KEY_TEXT_SIZE];
    key_write(KEY_TOKEN, bytes, first);
    for (size_t bit = 0; bit < 256; bit++) {
        bytes[bit / 8] = (unsigned char)(1u << bit % 8);
        key_write(KEY_TOKEN, bytes, second);
        assert_string_not_equal(first, second);
        bytes[bit / 8] = 0;
    }
}

static void routing_keys_are_what_pagerduty_senders_expect(void **state)
{
    (void)state;
    unsigned char bytes[KEY_BYTES];
    memset(bytes, 0xa7, sizeof bytes);
    char text[KEY_TEXT_SIZE];
    key_write_routing(bytes, text);
    assert_int_equal(strlen(text), 32);
    assert_int_equal(strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"), 32);
    struct fault fault = {0};
    assert_true(key_check_given(text, &fault));
}

static void given_keys_are_judged(void **state)
{
    (void)state;

    static const struct {
        const char *name, *text;
        bool is_good;
    } rows[] = {
        {"sixteen characters", "0123456789abcdef", true},
        {"fifteen", "0123456789abcde", false},
        {"empty", "", false},
        {"a space", "0123456789 abcdef", false},
        {"a newline at the end, as files have", "0123456789abcdef\n", false},
        {"a slash would end the path", "0123456789/abcdef", false},
        {"not ASCII", "0123456789abcdéfg", false},
        {"punctuation", "a.b:c_d-e~f!g*h+i", true},
        {"one character", "aaaaaaaaaaaaaaaaaaaa", false},
        {"few characters", "abababcabcabacbabcab", false},
        {"a word again and again", "test-test-test-test-test", false},
        {"words of a manual", "my-Secret-Password-Example-1", false},
        {"something short repeated", "ab1cd2ef3gab1cd2ef3gab1cd2ef3g", false},
        {"changeme", "changeme-changeme", false},
        {"sixteen twice are sixteen", "0123456789abcdef0123456789abcdef", true},
        {"a name before what is random", "prod-am-6f1d0c2b9a8e7d3f", true},
        {"as openssl writes them", "9b1f0c7de2a84c5f93d6b7a01e2f3c4d5a6b7c8d", true},
        {"ours, cut off", "tcn_int_0123456789abcdef", false},
        {"too long",
         "0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789",
         false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        if (key_check_given(rows[i].text, &fault) != rows[i].is_good) {
            fail_msg("%s", rows[i].name);
        }
        assert_true(rows[i].is_good || fault.text[0] != '\0');
    }
}

/* --- with a ledger --- */

struct world {
    struct utc wall;
    struct clock clock;
    char *where;
    struct db *db;
    struct ledger *ledger;
    struct key_index *index;
};

static struct utc world_wall(void *self)
{
    return ((struct world *)self)->wall;
}

static struct span world_elapsed(void *self)
{
    return (struct span){((struct world *)self)->wall.us};
}

static int set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    world->wall = START;
    world->clock = (struct clock){world_wall, world_elapsed, world};
    struct fault fault = {0};
    world->where = test_database_create(":memory:");
    world->db = test_database_open(world->where, &world->clock);
    world->ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
    ledger_be_alone(world->ledger);
    world->index = key_index_create();
    assert_true(key_index_attach(world->index, world->ledger, world->db, &fault));
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    ledger_destroy(&world->ledger);
    key_index_destroy(&world->index);
    db_close(&world->db);
    test_database_drop(&world->where);
    g_free(world);
    return 0;
}

static void keep_outcome(void *arg, enum command_outcome outcome)
{
    *(enum command_outcome *)arg = outcome;
}

/* Commands here take their own struct; the outcome goes beside it. */
struct run {
    enum command_outcome outcome; /* first: see keep_outcome */
    enum command_result (*run)(struct ledger_tx *tx, void *arg);
    void *arg;
};

static enum command_result run_inner(struct ledger_tx *tx, void *arg)
{
    const struct run *run = arg;
    return run->run(tx, run->arg);
}

static enum command_outcome
run(struct world *world, enum command_result (*command)(struct ledger_tx *, void *), void *arg)
{
    struct run run = {0, command, arg};
    ledger_run_batch(world->ledger, &(struct command){run_inner, keep_outcome, &run, false}, 1);
    return run.outcome;
}

static bool is_good(struct world *world, const char *text)
{
    struct key_entry entry;
    return key_index_find(world->index, text, world->wall, &entry);
}

/* Whose was it? Nobody: it is good, or never was one. */
static void assert_was_of(struct world *world, const char *text, const char *owner)
{
    struct key_entry entry = {0};
    assert_int_equal(key_index_find_past(world->index, text, world->wall, &entry), owner != NULL);
    assert_string_equal(entry.owner, owner != NULL ? owner : "");
}

static void a_minted_key_is_found_at_once_and_after_a_restart(void **state)
{
    struct world *world = *state;
    struct key_mint mint = {
        .owner_kind = KEY_INTEGRATION, .owner = "prod-am", .actor = PRINCIPAL_HERE};
    assert_int_equal(run(world, key_mint, &mint), OUTCOME_COMMITTED);
    struct key_entry entry = {0};
    assert_true(key_index_find(world->index, mint.text, world->wall, &entry));
    assert_int_equal(entry.owner_kind, KEY_INTEGRATION);
    assert_string_equal(entry.owner, "prod-am");
    assert_false(is_good(world, "tcn_int_wrong"));

    struct key_index *again = key_index_create();
    struct ledger *ledger = ledger_create(world->db, &world->clock, &RANDOM_SYSTEM);
    struct fault fault = {0};
    assert_true(key_index_attach(again, ledger, world->db, &fault));
    assert_true(key_index_find(again, mint.text, world->wall, &entry));
    ledger_destroy(&ledger);
    key_index_destroy(&again);
}

static void rotation_overlaps_and_revocation_does_not(void **state)
{
    struct world *world = *state;
    struct key_rotate first = {.mint = {KEY_HEARTBEAT, "backup", false, PRINCIPAL_HERE, ""}};
    struct key_rotate second = first;
    second.overlap = SPAN_H(1);
    assert_int_equal(run(world, key_rotate, &first), OUTCOME_COMMITTED);
    assert_int_equal(run(world, key_rotate, &second), OUTCOME_COMMITTED);
    assert_true(is_good(world, first.mint.text));
    assert_true(is_good(world, second.mint.text));
    world->wall = utc_add(world->wall, SPAN_H(1));
    assert_false(is_good(world, first.mint.text));
    assert_true(is_good(world, second.mint.text));
    assert_was_of(world, first.mint.text, "backup");
    assert_was_of(world, second.mint.text, NULL);
    assert_was_of(world, "tcn_hb_wrong", NULL);

    struct key_revoke revoke = {
        .owner_kind = KEY_HEARTBEAT, .owner = "backup", .actor = PRINCIPAL_HERE};
    assert_int_equal(run(world, key_revoke, &revoke), OUTCOME_COMMITTED);
    assert_int_equal(revoke.revoked, 1); /* the first has ended by itself */
    assert_false(is_good(world, second.mint.text));
    assert_was_of(world, second.mint.text, "backup");
    assert_int_equal(run(world, key_revoke, &revoke), OUTCOME_REFUSED);
    world->wall = utc_add(world->wall, (struct span){KEY_PAST_FOR.us - 1});
    assert_was_of(world, first.mint.text, "backup");
    assert_was_of(world, second.mint.text, "backup");
    world->wall = utc_add(world->wall, (struct span){1});
    assert_was_of(world, first.mint.text, NULL);
    assert_was_of(world, second.mint.text, NULL);
}

static void tokens_have_a_scope_an_end_and_a_name_of_their_own(void **state)
{
    struct world *world = *state;
    struct token_create create = {.name = "ci",
                                  .scope = SCOPE_RESPOND,
                                  .expires_at = utc_add(START, SPAN_D(1)),
                                  .actor = PRINCIPAL_HERE};
    assert_int_equal(run(world, token_create, &create), OUTCOME_COMMITTED);
    struct key_entry entry = {0};
    assert_true(key_index_find(world->index, create.text, world->wall, &entry));
    assert_int_equal(entry.scope, SCOPE_RESPOND);
    assert_int_equal(entry.id, create.id);

    static const struct {
        const char *name, *token;
        int scope;
        int64_t expires_us;
        const char *field;
    } rows[] = {
        {"name is taken", "ci", SCOPE_READ, 0, "name"},
        {"no name", "", SCOPE_READ, 0, "name"},
        {"no scope", "x", 0, 0, "scope"},
        {"unknown scope", "x", 9, 0, "scope"},
        {"ends before it begins", "x", SCOPE_READ, 1, "expires_at"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct token_create bad = {.name = rows[i].token,
                                   .scope = rows[i].scope,
                                   .expires_at = {rows[i].expires_us},
                                   .actor = PRINCIPAL_HERE};
        assert_int_equal(run(world, token_create, &bad), OUTCOME_REFUSED);
        assert_string_equal(bad.fault.field, rows[i].field);
    }
    world->wall = utc_add(world->wall, SPAN_D(1));
    assert_false(is_good(world, create.text));
    create.expires_at = (struct utc){0};
    assert_int_equal(run(world, token_create, &create), OUTCOME_COMMITTED); /* the name is free */
}

struct put {
    struct key_given given;
    bool is_put;
    struct fault fault;
};

static enum command_result run_put(struct ledger_tx *tx, void *arg)
{
    struct put *put = arg;
    put->is_put = key_put(tx, &put->given, &put->fault);
    return put->is_put ? COMMAND_DONE : COMMAND_REFUSED;
}

static bool put(struct world *world, const char *owner, const char *text, struct span overlap)
{
    struct put put = {.given = {KEY_INTEGRATION, owner, text, PRINCIPAL_HERE, overlap}};
    (void)run(world, run_put, &put);
    return put.is_put;
}

static void given_keys_replace_each_other(void **state)
{
    struct world *world = *state;
    static const char one[] = "first-key-of-the-operator", two[] = "second-key-of-the-operator";
    assert_true(put(world, "am", one, (struct span){0}));
    int64_t seq = event_last_seq(world->db);
    assert_true(put(world, "am", one, (struct span){0}));
    assert_int_equal(event_last_seq(world->db), seq); /* nothing changed, nothing told */
    assert_true(put(world, "am", two, SPAN_MIN(5)));
    assert_true(is_good(world, one) && is_good(world, two));
    assert_false(put(world, "other", two, (struct span){0}));
    assert_true(put(world, "am", one, (struct span){0})); /* back again */
    assert_true(is_good(world, one) && !is_good(world, two));
}

static int64_t last_used(struct world *world, const char *text)
{
    unsigned char hash[KEY_HASH_SIZE];
    key_hash(text, hash);
    struct access_key key = {0};
    g_autofree char *owner = NULL;
    assert_true(access_key_load(world->db, hash, &key, &owner));
    return key.last_used_at.us;
}

static void uses_are_written_once_a_minute(void **state)
{
    struct world *world = *state;
    struct key_mint mint = {.owner_kind = KEY_FEED, .owner = "user:ana", .actor = PRINCIPAL_HERE};
    assert_int_equal(run(world, key_mint, &mint), OUTCOME_COMMITTED);

    static const struct {
        const char *name;
        int after_s;
        int used_s; /* what is written then */
    } rows[] = {{"first use", 10, 10}, {"soon again", 30, 10}, {"a minute later", 71, 71}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        world->wall = utc_add(START, SPAN_S(rows[i].after_s));
        assert_true(is_good(world, mint.text));
        world->wall = utc_add(world->wall, SPAN_S(1));
        assert_true(ledger_tick(world->ledger).us == UTC_NEVER.us);
        if (last_used(world, mint.text) != utc_add(START, SPAN_S(rows[i].used_s)).us) {
            fail_msg("%s", rows[i].name);
        }
    }
}

struct looker {
    struct key_index *index;
    const char *text;
    atomic_bool is_over;
    atomic_int misses;
};

static void *look_up(void *arg)
{
    struct looker *looker = arg;
    struct key_entry entry;
    while (!atomic_load(&looker->is_over)) {
        bool is_found = key_index_find(looker->index, looker->text, START, &entry);
        (void)atomic_fetch_add(&looker->misses, !is_found);
    }
    return NULL;
}

/* The index is made anew under the readers' hands; a good key is good at every moment. */
static void other_threads_may_look_up_while_keys_change(void **state)
{
    struct world *world = *state;
    struct token_create create = {.name = "ci", .scope = SCOPE_READ, .actor = PRINCIPAL_HERE};
    assert_int_equal(run(world, token_create, &create), OUTCOME_COMMITTED);
    struct looker looker = {.index = world->index, .text = create.text};
    pthread_t threads[2];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, look_up, &looker), 0);
    }
    enum command_outcome outcome = OUTCOME_COMMITTED;
    for (int i = 0; i < 50 && outcome == OUTCOME_COMMITTED; i++) {
        struct key_rotate rotate = {
            .mint = {KEY_INTEGRATION, "prod-am", false, PRINCIPAL_HERE, ""}};
        outcome = run(world, key_rotate, &rotate);
        assert_true(utc_before(START, ledger_tick(world->ledger)));
    }
    atomic_store(&looker.is_over, true);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(outcome, OUTCOME_COMMITTED);
    assert_int_equal(atomic_load(&looker.misses), 0);
}

static void keys_are_never_stored_in_the_clear(void **state)
{
    struct world *world = *state;
    struct token_create create = {.name = "ci", .scope = SCOPE_ADMIN, .actor = PRINCIPAL_HERE};
    assert_int_equal(run(world, token_create, &create), OUTCOME_COMMITTED);
    struct fault fault = {0};
    g_autofree char *folder = g_dir_make_tmp("tocsin-key-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "copy.db", NULL);
    bool is_copied = db_backup(world->db, path, &fault);
    assert_string_equal(fault.text, "");
    assert_true(is_copied);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    assert_null(memmem(bytes, size, create.text, strlen(create.text)));
    assert_null(memmem(bytes, size, create.text + 8, 20));
    assert_non_null(memmem(bytes, size, "key.minted", 10));
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_tell_whose_they_are),
        cmocka_unit_test(a_changed_character_is_noticed),
        cmocka_unit_test(two_keys_that_differ_in_one_bit_differ),
        cmocka_unit_test(routing_keys_are_what_pagerduty_senders_expect),
        cmocka_unit_test(given_keys_are_judged),
        cmocka_unit_test_setup_teardown(a_minted_key_is_found_at_once_and_after_a_restart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rotation_overlaps_and_revocation_does_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tokens_have_a_scope_an_end_and_a_name_of_their_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(given_keys_replace_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(uses_are_written_once_a_minute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_threads_may_look_up_while_keys_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys_are_never_stored_in_the_clear, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
