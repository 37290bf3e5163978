#include <string.h>

#include "access/token.h"
#include "alert/service.h"
#include "base/json.h"
#include "config/config_check.h"
#include "config/lint.h"
#include "oncall/policy.h"
#include "people/user.h"

/* ---- services ---- */

static bool check_service(const struct config *config, const void *item, struct fault *fault)
{
    const struct service *service = item;
    return config_check_reference(config, &POLICY_KIND, service->policy, "policy", fault) &&
           config_check_reference(config, &TEAM_KIND, service->owner, "owner", fault);
}

static bool service_has_door(const struct config *config, const char *service)
{
    const GPtrArray *integrations = config_items(config, &INTEGRATION_KIND);
    const GPtrArray *routes = config_items(config, &ROUTE_KIND);
    const GPtrArray *heartbeats = config_items(config, &HEARTBEAT_KIND);
    for (guint i = 0; i < integrations->len; i++) {
        if (g_strcmp0(((const struct integration *)integrations->pdata[i])->service, service) ==
            0) {
            return true;
        }
    }
    for (guint i = 0; i < routes->len; i++) {
        if (g_strcmp0(((const struct route *)routes->pdata[i])->service, service) == 0) {
            return true;
        }
    }
    for (guint i = 0; i < heartbeats->len; i++) {
        if (g_strcmp0(((const struct heartbeat *)heartbeats->pdata[i])->service, service) == 0) {
            return true;
        }
    }
    return false;
}

static void lint_services(const struct lint *lint)
{
    const GPtrArray *services = config_items(lint->config, &SERVICE_KIND);
    if (services->len == 0) {
        lint_add(lint->findings, LINT_PROBLEM, "empty", "",
                 "Write a team file and run `tocsin apply FILE`; examples/team.yaml is one.",
                 "There is no service, so that no alert can page anybody.");
    }
    for (guint i = 0; i < services->len; i++) {
        const struct service *service = services->pdata[i];
        if (!service_has_door(lint->config, service->name)) {
            g_autofree char *subject = lint_subject("service", service->name);
            lint_add(lint->findings, LINT_NOTE, "no-door", subject,
                     "Add an integration for it under `integrations:`.",
                     "No integration, route or heartbeat leads to service %s.", service->name);
        }
    }
}

const struct config_kind SERVICE_KIND = {
    .section = "services",
    .noun = "service",
    .number = 6,
    .place = 600,
    .record = &SERVICE_RECORD,
    .check = check_service,
    .lint = lint_services,
};

const struct service *service_find(const struct config *config, const char *name)
{
    return config_find(config, &SERVICE_KIND, name);
}

/* ---- integrations ---- */

static bool check_integration(const struct config *config, const void *item, struct fault *fault)
{
    const struct integration *integration = item;
    return config_check_reference(config, &SERVICE_KIND, integration->service, "service", fault);
}

static bool has_short_key(const json_t *spec)
{
    const char *kind = json_text(spec, "kind", "");
    return strcmp(kind, enum_to_name(INTEGRATION_KIND_NAMES, INTEGRATION_PAGERDUTY)) == 0;
}

const struct config_kind INTEGRATION_KIND = {
    .section = "integrations",
    .noun = "integration",
    .number = 7,
    .place = 700,
    .record = &INTEGRATION_RECORD,
    .key_owner = KEY_INTEGRATION,
    .has_short_key = has_short_key,
    .check = check_integration,
};

const struct integration *integration_find(const struct config *config, const char *name)
{
    return config_find(config, &INTEGRATION_KIND, name);
}

/* ---- heartbeats ---- */

static bool check_heartbeat(const struct config *config, const void *item, struct fault *fault)
{
    const struct heartbeat *heartbeat = item;
    return config_check_reference(config, &SERVICE_KIND, heartbeat->service, "service", fault);
}

const struct config_kind HEARTBEAT_KIND = {
    .section = "heartbeats",
    .noun = "heartbeat",
    .number = 10,
    .place = 1000,
    .record = &HEARTBEAT_RECORD,
    .key_owner = KEY_HEARTBEAT,
    .check = check_heartbeat,
};

const struct heartbeat *heartbeat_find(const struct config *config, const char *name)
{
    return config_find(config, &HEARTBEAT_KIND, name);
}
