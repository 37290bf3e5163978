/* What came in lately at an integration's door. */
#include "alert/service.h"
#include "api/aside.h"
#include "api/handler.h"
#include "base/json.h"
#include "source/door_shapes.h"
#include "source/payload.h"
#include "source/source_permits.h"

static void list_payload(void *self, const struct payload *payload)
{
    (void)json_array_append_new(self, payload_json(payload));
}

static void read_payloads(struct http_request *request, void *context)
{
    const struct api_context *api = context;
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(api->configs);
    bool is_there = integration_find(config, name) != NULL;
    if (!is_there) {
        api_answer_unknown(request, 404, "name", config, &INTEGRATION_KIND, name);
    }
    config_unref(config);
    if (!is_there) {
        return;
    }
    json_t *items = json_array();
    struct db *db = api_reader(api);
    payload_book_list(api->payloads, db, name, list_payload, items);
    if (!api_reader_done(api, request, db)) {
        json_decref(items);
        return;
    }
    http_answer_json(request, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}

static void get_payloads(struct http_request *request, void *context)
{
    aside_answer(request, context, read_payloads);
}

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/integrations/{name}/payloads", &PERMIT_PAYLOAD_READ, get_payloads,
     .summary = "The last payloads that arrived, newest first, and why some were refused.",
     .answer = &PAYLOAD_SHAPE, .is_list = true},
};

const struct route_table PAYLOAD_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
