/* people/contact_lint.h - what is to be found about contacts by how their last messages went. Pure. */
#ifndef PEOPLE_CONTACT_LINT_H
#define PEOPLE_CONTACT_LINT_H

#include "config/config.h"
#include "people/contact_state.h"

/* Whom nothing can be sent to, as was found out otherwise: that their last message failed is no other fault. */
struct lint_amiss {
    GHashTable *whose; /* a set of "ana by phone" and "the channel ops" */
    bool has_no_mail;  /* nobody is reached by e-mail */
};

/* Contacts and rooms by how their last messages went. `amiss` may be NULL. */
void lint_contacts(const struct config *config, const struct contact_states *states,
                   const struct lint_amiss *amiss, struct utc now, GPtrArray *findings);

#endif
