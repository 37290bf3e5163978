#include "oncall/policy.h"

#include "base/limits.h"
#include "base/zone.h"

enum { STEPS_MAX = 50, TARGETS_MAX = 50, WINDOWS_MAX = 100, REPEAT_MAX = 100 };

static const int64_t WAIT_MIN = 1000000;
static const int64_t WAIT_MAX = INT64_C(7) * 86400 * 1000000;

/* ---- target ---- */

static bool target_check(const void *self, struct fault *fault)
{
    const struct target *target = self;
    int count = (target->user != NULL) + (target->schedule != NULL) + (target->team != NULL) +
                (target->channel != NULL);
    if (count != 1) {
        return fault_set(fault, "",
                         "must have exactly one of user, schedule, team and channel, not %d; write "
                         "each target as an entry of its own",
                         count);
    }
    return true;
}

static const struct field TARGET_FIELDS[] = {
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct target, user),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "A user."},
    {.name = "schedule",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct target, schedule),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Whoever is on call in this schedule."},
    {.name = "team",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct target, team),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Every member of a team."},
    {.name = "channel",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct target, channel),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "A chat channel or webhook; reaches no particular person."},
};

const struct record TARGET_RECORD = {
    .name = "Target",
    .doc = "Who is told: exactly one of the fields.",
    .size = sizeof(struct target),
    .fields = TARGET_FIELDS,
    .field_count = G_N_ELEMENTS(TARGET_FIELDS),
    .check = target_check,
};

/* ---- condition ---- */

static bool severities_are_known(const GPtrArray *severities, struct fault *fault)
{
    /* The values are those of the floor above; only the names count here. */
    static const struct enum_name KNOWN[] = {
        {"critical", 1}, {"error", 2}, {"warning", 3}, {"info", 4}, {NULL, 0}};
    for (guint i = 0; i < severities->len; i++) {
        const char *severity = g_ptr_array_index(severities, i);
        if (enum_from_name(KNOWN, severity) == 0) {
            enum_refuse(KNOWN, severity, fault);
            fault_within_index(fault, i);
            fault_within(fault, "severity");
            return false;
        }
    }
    return true;
}

static bool condition_check(const void *self, struct fault *fault)
{
    const struct condition *condition = self;
    if (!severities_are_known(condition->severity, fault)) {
        return false;
    }
    if (condition->time_zone != NULL && zone_load(condition->time_zone, fault) == NULL) {
        fault_within(fault, "time_zone");
        return false;
    }
    return true;
}

static const struct field CONDITION_FIELDS[] = {
    {.name = "severity",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct condition, severity),
     .max = 4,
     .doc = "Only alerts of these severities; any when absent."},
    {.name = "only",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct condition, only),
     .max = WINDOWS_MAX,
     .record = &WINDOW_RECORD,
     .doc = "Only within these windows; always when absent."},
    {.name = "time_zone",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct condition, time_zone),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "The zone of `only`; UTC when absent."},
};

static const struct record CONDITION_RECORD = {
    .name = "Condition",
    .doc = "When a step applies.",
    .size = sizeof(struct condition),
    .fields = CONDITION_FIELDS,
    .field_count = G_N_ELEMENTS(CONDITION_FIELDS),
    .check = condition_check,
};

/* ---- step and policy ---- */

static const struct field STEP_FIELDS[] = {
    {.name = "notify",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct step, notify),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = TARGETS_MAX,
     .record = &TARGET_RECORD,
     .doc = "Everybody who is told in this step."},
    {.name = "wait",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct step, wait),
     .flags = FIELD_REQUIRED,
     .min = WAIT_MIN,
     .max = WAIT_MAX,
     .doc = "How long the step may stay unanswered before the next one, 1s to 7d."},
    {.name = "when",
     .kind = FIELD_RECORD,
     .offset = offsetof(struct step, when),
     .record = &CONDITION_RECORD,
     .doc = "When the step applies; always when absent."},
};

static const struct record STEP_RECORD = {
    .name = "Step",
    .doc = "Who is told, and how long we wait for an answer.",
    .size = sizeof(struct step),
    .fields = STEP_FIELDS,
    .field_count = G_N_ELEMENTS(STEP_FIELDS),
};

static bool policy_check(const void *self, struct fault *fault)
{
    const struct policy *policy = self;
    if (policy->last_resort->channel != NULL) {
        return fault_set(fault, "last_resort",
                         "must be a user, a team or a schedule: a channel is nobody who answers");
    }
    return true;
}

static const struct field POLICY_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct policy, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Unique among policies."},
    {.name = "steps",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct policy, steps),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = STEPS_MAX,
     .record = &STEP_RECORD,
     .doc = "Walked in order until somebody acts."},
    {.name = "repeat",
     .kind = FIELD_INT,
     .offset = offsetof(struct policy, repeat),
     .max = REPEAT_MAX,
     .doc = "Further rounds through the steps after the first, 0 to 100."},
    {.name = "last_resort",
     .kind = FIELD_RECORD,
     .offset = offsetof(struct policy, last_resort),
     .flags = FIELD_REQUIRED,
     .record = &TARGET_RECORD,
     .doc = "Who is told when nobody answers in any round, such as {user: ana}: a user, team or "
            "schedule."},
};

const struct record POLICY_RECORD = {
    .name = "Policy",
    .doc = "How an alert escalates; it never ends in silence.",
    .size = sizeof(struct policy),
    .fields = POLICY_FIELDS,
    .field_count = G_N_ELEMENTS(POLICY_FIELDS),
    .check = policy_check,
};
