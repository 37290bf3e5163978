#include "base/feature.h"
#include "cli/cli.h"
#include "feature/note/note.h"
#include "http/http.h"
#include "note.gresource.h"

extern const struct route_table NOTE_ROUTES;
extern const struct cli_table NOTE_COMMANDS;

const struct feature NOTE_FEATURE = {
    .name = "note",
    .files = note_get_resource,
    .events = (const struct event_kind *const *const[]){NOTE_EVENTS, NULL},
    .routes = (const struct route_table *const[]){&NOTE_ROUTES, NULL},
    .commands = (const struct cli_table *const[]){&NOTE_COMMANDS, NULL},
    .help_place = 15,
    .topics = (const struct topic_kind *const[]){&NOTE_TOPIC, NULL},
};
