#include "base/principal.h"

#include <string.h>

#include <glib.h>

static const struct {
    enum principal_kind kind;
    const char *noun;
} NOUNS[] = {
    {PRINCIPAL_USER, "user:"},           {PRINCIPAL_CHANNEL, "channel:"},
    {PRINCIPAL_TOKEN, "token:"},         {PRINCIPAL_INTEGRATION, "integration:"},
    {PRINCIPAL_HEARTBEAT, "heartbeat:"},
};

static struct principal read_named(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NOUNS); i++) {
        if (g_str_has_prefix(text, NOUNS[i].noun)) {
            return (struct principal){NOUNS[i].kind, text + strlen(NOUNS[i].noun)};
        }
    }
    return (struct principal){PRINCIPAL_USER, text};
}

struct principal principal_read(const char *text)
{
    if (strcmp(text, PRINCIPAL_SYSTEM_TEXT) == 0) {
        return PRINCIPAL_TOCSIN;
    }
    if (strcmp(text, PRINCIPAL_LOCAL_TEXT) == 0) {
        return (struct principal){PRINCIPAL_LOCAL, ""};
    }
    if (strcmp(text, PRINCIPAL_FILE_TEXT) == 0) {
        return (struct principal){PRINCIPAL_FILE, ""};
    }
    return read_named(text);
}

struct principal principal_of_receiver(const char *who)
{
    return read_named(who);
}

char *principal_text(enum principal_kind kind, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NOUNS); i++) {
        if (NOUNS[i].kind == kind) {
            return g_strconcat(NOUNS[i].noun, name, NULL);
        }
    }
    if (kind == PRINCIPAL_FILE) {
        return g_strdup(PRINCIPAL_FILE_TEXT);
    }
    return g_strdup(kind == PRINCIPAL_LOCAL ? PRINCIPAL_LOCAL_TEXT : PRINCIPAL_SYSTEM_TEXT);
}

struct principal principal_copy(struct principal principal)
{
    return (struct principal){.kind = principal.kind, .name = g_strdup(principal.name)};
}

void principal_clear(struct principal *principal)
{
    g_free((char *)(uintptr_t)principal->name);
    *principal = (struct principal){0};
}

bool principal_is_somebody(struct principal principal)
{
    return principal.kind == PRINCIPAL_USER || principal.kind == PRINCIPAL_CHANNEL ||
           principal.kind == PRINCIPAL_TOKEN;
}
