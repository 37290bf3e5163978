#include "access/permit.h"

struct caller *caller_create(struct principal principal, int scope)
{
    struct caller *caller = g_new0(struct caller, 1);
    caller->principal = principal_copy(principal);
    caller->scope = scope;
    return caller;
}

void caller_destroy(struct caller *caller)
{
    if (caller != NULL) {
        principal_clear(&caller->principal);
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
    return caller->scope >= (int)permit->least && reaches(caller, object);
}
