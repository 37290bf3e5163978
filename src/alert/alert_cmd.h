/* alert/alert_cmd.h - what other commands tell of alerts. */
#ifndef ALERT_ALERT_CMD_H
#define ALERT_ALERT_CMD_H

#include <jansson.h>

#include "base/check.h"
#include "base/zone.h"

/* "until …, by …" of an alert that sleeps; NULL: it does not. Newly allocated. */
NODISCARD char *alert_snoozed_text(const json_t *alert, const struct zone *zone);

#endif
