/* account/password.h - passwords, hashed by Argon2id: a quarter of a second of a processor and 64 MiB each, so only on a
 * thread that nobody waits for who sends alerts (aside_toil). Every call is counted (METRIC_PASSWORDS). */
#ifndef ACCOUNT_PASSWORD_H
#define ACCOUNT_PASSWORD_H

#include "base/check.h"

enum { PASSWORD_HASH_SIZE = 128 };

/* False when there is no memory for it. */
NODISCARD bool password_hash(const char *password, char out[PASSWORD_HASH_SIZE]);
/* Is it that one? `hash` NULL: no, and it takes as long. */
NODISCARD bool password_is(const char *password, const char *hash);

#endif
