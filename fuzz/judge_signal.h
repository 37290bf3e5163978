/* fuzz/judge_signal.h - what every signal must be like, whatever bytes it was made of. */
#ifndef FUZZ_JUDGE_SIGNAL_H
#define FUZZ_JUDGE_SIGNAL_H

#include <glib.h>
#include <string.h>

#include "alert/signal.h"
#include "base/check.h"
#include "base/limits.h"

static inline void judge_text(const char *text, glong max)
{
    CHECK(text == NULL || (g_utf8_validate(text, -1, NULL) && g_utf8_strlen(text, -1) <= max));
}

static inline void judge_signal(const struct signal *signal)
{
    CHECK(signal->action >= SIGNAL_TRIGGER && signal->action <= SIGNAL_RESOLVE);
    if (signal->action == SIGNAL_TRIGGER) {
        CHECK(signal->summary != NULL && signal->summary[0] != '\0');
        CHECK(signal->severity >= 0 && signal->severity <= SEVERITY_INFO);
    } else {
        CHECK(signal->dedup_key != NULL && signal->dedup_key[0] != '\0');
    }
    judge_text(signal->summary, LIMIT_SUMMARY);
    judge_text(signal->source, LIMIT_TEXT);
    judge_text(signal->component, LIMIT_TEXT);
    judge_text(signal->group, LIMIT_TEXT);
    judge_text(signal->class_name, LIMIT_TEXT);
    CHECK(signal->details == NULL || json_is_object(signal->details));
    /* The name of the receiver stands beside what is bounded. */
    CHECK(json_dumpb(signal->details, NULL, 0, JSON_COMPACT) <= LIMIT_DETAILS + 8 * LIMIT_TEXT);
    CHECK(signal->links == NULL ||
          json_is_array(signal->links)); /* empty: it says that there are none */
    for (size_t i = 0; i < json_array_size(signal->links); i++) {
        const char *href =
            json_string_value(json_object_get(json_array_get(signal->links, i), "href"));
        CHECK(href != NULL && g_ascii_strncasecmp(href, "http", 4) == 0);
    }
}

#endif
