/* Who may what: the tables, and the guard in front of them. */
#include "api/context.h"
#include "api/intake.h"
#include "api/refused.h"

#include "access/key_command.h"
#include "access/key_index.h"
#include "alert/alert_events.h"
#include "base/principal.h"
#include "oncall/off_duty.h"
#include "oncall/override_work.h"
#include "paging/pager.h"
#include "source/pagerduty.h"

const char API_PLAIN_PROBLEMS[] = "/in/prometheus/";

void api_tables(struct api_tables *out)
{
    *out = (struct api_tables){
        .tables = {INTAKE_ROUTES,    ALERT_ROUTES,        EXPLAIN_ROUTES, SCHEDULE_ROUTES,
                   CONFIG_ROUTES,    EVENT_ROUTES,        KEY_ROUTES,     FEED_ROUTES,
                   OPERATION_ROUTES, TRIAL_ROUTES,        DOCTOR_ROUTES,  BOARD_ROUTES,
                   LINK_ROUTES,      DUTY_ROUTES,         MISS_ROUTES,    REPLAY_ROUTES,
                   NODE_ROUTES,      ALERTMANAGER_ROUTES, SILENCE_ROUTES, NULL},
        .sizes = {INTAKE_ROUTE_COUNT, ALERT_ROUTE_COUNT, EXPLAIN_ROUTE_COUNT, SCHEDULE_ROUTE_COUNT,
                  CONFIG_ROUTE_COUNT, EVENT_ROUTE_COUNT, KEY_ROUTE_COUNT, FEED_ROUTE_COUNT,
                  OPERATION_ROUTE_COUNT, TRIAL_ROUTE_COUNT, DOCTOR_ROUTE_COUNT, BOARD_ROUTE_COUNT,
                  LINK_ROUTE_COUNT, DUTY_ROUTE_COUNT, MISS_ROUTE_COUNT, REPLAY_ROUTE_COUNT,
                  NODE_ROUTE_COUNT, ALERTMANAGER_ROUTE_COUNT, SILENCE_ROUTE_COUNT},
    };
}

void api_add_events(struct ledger *ledger)
{
    ledger_add_events(ledger, KEY_EVENTS);
    ledger_add_events(ledger, CONFIG_EVENTS);
    ledger_add_events(ledger, OVERRIDE_EVENTS);
    ledger_add_events(ledger, ABSENCE_EVENTS);
    ledger_add_events(ledger, OFF_DUTY_EVENTS);
    ledger_add_events(ledger, ALERT_EVENTS);
    ledger_add_events(ledger, CHANGE_EVENTS);
    ledger_add_events(ledger, PAGING_EVENTS);
}

/* Default deny: what is not named here reaches nothing. */
static bool reaches(int scope, enum permit permit)
{
    switch (permit) {
    case PERMIT_READ:
        return scope >= SCOPE_READ;
    case PERMIT_RESPOND:
        return scope >= SCOPE_RESPOND;
    case PERMIT_ADMIN:
        return scope >= SCOPE_ADMIN;
    case PERMIT_ANYONE:
    case PERMIT_KEY:
    case PERMIT_LINK:
        break;
    }
    return false;
}

static char *authorize(void *self, const char *token, enum permit permit, bool *out_is_known)
{
    struct api_context *context = self;
    struct key_entry entry = {0};
    *out_is_known = false;
    if (!key_index_find(context->keys, token, clock_now(context->clock), &entry) ||
        entry.owner_kind != KEY_TOKEN) {
        return NULL;
    }
    *out_is_known = true;
    return reaches(entry.scope, permit) ? principal_text(PRINCIPAL_TOKEN, entry.owner) : NULL;
}

/* Of one that may send more than a form: an integration, a heartbeat, a token that may respond. */
static bool knows(void *self, const struct http_request *request, bool *out_is_wrong)
{
    struct api_context *context = self;
    const char *key = http_path_param(request, "key");
    struct key_entry entry = {0};
    if (key == NULL) {
        key = http_bearer(request);
    }
    if (key == NULL || !key_index_find(context->keys, key, clock_now(context->clock), &entry)) {
        *out_is_wrong = key != NULL;
        return false;
    }
    return entry.owner_kind == KEY_INTEGRATION || entry.owner_kind == KEY_HEARTBEAT ||
           (entry.owner_kind == KEY_TOKEN && entry.scope >= SCOPE_RESPOND);
}

static bool knows_body(void *self, const struct http_request *request)
{
    const struct api_context *context = self;
    size_t size = 0;
    const char *bytes = http_body(request, &size);
    struct key_entry entry = {0};
    g_autofree char *key = pagerduty_key_in(bytes, size);
    return key != NULL && key_index_find(context->keys, key, clock_now(context->clock), &entry) &&
           entry.owner_kind == KEY_INTEGRATION;
}

struct http_guard api_guard(struct api_context *context)
{
    return (struct http_guard){.authorize = authorize,
                               .knows = knows,
                               .knows_body = knows_body,
                               .lost = refused_lost,
                               .turned_away = refused_turned_away,
                               .self = context,
                               .sign_in = "/"};
}
