/* fuzz/fuzz_json.c - what is taken as JSON must be written as something that reads back the same. */
#include <glib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault fault = {0};
    json_auto_t *value = json_read((const char *)bytes, size, &fault);
    if (value == NULL) {
        CHECK(fault.text[0] != '\0');
        return 0;
    }
    char *text = json_write(value);
    json_auto_t *again = json_read(text, strlen(text), &fault);
    CHECK(again != NULL && json_equal(value, again));
    g_free(text);
    return 0;
}
