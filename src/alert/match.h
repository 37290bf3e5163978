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

enum matched {
    MATCHED_NOT = 1,
    MATCHED,
    MATCHED_UNSURE, /* a regular expression gave up at its limits, negated or not */
};

/* All of them (struct match); an empty or NULL list holds. A field that is absent is like an empty
 * text, except for MATCH_EXISTS. One that does not hold decides, whatever others gave up. */
NODISCARD enum matched match_judge(const GPtrArray *matches, const struct match_subject *subject);
/* Do they surely hold? For where the doubt need not be told: an alert is paged rather than silenced. */
NODISCARD bool match_all(const GPtrArray *matches, const struct match_subject *subject);

/* Is this a field that a condition can name? */
NODISCARD bool match_field_is_known(const char *field);

/* Does one that match_compile made fit? NULL fits nothing. */
NODISCARD enum matched match_pattern(const GRegex *regex, const char *text);

/* Compiles with limits. NULL and a fault when it is too long or malformed. */
NODISCARD GRegex *match_compile(const char *pattern, struct fault *fault);

#endif
