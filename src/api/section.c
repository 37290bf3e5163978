#include "api/section.h"

#include "people/address.h"
#include "people/people_permits.h"

/* The address of a webhook or a room is a password: who may not change it sees where it leads, not it. */
static void hide_address(json_t *item)
{
    const char *to = json_string_value(json_object_get(item, "to"));
    g_autofree char *shown = address_shown(to);
    if (shown != NULL) {
        json_object_set_new(item, "to", json_string(shown));
    }
}

static json_t *written(struct http_request *request, const struct section *section,
                       const void *item)
{
    json_t *json = record_write(section->record, item);
    if (http_may(request, &PERMIT_ADDRESS_READ)) {
        return json;
    }
    size_t i;
    json_t *contact;
    hide_address(json);
    json_array_foreach (json_object_get(json, "contacts"), i, contact) {
        hide_address(contact);
    }
    return json;
}

void section_list(struct http_request *request, struct api_context *context,
                  const struct section *section)
{
    struct api_page page;
    if (!api_page_read(request, &page)) {
        return;
    }
    struct config *config = config_current(context->configs);
    const GPtrArray *all = config_items(config, section->kind);
    json_t *items = json_array();
    guint at = all == NULL ? 0 : (guint)MIN(page.from, (int64_t)all->len);
    guint end = all == NULL ? 0 : MIN(all->len, at + (guint)page.limit);
    for (guint i = at; i < end; i++) {
        json_array_append_new(items, written(request, section, all->pdata[i]));
    }
    bool has_more = all != NULL && end < all->len;
    config_unref(config);
    api_answer_list(request, items, has_more ? (int64_t)end : 0);
}

void section_one(struct http_request *request, struct api_context *context,
                 const struct section *section)
{
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(context->configs);
    const void *item = config_find(config, section->kind, name);
    if (item == NULL) {
        api_answer_unknown(request, 404, "name", config, section->kind, name);
    } else {
        http_answer_json(request, 200, written(request, section, item));
    }
    config_unref(config);
}
