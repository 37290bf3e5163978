/* alert/silence_work.h - the ledger command that ends a silence; see config/config_work.h. */
#ifndef ALERT_SILENCE_WORK_H
#define ALERT_SILENCE_WORK_H

#include "config/config_work.h"

/* Ends a silence as if its time were over: it stays listed for as long as one that ran out. What is over
 * stays as it is; one that recurs, which has no end, is deleted. */
struct end_silence {
    struct delete_object del; /* first: the answer and the recurring one's way */
    struct put_object put;
};
enum command_result end_silence_run(struct ledger_tx *tx, struct end_silence *end);
void end_silence_clear(struct end_silence *end);

#endif
