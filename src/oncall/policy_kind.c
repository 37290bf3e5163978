#include "config/config_check.h"
#include "config/lint.h"
#include "oncall/absent.h"
#include "oncall/policy.h"
#include "oncall/policy_store.h"
#include "oncall/reach.h"
#include "oncall/schedule.h"
#include "people/user.h"

/* --- do all references lead somewhere, and to somebody? --- */

static bool check_target(const struct config *config, const struct target *target,
                         struct fault *fault)
{
    return config_check_reference(config, &USER_KIND, target->user, "user", fault) &&
           config_check_reference(config, &SCHEDULE_KIND, target->schedule, "schedule", fault) &&
           config_check_reference(config, &TEAM_KIND, target->team, "team", fault) &&
           config_check_reference(config, &CHAT_CHANNEL_KIND, target->channel, "channel", fault);
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
static bool refuse_last_resort(const struct config *config, const struct target *target,
                               struct fault *fault)
{
    if (target->user != NULL) {
        enum user_reach reach = user_reach(user_find(config, target->user));
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
    return target_has_contact(config, policy->last_resort) ||
           refuse_last_resort(config, policy->last_resort, fault);
}

/* A log wakes nobody, which is judged of what is written now: a policy from before must keep nobody from making a
 * silence. Doctor tells of it. */
static bool check_written(const struct config *config, const void *item, struct fault *fault)
{
    const struct policy *policy = item;
    return target_reaches(config, policy->last_resort) ||
           refuse_last_resort(config, policy->last_resort, fault);
}

/* --- who is relied on --- */

static void rely_on_names(struct lint *lint, const GPtrArray *names)
{
    for (guint i = 0; names != NULL && i < names->len; i++) {
        lint_rely_on(lint, &USER_KIND, names->pdata[i]);
    }
}

static void rely_on_schedule(struct lint *lint, const struct schedule *schedule)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = schedule->layers->pdata[i];
        rely_on_names(lint, layer->people);
    }
    for (guint i = 0; i < schedule->overrides->len; i++) {
        const struct override *override = schedule->overrides->pdata[i];
        lint_rely_on(lint, &USER_KIND, override->who);
    }
}

static void rely_on_target(struct lint *lint, const struct target *target)
{
    const struct team *team = team_find(lint->config, target->team);
    const struct schedule *schedule = schedule_find(lint->config, target->schedule);
    lint_rely_on(lint, &USER_KIND, target->user);
    if (team != NULL) {
        rely_on_names(lint, team->members);
    }
    if (schedule != NULL) {
        rely_on_schedule(lint, schedule);
    }
}

static void rely(struct lint *lint, const void *item)
{
    const struct policy *policy = item;
    for (guint s = 0; s < policy->steps->len; s++) {
        const struct step *step = policy->steps->pdata[s];
        for (guint t = 0; t < step->notify->len; t++) {
            rely_on_target(lint, step->notify->pdata[t]);
        }
    }
    if (policy->last_resort != NULL) {
        rely_on_target(lint, policy->last_resort);
    }
}

/* --- what is to be found --- */

/* Only told, and once for each place: it may be meant, and what is written holds. */
static void lint_absent_targets(const struct lint *lint)
{
    g_autoptr(GArray) all = absent_targets(lint->config, lint->now);
    for (guint i = 0; i < all->len; i++) {
        const struct absent_target *one = &g_array_index(all, struct absent_target, i);
        g_autofree char *subject = lint_subject("policy", one->policy->name);
        g_autofree char *text = absent_target_text(one);
        lint_add(lint->findings, LINT_WARNING, "absence", subject,
                 "Name a schedule there, whose shifts `tocsin off-duty` covers, or somebody else "
                 "until then.",
                 "In policy %s: %s", one->policy->name, text);
    }
}

static bool step_reaches(const struct lint *lint, const struct step *step)
{
    for (guint i = 0; i < step->notify->len; i++) {
        if (target_reaches(lint->config, step->notify->pdata[i])) {
            return true;
        }
    }
    return false;
}

static void lint_policy(const struct lint *lint, const struct policy *policy)
{
    g_autofree char *subject = lint_subject("policy", policy->name);
    for (guint i = 0; i < policy->steps->len; i++) {
        if (!step_reaches(lint, policy->steps->pdata[i])) {
            lint_add(lint->findings, LINT_WARNING, "empty-step", subject,
                     "Name somebody in it, or remove it.",
                     "Step %u of policy %s reaches nobody and is skipped at once.", i + 1,
                     policy->name);
        }
    }
    if (policy->last_resort == NULL || !target_reaches(lint->config, policy->last_resort)) {
        lint_add(lint->findings, LINT_PROBLEM, "last-resort", subject,
                 "Set `last_resort` to a person, team or schedule that has contacts.",
                 "The last resort of policy %s reaches nobody: an alert could end in silence.",
                 policy->name);
    }
}

static void lint_policies(const struct lint *lint)
{
    const GPtrArray *policies = config_items(lint->config, &POLICY_KIND);
    for (guint i = 0; i < policies->len; i++) {
        lint_policy(lint, policies->pdata[i]);
    }
    lint_absent_targets(lint);
}

/* They are taken: it may be meant. */
static void warn(const struct config *config, const void *item, struct utc now,
                 const struct config_teller *teller)
{
    const struct policy *policy = item;
    g_autofree char *path = g_strdup_printf("policy %s", policy->name);
    g_autoptr(GArray) all = absent_targets_of(config, policy, now);
    for (guint i = 0; i < all->len; i++) {
        g_autofree char *text = absent_target_text(&g_array_index(all, struct absent_target, i));
        teller->tell(teller->self, path, text);
    }
}

const struct config_kind POLICY_KIND = {
    .section = "policies",
    .noun = "policy",
    .number = 5,
    .place = 500,
    .record = &POLICY_RECORD,
    .far_field = "last_resort",
    .check = check_policy,
    .check_written = check_written,
    .warn = warn,
    .rely = rely,
    .lint = lint_policies,
    .load = policy_versions_load,
    .written = policy_version_write,
};

const struct policy *policy_find(const struct config *config, const char *name)
{
    return config_find(config, &POLICY_KIND, name);
}
