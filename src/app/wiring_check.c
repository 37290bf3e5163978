/* The check of the database file, in the background: after the start, each day, and again and again once
 * damage was met, for a file that is sound after all opens the door. */
#include <sys/resource.h>

#include "app/wiring.h"
#include "base/log.h"

#define CHECK_EVERY SPAN_D(1)
#define CHECK_DAMAGED_EVERY SPAN_MIN(1)

enum { POLITE = 10 };

static void tell(struct house *house, enum db_status status, const struct fault *fault)
{
    if (status == DB_DAMAGED) {
        LOG_ERROR("check", NULL, "the database is damaged: restore a backup with `tocsin restore`",
                  "what", fault->text);
        ledger_report_check(house->ledger, fault->text);
    } else if (status == DB_OK) {
        LOG_INFO("check", NULL, "the database was read and is sound");
        ledger_report_check(house->ledger, NULL);
    } else if (!atomic_load(&house->is_closing)) {
        LOG_WARN("check", NULL, "the database could not be checked", "why", fault->text);
    }
}

static void *check(void *self)
{
    struct house *house = self;
    struct fault fault = {0};
    (void)setpriority(PRIO_PROCESS, 0, POLITE); /* of this thread alone */
    enum db_status status = db_check_run(house->check, &fault);
    tell(house, status, &fault);
    atomic_store(&house->is_checking, false);
    return NULL;
}

static void join(struct house *house)
{
    if (house->has_check_thread) {
        (void)pthread_join(house->check_thread, NULL);
        house->has_check_thread = false;
    }
    db_check_free(&house->check);
}

void house_check_tick(struct house *house)
{
    if (db_is_shared(house->db) || atomic_load(&house->is_checking)) {
        return;
    }
    join(house);
    struct span now = clock_elapsed(&CLOCK_SYSTEM);
    struct span every =
        ledger_door(house->ledger) == LEDGER_DAMAGED ? CHECK_DAMAGED_EVERY : CHECK_EVERY;
    if (house->checked_at.us != 0 && now.us - house->checked_at.us < every.us) {
        return;
    }
    house->checked_at = now;
    house->check = db_check_create(house->database);
    atomic_store(&house->is_checking, true);
    house->has_check_thread = pthread_create(&house->check_thread, NULL, check, house) == 0;
    if (!house->has_check_thread) {
        atomic_store(&house->is_checking, false);
        LOG_WARN("check", NULL, "no thread could be made: the database is not checked");
    } else {
        (void)pthread_setname_np(house->check_thread, "check");
    }
}

void house_stop_check(struct house *house)
{
    if (house->check != NULL) {
        db_check_stop(house->check);
    }
    join(house);
}
