/* Where would an alert go? */
#include "api/handler.h"
#include "api/section.h"
#include "api/shapes.h"

#include "alert/alert_permits.h"
#include "alert/route.h"
#include "alert/service.h"
#include "source/native.h"

SECTION(get_routes, get_route, ROUTE_KIND, ROUTE_RECORD)

struct route_test {
    char *integration;
    json_t *alert;
};

static json_t *new_alert_schema(void)
{
    return record_schema(&NATIVE_ALERT_RECORD);
}
static const struct field_codec NEW_ALERT_CODEC = {.schema = new_alert_schema};

static const struct field ROUTE_TEST_FIELDS[] = {
    {.name = "integration",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct route_test, integration),
     .flags = FIELD_REQUIRED},
    {.name = "alert",
     .kind = FIELD_JSON,
     .offset = offsetof(struct route_test, alert),
     .flags = FIELD_REQUIRED,
     .codec = &NEW_ALERT_CODEC,
     .doc = "As for POST /api/v1/alerts."},
};
static const struct record ROUTE_TEST_RECORD = {.name = "RouteTest",
                                                .doc = "An alert that only tries out the routes.",
                                                .size = sizeof(struct route_test),
                                                .fields = ROUTE_TEST_FIELDS,
                                                .field_count = G_N_ELEMENTS(ROUTE_TEST_FIELDS)};

static json_t *walk(const struct config *config, const struct integration *integration,
                    const struct signal *signal)
{
    struct match_subject subject =
        match_subject_of_signal(signal, integration->name, integration->service);
    struct route_verdict verdict = route_walk(config_items(config, &ROUTE_KIND), &subject);
    int severity = verdict.severity == 0 ? signal_severity(signal) : verdict.severity;
    const char *service = verdict.service == NULL ? integration->service : verdict.service;
    json_t *json =
        json_pack("{s:s, s:s?, s:b, s:s?, s:s?}", "service", service, "severity",
                  enum_to_name(SEVERITY_NAMES, severity), "is_suppressed", verdict.is_suppressed,
                  "routes", verdict.taken, "not_evaluated", verdict.unsure);
    g_free(verdict.taken);
    g_free(verdict.unsure);
    return json;
}

static void test_route(struct http_request *request, const struct config *config,
                       const struct route_test *test)
{
    struct fault fault = {0};
    struct signal signal = {0};
    g_autofree char *ignored_integration = NULL;
    g_autofree char *ignored_service = NULL;
    const struct integration *integration = integration_find(config, test->integration);
    if (integration == NULL) {
        api_answer_unknown(request, 422, "integration", config, &INTEGRATION_KIND,
                           test->integration);
    } else if (!native_read(test->alert, &signal, &ignored_integration, &ignored_service, &fault)) {
        fault_within(&fault, "alert");
        http_answer_fault(request, 422, &fault);
    } else {
        http_answer_json(request, 200, walk(config, integration, &signal));
    }
    signal_clear(&signal);
}

static void post_route_test(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct route_test test = {0};
    if (api_body(request, &ROUTE_TEST_RECORD, &test)) {
        struct config *config = config_current(context->configs);
        test_route(request, config, &test);
        config_unref(config);
        record_clear(&ROUTE_TEST_RECORD, &test);
    }
}

static const struct field ROUTE_TESTED_FIELDS[] = {
    SHAPE_TEXT("service", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("severity", SEVERITY_NAMES, FIELD_ALWAYS | FIELD_NULL),
    SHAPE_KIND("is_suppressed", FIELD_BOOL, FIELD_ALWAYS, "It would be recorded and page nobody."),
    SHAPE_TEXT("routes", FIELD_ALWAYS | FIELD_NULL, "Names of those that fit."),
    SHAPE_TEXT("not_evaluated", FIELD_ALWAYS | FIELD_NULL,
               "Names of those whose patterns took too many steps: they were not taken."),
};
static const struct record ROUTE_TESTED_SHAPE =
    SHAPE("RouteTested", "Where the alert would go.", ROUTE_TESTED_FIELDS);

static const struct route_row ROWS[] = {
    SECTION_LIST("/api/v1/routes", PERMIT_ROUTE_READ, get_routes,
                 "Routes, in the order in which they are tried.", ROUTE_RECORD),
    SECTION_ONE("/api/v1/routes/{name}", PERMIT_ROUTE_READ, get_route, "One route.", ROUTE_RECORD),
    {"POST", "/api/v1/routes/test", &PERMIT_ROUTE_READ, post_route_test,
     .summary = "Which service and severity the routes would give an alert.",
     .request = &ROUTE_TEST_RECORD, .answer = &ROUTE_TESTED_SHAPE},
};
const struct route_table ROUTE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
