/* Any text as allow-list and as URL: no crash, and a refused one says why. The first byte chooses. */
#include "http/guard.h"

#include <string.h>

#include <glib.h>
#include <netinet/in.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void judge_address(const struct guard *guard, const uint8_t *bytes, size_t size)
{
    char reason[GUARD_REASON_SIZE];
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    memcpy(&v6.sin6_addr, bytes, MIN(size, 16));
    memcpy(&v4.sin_addr, bytes, MIN(size, 4));
    bool is_allowed = guard_allows(guard, (const struct sockaddr *)&v6, reason);
    CHECK(is_allowed == (reason[0] == '\0'));
    /* Whatever is carried in mapped form is judged as the address itself is. */
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
    memset(mapped.sin6_addr.s6_addr + 10, 0xff, 2);
    memcpy(mapped.sin6_addr.s6_addr + 12, &v4.sin_addr, 4);
    is_allowed = guard_allows(guard, (const struct sockaddr *)&v4, reason);
    CHECK(is_allowed == guard_allows(guard, (const struct sockaddr *)&mapped, reason));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct guard NOTHING = {0};
    struct guard guard;
    struct fault fault = {0};
    if (size == 0) {
        return 0;
    }
    g_autofree char *text = g_strndup((const char *)bytes + 1, size - 1);
    switch (bytes[0] % 3) {
    case 0:
        judge_address(&NOTHING, bytes + 1, size - 1);
        break;
    case 1:
        if (guard_read(text, &guard, &fault)) {
            judge_address(&guard, bytes + 1, size - 1);
        } else {
            CHECK(fault.text[0] != '\0');
        }
        break;
    default:
        if (!guard_url(&NOTHING, text, &fault)) {
            CHECK(fault.text[0] != '\0');
        }
    }
    return 0;
}
