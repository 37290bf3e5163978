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
