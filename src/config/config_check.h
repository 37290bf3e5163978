/* config/config_check.h - judging a configuration: its own part, and what the checks of kinds are made of. Pure. */
#ifndef CONFIG_CONFIG_CHECK_H
#define CONFIG_CONFIG_CHECK_H

#include "config/config.h"

/* Do all references lead somewhere, are names usable, does every policy reach somebody? The fault
 * names section and index in `config`'s order: "services[0].policy". */
NODISCARD bool config_check(const struct config *config, struct fault *fault);
/* The same for one item; the fault's path is relative to it. */
NODISCARD bool config_check_item(const struct config *config, const struct config_kind *kind,
                                 const void *item, struct fault *fault);
/* The kind's check_meaning. */
NODISCARD bool config_check_meaning(const struct config *config, const struct config_kind *kind,
                                    const void *item, struct fault *fault);
/* All that is asked of what is written now: that, and the kind's check_written. */
NODISCARD bool config_check_written(const struct config *config, const struct config_kind *kind,
                                    const void *item, struct fault *fault);

/* "There is none of that name", with the nearest that there is; about no field. Answers false. */
bool config_unknown(const struct config *config, const struct config_kind *kind, const char *name,
                    struct fault *fault);

/* Is there one of that name? An absent reference (NULL) is fine. The remedy is that of a file, which may
 * add it. */
NODISCARD bool config_check_reference(const struct config *config, const struct config_kind *kind,
                                      const char *name, const char *field, struct fault *fault);
NODISCARD bool config_check_references(const struct config *config, const struct config_kind *kind,
                                       const GPtrArray *names, const char *field,
                                       struct fault *fault);
/* Is it a time zone? NULL is fine. The fault names "time_zone". */
NODISCARD bool config_check_zone(const char *identifier, struct fault *fault);

#endif
