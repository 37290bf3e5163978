/* account/audit.h - what of the record of events is somebody's doing: a person's, a program's with a token, whoever
 * was at the machine. Pure. */
#ifndef ACCOUNT_AUDIT_H
#define ACCOUNT_AUDIT_H

#include "ledger/event.h"

struct audit_filter {
    const char *actor; /* "user:ana", or ana for short; NULL: anybody */
    const char *kind;  /* "account.created", or account for all that begin so; NULL: any */
};

/* Is it one that an audit shows? */
NODISCARD bool audit_shows(const struct audit_filter *filter, const struct event *event);
/* Does the filter's word for a kind mean that one? */
NODISCARD bool audit_means(const char *word, const char *kind);

#endif
