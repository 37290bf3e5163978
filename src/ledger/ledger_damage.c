/* What keeps paging from being relied on though the database answers: damage that a transaction met or a
 * check found, and work that paging needs and that fails again and again. Either closes the door. */
#include "base/log.h"
#include "base/metric.h"
#include "ledger/ledger_private.h"

enum { STRIKES_MAX = 3 };

/* A server that met damage is tried again after that long: nobody reports a check of it. */
#define ASK_SERVER_AGAIN SPAN_MIN(1)

static struct span now_of(const struct ledger *ledger)
{
    return clock_elapsed(ledger->clock);
}

void damage_met(struct ledger *ledger, const char *why)
{
    ledger->damage.is_known = true;
    ledger->damage.met_at = now_of(ledger);
    metric_set(METRIC_DATABASE_DAMAGED, 1);
    ledger_close_door(ledger, LEDGER_DAMAGED, why);
}

/* Being away, full or outpaced has a door of its own; what a disk of ours fails at has not. */
static bool counts(const struct ledger *ledger, enum db_status status)
{
    bool is_ours = !ledger->is_shared && status == DB_DOWN;
    return is_ours || status == DB_DAMAGED || status == DB_FAILED || status == DB_CONSTRAINT;
}

void damage_strike(struct ledger *ledger, unsigned *strikes, const char *what,
                   enum db_status status)
{
    if (!counts(ledger, status)) {
        return;
    }
    metric_add(METRIC_VITAL_FAILURES, 1);
    if (++*strikes >= STRIKES_MAX) {
        g_autofree char *why =
            g_strdup_printf("%s fails again and again: %s", what, db_error_text(ledger->db));
        ledger_close_door(ledger, LEDGER_DAMAGED, why);
    }
}

/* Why a command was not done; other transactions may have come after its own. */
static enum db_status status_of(const struct ledger *ledger, enum command_outcome outcome)
{
    enum ledger_door door = ledger_door(ledger);
    if (outcome == OUTCOME_FAILED) {
        return DB_FAILED;
    }
    return door == LEDGER_DAMAGED ? DB_DAMAGED : door == LEDGER_DOWN ? DB_DOWN : DB_CONFLICT;
}

void damage_judge(struct ledger *ledger, int vital, enum command_outcome outcome)
{
    static const char *const WHAT[VITAL_COUNT] = {
        [VITAL_CLAIM] = "taking what is due to be sent", [VITAL_PULSE] = "reading what is due"};
    if (vital == 0) {
        return;
    }
    unsigned *strikes = &ledger->damage.strikes[vital];
    if (outcome == OUTCOME_COMMITTED || outcome == OUTCOME_REFUSED) {
        *strikes = 0;
        bool has_written = vital == VITAL_PULSE && outcome == OUTCOME_COMMITTED;
        ledger->pulse_written = has_written ? now_of(ledger) : ledger->pulse_written;
    } else {
        damage_strike(ledger, strikes, WHAT[vital], status_of(ledger, outcome));
    }
}

void ledger_report_check(struct ledger *ledger, const char *damage)
{
    CHECK(pthread_mutex_lock(&ledger->damage.mutex) == 0);
    ledger->damage.is_reported = true;
    (void)g_strlcpy(ledger->damage.report, damage != NULL ? damage : "",
                    sizeof ledger->damage.report);
    CHECK(pthread_mutex_unlock(&ledger->damage.mutex) == 0);
}

void damage_hear(struct ledger *ledger)
{
    char report[FAULT_TEXT_SIZE];
    CHECK(pthread_mutex_lock(&ledger->damage.mutex) == 0);
    bool is_reported = ledger->damage.is_reported;
    (void)g_strlcpy(report, ledger->damage.report, sizeof report);
    ledger->damage.is_reported = false;
    CHECK(pthread_mutex_unlock(&ledger->damage.mutex) == 0);
    if (is_reported && report[0] != '\0') {
        damage_met(ledger, report);
        ledger_publish_why(ledger, report); /* it names the table, as the first error may not */
    } else if (is_reported) {
        ledger->damage.is_known = false;
    }
}

static bool is_struck(const struct ledger *ledger)
{
    bool is_struck = false;
    for (int kind = 1; kind < VITAL_COUNT; kind++) {
        is_struck = is_struck || ledger->damage.strikes[kind] >= STRIKES_MAX;
    }
    for (guint i = 0; i < ledger->duties->len; i++) {
        is_struck =
            is_struck || g_array_index(ledger->duties, struct duty_state, i).strikes >= STRIKES_MAX;
    }
    return is_struck;
}

bool damage_is_over(struct ledger *ledger)
{
    struct damage *damage = &ledger->damage;
    if (ledger->is_shared && now_of(ledger).us - damage->met_at.us >= ASK_SERVER_AGAIN.us) {
        damage->is_known = false;
    }
    return ledger_door(ledger) != LEDGER_DAMAGED ||
           (!damage->is_known && !is_struck(ledger) && db_is_in_place(ledger->db));
}

enum command_result ledger_pulse(struct ledger_tx *tx)
{
    struct ledger *ledger = tx->ledger;
    for (guint i = 0; i < ledger->duties->len; i++) {
        const struct ledger_duty *duty = &g_array_index(ledger->duties, struct duty_state, i).duty;
        (void)duty->next_at(tx, duty->self).us;
    }
    struct span now = now_of(ledger);
    bool is_quiet =
        ledger->pulse_written.us != 0 && now.us - ledger->pulse_written.us < PULSE_WRITTEN_EVERY.us;
    if (ledger->is_shared || is_quiet) { /* a node of several writes it with its beat */
        return COMMAND_REFUSED;
    }
    pulse_save(tx->db, tx->now, event_last_seq(tx->db));
    return COMMAND_DONE;
}
