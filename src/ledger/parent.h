/* ledger/parent.h - events of a part are events of the whole, too: an override that puts ana on call is about a schedule,
 * and stands in ana's timeline as well (event_list of either finds it).
 *
 * The parents are named in the event's data and so in its hash. Table event_parent is only an index of that: chain_walk
 * holds it against the data, so that an entry that was taken away or put in shows. An event without parents costs
 * nothing. */
#ifndef LEDGER_PARENT_H
#define LEDGER_PARENT_H

#include "ledger/event.h"

/* Member of an event's data: ["user:ana"]. */
#define EVENT_PARENTS "parents"

enum { EVENT_PARENTS_MAX = 8 };

/* 1 to EVENT_PARENTS_MAX: none of them twice, nor the event's subject itself. Borrowed. */
struct event_parents {
    const struct subject *list;
    size_t count;
};

void event_append_below(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                        struct subject subject, const json_t *data, struct event_parents parents);

#endif
