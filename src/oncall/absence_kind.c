#include "config/config_check.h"
#include "oncall/absence.h"
#include "people/user.h"

/* Not one of the references that must go on to lead somewhere: whoever leaves for good may be taken out
 * of the file while an absence of theirs still stands. */
static bool check_meaning(const struct config *config, const void *item, struct fault *fault)
{
    const struct absence *absence = item;
    if (user_find(config, absence->user) != NULL) {
        return true;
    }
    (void)config_unknown(config, &USER_KIND, absence->user, fault);
    fault_within(fault, "user");
    return false;
}

static bool is_over(const void *item, struct utc now)
{
    return !utc_before(now, ((const struct absence *)item)->to);
}

const struct config_kind ABSENCE_KIND = {
    .section = "absences",
    .noun = "absence",
    .number = 11,
    .place = 1100,
    .record = &ABSENCE_RECORD,
    .lapses_quietly = true,
    .check_meaning = check_meaning,
    .is_over = is_over,
};
