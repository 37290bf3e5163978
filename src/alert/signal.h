/* alert/signal.h - what every source's payload becomes before anything is decided. */
#ifndef ALERT_SIGNAL_H
#define ALERT_SIGNAL_H

#include <jansson.h>

#include "base/fault.h"
#include "base/record.h"
#include "base/utc.h"

enum severity { SEVERITY_CRITICAL = 1, SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO };
extern const struct enum_name SEVERITY_NAMES[];

enum signal_action { SIGNAL_TRIGGER = 1, SIGNAL_ACKNOWLEDGE, SIGNAL_RESOLVE };
extern const struct enum_name SIGNAL_ACTION_NAMES[];

/* Owns its texts and JSON. */
struct signal {
    int action;
    char *dedup_key; /* never NULL once judged: a trigger without one gets a random one */
    char *summary;   /* required for a trigger */
    int severity;    /* SEVERITY_ERROR when the source says none */
    char *source;    /* the thing that is broken: host, URL */
    char *component;
    char *group;
    char *class_name;       /* "class" in JSON */
    json_t *details;        /* object; NULL when none */
    json_t *links;          /* array of {href, text}; NULL when none */
    struct utc occurred_at; /* as the source says; unset when it does not */
    struct utc expires_at; /* resolved if not refreshed by then (Prometheus endsAt); unset: never */
};

void signal_clear(struct signal *signal);

#endif
