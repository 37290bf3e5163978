/* config/config.h - the configuration in force: an immutable snapshot, shared by reference.
 *
 * The ledger builds one from the database at start and after each change, and publishes it; a
 * reader takes a reference for the length of one request. Everything is found by name, and names
 * that history still mentions (deleted users) are simply not found. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdatomic.h>

#include "alert/service.h"
#include "oncall/absence.h"
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
    CONFIG_ABSENCE,
    CONFIG_KIND_COUNT,
};

struct config {
    int64_t version; /* grows with each change */
    /* Of struct user *, struct team * … in file order, which is the order that routes are tried in. */
    GPtrArray *items[CONFIG_KIND_COUNT];
    GHashTable *by_name[CONFIG_KIND_COUNT]; /* name -> the same pointers */
    GHashTable
        *policy_versions; /* name -> its id (as intptr_t) of the current row of policy_version */
    _Atomic int refs;     /* config_ref, config_unref */
};

/* What each kind is: the file's section ("users"), the word for one ("user"), its record. Every
 * configured struct begins with its name. */
const char *config_section(enum config_kind kind);
const char *config_noun(enum config_kind kind);
const struct record *config_record(enum config_kind kind);
/* 0 when no kind has that noun ("user") or section ("users"). */
int config_kind_from_text(const char *noun_or_section);
const char *config_item_name(const void *item);

/* An empty configuration of version 0 with one reference. */
NODISCARD struct config *config_create(void);
/* Takes `item` over (a struct of that kind, from record_new); false, and still the caller's, when
 * there is one of that name. Only while nobody else has a reference. */
NODISCARD bool config_add(struct config *config, enum config_kind kind, void *item);

/* The item of that kind and name; NULL when there is none. Also NULL for a NULL name. */
const void *config_find(const struct config *config, enum config_kind kind, const char *name);

/* Also NULL for a NULL name. */
const struct user *config_user(const struct config *config, const char *name);
const struct team *config_team(const struct config *config, const char *name);
const struct chat_channel *config_channel(const struct config *config, const char *name);
/* After the last item was added: schedules that follow another one find it. What leads nowhere is left
 * to config_check. */
void config_link(struct config *config);
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
/* Takes over the reference. One that is older than what is published is dropped, so that two
 * changes which come out of order do not undo each other. */
void config_publish(struct config_holder *holder, struct config *config);
/* Takes over the reference whatever its version: this is what the database holds, which after the loss
 * of its primary may be less than was once seen. */
void config_replace(struct config_holder *holder, struct config *config);
/* Inside the transaction that changes the configuration, for who hears of EVENT_CONFIG_CHANGED: the snapshot that it
 * brings, borrowed. NULL: the database fails, and the commit with it. The ledger's thread only. */
NODISCARD struct config *config_next(const struct config_holder *holder);
void config_set_next(struct config_holder *holder, struct config *config);
/* The version that another node wrote and this program cannot read; 0: none. It is not tried again
 * before it changes. The ledger's thread only. */
NODISCARD int64_t config_unreadable(const struct config_holder *holder);
void config_set_unreadable(struct config_holder *holder, int64_t version);

#endif
