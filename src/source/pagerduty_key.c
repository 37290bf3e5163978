/* Whose is an event that cannot be read as JSON, or of which only parts are there? */
#include <string.h>

#include "base/limits.h"
#include "source/pagerduty.h"

static const char *past_blanks(const char *at, const char *end)
{
    while (at < end && g_ascii_isspace(*at)) {
        at++;
    }
    return at;
}

/* The text that begins at the quote `at`, if it is short and plain. NULL: it is not. */
static char *plain_text(const char *at, const char *end)
{
    const char *from = at + 1;
    for (at = from; at < end && (size_t)(at - from) <= LIMIT_NAME; at++) {
        if (*at == '"') {
            return at == from ? NULL : g_strndup(from, (gsize)(at - from));
        }
        if (*at == '\\' || (unsigned char)*at < ' ') {
            break;
        }
    }
    return NULL;
}

/* What stands behind the name of a key that begins at the quote `at`. NULL: there is none. */
static char *key_at(const char *at, const char *end)
{
    static const char *const NAMES[] = {"\"routing_key\"", "\"service_key\""};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        size_t size = strlen(NAMES[i]);
        if ((size_t)(end - at) < size || memcmp(at, NAMES[i], size) != 0) {
            continue;
        }
        const char *colon = past_blanks(at + size, end);
        const char *value = colon < end && *colon == ':' ? past_blanks(colon + 1, end) : end;
        return value < end && *value == '"' ? plain_text(value, end) : NULL;
    }
    return NULL;
}

static const char *past_text(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        at += *at == '\\' ? 1 : 0;
    }
    return at + 1;
}

/* Of the event itself, not of what it quotes. */
static char *outer_key(const char *bytes, const char *end)
{
    int depth = 0;
    for (const char *at = bytes; at < end;) {
        if (*at == '"') {
            char *key = depth == 1 ? key_at(at, end) : NULL;
            if (key != NULL) {
                return key;
            }
            at = past_text(at, end);
            continue;
        }
        depth += *at == '{' || *at == '[' ? 1 : *at == '}' || *at == ']' ? -1 : 0;
        at++;
    }
    return NULL;
}

char *pagerduty_key_in(const char *bytes, size_t size)
{
    if (size == 0) {
        return NULL; /* `bytes` may be NULL, to which nothing can be added */
    }
    const char *end = bytes + size;
    char *key = outer_key(bytes, end);
    for (const char *at = end; key == NULL && at > bytes;) {
        at--;
        key = *at == '"' ? key_at(at, end) : NULL;
    }
    return key;
}
