/* alert/service.h - services, integrations, routes, silences, heartbeats: what an alert meets on
 * its way in. */
#ifndef ALERT_SERVICE_H
#define ALERT_SERVICE_H

#include "alert/integration_kinds.h"
#include "alert/signal.h"
#include "base/window.h"

struct config;
struct config_kind;

enum service_urgency { SERVICE_HIGH = 1, SERVICE_LOW, SERVICE_BY_SEVERITY };

struct service {
    char *name;
    char *policy;
    char *owner; /* team; may be NULL */
    int urgency; /* SERVICE_BY_SEVERITY when absent: critical and error are high, the rest low */
    struct span acknowledge_expires; /* 0: never; else "still on it?" after this long */
    struct span auto_resolve;        /* 0: never; else resolved when not seen for this long */
    int endings;     /* enum endings (people/user.h); 0: whoever was told hears of the end */
    GPtrArray *show; /* of char *: labels that messages show; empty: all that matter */
};

extern const struct enum_name INTEGRATION_KIND_NAMES[];

struct integration {
    char *name;
    int kind;
    char *service;
    char *key;     /* "env:NAME" or "file:PATH"; NULL: minted and printed once */
    bool silences; /* its key may also silence its own alerts, through Alertmanager's interface */
};

enum match_op { MATCH_EQUALS = 1, MATCH_NOT_EQUALS, MATCH_REGEX, MATCH_NOT_REGEX, MATCH_EXISTS };

/* One condition on a field of an alert: summary, severity, source, component, group, class,
 * service, integration, dedup_key, or details.a.b for anything inside the details (for Prometheus
 * and Alertmanager the labels are details.labels.NAME). */
struct match {
    char *field;
    int op;                    /* MATCH_EQUALS when absent (0) */
    struct match_value *value; /* NULL with MATCH_EXISTS only */
};

/* What the field is compared with. A regular expression has to match the whole text, as in
 * Prometheus; it was compiled, with limits on size and effort, when the record was read. */
struct match_value {
    char *text;
    GRegex *regex; /* NULL unless the op asks for one */
};

struct route {
    char *name;
    GPtrArray *match;  /* of struct match, all must hold; empty: always */
    char *integration; /* only alerts of this one; NULL: of all */
    char *service;     /* where to; NULL: unchanged */
    int severity;      /* 0: unchanged */
    bool suppress;     /* recorded, never paged */
    bool continues;    /* "continue": go on to the next route */
};

/* A number that may not be known. */
struct told_count {
    bool is_told;
    int64_t count;
};

enum silence_state { SILENCE_ACTIVE = 1, SILENCE_PENDING, SILENCE_OVER };
extern const struct enum_name SILENCE_STATE_NAMES[]; /* active pending over */

/* A one-off silence lasts so long at most: what is to be quiet for ever is suppressed by a route, where it
 * is seen. */
#define SILENCE_LONGEST SPAN_D(366)

struct silence {
    char *name;
    GPtrArray *match; /* of struct match, at least one */
    struct utc from;  /* one-off; unset in a recurring one */
    struct utc to;
    GPtrArray *windows; /* recurring: of struct window, in time_zone */
    char *time_zone;
    char *comment;
    char *author;     /* who made it, as the sender said; not proved */
    char *created_by; /* set by the API */
    /* Not stored: who answers a silence fills them in. */
    char *id;
    int state; /* enum silence_state; 0: not told */
    struct utc changes_at;
    struct told_count holds;
};

struct heartbeat {
    char *name;
    char *service;
    int severity; /* SEVERITY_CRITICAL when absent */
    struct span every;
    struct span grace;
    char *key; /* as in an integration */
};

/* MATCH_… as written in files: equals, not-equals, regex, not-regex, exists; also = != =~ !~ */
extern const struct enum_name MATCH_OP_NAMES[];
extern const struct enum_name SERVICE_URGENCY_NAMES[]; /* high low by-severity */

/* enum urgency of an alert of this severity on this service (NULL: judged by severity alone). */
int urgency_of(const struct service *service, int severity);

extern const struct record SERVICE_RECORD;
extern const struct record INTEGRATION_RECORD;
extern const struct record ROUTE_RECORD;
extern const struct record SILENCE_RECORD;
extern const struct record HEARTBEAT_RECORD;
extern const struct record MATCH_RECORD;

/* How they stand in the configuration (config/kind.h); find: NULL when there is none of that name, or no name. */
extern const struct config_kind SERVICE_KIND, INTEGRATION_KIND, ROUTE_KIND, SILENCE_KIND,
    HEARTBEAT_KIND;
NODISCARD const struct service *service_find(const struct config *config, const char *name);
NODISCARD const struct integration *integration_find(const struct config *config, const char *name);
NODISCARD const struct heartbeat *heartbeat_find(const struct config *config, const char *name);

#endif
