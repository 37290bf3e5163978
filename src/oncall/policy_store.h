/* oncall/policy_store.h - versions of policies, which escalations under way keep: who writes and finds a row
 * of policy_version. Who reads one is paging/page_store.h. */
#ifndef ONCALL_POLICY_STORE_H
#define ONCALL_POLICY_STORE_H

#include "config/config_store.h"

/* A row for a policy whose text is new or changed. */
void policy_version_write(struct db *db, const struct config_object *object, const char *spec,
                          struct utc now);
/* Sets the version of each policy of a snapshot. */
void policy_versions_load(struct db *db, const struct config *config);

#endif
