/* The courier of one of several nodes: claims whose outcome is not known, and looks that fail. */
#include "paging/alert_topic.h"
#include "paging/courier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "paging/nodes_harness.h"

/* --- a claim of which nothing is known --- */

static void a_claim_that_was_kept_unknown_is_freed_by_the_next(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    (void)room_signal(room, "k", "shop");
    struct errand *lost = room_claim(room, NULL); /* as if its answer had been UNCERTAIN */
    assert_non_null(lost);
    assert_null(room_claim(room, NULL)); /* taken: it would wait for its lease */
    GArray *held = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(held, lost->delivery_id);
    assert_null(room_claim(room, held)); /* what is in flight here stays */
    g_array_set_size(held, 0);
    struct errand *again = room_claim(room, held);
    assert_non_null(again);
    assert_false(again->message.may_repeat); /* it was never started */
    assert_int_equal(room_delivery_state(room, lost->delivery_id), DELIVERY_CANCELLED);
    errand_free(lost);
    errand_free(again);
    g_array_unref(held);
}

/* --- the courier --- */

/* A courier whose commands run at once, and whose answers and looks the test decides. */
struct post {
    struct room *room;
    struct clock clock;
    struct span elapsed;
    enum command_outcome claim_answer; /* 0: as it is */
    enum command_outcome renew_answer; /* the same, once */
    bool is_full;                      /* the next renewal is not taken at all */
    enum wanted wanted;
    int sent;
    int kinds[4]; /* of contacts, in the order of sending */
    void (*done)(void *self, const struct send_result *result);
    void *done_self;
};

static bool submit_at_once(void *self, struct command command)
{
    struct post *post = self;
    bool is_renewal = command.run == pager_renew;
    if (is_renewal && post->is_full) {
        post->is_full = false;
        return false;
    }
    enum command_outcome outcome = room_run(post->room, command.run, command.arg);
    if (is_renewal && post->renew_answer != 0) {
        outcome = post->renew_answer;
        post->renew_answer = 0;
    }
    bool is_claim = command.run == pager_claim && post->claim_answer != 0;
    command.answer(command.arg, is_claim ? post->claim_answer : outcome);
    return true;
}

static void no_wake(void *self)
{
    (void)self;
}

static void send(void *self, const struct address *address, const struct message *message,
                 void (*done)(void *self, const struct send_result *result), void *done_self)
{
    struct post *post = self;
    (void)message;
    assert_true(post->sent < (int)G_N_ELEMENTS(post->kinds));
    post->kinds[post->sent++] = address->kind;
    post->done = done;
    post->done_self = done_self;
}

static enum wanted look(void *self, int64_t delivery_id)
{
    (void)delivery_id;
    return ((struct post *)self)->wanted;
}

static struct span post_elapsed(void *self)
{
    return ((struct post *)self)->elapsed;
}

static struct courier *open_courier(struct post *post, struct room *room)
{
    *post = (struct post){.room = room, .wanted = WANTED_YES};
    post->clock = (struct clock){.elapsed = post_elapsed, .self = post};
    const struct courier_options options = {
        .pager = room->pager,
        .sender = {send, post},
        .submit = submit_at_once,
        .submit_self = post,
        .wake = no_wake,
        .still_wanted = look,
        .still_wanted_self = post,
        .clock = &post->clock,
        .public_url = "http://t.example",
    };
    return courier_create(&options);
}

static void land(struct post *post, int state)
{
    const struct send_result result = {.state = state};
    post->done(post->done_self, &result);
}

static void an_uncertain_claim_is_not_sent_and_does_not_wait(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    struct post post;
    struct courier *courier = open_courier(&post, room);
    (void)room_signal(room, "k", "shop");
    post.claim_answer = OUTCOME_UNCERTAIN;
    (void)courier_step(courier, room_now(room)).us;
    (void)courier_step(courier, room_now(room)).us;
    assert_int_equal(post.sent, 0);
    post.claim_answer = 0;
    cluster_pass(house->cluster, SPAN_S(2), 0);
    (void)courier_step(courier, room_now(room)).us;
    (void)courier_step(courier, room_now(room)).us;
    assert_int_equal(post.sent, 1);
    land(&post, SEND_DELIVERED);
    (void)courier_step(courier, room_now(room)).us;
    courier_destroy(&courier);
}

struct blind_case {
    const char *name;
    struct span age; /* of the claim, when the database cannot be asked */
    bool is_sent;
};

static const struct blind_case BLIND[] = {
    {"a fresh claim stands", {1900000}, true},
    {"an old one may be another node's by now", {2100000}, false},
};

static void a_look_that_fails(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    for (size_t i = 0; i < G_N_ELEMENTS(BLIND); i++) {
        struct post post;
        struct courier *courier = open_courier(&post, room);
        g_autofree char *key = g_strdup_printf("k%zu", i);
        print_message("%s\n", BLIND[i].name);
        (void)room_signal(room, key, "shop");
        (void)courier_step(courier, room_now(room)).us; /* claims */
        post.wanted = WANTED_UNKNOWN;
        post.elapsed = BLIND[i].age;
        (void)courier_step(courier, room_now(room)).us; /* looks and sends, or not */
        assert_int_equal(post.sent, BLIND[i].is_sent);
        /* What was not sent waits again as soon as the database is back. */
        post.wanted = WANTED_YES;
        cluster_pass(house->cluster, SPAN_MS(50), 0);
        courier_wake(courier);
        (void)courier_step(courier, room_now(room)).us;
        courier_wake(courier);
        (void)courier_step(courier, room_now(room)).us;
        (void)courier_step(courier, room_now(room)).us;
        assert_int_equal(post.sent, 1);
        land(&post, SEND_DELIVERED);
        (void)courier_step(courier, room_now(room)).us;
        courier_destroy(&courier);
    }
}

static void what_was_not_sent_and_is_wanted_is_not_lost(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    struct post post;
    struct courier *courier = open_courier(&post, room);
    int64_t id = room_signal(room, "k", "shop");
    post.wanted = WANTED_NO; /* a lease that seemed over, by a clock that has just jumped */
    (void)courier_step(courier, room_now(room)).us;
    (void)courier_step(courier, room_now(room)).us;
    assert_int_equal(post.sent, 0);
    post.wanted = WANTED_YES;
    for (int i = 0; i < 3; i++) {
        courier_wake(courier);
        (void)courier_step(courier, room_now(room)).us;
    }
    assert_int_equal(post.sent, 1);
    /* What is really unwanted is not sent again. */
    land(&post, SEND_RETRY);
    (void)courier_step(courier, room_now(room)).us;
    struct act act = {.pager = room->pager,
                      .verb = VERB_RESOLVE,
                      .subject = alert_subject(id),
                      .actor = {PRINCIPAL_USER, "ana"}};
    assert_int_equal(room_run(room, pager_act, &act), OUTCOME_COMMITTED);
    cluster_pass(house->cluster, SPAN_S(30), 0);
    courier_wake(courier);
    (void)courier_step(courier, room_now(room)).us;
    (void)courier_step(courier, room_now(room)).us;
    assert_int_equal(post.sent, 1);
    courier_destroy(&courier);
}

/* The answer to a claim comes when the server has begun to stop: nobody will send it here. */
static void what_a_stopping_node_has_just_claimed_is_put_back(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana"), *other = house_other(house, room);
    struct post post;
    struct courier *courier = open_courier(&post, room);
    (void)room_signal(room, "k", "shop");
    (void)courier_step(courier, room_now(room)).us; /* claims */
    assert_true(courier_is_busy(courier));
    ledger_leave(room->node->ledger);
    courier_retire(courier);
    for (int i = 0; i < 3; i++) {
        (void)courier_step(courier, room_now(room)).us;
    }
    assert_false(courier_is_busy(courier));
    assert_int_equal(post.sent, 0);
    cluster_pass(house->cluster, SPAN_S(1), house_bit(house, room));
    struct errand *errand = room_claim(other, NULL);
    assert_non_null(errand);
    assert_false(errand->message.may_repeat);
    errand_free(errand);
    courier_wake(courier);
    (void)courier_step(courier, room_now(room)).us;
    assert_false(courier_is_busy(courier)); /* it claims nothing more */
    courier_destroy(&courier);
}

static int tries_of(struct room *room)
{
    struct db_query *q = db_query(room->node->db, "SELECT MAX(tries) FROM notification");
    int tries = db_step(q) == DB_ROW ? (int)db_int(q, 0) : -1;
    db_reset(q);
    return tries;
}

/* Else the page would count as told, and stay with whoever was on call before an outage. */
static void a_claim_that_was_put_back_is_no_attempt(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    (void)room_signal(room, "k", "shop");
    GArray *held = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int i = 0; i < 15; i++) { /* more than a message is ever tried */
        struct errand *lost = room_claim(room, held);
        assert_non_null(lost);
        assert_int_equal(tries_of(room), 1);
        errand_free(lost);
    }
    g_array_unref(held);
}

/* --- attempts that take their time --- */

static const char TWO_WAYS[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'},"
    "   {'kind': 'webhook', 'to': 'http://ana.x.org/'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'email'},"
    "   {'after': '5h', 'contact': 'webhook'}]}}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '10h'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

/* Seconds on all clocks, and the courier is called in each as its own thread would be. */
static void go_on(struct nodes_house *house, struct post *post, struct courier *courier,
                  int seconds)
{
    for (int i = 0; i < seconds; i++) {
        cluster_pass(house->cluster, SPAN_S(1), 0);
        post->elapsed.us += SPAN_S(1).us;
        courier_wake(courier);
        (void)courier_step(courier, room_now(post->room)).us;
        (void)courier_step(courier, room_now(post->room)).us;
    }
}

struct slow_case {
    const char *name;
    bool is_full;
    enum command_outcome answer;
};

static const struct slow_case SLOW[] = {
    {"as it should be", false, 0},
    {"the ledger has no room for it just now", true, 0},
    {"whether it was kept is not known", false, OUTCOME_UNCERTAIN},
};

static void nobody_waits_for_a_slow_attempt_and_it_is_made_once(void **state)
{
    struct nodes_house *house = *state;
    room_apply(&house->rooms[0], TWO_WAYS);
    struct room *room = house_holder(house, "ana");
    for (size_t i = 0; i < G_N_ELEMENTS(SLOW); i++) {
        struct post post;
        struct courier *courier = open_courier(&post, room);
        int64_t fell_back = cluster_count_kind(house->cluster, "page.fell_back");
        g_autofree char *key = g_strdup_printf("k%zu", i);
        print_message("%s\n", SLOW[i].name);
        post.is_full = SLOW[i].is_full;
        post.renew_answer = SLOW[i].answer;
        int64_t id = room_signal(room, key, "shop");
        go_on(house, &post, courier, 15);
        assert_int_equal(post.sent, 1);
        assert_int_equal(post.kinds[0], CONTACT_EMAIL);
        void (*mail_done)(void *, const struct send_result *) = post.done;
        void *mail_self = post.done_self;
        go_on(house, &post, courier, 4);
        assert_int_equal(post.sent, 2);
        assert_int_equal(post.kinds[1], CONTACT_WEBHOOK);
        land(&post, SEND_DELIVERED);
        /* Many leases later it is still the same attempt, and what it brings is believed. */
        go_on(house, &post, courier, 130);
        assert_int_equal(post.sent, 2);
        const struct send_result result = {.state = SEND_DELIVERED};
        mail_done(mail_self, &result);
        go_on(house, &post, courier, 60);
        assert_int_equal(post.sent, 2);
        assert_false(courier_is_busy(courier));
        assert_int_equal(cluster_count_kind(house->cluster, "page.fell_back"), fell_back + 1);
        assert_int_equal(cluster_count_kind(house->cluster, "delivery.unknown"), 0);
        struct act act = {.pager = room->pager,
                          .verb = VERB_ACKNOWLEDGE,
                          .subject = alert_subject(id),
                          .actor = {PRINCIPAL_USER, "ana"}};
        assert_int_equal(room_run(room, pager_act, &act), OUTCOME_COMMITTED);
        courier_destroy(&courier);
    }
}

/* It failed after all, when the next contact had been told: that is not told once more. */
static void a_slow_attempt_that_fails_tells_nobody_twice(void **state)
{
    struct nodes_house *house = *state;
    room_apply(&house->rooms[0], TWO_WAYS);
    struct room *room = house_holder(house, "ana");
    struct post post;
    struct courier *courier = open_courier(&post, room);
    (void)room_signal(room, "k", "shop");
    go_on(house, &post, courier, 1);
    void (*mail_done)(void *, const struct send_result *) = post.done;
    void *mail_self = post.done_self;
    go_on(house, &post, courier, 20);
    assert_int_equal(post.sent, 2);
    land(&post, SEND_DELIVERED);
    const struct send_result result = {.state = SEND_REFUSED};
    mail_done(mail_self, &result);
    go_on(house, &post, courier, 60);
    assert_int_equal(post.sent, 2);
    assert_int_equal(cluster_count_kind(house->cluster, "page.fell_back"), 1);
    assert_int_equal(cluster_count_kind(house->cluster, "page.unreachable"), 0);
    courier_destroy(&courier);
}

/* A courier that hangs renews nothing: its attempts end with their leases, and are made anew. */
static void what_nobody_renews_ends(void **state)
{
    struct nodes_house *house = *state;
    struct room *room = house_holder(house, "ana");
    struct post post;
    struct courier *courier = open_courier(&post, room);
    (void)room_signal(room, "k", "shop");
    go_on(house, &post, courier, 40);
    assert_int_equal(cluster_count_kind(house->cluster, "delivery.slow"), 1);
    for (int i = 0; i < 50; i++) { /* it was renewed in the 36th second */
        cluster_pass(house->cluster, SPAN_S(1), 0);
    }
    assert_int_equal(cluster_count_kind(house->cluster, "delivery.unknown"), 0);
    for (int i = 0; i < 15; i++) {
        cluster_pass(house->cluster, SPAN_S(1), 0);
    }
    assert_int_equal(cluster_count_kind(house->cluster, "delivery.unknown"), 1);
    land(&post, SEND_DELIVERED);
    (void)courier_step(courier, room_now(room)).us;
    (void)courier_step(courier, room_now(room)).us;
    courier_destroy(&courier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOUSE(a_claim_that_was_kept_unknown_is_freed_by_the_next),
        IN_HOUSE(an_uncertain_claim_is_not_sent_and_does_not_wait),
        IN_HOUSE(a_look_that_fails),
        IN_HOUSE(what_was_not_sent_and_is_wanted_is_not_lost),
        IN_HOUSE(what_a_stopping_node_has_just_claimed_is_put_back),
        IN_HOUSE(a_claim_that_was_put_back_is_no_attempt),
        IN_HOUSE(nobody_waits_for_a_slow_attempt_and_it_is_made_once),
        IN_HOUSE(a_slow_attempt_that_fails_tells_nobody_twice),
        IN_HOUSE(what_nobody_renews_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
