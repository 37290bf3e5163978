#include "access/permit.h"

struct caller *caller_create(struct principal principal, int scope)
{
    struct caller *caller = g_new0(struct caller, 1);
    caller->principal = principal_copy(principal);
    caller->scope = scope;
    return caller;
}

struct caller *caller_create_person(const char *name, const struct sign_in *sign_in)
{
    struct caller *caller = caller_create((struct principal){.kind = PRINCIPAL_USER, .name = name},
                                          role_scope((enum role)sign_in->role));
    caller->sign_in = g_memdup2(sign_in, sizeof *sign_in);
    return caller;
}

void caller_destroy(struct caller *caller)
{
    if (caller != NULL) {
        principal_clear(&caller->principal);
        g_free(caller->sign_in);
        g_free(caller);
    }
}

static bool reaches(const struct caller *caller, const struct subject *object)
{
    return caller->only.kind == NULL || (object != NULL && subject_equal(caller->only, *object));
}

bool caller_may(const struct caller *caller, const struct permit *permit,
                const struct subject *object)
{
    /* A permit without a scope would be everybody's. */
    CHECK(permit->least >= SCOPE_READ && permit->least <= SCOPE_ADMIN);
    bool is_named =
        caller->sign_in != NULL && (permit->roles & ROLE_BIT(caller->sign_in->role)) != 0;
    return (is_named || caller->scope >= (int)permit->least) && reaches(caller, object);
}

bool caller_is_fresh(const struct caller *caller, const struct permit *permit, struct utc now)
{
    return !permit->is_delicate || caller->sign_in == NULL ||
           utc_before(now, caller->sign_in->checked_until);
}
