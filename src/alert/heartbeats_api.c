/* Heartbeats with their state. */
#include "api/aside.h"
#include "api/handler.h"

#include "alert/alert_permits.h"
#include "alert/service.h"
#include "paging/page_store.h"

struct beat_view {
    char *name, *service;
    int severity;
    struct span every, grace;
    struct utc last_at, due_at;
    bool is_missing;
};
static const struct field BEAT_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct beat_view, name),
     .flags = FIELD_ALWAYS},
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct beat_view, service),
     .flags = FIELD_ALWAYS},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct beat_view, severity),
     .flags = FIELD_ALWAYS,
     .names = SEVERITY_NAMES,
     .doc = "Of the alert when it is missed."},
    {.name = "every",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct beat_view, every),
     .flags = FIELD_ALWAYS,
     .doc = "How often it should be heard."},
    {.name = "grace",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct beat_view, grace),
     .doc = "How late it may be before it is missed; absent: not at all."},
    {.name = "last_at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct beat_view, last_at),
     .doc = "Absent: never heard."},
    {.name = "due_at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct beat_view, due_at),
     .doc = "When it is missed."},
    {.name = "is_missing", .kind = FIELD_BOOL, .offset = offsetof(struct beat_view, is_missing)},
};
static const struct record BEAT_RECORD = {.name = "HeartbeatState",
                                          .doc = "A heartbeat and when it was heard.",
                                          .size = sizeof(struct beat_view),
                                          .fields = BEAT_FIELDS,
                                          .field_count = G_N_ELEMENTS(BEAT_FIELDS)};

static json_t *heartbeat_json(struct db *db, const struct heartbeat *heartbeat)
{
    struct heartbeat_state state = {0};
    (void)!heartbeat_load(db, heartbeat->name, &state);
    struct beat_view view = {.name = heartbeat->name,
                             .service = heartbeat->service,
                             .severity =
                                 heartbeat->severity == 0 ? SEVERITY_CRITICAL : heartbeat->severity,
                             .every = heartbeat->every,
                             .grace = heartbeat->grace,
                             .last_at = state.last_at,
                             .due_at = state.due_at,
                             .is_missing = state.is_missing};
    return record_write(&BEAT_RECORD, &view);
}

static void read_heartbeats(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct config *config = config_current(context->configs);
    const GPtrArray *all = config_items(config, &HEARTBEAT_KIND);
    json_t *items = json_array();
    struct db *db = api_reader(context);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        json_array_append_new(items, heartbeat_json(db, all->pdata[i]));
    }
    config_unref(config);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, items, 0);
    } else {
        json_decref(items);
    }
}

static void get_heartbeats(struct http_request *request, void *context)
{
    aside_answer(request, context, read_heartbeats);
}

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/heartbeats", &PERMIT_HEARTBEAT_READ, get_heartbeats,
     .summary = "Heartbeats and when they were heard.", .answer = &BEAT_RECORD, .is_list = true},
};
const struct route_table HEARTBEAT_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
