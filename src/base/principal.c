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

/* Of which there is one. */
static const struct {
    enum principal_kind kind;
    const char *text;
} ONLY[] = {{PRINCIPAL_SYSTEM, "tocsin"}, {PRINCIPAL_LOCAL, "local"}, {PRINCIPAL_FILE, "file"}};

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
    for (size_t i = 0; i < G_N_ELEMENTS(ONLY); i++) {
        if (strcmp(text, ONLY[i].text) == 0) {
            return (struct principal){ONLY[i].kind, ""};
        }
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
    size_t i = 0;
    while (i < G_N_ELEMENTS(ONLY) && ONLY[i].kind != kind) {
        i++;
    }
    CHECK(i < G_N_ELEMENTS(ONLY)); /* whoever acts is somebody */
    return g_strdup(ONLY[i].text);
}

char *principal_text_of(struct principal principal)
{
    return principal_text(principal.kind, principal.name);
}

bool principal_equal(struct principal a, struct principal b)
{
    return a.kind == b.kind && g_strcmp0(a.name, b.name) == 0;
}

struct principal principal_copy(struct principal principal)
{
    struct principal *by = NULL;
    if (principal.by != NULL) {
        by = g_new0(struct principal, 1);
        *by = (struct principal){principal.by->kind, g_strdup(principal.by->name)};
    }
    return (struct principal){principal.kind, g_strdup(principal.name), by};
}

void principal_clear(struct principal *principal)
{
    if (principal->by != NULL) {
        g_free((char *)(uintptr_t)principal->by->name);
        g_free((struct principal *)(uintptr_t)principal->by);
    }
    g_free((char *)(uintptr_t)principal->name);
    *principal = (struct principal){0};
}

bool principal_is_somebody(struct principal principal)
{
    return principal.kind == PRINCIPAL_USER || principal.kind == PRINCIPAL_CHANNEL ||
           principal.kind == PRINCIPAL_TOKEN;
}
