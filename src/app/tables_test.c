/* What the stores say of their tables, against the tables that the migrations make. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "access/token_store.h"
#include "account/account_store.h"
#include "alert/alert_store.h"
#include "db/tables.h"
#include "db/test_database.h"
#include "ledger/chain.h"
#include "ledger/checkpoint.h"
#include "ledger/clock_store.h"
#include "ledger/lane_store.h"
#include "paging/mail_store.h"
#include "paging/page_store.h"
#include "people/contact_store.h"
#include "retention/retention_store.h"
#include "source/payload_store.h"

static const struct table *const TABLES[] = {
    &ACCESS_KEY_TABLE, &ALERT_TABLE,   &CLOCK_MARK_TABLE, &CONTACT_TABLE,         &DELIVERY_TABLE,
    &ESCALATION_TABLE, &EVENT_TABLE,   &MAILBOX_TABLE,    &NOTIFICATION_TABLE,    &PAGE_TABLE,
    &LANE_TABLE,       &NODE_TABLE,    &PAYLOAD_TABLE,    &RETENTION_STATE_TABLE, &CHECKPOINT_TABLE,
    &ACCOUNT_TABLE,    &SESSION_TABLE, &LINK_TABLE,       &ARCHIVE_STATE_TABLE,
};

/* No struct stands for a row of these: one or two values that a statement or two know. */
static const char *const OF_STATEMENTS[] = {
    "clock_shift",    "commit_mark",   "config_state",    "intake_mark", "key_state",
    "pulse",          "secret",        "schema_version",  "turn",        "access_key",
    "carried",        "config_object", "heartbeat_state", "news",        "policy_version",
    "shift_override", "event_parent",  "account_state",
};

static bool is_among(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_of_statements(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(OF_STATEMENTS); i++) {
        if (strcmp(OF_STATEMENTS[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct table *described_table(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TABLES); i++) {
        if (strcmp(TABLES[i]->name, name) == 0) {
            return TABLES[i];
        }
    }
    return NULL;
}

static bool find_column(const struct table *table, const char *name, struct column *out)
{
    for (size_t i = 0; i < table_columns(table); i++) {
        if (table_column(table, i, out) && strcmp(out->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_column(const struct table *table, const struct db_column *kept)
{
    struct column column;
    if (is_among(table->statements, kept->name)) {
        return;
    }
    if (!find_column(table, kept->name, &column)) {
        fail_msg(
            "%s.%s is in the database and in no description: add it to the table's columns, or "
            "to `statements`",
            table->name, kept->name);
    }
    if (column_type(&column) != kept->type) {
        fail_msg("%s.%s is of another type than its description", table->name, kept->name);
    }
    bool is_key = (column.flags & (COLUMN_KEY | COLUMN_ID)) != 0;
    if (is_key != (kept->key_at > 0)) {
        fail_msg("%s.%s: the key is another one than its description says", table->name,
                 kept->name);
    }
}

static const struct db_table *kept_table(const GPtrArray *kept, const char *name)
{
    for (guint i = 0; i < kept->len; i++) {
        const struct db_table *table = kept->pdata[i];
        if (strcmp(table->name, name) == 0) {
            return table;
        }
    }
    fail_msg("no table %s in the database", name);
    return NULL;
}

static void check_is_kept(const struct db_table *kept, const char *table, const char *name)
{
    for (guint i = 0; i < kept->columns->len; i++) {
        if (strcmp(db_table_column(kept, i)->name, name) == 0) {
            return;
        }
    }
    fail_msg("%s.%s is described and not in the database", table, name);
}

static GPtrArray *list_kept(void **state)
{
    struct test_room *room = *state;
    struct fault fault = {0};
    assert_true(db_migrate(room->db, (struct utc){1}, &fault));
    GPtrArray *kept = db_tables_list_all(room->db, &fault);
    assert_string_equal(fault.text, "");
    return kept;
}

static void every_column_of_the_database_is_described(void **state)
{
    g_autoptr(GPtrArray) kept = list_kept(state);
    for (guint i = 0; i < kept->len; i++) {
        const struct db_table *table = kept->pdata[i];
        const struct table *described = described_table(table->name);
        if (described == NULL && !is_of_statements(table->name)) {
            fail_msg("table %s has no description: see db/row.h, and name it here", table->name);
        }
        for (guint k = 0; described != NULL && k < table->columns->len; k++) {
            check_column(described, db_table_column(table, k));
        }
    }
}

static void every_described_column_is_in_the_database(void **state)
{
    g_autoptr(GPtrArray) kept = list_kept(state);
    for (size_t i = 0; i < G_N_ELEMENTS(TABLES); i++) {
        const struct table *table = TABLES[i];
        const struct db_table *of = kept_table(kept, table->name);
        for (size_t k = 0; k < table_columns(table); k++) {
            struct column column;
            if (table_column(table, k, &column)) {
                check_is_kept(of, table->name, column.name);
            }
        }
        for (const char *const *name = table->statements; name != NULL && *name != NULL; name++) {
            struct column column;
            check_is_kept(of, table->name, *name);
            assert_false(find_column(table, *name, &column));
        }
    }
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, test_room_open, test_room_close)
    const struct CMUnitTest tests[] = {
        EACH(every_column_of_the_database_is_described),
        EACH(every_described_column_is_in_the_database),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
