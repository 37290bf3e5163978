/* app/supervise.h - is the server alive, and who is told so?
 *
 * A pulse goes through the queue every few seconds: while pulses come back, commands are committed and
 * what is due is done; the courier's turns show that people are told of it (app/signs.h). Only then systemd's
 * watchdog is fed and the outside heartbeat is beaten. Where
 * the database is elsewhere the watchdog is content with an answer, though it be that the database is
 * away. */
#ifndef APP_SUPERVISE_H
#define APP_SUPERVISE_H

#include "app/wiring.h"

struct supervisor;

NODISCARD struct supervisor *supervisor_start(struct house *house);
/* Beats no more: before the house is closed, whose ledger the beating looks at. */
void supervisor_quiet(struct supervisor *supervisor);
/* After the house is closed: until the queue has stopped a pulse may be on its way. */
void supervisor_free(struct supervisor **supervisor);

/* A few times a second, from the main thread. */
void supervisor_tick(struct supervisor *supervisor);

/* Tells systemd (sd_notify's protocol over NOTIFY_SOCKET); nothing without it. `environment` as in
 * environ. */
void notify_systemd(const char *const *environment, const char *state);

#endif
