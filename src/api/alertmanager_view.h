/* api/alertmanager_view.h - what tools that know Alertmanager read: its API v2, for the alerts of one
 * integration. Prometheus itself only writes; amtool and dashboards read. */
#ifndef API_ALERTMANAGER_VIEW_H
#define API_ALERTMANAGER_VIEW_H

#include "api/context.h"

/* GET …/api/v2/alerts. `integration` is borrowed. */
void view_alerts(struct http_request *request, const struct api_context *context,
                 const char *integration);
/* GET …/api/v2/status, /receivers. */
void view_status(struct http_request *request, const struct api_context *context);
void view_receivers(struct http_request *request, const char *integration);

#endif
