/* paging/gap.h - of which gaps ahead is somebody to be warned, and who? Pure. */
#ifndef PAGING_GAP_H
#define PAGING_GAP_H

#include "config/config.h"
#include "oncall/coverage.h"

/* How far ahead gaps are looked for. */
#define GAP_AHEAD SPAN_D(30)

/* Between the windows of the layers: nights and weekends that may well be left free on purpose. One
 * warning about them is enough for a schedule. A longer gap has another cause as well. */
NODISCARD bool gap_is_routine(const struct gap *gap);

/* Is a warning about this gap due? `known`: of struct gap, those of the same schedule that were warned
 * about. No for one that an override by nobody made: that is on purpose. */
NODISCARD bool gap_is_news(const struct gap *gap, const GArray *known);

/* Who hears of this schedule's gaps: the owner (of a team its lead, else its members), else the people
 * of the layers; only those who can be reached. Names, borrowed; free with g_ptr_array_unref. */
NODISCARD GPtrArray *gap_receivers(const struct config *config, const struct schedule *schedule);

#endif
