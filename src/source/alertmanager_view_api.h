/* source/alertmanager_view_api.h - one integration's alerts as Alertmanager's API v2 shows them, for tools that
 * know it: amtool, dashboards. Only for this folder. */
#ifndef SOURCE_ALERTMANAGER_VIEW_API_H
#define SOURCE_ALERTMANAGER_VIEW_API_H

#include "api/context.h"

/* What of them is asked for: the query parameters of GET /api/v2/alerts and /alerts/groups. */
struct view_query {
    const char *integration; /* borrowed */
    GPtrArray *filters;      /* of struct match, on labels; all must hold */
    GRegex *receiver;      /* of the receiver's whole name, which is the integration's; NULL: any */
    bool active, silenced; /* may they be so? (We know neither inhibited nor unprocessed ones.) */
};

/* False after answering 400. Clear in either case. */
NODISCARD bool view_query_read(struct http_request *request, const char *integration,
                               struct view_query *out);
void view_query_clear(struct view_query *query);

/* The filters of the query; NULL after answering 400. */
NODISCARD GPtrArray *view_filters(struct http_request *request);

/* The gettable alerts in the order of their fingerprints; NULL after an answer that they cannot be read,
 * that they are too many for one, or that a pattern of the query cannot be evaluated. */
NODISCARD json_t *view_alerts(struct http_request *request, const struct api_context *context,
                              const struct view_query *query);

/* The same as alert groups: by label alertname, as if the one route said group_by: [alertname]. Takes the
 * alerts over. */
NODISCARD json_t *view_groups(json_t *alerts, const char *integration);

/* The configuration as Alertmanager's would be, and what else its status tells. */
NODISCARD json_t *view_status(const struct api_context *context, const char *integration);

#endif
