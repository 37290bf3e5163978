#include "config/config_export.h"
#include "config/lint.h"
#include "retention/retention.h"

static const int64_t MISSES_US = INT64_C(30) * 86400 * 1000000;

/* What always holds need not be said. */
static void tidy(const void *item, json_t *written, GPtrArray *notes)
{
    const struct retention *retention = item;

    const struct {
        const char *field;
        struct span span;
    } spans[] = {{"alerts", retention->alerts},
                 {"deliveries", retention->deliveries},
                 {"payloads", retention->payloads},
                 {"events", retention->events}};

    (void)notes;
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        if (retention_is_usual(spans[i].span)) {
            (void)json_object_del(written, spans[i].field);
        }
    }
}

static void lint(const struct lint *lint)
{
    const struct retention *retention = retention_of(lint->config);
    if (retention->alerts.us < MISSES_US) {
        char text[UTC_TEXT_SIZE];
        span_format(retention->alerts, text);
        lint_add(
            lint->findings, LINT_NOTE, "retention", "retention",
            "Set retention.alerts to 30d or more, if you look at `tocsin misses`.",
            "Alerts are forgotten %s after their end: who missed pages is told of 30 days, and "
            "knows less.",
            text);
    }
    if (retention->events.us < retention->alerts.us) {
        lint_add(lint->findings, LINT_NOTE, "retention", "retention",
                 "Shorten retention.alerts, too, if the events are really to go.",
                 "Events are to be kept for less time than alerts: those that an alert needs stay "
                 "as long as it does, and all that came after.");
    }
}

const struct config_kind RETENTION_KIND = {
    .section = "retention",
    .noun = "retention",
    .number = 12,
    .place = 1200,
    .record = &RETENTION_RECORD,
    .is_single = true,
    .tidy = tidy,
    .lint = lint,
};
