/* config/config_permits.h - what may be done with the configuration as a whole. */
#ifndef CONFIG_CONFIG_PERMITS_H
#define CONFIG_CONFIG_PERMITS_H

#include "access/permit.h"

extern const struct permit PERMIT_CONFIG_APPLY, PERMIT_CONFIG_EXPORT;

#endif
