#include <string.h>

#include "config/config_check.h"
#include "config/lint.h"
#include "config/past.h"
#include "oncall/absence.h"
#include "oncall/override_store.h"
#include "oncall/schedule.h"
#include "oncall/shift.h"
#include "people/user.h"

#define GAP_HORIZON SPAN_D(30)

/* Schedules that follow another one find it. */
static void link_schedule(const struct config *config, void *item)
{
    struct schedule *schedule = item;
    const struct schedule *primary = schedule_find(config, schedule->next_of);
    if (primary != NULL && primary->next_of == NULL && schedule->primary == NULL) {
        schedule_follow(schedule, primary);
    }
}

static bool check_layers(const struct config *config, const struct schedule *schedule,
                         struct fault *fault)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (!config_check_references(config, &USER_KIND, layer->people, "people", fault)) {
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
        if (!config_check_reference(config, &USER_KIND, override->who, "who", fault) ||
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
    if (!config_check_reference(config, &SCHEDULE_KIND, schedule->next_of, "next_of", fault)) {
        return false;
    }
    const struct schedule *primary = schedule_find(config, schedule->next_of);
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
    bool has_owner = schedule->owner == NULL || team_find(config, schedule->owner) != NULL ||
                     user_find(config, schedule->owner) != NULL;
    if (!has_owner) {
        return fault_set(fault, "owner", "there is no user or team \"%.100s\"; add it",
                         schedule->owner);
    }
    return check_next_of(config, schedule, fault) && check_layers(config, schedule, fault) &&
           check_overrides(config, schedule, fault);
}

static bool check_meaning(const struct config *config, const void *item, struct fault *fault)
{
    const struct schedule *schedule = item;
    (void)config;
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

static bool is_same(const struct override *a, const struct override *b)
{
    return civil_compare(a->from, b->from) == 0 && civil_compare(a->to, b->to) == 0 &&
           g_strcmp0(a->who, b->who) == 0 && g_strcmp0(a->layer, b->layer) == 0;
}

static bool has_override(const struct schedule *schedule, const struct override *override)
{
    bool has = false;
    for (guint i = 0; schedule != NULL && i < schedule->overrides->len; i++) {
        has = has || is_same(g_ptr_array_index(schedule->overrides, i), override);
    }
    return has;
}

/* Overrides that are over before they begin. */
static void warn_before(const void *item, const void *known, struct utc now,
                        const struct config_teller *teller)
{
    const struct schedule *schedule = item;
    for (guint i = 0; schedule->zone != NULL && i < schedule->overrides->len; i++) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i);
        struct utc end = zone_instant(schedule->zone, override->to, CIVIL_END);
        if (!utc_before(now, end) && !has_override(known, override)) {
            g_autofree char *path =
                g_strdup_printf("schedules.%s.overrides[%u]", schedule->name, i);
            config_tell_past(teller, path, end);
        }
    }
}

/* --- schedules --- */

static void lint_gaps(const struct lint *lint, const struct schedule *schedule)
{
    g_autofree char *subject = lint_subject("schedule", schedule->name);
    GArray *gaps = oncall_gaps(schedule, lint->now, utc_add(lint->now, GAP_HORIZON));
    if (gaps->len > 0) {
        const struct shift *first = &g_array_index(gaps, struct shift, 0);
        char since[UTC_TEXT_SIZE], until[UTC_TEXT_SIZE];
        utc_format(first->since, since);
        utc_format(first->until, until);
        lint_add(
            lint->findings, LINT_WARNING, "gap", subject,
            "Widen a layer, add one beneath it, or put somebody in with `tocsin schedule override "
            "add`.",
            "Nobody is on call in %s %u time%s in the next 30 days, first from %s to %s.",
            schedule->name, gaps->len, gaps->len == 1 ? "" : "s", since, until);
    }
    g_array_unref(gaps);
}

/* --- absences --- */

/* The stretches of the absence that are still ahead, in which its user is on call all the same. */
static void lint_absence_in(const struct lint *lint, const struct absence *absence,
                            const struct schedule *schedule)
{
    struct utc begin = utc_later(lint->now, absence->from);
    const struct shift *first = NULL;
    guint count = 0;
    g_autoptr(GArray) shifts = oncall_shifts(schedule, begin, absence->to);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, absence->user) == 0) {
            first = count == 0 ? shift : first;
            count++;
        }
    }
    if (count == 0) {
        return;
    }
    char since[UTC_TEXT_SIZE], until[UTC_TEXT_SIZE], to[UTC_TEXT_SIZE];
    utc_format(first->since, since);
    utc_format(first->until, until);
    utc_format(absence->to, to);
    g_autofree char *subject = lint_subject("schedule", schedule->name);
    g_autofree char *remedy =
        g_strdup_printf("`tocsin off-duty %s --from %s --to %s` finds who covers, `tocsin schedule "
                        "override add` puts somebody in; who is there after all ends it with "
                        "`tocsin absence remove %s`.",
                        absence->user, since, to, absence->name);
    lint_add(lint->findings, LINT_WARNING, "absence", subject, remedy,
             "%s is away until %s and on call in %s all the same, %u time%s, first from %s to %s.",
             absence->user, to, schedule->name, count, count == 1 ? "" : "s", since, until);
}

static void lint_absence(const struct lint *lint, const struct absence *absence)
{
    const GPtrArray *schedules = config_items(lint->config, &SCHEDULE_KIND);
    bool is_ahead = utc_before(lint->now, absence->to);
    for (guint i = 0; is_ahead && i < schedules->len; i++) {
        lint_absence_in(lint, absence, schedules->pdata[i]);
    }
}

static void lint_schedules(const struct lint *lint)
{
    const GPtrArray *schedules = config_items(lint->config, &SCHEDULE_KIND);
    const GPtrArray *absences = config_items(lint->config, &ABSENCE_KIND);
    for (guint i = 0; i < schedules->len; i++) {
        lint_gaps(lint, schedules->pdata[i]);
    }
    for (guint i = 0; i < absences->len; i++) {
        lint_absence(lint, absences->pdata[i]);
    }
}

const struct config_kind SCHEDULE_KIND = {
    .section = "schedules",
    .noun = "schedule",
    .number = 4,
    .place = 400,
    .record = &SCHEDULE_RECORD,
    .link = link_schedule,
    .check = check_schedule,
    .check_meaning = check_meaning,
    .warn_before = warn_before,
    .lint = lint_schedules,
    .load = overrides_merge,
    .note_rest = overrides_note,
};

const struct schedule *schedule_find(const struct config *config, const char *name)
{
    return config_find(config, &SCHEDULE_KIND, name);
}
