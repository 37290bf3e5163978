#include "api/team.h"

#include <string.h>

#include "alert/alert_events.h"
#include "alert/alert_store.h"
#include "alert/service.h"
#include "oncall/schedule.h"
#include "paging/page_store.h"
#include "people/user.h"

/* A name that is none of a team's keeps nobody out. */
static bool is_of_team(const struct config *config, const char *team, const char *who)
{
    const struct team *found = team_find(config, team);
    if (found == NULL || g_strcmp0(found->lead, who) == 0) {
        return true;
    }
    for (guint i = 0; i < found->members->len; i++) {
        if (strcmp(found->members->pdata[i], who) == 0) {
            return true;
        }
    }
    return false;
}

static bool reaches_service(const struct config *config, const char *name, const char *who)
{
    const struct service *service = service_find(config, name);
    return service == NULL || is_of_team(config, service->owner, who);
}

static bool reaches_schedule(const struct config *config, const char *name, const char *who)
{
    const struct schedule *schedule = schedule_find(config, name);
    return schedule == NULL || is_of_team(config, schedule->owner, who) ||
           schedule_has(schedule, who);
}

/* One that is not there is answered by the handler; where nothing can be read nothing is allowed. */
static bool reaches_alert(const struct api_context *context, const struct config *config,
                          int64_t id, const char *who)
{
    struct alert alert = {0};
    struct db *db = api_borrow(context);
    bool is_found = alert_load(db, id, &alert);
    bool is_reached = !is_found || reaches_service(config, alert.service, who) ||
                      page_last(db, subject_of_id(ALERT_SUBJECT, id), who) != 0;
    bool is_sound = db_error(db) == DB_OK;
    db_pool_give(context->readers, db);
    alert_clear(&alert);
    return is_sound && is_reached;
}

static bool reaches(const struct api_context *context, const struct config *config,
                    const char *kind, const char *object, const char *who)
{
    if (strcmp(kind, ALERT_SUBJECT) == 0) {
        gint64 id = 0;
        return !g_ascii_string_to_signed(object, 10, 1, G_MAXINT64, &id, NULL) ||
               reaches_alert(context, config, id, who);
    }
    if (strcmp(kind, "schedule") == 0) {
        return reaches_schedule(config, object, who);
    }
    if (strcmp(kind, "integration") == 0) {
        const struct integration *found = integration_find(config, object);
        return found == NULL || reaches_service(config, found->service, who);
    }
    return strcmp(kind, "service") != 0 || reaches_service(config, object, who);
}

bool team_reaches(const struct api_context *context, const struct caller *caller,
                  const struct permit *permit, const char *object)
{
    bool is_asked = caller->sign_in != NULL && caller->sign_in->role == ROLE_RESPONDER &&
                    permit->least > SCOPE_READ;
    if (!is_asked || permit->object == NULL || object == NULL) {
        return true;
    }
    struct config *config = config_current(context->configs);
    bool is_reached = reaches(context, config, permit->object, object, caller->principal.name);
    config_unref(config);
    return is_reached;
}
