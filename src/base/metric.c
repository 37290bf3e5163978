#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct metric_row {
    const char *name;
    const char *labels; /* NULL: none */
    const char *help;   /* NULL: the same name stands in the row above */
    bool is_gauge;
};

static const struct metric_row ROWS[METRIC_COUNT] = {
    [METRIC_REQUESTS_2XX] = {"tocsin_http_requests_total", "code=\"2xx\"",
                             "Answered HTTP requests by class of status.", false},
    [METRIC_REQUESTS_3XX] = {"tocsin_http_requests_total", "code=\"3xx\"", NULL, false},
    [METRIC_REQUESTS_4XX] = {"tocsin_http_requests_total", "code=\"4xx\"", NULL, false},
    [METRIC_REQUESTS_5XX] = {"tocsin_http_requests_total", "code=\"5xx\"", NULL, false},
    [METRIC_CONNECTIONS] = {"tocsin_http_connections", NULL, "Open HTTP connections.", true},
    [METRIC_CONNECTIONS_CUT] = {"tocsin_http_connections_cut_total", NULL,
                                "Connections closed because a request came in too slowly.", false},
    [METRIC_BODIES_BUSY] = {"tocsin_http_bodies_busy_total", NULL,
                            "Requests refused because too many bodies were held.", false},
    [METRIC_STREAMS] = {"tocsin_http_streams", NULL, "Live event streams.", true},
    [METRIC_STREAM_BYTES] = {"tocsin_http_stream_bytes", NULL,
                             "Bytes held for readers of event streams.", true},
    [METRIC_SIGNALS_ACCEPTED] = {"tocsin_signals_total", "result=\"accepted\"",
                                 "Signals from integrations by result.", false},
    [METRIC_SIGNALS_REFUSED] = {"tocsin_signals_total", "result=\"refused\"", NULL, false},
    [METRIC_SIGNALS_BUSY] = {"tocsin_signals_total", "result=\"busy\"", NULL, false},
    [METRIC_REFUSED_TOO_LARGE] = {"tocsin_intake_refused_total", "kind=\"too-large\"",
                                  "Requests of integrations not taken, or not whole.", false},
    [METRIC_REFUSED_CUT_OFF] = {"tocsin_intake_refused_total", "kind=\"cut-off\"", NULL, false},
    [METRIC_REFUSED_BROKEN_OFF] = {"tocsin_intake_refused_total", "kind=\"broken-off\"", NULL,
                                   false},
    [METRIC_REFUSED_ENCODING] = {"tocsin_intake_refused_total", "kind=\"encoding\"", NULL, false},
    [METRIC_REFUSED_UNREADABLE] = {"tocsin_intake_refused_total", "kind=\"unreadable\"", NULL,
                                   false},
    [METRIC_REFUSED_KEY] = {"tocsin_intake_refused_total", "kind=\"key\"", NULL, false},
    [METRIC_REFUSED_DOOR] = {"tocsin_intake_refused_total", "kind=\"door\"", NULL, false},
    [METRIC_REFUSED_HEADER] = {"tocsin_intake_refused_total", "kind=\"header\"", NULL, false},
    [METRIC_PATTERNS_GAVE_UP] = {"tocsin_patterns_gave_up_total", NULL,
                                 "Alerts on which a route's or silence's pattern took too long.",
                                 false},
    [METRIC_COMMITS] = {"tocsin_commits_total", NULL, "Transactions committed by the ledger.",
                        false},
    [METRIC_COMMIT_FAILURES] = {"tocsin_commit_failures_total", NULL,
                                "Transactions that the database refused.", false},
    [METRIC_UNCERTAIN_KEPT] = {"tocsin_commits_uncertain_total", "result=\"kept\"",
                               "Commits whose answer was lost, by what was found out.", false},
    [METRIC_UNCERTAIN_NOT_KEPT] = {"tocsin_commits_uncertain_total", "result=\"not_kept\"", NULL,
                                   false},
    [METRIC_UNCERTAIN_OPEN] = {"tocsin_commits_uncertain_total", "result=\"open\"", NULL, false},
    [METRIC_DATABASE_UP] = {"tocsin_database_up", NULL,
                            "1: the last transaction reached the database.", true},
    [METRIC_DATABASE_DAMAGED] = {"tocsin_database_damaged", NULL,
                                 "1: the database is damaged, or a check found it so.", true},
    [METRIC_SENDING] = {"tocsin_sending", NULL,
                        "0: nothing is sent, or a message has been due for two minutes.", true},
    [METRIC_VITAL_FAILURES] = {"tocsin_vital_failures_total", NULL,
                               "Failures of what paging stands on: claims, duties, pulses.", false},
    [METRIC_NODE_LANES] = {"tocsin_node_lanes", NULL, "Lanes of due work that this node holds.",
                           true},
    [METRIC_NODES_ALIVE] = {"tocsin_nodes_alive", NULL, "Nodes that live, as this one sees it.",
                            true},
    [METRIC_PASSWORDS] = {"tocsin_passwords_hashed_total", NULL,
                          "Passwords that were hashed or compared.", false},
    [METRIC_LOG_DROPPED] = {"tocsin_log_dropped_total", NULL,
                            "Lines of the log and the log channel that nobody read in time.",
                            false},
    [METRIC_NODE_TAKEOVERS] = {"tocsin_node_takeovers_total", NULL,
                               "Nodes that this one found dead.", false},
};

enum { BUCKETS = 16 };

static const int64_t BUCKET_US[BUCKETS] = {500,     1000,     2500,     5000,    10000,   25000,
                                           50000,   100000,   250000,   500000,  1000000, 2500000,
                                           5000000, 10000000, 30000000, 60000000};

static const struct metric_row HISTOGRAMS[HISTOGRAM_COUNT] = {
    [HISTOGRAM_ACCEPT] = {"tocsin_accept_seconds", NULL,
                          "From a signal read to its answer after the commit.", false},
    [HISTOGRAM_NOTIFICATION] = {"tocsin_notification_seconds", NULL,
                                "From a signal accepted to its first delivery attempt.", false},
    [HISTOGRAM_COMMIT] = {"tocsin_commit_seconds", NULL, "One transaction with its sync.", false},
};

static atomic_int_least64_t values[METRIC_COUNT];

struct histogram {
    atomic_int_least64_t buckets[BUCKETS + 1]; /* not yet summed up; the last: above all */
    atomic_int_least64_t sum_us;
};

static struct histogram histograms[HISTOGRAM_COUNT];

void metric_add(enum metric metric, int64_t by)
{
    atomic_fetch_add_explicit(&values[metric], by, memory_order_relaxed);
}

void metric_set(enum metric metric, int64_t value)
{
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

int64_t metric_value(enum metric metric)
{
    return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

/* Kinds are found without a lock: a slot, once named, keeps its name. */
enum { KINDS_MAX = 128, KIND_SIZE = 48 };

struct event_count {
    char kind[KIND_SIZE];
    atomic_int_least64_t count;
};

static struct event_count event_counts[KINDS_MAX] = {{.kind = "other"}};
static atomic_uint kinds_known = 1;
static pthread_mutex_t kinds_lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned find_kind(const char *kind, unsigned known)
{
    for (unsigned i = 1; i < known; i++) {
        if (strcmp(event_counts[i].kind, kind) == 0) {
            return i;
        }
    }
    return 0;
}

static unsigned add_kind(const char *kind)
{
    pthread_mutex_lock(&kinds_lock);
    unsigned known = atomic_load(&kinds_known);
    unsigned at = find_kind(kind, known);
    if (at == 0 && known < KINDS_MAX && strlen(kind) < KIND_SIZE) {
        at = known;
        g_strlcpy(event_counts[at].kind, kind, KIND_SIZE);
        atomic_store(&kinds_known, known + 1);
    }
    pthread_mutex_unlock(&kinds_lock);
    return at;
}

void metric_event(const char *kind)
{
    unsigned at = find_kind(kind, atomic_load(&kinds_known));
    if (at == 0) {
        at = add_kind(kind);
    }
    atomic_fetch_add_explicit(&event_counts[at].count, 1, memory_order_relaxed);
}

void metric_observe(enum metric_histogram histogram, struct span took)
{
    int at = 0;
    while (at < BUCKETS && took.us > BUCKET_US[at]) {
        at++;
    }
    struct histogram *into = &histograms[histogram];
    atomic_fetch_add_explicit(&into->buckets[at], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&into->sum_us, took.us, memory_order_relaxed);
}

static void write_head(GString *out, const char *name, const char *help, const char *type)
{
    if (help != NULL) {
        g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    }
}

static void write_value(GString *out, const char *name, const char *labels, int64_t value)
{
    if (labels != NULL) {
        g_string_append_printf(out, "%s{%s} %" G_GINT64_FORMAT "\n", name, labels, value);
    } else {
        g_string_append_printf(out, "%s %" G_GINT64_FORMAT "\n", name, value);
    }
}

static void write_events(GString *out)
{
    static const char NAME[] = "tocsin_events_total";
    write_head(out, NAME, "Events written to the log, by kind.", "counter");
    for (unsigned i = 0; i < atomic_load(&kinds_known); i++) {
        g_autofree char *labels = g_strdup_printf("kind=\"%s\"", event_counts[i].kind);
        write_value(out, NAME, labels, atomic_load(&event_counts[i].count));
    }
}

static void write_histogram(GString *out, const struct metric_row *row, struct histogram *from)
{
    write_head(out, row->name, row->help, "histogram");
    int64_t below = 0;
    for (int i = 0; i < BUCKETS; i++) {
        below += atomic_load_explicit(&from->buckets[i], memory_order_relaxed);
        g_string_append_printf(out, "%s_bucket{le=\"%g\"} %" G_GINT64_FORMAT "\n", row->name,
                               (double)BUCKET_US[i] / 1e6, below);
    }
    below += atomic_load_explicit(&from->buckets[BUCKETS], memory_order_relaxed);
    int64_t sum_us = atomic_load_explicit(&from->sum_us, memory_order_relaxed);
    g_string_append_printf(out, "%s_bucket{le=\"+Inf\"} %" G_GINT64_FORMAT "\n", row->name, below);
    g_string_append_printf(out, "%s_sum %.6f\n", row->name, (double)sum_us / 1e6);
    g_string_append_printf(out, "%s_count %" G_GINT64_FORMAT "\n", row->name, below);
}

void metric_write(GString *out)
{
    for (int i = 1; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &ROWS[i];
        write_head(out, row->name, row->help, row->is_gauge ? "gauge" : "counter");
        write_value(out, row->name, row->labels, metric_value((enum metric)i));
    }
    write_events(out);
    for (int i = 1; i < HISTOGRAM_COUNT; i++) {
        write_histogram(out, &HISTOGRAMS[i], &histograms[i]);
    }
}

void metric_write_gauge(GString *out, const char *name, const char *labels, const char *help,
                        int64_t value)
{
    write_head(out, name, help, "gauge");
    write_value(out, name, labels, value);
}
