#include "config/config_check.h"

#include <string.h>

#include "base/nearest.h"
#include "base/zone.h"

bool config_unknown(const struct config *config, const struct config_kind *kind, const char *name,
                    struct fault *fault)
{
    struct nearest nearest = {.given = name};
    const GPtrArray *items = config_items(config, kind);
    for (guint i = 0; i < items->len; i++) {
        nearest_offer(&nearest, config_item_name(g_ptr_array_index(items, i)));
    }
    if (nearest.found != NULL) {
        return fault_set(fault, "", "there is no %s \"%.100s\"; did you mean \"%.100s\"?",
                         kind->noun, name, nearest.found);
    }
    return fault_set(fault, "", "there is no %s \"%.100s\"", kind->noun, name);
}

/* Of a file, which may add it. */
static void refuse_unknown(const struct config *config, const struct config_kind *kind,
                           const char *name, struct fault *fault)
{
    (void)config_unknown(config, kind, name, fault);
    if (strchr(fault->text, ';') == NULL) {
        (void)fault_set(fault, "", "there is no %s \"%.100s\"; add it to %s", kind->noun, name,
                        kind->section);
    }
}

bool config_check_reference(const struct config *config, const struct config_kind *kind,
                            const char *name, const char *field, struct fault *fault)
{
    if (name == NULL || config_find(config, kind, name) != NULL) {
        return true;
    }
    refuse_unknown(config, kind, name, fault);
    fault_within(fault, field);
    return false;
}

bool config_check_references(const struct config *config, const struct config_kind *kind,
                             const GPtrArray *names, const char *field, struct fault *fault)
{
    for (guint i = 0; i < names->len; i++) {
        if (!config_check_reference(config, kind, g_ptr_array_index(names, i), "", fault)) {
            fault_within_index(fault, i);
            fault_within(fault, field);
            return false;
        }
    }
    return true;
}

bool config_check_zone(const char *identifier, struct fault *fault)
{
    if (identifier == NULL || zone_load(identifier, fault) != NULL) {
        return true;
    }
    /* The fault may or may not name a field of its own already. */
    fault->field[0] = '\0';
    fault_within(fault, "time_zone");
    return false;
}

/* Names stand in addresses (/schedules/NAME/on-call), in actors and subjects ("user:ana") and in
 * lists with commas. */
static bool check_name(const char *name, struct fault *fault)
{
    bool is_trimmed = !g_ascii_isspace(name[0]) && !g_ascii_isspace(name[strlen(name) - 1]);
    bool is_plain = strpbrk(name, "/:,\"\\") == NULL;
    for (const char *at = name; *at != '\0'; at++) {
        is_plain = is_plain && !g_ascii_iscntrl(*at);
    }
    return (is_trimmed && is_plain) ||
           fault_set(fault, "name",
                     "must not contain / : , \" \\ or control characters, nor begin or end with a "
                     "space");
}

bool config_check_item(const struct config *config, const struct config_kind *kind,
                       const void *item, struct fault *fault)
{
    return check_name(config_item_name(item), fault) &&
           (kind->check == NULL || kind->check(config, item, fault));
}

bool config_check_meaning(const struct config *config, const struct config_kind *kind,
                          const void *item, struct fault *fault)
{
    return kind->check_meaning == NULL || kind->check_meaning(config, item, fault);
}

bool config_check_written(const struct config *config, const struct config_kind *kind,
                          const void *item, struct fault *fault)
{
    return config_check_meaning(config, kind, item, fault) &&
           (kind->check_written == NULL || kind->check_written(config, item, fault));
}

bool config_check(const struct config *config, struct fault *fault)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        const struct config_kind *kind = config_kind_at(k);
        const GPtrArray *items = config_items(config, kind);
        for (guint i = 0; i < items->len; i++) {
            if (!config_check_item(config, kind, g_ptr_array_index(items, i), fault)) {
                config_fault_within(kind, i, fault);
                return false;
            }
        }
    }
    return true;
}
