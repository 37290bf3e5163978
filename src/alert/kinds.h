/* alert/kinds.h - what is configured of the pager, from the users up to the silences. */
#ifndef ALERT_KINDS_H
#define ALERT_KINDS_H

#include "config/kind.h"

/* Of this floor and those below, ends with NULL. Tests that know no feature register them alone (config_register). */
extern const struct config_kind *const CONFIG_KINDS[];

#endif
