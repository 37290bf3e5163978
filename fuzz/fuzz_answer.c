/* Any bytes as a provider's answer: a state is always found, its detail is one line of UTF-8. */
#include "channel/driver.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2) {
        return 0;
    }
    g_autofree char *body = g_strndup((const char *)bytes + 2, size - 2);
    struct provider_answer answer = {.status = bytes[0] * 4 + bytes[1] % 4, .body = body};
    for (int kind = CONTACT_EMAIL; kind < CONTACT_LOG; kind++) {
        struct send_result result = {0};
        driver_of(kind)->classify(&answer, &result);
        CHECK(result.state >= SEND_DELIVERED && result.state <= SEND_UNKNOWN);
        CHECK(result.detail[0] != '\0' || kind == CONTACT_EMAIL);
        CHECK(g_utf8_validate(result.detail, -1, NULL));
        CHECK(strpbrk(result.detail, "\r\n") == NULL);
    }
    return 0;
}
