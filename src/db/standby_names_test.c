#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db/standby_names.h"

static void each_form_says_how_many(void **state)
{
    (void)state;

    static const struct {
        const char *name, *text;
        int required; /* -1: it is refused */
    } rows[] = {
        {"nobody", "", 0},
        {"nobody, and room", " \t\n", 0},
        {"one", "a", 1},
        {"everybody", "*", 1},
        {"a list is the first of it", "a, b ,c", 1},
        {"a number", "2 (a, b)", 2},
        {"without room", "2(a,b,c)", 2},
        {"the first", "FIRST 1 (a, b)", 1},
        {"in small letters", "first 2 (*)", 2},
        {"any", "ANY 2 (a, b, c)", 2},
        {"any in small letters", "any 1 (*)", 1},
        {"more than there are", "ANY 3 (a)", 3},
        {"a name that is a number", "1", 1},
        {"and among others", "1, 2", 1},
        {"and in a list", "2 (1, 2)", 2},
        {"a quoted name", "\"node-1\", \"node 2\"", 1},
        {"a quoted keyword", "\"ANY\"", 1},
        {"quotation marks in it", "ANY 1 (\"a\"\"(,b\", c)", 1},
        {"as Patroni writes it", "2 (node2,node3)", 2},
        {"letters of all kinds", "n\xc3\xb6rd_1$", 1},
        {"a word that begins like one", "anyone, firstly", 1},
        {"a bare minus", "node-1", -1},
        {"no end of quotation", "\"a", -1},
        {"no end of list", "2 (a, b", -1},
        {"no list", "ANY 2", -1},
        {"an empty list", "ANY 2 ()", -1},
        {"no number", "ANY (a)", -1},
        {"none of them", "ANY 0 (a)", -1},
        {"a huge number", "99999999999999999999 (a)", -1},
        {"a comma too many", "a,", -1},
        {"more behind it", "ANY 1 (a) b", -1},
        {"a keyword as a name", "a, FIRST", -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int required = 0;
        bool is_good = standby_names_parse(rows[i].text, &required);
        if (is_good != (rows[i].required >= 0) || (is_good && required != rows[i].required)) {
            fail_msg("%s: %d: %d", rows[i].name, is_good, required);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_form_says_how_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
