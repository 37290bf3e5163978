#include "config/config_permits.h"

const struct permit PERMIT_CONFIG_APPLY = {"config.apply", SCOPE_ADMIN, NULL,
                                           "Put a configuration into force."};
const struct permit PERMIT_CONFIG_EXPORT = {"config.export", SCOPE_ADMIN, NULL,
                                            "Read the whole configuration."};
