/* retention/retention_work.h - the duty that deletes what is old: in small steps, seldom enough that whoever brings
 * alerts does not notice, on one node. */
#ifndef RETENTION_RETENTION_WORK_H
#define RETENTION_RETENTION_WORK_H

#include "base/clock.h"
#include "ledger/event.h"
#include "retention/retention_store.h"

struct archive;
struct payload_book;
struct retention_work;

/* All borrowed, and to outlive it. `payloads` and `archive` may be NULL. */
NODISCARD struct retention_work *retention_work_create(struct config_holder *configs,
                                                       const struct clock *clock,
                                                       struct payload_book *payloads,
                                                       struct archive *archive);
void retention_work_destroy(struct retention_work **work);
/* Before the ledger's first batch. */
void retention_work_attach(struct retention_work *work, struct ledger *ledger);

/* The duty's two (struct ledger_duty). `limit`: so many rows of a kind are looked at in one step. */
struct utc retention_next_at(struct ledger_tx *tx, void *self);
int retention_run_due(struct ledger_tx *tx, void *self, int limit);

extern const struct event_kind EVENT_RETENTION_RAN;
extern const struct event_kind *const RETENTION_EVENTS[];

#endif
