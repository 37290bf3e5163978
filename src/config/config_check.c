#include <string.h>

#include "base/nearest.h"
#include "base/unicode.h"
#include "base/zone.h"
#include "config/config_plan.h"
#include "config/reach.h"

/* Do all references lead somewhere? Each check_KIND judges one item and names the field; the loop
 * puts section and index in front. */

bool config_unknown(const struct config *config, enum config_kind kind, const char *name,
                    struct fault *fault)
{
    struct nearest nearest = {.given = name};
    for (guint i = 0; i < config->items[kind]->len; i++) {
        nearest_offer(&nearest, config_item_name(g_ptr_array_index(config->items[kind], i)));
    }
    if (nearest.found != NULL) {
        return fault_set(fault, "", "there is no %s \"%.100s\"; did you mean \"%.100s\"?",
                         config_noun(kind), name, nearest.found);
    }
    return fault_set(fault, "", "there is no %s \"%.100s\"", config_noun(kind), name);
}

/* Of a file, which may add it. */
static void refuse_unknown(const struct config *config, enum config_kind kind, const char *name,
                           struct fault *fault)
{
    (void)config_unknown(config, kind, name, fault);
    if (strchr(fault->text, ';') == NULL) {
        (void)fault_set(fault, "", "there is no %s \"%.100s\"; add it to %s", config_noun(kind),
                        name, config_section(kind));
    }
}

/* Is there one of that name? An absent reference (NULL) is fine. */
static bool check_reference(const struct config *config, enum config_kind kind, const char *name,
                            const char *field, struct fault *fault)
{
    if (name == NULL || config_find(config, kind, name) != NULL) {
        return true;
    }
    refuse_unknown(config, kind, name, fault);
    fault_within(fault, field);
    return false;
}

static bool check_references(const struct config *config, enum config_kind kind,
                             const GPtrArray *names, const char *field, struct fault *fault)
{
    for (guint i = 0; i < names->len; i++) {
        if (!check_reference(config, kind, g_ptr_array_index(names, i), "", fault)) {
            fault_within_index(fault, i);
            fault_within(fault, field);
            return false;
        }
    }
    return true;
}

static bool check_zone(const char *identifier, struct fault *fault)
{
    if (identifier == NULL || zone_load(identifier, fault) != NULL) {
        return true;
    }
    /* The fault may or may not name a field of its own already. */
    fault->field[0] = '\0';
    fault_within(fault, "time_zone");
    return false;
}

static bool check_user(const struct config *config, const void *item, struct fault *fault)
{
    const struct user *user = item;
    (void)config;
    for (const char *at = user->full_name; at != NULL && *at != '\0';
         at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        if (unichar_is_control(c) || unichar_is_trick(c)) {
            return fault_set(fault, "full_name",
                             "must be one line without control characters; write the name as it is "
                             "to be read");
        }
    }
    return check_zone(user->time_zone, fault);
}

static bool check_team(const struct config *config, const void *item, struct fault *fault)
{
    const struct team *team = item;
    return check_references(config, CONFIG_USER, team->members, "members", fault) &&
           check_reference(config, CONFIG_USER, team->lead, "lead", fault);
}

static bool check_channel(const struct config *config, const void *item, struct fault *fault)
{
    (void)config;
    return check_zone(((const struct chat_channel *)item)->time_zone, fault);
}

static bool check_layers(const struct config *config, const struct schedule *schedule,
                         struct fault *fault)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (!check_references(config, CONFIG_USER, layer->people, "people", fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "layers");
            return false;
        }
    }
    return true;
}

static bool check_overrides(const struct config *config, const struct schedule *schedule,
                            struct fault *fault)
{
    for (guint i = 0; i < schedule->overrides->len; i++) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i);
        if (!check_reference(config, CONFIG_USER, override->who, "who", fault) ||
            !schedule_takes_override(schedule, override, fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "overrides");
            return false;
        }
    }
    return true;
}

static bool check_next_of(const struct config *config, const struct schedule *schedule,
                          struct fault *fault)
{
    if (schedule->next_of == NULL) {
        return true;
    }
    if (!check_reference(config, CONFIG_SCHEDULE, schedule->next_of, "next_of", fault)) {
        return false;
    }
    const struct schedule *primary = config_schedule(config, schedule->next_of);
    if (primary->next_of != NULL) {
        return fault_set(fault, "next_of",
                         "\"%.100s\" has no rotations of its own; name one that has layers",
                         schedule->next_of);
    }
    return strcmp(primary->time_zone, schedule->time_zone) == 0 ||
           fault_set(fault, "time_zone", "must be %.60s, as in \"%.100s\", whose hand-offs it has",
                     primary->time_zone, schedule->next_of);
}

static bool check_schedule(const struct config *config, const void *item, struct fault *fault)
{
    const struct schedule *schedule = item;
    bool has_owner = schedule->owner == NULL || config_team(config, schedule->owner) != NULL ||
                     config_user(config, schedule->owner) != NULL;
    if (!has_owner) {
        return fault_set(fault, "owner", "there is no user or team \"%.100s\"; add it",
                         schedule->owner);
    }
    return check_next_of(config, schedule, fault) && check_layers(config, schedule, fault) &&
           check_overrides(config, schedule, fault);
}

static bool check_target(const struct config *config, const struct target *target,
                         struct fault *fault)
{
    return check_reference(config, CONFIG_USER, target->user, "user", fault) &&
           check_reference(config, CONFIG_SCHEDULE, target->schedule, "schedule", fault) &&
           check_reference(config, CONFIG_TEAM, target->team, "team", fault) &&
           check_reference(config, CONFIG_CHANNEL, target->channel, "channel", fault);
}

static bool check_step(const struct config *config, const struct step *step, struct fault *fault)
{
    for (guint i = 0; i < step->notify->len; i++) {
        if (!check_target(config, g_ptr_array_index(step->notify, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "notify");
            return false;
        }
    }
    return true;
}

/* When nobody answered, the last resort is who must still be told: it has to lead to somebody who can be. */
static bool check_last_resort(const struct config *config, const struct target *target,
                              struct fault *fault)
{
    if (target_reaches(config, target)) {
        return true;
    }
    if (target->user != NULL) {
        enum user_reach reach = user_reach(config_user(config, target->user));
        return fault_set(fault, "last_resort.user",
                         "%.100s %s, so the policy would end in silence. %s", target->user,
                         reach_text(reach), reach_remedy(reach));
    }
    return fault_set(fault, target->team != NULL ? "last_resort.team" : "last_resort.schedule",
                     "nobody in %.100s has a contact that wakes them, so the policy would end in "
                     "silence; add one (a log that nobody watches wakes nobody)",
                     target->team != NULL ? target->team : target->schedule);
}

static bool check_policy(const struct config *config, const void *item, struct fault *fault)
{
    const struct policy *policy = item;
    for (guint i = 0; i < policy->steps->len; i++) {
        if (!check_step(config, g_ptr_array_index(policy->steps, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "steps");
            return false;
        }
    }
    if (!check_target(config, policy->last_resort, fault)) {
        fault_within(fault, "last_resort");
        return false;
    }
    return check_last_resort(config, policy->last_resort, fault);
}

static bool check_service(const struct config *config, const void *item, struct fault *fault)
{
    const struct service *service = item;
    return check_reference(config, CONFIG_POLICY, service->policy, "policy", fault) &&
           check_reference(config, CONFIG_TEAM, service->owner, "owner", fault);
}

static bool check_integration(const struct config *config, const void *item, struct fault *fault)
{
    const struct integration *integration = item;
    return check_reference(config, CONFIG_SERVICE, integration->service, "service", fault);
}

static bool check_route(const struct config *config, const void *item, struct fault *fault)
{
    const struct route *route = item;
    return check_reference(config, CONFIG_INTEGRATION, route->integration, "integration", fault) &&
           check_reference(config, CONFIG_SERVICE, route->service, "service", fault);
}

static bool check_silence(const struct config *config, const void *item, struct fault *fault)
{
    (void)config;
    return check_zone(((const struct silence *)item)->time_zone, fault);
}

static bool check_heartbeat(const struct config *config, const void *item, struct fault *fault)
{
    const struct heartbeat *heartbeat = item;
    return check_reference(config, CONFIG_SERVICE, heartbeat->service, "service", fault);
}

/* That the user is there is asked when it is written (config_check_meaning): whoever leaves for good
 * may be taken out of the file while an absence of theirs still stands. */
static bool check_absence(const struct config *config, const void *item, struct fault *fault)
{
    (void)config;
    (void)item;
    (void)fault;
    return true;
}

static bool (*const CHECKS[CONFIG_KIND_COUNT])(const struct config *, const void *,
                                               struct fault *) = {
    [CONFIG_USER] = check_user,
    [CONFIG_TEAM] = check_team,
    [CONFIG_CHANNEL] = check_channel,
    [CONFIG_SCHEDULE] = check_schedule,
    [CONFIG_POLICY] = check_policy,
    [CONFIG_SERVICE] = check_service,
    [CONFIG_INTEGRATION] = check_integration,
    [CONFIG_ROUTE] = check_route,
    [CONFIG_SILENCE] = check_silence,
    [CONFIG_HEARTBEAT] = check_heartbeat,
    [CONFIG_ABSENCE] = check_absence,
};

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

bool config_check_item(const struct config *config, enum config_kind kind, const void *item,
                       struct fault *fault)
{
    return check_name(config_item_name(item), fault) && CHECKS[kind](config, item, fault);
}

bool config_check(const struct config *config, struct fault *fault)
{
    for (int kind = CONFIG_USER; kind < CONFIG_KIND_COUNT; kind++) {
        for (guint i = 0; i < config->items[kind]->len; i++) {
            const void *item = g_ptr_array_index(config->items[kind], i);
            if (!config_check_item(config, (enum config_kind)kind, item, fault)) {
                fault_within_index(fault, i);
                fault_within(fault, config_section((enum config_kind)kind));
                return false;
            }
        }
    }
    return true;
}
