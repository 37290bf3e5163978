/* Accounts, links and sessions with a ledger and a clock that the test moves, on each engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "account/account_command.h"
#include "account/account_events.h"
#include "account/account_store.h"
#include "account/session_index.h"
#include "config/test_world.h"

static const char TEAM[] = "users:\n"
                           "  - {name: ana, contacts: [{kind: email, to: ana@example.com}]}\n"
                           "  - {name: budi, contacts: [{kind: email, to: budi@example.com}]}\n"
                           "  - {name: chen}\n";

static const struct config_kind *const KINDS[] = {&USER_KIND, &TEAM_KIND, &CHAT_CHANNEL_KIND, NULL};

static struct session_index *sessions; /* of the test that runs */

static int set_up(void **state)
{
    int failed = world_open(state);
    struct world *world = *state;
    struct fault fault = {0};
    world->random = RANDOM_SYSTEM; /* the one that counts begins anew after 256 bytes */
    ledger_add_events(world->ledger, ACCOUNT_EVENTS);
    ledger_judge_events(world->ledger);
    sessions = session_index_create();
    assert_true(session_index_attach(sessions, world->ledger, world->db, &fault));
    struct apply_config applied = world_apply(world, TEAM, (struct terms){0});
    apply_config_clear(&applied);
    return failed;
}

static int tear_down(void **state)
{
    int failed = world_close(state);
    session_index_destroy(&sessions);
    return failed;
}

/* --- one command --- */

struct call {
    enum command_result (*order)(struct ledger_tx *tx, struct account_order *order);
    enum command_result (*entry)(struct ledger_tx *tx, struct account_entry *entry);
    enum command_result (*accept)(struct ledger_tx *tx, struct account_accept *accept);
    void *arg;
    enum command_outcome outcome;
};

static enum command_result run_call(struct ledger_tx *tx, void *arg)
{
    const struct call *call = arg;
    return call->order != NULL   ? call->order(tx, call->arg)
           : call->entry != NULL ? call->entry(tx, call->arg)
                                 : call->accept(tx, call->arg);
}

static void keep_outcome(void *arg, enum command_outcome outcome)
{
    ((struct call *)arg)->outcome = outcome;
}

static bool did(struct world *world, struct call call)
{
    ledger_run_batch(world->ledger, &(struct command){run_call, keep_outcome, &call}, 1);
    assert_true(call.outcome == OUTCOME_COMMITTED || call.outcome == OUTCOME_REFUSED);
    return call.outcome == OUTCOME_COMMITTED;
}

static struct account_order order_of(struct world *world, const char *name, int role)
{
    return (struct account_order){.configs = world->configs,
                                  .actor = PRINCIPAL_HERE,
                                  .authority = ROLE_OWNER,
                                  .name = name,
                                  .role = role};
}

/* With the password whose hash is "hash". */
static void create(struct world *world, const char *name, int role)
{
    struct account_order order = order_of(world, name, role);
    order.password = "hash";
    assert_true(did(world, (struct call){.order = account_create, .arg = &order}));
    assert_string_equal(order.text, "");
}

static bool enters(struct world *world, const char *name, const char *before,
                   struct account_entry *out)
{
    *out = (struct account_entry){
        .name = name, .password = "hash", .before = before, .address = "192.0.2.7"};
    return did(world, (struct call){.entry = account_sign_in, .arg = out});
}

static bool is_in(const struct world *world, const char *text)
{
    struct caller *caller = session_index_find(sessions, text, world->now);
    bool is_found = caller != NULL;
    caller_destroy(caller);
    return is_found;
}

/* --- sessions --- */

static void a_session_is_found_and_the_one_before_is_worthless(void **state)
{
    struct world *world = *state;
    struct account_entry first, second;
    create(world, "ana", ROLE_RESPONDER);
    assert_true(enters(world, "ana", NULL, &first));
    struct caller *caller = session_index_find(sessions, first.text, world->now);
    assert_non_null(caller);
    assert_string_equal(caller->principal.name, "ana");
    assert_int_equal(caller->principal.kind, PRINCIPAL_USER);
    assert_int_equal(caller->scope, SCOPE_RESPOND);
    assert_int_equal(caller->sign_in->role, ROLE_RESPONDER);
    assert_string_equal(caller->sign_in->csrf, first.sign_in.csrf);
    caller_destroy(caller);
    assert_true(enters(world, "ana", first.text, &second));
    assert_string_not_equal(first.text, second.text);
    assert_false(is_in(world, first.text));
    assert_true(is_in(world, second.text));
    assert_false(is_in(world, "tcn_session_"));
}

static void keep_hash(void *self, const struct session *session)
{
    memcpy(self, session->hash, KEY_HASH_SIZE);
}

/* Nothing that stands in the database opens anything: neither the hash nor what pages send. */
static void a_stolen_row_signs_nobody_in(void **state)
{
    struct world *world = *state;
    struct account_entry entry;
    unsigned char hash[KEY_HASH_SIZE + 1] = {0};
    create(world, "ana", ROLE_OWNER);
    assert_true(enters(world, "ana", NULL, &entry));
    session_list(world->db, "ana", 0, 1, keep_hash, hash);
    g_autofree char *base64 = g_base64_encode(hash, KEY_HASH_SIZE);
    g_autofree char *as_text = g_strconcat("tcn_session_", base64, NULL);
    assert_false(is_in(world, as_text));
    assert_false(is_in(world, (const char *)hash));
    assert_false(is_in(world, entry.sign_in.csrf));
    assert_int_equal(session_by_hash(world->db, hash), entry.sign_in.session);
}

static void a_session_that_is_used_lasts_and_is_written_seldom(void **state)
{
    struct world *world = *state;
    struct account_entry entry;
    create(world, "ana", ROLE_OWNER);
    assert_true(enters(world, "ana", NULL, &entry));
    world->now = utc_add(world->now, SPAN_D(20));
    assert_true(is_in(world, entry.text));
    int64_t version = account_version(world->db);
    assert_true(
        utc_before(world->now, ledger_tick(world->ledger))); /* not before a minute is over */
    assert_int_equal(account_version(world->db), version);
    world->now = utc_add(world->now, SPAN_MIN(1));
    (void)!ledger_tick(world->ledger).us;
    assert_int_equal(account_version(world->db), version + 1);
    assert_true(is_in(world, entry.text)); /* soon again: nothing is to be written */
    world->now = utc_add(world->now, SPAN_MIN(2));
    (void)!ledger_tick(world->ledger).us;
    assert_int_equal(account_version(world->db), version + 1);

    struct session_index *anew = session_index_create();
    struct ledger *ledger = ledger_create(world->db, &world->clock, &world->random);
    struct fault fault = {0};
    assert_true(session_index_attach(anew, ledger, world->db, &fault));
    struct caller *caller = session_index_find(anew, entry.text, utc_add(world->now, SPAN_D(29)));
    assert_non_null(caller); /* after a new start, too, it is known to have been used */
    caller_destroy(caller);
    ledger_destroy(&ledger);
    session_index_destroy(&anew);

    world->now = utc_add(world->now, SESSION_IDLE);
    assert_false(is_in(world, entry.text));
}

static void what_changes_somebody_ends_their_sessions(void **state)
{
    struct world *world = *state;
    create(world, "ana", ROLE_OWNER);
    create(world, "budi", ROLE_OWNER);

    const struct {
        const char *name;
        enum command_result (*order)(struct ledger_tx *tx, struct account_order *order);
        int role;
    } rows[] = {{"another role", account_change_role, ROLE_ADMIN},
                {"disabled", account_disable, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct account_entry own, others;
        assert_true(enters(world, "budi", NULL, &own));
        assert_true(enters(world, "ana", NULL, &others));
        struct account_order order = order_of(world, "budi", rows[i].role);
        assert_true(did(world, (struct call){.order = rows[i].order, .arg = &order}));
        if (is_in(world, own.text) || !is_in(world, others.text)) {
            fail_msg("%s", rows[i].name);
        }
    }
    struct account_entry entry;
    assert_false(enters(world, "budi", NULL, &entry)); /* is disabled */
    assert_int_equal(entry.status, 401);
    struct account_order last = order_of(world, "ana", 0);
    assert_false(did(world, (struct call){.order = account_disable, .arg = &last}));
    assert_int_equal(last.status, 409);
}

static void count_session(void *count, const struct session *session)
{
    (void)session;
    ++*(int *)count;
}

static void the_least_used_session_of_too_many_ends(void **state)
{
    struct world *world = *state;
    struct account_entry first, entry = {0};
    create(world, "ana", ROLE_OWNER);
    assert_true(enters(world, "ana", NULL, &first));
    for (int i = 0; i < SESSIONS_MAX; i++) {
        world->now = utc_add(world->now, SPAN_S(1));
        assert_true(enters(world, "ana", NULL, &entry));
    }
    int count = 0;
    session_list(world->db, NULL, 0, 1000, count_session, &count);
    assert_int_equal(count, SESSIONS_MAX);
    assert_false(is_in(world, first.text));
    assert_true(is_in(world, entry.text));
}

static enum command_result end_session(struct ledger_tx *tx, void *id)
{
    return account_end_session(tx, *(int64_t *)id, PRINCIPAL_HERE, false) ? COMMAND_DONE
                                                                          : COMMAND_REFUSED;
}

/* Else whoever ends one by its number might end the next. */
static void no_session_has_the_number_of_one_that_is_gone(void **state)
{
    struct world *world = *state;
    int64_t before = 0;
    create(world, "ana", ROLE_OWNER);
    for (int i = 0; i < 3; i++) {
        struct account_entry entry;
        assert_true(enters(world, "ana", NULL, &entry));
        assert_true(entry.sign_in.session > before);
        before = entry.sign_in.session;
        ledger_run_batch(world->ledger, &(struct command){.run = end_session, .arg = &before}, 1);
        assert_false(is_in(world, entry.text));
    }
}

/* A password that was found right, and changed before the session was made, opens nothing. */
static void what_was_proved_must_still_be_so(void **state)
{
    struct world *world = *state;
    create(world, "ana", ROLE_OWNER);
    struct account_entry entry = {.name = "ana", .password = "another hash"};
    assert_false(did(world, (struct call){.entry = account_sign_in, .arg = &entry}));
    entry.name = "nobody";
    assert_false(did(world, (struct call){.entry = account_sign_in, .arg = &entry}));
}

/* --- links --- */

static bool accepts(struct world *world, const char *link, const char *name,
                    struct account_accept *out)
{
    *out = (struct account_accept){
        .configs = world->configs, .link = link, .hash = "new hash", .entry = {.name = name}};
    return did(world, (struct call){.accept = account_accept, .arg = out});
}

static void a_link_sets_a_password_once_and_not_for_long(void **state)
{
    struct world *world = *state;
    struct account_order order = order_of(world, "ana", ROLE_RESPONDER);
    struct account_accept accept;
    assert_true(did(world, (struct call){.order = account_create, .arg = &order}));
    char link[ACCOUNT_TEXT_SIZE];
    (void)g_strlcpy(link, order.text, sizeof link);
    assert_true(g_str_has_prefix(link, "tcn_link_"));
    assert_false(accepts(world, "tcn_link_x", NULL, &accept));
    assert_string_equal(accept.entry.fault.field, "token");
    assert_true(accepts(world, link, NULL, &accept));
    assert_string_equal(accept.name, "ana");
    assert_true(is_in(world, accept.entry.text));
    assert_false(accepts(world, link, NULL, &accept));

    order.link = LINK_RESET;
    assert_true(did(world, (struct call){.order = account_make_link, .arg = &order}));
    (void)g_strlcpy(link, order.text, sizeof link);
    assert_true(did(world, (struct call){.order = account_make_link, .arg = &order}));
    assert_false(accepts(world, link, NULL, &accept)); /* there is a newer one */
    world->now = utc_add(world->now, SPAN_D(1));
    assert_false(accepts(world, order.text, NULL, &accept)); /* and that has expired */
}

static void whoever_is_disabled_gets_in_by_no_link(void **state)
{
    struct world *world = *state;
    struct account_accept accept;
    create(world, "ana", ROLE_OWNER);
    struct account_order order = order_of(world, "budi", ROLE_RESPONDER);
    assert_true(did(world, (struct call){.order = account_create, .arg = &order}));
    struct account_order end = order_of(world, "budi", 0);
    assert_true(did(world, (struct call){.order = account_disable, .arg = &end}));
    assert_false(accepts(world, order.text, NULL, &accept));
    end.link = LINK_INVITE;
    assert_false(did(world, (struct call){.order = account_make_link, .arg = &end}));
    assert_int_equal(end.status, 409);
}

static void the_first_who_comes_owns_it(void **state)
{
    struct world *world = *state;
    struct account_accept accept;
    struct account_order one = order_of(world, NULL, 0), two = one;
    assert_true(did(world, (struct call){.order = account_make_owner_link, .arg = &one}));
    assert_true(did(world, (struct call){.order = account_make_owner_link, .arg = &two}));
    assert_false(accepts(world, one.text, NULL, &accept)); /* there are several users */
    assert_string_equal(accept.entry.fault.field, "login");
    assert_false(accepts(world, one.text, "anna", &accept));
    assert_non_null(strstr(accept.entry.fault.text, "did you mean \"ana\""));
    assert_true(accepts(world, one.text, "ana", &accept));
    assert_int_equal(accept.entry.sign_in.role, ROLE_OWNER);
    assert_false(accepts(world, two.text, "budi", &accept));
    assert_false(did(world, (struct call){.order = account_make_owner_link, .arg = &one}));
    assert_int_equal(one.status, 0);
}

static void orders_are_refused_with_what_was_meant(void **state)
{
    struct world *world = *state;
    create(world, "ana", ROLE_OWNER);

    const struct {
        const char *name;
        enum command_result (*run)(struct ledger_tx *tx, struct account_order *order);
        const char *who;
        int role, authority, status;
        const char *says;
    } rows[] = {
        {"a slip", account_create, "anaa", ROLE_ADMIN, ROLE_OWNER, 422, "did you mean \"ana\""},
        {"twice", account_create, "ana", ROLE_ADMIN, ROLE_OWNER, 409, "account invite ana"},
        {"no account", account_disable, "budi", 0, ROLE_OWNER, 404, "account create budi"},
        {"no user", account_disable, "bodi", 0, ROLE_OWNER, 404, "did you mean \"budi\""},
        {"an admin makes an owner", account_create, "budi", ROLE_OWNER, ROLE_ADMIN, 403, "owner"},
        {"an admin ends an owner", account_disable, "ana", 0, ROLE_ADMIN, 403, "owner"},
        {"the last owner", account_change_role, "ana", ROLE_ADMIN, ROLE_OWNER, 409, "last owner"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct account_order order = order_of(world, rows[i].who, rows[i].role);
        order.authority = rows[i].authority;
        if (did(world, (struct call){.order = rows[i].run, .arg = &order}) ||
            order.status != rows[i].status || strstr(order.fault.text, rows[i].says) == NULL) {
            fail_msg("%s: %d %s", rows[i].name, order.status, order.fault.text);
        }
    }
}

int main(void)
{
    config_register(KINDS);
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_session_is_found_and_the_one_before_is_worthless),
        EACH(a_stolen_row_signs_nobody_in),
        EACH(a_session_that_is_used_lasts_and_is_written_seldom),
        EACH(what_changes_somebody_ends_their_sessions),
        EACH(the_least_used_session_of_too_many_ends),
        EACH(no_session_has_the_number_of_one_that_is_gone),
        EACH(what_was_proved_must_still_be_so),
        EACH(a_link_sets_a_password_once_and_not_for_long),
        EACH(whoever_is_disabled_gets_in_by_no_link),
        EACH(the_first_who_comes_owns_it),
        EACH(orders_are_refused_with_what_was_meant),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
