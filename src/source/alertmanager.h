/* source/alertmanager.h - Alertmanager's webhook, version "4". */
#ifndef SOURCE_ALERTMANAGER_H
#define SOURCE_ALERTMANAGER_H

#include "source/source.h"

/* One signal for each of its alerts, by fingerprint (made from the labels when absent). False and a
 * fault when the body is not such a notification, or none of its alerts can be read. An alert fires unless its status
 * says that it is over, else the notification's, else its end; of a notification that was cut off (out->is_cut)
 * before its status, an alert without one of its own is refused. */
NODISCARD bool alertmanager_read(const json_t *body, struct utc now, struct batch *out,
                                 struct fault *fault);

#endif
