/* oncall/schedule.h - what a schedule is. Who is on call is oncall/shift.h. */
#ifndef ONCALL_SCHEDULE_H
#define ONCALL_SCHEDULE_H

#include "base/record.h"
#include "base/utc.h"
#include "base/window.h"
#include "oncall/turn.h"

struct config;
struct config_kind;

struct layer {
    char *name;        /* "layer 1" … when absent */
    GPtrArray *people; /* names of users, in order of their turns */
    struct turn every;
    struct civil start;    /* first hand-off, in the schedule's zone */
    struct civil end;      /* nobody from here on; unset (year 0): never */
    GPtrArray *only;       /* of struct window; empty: always */
    bool skip_closed_days; /* a turn counts only days on which a window of `only` opens */
};

struct override {
    struct civil from; /* in the schedule's zone */
    struct civil to;
    char *who;     /* who is on call instead of whoever is found; NULL: nobody (a holiday) */
    char *layer;   /* replaces only in this layer; NULL: in the whole schedule */
    char *comment; /* why; may be NULL */
};

struct schedule {
    char *name;
    char *time_zone;
    char *owner;          /* user or team that hears of gaps; may be NULL */
    char *next_of;        /* schedule whose rotations these are, one person further on; or NULL */
    GPtrArray *layers;    /* of struct layer; later ones win where they have somebody */
    GPtrArray *overrides; /* of struct override; the last one that covers an instant wins */
    /* Not in the record: resolved when `time_zone` is read. Who fills the struct by hand sets it. */
    struct zone *zone;
    /* Not in the record: what `next_of` names, borrowed; schedule_follow sets it. */
    const struct schedule *primary;
};

extern const struct record SCHEDULE_RECORD;
extern const struct record OVERRIDE_RECORD;

/* The turns of a layer whose unit is not hours. */
NODISCARD struct turns layer_turns(const struct layer *layer);

/* Makes `schedule` take its turns from `primary`, which must outlive it: gets copies of its layers. */
void schedule_follow(struct schedule *schedule, const struct schedule *primary);

/* For a text that says "layer" itself: "1" of "layer 1". Points into `name`. */
NODISCARD const char *layer_bare_name(const char *name);
/* Does the user take turns in one of its layers? */
NODISCARD bool schedule_has(const struct schedule *schedule, const char *user);
/* NULL when the schedule has no layer of that name. */
const struct layer *schedule_layer(const struct schedule *schedule, const char *name);

/* Does an override that was read by itself fit this schedule? False and a fault when it names a
 * layer that is not there. */
NODISCARD bool schedule_takes_override(const struct schedule *schedule,
                                       const struct override *override, struct fault *fault);

/* Is there an instant at which it holds? False and a fault about its end when the clocks pass over the
 * whole of it. */
NODISCARD bool schedule_override_lasts(const struct schedule *schedule,
                                       const struct override *override, struct fault *fault);
NODISCARD bool schedule_layer_lasts(const struct schedule *schedule, const struct layer *layer,
                                    struct fault *fault);

extern const struct config_kind SCHEDULE_KIND; /* config/kind.h */
/* NULL when there is none of that name, or no name. */
NODISCARD const struct schedule *schedule_find(const struct config *config, const char *name);

#endif
