#include "retention/retention.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define USUAL_US (400 * DAY_US) /* last year's holidays, and a month */
#define LEAST_US DAY_US /* what happened today is looked back at: flapping, bounds, who was told */
#define MOST_US (3650 * DAY_US)

enum { SHARE = 20 }; /* one part in so many is retention's */

static const int64_t REST_LEAST_US = 20000, REST_MOST_US = 10000000;

#define SPAN_FIELD(called, member, says)                                                    \
    {                                                                                       \
        .name = (called), .kind = FIELD_SPAN, .offset = offsetof(struct retention, member), \
        .min = LEAST_US, .max = MOST_US, .doc = (says)                                      \
    }

static const struct field FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct retention, name),
     .flags = FIELD_REQUIRED},
    SPAN_FIELD("alerts", alerts, "Alerts that are over, with all that was sent for them."),
    SPAN_FIELD("deliveries", deliveries, "What became of each message."),
    SPAN_FIELD("payloads", payloads, "The last payloads of each integration."),
    SPAN_FIELD("events", events, "What happened; of an alert that is kept, as long as it is."),
};

static void set_usual(struct span *span)
{
    span->us = span->us == 0 ? USUAL_US : span->us;
}

static void fill(void *self)
{
    struct retention *retention = self;
    set_usual(&retention->alerts);
    set_usual(&retention->deliveries);
    set_usual(&retention->payloads);
    set_usual(&retention->events);
}

const struct record RETENTION_RECORD = {.name = "RetentionSettings",
                                        .doc = "How long what is over is kept.",
                                        .size = sizeof(struct retention),
                                        .fields = FIELDS,
                                        .field_count = G_N_ELEMENTS(FIELDS),
                                        .fill = fill};

static const struct retention USUAL = {
    .alerts = {USUAL_US}, .deliveries = {USUAL_US}, .payloads = {USUAL_US}, .events = {USUAL_US}};

bool retention_is_usual(struct span span)
{
    return span.us == USUAL_US;
}

const struct retention *retention_of(const struct config *config)
{
    const GPtrArray *items = config_items(config, &RETENTION_KIND);
    return items->len > 0 ? g_ptr_array_index(items, 0) : &USUAL;
}

bool retention_may_go(const struct retention_candidate *candidate, struct utc before)
{
    return !candidate->is_in_use && utc_is_set(candidate->over_at) &&
           utc_before(candidate->over_at, before);
}

int64_t retention_prefix(const struct retention_event *events, size_t count, int64_t needed_seq,
                         struct utc before, struct utc now)
{
    int64_t last = 0;
    for (size_t i = 0; i < count && events[i].seq < needed_seq; i++) {
        bool is_old = utc_before(events[i].at, before);
        bool is_odd = utc_before(now, events[i].at);
        if (!is_old && !is_odd) {
            break;
        }
        last = is_old ? events[i].seq : last;
    }
    return last;
}

struct utc retention_clock(struct utc known, struct utc now, struct span passed)
{
    if (!utc_is_set(known)) {
        return now;
    }
    struct span most = {RETENTION_HASTE * MAX(passed.us, 0)};
    struct utc earliest = utc_add(known, (struct span){-most.us});
    return utc_later(earliest, utc_earlier(now, utc_add(known, most)));
}

struct utc retention_horizon(struct utc judged, struct utc now, struct span kept)
{
    return utc_add(utc_earlier(judged, now), (struct span){-kept.us});
}

struct span retention_rest(struct span took)
{
    return (struct span){CLAMP(took.us * (SHARE - 1), REST_LEAST_US, REST_MOST_US)};
}
