/* paging/receiver.h - whoever is told, a person or a room ("ana", "channel:ops"), and by which contacts. Pure. */
#ifndef PAGING_RECEIVER_H
#define PAGING_RECEIVER_H

#include "config/config.h"
#include "people/user.h"

/* Low urgency waits for the end of the receiver's quiet hours: when that is; `now`: it need not. */
NODISCARD struct utc after_quiet_hours(const struct config *config, const char *who, int urgency,
                                       struct utc now);
/* NULL: "who" is no "channel:NAME", or there is none of that name. */
NODISCARD const struct chat_channel *receiver_channel(const struct config *config, const char *who);
/* "channel:NAME" or a user. The rules (struct rule) that apply; to be freed; empty when unreachable. */
NODISCARD GPtrArray *receiver_rules(const struct config *config, const char *who, int urgency);
/* The contact of that name; borrowed into *out. */
NODISCARD bool receiver_contact(const struct config *config, const char *who, const char *name,
                                struct contact *out);
/* The contact to try after those in `tried` failed; NULL when none is left. Borrowed. */
const char *receiver_next_contact(const struct config *config, const char *who, int urgency,
                                  const GPtrArray *tried);

#endif
