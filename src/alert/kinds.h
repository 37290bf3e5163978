/* alert/kinds.h - the list of everything that can be configured. */
#ifndef ALERT_KINDS_H
#define ALERT_KINDS_H

#include "config/kind.h"

/* For config_register, which every program and test calls first of all. */
extern const struct config_kind *const CONFIG_KINDS[];

#endif
