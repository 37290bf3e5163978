/* Jumps of the wall clock: noticed by the only writer itself; on a shared database see news.c. */
#include "base/log.h"
#include "ledger/clock_store.h"
#include "ledger/ledger_private.h"

static const char *boot_of(const struct clock *clock)
{
    return clock->boot != NULL ? clock->boot(clock->self) : NULL;
}

void ledger_see_clocks(struct ledger *ledger)
{
    const char *boot = boot_of(ledger->machine);
    ledger->is_clock_marked = boot == NULL || clock_mark_load(ledger->db, boot, &ledger->wall_seen,
                                                              &ledger->elapsed_seen);
    if (boot == NULL || !ledger->is_clock_marked) {
        ledger->wall_seen = clock_now(ledger->clock);
        ledger->elapsed_seen = clock_elapsed(ledger->clock);
    }
}

static enum db_status mark_clocks(struct ledger *ledger, struct utc wall, struct span elapsed)
{
    struct ledger_tx tx = ledger_begin(ledger, wall);
    clock_mark_save(tx.db, boot_of(ledger->clock), wall, elapsed);
    return ledger_finish(ledger, "clock mark");
}

void ledger_tell_jump(struct ledger_tx *tx, struct span by)
{
    json_auto_t *data = json_pack("{s:I}", "by_us", (json_int_t)by.us);
    event_append(tx, PRINCIPAL_TOCSIN, &EVENT_CLOCK_JUMPED, subject_only("clock"), data);
    GArray *duties = tx->ledger->duties;
    for (guint i = 0; i < duties->len; i++) {
        const struct ledger_duty *duty = &g_array_index(duties, struct duty_state, i).duty;
        if (duty->clock_jumped != NULL) {
            duty->clock_jumped(tx, duty->self, by);
        }
    }
}

void ledger_log_jump(struct span by)
{
    char text[UTC_TEXT_SIZE];
    span_format((struct span){ABS(by.us)}, text);
    LOG_WARN("ledger", NULL, "the wall clock jumped", "way", by.us > 0 ? "forward" : "back", "by",
             text);
}

static enum db_status record_jump(struct ledger *ledger, struct utc now, struct span elapsed,
                                  struct span by)
{
    struct ledger_tx tx = ledger_begin(ledger, now);
    if (boot_of(ledger->clock) != NULL) {
        clock_mark_save(tx.db, boot_of(ledger->clock), now, elapsed);
    }
    ledger_tell_jump(&tx, by);
    return ledger_finish(ledger, "clock jump");
}

bool ledger_notice_clock(struct ledger *ledger)
{
    if (ledger->is_shared) {
        return true;
    }
    struct utc wall = clock_now(ledger->clock);
    struct span elapsed = clock_elapsed(ledger->clock);
    struct span by = {utc_since(wall, ledger->wall_seen).us -
                      (elapsed.us - ledger->elapsed_seen.us)};
    if (ABS(by.us) > CLOCK_JUMP_LEAST.us) {
        /* Not kept as seen until it is written: a failure must not lose the jump. */
        if (record_jump(ledger, wall, elapsed, by) != DB_OK) {
            return false;
        }
        ledger_log_jump(by);
    }
    ledger->wall_seen = wall;
    ledger->elapsed_seen = elapsed;
    if (!ledger->is_clock_marked) {
        ledger->is_clock_marked = mark_clocks(ledger, wall, elapsed) == DB_OK;
    }
    return true;
}
