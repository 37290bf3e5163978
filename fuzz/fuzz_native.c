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
    struct signal strict = {0};
    struct fault mend = {0};
    g_autofree char *integration = NULL;
    g_autofree char *service = NULL;
    bool is_good = native_take(body, &signal, &fault, &mend);
    if (is_good) {
        judge_signal(&signal);
    } else {
        CHECK(fault.text[0] != '\0' && signal.summary == NULL);
    }
    /* What a person may send, a program may: and nothing of it is mended but what names its target. */
    if (native_read(body, &strict, &integration, &service, &fault)) {
        judge_signal(&strict);
        CHECK(is_good && (integration == NULL || service == NULL));
        signal_clear(&strict);
    } else {
        CHECK(strict.summary == NULL);
    }
    signal_clear(&signal);
    return 0;
}
