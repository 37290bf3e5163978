/* What others wrote to a shared database, and how this node learns of it.
 *
 * Turns are numbered. When the last committed one is not the last that this ledger knows of, then
 * others have written since, and everything that is remembered may be old: it is read again in the
 * same transaction, before anything else is done in it. A node that was stopped for an hour thus finds
 * out before it can write a single row. */
#include "base/log.h"
#include "base/metric.h"
#include "base/plant.h"
#include "ledger/ledger_private.h"

/* Whoever was cut off, or slept, while the schema was brought forward writes nothing into it. Others
 * take its lanes, as it does not beat any more. */
static void check_schema(struct ledger *ledger, int64_t needed)
{
    ledger->is_outdated = needed > ledger->schema_known;
    if (ledger->is_outdated) {
        g_autofree char *why =
            g_strdup_printf("the database was brought to a schema that wants a program which knows "
                            "%" G_GINT64_FORMAT ", this one knows %" G_GINT64_FORMAT
                            ": install the newer version and restart",
                            needed, ledger->schema_known);
        db_refuse(ledger->db, why);
    }
}

/* A step may have changed what every transaction reads first: then that fails, and what the schema wants
 * must be asked by itself. False when this program must not write. */
static bool is_past_doubt(struct ledger *ledger)
{
    if (ledger->news.is_doubtful) {
        check_schema(ledger, schema_needed(ledger->db));
        ledger->news.is_doubtful = db_error(ledger->db) != DB_OK;
    }
    return !ledger->news.is_doubtful;
}

/* False when it could not be read, or says that this program must not write. */
static bool read_own_rows(struct ledger *ledger, bool is_reading, int64_t *out_total_us)
{
    struct own_rows rows;
    own_rows_load(ledger->db, ledger->member.id, &rows);
    check_schema(ledger, rows.schema_needed);
    if (db_error(ledger->db) != DB_OK) {
        return false;
    }
    *out_total_us = rows.clock_total_us;
    node_learn(ledger, &rows, is_reading);
    return true;
}

static void tell_witnesses(struct ledger_tx *tx)
{
    GArray *witnesses = tx->ledger->witnesses;
    for (guint i = 0; i < witnesses->len; i++) {
        struct ledger_witness witness = g_array_index(witnesses, struct ledger_witness, i);
        witness.others_wrote(tx, witness.self);
    }
}

/* All that is read again after others wrote is asked for together: every turn pays for it, and in a
 * turn all other nodes wait as well. */
static void foresee(struct ledger_tx *tx)
{
    struct ledger *ledger = tx->ledger;
    if (!db_ask_ahead(tx->db)) {
        return;
    }
    own_rows_ask(tx->db, ledger->member.id);
    event_ask_head(tx->db);
    for (guint i = 0; i < ledger->witnesses->len; i++) {
        struct ledger_witness witness = g_array_index(ledger->witnesses, struct ledger_witness, i);
        if (witness.foresee != NULL) {
            witness.foresee(tx, witness.self);
        }
    }
    db_ask_ahead_end(tx->db);
    event_load_head(tx->db, &ledger->head); /* before what is written makes it stale */
}

static void learn_clock(struct ledger_tx *tx, const struct clock_look *look, bool is_reading)
{
    struct ledger *ledger = tx->ledger;
    struct span by = {0};
    bool has_jumped = cluster_clock_learn(&ledger->cluster, look, &by);
    tx->now = clock_now(ledger->clock);
    ledger->news.has_jump = has_jumped && is_reading;
    ledger->news.jumped_by = has_jumped && !is_reading ? by : (struct span){0};
}

static void remember(struct ledger_tx *tx, int64_t turn)
{
    struct ledger *ledger = tx->ledger;
    ledger->news.is_known = true;
    ledger->news.turn = turn;
    ledger->news.is_fresh = true;
    ledger->news.is_unheard = true;
    tell_witnesses(tx);
    ledger->news.is_reconnected = ledger->news.is_reconnected && db_error(tx->db) != DB_OK;
}

bool ledger_is_reconnected(const struct ledger_tx *tx)
{
    return tx->ledger->news.is_reconnected;
}

static void begin_unknowing(struct ledger_tx *tx)
{
    struct ledger *ledger = tx->ledger;
    tx->now = clock_now(ledger->clock);
    tx->lanes = 0;
    ledger->is_outdated = false;
    ledger->news.is_fresh = false;
    ledger->news.has_jump = false;
    ledger->news.jumped_by = (struct span){0};
}

void news_learn(struct ledger_tx *tx, struct span before, bool is_reading)
{
    struct ledger *ledger = tx->ledger;
    begin_unknowing(tx);
    int64_t turn = db_turn(tx->db);
    struct clock_look look = {.before = before,
                              .after = clock_elapsed(ledger->machine),
                              .now = db_now(tx->db),
                              .total_us = ledger->cluster.total_us};
    if (db_error(tx->db) != DB_OK || !is_past_doubt(ledger)) {
        return;
    }
    if (db_session(tx->db) != ledger->news.session) {
        ledger->news.session = db_session(tx->db);
        ledger->news.is_known = false;
        ledger->news.is_reconnected = true;
        ledger->member.is_view_known = false;
    }
    bool is_news = (!ledger->news.is_known || turn != ledger->news.turn) &&
                   !(is_reading && PLANTED(ledger->planted, LEDGER_BUG_LOST_WAKE_UP));
    bool is_early = is_reading && PLANTED(ledger->planted, LEDGER_BUG_EARLY_FENCE);
    if (is_news) {
        ledger->head.is_known = false;
        foresee(tx);
    }
    if ((is_news || is_early) && !read_own_rows(ledger, is_reading, &look.total_us)) {
        return;
    }
    learn_clock(tx, &look, is_reading);
    tx->lanes = ledger->member.hold.lanes;
    if (is_news) {
        remember(tx, turn);
    }
    ledger->head_before = ledger->head;
    if (ledger->news.jumped_by.us != 0 && db_error(tx->db) == DB_OK) {
        /* Given up sooner, each node would try it for ever, and nothing goes on without it. */
        db_take_time(tx->db, DB_TIME_HALF_MINUTE);
        clock_shift_add(tx->db, ledger->news.jumped_by);
        ledger_tell_jump(tx, ledger->news.jumped_by);
    }
}

bool news_has_jump(const struct ledger *ledger)
{
    return ledger->news.has_jump;
}

void news_committed(struct ledger *ledger)
{
    struct news *news = &ledger->news;
    int64_t taken = db_turn_taken(ledger->db);
    if (taken != 0) {
        news->turn = taken;
    }
    if (news->jumped_by.us != 0) {
        cluster_clock_recorded(&ledger->cluster, news->jumped_by);
        ledger_log_jump(news->jumped_by);
        news->jumped_by = (struct span){0};
    }
}

void news_forget(struct ledger *ledger)
{
    ledger->news.is_known = false;
    ledger->head.is_known = false;
}

enum db_status news_resolve(struct ledger *ledger)
{
    enum db_status status = db_resolve(ledger->db);
    switch (status) {
    case DB_OK:
        metric_add(METRIC_UNCERTAIN_KEPT, 1);
        return DB_OK;
    case DB_DONE:
        metric_add(METRIC_UNCERTAIN_NOT_KEPT, 1);
        return DB_CONFLICT;
    case DB_ROW:
    case DB_FULL:
    case DB_DOWN:
    case DB_CONSTRAINT:
    case DB_UNCERTAIN:
    case DB_CONFLICT:
    case DB_DAMAGED:
    case DB_FAILED:
        break;
    }
    metric_add(METRIC_UNCERTAIN_OPEN, 1);
    LOG_ERROR("ledger", NULL,
              "the answer to a commit was lost, and the database cannot say whether it was kept",
              "why", db_error_text(ledger->db));
    return DB_UNCERTAIN;
}
