/* app/feature_list.h - what all features bring together, read from their rows (base/feature.h). */
#ifndef APP_FEATURE_LIST_H
#define APP_FEATURE_LIST_H

#include <glib.h>

#include "base/check.h"
#include "base/feature.h"

/* Those of this program: made by the build from its list. */
extern const struct feature_list FEATURES;

/* All commands, in the order of the help: of const struct cli_command *. To be freed with g_ptr_array_unref. */
NODISCARD GPtrArray *features_commands(const struct feature_list *list);

#endif
