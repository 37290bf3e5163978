/* access/permit.h - what may be done, by name, and who may do it. Pure.
 *
 * A permit is a row that lives with its noun. A route names the one that it asks for; a scope is the set of all permits
 * that ask for no more than it. A role has those of its scope, and those whose rows name it besides. */
#ifndef ACCESS_PERMIT_H
#define ACCESS_PERMIT_H

#include "access/role.h"
#include "access/token.h"
#include "base/principal.h"
#include "base/subject.h"

struct permit {
    const char *name;       /* "alert.respond" */
    enum token_scope least; /* the narrowest scope that holds it */
    const char
        *object;      /* of what kind the first {name} of a route's path is; NULL: it names none */
    const char *doc;  /* what one may do with it, for people */
    unsigned roles;   /* of ROLE_BIT: who has it, though the scope of the role is narrower */
    bool is_delicate; /* of keys and roles: who signed in has proved who they are a while ago */
};

/* Somebody who was let in, and how far. */
struct caller {
    struct principal principal; /* its name is the caller's own */
    int scope;                  /* enum token_scope; 0: nothing */
    struct subject only;        /* all that it reaches, borrowed; no kind: whatever there is */
    struct sign_in *sign_in;    /* of a person who signed in; NULL: a token, or the socket. Owned */
};

/* By which session somebody calls, and what follows from it. */
struct sign_in {
    int64_t session; /* its number */
    int role;        /* enum role */
    char csrf[48];   /* what pages of ours send with a change */
    struct utc made_at, seen_at, ends_at;
    struct utc checked_until; /* till then they may do what is delicate */
};

/* Free with caller_destroy. */
NODISCARD struct caller *caller_create(struct principal principal, int scope);
/* The same of a person who signed in. */
NODISCARD struct caller *caller_create_person(const char *name, const struct sign_in *sign_in);
void caller_destroy(struct caller *caller);

/* May it do that, to this object? NULL: to nothing in particular, which one who is bound to an object may not. */
NODISCARD bool caller_may(const struct caller *caller, const struct permit *permit,
                          const struct subject *object);

/* May it do so now, or has it to prove first, once more, who it is? */
NODISCARD bool caller_is_fresh(const struct caller *caller, const struct permit *permit,
                               struct utc now);

#endif
