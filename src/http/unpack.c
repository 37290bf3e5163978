#include "http/unpack.h"

#include <gio/gio.h>

enum { PIECE = 16384 };

struct unpack {
    GConverter *converter;
    bool is_at_end; /* of a member; another one may follow (RFC 1952, 2.2) */
};

struct unpack *unpack_create(void)
{
    struct unpack *unpack = g_new0(struct unpack, 1);
    unpack->converter = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    return unpack;
}

void unpack_destroy(struct unpack **unpack)
{
    if (*unpack != NULL) {
        g_object_unref((*unpack)->converter);
        g_clear_pointer(unpack, g_free);
    }
}

bool unpack_feed(struct unpack *unpack, const char *bytes, size_t size,
                 bool (*take)(void *self, const char *bytes, size_t size), void *self)
{
    char piece[PIECE];
    size_t written = PIECE;
    /* A full piece may have left some behind. */
    while (size > 0 || (written == PIECE && !unpack->is_at_end)) {
        if (unpack->is_at_end) {
            g_converter_reset(unpack->converter);
            unpack->is_at_end = false;
        }
        size_t read = 0;
        g_autoptr(GError) error = NULL;
        written = 0;
        GConverterResult result =
            g_converter_convert(unpack->converter, bytes, size, piece, sizeof piece,
                                G_CONVERTER_NO_FLAGS, &read, &written, &error);
        if (result == G_CONVERTER_ERROR) {
            return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);
        }
        bytes += read;
        size -= read;
        unpack->is_at_end = result == G_CONVERTER_FINISHED;
        if (written > 0 && !take(self, piece, written)) {
            return true;
        }
    }
    return true;
}

bool unpack_is_whole(const struct unpack *unpack)
{
    return unpack->is_at_end;
}
