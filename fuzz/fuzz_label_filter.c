/* Bytes as a filter on labels: what is read is a condition that can be judged and written; what is not
 * is refused with a reason. */
#include <stdint.h>

#include <glib.h>
#include <string.h>

#include "base/json.h"
#include "source/label_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (memchr(bytes, '\0', size) != NULL ||
        !g_utf8_validate((const char *)bytes, (gssize)size, NULL)) {
        return 0; /* addresses hold neither */
    }
    g_autofree char *text = g_strndup((const char *)bytes, size);
    struct fault fault = {0};
    struct match *match = label_filter_read(text, &fault);
    if (match == NULL) {
        CHECK(fault.text[0] != '\0');
        CHECK(strcmp(fault.field, "filter") == 0);
        return 0;
    }
    CHECK(g_str_has_prefix(match->field, "details.labels."));
    CHECK(g_utf8_validate(match->field, -1, NULL) && g_utf8_validate(match->value->text, -1, NULL));
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, match);
    json_auto_t *details = json_pack("{s:{s:s}}", "labels",
                                     match->field + strlen("details.labels."), match->value->text);
    const struct match_subject subject = {.details = details};
    bool holds = match_all(all, &subject);
    CHECK(match->op != MATCH_EQUALS || holds);
    CHECK(match->op != MATCH_NOT_EQUALS || !holds);
    label_filter_free(match);
    return 0;
}
