#include <string.h>

#include "alert/match.h"
#include "base/nearest.h"
#include "base/principal.h"
#include "config/config_plan.h"
#include "people/address.h"

/* Does an item say something that can be meant? A condition on a service that does not exist, a shift
 * that lasts for no time: nothing is broken, and nothing will ever come of it. */

static void add_names(const struct config *config, enum config_kind kind, GPtrArray *out)
{
    for (guint i = 0; i < config->items[kind]->len; i++) {
        const char *name = config_item_name(g_ptr_array_index(config->items[kind], i));
        g_ptr_array_add(out, kind == CONFIG_HEARTBEAT ? principal_text(PRINCIPAL_HEARTBEAT, name)
                                                      : g_strdup(name));
    }
}

/* All values that the field of an alert can have; NULL: any text. */
static GPtrArray *values_of(const struct config *config, const char *field)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    if (strcmp(field, "service") == 0) {
        add_names(config, CONFIG_SERVICE, values);
    } else if (strcmp(field, "integration") == 0) {
        add_names(config, CONFIG_INTEGRATION, values);
        add_names(config, CONFIG_HEARTBEAT, values);
        g_ptr_array_add(values, g_strdup(ALERT_MANUAL));
    } else if (strcmp(field, "severity") == 0) {
        for (const struct enum_name *name = SEVERITY_NAMES; name->name != NULL; name++) {
            g_ptr_array_add(values, g_strdup(name->name));
        }
    } else {
        g_ptr_array_unref(values);
        return NULL;
    }
    return values;
}

static bool has_text(const GPtrArray *values, const char *text)
{
    for (guint i = 0; i < values->len; i++) {
        if (strcmp(g_ptr_array_index(values, i), text) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_match(const GPtrArray *values, const GRegex *regex)
{
    for (guint i = 0; i < values->len; i++) {
        if (g_regex_match(regex, g_ptr_array_index(values, i), 0, NULL)) {
            return true;
        }
    }
    return false;
}

static bool refuse_value(const struct match *match, const GPtrArray *values, struct fault *fault)
{
    struct nearest nearest = {.given = match->value->text};
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < values->len; i++) {
        nearest_offer(&nearest, g_ptr_array_index(values, i));
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(values, i));
    }
    if (nearest.found != NULL) {
        return fault_set(fault, "value", "there is no %s \"%.60s\"; did you mean \"%.100s\"?",
                         match->field, match->value->text, nearest.found);
    }
    return fault_set(fault, "value", "there is no %s \"%.60s\"; there are: %.200s", match->field,
                     match->value->text, known->len > 0 ? known->str : "none yet");
}

static bool check_condition(const struct config *config, const struct match *match,
                            struct fault *fault)
{
    g_autoptr(GPtrArray) values = values_of(config, match->field);
    if (values == NULL || match->value == NULL || match->op == MATCH_NOT_REGEX) {
        return true;
    }
    if (match->op == MATCH_REGEX) {
        return has_match(values, match->value->regex) ||
               fault_set(fault, "value", "\"%.60s\" fits no %s that there is", match->value->text,
                         match->field);
    }
    return has_text(values, match->value->text) || refuse_value(match, values, fault);
}

static bool check_conditions(const struct config *config, const GPtrArray *matches,
                             struct fault *fault)
{
    for (guint i = 0; i < matches->len; i++) {
        if (!check_condition(config, g_ptr_array_index(matches, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "match");
            return false;
        }
    }
    return true;
}

static bool check_silence(const struct config *config, const struct silence *silence,
                          struct fault *fault)
{
    struct utc latest = utc_add(silence->from, SILENCE_LONGEST);
    if (silence->windows->len == 0 && utc_before(latest, silence->to)) {
        char text[UTC_TEXT_SIZE];
        utc_format(latest, text);
        return fault_set(fault, "to",
                         "A silence lasts 366d at most, here until %s. What shall never page is a "
                         "route with suppress: true.",
                         text);
    }
    return check_conditions(config, silence->match, fault);
}

static bool check_schedule(const struct schedule *schedule, struct fault *fault)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        if (!schedule_layer_lasts(schedule, g_ptr_array_index(schedule->layers, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "layers");
            return false;
        }
    }
    for (guint i = 0; i < schedule->overrides->len; i++) {
        if (!schedule_override_lasts(schedule, g_ptr_array_index(schedule->overrides, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "overrides");
            return false;
        }
    }
    return true;
}

static bool check_absence(const struct config *config, const struct absence *absence,
                          struct fault *fault)
{
    if (config_user(config, absence->user) != NULL) {
        return true;
    }
    (void)config_unknown(config, CONFIG_USER, absence->user, fault);
    fault_within(fault, "user");
    return false;
}

/* Taken literally it would be sent to the provider, who refuses it: at the first page. */
static bool check_secret(int kind, const char *secret, struct fault *fault)
{
    if (secret != NULL && is_secret_misspelt(secret)) {
        return fault_set(fault, "secret",
                         "looks like a reference and would be taken as the secret itself; write "
                         "env:TOCSIN_SECRET_NAME or file:NAME");
    }
    return secret_judge_written(kind, secret, fault);
}

static bool check_user(const struct user *user, struct fault *fault)
{
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        if (!check_secret(contact->kind, contact->secret, fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "contacts");
            return false;
        }
    }
    return true;
}

static bool check_channel(const struct chat_channel *channel, struct fault *fault)
{
    return check_secret(channel->kind, channel->secret, fault);
}

bool config_check_meaning(const struct config *config, enum config_kind kind, const void *item,
                          struct fault *fault)
{
    switch (kind) {
    case CONFIG_SCHEDULE:
        return check_schedule(item, fault);
    case CONFIG_ROUTE:
        return check_conditions(config, ((const struct route *)item)->match, fault);
    case CONFIG_SILENCE:
        return check_silence(config, item, fault);
    case CONFIG_ABSENCE:
        return check_absence(config, item, fault);
    case CONFIG_USER:
        return check_user(item, fault);
    case CONFIG_CHANNEL:
        return check_channel(item, fault);
    case CONFIG_TEAM:
    case CONFIG_POLICY:
    case CONFIG_SERVICE:
    case CONFIG_INTEGRATION:
    case CONFIG_HEARTBEAT:
    case CONFIG_KIND_COUNT:
        break;
    }
    return true;
}
