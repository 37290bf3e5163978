#include "alert/condition.h"
#include "alert/silence.h"
#include "config/config_check.h"
#include "config/past.h"

static bool check_silence(const struct config *config, const void *item, struct fault *fault)
{
    (void)config;
    return config_check_zone(((const struct silence *)item)->time_zone, fault);
}

static bool check_meaning(const struct config *config, const void *item, struct fault *fault)
{
    const struct silence *silence = item;
    struct utc latest = utc_add(silence->from, SILENCE_LONGEST);
    if (silence->windows->len == 0 && utc_before(latest, silence->to)) {
        char text[UTC_TEXT_SIZE];
        utc_format(latest, text);
        return fault_set(fault, "to",
                         "A silence lasts 366d at most, here until %s. What shall never page is a "
                         "route with suppress: true.",
                         text);
    }
    return conditions_check(config, silence->match, fault);
}

/* One that recurs has no end. */
static bool is_over(const void *item, struct utc now)
{
    const struct silence *silence = item;
    struct utc change_at;
    return silence->windows->len == 0 && silence_state(silence, now, &change_at) == SILENCE_OVER;
}

static void warn_before(const void *item, const void *replaced, struct utc now,
                        const struct config_teller *teller)
{
    const struct silence *silence = item;
    struct utc change_at;
    const struct silence *known = replaced;
    bool is_over = silence_state(silence, now, &change_at) == SILENCE_OVER;
    if (is_over && (known == NULL || known->to.us != silence->to.us)) {
        g_autofree char *path = g_strconcat("silences.", silence->name, NULL);
        config_tell_past(teller, path, silence->to);
    }
}

const struct config_kind SILENCE_KIND = {
    .section = "silences",
    .noun = "silence",
    .number = 9,
    .place = 900,
    .record = &SILENCE_RECORD,
    .has_maker = true,
    .remembered_days = 5 /* programs make one for each of their doings */,
    .in_full = conditions_in_full,
    .check = check_silence,
    .check_meaning = check_meaning,
    .is_over = is_over,
    .warn_before = warn_before,
};
