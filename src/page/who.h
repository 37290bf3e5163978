/* page/who.h - receivers and actors as people call them. Pure. */
#ifndef PAGE_WHO_H
#define PAGE_WHO_H

#include "config/config.h"

/* "Ana Wijaya" for "ana" and for "user:ana", "channel ops" for "channel:ops", "token ci" for "token:ci";
 * who is no longer configured, by the name they had. To be freed with g_free. */
NODISCARD char *who_name(const struct config *config, int language, const char *who);

#endif
