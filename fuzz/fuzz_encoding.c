/* Accept-Encoding and If-None-Match of any bytes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "base/check.h"
#include "http/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *header = g_strndup((const char *)data, size);
    enum encoding encoding = encoding_wanted(header);
    CHECK(encoding >= ENCODING_IDENTITY && encoding <= ENCODING_BROTLI);
    CHECK(encoding_name(encoding) == NULL || strpbrk(header, "*brgBRG") != NULL);
    CHECK(!etag_is_listed(header, "\"a-br\"") || strpbrk(header, "*\"") != NULL);
    return 0;
}
