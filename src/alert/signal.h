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
    int severity;    /* 0 when the source says none: error, or of a repeat as it was */
    char *source;    /* the thing that is broken: host, URL */
    char *component;
    char *group;
    char *class_name; /* "class" in JSON */
    json_t *details;  /* object; NULL when none */
    json_t *links;    /* array of {href, text}; NULL when none */
    /* By the sender's clock, unset when it does not say: when the episode began that this is about,
     * and of a resolve when it ended. */
    struct utc occurred_at, ended_at;
    struct utc expires_at; /* resolved if not refreshed by then (Prometheus endsAt); unset: never */
    /* The sender repeats what goes on and what is over, until it expires: a late word costs nothing. */
    bool is_repeated;
    bool
        is_quiet; /* a resolve that is sent along in case there is something to resolve: no event */
};

/* How bad an alert is that the signal opens. */
NODISCARD int signal_severity(const struct signal *signal);

/* Senders' clocks are hours off at most: what they say to have begun more than a day ahead of ours has not, and
 * nobody is told so. */
NODISCARD bool signal_is_ahead(struct utc at, struct utc now);

void signal_clear(struct signal *signal);

#endif
