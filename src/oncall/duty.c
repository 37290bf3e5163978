#include "oncall/duty.h"

#include <string.h>

const char *const DUTY_OVERRIDE = "override";

static const int64_t S_PER_DAY = 86400;
static const int64_t US_PER_HOUR = INT64_C(3600) * 1000000;

/* No change of a clock moves a local time further than this; near a change the rule looks at as
 * many days on either side. */
enum { NEAR_DAYS = 2 };

/* An instant with what the schedule's clock shows then. */
struct moment {
    const struct zone *zone;
    struct utc at;
    int64_t reading;
    bool is_steady; /* no change of the clock near by */
    /* Of a schedule that follows another one: who is on duty there. */
    bool is_next;
    struct duty busy[DUTY_MAX];
    size_t busy_count;
};

static struct moment moment_of(const struct schedule *schedule, struct utc at)
{
    return (struct moment){
        .zone = schedule->zone,
        .at = at,
        .reading = zone_reading(schedule->zone, at),
        .is_steady = zone_is_steady(schedule->zone, at, SPAN_D(NEAR_DAYS + 1)),
        .is_next = schedule->primary != NULL,
    };
}

/* ---- turns ---- */

static bool is_busy(const struct moment *moment, const char *user)
{
    for (size_t i = 0; i < moment->busy_count; i++) {
        if (strcmp(moment->busy[i].user, user) == 0) {
            return true;
        }
    }
    return false;
}

/* Where another schedule is followed: the first after the turn's person who is not on duty there.
 * NULL: there is none. */
static const char *person_of_turn(const struct layer *layer, int64_t turn,
                                  const struct moment *moment)
{
    const int64_t count = (int64_t)layer->people->len;
    const char *user = g_ptr_array_index(layer->people, (guint)(turn % count));
    if (!moment->is_next) {
        return user;
    }
    for (int64_t i = 1; i < count; i++) {
        const char *next = g_ptr_array_index(layer->people, (guint)((turn + i) % count));
        if (strcmp(next, user) != 0 && !is_busy(moment, next)) {
            return next;
        }
    }
    return NULL;
}

/* Is the moment in this turn of days, weeks or months? */
static bool turn_holds(const struct moment *moment, const struct turns *turns, int64_t turn)
{
    int64_t start = turns_start(turns, turn);
    int64_t end = turns_start(turns, turn + 1);
    return !utc_before(moment->at, zone_instant_of(moment->zone, start, CIVIL_START)) &&
           utc_before(moment->at, zone_instant_of(moment->zone, end, CIVIL_END));
}

static size_t add_person(const char *user, const char *layer, struct duty out[DUTY_MAX],
                         size_t count)
{
    bool is_there = user == NULL || (count == 1 && strcmp(out[0].user, user) == 0);
    if (is_there || count == DUTY_MAX) {
        return count;
    }
    out[count] = (struct duty){user, layer};
    return count + 1;
}

static size_t civil_turns_at(const struct layer *layer, const struct moment *moment,
                             struct duty out[DUTY_MAX])
{
    struct turns turns = layer_turns(layer);
    int64_t turn = turns_at(&turns, moment->reading);
    if (moment->is_steady) {
        return turn < 0 ? 0 : add_person(person_of_turn(layer, turn, moment), layer->name, out, 0);
    }
    size_t count = 0;
    for (int64_t i = MAX(turn - NEAR_DAYS, 0); i <= turn + NEAR_DAYS; i++) {
        if (turn_holds(moment, &turns, i)) {
            count = add_person(person_of_turn(layer, i, moment), layer->name, out, count);
        }
    }
    return count;
}

static size_t elapsed_turns_at(const struct layer *layer, const struct moment *moment,
                               struct duty out[DUTY_MAX])
{
    struct utc start = zone_instant(moment->zone, layer->start, CIVIL_START);
    int64_t elapsed = utc_since(moment->at, start).us;
    if (elapsed < 0) {
        return 0;
    }
    int64_t turn = elapsed / (layer->every.count * US_PER_HOUR);
    return add_person(person_of_turn(layer, turn, moment), layer->name, out, 0);
}

static bool has_ended(const struct layer *layer, const struct moment *moment)
{
    return layer->end.year != 0 &&
           !utc_before(moment->at, zone_instant(moment->zone, layer->end, CIVIL_END));
}

/* ---- overrides ---- */

static bool override_holds(const struct override *override, const struct moment *moment)
{
    /* A schedule may carry years of overrides: most are settled without asking the zone. */
    int64_t near = NEAR_DAYS * S_PER_DAY;
    if (moment->reading < civil_reading(override->from) - near ||
        moment->reading > civil_reading(override->to) + near) {
        return false;
    }
    return !utc_before(moment->at, zone_instant(moment->zone, override->from, CIVIL_START)) &&
           utc_before(moment->at, zone_instant(moment->zone, override->to, CIVIL_END));
}

/* The last override that holds in `layer`; NULL for `layer`: of the whole schedule. */
static const struct override *override_at(const struct schedule *schedule, const char *layer,
                                          const struct moment *moment)
{
    for (guint i = schedule->overrides != NULL ? schedule->overrides->len : 0; i > 0; i--) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i - 1);
        if (g_strcmp0(override->layer, layer) == 0 && override_holds(override, moment)) {
            return override;
        }
    }
    return NULL;
}

/* ---- the rule ---- */

static size_t layer_at(const struct schedule *schedule, const struct layer *layer,
                       const struct moment *moment, struct duty out[DUTY_MAX])
{
    if (has_ended(layer, moment) || !windows_hold(layer->only, moment->zone, moment->at)) {
        return 0;
    }
    size_t count = layer->every.unit == TURN_HOURS ? elapsed_turns_at(layer, moment, out)
                                                   : civil_turns_at(layer, moment, out);
    const struct override *override = count > 0 ? override_at(schedule, layer->name, moment) : NULL;
    if (override == NULL) {
        return count;
    }
    return override->who != NULL ? add_person(override->who, layer->name, out, 0) : 0;
}

static size_t duty_of(const struct schedule *schedule, const struct moment *moment,
                      struct duty out[DUTY_MAX])
{
    const struct override *override = override_at(schedule, NULL, moment);
    if (override != NULL) {
        return override->who != NULL ? add_person(override->who, DUTY_OVERRIDE, out, 0) : 0;
    }
    for (guint i = schedule->layers->len; i > 0; i--) {
        size_t count = layer_at(schedule, g_ptr_array_index(schedule->layers, i - 1), moment, out);
        if (count > 0) {
            return count;
        }
    }
    return 0;
}

size_t duty_at(const struct schedule *schedule, struct utc at, struct duty out[DUTY_MAX])
{
    struct moment moment = moment_of(schedule, at);
    if (schedule->primary != NULL) { /* which follows none itself */
        struct moment there = moment_of(schedule->primary, at);
        moment.busy_count = duty_of(schedule->primary, &there, moment.busy);
    }
    return duty_of(schedule, &moment, out);
}

/* ---- edges ---- */

struct stretch {
    const struct zone *zone;
    struct utc from; /* excluded */
    struct utc to;   /* included */
    GArray *edges;
};

static void add_edge(struct stretch *stretch, struct utc edge)
{
    if (utc_before(stretch->from, edge) && !utc_before(stretch->to, edge)) {
        g_array_append_val(stretch->edges, edge);
    }
}

static void add_both_sides(struct stretch *stretch, int64_t reading)
{
    add_edge(stretch, zone_instant_of(stretch->zone, reading, CIVIL_START));
    add_edge(stretch, zone_instant_of(stretch->zone, reading, CIVIL_END));
}

static void add_elapsed_turns(struct stretch *stretch, const struct layer *layer)
{
    struct utc start = zone_instant(stretch->zone, layer->start, CIVIL_START);
    int64_t length = layer->every.count * US_PER_HOUR;
    int64_t first = MAX(utc_since(stretch->from, start).us / length, 0);
    for (int64_t at = start.us + first * length; at <= stretch->to.us; at += length) {
        add_edge(stretch, (struct utc){at});
    }
}

static void add_civil_turns(struct stretch *stretch, const struct layer *layer)
{
    struct turns turns = layer_turns(layer);
    int64_t near = NEAR_DAYS * S_PER_DAY;
    int64_t before = zone_reading(stretch->zone, stretch->from) - near;
    int64_t last = zone_reading(stretch->zone, stretch->to) + near;
    int64_t turn = MAX(turns_at(&turns, before), 0);
    for (int64_t reading; (reading = turns_start(&turns, turn)) <= last; turn++) {
        add_both_sides(stretch, reading);
    }
}

static void add_layer(struct stretch *stretch, const struct layer *layer)
{
    add_both_sides(stretch, civil_reading(layer->start));
    if (layer->end.year != 0) {
        add_edge(stretch, zone_instant(stretch->zone, layer->end, CIVIL_END));
    }
    windows_edges(layer->only, stretch->zone, stretch->from, stretch->to, stretch->edges);
    if (layer->people->len == 1) {
        return; /* one turn follows the other without anybody noticing */
    }
    if (layer->every.unit == TURN_HOURS) {
        add_elapsed_turns(stretch, layer);
    } else {
        add_civil_turns(stretch, layer);
    }
}

static gint compare_utc(gconstpointer a, gconstpointer b)
{
    int64_t x = ((const struct utc *)a)->us;
    int64_t y = ((const struct utc *)b)->us;
    return (x > y) - (x < y);
}

static void remove_doubles(GArray *edges)
{
    guint kept = 0;
    for (guint i = 0; i < edges->len; i++) {
        struct utc edge = g_array_index(edges, struct utc, i);
        if (kept == 0 || g_array_index(edges, struct utc, kept - 1).us != edge.us) {
            g_array_index(edges, struct utc, kept++) = edge;
        }
    }
    g_array_set_size(edges, kept);
}

static void add_overrides(struct stretch *stretch, const struct schedule *schedule)
{
    for (guint i = 0; schedule->overrides != NULL && i < schedule->overrides->len; i++) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i);
        add_edge(stretch, zone_instant(schedule->zone, override->from, CIVIL_START));
        add_edge(stretch, zone_instant(schedule->zone, override->to, CIVIL_END));
    }
}

GArray *duty_edges(const struct schedule *schedule, struct utc from, struct utc to)
{
    struct stretch stretch = {schedule->zone, from, to,
                              g_array_new(false, false, sizeof(struct utc))};
    for (guint i = 0; i < schedule->layers->len; i++) {
        add_layer(&stretch, g_ptr_array_index(schedule->layers, i));
    }
    add_overrides(&stretch, schedule);
    if (schedule->primary != NULL) { /* who is busy there cannot be on duty here */
        add_overrides(&stretch, schedule->primary);
    }
    g_array_sort(stretch.edges, compare_utc);
    remove_doubles(stretch.edges);
    return stretch.edges;
}

struct utc duty_first(const struct schedule *schedule)
{
    struct utc first = UTC_NEVER;
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        first = utc_earlier(first, zone_instant(schedule->zone, layer->start, CIVIL_START));
    }
    for (guint i = 0; schedule->overrides != NULL && i < schedule->overrides->len; i++) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i);
        first = utc_earlier(first, zone_instant(schedule->zone, override->from, CIVIL_START));
    }
    return first;
}
