/* Bytes as the body of Alertmanager's webhook. */
#include <stdint.h>

#include "base/json.h"
#include "base/limits.h"
#include "judge_signal.h"
#include "source/alertmanager.h"

static const struct utc NOW = {1795000000000000};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault fault = {0};
    struct json_mends mends;
    json_auto_t *body =
        json_read_mended((const char *)bytes, size, LIMIT_JSON_NODES, &mends, &fault);
    if (body == NULL) {
        CHECK(fault.text[0] != '\0');
        return 0;
    }
    struct batch batch;
    batch_init(&batch);
    batch.is_cut = mends.is_cut || mends.ends_early;
    bool is_good = alertmanager_read(body, NOW, &batch, &fault);
    CHECK(is_good || fault.text[0] != '\0');
    for (guint i = 0; is_good && i < batch.signals->len; i++) {
        judge_signal(g_ptr_array_index(batch.signals, i));
    }
    batch_clear(&batch);
    return 0;
}
