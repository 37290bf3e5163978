/* oncall/override_work.h - overrides of schedules that people make between two applies of the file: ledger
 * commands like those of config/config_work.h. */
#ifndef ONCALL_OVERRIDE_WORK_H
#define ONCALL_OVERRIDE_WORK_H

#include "config/config_work.h"
#include "oncall/override_store.h"

/* What the commands append; NULL at the end. */
extern const struct event_kind *const OVERRIDE_EVENTS[];

struct add_override {
    struct config_command base;
    const char *schedule;
    const json_t *spec; /* in: OVERRIDE_RECORD */
    int64_t id;         /* out */
    char *warning;      /* out: it is taken, and yet; or NULL */
};
enum command_result add_override_run(struct ledger_tx *tx, void *arg);
void add_override_clear(struct add_override *add);

/* One that is over is left as it was, and there is no next snapshot. */
struct remove_override {
    struct config_command base;
    const char *schedule;
    int64_t id;
};
enum command_result remove_override_run(struct ledger_tx *tx, void *arg);

/* Puts an override in, with its event. Answers its id. For use inside other commands. */
int64_t override_write(struct ledger_tx *tx, struct principal actor, const char *schedule,
                       const struct override *override);

/* Has it ended by `now`? */
NODISCARD bool override_is_over(const struct override *override, const struct zone *zone,
                                struct utc now);

/* Takes one back, with its event: one that holds now ends now, and what was stays as it was. `zone`: its
 * schedule's; NULL when that is gone, and the whole goes. False when there is none of that id. */
bool override_take_back(struct ledger_tx *tx, struct principal actor, const struct zone *zone,
                        const struct override_row *row);

#endif
