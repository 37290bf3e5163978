/* /api/v1/retention */
#include "api/aside.h"
#include "api/handler.h"

#include "access/permit.h"
#include "base/describe.h"
#include "base/json_set.h"
#include "retention/retention_room.h"

static const struct permit PERMIT_RETENTION_READ = {
    "retention.read", SCOPE_READ, NULL, "Read how long what is over is kept, and what will go."};

enum { COUNTED_MOST = 100000 }; /* whoever asks must not wait for millions to be counted */

static const struct field KEPT_FIELDS[] = {
    SHAPE_TEXT("what", FIELD_ALWAYS, NULL),
    SHAPE_KIND("kept_for", FIELD_SPAN, FIELD_ALWAYS, NULL),
    SHAPE_KIND("oldest_at", FIELD_UTC, 0, "Since when the oldest one is over."),
    SHAPE_KIND("due", FIELD_INT, FIELD_ALWAYS,
               "So many are old enough for a run to take them, unless something of them goes on."),
    SHAPE_KIND("due_is_more", FIELD_BOOL, 0, "There are more; nobody counted them all."),
};
static const struct record KEPT =
    SHAPE("RetentionKept", "How long one kind of thing is kept.", KEPT_FIELDS);

static const struct field RUN_FIELDS[] = {
    SHAPE_KIND("begun_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("ended_at", FIELD_UTC, 0, "Absent: it goes on."),
    SHAPE_KIND("alerts", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("deliveries", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("notices", FIELD_INT, FIELD_ALWAYS, "Messages that were about no alert."),
    SHAPE_KIND("payloads", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("events", FIELD_INT, FIELD_ALWAYS, NULL),
};
static const struct record RUN = SHAPE("RetentionRun", "What a run deleted.", RUN_FIELDS);

static const struct field SPACE_FIELDS[] = {
    SHAPE_KIND("bytes", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("free_bytes", FIELD_INT, FIELD_ALWAYS,
               "Of these nothing is in: what is written next takes them."),
    SHAPE_KIND("can_shrink", FIELD_BOOL, FIELD_ALWAYS,
               "False: an earlier version made it; `tocsin move` to a new one makes one that can."),
};
static const struct record SPACE =
    SHAPE("RetentionFile", "The file of the database.", SPACE_FIELDS);

static const struct field ARCHIVE_FIELDS[] = {
    SHAPE_TEXT("node", 0, "The server that wrote last."),
    SHAPE_KIND("archived_at", FIELD_UTC, 0, "When; absent: nothing was old yet."),
    SHAPE_TEXT("last_seq", 0, "Up to this one events were written out."),
    SHAPE_KIND("failed_at", FIELD_UTC, 0, "Since when it fails: nothing is deleted meanwhile."),
    SHAPE_TEXT("why", 0, NULL),
};
static const struct record ARCHIVE =
    SHAPE("RetentionArchive", "What is written out before it is deleted.", ARCHIVE_FIELDS);

static const struct field RETENTION_FIELDS[] = {
    SHAPE_MANY("kept", KEPT, FIELD_ALWAYS),
    SHAPE_ONE("last_run", RUN, 0),
    SHAPE_TEXT("events_needed_from", 0,
               "The first event of the oldest alert that is kept: from this one on all stay."),
    SHAPE_KIND("judged_at", FIELD_UTC, 0,
               "What time it is for retention: behind the clock where that leapt ahead."),
    SHAPE_ONE("file", SPACE, 0),
    SHAPE_ONE("archive", ARCHIVE, 0),
};
static const struct record RETENTION_STATUS =
    SHAPE("Retention", "How long what is over is kept, and what will go.", RETENTION_FIELDS);

static json_t *kept_json(const char *what, struct span kept, struct utc oldest, int64_t due)
{
    char text[UTC_TEXT_SIZE];
    span_format(kept, text);
    json_t *json = json_pack("{s:s, s:s, s:I}", "what", what, "kept_for", text, "due",
                             (json_int_t)MIN(due, COUNTED_MOST));
    json_set_utc(json, "oldest_at", oldest);
    if (due > COUNTED_MOST) {
        json_object_set_new(json, "due_is_more", json_true());
    }
    return json;
}

static struct utc horizon_of(struct utc judged, struct span kept)
{
    return retention_horizon(judged, judged, kept);
}

static json_t *sort_json(struct db *db, const char *what, enum retention_sort sort,
                         struct span kept, struct utc judged)
{
    int64_t due = retention_count(db, sort, horizon_of(judged, kept), COUNTED_MOST + 1);
    return kept_json(what, kept, retention_oldest(db, sort), due);
}

static json_t *run_json(const struct retention_state *state)
{
    json_t *json =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "alerts", (json_int_t)state->alerts, "deliveries",
                  (json_int_t)state->deliveries, "notices", (json_int_t)state->notices, "payloads",
                  (json_int_t)state->payloads, "events", (json_int_t)state->events);
    json_set_utc(json, "begun_at", state->begun_at);
    if (!utc_before(state->ended_at, state->begun_at)) {
        json_set_utc(json, "ended_at", state->ended_at);
    }
    return json;
}

static json_t *events_json(struct db *db, struct span kept, struct utc judged, int64_t needed)
{
    struct retention_event oldest = {0};
    size_t count = retention_first_events(db, &oldest, 1);
    int64_t due = retention_count_events(db, horizon_of(judged, kept));
    int64_t unneeded = count > 0 && needed != INT64_MAX ? needed - oldest.seq : INT64_MAX;
    return kept_json("events", kept, oldest.at, MIN(due, unneeded));
}

static void set_file(json_t *status, struct db *db)
{
    struct db_space space;
    if (db_space(db, &space)) {
        json_object_set_new(status, "file",
                            json_pack("{s:I, s:I, s:b}", "bytes", (json_int_t)space.bytes,
                                      "free_bytes", (json_int_t)space.free_bytes, "can_shrink",
                                      space.can_shrink));
    }
}

static void set_archive(json_t *status, struct db *db)
{
    struct archive_state state;
    if (archive_state_load(db, &state)) {
        json_t *json = json_pack("{s:s*, s:s*}", "node", state.node, "why",
                                 utc_is_set(state.failed_at) ? state.why : NULL);
        json_set_utc(json, "archived_at", state.archived_at);
        json_set_utc(json, "failed_at", state.failed_at);
        if (state.last_seq != 0) {
            json_object_set_new(json, "last_seq",
                                json_sprintf("%" G_GINT64_FORMAT, state.last_seq));
        }
        json_object_set_new(status, "archive", json);
    }
    archive_state_clear(&state);
}

static json_t *status_json(struct db *db, const struct retention *retention, struct utc now)
{
    struct retention_state state;
    retention_state_load(db, &state);
    struct utc judged = utc_is_set(state.judged_at) ? utc_earlier(state.judged_at, now) : now;
    json_t *kept = json_array();
    json_array_append_new(kept, sort_json(db, "alerts", SORT_ALERTS, retention->alerts, judged));
    json_array_append_new(
        kept, sort_json(db, "suppressed alerts", SORT_SUPPRESSED, retention->alerts, judged));
    json_array_append_new(
        kept, sort_json(db, "deliveries", SORT_DELIVERIES, retention->deliveries, judged));
    json_array_append_new(kept,
                          sort_json(db, "notices", SORT_NOTICES, retention->deliveries, judged));
    json_array_append_new(
        kept, kept_json("payloads", retention->payloads, retention_oldest_payload(db),
                        retention_count_payloads(db, horizon_of(judged, retention->payloads))));
    int64_t needed = retention_needed_seq(db);
    json_array_append_new(kept, events_json(db, retention->events, judged, needed));
    json_t *status = json_pack("{s:o}", "kept", kept);
    if (needed != INT64_MAX) {
        json_object_set_new(status, "events_needed_from",
                            json_sprintf("%" G_GINT64_FORMAT, needed));
    }
    if (utc_is_set(state.begun_at)) {
        json_object_set_new(status, "last_run", run_json(&state));
    }
    json_set_utc(status, "judged_at", state.judged_at);
    set_file(status, db);
    set_archive(status, db);
    return status;
}

static void read_retention(struct http_request *request, void *self)
{
    const struct retention_room *room = self;
    struct config *config = config_current(room->api->configs);
    struct db *db = api_reader(room->api);
    json_auto_t *status = status_json(db, retention_of(config), clock_now(room->api->clock));
    if (api_reader_done(room->api, request, db)) {
        http_answer_json(request, 200, json_incref(status));
    }
    config_unref(config);
}

static void get_retention(struct http_request *request, void *room)
{
    aside_answer_long(request, room, read_retention);
}

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/retention", &PERMIT_RETENTION_READ, get_retention,
     .summary =
         "How long what is over is kept, how much is old enough to go, and what the last run "
         "deleted.",
     .answer = &RETENTION_STATUS},
};
const struct route_table RETENTION_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
