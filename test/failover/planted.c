/* The server with a mistake put in on purpose, for the failover test to see itself fail:
 * PLANT names it. The linker has these two stand in front of the real ones; the program
 * that is installed knows nothing of them. */
#include <string.h>

#include "db/link.h"
#include "ledger/ledger_private.h"

#define PLANT_VARIABLE "PLANT"

/* NOLINTBEGIN(readability-identifier-naming): the names are the linker's */
struct db *__real_db_open(const char *where, enum db_mode mode, struct fault *fault);
struct db *__wrap_db_open(const char *where, enum db_mode mode, struct fault *fault);
struct ledger *__real_ledger_create(struct db *db, const struct clock *clock,
                                    const struct random *random);
struct ledger *__wrap_ledger_create(struct db *db, const struct clock *clock,
                                    const struct random *random);

/* NOLINTEND(readability-identifier-naming) */

static const struct {
    const char *name;
    enum db_bug db;
    enum ledger_bug ledger;
} PLANTS[] = {
    {.name = "early-answer", .db = DB_BUG_EARLY_ANSWER},
    {.name = "no-turn", .db = DB_BUG_NO_TURN},
    {.name = "answers-early", .ledger = LEDGER_BUG_ANSWERS_EARLY},
    {.name = "no-fence", .ledger = LEDGER_BUG_NO_FENCE},
    {.name = "early-fence", .ledger = LEDGER_BUG_EARLY_FENCE},
    {.name = "lost-wake-up", .ledger = LEDGER_BUG_LOST_WAKE_UP},
};

static size_t chosen(void)
{
    const char *name = g_getenv(PLANT_VARIABLE);
    for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(PLANTS); i++) {
        if (strcmp(PLANTS[i].name, name) == 0) {
            return i;
        }
    }
    CHECK(!"the variable names a mistake to plant");
    return 0;
}

struct db *__wrap_db_open(const char *where, enum db_mode mode, struct fault *fault)
{
    struct db *db = __real_db_open(where, mode, fault);
    if (db != NULL && mode == DB_READ_WRITE && PLANTS[chosen()].db != 0) {
        db_plant(db, PLANTS[chosen()].db);
    }
    return db;
}

struct ledger *__wrap_ledger_create(struct db *db, const struct clock *clock,
                                    const struct random *random)
{
    struct ledger *ledger = __real_ledger_create(db, clock, random);
    ledger->planted = (unsigned)PLANTS[chosen()].ledger;
    return ledger;
}
