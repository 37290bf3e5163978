#include "account/audit.h"

#include <string.h>

#include "account/account.h"

bool audit_means(const char *word, const char *kind)
{
    size_t size = strlen(word);
    return strncmp(kind, word, size) == 0 && (kind[size] == '\0' || kind[size] == '.');
}

static bool is_by_somebody(const struct event *event)
{
    struct principal actor = principal_read(event->actor);
    return principal_is_somebody(actor) || actor.kind == PRINCIPAL_LOCAL ||
           actor.kind == PRINCIPAL_FILE;
}

static bool is_by(const char *actor, const struct event *event)
{
    struct principal meant = principal_read(actor);
    return principal_equal(meant, principal_read(event->actor));
}

bool audit_shows(const struct audit_filter *filter, const struct event *event)
{
    /* Who tried a password in vain is nobody, and yet it belongs here. */
    bool is_shown = is_by_somebody(event) || audit_means(ACCOUNT_SUBJECT, event->kind);
    return is_shown && (filter->actor == NULL || is_by(filter->actor, event)) &&
           (filter->kind == NULL || audit_means(filter->kind, event->kind));
}
