/* fuzz/fuzz_forwarded.c - whatever proxies and strangers write, the client is an address, and where nobody is
 * trusted it is the peer. */
#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#include "http/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct guard trusted, nobody;
    struct fault fault = {0};
    CHECK(guard_read("127.0.0.1, 10.0.0.0/8", &trusted, &fault) && guard_read("", &nobody, &fault));
    g_autofree char *text = g_strndup((const char *)bytes, size);
    for (int which = 0; which < 2; which++) {
        const char *forwarded = which == 0 ? text : NULL;
        unsigned char address[16];
        char client[INET6_ADDRSTRLEN];
        forwarded_client(&trusted, "127.0.0.1", forwarded, text, client);
        CHECK(inet_pton(AF_INET, client, address) == 1 ||
              inet_pton(AF_INET6, client, address) == 1);
        forwarded_client(&nobody, "127.0.0.1", forwarded, text, client);
        CHECK(strcmp(client, "127.0.0.1") == 0);
    }
    return 0;
}
