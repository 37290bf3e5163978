/* oncall/reach.h - does a target ever lead to somebody who can be told? Whom it leads to at an instant is
 * paging/step.h; both ask user_reach (people/user.h). Pure. */
#ifndef ONCALL_REACH_H
#define ONCALL_REACH_H

#include "config/config.h"
#include "oncall/policy.h"

/* True for a channel that is there: a room is told for its own sake, and a last resort is none. A schedule leads to
 * whoever stands in its layers. */
NODISCARD bool target_reaches(const struct config *config, const struct target *target);
/* The same where a log that nobody watches is a contact, too: what was taken once holds on. */
NODISCARD bool target_has_contact(const struct config *config, const struct target *target);

#endif
