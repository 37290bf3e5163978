/* oncall/cover.h - who takes over when somebody is taken off duty? Pure: proposes, changes nothing. */
#ifndef ONCALL_COVER_H
#define ONCALL_COVER_H

#include "oncall/schedule.h"

/* Whom it may not be. */
struct others {
    const GPtrArray *unreachable; /* names, at any time; NULL: nobody */
    const GPtrArray *absences;    /* of struct absence; NULL: none */
};

/* Somebody who would have been asked, and is away. */
struct missed {
    const char *user; /* borrowed from the schedule */
    struct utc until; /* when they are back */
};

/* One stretch of the person who leaves, and the override that hands it to somebody else. */
struct cover {
    struct utc since;
    struct utc until;
    /* To be added after the schedule's others. NULL: nobody is left in that layer who could take it,
     * and a person must decide. Owned. */
    struct override *override;
    GArray *missed; /* of struct missed: where nobody is left, those who are away. Owned. */
};

/* For each stretch within [from, to) in which `user` would be on call: the next person of the same
 * layer who is neither `user` nor among `others`, and is there all the time; where there is none, the
 * stretch is cut where absences begin and end. For an override of the whole schedule, whoever would be
 * on call without it, else the next person of the topmost layer that has one. With all proposals
 * added, `user` is on call at no instant of [from, to). A new array of struct cover; free with
 * g_ptr_array_unref. */
NODISCARD GPtrArray *cover_propose(const struct schedule *schedule, const char *user,
                                   struct others others, struct utc from, struct utc to);

/* For each stretch within [from, to) in which `user` is on call: the override that hands it to `who`, whoever that is.
 * A new array of struct cover; free with g_ptr_array_unref. */
NODISCARD GPtrArray *cover_give(const struct schedule *schedule, const char *user, const char *who,
                                struct utc from, struct utc to);

/* As cover_propose where something has put `user` on call again, and only there: what they had in `before` already,
 * the same schedule before that, they keep. */
NODISCARD GPtrArray *cover_again(const struct schedule *schedule, const struct schedule *before,
                                 const char *user, struct others others, struct utc from,
                                 struct utc to);

#endif
