#include "access/role.h"

#include "access/token.h"

const struct enum_name ROLE_NAMES[] = {{"owner", ROLE_OWNER},
                                       {"admin", ROLE_ADMIN},
                                       {"responder", ROLE_RESPONDER},
                                       {"frontline", ROLE_FRONTLINE},
                                       {"stakeholder", ROLE_STAKEHOLDER},
                                       {"partner", ROLE_PARTNER},
                                       {NULL, 0}};

int role_scope(enum role role)
{
    switch (role) {
    case ROLE_OWNER:
    case ROLE_ADMIN:
        return SCOPE_ADMIN;
    case ROLE_RESPONDER:
        return SCOPE_RESPOND;
    case ROLE_FRONTLINE:
    case ROLE_STAKEHOLDER:
        return SCOPE_READ;
    case ROLE_PARTNER:
        break;
    }
    return 0;
}
