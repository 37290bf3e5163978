#include "people/secret.h"

#include "config/config_export.h"
#include "people/address.h"

/* Taken literally it would be sent to the provider, who refuses it: at the first page. */
bool secret_check_written(int kind, const char *secret, struct fault *fault)
{
    if (secret != NULL && is_secret_misspelt(secret)) {
        return fault_set(fault, "secret",
                         "looks like a reference and would be taken as the secret itself; write "
                         "env:TOCSIN_SECRET_NAME or file:NAME");
    }
    return secret_judge_written(kind, secret, fault);
}

void secret_note(const char *secret, const char *what, const char *name, GPtrArray *notes)
{
    if (secret != NULL && !is_secret_reference(secret)) {
        config_note(notes,
                    "The secret of %s %s is not shown: put it back, or better a reference such as "
                    "env:TOCSIN_SECRET_NAME, before you apply this file.",
                    what, name);
    }
}
