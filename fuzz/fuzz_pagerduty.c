/* Bytes as the body of /v2/enqueue and of /v2/change/enqueue. */
#include <stdint.h>

#include "base/json.h"
#include "base/limits.h"
#include "judge_signal.h"
#include "source/pagerduty.h"

static const struct utc NOW = {1795000000000000};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void try_event(const json_t *body)
{
    struct batch batch;
    batch_init(&batch);
    json_auto_t *errors = json_array();
    bool is_good = pagerduty_read(body, NOW, &batch, errors);
    CHECK(is_good == (json_array_size(errors) == 0));
    if (is_good) {
        judge_signal(g_ptr_array_index(batch.signals, 0));
        CHECK(pagerduty_routing_key(body) != NULL);
    }
    batch_clear(&batch);
}

static void try_v1(const json_t *body)
{
    struct batch batch;
    batch_init(&batch);
    json_auto_t *errors = json_array();
    bool is_good = pagerduty_read_v1(body, &batch, errors);
    CHECK(is_good == (json_array_size(errors) == 0));
    if (is_good) {
        judge_signal(g_ptr_array_index(batch.signals, 0));
        CHECK(pagerduty_service_key(body) != NULL);
    }
    batch_clear(&batch);
}

static void try_change(const json_t *body)
{
    json_auto_t *errors = json_array();
    struct fault mend = {0};
    json_auto_t *change = pagerduty_read_change(body, errors, &mend);
    CHECK((change != NULL) == (json_array_size(errors) == 0));
    CHECK(change == NULL || json_text(change, "summary", "")[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    g_autofree char *exact = g_memdup2(bytes, size);
    g_autofree char *key = pagerduty_key_in(exact, size);
    CHECK(key == NULL || key[0] != '\0');
    struct fault fault = {0};
    struct json_mends mends;
    json_auto_t *body =
        json_read_mended((const char *)bytes, size, LIMIT_JSON_NODES, &mends, &fault);
    if (body != NULL) {
        try_event(body);
        try_v1(body);
        try_change(body);
    }
    return 0;
}
