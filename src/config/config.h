/* config/config.h - the configuration in force: an immutable snapshot, shared by reference.
 *
 * The ledger builds one from the database at start and after each change, and publishes it; a
 * reader takes a reference for the length of one request. Everything is found by name, and names
 * that history still mentions (deleted users) are simply not found. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "alert/service.h"
#include "oncall/policy.h"
#include "oncall/schedule.h"
#include "people/user.h"

/* In the order of the file's sections and of building: later kinds refer to earlier ones. */
enum config_kind {
    CONFIG_USER = 1,
    CONFIG_TEAM,
    CONFIG_CHANNEL,
    CONFIG_SCHEDULE,
    CONFIG_POLICY,
    CONFIG_SERVICE,
    CONFIG_INTEGRATION,
    CONFIG_ROUTE,
    CONFIG_SILENCE,
    CONFIG_HEARTBEAT,
    CONFIG_KIND_COUNT,
};

struct config {
    int64_t version; /* grows with each change */
    /* Of struct user *, struct team * … in file order, which is the order that routes are tried in. */
    GPtrArray *items[CONFIG_KIND_COUNT];
    GHashTable *by_name[CONFIG_KIND_COUNT]; /* name -> the same pointers */
    GHashTable *policy_versions; /* name -> GINT_TO_POINTER(id) of the current row of policy_version */
    gint refs;
};

/* Also NULL for a NULL name. */
const struct user *config_user(const struct config *config, const char *name);
const struct team *config_team(const struct config *config, const char *name);
const struct chat_channel *config_channel(const struct config *config, const char *name);
const struct schedule *config_schedule(const struct config *config, const char *name);
const struct policy *config_policy(const struct config *config, const char *name);
const struct service *config_service(const struct config *config, const char *name);
const struct integration *config_integration(const struct config *config, const char *name);
const struct heartbeat *config_heartbeat(const struct config *config, const char *name);

struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* Where the current snapshot is published. Any thread. */
struct config_holder;
NODISCARD struct config_holder *config_holder_create(void);
void config_holder_destroy(struct config_holder **holder);
/* A reference to the current snapshot; config_unref when done. Never NULL (an empty one at first). */
NODISCARD struct config *config_current(struct config_holder *holder);
/* Takes over the reference. */
void config_publish(struct config_holder *holder, struct config *config);

#endif
