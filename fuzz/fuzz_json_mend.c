/* fuzz/fuzz_json_mend.c - mending changes nothing that is good, and makes all that it makes good. */
#include <glib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct fault fault = {0};
    struct json_mends mends;
    json_auto_t *strict = json_read(text, size, &fault);
    json_auto_t *mended = json_read_mended(text, size, LIMIT_JSON_NODES, &mends, &fault);
    if (strict != NULL) {
        size_t again_size = 0;
        g_autofree char *again = json_mend(text, size, true, &again_size, &mends);
        CHECK(json_equal(strict, mended) && mends.texts == 0 && mends.numbers == 0 &&
              mends.words == 0 && mends.marks == 0 && mends.parts == 0 && mends.broken == 0);
        CHECK(again_size == size && memcmp(again, text, size) == 0);
    }
    json_auto_t *few = json_read_mended(text, size, 16, &mends, &fault);
    CHECK(few == NULL || json_is_array(few) || json_is_object(few) || !mends.is_cut);
    if (mended == NULL) {
        CHECK(fault.text[0] != '\0');
        return 0;
    }
    g_autofree char *written = json_write(mended);
    json_auto_t *read = json_read(written, strlen(written), &fault);
    CHECK(read != NULL && json_equal(read, mended));
    return 0;
}
