#include "http/encoding.h"

#include <glib.h>
#include <string.h>

enum { ALL = 1000 }; /* thousandths */

static const struct {
    const char *name;
    enum encoding encoding;
} NAMES[] = {{"br", ENCODING_BROTLI}, {"gzip", ENCODING_GZIP}, {"identity", ENCODING_IDENTITY}};

enum { NAME_COUNT = G_N_ELEMENTS(NAMES), ANY = NAME_COUNT };

const char *encoding_name(enum encoding encoding)
{
    return encoding == ENCODING_BROTLI ? "br" : encoding == ENCODING_GZIP ? "gzip" : NULL;
}

/* ";q=0.8" in thousandths; all of it when absent, nothing when it is no number. */
static int quality_of(const char *parameters, size_t size)
{
    g_autofree char *text = g_ascii_strdown(parameters, (gssize)size);
    const char *q = strstr(text, "q=");
    if (q == NULL) {
        return ALL;
    }
    double value = g_ascii_isdigit(q[2]) ? g_ascii_strtod(q + 2, NULL) : 0;
    return value >= 0 && value <= 1 ? (int)(value * ALL) : 0;
}

/* Which of NAMES, or ANY; -1: none of ours. */
static int index_of(const char *name, size_t size)
{
    if (size == 1 && name[0] == '*') {
        return ANY;
    }
    for (int i = 0; i < NAME_COUNT; i++) {
        if (strlen(NAMES[i].name) == size && g_ascii_strncasecmp(NAMES[i].name, name, size) == 0) {
            return i;
        }
    }
    return -1;
}

static void read_qualities(const char *accept, int qualities[NAME_COUNT + 1])
{
    const char *at = accept;
    while (*at != '\0') {
        at += strspn(at, " ,\t");
        size_t size = strcspn(at, ",");
        size_t name_size = strcspn(at, ",; \t");
        int index = index_of(at, name_size);
        if (index >= 0) {
            qualities[index] = quality_of(at + name_size, size - name_size);
        }
        at += size;
    }
}

enum encoding encoding_wanted(const char *accept)
{
    int qualities[NAME_COUNT + 1] = {-1, -1, -1, -1};
    enum encoding best = ENCODING_IDENTITY;
    int best_quality = 0;
    read_qualities(accept == NULL ? "" : accept, qualities);
    for (int i = 0; i < NAME_COUNT; i++) {
        /* "*" stands for those that are not named; what is sent as it is needs no leave. */
        int quality = qualities[i] >= 0                        ? qualities[i]
                      : qualities[ANY] >= 0                    ? qualities[ANY]
                      : NAMES[i].encoding == ENCODING_IDENTITY ? 1
                                                               : 0;
        if (quality > best_quality) {
            best = NAMES[i].encoding;
            best_quality = quality;
        }
    }
    return best;
}

/* Tags are compared weakly (RFC 9110, 13.1.2): W/ before one says nothing here. */
bool etag_is_listed(const char *header, const char *etag)
{
    const char *at = header == NULL ? "" : header;
    size_t length = strlen(etag);
    while (*at != '\0') {
        at += strspn(at, " ,\t");
        at += g_str_has_prefix(at, "W/") ? 2 : 0;
        if (*at == '*' || (strncmp(at, etag, length) == 0 && strcspn(at + length, " ,\t") == 0)) {
            return true;
        }
        at += strcspn(at, ",");
    }
    return false;
}
