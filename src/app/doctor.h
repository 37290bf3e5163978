/* app/doctor.h - looks at everything that would keep a page from arriving: the configuration (by
 * config/lint.h), keys, contacts, and the machine: disk, clock, time zones, mail server, database. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include "app/ways.h"
#include "cli/settings.h"
#include "config/lint.h"
#include "ledger/ledger.h"

struct doctor {
    const struct settings *settings;
    const struct config *config;
    struct db *db;                 /* a connection that reads, in a transaction that is ended */
    const struct ledger *ledger;   /* NULL: no server runs here */
    struct refusal_book *refusals; /* source/refusal.h; NULL: no server runs here */
    const struct ways *ways;       /* NULL: no server runs here, whose they are */
    struct utc now;
    GPtrArray *findings; /* of lint_new */
};

/* All of it; may take some seconds (mail server, a large database). */
void doctor_look(struct doctor *doctor);

/* The database server and the nodes that share it: doctor_nodes.c. */
void doctor_server(struct doctor *doctor);

/* Its parts that ask the machine: doctor_machine.c. */
void doctor_disk(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_zones(struct doctor *doctor);
void doctor_mail(struct doctor *doctor);

#endif
