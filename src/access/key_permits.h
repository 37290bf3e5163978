/* access/key_permits.h - what may be done with access tokens. */
#ifndef ACCESS_KEY_PERMITS_H
#define ACCESS_KEY_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_TOKEN_READ, PERMIT_TOKEN_CHANGE;

#endif
