/* people/contact_store.h - what is known about contacts, read from disk. Read-only; paging/ writes it when a
 * delivery ends. */
#ifndef PEOPLE_CONTACT_STORE_H
#define PEOPLE_CONTACT_STORE_H

#include "db/row.h"
#include "people/contact_state.h"

extern const struct table CONTACT_TABLE;

/* Of all contacts, in order of user and contact. To be freed with contact_states_free. */
NODISCARD struct contact_states *contact_states_read(struct db *db);
void contact_states_free(struct contact_states *states); /* NULL: nothing to do */

#endif
