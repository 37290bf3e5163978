/* fuzz/fuzz_details.c - details of any shape, made long, are made to fit: the same each time, and the small stays. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "source/source.h"

enum { GROWN_MOST = 100000 }; /* bytes of a text */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static json_t *grown_text(const char *text, size_t times)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = 0; i < times && out->len < GROWN_MOST; i++) {
        g_string_append(out, text);
    }
    return json_string(out->str);
}

/* Each text so many times as long. NOLINTNEXTLINE(misc-no-recursion): as deep as the value. */
static json_t *grown(json_t *value, size_t times)
{
    const char *name = NULL;
    json_t *part = NULL;
    size_t i = 0;
    if (json_is_string(value)) {
        return grown_text(json_string_value(value), times);
    }
    if (!json_is_object(value) && !json_is_array(value)) {
        return json_incref(value);
    }
    json_t *out = json_is_object(value) ? json_object() : json_array();
    json_object_foreach (value, name, part) {
        (void)json_object_set_new(out, name, grown(part, times));
    }
    json_array_foreach (value, i, part) {
        (void)json_array_append_new(out, grown(part, times));
    }
    return out;
}

static json_t *details_of(json_t *value, size_t times, size_t copies)
{
    json_t *details = json_pack("{s:{s:s}, s:s}", "labels", "team", "search", "n", "5");
    json_auto_t *part = grown(value, times);
    for (size_t i = 0; i < copies; i++) {
        g_autofree char *name = g_strdup_printf("part-%zu", i);
        (void)json_object_set(details, name, part);
    }
    if (json_is_object(part) && times % 2 == 0) {
        (void)json_object_update_missing(json_object_get(details, "labels"), part);
    }
    return details;
}

static json_t *fitted(const json_t *details)
{
    struct fault mend = {0};
    bool is_short = details_are_short(details);
    json_t *fit = details_fit(json_copy((json_t *)(uintptr_t)details), "details", &mend);
    CHECK(fit != NULL && is_short == (mend.text[0] == '\0'));
    CHECK(is_short ? json_equal(fit, details)
                   : json_dumpb(fit, NULL, 0, JSON_COMPACT) <= LIMIT_DETAILS);
    CHECK(is_short == (json_dumpb(details, NULL, 0, JSON_COMPACT) <= LIMIT_DETAILS));
    return fit;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault fault = {0};
    if (size < 2) {
        return 0;
    }
    json_auto_t *value = json_read((const char *)bytes + 2, size - 2, &fault);
    if (value == NULL) {
        return 0;
    }
    size_t times = (size_t)1 << (bytes[0] % 17);
    json_auto_t *details = details_of(value, times, times == 1 ? bytes[1] * 8U : bytes[1] % 8U);
    json_auto_t *fit = fitted(details);
    json_auto_t *again = fitted(details);
    g_autofree char *first = json_write(fit);
    g_autofree char *second = json_write(again);
    CHECK(strcmp(first, second) == 0 && g_utf8_validate(first, -1, NULL));
    CHECK(strcmp(json_text(json_object_get(fit, "labels"), "team", ""), "search") == 0);
    return 0;
}
