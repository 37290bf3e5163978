#include <string.h>

#include "access/token.h"
#include "base/json.h"
#include "config/config_work.h"

static char *resolve_reference(const char *reference, const struct key_source *source,
                               struct fault *fault)
{
    if (g_str_has_prefix(reference, "env:")) {
        const char *value = source->read_env(source->self, reference + strlen("env:"));
        if (value == NULL || value[0] == '\0') {
            (void)fault_set(fault, "key",
                            "%s is not set in the environment; set it where you run this, or leave "
                            "the key out to have one minted",
                            reference + strlen("env:"));
            return NULL;
        }
        return g_strdup(value);
    }
    const char *path = reference + strlen("file:");
    char *value = source->read_file(source->self, path);
    if (value == NULL) {
        (void)fault_set(fault, "key", "the file %s cannot be read; create it where you run this",
                        path);
        return NULL;
    }
    return g_strstrip(value);
}

static bool resolve_entry(const json_t *entry, const char *noun, const struct key_source *source,
                          json_t *keys, struct fault *fault)
{
    const char *reference = json_text(entry, "key", "");
    const char *name = json_text(entry, "name", NULL);
    bool is_reference = g_str_has_prefix(reference, "env:") || g_str_has_prefix(reference, "file:");
    if (!is_reference || name == NULL) {
        return true; /* planning judges what else may be wrong with it */
    }
    g_autofree char *value = resolve_reference(reference, source, fault);
    if (value == NULL) {
        return false;
    }
    /* Whether it is a good one is judged where it is known whether it is new; but this would get lost on
     * the way there. */
    if (!g_utf8_validate(value, -1, NULL) && !key_check_given(value, fault)) {
        fault_within(fault, "key");
        return false;
    }
    g_autofree char *owner = g_strdup_printf("%s:%s", noun, name);
    (void)json_object_set_new(keys, owner, json_string(value));
    return true;
}

static void resolve_section(const json_t *document, const struct config_kind *kind,
                            const struct key_source *source, json_t *keys, GArray *faults)
{
    const json_t *list = json_object_get(document, kind->section);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct fault fault = {0};
        if (!resolve_entry(json_array_get(list, i), kind->noun, source, keys, &fault)) {
            fault_within_index(&fault, i);
            fault_within(&fault, kind->section);
            g_array_append_val(faults, fault);
        }
    }
}

json_t *config_resolve_keys(const json_t *document, const struct key_source *source, GArray *faults,
                            struct fault *fault)
{
    json_t *keys = json_object();
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct fault));
    for (size_t k = 0; k < config_kind_count(); k++) {
        if (config_kind_at(k)->key_owner != 0) {
            resolve_section(document, config_kind_at(k), source, keys, found);
        }
    }
    if (found->len > 0) {
        *fault = g_array_index(found, struct fault, 0);
        g_clear_pointer(&keys, json_decref);
    }
    if (faults != NULL) {
        g_array_append_vals(faults, found->data, found->len);
    }
    return keys;
}
