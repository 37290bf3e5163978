/* api/context.h - what every resource handler works with. */
#ifndef API_CONTEXT_H
#define API_CONTEXT_H

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "db/db.h"
#include "http/http.h"
#include "ledger/desk.h"

struct api_context {
    struct desk *desk;
    struct ledger *ledger; /* only for ledger_is_writable */
    struct db_pool *readers;
    struct config_holder *configs;
    const struct clock *clock;
    const struct random *random;
    const char *public_url;        /* "http://127.0.0.1:8420": the root of links, without a slash */
    bool board_is_open;            /* `/` needs no token (a trial on loopback) */
    struct pager *pager;           /* page/pager.h */
    struct payload_book *payloads; /* source/payload.h */
    struct key_index *keys;        /* people/key_index.h */
};

/* Each resource file gives one table. */
extern const struct route_row ALERT_ROUTES[], SCHEDULE_ROUTES[], CONFIG_ROUTES[], EVENT_ROUTES[],
    BOARD_ROUTES[], LINK_ROUTES[], OPERATION_ROUTES[], INTAKE_ROUTES[];
extern const size_t ALERT_ROUTE_COUNT, SCHEDULE_ROUTE_COUNT, CONFIG_ROUTE_COUNT, EVENT_ROUTE_COUNT,
    BOARD_ROUTE_COUNT, LINK_ROUTE_COUNT, OPERATION_ROUTE_COUNT, INTAKE_ROUTE_COUNT;

#endif
