/* Bytes as the body of POST /api/v1/alerts. */
#include <stdint.h>

#include "base/json.h"
#include "base/limits.h"
#include "judge_signal.h"
#include "source/native.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault fault = {0};
    struct json_mends mends;
    json_auto_t *body =
        json_read_mended((const char *)bytes, size, LIMIT_JSON_NODES, &mends, &fault);
    if (body == NULL) {
        return 0;
    }
    struct signal signal = {0};
    g_autofree char *integration = NULL;
    g_autofree char *service = NULL;
    if (native_read(body, NATIVE_PROGRAM, &signal, &integration, &service, &fault)) {
        judge_signal(&signal);
        CHECK(integration == NULL || service == NULL);
    } else {
        CHECK(fault.text[0] != '\0' && signal.summary == NULL);
    }
    signal_clear(&signal);
    return 0;
}
