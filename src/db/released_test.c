/* Databases out there have run the steps of the releases as they were. One that is changed afterwards makes two kinds
 * of databases with the same number, and nobody notices before the first statement that only one of them can run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "db/migrate.h"

/* SHA-256 of the files, comments included: who reads them is to see what was run. */
static const struct {
    const char *name, *hash;
} RELEASED[] = {
    {"0001_start.sql", "1d727267ce01dd83f6522805be057d52d1bc3d5f6660b929a27b3341fb8fb4be"},
    {"0002_nodes.sql", "4c0c440891b8d837e7f05b2bebfa49862fbeabe6ad74be49dc8e1f2337a90728"},
    {"0003_everyday.sql", "08ca1106696b73925e1844767be502d6de09de87920fde8332168482f29d671b"},
    {"0004_addresses.sql", "2dd63d5ff15a89bc8e6b1705f9f70b883ae85d13a44d88b92184e94ef7de1a31"},
    {"0005_subjects.sql", "bbdb6910f19b3eefd9284dca5485867ed8ad91c342c07f8c15a9bbd9d337a32a"},
    {"0006_parents.sql", "c82dd09e72ba8542f2f74bb27d991f37a4c76ce59f573a35674ccb5db2dfebc1"},
    {"0007_retention.sql", "abc10760184571e70764d53fa6283c00de7fea8fe13264ff1615147a2421b42e"},
    {"0008_checkpoint.sql", "0704ad5780d12681c89451d2b9a6c33e0ecb88ae6d68aa0fc79fd4d7e9664821"},
    {"0009_accounts.sql", "864b567d9ab4eefe0a84f6319ac6320cf85f5a403c575749354e8f56a21d5e41"},
    {"0010_archive.sql", "4f311f9c1ee245957b9587c99266c4123be47db26f2b1727a0b1be93032582b8"},
};

static void a_released_step_is_as_it_was(void **state)
{
    (void)state;
    struct db_migrations *known = db_migrations_load();
    for (size_t i = 0; i < G_N_ELEMENTS(RELEASED); i++) {
        if (i >= known->count || strcmp(known->items[i].name, RELEASED[i].name) != 0) {
            fail_msg("%s is gone or has another name, and databases have run it: give it back",
                     RELEASED[i].name);
        }
        g_autofree char *hash =
            g_compute_checksum_for_string(G_CHECKSUM_SHA256, known->items[i].sql, -1);
        if (strcmp(hash, RELEASED[i].hash) != 0) {
            fail_msg("%s was released and has changed since, but databases have run it as it was: "
                     "undo that, and put what is new into a step of its own, %04zu_NAME.sql",
                     RELEASED[i].name, MAX(known->count, G_N_ELEMENTS(RELEASED)) + 1);
        }
    }
    db_migrations_free(&known);
}

/* Else the list would end where somebody forgot it. */
static void every_step_is_in_the_list(void **state)
{
    (void)state;
    struct db_migrations *known = db_migrations_load();
    for (size_t i = G_N_ELEMENTS(RELEASED); i < known->count; i++) {
        g_autofree char *hash =
            g_compute_checksum_for_string(G_CHECKSUM_SHA256, known->items[i].sql, -1);
        fail_msg(
            "%s is new, and may not change from its release on: add {\"%s\", \"%s\"} to the list "
            "in released_test.c",
            known->items[i].name, known->items[i].name, hash);
    }
    db_migrations_free(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_released_step_is_as_it_was),
        cmocka_unit_test(every_step_is_in_the_list),
    };
    return cmocka_run_group_tests_name("released", tests, NULL, NULL);
}
