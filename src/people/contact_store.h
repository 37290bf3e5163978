/* people/contact_store.h - what is known about contacts beside their configuration: confirmed by their
 * owner, or refused by the provider. Read-only; page/ writes it when a delivery ends. */
#ifndef PEOPLE_CONTACT_STORE_H
#define PEOPLE_CONTACT_STORE_H

#include "db/db.h"

/* A row of table contact_state. The texts are borrowed. */
struct contact_state {
    const char *user, *contact, *address;
    struct utc verified_at; /* unset: nobody confirmed it */
    struct utc failed_at;   /* unset: the last message was taken */
    const char *failure;
};

/* In order of user and contact; the row is valid in the call. */
void contact_state_list(struct db *db, void (*each)(void *self, const struct contact_state *state),
                        void *self);

#endif
