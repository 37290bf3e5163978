/* oncall/policy.h - what an escalation policy is. How one is walked is paging/step.h. */
#ifndef ONCALL_POLICY_H
#define ONCALL_POLICY_H

#include "base/record.h"
#include "base/utc.h"
#include "base/window.h"

struct config;
struct config_kind;

/* Exactly one of these is set. */
struct target {
    char *user;
    char *schedule;
    char *team;
    char *channel; /* a chat channel or webhook of `channels:` */
};

/* When a step applies; empty parts do not restrict. */
struct condition {
    GPtrArray *severity; /* texts: critical error warning info */
    GPtrArray *only;     /* of struct window: business hours */
    char *time_zone;     /* of `only`; UTC when absent */
};

struct step {
    GPtrArray *notify;      /* of struct target; at least one */
    struct span wait;       /* how long it may stay unanswered; 1 s … 7 d */
    struct condition *when; /* NULL: always */
};

struct policy {
    char *name;
    GPtrArray *steps;
    int64_t repeat; /* further rounds after the first, 0 … 100 */
    struct target
        *last_resort; /* user, team or schedule; told when every round stayed unanswered */
    /* Not in the record: its row of policy_version, in a snapshot of the database; else 0. */
    int64_t version;
};

extern const struct record POLICY_RECORD;
extern const struct record TARGET_RECORD;

extern const struct config_kind POLICY_KIND; /* config/kind.h */
/* NULL when there is none of that name, or no name. */
NODISCARD const struct policy *policy_find(const struct config *config, const char *name);

#endif
