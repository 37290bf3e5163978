/* Bytes as a condition and the alert that it meets, a line each: the condition must be judged in
 * bounded time whatever its regular expression, and written as it was read. */
#include <stdint.h>

#include <glib.h>
#include <string.h>

#include "alert/match.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void try_match(const json_t *condition, const json_t *details)
{
    struct fault fault = {0};
    struct match *match = record_new(&MATCH_RECORD, condition, &fault);
    if (match == NULL) {
        CHECK(fault.text[0] != '\0');
        return;
    }
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, match);
    const struct match_subject subject = {
        .summary = json_text(details, "summary", NULL), .severity = 1, .details = details};
    bool holds = match_all(all, &subject);
    CHECK(holds == match_all(all, &subject));
    json_auto_t *written = record_write(&MATCH_RECORD, match);
    struct match *again = record_new(&MATCH_RECORD, written, &fault);
    CHECK(again != NULL);
    CHECK(match_field_is_known(again->field));
    record_free(&MATCH_RECORD, again);
    record_free(&MATCH_RECORD, match);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = memchr(bytes, '\n', size);
    if (end == NULL) {
        return 0;
    }
    size_t first = (size_t)(end - bytes);
    struct fault fault = {0};
    json_auto_t *condition = json_read((const char *)bytes, first, &fault);
    json_auto_t *details = json_read((const char *)end + 1, size - first - 1, &fault);
    if (condition != NULL && details != NULL) {
        try_match(condition, details);
    }
    return 0;
}
