/* source/alertmanager_silences_api.h - our silences as Alertmanager's API v2 shows, makes and ends them, seen
 * from one integration. Only for this folder.
 *
 * A silence that is made here holds that integration's alerts only: the condition on it is added, and
 * never shown. A matcher's name is a label; "tocsin.FIELD" is one of our own fields, for silences that
 * were made elsewhere. */
#ifndef SOURCE_ALERTMANAGER_SILENCES_API_H
#define SOURCE_ALERTMANAGER_SILENCES_API_H

#include "alert/service.h"
#include "api/context.h"
#include "base/principal.h"

/* Could it hold an alert of this integration? */
NODISCARD bool silence_concerns(const struct silence *silence, const char *integration);

/* Does it hold nothing else? */
NODISCARD bool silence_is_scoped(const struct silence *silence, const char *integration);

/* A new gettable silence. */
NODISCARD json_t *silence_gettable(const struct silence *silence, const char *integration,
                                   struct utc now);

/* All that concern the integration and have such matchers, in their order: active, pending, expired. */
NODISCARD json_t *silences_gettable(const struct config *config, const char *integration,
                                    const GPtrArray *filters, struct utc now);

/* That of this id, if it concerns the integration; else NULL. Borrowed. */
NODISCARD const struct silence *silence_by_id(const struct config *config, const char *integration,
                                              const char *id);

/* What a postable silence asks for: *out_id is its id, borrowed, or NULL. A new object to be read as
 * SILENCE_RECORD, without a name; NULL and a fault when it is not one. */
NODISCARD json_t *silence_posted(const json_t *body, const char *integration, struct utc now,
                                 const char **out_id, struct fault *fault);

/* With which status a refusal of each is answered: that of any other is not shown by their clients. */
enum { REFUSED_CHANGE = 400, REFUSED_END = 500 };

/* POST and DELETE by `actor`, who may; `is_trusted`: others' silences, too. */
struct silencing {
    const char *integration;
    struct principal actor;
    bool is_trusted;
};

void silence_put(struct http_request *request, struct api_context *context,
                 const struct silencing *who);
void silence_end(struct http_request *request, struct api_context *context,
                 const struct silencing *who);

#endif
