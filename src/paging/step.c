#include "paging/step.h"

#include <string.h>

#include "alert/signal.h"
#include "base/principal.h"
#include "oncall/shift.h"
#include "people/user.h"

enum { ANYBODY_MAX = 3 };

const struct enum_name TELLING_VIA_NAMES[] = {
    {"user", VIA_USER},       {"schedule", VIA_SCHEDULE}, {"team", VIA_TEAM},
    {"channel", VIA_CHANNEL}, {"anybody", VIA_ANYBODY},   {NULL, 0},
};

const struct enum_name SKIP_WHY_NAMES[] = {
    {"condition", SKIP_CONDITION},
    {"nobody", SKIP_NOBODY},
    {"unreachable", SKIP_UNREACHABLE},
    {NULL, 0},
};

void telling_free(struct telling *telling)
{
    g_free(telling->who);
    g_free(telling->through);
    g_free(telling->layer);
    g_free(telling);
}

static void telling_destroy(gpointer telling)
{
    telling_free(telling);
}

GPtrArray *tellings_new(void)
{
    return g_ptr_array_new_with_free_func(telling_destroy);
}

static bool is_told(const GPtrArray *tellings, const char *who)
{
    for (guint i = 0; i < tellings->len; i++) {
        const struct telling *telling = g_ptr_array_index(tellings, i);
        if (strcmp(telling->who, who) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL: they are in it already. Borrowed. */
static struct telling *add_telling(GPtrArray *tellings, const char *who, int via,
                                   const char *through)
{
    if (is_told(tellings, who)) {
        return NULL;
    }
    struct telling *telling = g_new0(struct telling, 1);
    telling->who = g_strdup(who);
    telling->via = via;
    telling->through = g_strdup(through);
    g_ptr_array_add(tellings, telling);
    return telling;
}

/* Tells one user unless they are told already. 0, or why that reaches nobody. */
static int tell_user(const struct config *config, const char *name, int via, const char *through,
                     const struct audience *audience)
{
    const struct user *user = user_find(config, name);
    if (user == NULL) {
        return SKIP_NOBODY;
    }
    if (user_reach(user) == REACH_GOOD) {
        (void)add_telling(audience->tellings, name, via, through);
        return 0;
    }
    if (audience->mute != NULL) {
        (void)add_telling(audience->mute, name, via, through);
    }
    return SKIP_UNREACHABLE;
}

/* Of several reasons the one that means somebody was there, else that nobody was. */
static int worse_reason(int a, int b)
{
    if (a == 0 || b == 0) {
        return 0;
    }
    return MAX(a, b);
}

static int tell_schedule(const struct config *config, const char *name, struct utc now,
                         const struct audience *audience)
{
    const GPtrArray *tellings = audience->tellings;
    const struct schedule *schedule = schedule_find(config, name);
    if (schedule == NULL) {
        return SKIP_NOBODY;
    }
    int reason = SKIP_NOBODY;
    g_autoptr(GArray) shifts = oncall_at(schedule, now);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        guint before = tellings->len;
        reason = worse_reason(reason, tell_user(config, shift->user, VIA_SCHEDULE, name, audience));
        if (tellings->len > before) {
            struct telling *telling = g_ptr_array_index(tellings, before);
            telling->layer = g_strdup(shift->layer);
            telling->shift_since = shift->since;
            telling->shift_until = shift->until;
        }
    }
    return reason;
}

static int tell_team(const struct config *config, const char *name, const struct audience *audience)
{
    const struct team *team = team_find(config, name);
    int reason = SKIP_NOBODY;
    for (guint i = 0; team != NULL && i < team->members->len; i++) {
        const char *member = g_ptr_array_index(team->members, i);
        reason = worse_reason(reason, tell_user(config, member, VIA_TEAM, name, audience));
    }
    return reason;
}

static int tell_channel(const struct config *config, const char *name, GPtrArray *tellings)
{
    if (chat_channel_find(config, name) == NULL) {
        return SKIP_NOBODY;
    }
    g_autofree char *who = principal_text(PRINCIPAL_CHANNEL, name);
    (void)add_telling(tellings, who, VIA_CHANNEL, name);
    return 0;
}

int target_resolve(const struct config *config, const struct target *target, struct utc now,
                   const struct audience *audience)
{
    if (target->user != NULL) {
        return tell_user(config, target->user, VIA_USER, NULL, audience);
    }
    if (target->schedule != NULL) {
        return tell_schedule(config, target->schedule, now, audience);
    }
    if (target->team != NULL) {
        return tell_team(config, target->team, audience);
    }
    return tell_channel(config, target->channel, audience->tellings);
}

/* People count as reached; a chat channel alone wakes nobody, but it does not empty a step that its
 * owner filled with nothing else on purpose. */
static int judge_targets(const struct stand *stand, const struct step *step, struct utc now,
                         const struct audience *audience)
{
    int reason = SKIP_NOBODY;
    for (guint i = 0; i < step->notify->len; i++) {
        const struct target *target = g_ptr_array_index(step->notify, i);
        reason = worse_reason(reason, target_resolve(stand->config, target, now, audience));
    }
    return audience->tellings->len > 0 ? 0 : reason;
}

static bool condition_holds(const struct condition *when, int severity, struct utc now)
{
    if (when == NULL) {
        return true;
    }
    bool is_listed = when->severity == NULL || when->severity->len == 0;
    for (guint i = 0; !is_listed && i < when->severity->len; i++) {
        is_listed =
            enum_from_name(SEVERITY_NAMES, g_ptr_array_index(when->severity, i)) == severity;
    }
    if (!is_listed || when->only == NULL || when->only->len == 0) {
        return is_listed;
    }
    struct fault fault;
    struct zone *zone = zone_load(when->time_zone != NULL ? when->time_zone : "UTC", &fault);
    /* The zone was checked when the policy was read; if its data is gone since, page rather than not. */
    return zone == NULL || windows_hold(when->only, zone, now);
}

void tell_anybody(const struct config *config, const char *but, GPtrArray *tellings)
{
    const struct audience audience = {.tellings = tellings};
    const GPtrArray *users = config_items(config, &USER_KIND);
    for (guint i = 0; users != NULL && i < users->len && tellings->len < ANYBODY_MAX; i++) {
        const struct user *user = g_ptr_array_index(users, i);
        if (g_strcmp0(user->name, but) != 0) {
            (void)tell_user(config, user->name, VIA_ANYBODY, NULL, &audience);
        }
    }
}

static void judge_last_resort(const struct stand *stand, struct utc now, struct verdict *out)
{
    if (stand->policy != NULL && stand->policy->last_resort != NULL) {
        const struct audience audience = {out->tellings, out->mute};
        (void)target_resolve(stand->config, stand->policy->last_resort, now, &audience);
    }
    if (out->tellings->len == 0) {
        tell_anybody(stand->config, NULL, out->tellings);
    }
    out->told_step = -1;
    out->told_round = stand->round;
    out->next_step = stand->step;
    out->next_round = stand->round;
    out->is_last_resort = true;
    out->next_at = utc_add(now, LAST_RESORT_EVERY);
}

/* "ana, budi"; NULL of nobody. Newly allocated. */
static char *names_of(const GPtrArray *tellings)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < tellings->len; i++) {
        const struct telling *telling = g_ptr_array_index(tellings, i);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", telling->who);
    }
    return g_string_free(names, names->len == 0);
}

/* Judges the step at (out->next_step, out->next_round). True when it tells somebody. */
static bool judge_one(const struct stand *stand, struct utc now, struct verdict *out)
{
    const struct step *step = g_ptr_array_index(stand->policy->steps, (guint)out->next_step);
    const struct audience audience = {out->tellings, out->mute};
    int reason = SKIP_CONDITION;
    if (condition_holds(step->when, stand->severity, now)) {
        reason = judge_targets(stand, step, now, &audience);
    }
    if (reason != 0) {
        struct skip skip = {out->next_step, out->next_round, reason, names_of(out->mute)};
        g_array_append_val(out->skips, skip);
        g_ptr_array_set_size(out->mute, 0);
        return false;
    }
    out->told_step = out->next_step;
    out->told_round = out->next_round;
    out->next_at = utc_add(now, step->wait);
    return true;
}

static void skip_clear(gpointer skip)
{
    g_free(((struct skip *)skip)->who);
}

void step_judge(const struct stand *stand, struct utc now, struct verdict *out)
{
    *out = (struct verdict){
        .tellings = tellings_new(),
        .mute = tellings_new(),
        .skips = g_array_new(FALSE, TRUE, sizeof(struct skip)),
        .next_step = stand->step,
        .next_round = stand->round,
    };
    g_array_set_clear_func(out->skips, skip_clear);
    int64_t steps = stand->policy != NULL ? stand->policy->steps->len : 0;
    int64_t rounds = stand->policy != NULL ? stand->policy->repeat + 1 : 0;
    /* A round in which nobody at all was there would only repeat itself now; one look is enough. */
    int64_t looked = 0;
    while (!stand->is_last_resort && steps > 0 && looked <= steps) {
        if (out->next_step >= steps) {
            out->next_step = 0;
            out->next_round++;
        }
        if (out->next_round >= rounds) {
            break;
        }
        bool is_told = judge_one(stand, now, out);
        out->next_step++;
        looked++;
        if (is_told) {
            return;
        }
    }
    judge_last_resort(stand, now, out);
}

void verdict_clear(struct verdict *verdict)
{
    g_clear_pointer(&verdict->tellings, g_ptr_array_unref);
    g_clear_pointer(&verdict->mute, g_ptr_array_unref);
    g_clear_pointer(&verdict->skips, g_array_unref);
}
