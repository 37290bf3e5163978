/* fuzz/fuzz_unpack.c - a body that says it is gzip: whatever comes, in whatever pieces, gives the same text. */
#include <glib.h>
#include <string.h>

#include "http/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { ENOUGH = 1048576 };

static bool take(void *self, const char *bytes, size_t size)
{
    GString *text = self;
    g_string_append_len(text, bytes, (gssize)size);
    return text->len < ENOUGH;
}

/* False: refused. */
static bool unpack_all(const uint8_t *bytes, size_t size, size_t step, GString *text,
                       bool *out_is_whole)
{
    struct unpack *unpack = unpack_create();
    bool is_good = true;
    for (size_t at = 0; at < size && is_good && text->len < ENOUGH; at += step) {
        is_good = unpack_feed(unpack, (const char *)bytes + at, MIN(step, size - at), take, text);
    }
    *out_is_whole = unpack_is_whole(unpack);
    unpack_destroy(&unpack);
    return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    g_autoptr(GString) at_once = g_string_new(NULL);
    g_autoptr(GString) in_pieces = g_string_new(NULL);
    bool is_whole = false, is_whole_in_pieces = false;
    bool is_good = unpack_all(bytes, size, MAX(size, 1), at_once, &is_whole);
    bool is_good_in_pieces = unpack_all(bytes, size, 1 + size / 50, in_pieces, &is_whole_in_pieces);
    if (at_once->len < ENOUGH && in_pieces->len < ENOUGH) {
        CHECK(is_good == is_good_in_pieces);
        CHECK(!is_good || is_whole == is_whole_in_pieces);
        CHECK(!is_good || g_string_equal(at_once, in_pieces));
    }
    return 0;
}
