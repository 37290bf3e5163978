/* api/feature_set.h - what all features bring together, read from their rows (base/feature.h). */
#ifndef API_FEATURE_SET_H
#define API_FEATURE_SET_H

#include "api/context.h"
#include "base/feature.h"

/* Registers what is configured (config_register). First of all, before there are threads. */
void features_register(const struct feature_list *list);

/* All commands, in the order of the help: of const struct cli_command *. To be freed with g_ptr_array_unref. */
NODISCARD GPtrArray *features_commands(const struct feature_list *list);

/* Features at work in a server. */
struct features;

/* Registers their kinds of events, then lets each make what its handlers are called with. Before the ledger's first
 * batch; see struct feature. Both must outlive it. */
NODISCARD struct features *features_open(const struct feature_list *list, struct api_context *api);
void features_close(struct features **handle);

/* All routes, for http_start and http_openapi. Borrowed. */
const struct route_set *features_routes(const struct features *features);

#endif
