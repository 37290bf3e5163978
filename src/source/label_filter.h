/* source/label_filter.h - conditions on labels as Prometheus and Alertmanager write them: a filter's
 * text, and the objects of a silence. Pure. */
#ifndef SOURCE_LABEL_FILTER_H
#define SOURCE_LABEL_FILTER_H

#include "alert/match.h"

/* One filter such as severity=~"warning|critical" as a condition on details.labels.NAME. Read as
 * Alertmanager does: the value with or without quotation marks, blanks around each part, \" \\ and \n
 * escaped; and in the newer form, where a name in quotation marks may be any text (then with the
 * escapes of a Go string on both sides). NULL and a fault about "filter" when it is none. Free with
 * label_filter_free. */
NODISCARD struct match *label_filter_read(const char *text, struct fault *fault);

void label_filter_free(gpointer match);

#endif
