/* Texts from outside lose what could harm the place they are put into. */
#include "channel/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_line(void **state)
{
    (void)state;

    const struct {
        const char *name;
        const char *text;
        size_t max;
        const char *expected;
    } rows[] = {
        {"plain", "Disk full on db7", 100, "Disk full on db7"},
        {"nothing", NULL, 100, ""},
        {"line ends", "a\r\nBcc: x@example.com", 100, "a  Bcc: x@example.com"},
        {"tab and bell", "a\tb\ac", 100, "a b c"},
        {"C1 control (next line)", "a\xc2\x85z", 100, "a z"},
        {"line separator", "a\xe2\x80\xa8z", 100, "a z"},
        {"turned direction", "a\xe2\x80\xaegpj.exe", 100, "agpj.exe"},
        {"no width",
         "a\xe2\x80\x8b\xef\xbb\xbf"
         "b",
         100, "ab"},
        {"not UTF-8", "a\xff\xfe", 100, "a\xef\xbf\xbd\xef\xbf\xbd"},
        {"exactly long enough", "한국어", 3, "한국어"},
        {"one too long", "한국어요", 3, "한국…"},
        {"blanks around", "  x  ", 100, "x"},
        {"only one character", "abc", 1, "…"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = text_line(rows[i].text, rows[i].max);
        if (strcmp(line, rows[i].expected) != 0) {
            fail_msg("%s: gives \"%s\"", rows[i].name, line);
        }
    }
}

static void test_links(void **state)
{
    (void)state;

    const struct {
        const char *url;
        bool expected;
    } rows[] = {
        {"https://tocsin.example.com/a/x_Y-1", true},
        {"http://127.0.0.1:8420/a?b=c&d=e#f", true},
        {"javascript:alert(1)", false},
        {"JAVASCRIPT:alert(1)", false},
        {"data:text/html,x", false},
        {"//example.com", false},
        {"ftp://example.com", false},
        {" https://example.com", false},
        {"https://example.com/\" onclick=\"x", false},
        {"https://example.com/a b", false},
        {"https://example.com/\r\nX: y", false},
        {"https://example.com/<b>", false},
        {"", false},
        {NULL, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (text_is_link(rows[i].url) != rows[i].expected) {
            fail_msg("%s: judged wrongly", rows[i].url);
        }
    }
}

static void test_encoded_words(void **state)
{
    (void)state;
    g_autofree char *plain = text_encoded_words("Disk full", " ");
    assert_string_equal(plain, "Disk full");
    g_autofree char *word = text_encoded_words("déjà", " ");
    assert_string_equal(word, "=?UTF-8?B?ZMOpasOg?=");
    g_autofree char *fake = text_encoded_words("=?UTF-8?B?eA==?=", " ");
    assert_null(strstr(fake, "eA=="));
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 100; i++) {
        g_string_append(text, "經é");
    }
    g_autofree char *all = text_encoded_words(text->str, "\r\n ");
    g_auto(GStrv) words = g_strsplit(all, "\r\n ", -1);
    GString *back = g_string_new(NULL);
    for (size_t i = 0; words[i] != NULL; i++) {
        gsize size = 0;
        assert_true(strlen(words[i]) <= 75);
        assert_true(g_str_has_prefix(words[i], "=?UTF-8?B?"));
        assert_true(g_str_has_suffix(words[i], "?="));
        g_autofree char *base64 = g_strndup(words[i] + 10, strlen(words[i]) - 12);
        g_autofree guchar *bytes = g_base64_decode(base64, &size);
        assert_true(g_utf8_validate((const char *)bytes, (gssize)size, NULL));
        g_string_append_len(back, (const char *)bytes, (gssize)size);
    }
    assert_string_equal(back->str, text->str);
    g_string_free(back, TRUE);
    g_string_free(text, TRUE);
}

static void test_quoted_printable(void **state)
{
    (void)state;

    const struct {
        const char *name;
        const char *text;
        const char *expected;
    } rows[] = {
        {"plain", "Hello", "Hello"},
        {"line ends", "a\nb\r\nc", "a\r\nb\r\nc"},
        {"a lone carriage return", "a\rb", "a=0Db"},
        {"equals sign", "a=b", "a=3Db"},
        {"not ASCII", "é", "=C3=A9"},
        {"blank at the end of a line", "a \nb\t", "a=20\r\nb=09"},
        {"a dot alone", "a\n.\nb", "a\r\n=2E\r\nb"},
        {"From at the start", "From x", "=46rom x"},
        {"nothing", "", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *quoted = text_quoted_printable(rows[i].text);
        if (strcmp(quoted, rows[i].expected) != 0) {
            fail_msg("%s: gives \"%s\"", rows[i].name, quoted);
        }
    }
    g_autofree char *wide = g_strnfill(1000, 'x');
    g_autofree char *quoted = text_quoted_printable(wide);
    g_auto(GStrv) lines = g_strsplit(quoted, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        assert_true(strlen(lines[i]) <= 76);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_encoded_words),
        cmocka_unit_test(test_quoted_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
