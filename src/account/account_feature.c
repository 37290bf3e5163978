#include "account/account_api.h"
#include "account/account_events.h"
#include "base/feature.h"
#include "cli/cli.h"

extern const struct route_table ME_ROUTES, SIGN_IN_ROUTES, SESSION_ROUTES, ACCOUNT_ROUTES,
    AUDIT_ROUTES;
extern const struct cli_table ACCOUNT_COMMANDS, AUDIT_COMMANDS;

/* From one address a whole company may come; of one account a person mistypes a few times. */
enum { ADDRESS_FORGIVEN = 20, ACCOUNT_FORGIVEN = 5 };

static void *open_room(struct api_context *api)
{
    struct account_room *room = g_new0(struct account_room, 1);
    room->api = api;
    random_fill(api->random, room->salt, sizeof room->salt);
    CHECK(pthread_mutex_init(&room->lock, NULL) == 0);
    room->by_address.forgiven = ADDRESS_FORGIVEN;
    room->by_address.each = SPAN_S(30);
    room->by_address.longest = SPAN_MIN(5);
    room->by_account.forgiven = ACCOUNT_FORGIVEN;
    room->by_account.each = SPAN_MIN(5);
    room->by_account.longest =
        SPAN_MIN(1); /* whoever guesses must not keep its owner out for long */
    return room;
}

static void close_room(void *self)
{
    struct account_room *room = self;
    (void)pthread_mutex_destroy(&room->lock);
    g_free(room);
}

const struct feature ACCOUNT_FEATURE = {
    .name = "account",
    .events = (const struct event_kind *const *const[]){ACCOUNT_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&ME_ROUTES, &SIGN_IN_ROUTES, &SESSION_ROUTES,
                                                  &ACCOUNT_ROUTES, &AUDIT_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&ACCOUNT_COMMANDS, &AUDIT_COMMANDS, NULL},
    .help_place = 49,
    .open = open_room,
    .close = close_room,
};
