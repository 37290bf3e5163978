/* Routes, escapes, forms and HTML: the pure parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/html.h"
#include "http/route.h"
#include "http/urlcode.h"

static void handle(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
}

static const struct route_row ROWS[] = {
    {"GET", "/", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "root"},
    {"GET", "/a", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "a"},
    {"POST", "/a", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "post a"},
    {"GET", "/a/{id}", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "one a"},
    {"DELETE", "/a/{id}", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "no a"},
    {"GET", "/a/{id}/b/{other}", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "b"},
    {"GET", "/a/special", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "special"},
};

static const struct {
    const char *method, *path;
    const char *summary; /* NULL: no row */
    const char *allow;   /* where there is no row; NULL: the path is unknown */
    const char *param;   /* the first one, or NULL */
} MATCHES[] = {
    {"GET", "/", "root", NULL, NULL},
    {"HEAD", "/", "root", NULL, NULL},
    {"GET", "/a", "a", NULL, NULL},
    {"POST", "/a", "post a", NULL, NULL},
    {"PUT", "/a", NULL, "GET, HEAD, POST, OPTIONS", NULL},
    {"OPTIONS", "/a/x", NULL, "GET, HEAD, DELETE, OPTIONS", NULL},
    {"GET", "/a/x", "one a", NULL, "x"},
    {"GET", "/a/special", "special", NULL, NULL},
    {"GET", "/a/special/b/x", NULL, NULL, NULL}, /* a literal is never gone back on */
    {"GET", "/a/x/b/y", "b", NULL, "x"},
    {"GET", "/a/x/b/", NULL, NULL, NULL},
    {"GET", "/a//b/y", NULL, NULL, NULL},
    {"GET", "//a", NULL, NULL, NULL},
    {"GET", "a", NULL, NULL, NULL},
    {"GET", "", NULL, NULL, NULL},
    {"GET", "/a/%2F", "one a", NULL, "%2F"},
    {"get", "/a", NULL, "GET, HEAD, POST, OPTIONS", NULL},
};

static void test_routes(void **state)
{
    (void)state;
    static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
    const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};
    struct routes *routes = routes_create(SETS);
    for (size_t i = 0; i < G_N_ELEMENTS(MATCHES); i++) {
        struct route_match match;
        routes_match(routes, MATCHES[i].method, MATCHES[i].path, &match);
        const char *found = match.row == NULL ? NULL : match.row->summary;
        if (g_strcmp0(found, MATCHES[i].summary) != 0) {
            fail_msg("%s %s gave %s", MATCHES[i].method, MATCHES[i].path, found);
        }
        if (match.row == NULL) {
            assert_int_equal(match.is_known_path, MATCHES[i].allow != NULL);
            assert_string_equal(match.allow, MATCHES[i].allow == NULL ? "" : MATCHES[i].allow);
        }
        if (MATCHES[i].param != NULL) {
            assert_int_equal(match.params[0].size, strlen(MATCHES[i].param));
            assert_memory_equal(match.params[0].text, MATCHES[i].param, match.params[0].size);
        }
    }
    routes_destroy(&routes);
    assert_null(routes);
}

static void test_decoding(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool plus;
        const char *expected; /* NULL: refused */
    } ROWS_OF[] = {
        {"", false, ""},       {"abc", false, "abc"},   {"a+b", false, "a+b"},
        {"a+b", true, "a b"},  {"%41%62", false, "Ab"}, {"%e2%82%ac", false, "\xE2\x82\xAC"},
        {"%", false, NULL},    {"%4", false, NULL},     {"a%4", false, NULL},
        {"%4g", false, NULL},  {"%zz", false, NULL},    {"%00", false, NULL},
        {"%ff", false, NULL},  {"%c0%80", false, NULL}, {"%ed%a0%80", false, NULL},
        {"\xff", false, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS_OF); i++) {
        g_autofree char *got =
            url_decode(ROWS_OF[i].text, strlen(ROWS_OF[i].text), ROWS_OF[i].plus);
        if (g_strcmp0(got, ROWS_OF[i].expected) != 0) {
            fail_msg("\"%s\" gave %s", ROWS_OF[i].text, got);
        }
    }
    g_autofree char *all = url_encode("a b/\xE2\x82\xAC&=+%");
    g_autofree char *back = url_decode(all, strlen(all), true);
    assert_string_equal(back, "a b/\xE2\x82\xAC&=+%");
}

static void test_forms(void **state)
{
    (void)state;
    struct form form = {0};
    static const char GOOD[] = "a=1&b=&c&&d=x%3Dy+z&a=2";
    assert_true(form_read(GOOD, strlen(GOOD), &form));
    assert_string_equal(form_get(&form, "a"), "1");
    assert_string_equal(form_get(&form, "b"), "");
    assert_string_equal(form_get(&form, "c"), "");
    assert_string_equal(form_get(&form, "d"), "x=y z");
    assert_null(form_get(&form, "e"));
    form_clear(&form);
    assert_false(form_read("a=%", 3, &form));
    assert_null(form_get(&form, "a"));
    form_clear(&form);
    GString *many = g_string_new(NULL);
    for (int i = 0; i < 101; i++) {
        g_string_append(many, "x=1&");
    }
    assert_false(form_read(many->str, many->len, &form));
    form_clear(&form);
    g_string_free(many, TRUE);
}

static void test_hosts(void **state)
{
    (void)state;
    static const char *const SOUND[] = {
        "tocsin.example:8420", "[::1]:8420", "[::1]", "a_b.example.", "x:",
        "%41.example",         "",           "x \t"};
    static const char *const ODD[] = {"a b/c", "a/b",  "a b", "user@x", "x:80:80",
                                      "x:8a",  "[::1", "::1", "%4",     "a?b",
                                      "<x>",   "a\\b", "x#",  "[::1]x", "caf\xc3\xa9"};
    for (size_t i = 0; i < G_N_ELEMENTS(SOUND); i++) {
        assert_true(host_is_sound(SOUND[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ODD); i++) {
        if (host_is_sound(ODD[i])) {
            fail_msg("%s", ODD[i]);
        }
    }
}

static void test_html_is_escaped(void **state)
{
    (void)state;
    struct html *html = html_fragment();
    html_open(html, "p", "title", "\"'<>&", "class", NULL, "hidden", "", NULL);
    html_text(html, "<b>&\xff \xe2\x80\xae"); /* U+202E turns what follows around */
    html_close(html);
    html_element(html, "a", "go", "href", "javascript:alert(1)", NULL);
    html_void(html, "br", NULL);
    g_autofree char *text = html_end(&html);
    assert_string_equal(text, "<p title=\"&quot;&#39;&lt;&gt;&amp;\" hidden>&lt;b&gt;&amp;"
                              "\xEF\xBF\xBD \xEF\xBF\xBD</p><a>go</a><br>");
}

static void test_addresses_in_html(void **state)
{
    (void)state;

    static const struct {
        const char *href;
        bool is_kept;
    } ROWS_OF[] = {
        {"https://example.com/x?a=1&b=2", true},
        {"HTTP://example.com", true},
        {"mailto:a@example.com", true},
        {"/alerts/1", true},
        {"//evil.example", false},
        {"/\\evil.example", false},
        {"javascript:alert(1)", false},
        {"JaVaScRiPt:alert(1)", false},
        {" javascript:alert(1)", false},
        {"java\tscript:alert(1)", false},
        {"\x01javascript:alert(1)", false},
        {"data:text/html,x", false},
        {"vbscript:x", false},
        {"x.html", false},
        {"", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS_OF); i++) {
        struct html *html = html_fragment();
        html_element(html, "a", "x", "href", ROWS_OF[i].href, NULL);
        g_autofree char *text = html_end(&html);
        if ((strstr(text, "href") != NULL) != ROWS_OF[i].is_kept) {
            fail_msg("\"%s\" gave %s", ROWS_OF[i].href, text);
        }
    }
}

static void test_document_is_closed(void **state)
{
    (void)state;
    struct html *html = html_begin("fr", "a<b");
    html_body(html);
    html_open(html, "main", NULL);
    html_open(html, "ul", NULL);
    g_autofree char *text = html_end(&html);
    assert_non_null(strstr(text, "<title>a&lt;b</title></head><body><main><ul></ul></main></body>"
                                 "</html>"));
    assert_null(html);
}

static void test_controls_are_marked_in_html(void **state)
{
    (void)state;

    enum { C0_END = 0x20, DEL = 0x7f, C1_END = 0xa0 };

    for (gunichar c = 1; c < C1_END; c += c == C0_END - 1 ? DEL - c : 1) {
        char text[8] = {0};
        g_autoptr(GString) out = g_string_new(NULL);
        (void)g_unichar_to_utf8(c, text);
        html_escape(out, text);
        bool is_white = c == '\t' || c == '\n' || c == '\r';
        if (strcmp(out->str, is_white ? text : "\xef\xbf\xbd") != 0) {
            fail_msg("U+%04x", c);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_html_is_escaped),
        cmocka_unit_test(test_controls_are_marked_in_html),
        cmocka_unit_test(test_addresses_in_html),
        cmocka_unit_test(test_document_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
