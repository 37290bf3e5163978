#include "api/door.h"

#include "access/key_index.h"
#include "alert/service.h"
#include "api/refused.h"

static const char RETRY_AFTER_S[] = "5";

const char DOOR_UNKNOWN_KEY[] = "This key is not known: it was mistyped, rotated away or deleted. "
                                "\"tocsin integration rotate NAME\" makes a new one.";

const char *door_address(int kind)
{
    const struct door *const *door = DOORS;
    while (*door != NULL && (*door)->kind != kind) {
        door++;
    }
    CHECK(*door != NULL);
    return (*door)->address;
}

/* --- who comes in --- */

bool door_owner(const struct api_context *context, const char *key, struct key_entry *out)
{
    return key != NULL && key_index_find(context->keys, key, clock_now(context->clock), out);
}

bool door_enter_as(struct intake *intake, const char *integration, const char *key, int status)
{
    struct fault fault = {0};
    intake->secret = g_strdup(key);
    if (intake_adopt(intake, integration, intake->door->kind, &fault)) {
        return true;
    }
    refused_door(intake->context, integration, fault.text);
    intake_refuse(intake, status, &fault);
    return false;
}

bool door_enter(struct intake *intake, const char *key, int status)
{
    struct key_entry owner = {0};
    struct fault fault = {0};
    if (door_owner(intake->context, key, &owner) && owner.owner_kind == KEY_INTEGRATION) {
        return door_enter_as(intake, owner.owner, key, status);
    }
    refused_key(intake->context, key);
    (void)fault_set(&fault, "", "%s", DOOR_UNKNOWN_KEY);
    intake_refuse(intake, http_wrong_key(intake->request) > 0 ? 429 : status, &fault);
    return false;
}

/* --- what is answered --- */

void door_add_note(const struct intake *intake, json_t *body)
{
    g_autofree char *note = intake_note(intake);
    if (note != NULL) {
        (void)json_object_set_new(body, "note", json_string(note));
    }
}

static void accept_alerts(struct intake *intake)
{
    json_t *body = json_pack("{s:I}", "accepted",
                             (json_int_t)(intake->count - intake->own - intake->batch.added));
    if (intake->batch.cut_off > 0) {
        (void)json_object_set_new(body, "cut_off", json_integer((json_int_t)intake->batch.cut_off));
    }
    if (intake->batch.refused > 0) {
        (void)json_object_set_new(body, "refused", json_integer((json_int_t)intake->batch.refused));
        (void)json_object_set_new(
            body, "first_problem",
            json_sprintf("%s: %s", intake->batch.first.field, intake->batch.first.text));
    }
    door_add_note(intake, body);
    http_answer_json(intake->request, intake->door->success, body);
}

void door_accept(struct intake *intake)
{
    if (intake->door->accept != NULL) {
        intake->door->accept(intake);
    } else {
        accept_alerts(intake);
    }
}

void door_refuse(struct http_request *request, const struct door *door, int status,
                 const struct fault *fault)
{
    if (status == 429 || status >= 500) {
        http_set_header(request, "Retry-After", RETRY_AFTER_S);
    }
    if (door->refuse != NULL) {
        door->refuse(request, status, fault);
    } else {
        http_answer_fault(request, status, fault);
    }
}
