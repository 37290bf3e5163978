#include "http/cookie.h"

#include <string.h>

#define BLANKS " \t"

static char *value_of(const char *value, size_t size)
{
    while (size > 0 && strchr(BLANKS, value[size - 1]) != NULL) {
        size--;
    }
    bool is_quoted = size >= 2 && value[0] == '"' && value[size - 1] == '"';
    return is_quoted ? g_strndup(value + 1, size - 2) : g_strndup(value, size);
}

char *cookie_value(const char *header, const char *name)
{
    size_t name_size = strlen(name);
    for (const char *at = header; *at != '\0'; at += strspn(at, ";")) {
        at += strspn(at, BLANKS);
        size_t size = strcspn(at, ";");
        if (size > name_size && strncmp(at, name, name_size) == 0 && at[name_size] == '=') {
            return value_of(at + name_size + 1, size - name_size - 1);
        }
        at += size;
    }
    return NULL;
}

static bool is_word(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && (g_ascii_isalnum(text[at]) || text[at] == '-' || text[at] == '_')) {
        at++;
    }
    return size > 0 && size <= COOKIE_WORD_MAX && at == size;
}

bool cookie_sole(const char *header, const char *name, char **out)
{
    size_t name_size = strlen(name);
    const char *found = NULL;
    size_t found_size = 0;
    *out = NULL;
    for (const char *at = header; *at != '\0'; at += strspn(at, ";")) {
        at += strspn(at, BLANKS);
        size_t size = strcspn(at, ";");
        if (size > name_size && strncmp(at, name, name_size) == 0 && at[name_size] == '=') {
            if (found != NULL) {
                return false;
            }
            found = at + name_size + 1;
            found_size = size - name_size - 1;
        }
        at += size;
    }
    if (found == NULL) {
        return true;
    }
    if (!is_word(found, found_size)) {
        return false;
    }
    *out = g_strndup(found, found_size);
    return true;
}
