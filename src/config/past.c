#include "config/past.h"

void config_tell_past(const struct config_teller *teller, const char *path, struct utc end)
{
    char text[UTC_TEXT_SIZE];
    utc_format(end, text);
    g_autofree char *why =
        g_strdup_printf("ends at %s, which is past: it will never hold; is its date right?", text);
    teller->tell(teller->self, path, why);
}

static void look_at(const struct config *current, const struct config_kind *kind,
                    const json_t *document, struct utc now, const struct config_teller *teller)
{
    json_auto_t *list = config_section_items(kind, document);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct fault unheard = {0};
        json_auto_t *full = config_in_full(kind, json_array_get(list, i));
        void *item = record_new(kind->record, full, &unheard);
        if (item != NULL) {
            const char *name = config_item_name(item);
            kind->warn_before(item, config_find(current, kind, name), now, teller);
        }
        record_free(kind->record, item);
    }
}

void config_past(const struct config *current, const json_t *document, struct utc now,
                 const struct config_teller *teller)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        if (config_kind_at(k)->warn_before != NULL) {
            look_at(current, config_kind_at(k), document, now, teller);
        }
    }
}
