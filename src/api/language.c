#include "api/language.h"

#include <string.h>

struct tag {
    const char *tag;
    int language;
};

/* More special ones first. Readers of any Chinese are served better by ours than by English. */
static const struct tag TAGS[] = {{"zh", LANGUAGE_ZH_TW}, {"en", LANGUAGE_EN}, {"ko", LANGUAGE_KO},
                                  {"id", LANGUAGE_ID},    {"in", LANGUAGE_ID}, {"fr", LANGUAGE_FR}};

static int language_of(const char *tag, size_t size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++) {
        size_t length = strlen(TAGS[i].tag);
        bool fits = size >= length && g_ascii_strncasecmp(tag, TAGS[i].tag, length) == 0;
        if (fits && (size == length || tag[length] == '-')) {
            return TAGS[i].language;
        }
    }
    return 0;
}

/* ";q=0.8" in thousandths; 1000 when absent, 0 (not wanted) when it is no number. */
static int quality_of(const char *rest, size_t size)
{
    g_autofree char *text = g_strndup(rest, size);
    const char *q = strstr(text, "q=");
    if (q == NULL) {
        return 1000;
    }
    double value = g_ascii_strtod(q + 2, NULL);
    return value >= 0 && value <= 1 ? (int)(value * 1000) : 1000;
}

int language_wanted(const char *accept)
{
    int best = LANGUAGE_EN;
    int best_quality = 0;
    const char *at = accept == NULL ? "" : accept;
    while (*at != '\0') {
        at += strspn(at, " ,\t");
        size_t size = strcspn(at, ",");
        size_t tag_size = strcspn(at, ",; \t");
        int language = language_of(at, tag_size);
        int quality = quality_of(at + tag_size, size - tag_size);
        if (language != 0 && quality > best_quality) {
            best = language;
            best_quality = quality;
        }
        at += size;
    }
    return best;
}
