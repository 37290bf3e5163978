/* The kept payloads: the last ones, without secrets, across a restart; and the token bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/limits.h"
#include "ledger/cluster_harness.h"
#include "source/payload.h"

static const struct utc START = {1795000000000000};

static struct utc WALL;

static struct utc wall(void *self)
{
    (void)self;
    return WALL;
}

static struct span elapsed(void *self)
{
    (void)self;
    return (struct span){WALL.us - START.us};
}

static void list(void *self, const struct payload *payload)
{
    g_string_append_printf(self, "%d %s %s|", payload->status,
                           payload->problem == NULL ? "-" : payload->problem, payload->body);
}

static void assert_list(struct payload_book *book, struct db *db, const char *integration,
                        const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    payload_book_list(book, db, integration, list, text);
    assert_string_equal(text->str, expected);
}

static bool add(struct payload_book *book, const char *integration, int status, const char *problem,
                const char *body)
{
    return payload_book_add(book, integration, WALL, status, problem, g_strdup(body));
}

static void the_last_are_kept(void **state)
{
    (void)state;
    struct payload_book *book = payload_book_create();
    assert_true(add(book, "a", 202, NULL, "first"));
    assert_false(add(book, "a", 400, "summary: is required", "{}"));
    assert_false(add(book, "b", 202, NULL, "other"));
    assert_list(book, NULL, "a", "400 summary: is required {}|202 - first|");
    assert_list(book, NULL, "b", "202 - other|");
    assert_list(book, NULL, "c", "");
    for (int i = 0; i < 3 * LIMIT_PAYLOADS_KEPT; i++) {
        (void)add(book, "b", 202, NULL, "x");
    }
    g_autoptr(GString) text = g_string_new(NULL);
    payload_book_list(book, NULL, "b", list, text);
    assert_int_equal(text->len, LIMIT_PAYLOADS_KEPT * strlen("202 - x|"));
    payload_book_destroy(&book);
}

static void texts_are_presentable(void **state)
{
    (void)state;
    g_autofree char *secret = payload_text("{\"k\":\"hunter2\",\"h\":\"hunter2\"}", 29, "hunter2");
    assert_string_equal(secret, "{\"k\":\"[secret]\",\"h\":\"[secret]\"}");
    g_autofree char *bad = payload_text("a\xff\0b", 4, NULL);
    assert_true(g_utf8_validate(bad, -1, NULL));
    assert_string_equal(bad, "a\xef\xbf\xbd\xef\xbf\xbd"
                             "b");
    g_autofree char *none = payload_text(NULL, 0, NULL);
    assert_string_equal(none, "");
    const size_t size = (size_t)4 * LIMIT_PAYLOAD_KEPT;
    g_autofree char *odd = g_strnfill(size, (char)0xe2);
    g_autofree char *cut = payload_text(odd, size, NULL);
    assert_true(strlen(cut) <= LIMIT_PAYLOAD_KEPT);
    assert_true(g_utf8_validate(cut, -1, NULL));
    /* No character is cut in two, with a secret to look for or without. */
    for (size_t plain = LIMIT_PAYLOAD_KEPT - 5; plain <= LIMIT_PAYLOAD_KEPT; plain++) {
        g_autofree char *start = g_strnfill(plain, 'x');
        g_autofree char *long_one = g_strconcat(start, "\xf0\x9f\x94\x91\xed\x95\x9c", start, NULL);
        g_autofree char *kept = payload_text(long_one, strlen(long_one), "hunter2");
        assert_true(g_utf8_validate(kept, -1, NULL));
        assert_in_range(strlen(kept), LIMIT_PAYLOAD_KEPT - 3, LIMIT_PAYLOAD_KEPT);
    }
    /* A secret that lies across the cut must not show its first half. */
    g_autofree char *before = g_strnfill(LIMIT_PAYLOAD_KEPT - 4, 'x');
    g_autofree char *body = g_strconcat(before, "SECRETSECRET", before, NULL);
    g_autofree char *across = payload_text(body, strlen(body), "SECRETSECRET");
    assert_null(strstr(across, "SECR"));
}

/* However JSON may write it. */
static void a_secret_is_found_when_it_is_escaped(void **state)
{
    (void)state;

    static const struct {
        const char *secret, *body, *right;
    } ROWS[] = {
        {"hunter2", "{\"k\":\"\\u0068unter2\"}", "{\"k\":\"[secret]\"}"},
        {"hunter2", "\\u0068\\u0075\\u006e\\u0074\\u0065\\u0072\\u0032", "[secret]"},
        {"hunter2", "hunter\\u0032 \\u006E hu\\u006Eter2", "[secret] \\u006E [secret]"},
        {"a/b\"c\\d\t", "a\\/b\\\"c\\\\d\\t a/b\\u0022c\\u005Cd\\u0009", "[secret] [secret]"},
        {"k\xc3\xa9\xf0\x9f\x94\x91", "k\\u00E9\\ud83d\\uDD11 k\xc3\xa9\xf0\x9f\x94\x91",
         "[secret] [secret]"},
        {"k\xf0\x9f\x94\x91", "k\\ud83d\\uDD12 k\\ud83d", "k\\ud83d\\uDD12 k\\ud83d"},
        {"hunter2", "\\u0068unter3 \\u00", "\\u0068unter3 \\u00"},
        {"hunter2", "huhunter2 hunter", "hu[secret] hunter"},
        {"aab", "aaab", "a[secret]"},
        {"k\xff", "k\\u00ff", "k\\u00ff"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *text = payload_text(ROWS[i].body, strlen(ROWS[i].body), ROWS[i].secret);
        assert_string_equal(text, ROWS[i].right);
    }
    /* Many of them make room, into which half a one must not come. */
    g_autoptr(GString) many = g_string_new(NULL);
    while (many->len < (size_t)3 * LIMIT_PAYLOAD_KEPT) {
        g_string_append(
            many, "\\u0053\\u0045\\u0043\\u0052\\u0045\\u0054\\u0053\\u0045\\u0043\xed\x95\x9c");
    }
    g_autofree char *text = payload_text(many->str, many->len, "SECRETSEC\xed\x95\x9c");
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_null(strstr(text, "u0053"));
    assert_true(g_str_has_suffix(text, "[secret]"));
}

static void they_outlive_a_restart(void **state)
{
    (void)state;
    WALL = START;
    const struct clock clock = {wall, elapsed, NULL};
    char *where = test_database_create(":memory:");
    struct db *db = test_database_open(where, &clock);
    struct ledger *ledger = ledger_create(db, &clock, &RANDOM_SYSTEM);
    ledger_be_alone(ledger);
    struct payload_book *book = payload_book_create();
    payload_book_add_duty(book, ledger);
    struct utc idle = ledger_tick(ledger);
    (void)add(book, "a", 202, NULL, "first");
    assert_int_equal(idle.us, UTC_NEVER.us);
    WALL = utc_add(WALL, SPAN_S(2));
    assert_true(ledger_tick(ledger).us > 0);
    (void)add(book, "a", 400, "why", "second");
    WALL = utc_add(WALL, SPAN_S(2));
    idle = ledger_tick(ledger);
    assert_int_equal(idle.us, UTC_NEVER.us); /* nothing is left to write */
    struct payload_book *again = payload_book_create();
    payload_book_load(again, db);
    assert_list(again, db, "a", "400 why second|202 - first|");
    (void)add(again, "a", 202, NULL, "third");
    assert_list(again, db, "a", "202 - third|400 why second|202 - first|");
    ledger_destroy(&ledger);
    payload_book_destroy(&book);
    payload_book_destroy(&again);
    db_close(&db);
    test_database_drop(&where);
}

static void the_bucket_fills_again(void **state)
{
    (void)state;
    struct payload_book *book = payload_book_create();
    payload_book_set_rate(book, 100);
    assert_true(payload_book_admit(book, "a", 1000, SPAN_S(5)));
    assert_false(payload_book_admit(book, "a", 1, SPAN_S(5)));
    assert_true(payload_book_admit(book, "b", 1, SPAN_S(5))); /* each has its own */
    assert_true(payload_book_admit(book, "a", 100, SPAN_S(6)));
    assert_false(payload_book_admit(book, "a", 1, SPAN_S(6)));
    assert_true(payload_book_admit(book, "a", 1000, SPAN_S(600)));
    assert_false(payload_book_admit(book, "a", 1, SPAN_S(600)));
    payload_book_destroy(&book);
}

/* Two nodes keep the last of both, and each shows what the other took. */
static void nodes_share_the_slots(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_create();
    struct payload_book *books[2];
    struct fault fault = {0};
    for (int i = 0; i < 2; i++) {
        books[i] = payload_book_create();
        cluster_open(&cluster->nodes[i]);
        payload_book_add_duty(books[i], cluster->nodes[i].ledger);
        assert_true(ledger_join(cluster->nodes[i].ledger, "n", NULL, &fault));
    }
    WALL = START;
    struct db *here = cluster->nodes[0].db, *there = cluster->nodes[1].db;
    (void)add(books[0], "a", 202, NULL, "first");
    assert_list(books[0], here, "a", "202 - first|"); /* before it is written */
    cluster_pass(cluster, SPAN_S(2), 0);
    WALL = utc_add(WALL, SPAN_S(2));
    (void)add(books[1], "a", 400, "why", "second");
    assert_list(books[1], there, "a", "400 why second|202 - first|");
    cluster_pass(cluster, SPAN_S(2), 0);
    assert_list(books[0], here, "a", "400 why second|202 - first|");
    for (int i = 0; i < 2 * LIMIT_PAYLOADS_KEPT; i++) {
        WALL = utc_add(WALL, SPAN_S(2));
        (void)add(books[i % 2], "a", 202, NULL, i < LIMIT_PAYLOADS_KEPT ? "old" : "new");
        cluster_pass(cluster, SPAN_S(2), 0);
    }
    g_autoptr(GString) text = g_string_new(NULL);
    payload_book_list(books[0], here, "a", list, text);
    assert_int_equal(text->len, LIMIT_PAYLOADS_KEPT * strlen("202 - new|"));
    assert_null(strstr(text->str, "old"));
    for (int i = 0; i < 2; i++) {
        cluster_kill(&cluster->nodes[i]);
        payload_book_destroy(&books[i]);
    }
    cluster_destroy(&cluster);
}

static enum db_fate lose_commits(void *self, enum db_moment moment)
{
    (void)self;
    return moment == DB_AT_COMMIT ? DB_LINK_CUT : DB_LINK_GOOD;
}

static struct utc servers_clock(void *self)
{
    return ((struct cluster_node *)self)->cluster->server;
}

/* Whoever looks for what was refused just then finds it. */
static void what_could_not_be_written_is_shown(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_create();
    struct cluster_node *node = &cluster->nodes[0];
    struct payload_book *book = payload_book_create();
    struct fault fault = {0};
    cluster_open(node);
    payload_book_add_duty(book, node->ledger);
    assert_true(ledger_join(node->ledger, "n", NULL, &fault));
    cluster_pass(cluster, SPAN_S(1), 0);
    WALL = START;
    (void)add(book, "a", 202, NULL, "written");
    cluster_pass(cluster, SPAN_S(2), 0);
    const struct db_link good = node->link;
    node->link = (struct db_link){.fate = lose_commits, .now = servers_clock, .self = node};
    WALL = utc_add(WALL, SPAN_S(1));
    (void)add(book, "a", 400, "why", "lost");
    cluster_pass(cluster, SPAN_S(3), 0);
    node->link = good;
    cluster_pass(cluster, SPAN_S(3), 0);
    assert_true(ledger_is_writable(node->ledger));
    WALL = utc_add(WALL, SPAN_S(1));
    (void)add(book, "a", 202, NULL, "new");
    assert_list(book, node->db, "a", "202 - new|400 why lost|202 - written|");
    cluster_pass(cluster, SPAN_S(3), 0);
    assert_list(book, node->db, "a", "202 - new|400 why lost|202 - written|");
    cluster_kill(node);
    payload_book_destroy(&book);
    cluster_destroy(&cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_are_kept),
        cmocka_unit_test(texts_are_presentable),
        cmocka_unit_test(a_secret_is_found_when_it_is_escaped),
        cmocka_unit_test(they_outlive_a_restart),
        cmocka_unit_test(the_bucket_fills_again),
        cmocka_unit_test(nodes_share_the_slots),
        cmocka_unit_test(what_could_not_be_written_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
