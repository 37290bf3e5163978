/* What the auditor may read: the event log, and whether what was answered is there. */
#include <string.h>

#include "alert/alert_events.h"
#include "alert/alert_store.h"
#include "base/json.h"
#include "config/config_store.h"
#include "ledger/event.h"
#include "sim/world_private.h"

/* What a new primary's clock is off by, and a second for those who have not looked since. */
static const int64_t CLOCK_OFF_MOST_US = 5000000;

static int int_of(const json_t *data, const char *key)
{
    return (int)json_integer_value(json_object_get(data, key));
}

static int severity_of(const json_t *data)
{
    return enum_from_name(SEVERITY_NAMES, json_text(data, "severity", ""));
}

static void read_started(struct world *world, int64_t alert_id, const json_t *data,
                         struct moment now)
{
    world_count(world, COUNT_PAGES);
    const struct started_page page = {
        .alert_id = alert_id,
        .who = json_text(data, "who", ""),
        .step = int_of(data, "step") - 1,
        .round = int_of(data, "round") - 1,
        .is_last_resort = json_object_get(data, "last_resort") != NULL,
    };
    auditor_page_started(world->auditor, &page, now);
}

static void read_of_alert(struct world *world, const char *kind, int64_t id, const json_t *data,
                          struct moment now)
{
    struct auditor *auditor = world->auditor;
    if (strcmp(kind, "alert.triggered") == 0) {
        /* Known from here too: its sender may have been cut off after the commit. */
        const char *service = json_text(data, "service", "service0");
        auditor_accepted(auditor, id, service[strlen("service")] - '0', severity_of(data), now);
    } else if (strcmp(kind, "page.started") == 0) {
        read_started(world, id, data, now);
    } else if (strcmp(kind, "page.moved") == 0) {
        auditor_page_moved(auditor, id, json_text(data, "from", ""), now);
    } else if (strcmp(kind, "page.unreachable") == 0) {
        auditor_unreachable(auditor, id, json_text(data, "who", ""), json_text(data, "then", ""),
                            now);
    } else if (strcmp(kind, "escalation.held") == 0) {
        struct utc until = {0};
        CHECK(utc_parse(json_text(data, "until", ""), &until));
        auditor_held(auditor, id, until, now);
    } else if (strcmp(kind, "alert.flapping") == 0) {
        auditor_flapping(auditor, id, now);
    } else if (strcmp(kind, "alert.repeated") == 0) {
        auditor_raised(auditor, id, severity_of(data), now);
    } else if (strcmp(kind, "alert.reopened") == 0) {
        auditor_reopened(auditor, id, now);
    } else if (strcmp(kind, "alert.acknowledged") == 0) {
        auditor_acknowledged(auditor, id);
    } else if (strcmp(kind, "alert.resolved") == 0) {
        auditor_resolved(auditor, id);
    }
}

/* From the next commit on everybody on every node is told by the new schedules. What shares a commit
 * with the change is judged as if it came before. */
static void take_over_change(struct world *world)
{
    world->has_changed = false;
    if (world->change != CHANGE_NONE) {
        world->change = CHANGE_NONE;
        world->scene = world->next_scene;
        world_count(world, COUNT_CONFIG_CHANGES);
    }
}

/* With several nodes each commit is read at once, and was judged by their common clock. */
static struct moment moment_of(struct world *world, const struct event *event)
{
    struct moment now = world->is_reading_past ? world->down_at : world_now(world);
    if (world_is_shared(world)) {
        int64_t off_us = utc_since(now.wall, event->at).us;
        if (off_us < -CLOCK_OFF_MOST_US || off_us > CLOCK_OFF_MOST_US) {
            auditor_complain(world->auditor, now,
                             "clock: event %" G_GINT64_FORMAT " is off by %.3f s", event->seq,
                             (double)off_us / 1e6);
        }
        now.wall = event->at;
    }
    return now;
}

/* About one alert, or about those of a digest, which are listed. */
static void read_unknown(struct world *world, const struct event *event, const json_t *data)
{
    int64_t delivery = json_integer_value(json_object_get(data, "delivery"));
    if (g_hash_table_contains(world->questions, &delivery)) {
        return; /* told nobody of anything, perhaps of the episode before */
    }
    g_auto(GStrv) subjects = g_strsplit(json_text(data, "alerts", event->subject), " ", -1);
    for (char **subject = subjects; *subject != NULL; subject++) {
        int64_t alert_id = subject_id(*subject, ALERT_SUBJECT);
        if (alert_id != 0) {
            auditor_attempt_unknown(world->auditor, alert_id, json_text(data, "who", ""),
                                    moment_of(world, event));
        }
    }
}

static void read_event(void *self, const struct event *event)
{
    struct world *world = self;
    struct fault fault;
    world->seen_seq = event->seq;
    world_tell(world, NULL, "read event %" G_GINT64_FORMAT " %s %s %s", event->seq, event->kind,
               event->subject, event->data != NULL ? event->data : "");
    if (strcmp(event->kind, "config.changed") == 0) {
        world->has_changed = true;
    }
    json_auto_t *data =
        event->data != NULL ? json_read(event->data, strlen(event->data), &fault) : NULL;
    if (strcmp(event->kind, "delivery.unknown") == 0) {
        read_unknown(world, event, data);
    }
    int64_t alert_id = subject_id(event->subject, ALERT_SUBJECT);
    if (alert_id == 0) {
        return;
    }
    read_of_alert(world, event->kind, alert_id, data, moment_of(world, event));
}

void history_read(struct world *world, struct db *db)
{
    int64_t before = 0;
    do {
        before = world->seen_seq;
        event_list(db, before, NULL, 500, read_event, world);
    } while (world->seen_seq != before);
    if (world->has_changed) {
        take_over_change(world);
    }
}

static void check_from(struct world *world, struct db *db, guint first)
{
    for (guint i = first; i < world->answered->len; i++) {
        struct alert alert = {0};
        int64_t id = g_array_index(world->answered, int64_t, i);
        bool is_there = alert_load(db, id, &alert);
        alert_clear(&alert);
        if (!is_there) {
            auditor_gone(world->auditor, id, world_now(world));
        }
    }
    world->answered_seen = world->answered->len;
}

void history_check_new(struct world *world, struct db *db)
{
    if (world->answered_seen < world->answered->len) {
        check_from(world, db, world->answered_seen);
    }
}

void history_check_answered(struct world *world, struct db *db)
{
    check_from(world, db, 0);
    g_array_set_size(world->answered, 0);
    world->answered_seen = 0;
}
