/* access/permit.h - what may be done, by name, and who may do it. Pure.
 *
 * A permit is a row that lives with its noun. A route names the one that it asks for; a scope is the set of all permits
 * that ask for no more than it. */
#ifndef ACCESS_PERMIT_H
#define ACCESS_PERMIT_H

#include "access/token.h"
#include "base/principal.h"
#include "base/subject.h"

struct permit {
    const char *name;       /* "alert.respond" */
    enum token_scope least; /* the narrowest scope that holds it */
    const char
        *object;     /* of what kind the first {name} of a route's path is; NULL: it names none */
    const char *doc; /* what one may do with it, for people */
};

/* Somebody who was let in, and how far. */
struct caller {
    struct principal principal; /* its name is the caller's own */
    int scope;                  /* enum token_scope; 0: nothing */
    struct subject only;        /* all that it reaches, borrowed; no kind: whatever there is */
};

/* Free with caller_destroy. */
NODISCARD struct caller *caller_create(struct principal principal, int scope);
void caller_destroy(struct caller *caller);

/* May it do that, to this object? NULL: to nothing in particular, which one who is bound to an object may not. */
NODISCARD bool caller_may(const struct caller *caller, const struct permit *permit,
                          const struct subject *object);

#endif
