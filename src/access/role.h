/* access/role.h - what people may do who sign in: each has one role. Pure.
 *
 * A role holds the permits of a scope, as a token does, and those whose row names it besides (access/permit.h). */
#ifndef ACCESS_ROLE_H
#define ACCESS_ROLE_H

#include "base/record.h"

enum role {
    ROLE_OWNER = 1,   /* everything; only owners make and end owners */
    ROLE_ADMIN,       /* everything but that */
    ROLE_RESPONDER,   /* takes alerts and stands on call, for the teams of theirs */
    ROLE_FRONTLINE,   /* reads, and pages people */
    ROLE_STAKEHOLDER, /* reads */
    ROLE_PARTNER,     /* of another company: what names them, and nothing else */
};
extern const struct enum_name ROLE_NAMES[];

/* Of struct permit's `roles`. */
#define ROLE_BIT(role) (1U << (unsigned)(role))
#define ROLE_EVERY                                                            \
    (ROLE_BIT(ROLE_OWNER) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_RESPONDER) | \
     ROLE_BIT(ROLE_FRONTLINE) | ROLE_BIT(ROLE_STAKEHOLDER) | ROLE_BIT(ROLE_PARTNER))

/* enum token_scope whose permits it holds; 0: none. */
NODISCARD int role_scope(enum role role);

#endif
