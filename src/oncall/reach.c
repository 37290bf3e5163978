#include "oncall/reach.h"

#include "oncall/schedule.h"
#include "people/user.h"

static bool reaches_one_of(const struct config *config, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++) {
        if (user_reach(user_find(config, g_ptr_array_index(names, i))) == REACH_GOOD) {
            return true;
        }
    }
    return false;
}

static bool schedule_reaches(const struct config *config, const struct schedule *schedule)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (reaches_one_of(config, layer->people)) {
            return true;
        }
    }
    return false;
}

bool target_reaches(const struct config *config, const struct target *target)
{
    if (target->channel != NULL) {
        return chat_channel_find(config, target->channel) != NULL;
    }
    if (target->user != NULL) {
        return user_reach(user_find(config, target->user)) == REACH_GOOD;
    }
    const struct team *team = team_find(config, target->team);
    const struct schedule *schedule = schedule_find(config, target->schedule);
    return (team != NULL && reaches_one_of(config, team->members)) ||
           (schedule != NULL && schedule_reaches(config, schedule));
}
