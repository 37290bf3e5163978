#include "oncall/cover.h"

#include <string.h>

#include "oncall/absence.h"
#include "oncall/duty.h"
#include "oncall/shift.h"

static const int64_t US_PER_S = 1000000;

/* Who is looked for: somebody else for `user`, over a stretch of time. */
struct search {
    const struct schedule *schedule;
    const char *user;
    struct others others;
    struct utc since;
    struct utc until;
};

static void cover_free(gpointer data)
{
    struct cover *cover = data;
    record_free(&OVERRIDE_RECORD, cover->override);
    g_array_unref(cover->missed);
    g_free(cover);
}

/* Whoever is on duty in the schedule that this one follows is no second person. */
static bool is_busy(const struct search *search, const char *candidate)
{
    struct duty duties[DUTY_MAX];
    const struct schedule *primary = search->schedule->primary;
    size_t count = primary != NULL ? duty_at(primary, search->since, duties) : 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(candidate, duties[i].user) == 0) {
            return true;
        }
    }
    return false;
}

static bool could_take(const struct search *search, const char *candidate)
{
    const GPtrArray *unreachable = search->others.unreachable;
    for (guint i = 0; unreachable != NULL && i < unreachable->len; i++) {
        if (strcmp(candidate, g_ptr_array_index(unreachable, i)) == 0) {
            return false;
        }
    }
    return strcmp(candidate, search->user) != 0 && !is_busy(search, candidate);
}

static bool can_take(const struct search *search, const char *candidate)
{
    struct utc back_at;
    return could_take(search, candidate) && !absence_meets(search->others.absences, candidate,
                                                           search->since, search->until, &back_at);
}

/* The first who can take it among those whose turns follow the user's; the layer's first people when
 * the user is not in the layer (an override put them there). */
static const char *next_in_layer(const struct search *search, const struct layer *layer)
{
    guint place = 0;
    if (!g_ptr_array_find_with_equal_func(layer->people, search->user, g_str_equal, &place)) {
        place = layer->people->len - 1;
    }
    for (guint i = 1; i <= layer->people->len; i++) {
        const char *candidate = g_ptr_array_index(layer->people, (place + i) % layer->people->len);
        if (can_take(search, candidate)) {
            return candidate;
        }
    }
    return NULL;
}

/* An override of the whole schedule falls: whoever the layers have, else somebody of a layer. */
static const char *instead_of_override(const struct search *search)
{
    const struct schedule *schedule = search->schedule;
    struct schedule without = *schedule;
    without.overrides = NULL;
    struct duty duties[DUTY_MAX];
    size_t count = duty_at(&without, search->since, duties);
    for (size_t i = 0; i < count; i++) {
        if (can_take(search, duties[i].user)) {
            return duties[i].user;
        }
    }
    for (guint i = schedule->layers->len; i > 0; i--) {
        const char *found = next_in_layer(search, g_ptr_array_index(schedule->layers, i - 1));
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool has_missed(const GArray *all, const char *user)
{
    for (guint i = 0; i < all->len; i++) {
        if (strcmp(g_array_index(all, struct missed, i).user, user) == 0) {
            return true;
        }
    }
    return false;
}

static void add_missed(const struct search *search, const struct layer *layer, GArray *all)
{
    for (guint i = 0; i < layer->people->len; i++) {
        struct missed missed = {.user = g_ptr_array_index(layer->people, i)};
        if (could_take(search, missed.user) && !has_missed(all, missed.user) &&
            absence_meets(search->others.absences, missed.user, search->since, search->until,
                          &missed.until)) {
            g_array_append_val(all, missed);
        }
    }
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

static struct cover *cover_at(const struct shift *shift)
{
    struct cover *cover = g_new0(struct cover, 1);
    cover->since = shift->since;
    cover->until = shift->until;
    cover->missed = g_array_new(FALSE, TRUE, sizeof(struct missed));
    return cover;
}

static struct cover *cover_new(const struct search *search, const struct shift *shift)
{
    struct cover *cover = cover_at(shift);
    const struct schedule *schedule = search->schedule;
    const struct layer *layer =
        shift->layer == DUTY_OVERRIDE ? NULL : schedule_layer(schedule, shift->layer);
    const char *who = layer != NULL ? next_in_layer(search, layer) : instead_of_override(search);
    if (who != NULL) {
        cover->override = override_new(schedule, shift, layer != NULL ? layer->name : NULL, who);
        return cover;
    }
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *asked = g_ptr_array_index(schedule->layers, i);
        if (layer == NULL || asked == layer) {
            add_missed(search, asked, cover->missed);
        }
    }
    return cover;
}

/* Where nobody can take all of it, somebody may take a part. */
static void cover_shift(struct search search, struct shift shift, GPtrArray *covers)
{
    struct utc end = shift.until;
    while (utc_before(shift.since, end)) {
        search.since = shift.since;
        search.until = shift.until = end;
        struct cover *cover = cover_new(&search, &shift);
        struct utc edge = absence_edge(search.others.absences, shift.since, end);
        if (cover->override == NULL && utc_before(edge, end)) {
            cover_free(cover);
            search.until = shift.until = edge;
            cover = cover_new(&search, &shift);
        }
        g_ptr_array_add(covers, cover);
        shift.since = shift.until;
    }
}

static void cover_range(const struct search *search, struct utc from, struct utc to,
                        GPtrArray *covers)
{
    g_autoptr(GArray) shifts = oncall_shifts(search->schedule, from, to);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, search->user) == 0) {
            cover_shift(*search, *shift, covers);
        }
    }
}

GPtrArray *cover_propose(const struct schedule *schedule, const char *user, struct others others,
                         struct utc from, struct utc to)
{
    GPtrArray *covers = g_ptr_array_new_with_free_func(cover_free);
    struct search search = {.schedule = schedule, .user = user, .others = others};
    cover_range(&search, from, to, covers);
    return covers;
}

GPtrArray *cover_give(const struct schedule *schedule, const char *user, const char *who,
                      struct utc from, struct utc to)
{
    GPtrArray *covers = g_ptr_array_new_with_free_func(cover_free);
    g_autoptr(GArray) shifts = oncall_shifts(schedule, from, to);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, user) == 0) {
            const char *layer = shift->layer == DUTY_OVERRIDE ? NULL : shift->layer;
            struct cover *cover = cover_at(shift);
            cover->override = override_new(schedule, shift, layer, who);
            g_ptr_array_add(covers, cover);
        }
    }
    return covers;
}

GPtrArray *cover_again(const struct schedule *schedule, const struct schedule *before,
                       const char *user, struct others others, struct utc from, struct utc to)
{
    GPtrArray *covers = g_ptr_array_new_with_free_func(cover_free);
    struct search search = {.schedule = schedule, .user = user, .others = others};
    g_autoptr(GArray) shifts = oncall_shifts(before, from, to);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *had = &g_array_index(shifts, struct shift, i);
        if (strcmp(had->user, user) == 0) {
            cover_range(&search, from, had->since, covers);
            from = utc_later(from, had->until);
        }
    }
    cover_range(&search, from, to, covers);
    return covers;
}
