#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/encoding.h"

static void test_which_form_is_wanted(void **state)
{
    (void)state;

    static const struct {
        const char *name, *accept;
        enum encoding wanted;
    } ROWS[] = {
        {"no header", NULL, ENCODING_IDENTITY},
        {"empty", "", ENCODING_IDENTITY},
        {"a browser", "gzip, deflate, br, zstd", ENCODING_BROTLI},
        {"one without TLS", "gzip, deflate", ENCODING_GZIP},
        {"letters of any size", "GZIP", ENCODING_GZIP},
        {"only unknown ones", "zstd, compress", ENCODING_IDENTITY},
        {"gzip is preferred", "br;q=0.5, gzip;q=0.9", ENCODING_GZIP},
        {"alike", "gzip;q=0.5, br;q=0.5", ENCODING_BROTLI},
        {"as it is, before all", "identity, br;q=0.2", ENCODING_IDENTITY},
        {"refused", "br;q=0, gzip", ENCODING_GZIP},
        {"refused with three zeros", "br;q=0.000", ENCODING_IDENTITY},
        {"all", "*", ENCODING_BROTLI},
        {"all but one", "*, br;q=0", ENCODING_GZIP},
        {"nothing at all", "*;q=0", ENCODING_IDENTITY},
        {"blanks", " \tbr ; q=0.1 , gzip ;q=0.05", ENCODING_BROTLI},
        {"a quality that is none", "br;q=high, gzip;q=0.1", ENCODING_GZIP},
        {"a quality beyond one", "br;q=7, gzip;q=0.1", ENCODING_GZIP},
        {"a longer name", "brotli, gzipped", ENCODING_IDENTITY},
        {"commas alone", ",,,", ENCODING_IDENTITY},
        {"half a parameter", "br;", ENCODING_BROTLI},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        enum encoding found = encoding_wanted(ROWS[i].accept);
        if (found != ROWS[i].wanted) {
            fail_msg("%s: %d, not %d", ROWS[i].name, (int)found, (int)ROWS[i].wanted);
        }
    }
    assert_string_equal(encoding_name(ENCODING_BROTLI), "br");
    assert_string_equal(encoding_name(ENCODING_GZIP), "gzip");
    assert_null(encoding_name(ENCODING_IDENTITY));
}

static void test_which_tags_are_known(void **state)
{
    (void)state;

    static const struct {
        const char *name, *header;
        bool is_listed;
    } ROWS[] = {
        {"none", NULL, false},
        {"empty", "", false},
        {"it", "\"a-br\"", true},
        {"weak", "W/\"a-br\"", true},
        {"any", "*", true},
        {"the second", "\"b\", \"a-br\"", true},
        {"another form", "\"a-gzip\"", false},
        {"longer", "\"a-br\"x", false},
        {"without quotes", "a-br", false},
        {"its beginning", "\"a-b", false},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (etag_is_listed(ROWS[i].header, "\"a-br\"") != ROWS[i].is_listed) {
            fail_msg("%s: not %d", ROWS[i].name, ROWS[i].is_listed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_form_is_wanted),
        cmocka_unit_test(test_which_tags_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
