/* app/ways.h - what of a configuration's contacts and channels cannot work on this server, as far as it can be seen
 * before the first page: secrets that stand for nothing or are of no use, addresses that are not called, mail
 * without a mail server. Nothing is sent. */
#ifndef APP_WAYS_H
#define APP_WAYS_H

#include <jansson.h>

#include "cli/secrets.h"
#include "http/guard.h"

struct ways {
    const struct secrets *secrets;
    const struct guard *guard; /* of outgoing requests */
    bool has_mail;             /* a mail server is set */
};

/* Why nothing can be sent to a contact or channel of this kind (enum contact_kind), newly allocated; NULL: nothing is
 * to be seen against it. `to`: where, `secret`: as it is configured; NULL: not to be judged. To look a secret up may
 * take two seconds. Any thread. */
NODISCARD char *way_amiss(const struct ways *ways, int kind, const char *to, const char *secret);

/* Which of the three it is: "secret", "address", "mail". */
extern const char WAY_SECRET[], WAY_ADDRESS[], WAY_MAIL[];

/* Something that is amiss: where it is, "users.ana.contacts.phone.secret", and who cannot be told for that, "ana by
 * phone" or "the channel ops". */
typedef void way_amiss_fn(void *self, const char *check, const char *path, const char *whose,
                          const char *why);

/* Tells each of a configuration document; mail once. */
void ways_check(const struct ways *ways, const json_t *document, way_amiss_fn *each, void *self);

#endif
