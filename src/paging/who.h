/* paging/who.h - receivers and actors as people call them. Pure. */
#ifndef PAGING_WHO_H
#define PAGING_WHO_H

#include "base/principal.h"
#include "config/config.h"

/* "Ana Wijaya", "channel ops", "token ci"; who is no longer configured, by the name they had. To be freed with
 * g_free. */
NODISCARD char *who_name(const struct config *config, int language, struct principal who);
/* The same of who is told: "ana" or "channel:ops". */
NODISCARD char *who_receives(const struct config *config, int language, const char *who);
/* The same of who acted: "user:ana", "token:ci". */
NODISCARD char *who_acts(const struct config *config, int language, const char *actor);

#endif
