/* api/team.h - whose is it? A responder changes what belongs to a team of theirs, or to none. Only for this floor. */
#ifndef API_TEAM_H
#define API_TEAM_H

#include "access/permit.h"
#include "api/context.h"

/* Does the team let them do that, to what the path names (NULL: nothing)? Only responders who signed in are asked for it,
 * and only where the permit changes something. An alert, an integration and a service belong to the team that owns the
 * service, a schedule to the team that owns it; who was paged for an alert, or has turns in a schedule, may as well. */
NODISCARD bool team_reaches(const struct api_context *context, const struct caller *caller,
                            const struct permit *permit, const char *object);

#endif
