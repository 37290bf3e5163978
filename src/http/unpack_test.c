#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gio/gio.h>
#include <string.h>

#include "http/unpack.h"

static GByteArray *pack(const char *bytes, size_t size)
{
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_autoptr(GOutputStream) out = g_converter_output_stream_new(memory, G_CONVERTER(gzip));
    assert_true(g_output_stream_write_all(out, bytes, size, NULL, NULL, NULL));
    assert_true(g_output_stream_close(out, NULL, NULL));
    GByteArray *packed = g_byte_array_new();
    g_byte_array_append(
        packed, g_memory_output_stream_get_data(G_MEMORY_OUTPUT_STREAM(memory)),
        (guint)g_memory_output_stream_get_data_size(G_MEMORY_OUTPUT_STREAM(memory)));
    return packed;
}

struct taker {
    GString *text;
    size_t max;
};

static bool take(void *self, const char *bytes, size_t size)
{
    struct taker *taker = self;
    g_string_append_len(taker->text, bytes, (gssize)size);
    return taker->text->len < taker->max;
}

/* In pieces of `step` bytes; false as soon as one is refused. */
static bool feed(struct unpack *unpack, const GByteArray *bytes, size_t step, struct taker *taker)
{
    for (size_t at = 0; at < bytes->len; at += step) {
        if (!unpack_feed(unpack, (const char *)bytes->data + at, MIN(step, bytes->len - at), take,
                         taker)) {
            return false;
        }
    }
    return true;
}

static void test_comes_in_any_pieces(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(100000, 'x');
    text[0] = 'b';
    text[99999] = 'e';
    g_autoptr(GByteArray) packed = pack(text, 100000);
    for (size_t step = 1; step <= packed->len; step = step * 2 + 1) {
        struct unpack *unpack = unpack_create();
        struct taker taker = {g_string_new(NULL), SIZE_MAX};
        assert_false(unpack_is_whole(unpack));
        assert_true(feed(unpack, packed, step, &taker));
        assert_true(unpack_is_whole(unpack));
        assert_string_equal(taker.text->str, text);
        g_string_free(taker.text, TRUE);
        unpack_destroy(&unpack);
    }
}

static void test_two_members_are_one_text(void **state)
{
    (void)state;
    g_autoptr(GByteArray) packed = pack("one ", 4);
    g_autoptr(GByteArray) more = pack("two", 3);
    g_byte_array_append(packed, more->data, more->len);
    struct unpack *unpack = unpack_create();
    struct taker taker = {g_string_new(NULL), SIZE_MAX};
    assert_true(feed(unpack, packed, packed->len, &taker));
    assert_true(unpack_is_whole(unpack));
    assert_string_equal(taker.text->str, "one two");
    g_string_free(taker.text, TRUE);
    unpack_destroy(&unpack);
}

static void test_what_is_no_gzip_is_refused(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"{\"summary\": \"plain\"}", "\x1f\x8b nearly",
                                        "PK\x03\x04"};
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        struct unpack *unpack = unpack_create();
        struct taker taker = {g_string_new(NULL), SIZE_MAX};
        bool is_good = unpack_feed(unpack, TEXTS[i], strlen(TEXTS[i]), take, &taker);
        assert_false(is_good && unpack_is_whole(unpack));
        g_string_free(taker.text, TRUE);
        unpack_destroy(&unpack);
    }
    g_autoptr(GByteArray) packed = pack("text and more text", 18);
    packed->data[packed->len - 6] ^= 1; /* its checksum */
    struct unpack *unpack = unpack_create();
    struct taker taker = {g_string_new(NULL), SIZE_MAX};
    assert_false(feed(unpack, packed, packed->len, &taker));
    g_string_free(taker.text, TRUE);
    unpack_destroy(&unpack);
}

static void test_end_is_missing(void **state)
{
    (void)state;
    g_autoptr(GByteArray) packed = pack("text and more text", 18);
    g_byte_array_set_size(packed, packed->len - 1);
    struct unpack *unpack = unpack_create();
    struct taker taker = {g_string_new(NULL), SIZE_MAX};
    assert_true(feed(unpack, packed, packed->len, &taker));
    assert_false(unpack_is_whole(unpack));
    g_string_free(taker.text, TRUE);
    unpack_destroy(&unpack);
}

/* 64 MiB of zeros in 64 kB: unpacking ends when the taker has enough. */
static void test_bomb_is_stopped(void **state)
{
    (void)state;

    enum { BOMB = 67108864, ENOUGH = 100000 };

    char *zeros = g_malloc0(BOMB);
    g_autoptr(GByteArray) packed = pack(zeros, BOMB);
    g_free(zeros);
    assert_true(packed->len < 100000);
    struct unpack *unpack = unpack_create();
    struct taker taker = {g_string_new(NULL), ENOUGH};
    assert_true(unpack_feed(unpack, (const char *)packed->data, packed->len, take, &taker));
    assert_in_range(taker.text->len, ENOUGH, ENOUGH + 20000);
    g_string_free(taker.text, TRUE);
    unpack_destroy(&unpack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_in_any_pieces), cmocka_unit_test(test_two_members_are_one_text),
        cmocka_unit_test(test_what_is_no_gzip_is_refused), cmocka_unit_test(test_end_is_missing),
        cmocka_unit_test(test_bomb_is_stopped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
