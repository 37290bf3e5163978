#include "paging/mail_store.h"
#include "paging/work.h"

/* A row of each table that a page is made of, which reads the root of the table itself: what becomes due is
 * found by indexes, and an index may be whole where its table is not. */
static const char TOUCH[] =
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM escalation {rows} LIMIT 1) AS b)"
    " + (SELECT count(*) FROM (SELECT 1 FROM page {rows} LIMIT 1) AS c)"
    " + (SELECT count(*) FROM (SELECT 1 FROM mailbox {rows} LIMIT 1) AS d)"
    " + (SELECT count(*) FROM (SELECT 1 FROM notification {rows} LIMIT 1) AS e)"
    " + (SELECT count(*) FROM (SELECT 1 FROM delivery {rows} LIMIT 1) AS f)"
    " + (SELECT count(*) FROM (SELECT 1 FROM carried {rows} LIMIT 1) AS g)"
    " + (SELECT count(*) FROM (SELECT 1 FROM config_object {rows} LIMIT 1) AS h)"
    " + (SELECT count(*) FROM (SELECT 1 FROM policy_version {rows} LIMIT 1) AS i)"
    " + (SELECT count(*) FROM (SELECT 1 FROM access_key {rows} LIMIT 1) AS j)"
    " + (SELECT count(*) FROM (SELECT 1 FROM event {rows} LIMIT 1) AS k)";

enum command_result pager_pulse(struct ledger_tx *tx, void *arg)
{
    struct pulse *pulse = arg;
    struct db_query *query = db_query(tx->db, TOUCH);
    (void)db_step(query);
    db_reset(query);
    for (size_t i = 0; i < pulse->pager->kind_count; i++) {
        pulse->pager->kinds[i]->touch(tx->db);
    }
    struct utc due = mailbox_next(tx->db, tx->lanes);
    pulse->overdue.us = MAX(utc_since(tx->now, due).us, 0);
    return ledger_pulse(tx);
}
