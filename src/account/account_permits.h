/* account/account_permits.h - what may be done with accounts, and with one's own. */
#ifndef ACCOUNT_ACCOUNT_PERMITS_H
#define ACCOUNT_ACCOUNT_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_SELF, PERMIT_ACCOUNT_READ, PERMIT_ACCOUNT_CHANGE,
    PERMIT_AUDIT_READ;

#endif
