/* alert/intake_harness.h - for tests: signals on a real ledger, with a clock that the test moves. */
#ifndef ALERT_INTAKE_HARNESS_H
#define ALERT_INTAKE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "alert/intake.h"
#include "db/test_database.h"
#include "ledger/event.h"

extern const struct utc START;

struct intake_world {
    struct utc wall;
    struct clock clock;
    char *where;
    struct db *db;
    struct ledger *ledger;
    GPtrArray *routes, *silences;
    GHashTable *services;
    struct intake_view view;
    struct utc started_at, ended_at, expires_at; /* of the next signals */
    const char *summary;                         /* NULL: "disk full" */
    bool is_repeated;
    const char *integration, *service; /* that the next come from: "prod-am" of "checkout" */
    /* of the last signal */
    struct alert alert;
    int outcome;
    bool is_raised, is_unsure;
};

/* A group's set up and tear down of one test. */
int set_up(void **state);
int tear_down(void **state);

struct intake_taking {
    struct intake_world *world;
    struct signal signal;
    int outcome;
};

/* The functions of a command whose argument is a struct intake_taking. */
enum command_result run_take(struct ledger_tx *tx, void *arg);
void foresee_take(struct ledger_tx *tx, void *arg);
void answered(void *arg, enum command_outcome outcome);

/* A signal with what the world says of the next ones. */
void take(struct intake_world *world, int action, const char *key, int severity);
/* All kinds of events so far, a space between them. */
void assert_events(struct intake_world *world, const char *expected);

#endif
