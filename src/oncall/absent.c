#include "oncall/absent.h"

#include "oncall/absence.h"

struct absent_look {
    const struct config *config;
    struct utc now;
    GArray *found;
};

static void look_at(const struct absent_look *look, const struct policy *policy, guint step,
                    const struct target *target)
{
    struct absent_target one = {.policy = policy, .step = step};
    struct utc next = {look->now.us + 1};
    one.user = target != NULL ? target->user : NULL;
    if (one.user != NULL && absence_meets(config_items(look->config, &ABSENCE_KIND), one.user,
                                          look->now, next, &one.until)) {
        g_array_append_val(look->found, one);
    }
}

static void look_through(const struct absent_look *look, const struct policy *policy)
{
    for (guint k = 0; k < policy->steps->len; k++) {
        const struct step *step = g_ptr_array_index(policy->steps, k);
        for (guint n = 0; n < step->notify->len; n++) {
            look_at(look, policy, k, g_ptr_array_index(step->notify, n));
        }
    }
    look_at(look, policy, policy->steps->len, policy->last_resort);
}

GArray *absent_targets_of(const struct config *config, const struct policy *policy, struct utc now)
{
    const struct absent_look look = {config, now,
                                     g_array_new(FALSE, FALSE, sizeof(struct absent_target))};
    look_through(&look, policy);
    return look.found;
}

GArray *absent_targets(const struct config *config, struct utc now)
{
    const struct absent_look look = {config, now,
                                     g_array_new(FALSE, FALSE, sizeof(struct absent_target))};
    const GPtrArray *policies = config_items(config, &POLICY_KIND);
    for (guint i = 0; i < policies->len; i++) {
        look_through(&look, g_ptr_array_index(policies, i));
    }
    return look.found;
}

char *absent_target_text(const struct absent_target *target)
{
    char until[UTC_TEXT_SIZE];
    utc_format(target->until, until);
    bool is_last = target->step == target->policy->steps->len;
    g_autofree char *place =
        is_last ? g_strdup("The last resort") : g_strdup_printf("Step %u", target->step + 1);
    return g_strdup_printf("%s tells %s by name, who is away until %s, and goes on doing so.",
                           place, target->user, until);
}
