#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/href.h"

#include <glib.h>

static void test_hrefs(void **state)
{
    (void)state;

    static const struct {
        const char *name, *href, *expected; /* NULL: not shown */
    } ROWS[] = {
        {"an ordinary one", "https://x.example.com/a/b_C-1?c=d&e=f#g",
         "https://x.example.com/a/b_C-1?c=d&e=f#g"},
        {"with a port", "http://127.0.0.1:8420/", "http://127.0.0.1:8420/"},
        {"an IPv6 address", "http://[::1]:80/", "http://[::1]:80/"},
        {"a dashboard's variable", "https://g.example.com/d/x?var-a=\"b\"",
         "https://g.example.com/d/x?var-a=%22b%22"},
        {"an expression", "http://p.example.com/graph?g0.expr=up{job='x'}|y",
         "http://p.example.com/graph?g0.expr=up%7Bjob=%27x%27%7D%7Cy"},
        {"a title with a space", "https://wiki/My Page", "https://wiki/My%20Page"},
        {"all of the others", "https://x/<a>\\^`", "https://x/%3Ca%3E%5C%5E%60"},
        {"encoded already", "https://x/My%20Page?q=%22", "https://x/My%20Page?q=%22"},
        {"other letters", "https://x/위키", "https://x/위키"},
        {"one that turns the direction", "https://x/a\u202eb", "https://x/a%E2%80%AEb"},
        {"large letters", "HTTPS://x/A", "https://x/A"},
        {"a blank at its end", "https://x/a \n", "https://x/a"},
        {"a blank before it", " https://x/a", NULL},
        {"a script", "javascript:alert(1)", NULL},
        {"a script in large letters", "JAVASCRIPT:alert(1)", NULL},
        {"data", "data:text/html,x", NULL},
        {"another scheme", "ftp://x/a", NULL},
        {"no scheme", "//x/a", NULL},
        {"a line end", "https://x/a\r\nX: y", NULL},
        {"a tab", "https://x/a\tb", NULL},
        {"an escape", "https://x/\033[2J", NULL},
        {"a C1 control", "https://x/\xc2\x85", NULL},
        {"a host with a backslash", "https://good.example.com\\@other.example.com/", NULL},
        {"a host that is a template", "https://{{host}}/a", NULL},
        {"a host that hides something", "https://x\u200b.example.com/", NULL},
        {"no host", "https:///a", NULL},
        {"no UTF-8", "https://x/\xff", NULL},
        {"nothing", "", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *href = href_mended(ROWS[i].href);
        if (g_strcmp0(href, ROWS[i].expected) != 0) {
            fail_msg("%s: gives %s", ROWS[i].name, href != NULL ? href : "nothing");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hrefs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
