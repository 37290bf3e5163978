/* How a batch of commands becomes one transaction, and what happens when it cannot. */
#include "base/plant.h"
#include "ledger/ledger_private.h"

/* Commands that fail are set aside one by one, each at the price of running the rest again; with
 * more bad ones than this the rest goes one by one instead. */
enum { CULPRITS_MAX = 8 };

/* Another writer was in the way, or the answer was lost and nothing had been kept: so often a batch is
 * run again. */
enum { CONFLICTS_MAX = 3 };

struct entry {
    const struct command *command;
    enum command_result result;
    enum command_outcome outcome; /* 0: not decided yet */
    bool is_set_aside;
    bool is_answered;
};

struct command_batch {
    struct ledger *ledger;
    struct utc now;
    struct entry *entries;
    size_t count;
    struct command *room; /* for latecomers, behind the others; NULL: none are let in any more */
    size_t max;
    struct ledger_latecomers latecomers;
    int conflicts;
    int culprits;
    bool is_retried; /* without the intake */
    bool is_careful; /* after each command waits for what it did */
};

static bool takes_part(const struct entry *entry)
{
    return entry->outcome == 0 && !entry->is_set_aside;
}

/* Decides all that still take part. */
static void decide(struct command_batch *batch, enum command_outcome outcome, bool is_intake_only)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct entry *entry = &batch->entries[i];
        if (takes_part(entry) && (!is_intake_only || entry->command->is_intake)) {
            entry->outcome = outcome;
        }
    }
}

static enum command_outcome kept(const struct entry *entry)
{
    return entry->result == COMMAND_DONE ? OUTCOME_COMMITTED : OUTCOME_REFUSED;
}

static void decide_kept(struct command_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (takes_part(&batch->entries[i])) {
            batch->entries[i].outcome = kept(&batch->entries[i]);
        }
    }
}

static void answer(const struct entry *entry, enum command_outcome outcome)
{
    if (entry->command->answer != NULL) {
        entry->command->answer(entry->command->arg, outcome);
    }
}

static void answer_decided(struct command_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct entry *entry = &batch->entries[i];
        if (entry->outcome != 0 && !entry->is_answered) {
            entry->is_answered = true;
            damage_judge(batch->ledger, entry->command->vital, entry->outcome);
            answer(entry, entry->outcome);
        }
    }
}

/* A planted mistake: answers before the commit. */
static void answer_early(struct command_batch *batch)
{
    static const struct command answered = {0};
    bool is_planted = PLANTED(batch->ledger->planted, LEDGER_BUG_ANSWERS_EARLY);
    for (size_t i = 0; is_planted && i < batch->count; i++) {
        if (takes_part(&batch->entries[i])) {
            answer(&batch->entries[i], kept(&batch->entries[i]));
            batch->entries[i].command = &answered;
        }
    }
}

/* In the first turn that comes, and never again: what is run again is the same batch. */
static void let_in_latecomers(struct command_batch *batch)
{
    if (batch->room == NULL) {
        return;
    }
    struct command *commands = batch->room + batch->count;
    size_t late =
        batch->latecomers.take(batch->latecomers.self, commands, batch->max - batch->count);
    for (size_t i = 0; i < late; i++) {
        batch->entries[batch->count++].command = &commands[i];
    }
    batch->room = NULL;
}

/* All commands ask together what each would ask by itself. */
static void foresee(const struct command_batch *batch, struct ledger_tx *tx)
{
    if (!db_ask_ahead(tx->db)) {
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = batch->entries[i].command;
        if (takes_part(&batch->entries[i]) && command->foresee != NULL) {
            command->foresee(tx, command->arg);
        }
    }
    db_ask_ahead_end(tx->db);
}

/* Runs all that take part in one transaction. The culprit is the one in which the first error
 * appeared; NULL when it appeared at the commit. */
static enum db_status run_together(struct command_batch *batch, struct entry **out_culprit)
{
    struct ledger *ledger = batch->ledger;
    *out_culprit = NULL;
    struct ledger_tx tx = ledger_begin(ledger, batch->now);
    if (db_error(tx.db) == DB_OK) {
        let_in_latecomers(batch);
    }
    foresee(batch, &tx);
    for (size_t i = 0; i < batch->count && db_error(tx.db) == DB_OK; i++) {
        struct entry *entry = &batch->entries[i];
        if (takes_part(entry) && entry->command->run != NULL) {
            tx.client = entry->command->client;
            entry->result = entry->command->run(&tx, entry->command->arg);
            if (batch->is_careful) {
                db_settle(tx.db);
            }
            *out_culprit = db_error(tx.db) == DB_OK ? NULL : entry;
        }
    }
    if (db_error(tx.db) != DB_OK) {
        ledger_abort(ledger, "batch");
        return db_error(tx.db);
    }
    answer_early(batch);
    return ledger_finish(ledger, "batch");
}

static enum command_outcome outcome_of(enum db_status status, const struct entry *entry)
{
    switch (status) {
    case DB_OK:
        return kept(entry);
    case DB_FULL:
    case DB_DOWN:
    case DB_DAMAGED:
    case DB_CONFLICT:
        return OUTCOME_UNAVAILABLE;
    case DB_UNCERTAIN:
        return OUTCOME_UNCERTAIN;
    case DB_ROW:
    case DB_DONE:
    case DB_CONSTRAINT:
    case DB_FAILED:
        break;
    }
    return OUTCOME_FAILED;
}

static void run_alone(struct command_batch *batch, struct entry *entry)
{
    struct command_batch alone = {
        .ledger = batch->ledger, .now = batch->now, .entries = entry, .count = 1};
    struct entry *culprit = NULL;
    entry->is_set_aside = false;
    enum db_status status = DB_CONFLICT;
    for (int i = 0;
         i <= CONFLICTS_MAX && status == DB_CONFLICT && !ledger_is_cut_off(batch->ledger); i++) {
        status = run_together(&alone, &culprit);
    }
    entry->outcome = outcome_of(status, entry);
}

/* True when the batch is decided, but for what was set aside. */
static bool run_round(struct command_batch *batch)
{
    struct entry *culprit = NULL;
    enum db_status status = run_together(batch, &culprit);
    switch (status) {
    case DB_OK:
        decide_kept(batch);
        return true;
    case DB_FULL:
    case DB_DOWN: {
        /* The rest is worth a second try: without the intake the room that is kept for it does. But a
         * database that cannot be reached will not be by now. */
        bool is_last = batch->is_retried || (status == DB_DOWN && batch->ledger->is_shared);
        decide(batch, OUTCOME_UNAVAILABLE, !is_last);
        batch->is_retried = true;
        return is_last;
    }
    case DB_CONFLICT:
        if (++batch->conflicts <= CONFLICTS_MAX && !ledger_is_cut_off(batch->ledger)) {
            return false;
        }
        decide(batch, OUTCOME_UNAVAILABLE, false);
        return true;
    case DB_UNCERTAIN:
        decide(batch, OUTCOME_UNCERTAIN, false);
        return true;
    case DB_DAMAGED: /* nothing new comes in; of the rest, what does not touch the damage goes on */
        decide(batch, OUTCOME_UNAVAILABLE, true);
        break;
    case DB_ROW:
    case DB_DONE:
    case DB_CONSTRAINT:
    case DB_FAILED:
        break;
    }
    if (batch->ledger->is_shared && !batch->is_careful) {
        /* There a statement may be sent without waiting, and its failure shows in a later command's. */
        batch->is_careful = true;
        return false;
    }
    if (culprit != NULL && ++batch->culprits <= CULPRITS_MAX) {
        culprit->is_set_aside = true;
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        batch->entries[i].is_set_aside = batch->entries[i].outcome == 0;
    }
    return true;
}

static bool has_work(const struct command_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (takes_part(&batch->entries[i])) {
            return true;
        }
    }
    return false;
}

static void run_all(struct command_batch *batch)
{
    bool is_decided = false;
    while (!is_decided && has_work(batch)) {
        is_decided = run_round(batch);
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->entries[i].is_set_aside && batch->entries[i].outcome == 0) {
            run_alone(batch, &batch->entries[i]);
        }
    }
}

static void run_and_answer(struct command_batch *batch, const struct command *commands)
{
    struct ledger *ledger = batch->ledger;
    bool is_clock_good = ledger_notice_clock(ledger);
    batch->now = clock_now(ledger->clock);
    batch->entries = g_new0(struct entry, MAX(batch->count, batch->max));
    for (size_t i = 0; i < batch->count; i++) {
        batch->entries[i].command = &commands[i];
    }
    if (!is_clock_good) {
        decide(batch, OUTCOME_UNAVAILABLE, false);
    } else if (!ledger_is_writable(ledger)) {
        decide(batch, OUTCOME_UNAVAILABLE, true);
        batch->room = NULL;
    }
    answer_decided(batch); /* what is refused at once need not wait for what is tried */
    run_all(batch);
    answer_decided(batch);
    g_free(batch->entries);
    ledger_tidy(ledger);
}

void ledger_run_batch(struct ledger *ledger, const struct command *commands, size_t count)
{
    struct command_batch batch = {.ledger = ledger, .count = count};
    run_and_answer(&batch, commands);
}

void ledger_run_queue(struct ledger *ledger, struct command *commands, size_t count, size_t max,
                      struct ledger_latecomers latecomers)
{
    /* The only writer of a file waits for nobody. */
    struct command_batch batch = {.ledger = ledger,
                                  .count = count,
                                  .room = ledger->is_shared ? commands : NULL,
                                  .max = max,
                                  .latecomers = latecomers};
    run_and_answer(&batch, commands);
}
