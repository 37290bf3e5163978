/* Where pages of the interface stand, what they begin with, and its files in each form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/assets.h"
#include "api/frame_html.h"

static void handle(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
}

static const struct route_row ROWS[] = {
    {"GET", "/", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "page"},
    {"GET", "/api/v1/alerts", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "alerts"},
    {"POST", "/l/{token}", NULL, handle, .door = HTTP_DOOR_LINK, .summary = "link"},
    {"GET", "/healthz", NULL, handle, .door = HTTP_DOOR_ANYONE, .summary = "health"},
};
static const struct route_table TABLE = {ROWS, G_N_ELEMENTS(ROWS)};
static const struct route_set SETS[] = {{&TABLE, NULL}, {NULL, NULL}};

static void test_where_pages_stand(void **state)
{
    (void)state;

    static const struct {
        const char *path;
        bool is_page;
    } PATHS[] = {
        {"/", true},
        {"/alerts", true},
        {"/alerts/7", true},
        {"/a/b/c", true},
        {"/apis", true},
        {"/lists", true},
        {"/api", false},
        {"/api/v1/none", false},
        {"/api/", false},
        {"/l", false},
        {"/l/x/y", false},
        {"/healthz/x", false},
        {"/robots.txt", false},
        {"/a.b/c", true},
        {"/a/b.js", false},
        {"*", false},
        {"//api", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        if (frame_is_page(SETS, PATHS[i].path) != PATHS[i].is_page) {
            fail_msg("%s: not %d", PATHS[i].path, PATHS[i].is_page);
        }
    }
}

/* Of a program that was built with the interface. */
static void test_files_in_each_form(void **state)
{
    (void)state;
    const struct asset_index *index = asset_index();
    if (index == NULL) {
        print_message("[     WHY] built without the interface\n");
        skip();
        return;
    }
    assert_true(g_str_has_prefix(index->script, "/assets/"));
    const char *name = index->script + strlen("/assets/");
    struct asset whole, packed, brotli;
    assert_true(asset_find(name, ENCODING_IDENTITY, &whole));
    assert_true(asset_find(name, ENCODING_GZIP, &packed));
    assert_true(asset_find(name, ENCODING_BROTLI, &brotli));
    assert_string_equal(brotli.content_type, "text/javascript; charset=utf-8");
    assert_true(brotli.size < packed.size && packed.size < whole.size);
    assert_ptr_equal(index, asset_index());
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"",         "none.js", "index.json",
                                        "../web.c", "main",    "web.gresource.xml",
                                        "/x.js",    "x/y.js",  "none.js.br"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        struct asset asset;
        if (asset_find(NAMES[i], ENCODING_BROTLI, &asset)) {
            fail_msg("%s", NAMES[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_pages_stand),
        cmocka_unit_test(test_files_in_each_form),
        cmocka_unit_test(test_what_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
