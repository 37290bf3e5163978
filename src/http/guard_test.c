/* Address forms, judged one by one: every way we know of writing a place that must not be reached. */
#include "http/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/un.h>

static bool judge_text(const struct guard *guard, const char *text, char reason[GUARD_REASON_SIZE])
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return guard_allows(guard, (const struct sockaddr *)&v4, reason);
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) {
        fail_msg("%s is no address", text);
    }
    return guard_allows(guard, (const struct sockaddr *)&v6, reason);
}

static const char *const DENIED_V4[] = {
    "0.0.0.0",        "0.0.0.1",         "0.255.255.255",   "10.0.0.0",        "10.0.0.1",
    "10.255.255.255", "100.64.0.0",      "100.64.0.1",      "100.100.100.200", "100.127.255.255",
    "127.0.0.0",      "127.0.0.1",       "127.0.0.53",      "127.1.2.3",       "127.255.255.255",
    "169.254.0.0",    "169.254.169.253", "169.254.169.254", "169.254.170.2",   "169.254.255.255",
    "168.63.129.16",  "172.16.0.0",      "172.16.0.1",      "172.20.1.1",      "172.31.255.255",
    "192.0.0.0",      "192.0.0.192",     "192.0.0.255",     "192.0.2.1",       "192.88.99.1",
    "192.168.0.0",    "192.168.0.1",     "192.168.255.255", "198.18.0.0",      "198.19.255.255",
    "198.51.100.7",   "203.0.113.9",     "224.0.0.1",       "224.0.0.251",     "239.255.255.255",
    "240.0.0.1",      "250.1.2.3",       "255.255.255.254", "255.255.255.255",
};

static const char *const ALLOWED_V4[] = {
    "1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",      "100.63.255.255",
    "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "168.63.129.15", "168.63.129.17",
    "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",    "191.255.255.255",
    "192.0.1.0",       "192.0.3.0",       "192.88.98.255",   "192.88.100.0",  "192.167.255.255",
    "192.169.0.0",     "198.17.255.255",  "198.20.0.0",      "198.51.99.255", "198.51.101.0",
    "203.0.112.255",   "203.0.114.0",     "223.255.255.255",
};

/* printf patterns: the four bytes of an IPv4 address inside an IPv6 one; %5-%8 flipped for Teredo. */
static char *wrap(int form, const unsigned char b[4])
{
    switch (form) {
    case 0:
        return g_strdup_printf("::ffff:%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    case 1:
        return g_strdup_printf("::%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    case 2:
        return g_strdup_printf("::ffff:0:%02x%02x:%02x%02x", b[0], b[1], b[2], b[3]);
    case 3:
        return g_strdup_printf("64:ff9b::%02x%02x:%02x%02x", b[0], b[1], b[2], b[3]);
    case 4:
        return g_strdup_printf("2002:%02x%02x:%02x%02x::1", b[0], b[1], b[2], b[3]);
    case 5: /* Teredo client */
        return g_strdup_printf("2001:0:101:101:0:0:%02x%02x:%02x%02x", b[0] ^ 0xff, b[1] ^ 0xff,
                               b[2] ^ 0xff, b[3] ^ 0xff);
    case 6: /* Teredo server */
        return g_strdup_printf("2001:0:%02x%02x:%02x%02x::fefe:fefe", b[0], b[1], b[2], b[3]);
    case 7: /* ISATAP */
        return g_strdup_printf("2a00:1:2:3:0:5efe:%02x%02x:%02x%02x", b[0], b[1], b[2], b[3]);
    case 8:
        return g_strdup_printf("2a00:1:2:3:200:5efe:%02x%02x:%02x%02x", b[0], b[1], b[2], b[3]);
    default:
        return g_strdup_printf("64:ff9b:1:%02x%02x:0:%02x%02x::", b[0], b[1], b[2], b[3]);
    }
}

static int judged;

static void expect(const struct guard *guard, const char *text, bool expected)
{
    char reason[GUARD_REASON_SIZE];
    bool allowed = judge_text(guard, text, reason);
    judged++;
    if (allowed != expected) {
        fail_msg("%s: %s (%s)", text, allowed ? "let through" : "refused", reason);
    }
    assert_int_equal(reason[0] != '\0', !expected);
    assert_int_equal(strstr(reason, "TOCSIN_ALLOW_PRIVATE") != NULL, !expected);
}

static void test_denied(void **state)
{
    (void)state;
    const struct guard nothing = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(DENIED_V4); i++) {
        unsigned char bytes[4];
        expect(&nothing, DENIED_V4[i], false);
        assert_int_equal(inet_pton(AF_INET, DENIED_V4[i], bytes), 1);
        for (int form = 0; form <= 9; form++) {
            g_autofree char *wrapped = wrap(form, bytes);
            expect(&nothing, wrapped, false);
        }
    }
    assert_true(judged >= 400);
}

static void test_allowed(void **state)
{
    (void)state;
    const struct guard nothing = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(ALLOWED_V4); i++) {
        unsigned char bytes[4];
        expect(&nothing, ALLOWED_V4[i], true);
        assert_int_equal(inet_pton(AF_INET, ALLOWED_V4[i], bytes), 1);
        /* Deprecated carriers and local NAT64 lead nowhere good, whatever they carry. */
        static const bool IS_OPEN[] = {true, false, false, true, true,
                                       true, true,  true,  true, false};
        for (int form = 0; form <= 9; form++) {
            g_autofree char *wrapped = wrap(form, bytes);
            expect(&nothing, wrapped, IS_OPEN[form]);
        }
    }
}

static void test_v6(void **state)
{
    (void)state;
    const struct guard nothing = {0};
    const char *const denied[] = {
        "::",
        "::1",
        "::2",
        "100::1",
        "fe80::1",
        "febf:ffff::1",
        "fec0::1",
        "feff::1",
        "fc00::1",
        "fd00::1",
        "fd12:3456:789a::1",
        "fdff:ffff::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "ff00::1",
        "ff02::1",
        "ff05::2",
        "ff0e::1",
        "2001:db8::1",
        "2001:db8:ffff::1",
        "2001:2::1",
        "2001:10::1",
        "2001:1::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "1000::1",
        "0:0:0:1::1",
        "64:ff9b:2::1",
        "::ffff:ffff:0:1",
        "fe00::1",
        "e000::1",
    };
    const char *const allowed[] = {
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450:4001::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2400::1",
        "3ffe:ffff::1",
        "2001:3::1",
        "2003::1",
        "3fff:1000::1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(denied); i++) {
        expect(&nothing, denied[i], false);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
        expect(&nothing, allowed[i], true);
    }
}

static void test_listed(void **state)
{
    (void)state;
    struct guard guard;
    struct fault fault = {0};
    assert_true(guard_read(" 127.0.0.0/8, 10.1.2.3 ,fd00:1::/32,::1,", &guard, &fault));

    const struct {
        const char *address;
        bool expected;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"::ffff:127.0.0.1", true},
        {"64:ff9b::7f00:1", true},
        {"2002:7f00:1::1", true},
        {"::127.0.0.1", false},
        {"128.0.0.1", true},
        {"10.1.2.3", true},
        {"10.1.2.4", false},
        {"192.168.0.1", false},
        {"fd00:1::7", true},
        {"fd00:2::7", false},
        {"::1", true},
        {"::", false},
        {"0.0.0.0", false},
        {"169.254.169.254", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        expect(&guard, rows[i].address, rows[i].expected);
    }
    assert_true(guard_read("0.0.0.0/0,::/0", &guard, &fault));
    expect(&guard, "10.0.0.1", true);
    expect(&guard, "::1", true);
    expect(&guard, "169.254.1.1", true);
    /* Metadata needs to be named by itself. */
    expect(&guard, "169.254.169.254", false);
    expect(&guard, "::ffff:169.254.169.254", false);
    expect(&guard, "fd00:ec2::254", false);
    assert_true(guard_read("169.254.169.254", &guard, &fault));
    expect(&guard, "169.254.169.254", true);
}

static void test_bad_lists(void **state)
{
    (void)state;
    const char *const bad[] = {
        "127.0.0.0/33",
        "127.0.0.0/-1",
        "127.0.0.0/",
        "127.0.0.0/8x",
        "127.0.0.1/8",
        "localhost",
        "127.0.0",
        "0x7f000001",
        "fd00::/129",
        "fd00::1/8",
        "10.0.0.0/8;192.168.0.0/16",
        "/8",
        "*",
    };
    struct guard guard;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct fault fault = {0};
        if (guard_read(bad[i], &guard, &fault)) {
            fail_msg("%s: taken", bad[i]);
        }
        assert_string_equal(fault.field, "--allow-private (TOCSIN_ALLOW_PRIVATE)");
        assert_true(fault.text[0] != '\0');
    }
    struct fault fault = {0};
    assert_true(guard_read(NULL, &guard, &fault));
    assert_int_equal(guard.block_count, 0);
    GString *many = g_string_new(NULL);
    for (int i = 0; i <= GUARD_BLOCKS_MAX; i++) {
        g_string_append_printf(many, "10.0.0.%d,", i);
    }
    assert_false(guard_read(many->str, &guard, &fault));
    g_string_free(many, TRUE);
}

static void test_other_families(void **state)
{
    (void)state;
    const struct guard nothing = {0};
    char reason[GUARD_REASON_SIZE];
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
    assert_false(guard_allows(&nothing, (const struct sockaddr *)&local, reason));
    assert_true(reason[0] != '\0');
}

static const struct {
    const char *url;
    bool expected;
} URLS[] = {
    {"https://hooks.example.com/services/T/B/x", true},
    {"http://hooks.example.com:8080/x?y=z#f", true},
    {"HTTPS://Hooks.Example.COM/x", true},
    {"https://8.8.8.8/x", true},
    {"https://[2606:4700:4700::1111]/x", true},
    {"https://b\xc3\xbc"
     "cher.example/x",
     true},
    {"http://127.0.0.1/", false},
    {"http://127.0.0.1:8420/", false},
    {"http://127.1/", false},
    {"http://127.0.1/", false},
    {"http://2130706433/", false},
    {"http://0x7f000001/", false},
    {"http://0x7f.0.0.1/", false},
    {"http://0x7F.0x0.0x0.0x1/", false},
    {"http://0177.0.0.1/", false},
    {"http://0177.0.0.01/", false},
    {"http://017700000001/", false},
    {"http://127.0.0.1./", false},
    {"http://0/", false},
    {"http://0.0.0.0/", false},
    {"http://10.0.0.1/", false},
    {"http://012.0.0.1/", false},
    {"http://192.168.1.1/", false},
    {"http://3232235777/", false},
    {"http://169.254.169.254/latest/meta-data/", false},
    {"http://2852039166/", false},
    {"http://0xa9fea9fe/", false},
    {"http://[::1]/", false},
    {"http://[::]/", false},
    {"http://[0:0:0:0:0:0:0:1]/", false},
    {"http://[::ffff:127.0.0.1]/", false},
    {"http://[::ffff:7f00:1]/", false},
    {"http://[64:ff9b::7f00:1]/", false},
    {"http://[2002:7f00:1::]/", false},
    {"http://[fe80::1%25eth0]/", false},
    {"http://[fd00:ec2::254]/", false},
    {"http://user@hooks.example.com/", false},
    {"http://user:pass@hooks.example.com/", false},
    {"http://hooks.example.com@127.0.0.1/", false},
    {"http://hooks.example.com#@127.0.0.1/", true}, /* the host is hooks.example.com */
    {"http://127.0.0.1#@hooks.example.com/", false},
    {"http://127.0.0.1\\@hooks.example.com/", false},
    {"ftp://hooks.example.com/", false},
    {"file:///etc/passwd", false},
    {"gopher://hooks.example.com:70/x", false},
    {"dict://hooks.example.com:11211/stat", false},
    {"smtp://mail.example.com/", false},
    {"ldap://example.com/", false},
    {"javascript:alert(1)", false},
    {"data:text/plain,x", false},
    {"unix:/var/run/docker.sock", false},
    {"http:///x", false},
    {"http://", false},
    {"https:hooks.example.com", false},
    {"//hooks.example.com/x", false},
    {"hooks.example.com", false},
    {"", false},
    {"http://hooks.example.com:0/", false},
    {"http://hooks.example.com:99999/", false},
    {"http://hooks.example.com:25/", false},
    {"http://hooks.example.com:22/", false},
    {"http://hooks.example.com:6379/", false},
    {"http://hooks.example.com:11211/", false},
    {"http://hooks.example.com/a b", false},
    {"http://hooks.example.com/\r\nX: y", false},
    {" http://hooks.example.com/", false},
    {"http://hooks.example.com/\t", false},
};

static void test_urls(void **state)
{
    (void)state;
    const struct guard nothing = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(URLS); i++) {
        struct fault fault = {0};
        bool allowed = guard_url(&nothing, URLS[i].url, &fault);
        if (allowed != URLS[i].expected) {
            fail_msg("%s: %s (%s)", URLS[i].url, allowed ? "let through" : "refused", fault.text);
        }
        assert_int_equal(fault.text[0] != '\0', !allowed);
    }
}

/* The real thing: curl, told to go there by any name, opens no socket. Port 9 answers nobody; what
 * counts is that the guard said no before anything was sent. */
static void test_curl_is_stopped(void **state)
{
    (void)state;
    const struct guard nothing = {0};
    const char *const urls[] = {
        "http://127.0.0.1:9999/",
        "http://localhost:9999/",
        "http://2130706433:9999/",
        "http://0x7f.1:9999/",
        "http://017700000001:9999/",
        "http://[::1]:9999/",
        "http://[::ffff:127.0.0.1]:9999/",
        "http://0:9999/",
        "http://[64:ff9b::7f00:1]:9999/",
        "http://localhost.:9999/",
        "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:9999/", /* full-width 127 */
        "http://127\343\200\2020\343\200\2020\343\200\2021:9999/", /* ideographic dots */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        CURL *easy = curl_easy_init();
        struct guard_watch watch = {.guard = &nothing};
        guard_equip(&watch, easy);
        curl_easy_setopt(easy, CURLOPT_URL, urls[i]);
        CURLcode code = curl_easy_perform(easy);
        curl_easy_cleanup(easy);
        if (code == CURLE_OK || watch.reason[0] == '\0') {
            /* A name that is none or does not resolve is no way in either. */
            assert_true(code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_URL_MALFORMAT);
        }
    }
}

int main(void)
{
    /* Proxies of the environment must not be a way around. */
    (void)g_setenv("http_proxy", "http://127.0.0.1:9999", TRUE);
    (void)g_setenv("ALL_PROXY", "socks5://127.0.0.1:9999", TRUE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denied),    cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_v6),        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_bad_lists), cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_urls),      cmocka_unit_test(test_curl_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
