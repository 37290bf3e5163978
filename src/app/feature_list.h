/* app/feature_list.h - the features of this program. */
#ifndef APP_FEATURE_LIST_H
#define APP_FEATURE_LIST_H

#include <glib.h>

#include "base/feature.h"

/* Made by the build from the list of the top meson.build. */
extern const struct feature_list FEATURES;

#endif
