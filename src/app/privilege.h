/* app/privilege.h - the server runs with no more rights than it needs. */
#ifndef APP_PRIVILEGE_H
#define APP_PRIVILEGE_H

#include "base/fault.h"

/* As root with a `user`: gives the data directory (made when missing) to that account and becomes it.
 * Root without a user, and a user without root, are refused or left as they are; in every case this
 * process and its children can gain no privileges any more. Before any thread. */
NODISCARD bool privilege_drop(const char *user, const char *data, struct fault *fault);

#endif
