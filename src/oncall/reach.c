#include "oncall/reach.h"

#include "oncall/schedule.h"
#include "people/user.h"

/* What is asked of a person. */
typedef bool (*reach_judge)(const struct user *user);

static bool can_be_told(const struct user *user)
{
    return user_reach(user) == REACH_GOOD;
}

static bool has_contact(const struct user *user)
{
    return user_reach(user) != REACH_NO_CONTACT;
}

static bool reaches_one_of(const struct config *config, const GPtrArray *names, reach_judge judge)
{
    for (guint i = 0; i < names->len; i++) {
        if (judge(user_find(config, g_ptr_array_index(names, i)))) {
            return true;
        }
    }
    return false;
}

static bool schedule_reaches(const struct config *config, const struct schedule *schedule,
                             reach_judge judge)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (reaches_one_of(config, layer->people, judge)) {
            return true;
        }
    }
    return false;
}

static bool leads_to(const struct config *config, const struct target *target, reach_judge judge)
{
    if (target->channel != NULL) {
        return chat_channel_find(config, target->channel) != NULL;
    }
    if (target->user != NULL) {
        return judge(user_find(config, target->user));
    }
    const struct team *team = team_find(config, target->team);
    const struct schedule *schedule = schedule_find(config, target->schedule);
    return (team != NULL && reaches_one_of(config, team->members, judge)) ||
           (schedule != NULL && schedule_reaches(config, schedule, judge));
}

bool target_reaches(const struct config *config, const struct target *target)
{
    return leads_to(config, target, can_be_told);
}

bool target_has_contact(const struct config *config, const struct target *target)
{
    return leads_to(config, target, has_contact);
}
