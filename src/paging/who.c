#include "paging/who.h"

#include "channel/catalogue.h"

static char *in_words(int language, const char *key, const char *name)
{
    const struct catalogue_arg args[] = {{"name", name, 0}, {NULL, NULL, 0}};
    return catalogue_format(language, key, args);
}

char *who_name(const struct config *config, int language, struct principal who)
{
    switch (who.kind) {
    case PRINCIPAL_CHANNEL:
        return in_words(language, "who.channel", who.name);
    case PRINCIPAL_TOKEN:
        return in_words(language, "who.token", who.name);
    case PRINCIPAL_INTEGRATION:
        return in_words(language, "who.integration", who.name);
    case PRINCIPAL_LOCAL:
        return g_strdup(catalogue_text(language, "actor.local"));
    case PRINCIPAL_SYSTEM:
    case PRINCIPAL_HEARTBEAT:
    case PRINCIPAL_FILE:
        return principal_text_of(who);
    case PRINCIPAL_USER:
        break;
    }
    const struct user *user = user_find(config, who.name);
    return g_strdup(user != NULL && user->full_name != NULL ? user->full_name : who.name);
}

char *who_receives(const struct config *config, int language, const char *who)
{
    return who_name(config, language, principal_of_receiver(who));
}

char *who_acts(const struct config *config, int language, const char *actor)
{
    return who_name(config, language, principal_read(actor));
}
