#include "page/who.h"

#include <string.h>

#include "channel/catalogue.h"

/* What stands before the colon of a receiver or actor, and the text that says it in words. */
static const struct {
    const char *prefix;
    const char *key;
} KINDS[] = {
    {"channel:", "who.channel"}, {"token:", "who.token"}, {"integration:", "who.integration"}};

char *who_name(const struct config *config, int language, const char *who)
{
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        if (g_str_has_prefix(who, KINDS[i].prefix)) {
            const struct catalogue_arg args[] = {{"name", who + strlen(KINDS[i].prefix), 0},
                                                 {NULL, NULL, 0}};
            return catalogue_format(language, KINDS[i].key, args);
        }
    }
    if (strcmp(who, "local") == 0) {
        return g_strdup(catalogue_text(language, "actor.local"));
    }
    const char *name = g_str_has_prefix(who, "user:") ? who + strlen("user:") : who;
    const struct user *user = config_user(config, name);
    return g_strdup(user != NULL && user->full_name != NULL ? user->full_name : name);
}
