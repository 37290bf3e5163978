#include "account/account_permits.h"

const struct permit PERMIT_SELF = {"self", SCOPE_READ, NULL,
                                   "Ask who one is, and look after one's own sign-in.",
                                   .roles = ROLE_EVERY};
const struct permit PERMIT_ACCOUNT_READ = {
    "account.read", SCOPE_ADMIN, "account",
    "Read who can sign in, and where everybody is signed in."};
const struct permit PERMIT_ACCOUNT_CHANGE = {"account.change", SCOPE_ADMIN, "account",
                                             "Make, change and disable accounts.",
                                             .is_delicate = true};
const struct permit PERMIT_AUDIT_READ = {"audit.read", SCOPE_ADMIN, NULL,
                                         "Read who did what, and from where."};
