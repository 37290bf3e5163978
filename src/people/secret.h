/* people/secret.h - secrets of contacts and chat channels in a configuration; only for this folder. */
#ifndef PEOPLE_SECRET_H
#define PEOPLE_SECRET_H

#include <glib.h>

#include "base/fault.h"

/* A secret or a reference that is written now; NULL is fine. The fault names "secret". */
NODISCARD bool secret_check_written(int kind, const char *secret, struct fault *fault);

/* Of one that an export does not show: that it is to be put back. */
void secret_note(const char *secret, const char *what, const char *name, GPtrArray *notes);

#endif
