/* Accept-Language from any bytes: always one of our languages. */
#include <stddef.h>
#include <stdint.h>

#include "api/language.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    int language = language_wanted(text);
    CHECK(language >= LANGUAGE_EN && language <= LANGUAGE_FR);
    return 0;
}
