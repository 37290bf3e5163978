#include "base/feature.h"
#include "cli/cli.h"
#include "retention/retention_room.h"

extern const struct route_table RETENTION_ROUTES;
extern const struct cli_table RETENTION_COMMANDS;

static void *open_room(struct api_context *api)
{
    struct retention_room *room = g_new0(struct retention_room, 1);
    room->api = api;
    room->work = retention_work_create(api->configs, api->clock, api->payloads, api->archive);
    retention_work_attach(room->work, api->ledger);
    return room;
}

static void close_room(void *self)
{
    struct retention_room *room = self;
    retention_work_destroy(&room->work);
    g_free(room);
}

const struct feature RETENTION_FEATURE = {
    .name = "retention",
    .kinds = (const struct config_kind *const[]){&RETENTION_KIND, NULL},
    .events = (const struct event_kind *const *const[]){RETENTION_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&RETENTION_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&RETENTION_COMMANDS, NULL},
    .help_place = 60,
    .open = open_room,
    .close = close_room,
};
