/* Whose request it is, and how many wrong keys are forgiven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "http/forwarded.h"
#include "http/guesses.h"

static const struct {
    const char *name, *peer, *forwarded, *for_list, *client;
} CHAINS[] = {
    {"no proxy", "198.51.100.7", NULL, NULL, "198.51.100.7"},
    {"a stranger's word", "198.51.100.7", NULL, "203.0.113.1", "198.51.100.7"},
    {"and in the other header", "198.51.100.7", "for=203.0.113.1", NULL, "198.51.100.7"},
    {"our proxy's word", "127.0.0.1", NULL, "203.0.113.1", "203.0.113.1"},
    {"what the client made up stands left", "127.0.0.1", NULL, "9.9.9.9, 203.0.113.1",
     "203.0.113.1"},
    {"two proxies of ours", "127.0.0.1", NULL, "203.0.113.1, 10.0.0.2", "203.0.113.1"},
    {"all of them ours", "127.0.0.1", NULL, "10.0.0.3, 10.0.0.2", "10.0.0.3"},
    {"nothing said", "127.0.0.1", NULL, NULL, "127.0.0.1"},
    {"empty", "127.0.0.1", NULL, "", "127.0.0.1"},
    {"nonsense", "127.0.0.1", NULL, "unknown", "127.0.0.1"},
    {"nonsense behind a proxy", "127.0.0.1", NULL, "203.0.113.1, unknown, 10.0.0.2", "10.0.0.2"},
    {"with a port", "127.0.0.1", NULL, "203.0.113.1:4711", "203.0.113.1"},
    {"IPv6", "127.0.0.1", NULL, "2001:db8::7", "2001:db8::7"},
    {"IPv6 with a port", "127.0.0.1", NULL, "[2001:db8::7]:4711", "2001:db8::7"},
    {"IPv4 in IPv6", "::ffff:127.0.0.1", NULL, "::ffff:203.0.113.1", "203.0.113.1"},
    {"RFC 7239", "127.0.0.1", "for=192.0.2.60;proto=http;by=203.0.113.43", NULL, "192.0.2.60"},
    {"in any order and case", "127.0.0.1", "proto=http; FOR=192.0.2.60", NULL, "192.0.2.60"},
    {"quoted", "127.0.0.1", "For=\"[2001:db8:cafe::17]:4711\"", NULL, "2001:db8:cafe::17"},
    {"several", "127.0.0.1", "for=192.0.2.43, for=198.51.100.17", NULL, "198.51.100.17"},
    {"obfuscated", "127.0.0.1", "for=_hidden", NULL, "127.0.0.1"},
    {"both, and they differ", "127.0.0.1", "for=192.0.2.43", "192.0.2.44", "127.0.0.1"},
    {"both, and one says nothing", "127.0.0.1", "for=192.0.2.43", "", "127.0.0.1"},
    {"both, and they agree", "127.0.0.1", "for=192.0.2.44", "9.9.9.9, 192.0.2.44", "192.0.2.44"},
    {"without for", "127.0.0.1", "proto=https", "192.0.2.44", "127.0.0.1"},
    {"no address at all", "", NULL, "192.0.2.44", ""},
    {"half an IPv6 address", "127.0.0.1", NULL, "[2001:db8::7", "127.0.0.1"},
    {"far too long", "127.0.0.1", NULL,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "127.0.0.1"},
};

static void test_chains(void **state)
{
    (void)state;
    struct guard trusted;
    struct fault fault = {0};
    assert_true(guard_read_as("trusted-proxies", "127.0.0.1, 10.0.0.0/8", &trusted, &fault));
    for (size_t i = 0; i < G_N_ELEMENTS(CHAINS); i++) {
        char client[INET6_ADDRSTRLEN];
        forwarded_client(&trusted, CHAINS[i].peer, CHAINS[i].forwarded, CHAINS[i].for_list, client);
        if (strcmp(client, CHAINS[i].client) != 0) {
            fail_msg("%s: %s", CHAINS[i].name, client);
        }
    }
    assert_false(guard_read_as("trusted-proxies", "nginx", &trusted, &fault));
    assert_string_equal(fault.field, "trusted-proxies");
}

static void test_guesses(void **state)
{
    (void)state;
    struct guesses *guesses = guesses_create(20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(guesses_add(guesses, "203.0.113.1", SPAN_S(1)), 0);
    }
    int wait = 0;
    for (int i = 0; i < 100; i++) {
        int longer = guesses_add(guesses, "203.0.113.1", SPAN_S(1));
        assert_true(longer >= wait && longer > 0 && longer <= 60);
        wait = longer;
    }
    assert_int_equal(wait, 60);
    assert_int_equal(guesses_add(guesses, "203.0.113.2", SPAN_S(1)), 0);
    assert_int_equal(guesses_add(guesses, "203.0.113.1", SPAN_S(3600)), 0);
    for (int i = 0; i < 20; i++) { /* one household, many addresses */
        g_autofree char *address = g_strdup_printf("2001:db8:1:2::%x", i);
        assert_int_equal(guesses_add(guesses, address, SPAN_S(1)), 0);
    }
    assert_true(guesses_add(guesses, "2001:db8:1:2:ffff::", SPAN_S(1)) > 0);
    assert_int_equal(guesses_add(guesses, "2001:db8:1:3::", SPAN_S(1)), 0);
    assert_int_equal(guesses_add(guesses, "", SPAN_S(0)), 0); /* a clock before the last one */
    guesses_destroy(&guesses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains),
                                       cmocka_unit_test(test_guesses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
