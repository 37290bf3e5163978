/* A Cookie header of any bytes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "http/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *header = g_strndup((const char *)data, size);
    g_autofree char *value = cookie_value(header, "t");
    CHECK(value == NULL || (strstr(header, "t=") != NULL && strchr(value, ';') == NULL));
    return 0;
}
