/* base/metric.h - numbers about ourselves, counted from any thread without a lock.
 *
 * The one table of names is in metric.c. The counters are the only process-wide mutable state: they
 * decide nothing, and a counter handed down through every call would cost more than it explains. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <glib.h>

#include "base/utc.h"

enum metric {
    METRIC_REQUESTS_2XX = 1, /* answered HTTP requests by class of status */
    METRIC_REQUESTS_3XX,
    METRIC_REQUESTS_4XX,
    METRIC_REQUESTS_5XX,
    METRIC_CONNECTIONS, /* gauge: open HTTP connections */
    METRIC_CONNECTIONS_CUT,
    METRIC_BODIES_BUSY,  /* 503: too many bodies at a time */
    METRIC_STREAMS,      /* gauge: live event streams */
    METRIC_STREAM_BYTES, /* gauge: held for streams, not yet taken by their readers */
    METRIC_SIGNALS_ACCEPTED,
    METRIC_SIGNALS_REFUSED,
    METRIC_SIGNALS_BUSY,      /* 503: queue full or database not writable */
    METRIC_REFUSED_TOO_LARGE, /* requests of integrations that were not taken, or not whole */
    METRIC_REFUSED_CUT_OFF,
    METRIC_REFUSED_BROKEN_OFF,
    METRIC_REFUSED_ENCODING,
    METRIC_REFUSED_UNREADABLE,
    METRIC_REFUSED_KEY,
    METRIC_REFUSED_DOOR,
    METRIC_REFUSED_HEADER,
    METRIC_PATTERNS_GAVE_UP, /* alerts of which a route or silence could not be judged */
    METRIC_COMMITS,
    METRIC_COMMIT_FAILURES,
    METRIC_UNCERTAIN_KEPT, /* commits whose answer was lost, by what was found out */
    METRIC_UNCERTAIN_NOT_KEPT,
    METRIC_UNCERTAIN_OPEN,
    METRIC_DATABASE_UP,      /* gauge: 1 when the last transaction reached it */
    METRIC_DATABASE_DAMAGED, /* gauge: 1 since damage was met or found */
    METRIC_SENDING,          /* gauge: 1 while what is due is sent */
    METRIC_VITAL_FAILURES,   /* claims, duties and pulses that failed */
    METRIC_NODE_LANES,       /* gauge: lanes that this node holds */
    METRIC_NODES_ALIVE,      /* gauge */
    METRIC_NODE_TAKEOVERS,
    METRIC_PASSWORDS,   /* hashed or compared */
    METRIC_LOG_DROPPED, /* lines that nobody took in time */
    METRIC_COUNT,
};

enum metric_histogram {
    HISTOGRAM_ACCEPT = 1,   /* request read … answered after the commit, of intake */
    HISTOGRAM_NOTIFICATION, /* alert accepted … first attempt leaves */
    HISTOGRAM_COMMIT,       /* one batch of the ledger, with its sync */
    HISTOGRAM_COUNT,
};

void metric_add(enum metric metric, int64_t by);
void metric_set(enum metric metric, int64_t value); /* a gauge */
int64_t metric_value(enum metric metric);

/* One more event of this kind ("page.started"): alerts, pages, escalations and deliveries are all
 * counted by the one event log that tells of them. At most 127 kinds; the rest counts as "other". */
void metric_event(const char *kind);
void metric_observe(enum metric_histogram histogram, struct span took);

/* Appends all of them in Prometheus' text form, 0.0.4. */
void metric_write(GString *out);

/* One more line with its HELP and TYPE, for what is asked of the database at scrape time. `labels`
 * may be NULL; HELP and TYPE are left out when `help` is NULL (further labels of one name). */
void metric_write_gauge(GString *out, const char *name, const char *labels, const char *help,
                        int64_t value);

#endif
