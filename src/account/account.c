#include "account/account.h"

#include <string.h>

const struct enum_name ACCOUNT_LINK_NAMES[] = {
    {"invite", LINK_INVITE}, {"reset", LINK_RESET}, {"owner", LINK_OWNER}, {NULL, 0}};

struct span account_link_lasts(enum account_link kind)
{
    return kind == LINK_INVITE ? SPAN_D(7) : SPAN_D(1);
}

char *account_link_address(const char *public_url, const char *text)
{
    return g_strconcat(public_url, "/accept#", text, NULL);
}

bool session_is_live(struct utc seen_at, struct utc ends_at, struct utc now)
{
    return utc_before(now, ends_at) && utc_before(now, utc_add(seen_at, SESSION_IDLE));
}

static bool is_same_word(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return false;
    }
    g_autofree char *one = g_utf8_casefold(a, -1);
    g_autofree char *other = g_utf8_casefold(b, -1);
    return strcmp(one, other) == 0;
}

bool account_check_password(const char *password, const char *name, const char *full_name,
                            struct fault *fault)
{
    size_t size = strlen(password);
    if (size > PASSWORD_BYTES_MAX || !g_utf8_validate(password, (gssize)size, NULL)) {
        return fault_set(fault, "password", "take one of %d bytes at most", PASSWORD_BYTES_MAX);
    }
    if (g_utf8_strlen(password, -1) < PASSWORD_CHARACTERS_MIN) {
        return fault_set(fault, "password",
                         "is too short: take %d characters or more; a few words will do",
                         PASSWORD_CHARACTERS_MIN);
    }
    if (is_same_word(password, name) || is_same_word(password, full_name)) {
        return fault_set(fault, "password", "is the name: take something that others do not know");
    }
    return true;
}

static bool takes_alerts(int role)
{
    return role == ROLE_OWNER || role == ROLE_ADMIN || role == ROLE_RESPONDER;
}

struct left {
    int owners, responders;
};

static void count(struct left *left, const struct account_standing *at, int role)
{
    left->owners += at->can_sign_in && role == ROLE_OWNER;
    left->responders += at->is_reached && takes_alerts(role);
}

bool account_check_left(const struct account_standing *all, size_t size, const char *name, int role,
                        struct fault *fault)
{
    struct left before = {0}, after = {0};
    for (size_t i = 0; i < size; i++) {
        bool is_meant = strcmp(all[i].name, name) == 0;
        count(&before, &all[i], all[i].role);
        count(&after, &all[i], is_meant ? role : all[i].role);
    }
    if (before.owners > 0 && after.owners == 0) {
        return fault_set(fault, "name",
                         "%s is the last owner who can sign in: make somebody else one first",
                         name);
    }
    if (before.responders > 0 && after.responders == 0) {
        return fault_set(
            fault, "name",
            "%s is the last who takes alerts and can be reached: make somebody else one first",
            name);
    }
    return true;
}

bool account_check_rank(int by, int before, int after, struct fault *fault)
{
    if (by == ROLE_OWNER || (by == ROLE_ADMIN && before != ROLE_OWNER && after != ROLE_OWNER)) {
        return true;
    }
    return fault_set(fault, "role", "only an owner makes and changes owners");
}
