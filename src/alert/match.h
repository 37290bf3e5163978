/* alert/match.h - do conditions hold for an alert? Pure. */
#ifndef ALERT_MATCH_H
#define ALERT_MATCH_H

#include "alert/alert.h"
#include "alert/service.h"

/* What conditions look at; everything is borrowed, NULL where there is none. */
struct match_subject {
    const char *integration;
    const char *service;
    const char *dedup_key;
    const char *summary;
    const char *source;
    const char *component;
    const char *group;
    const char *class_name;
    int severity;
    const json_t *details;
};

struct match_subject match_subject_of_alert(const struct alert *alert);
struct match_subject match_subject_of_signal(const struct signal *signal, const char *integration,
                                             const char *service);

/* All of them (struct match); an empty or NULL list holds. A field that is absent is like an empty
 * text, except for MATCH_EXISTS. A regular expression that gives up at its limits does not hold,
 * negated or not: then an alert is paged rather than silenced. */
NODISCARD bool match_all(const GPtrArray *matches, const struct match_subject *subject);

/* Is this a field that a condition can name? */
NODISCARD bool match_field_is_known(const char *field);

/* Compiles with limits. NULL and a fault when it is too long or malformed. */
NODISCARD GRegex *match_compile(const char *pattern, struct fault *fault);

#endif
