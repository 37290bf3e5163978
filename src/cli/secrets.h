/* cli/secrets.h - the secrets of contacts and channels that a configuration names and does not hold.
 *
 * Whoever may apply a configuration also says where a message goes: so a reference may name only what
 * was set aside as such a secret, never our own settings or another file of this machine. env:NAME
 * names a variable TOCSIN_SECRET_…, file:PATH a file in one directory (--secrets-dir), by its name
 * there or by its whole path. Any thread. */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "base/fault.h"

#define SECRETS_PREFIX "TOCSIN_SECRET_"

struct secrets {
    const char *const *environment;
    const char *folder; /* NULL: no file may be named */
};

/* What the reference stands for, newly allocated: one line, at most 4 KiB. NULL with the reason and
 * the remedy in `fault`, field "secret". A pipe is no secret, and a
 * file system that hangs is waited for for two seconds. */
NODISCARD char *secrets_look_up(const struct secrets *secrets, const char *reference,
                                struct fault *fault);

#endif
