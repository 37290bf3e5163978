/* oncall/absence.h - somebody is away for a time: who stands in for others then is somebody else. Pure. */
#ifndef ONCALL_ABSENCE_H
#define ONCALL_ABSENCE_H

#include "base/record.h"

struct config_kind;

struct absence {
    char *name;
    char *user;
    struct utc from;
    struct utc to;
    char *comment;        /* why; may be NULL */
    char *created_by;     /* NULL: the file */
    GPtrArray *overrides; /* ids, as texts, of those that cover it: they end with it */
};

extern const struct record ABSENCE_RECORD;

/* Is `user` away at some moment of [since, until)? Then *out_until is when the absence, or the last of
 * several that follow on one another without a break, is over. `absences` is of struct absence; NULL: none. */
NODISCARD bool absence_meets(const GPtrArray *absences, const char *user, struct utc since,
                             struct utc until, struct utc *out_until);

/* The first instant within (since, until) at which an absence begins or ends; `until` when there is none. */
NODISCARD struct utc absence_edge(const GPtrArray *absences, struct utc since, struct utc until);

extern const struct config_kind ABSENCE_KIND; /* config/kind.h */

#endif
