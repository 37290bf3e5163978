#include "oncall/cover.h"

#include <string.h>

#include "oncall/duty.h"
#include "oncall/shift.h"

static const int64_t US_PER_S = 1000000;

static void cover_free(gpointer data)
{
    struct cover *cover = data;
    record_free(&OVERRIDE_RECORD, cover->override);
    g_free(cover);
}

static bool can_take(const char *candidate, const char *user, const GPtrArray *away)
{
    for (guint i = 0; away != NULL && i < away->len; i++) {
        if (strcmp(candidate, g_ptr_array_index(away, i)) == 0) {
            return false;
        }
    }
    return strcmp(candidate, user) != 0;
}

/* The first who can take it among those whose turns follow the user's; the layer's first people when
 * the user is not in the layer (an override put them there). */
static const char *next_in_layer(const struct layer *layer, const char *user, const GPtrArray *away)
{
    guint place = 0;
    if (!g_ptr_array_find_with_equal_func(layer->people, user, g_str_equal, &place)) {
        place = layer->people->len - 1;
    }
    for (guint i = 1; i <= layer->people->len; i++) {
        const char *candidate = g_ptr_array_index(layer->people, (place + i) % layer->people->len);
        if (can_take(candidate, user, away)) {
            return candidate;
        }
    }
    return NULL;
}

/* An override of the whole schedule falls: whoever the layers have, else somebody of a layer. */
static const char *instead_of_override(const struct schedule *schedule, struct utc at,
                                       const char *user, const GPtrArray *away)
{
    struct schedule without = *schedule;
    without.overrides = NULL;
    struct duty duties[DUTY_MAX];
    size_t count = duty_at(&without, at, duties);
    for (size_t i = 0; i < count; i++) {
        if (can_take(duties[i].user, user, away)) {
            return duties[i].user;
        }
    }
    for (guint i = schedule->layers->len; i > 0; i--) {
        const char *found = next_in_layer(g_ptr_array_index(schedule->layers, i - 1), user, away);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* Local times have whole seconds: the override may begin a moment early, never late. */
static struct override *override_new(const struct schedule *schedule, const struct shift *shift,
                                     const char *layer, const char *who)
{
    struct override *override = g_new0(struct override, 1);
    struct utc until = {shift->until.us + US_PER_S - 1};
    override->from = zone_civil(schedule->zone, shift->since);
    override->to = zone_civil(schedule->zone, until);
    if (civil_compare(override->to, override->from) <= 0) {
        /* The clock was set back in between. An end takes the last of two equal local times, and so
         * lies after the shift's. */
        override->to = civil_of_reading(civil_reading(override->from) + 1);
    }
    override->who = g_strdup(who);
    override->layer = g_strdup(layer);
    return override;
}

/* Whoever is on duty in the schedule that this one follows is no second person. Names, borrowed. */
static GPtrArray *away_and_busy(const struct schedule *schedule, const GPtrArray *away,
                                struct utc at)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; away != NULL && i < away->len; i++) {
        g_ptr_array_add(all, g_ptr_array_index(away, i));
    }
    struct duty duties[DUTY_MAX];
    size_t count = schedule->primary != NULL ? duty_at(schedule->primary, at, duties) : 0;
    for (size_t i = 0; i < count; i++) {
        g_ptr_array_add(all, (void *)(uintptr_t)duties[i].user);
    }
    return all;
}

static struct cover *cover_new(const struct schedule *schedule, const struct shift *shift,
                               const char *user, const GPtrArray *absent)
{
    g_autoptr(GPtrArray) away = away_and_busy(schedule, absent, shift->since);
    struct cover *cover = g_new0(struct cover, 1);
    cover->since = shift->since;
    cover->until = shift->until;
    const struct layer *layer =
        shift->layer == DUTY_OVERRIDE ? NULL : schedule_layer(schedule, shift->layer);
    const char *who = layer != NULL ? next_in_layer(layer, user, away)
                                    : instead_of_override(schedule, shift->since, user, away);
    if (who != NULL) {
        cover->override = override_new(schedule, shift, layer != NULL ? layer->name : NULL, who);
    }
    return cover;
}

GPtrArray *cover_propose(const struct schedule *schedule, const char *user, const GPtrArray *away,
                         struct utc from, struct utc to)
{
    GPtrArray *covers = g_ptr_array_new_with_free_func(cover_free);
    g_autoptr(GArray) shifts = oncall_shifts(schedule, from, to);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, user) == 0) {
            g_ptr_array_add(covers, cover_new(schedule, shift, user, away));
        }
    }
    return covers;
}
