/* fuzz/fuzz_config_yaml.c - bytes as a configuration file: what is taken as YAML must be written as
 * YAML that reads back the same; what is taken as a configuration must be no change of itself. */
#include <string.h>

#include "alert/kinds.h"
#include "config/config_plan.h"
#include "config/config_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_written(const json_t *json)
{
    struct yaml_document again;
    struct fault fault = {0};
    char *text = yaml_write(json, NULL);
    CHECK(yaml_read(text, strlen(text), &again, &fault));
    CHECK(json_equal(json, again.json));
    yaml_document_clear(&again);
    g_free(text);
}

static struct config_plan *plan(const json_t *json, const GPtrArray *current)
{
    struct fault fault = {0};
    struct plan_options options = {.is_from_file = true, .prune = true};
    struct config_plan *made = config_plan_make(json, current, options, &fault);
    CHECK(made != NULL || fault.text[0] != '\0');
    return made;
}

static void check_plan(const json_t *json)
{
    GPtrArray *objects = g_ptr_array_new();
    struct config_plan *first = plan(json, objects);
    if (first != NULL) {
        for (guint i = 0; i < first->changes->len; i++) {
            struct config_change *change = g_ptr_array_index(first->changes, i);
            g_ptr_array_add(objects, change->object);
        }
        struct config_plan *second = plan(json, objects);
        CHECK(second != NULL && !config_plan_changes_anything(second));
        config_plan_free(second);
    }
    config_plan_free(first);
    g_ptr_array_unref(objects);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct yaml_document document;
    struct fault fault = {0};
    config_register(CONFIG_KINDS);
    if (yaml_read((const char *)bytes, size, &document, &fault)) {
        check_written(document.json);
        check_plan(document.json);
    } else {
        CHECK(fault.text[0] != '\0');
        char *text = yaml_fault_text("fuzz.yaml", &document, &fault);
        CHECK(g_utf8_validate(text, -1, NULL));
        g_free(text);
    }
    yaml_document_clear(&document);
    return 0;
}
