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
    g_autofree char *sole = NULL;
    bool is_sound = cookie_sole(header, "t", &sole);
    CHECK(sole == NULL || (is_sound && strlen(sole) <= COOKIE_WORD_MAX));
    CHECK(sole == NULL || g_strcmp0(sole, value) == 0); /* what one takes, the other takes */
    CHECK(!is_sound || sole != NULL || value == NULL);
    return 0;
}
