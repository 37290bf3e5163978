/* oncall/absent.h - policies that name somebody who is away: they go on telling them, whoever is on call, and
 * whoever reads or writes them is told so. Pure. */
#ifndef ONCALL_ABSENT_H
#define ONCALL_ABSENT_H

#include "config/config.h"
#include "oncall/policy.h"

/* One place in a policy that names a user who is away. */
struct absent_target {
    const struct policy *policy;
    guint step;       /* from 0; as many as there are: the last resort */
    const char *user; /* all borrowed from the configuration */
    struct utc until; /* when they are back */
};

/* Those who are away at `now`, in the order of the configuration. A new array of struct absent_target. */
NODISCARD GArray *absent_targets(const struct config *config, struct utc now);
/* Of that policy alone. */
NODISCARD GArray *absent_targets_of(const struct config *config, const struct policy *policy,
                                    struct utc now);

/* "Step 2 tells ana by name, who is away until …, and goes on doing so." Newly allocated. */
NODISCARD char *absent_target_text(const struct absent_target *target);

#endif
