#include "access/key_permits.h"

const struct permit PERMIT_TOKEN_READ = {"token.read", SCOPE_ADMIN, "token",
                                         "List tokens, without their texts."};
const struct permit PERMIT_TOKEN_CHANGE = {"token.change", SCOPE_ADMIN, "token",
                                           "Make and end tokens.", .is_delicate = true};
