/* Bytes as a server's synchronous_standby_names: what is taken has a number that makes sense, and says the
 * same with room around it. */
#include <stdint.h>

#include <glib.h>

#include "db/standby_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    g_autofree char *text = g_strndup((const char *)bytes, size);
    int required = 0;
    if (!standby_names_parse(text, &required)) {
        return 0;
    }
    CHECK(required >= 0);
    g_autofree char *wider = g_strconcat("\t ", text, "\n", NULL);
    int again = 0;
    CHECK(standby_names_parse(wider, &again));
    CHECK(again == required);
    return 0;
}
