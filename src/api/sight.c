#include "api/sight.h"

#include "api/handler.h"
#include "api/shapes.h"

#include "access/permit.h"

int sight_of(const struct http_request *request)
{
    const struct caller *caller = http_caller(request);
    return caller != NULL ? MAX(caller->scope, (int)SCOPE_READ) : (int)SCOPE_READ;
}

bool sight_sees(int sight, const struct ledger *ledger, const char *kind)
{
    const struct event_kind *known = event_kind_of(ledger, kind);
    return known != NULL ? sight >= known->scope : sight == SCOPE_ADMIN;
}

static const struct field EVENT_FIELDS[] = {
    SHAPE_CODED("seq", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, "Grows with each event."),
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("actor", FIELD_ALWAYS,
               "\"user:ana\", \"integration:prod-am\", \"token:ci\", \"tocsin\"."),
    SHAPE_TEXT("kind", FIELD_ALWAYS, "Such as \"alert.triggered\"."),
    SHAPE_TEXT("subject", FIELD_ALWAYS, "Such as \"alert:42\"."),
    SHAPE_CODED(
        "data", SHAPE_OBJECT_CODEC, 0,
        "client_address in it, for who may administer: from where a person or token did it."),
};
const struct record EVENT_RECORD = SHAPE("Event", "Something that happened.", EVENT_FIELDS);

static const struct field DECISION_FIELDS[] = {
    SHAPE_CODED("seq", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("actor", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("kind", FIELD_ALWAYS, "Such as \"page.started\"."),
    SHAPE_CODED("data", SHAPE_OBJECT_CODEC, FIELD_ALWAYS | FIELD_NULL, NULL),
};
const struct record DECISION_SHAPE =
    SHAPE("Decision", "An event about the alert.", DECISION_FIELDS);

json_t *event_json(const struct event *event, int sight)
{
    json_t *data = event->data == NULL ? NULL : json_loads(event->data, JSON_DECODE_ANY, NULL);
    json_t *json = json_pack(
        "{s:o, s:o, s:s, s:s, s:s}", "seq", json_sprintf("%" G_GINT64_FORMAT, event->seq), "at",
        api_utc(event->at), "actor", event->actor, "kind", event->kind, "subject", event->subject);
    if (sight < SCOPE_ADMIN) {
        (void)json_object_del(data, EVENT_CLIENT);
    }
    if (data != NULL && json != NULL) {
        json_object_set_new(json, "data", data);
    }
    return json;
}
