/* paging/step.h - whom does an unanswered alert reach next, and when must it be judged again? Pure.
 *
 * The same function pages people, answers "why me?", answers "what if?" and runs in the simulator.
 * A policy never ends in silence: an empty step is skipped at once, after the last round comes the
 * last resort, again and again, and when even that reaches nobody, anybody who can be reached. */
#ifndef PAGING_STEP_H
#define PAGING_STEP_H

#include "config/config.h"
#include "oncall/policy.h"

/* How often the last resort is told again while nobody answers. */
#define LAST_RESORT_EVERY SPAN_MIN(30)

enum telling_via {
    VIA_USER = 1,
    VIA_SCHEDULE,
    VIA_TEAM,
    VIA_CHANNEL,
    VIA_ANYBODY, /* the policy reached nobody at all */
};
extern const struct enum_name TELLING_VIA_NAMES[];

/* One receiver who is to be told, and why. Owns its texts. */
struct telling {
    char *who;     /* handle of a user, or "channel:NAME" */
    int via;       /* enum telling_via */
    char *through; /* name of the schedule, team or channel; NULL for a user */
    char *layer;   /* VIA_SCHEDULE: the layer, or "override" */
    struct utc shift_since, shift_until; /* VIA_SCHEDULE */
};

enum skip_why {
    SKIP_CONDITION = 1, /* the step's `when` does not hold */
    SKIP_NOBODY,        /* nobody on call, or nobody in the team */
    SKIP_UNREACHABLE,   /* somebody, but without any contact */
};
extern const struct enum_name SKIP_WHY_NAMES[];

struct skip {
    int64_t step, round;
    int why;   /* enum skip_why */
    char *who; /* SKIP_UNREACHABLE: the names of those without a contact, "ana, budi"; else NULL */
};

/* Whom a step names, or another target does. */
struct audience {
    GPtrArray *tellings; /* of struct telling: who can be told */
    GPtrArray *mute;     /* the same of users without any contact; NULL: nobody asks */
};

/* Where an escalation stands. */
struct stand {
    const struct policy *policy; /* NULL: the service has none any more */
    const struct config *config;
    int severity;
    int64_t step;  /* the next to judge, from 0 */
    int64_t round; /* from 0 */
    bool is_last_resort;
};

struct verdict {
    GPtrArray *tellings; /* of struct telling; never empty unless nobody at all can be reached */
    GPtrArray *mute; /* of struct telling: whom that step names as well, but they have no contact */
    GArray *skips;   /* of struct skip: steps passed over on the way */
    int64_t told_step; /* the step that tells them; -1: the last resort */
    int64_t told_round;
    int64_t next_step, next_round;
    bool is_last_resort; /* from now on */
    struct utc next_at;  /* judge again then, if nobody answers */
};

/* One step per judgement, even when an outage of ours swallowed several deadlines: else the
 * director is paged before anyone on call was. The next wait starts at `now`. */
void step_judge(const struct stand *stand, struct utc now, struct verdict *out);
void verdict_clear(struct verdict *verdict);

/* Whom one target means at `now`; appends to the audience those not yet in it. Answers enum skip_why
 * when it can tell nobody because there is nobody (or nobody reachable), 0 otherwise. */
int target_resolve(const struct config *config, const struct target *target, struct utc now,
                   const struct audience *audience);

/* Some others who can be reached at all, at most three; appends to `tellings` those not yet in it and
 * not `but` (may be NULL). */
void tell_anybody(const struct config *config, const char *but, GPtrArray *tellings);

void telling_free(struct telling *telling);
NODISCARD GPtrArray *tellings_new(void);

#endif
