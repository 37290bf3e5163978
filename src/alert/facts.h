/* alert/facts.h - what of an alert is worth telling a person beside its summary: a description, the
 * labels that matter, links. Pure. Texts are as the sender wrote them: whoever shows them escapes. */
#ifndef ALERT_FACTS_H
#define ALERT_FACTS_H

#include <glib.h>

#include "alert/alert.h"

enum {
    FACTS_LABELS_MAX = 12,
    FACTS_LINKS_MAX = 6,
    FACTS_DESCRIPTION_MAX = 4000, /* characters */
    FACTS_VALUE_MAX = 300,
};

struct alert_label {
    char *name;
    char *value;
};

struct alert_link {
    char *text; /* "Runbook"; NULL: the sender gave it no name */
    char *href; /* as href_mended gives it */
};

struct alert_facts {
    char *description; /* may have several lines; NULL: it says no more than the summary */
    GPtrArray *labels; /* of struct alert_label */
    GPtrArray *links;  /* of struct alert_link; a runbook first */
};

/* `show` (of char *, or NULL): the names of the labels to show, in that order; without any all are shown
 * but those that the machinery needs and those that only repeat what is said anyway. To be cleared. */
void alert_facts_read(const struct alert *alert, const GPtrArray *show, struct alert_facts *out);
void alert_facts_clear(struct alert_facts *facts);

#endif
