#include "oncall/absence.h"

#include <string.h>

#include "base/limits.h"

enum { COMMENT_MAX = 500 };

static bool absence_check(const void *self, struct fault *fault)
{
    const struct absence *absence = self;
    return utc_before(absence->from, absence->to) ||
           fault_set(fault, "to", "must be later than from");
}

static const struct field ABSENCE_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct absence, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Unique among its kind."},
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct absence, user),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Who is away."},
    {.name = "from",
     .kind = FIELD_UTC,
     .offset = offsetof(struct absence, from),
     .flags = FIELD_REQUIRED,
     .doc = "From when."},
    {.name = "to",
     .kind = FIELD_UTC,
     .offset = offsetof(struct absence, to),
     .flags = FIELD_REQUIRED,
     .doc = "Until when."},
    {.name = "comment",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct absence, comment),
     .min = 1,
     .max = COMMENT_MAX,
     .doc = "Why, for whoever wonders."},
    {.name = "created_by",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct absence, created_by),
     .flags = FIELD_READ_ONLY,
     .max = LIMIT_TEXT,
     .doc = "Who took them off duty; absent where it stands in the file."},
    {.name = "overrides",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct absence, overrides),
     .flags = FIELD_READ_ONLY,
     .doc = "Ids of the overrides that cover it, which are taken back with it."},
};

const struct record ABSENCE_RECORD = {
    .name = "Absence",
    .doc = "Somebody is away for a time, and stands in for nobody.",
    .size = sizeof(struct absence),
    .fields = ABSENCE_FIELDS,
    .field_count = G_N_ELEMENTS(ABSENCE_FIELDS),
    .check = absence_check,
};

/* The end of the absence that is the last to be over of those that meet [since, until]; `since` when none does. */
static struct utc end_of(const GPtrArray *absences, const char *user, struct utc since,
                         struct utc until)
{
    struct utc end = since;
    for (guint i = 0; absences != NULL && i < absences->len; i++) {
        const struct absence *absence = g_ptr_array_index(absences, i);
        if (strcmp(absence->user, user) == 0 && !utc_before(until, absence->from) &&
            utc_before(end, absence->to)) {
            end = absence->to;
        }
    }
    return end;
}

bool absence_meets(const GPtrArray *absences, const char *user, struct utc since, struct utc until,
                   struct utc *out_until)
{
    struct utc last = {until.us - 1};
    struct utc end = end_of(absences, user, since, last);
    if (!utc_before(since, end)) {
        return false;
    }
    for (struct utc next; utc_before(end, next = end_of(absences, user, end, end));) {
        end = next;
    }
    *out_until = end;
    return true;
}

static struct utc earlier_within(struct utc edge, struct utc since, struct utc best)
{
    return utc_before(since, edge) ? utc_earlier(edge, best) : best;
}

struct utc absence_edge(const GPtrArray *absences, struct utc since, struct utc until)
{
    struct utc best = until;
    for (guint i = 0; absences != NULL && i < absences->len; i++) {
        const struct absence *absence = g_ptr_array_index(absences, i);
        best = earlier_within(absence->from, since, best);
        best = earlier_within(absence->to, since, best);
    }
    return best;
}
