/* api/refused.h - the owner of an integration hears what was not taken. */
#ifndef API_REFUSED_H
#define API_REFUSED_H

#include "api/context.h"
#include "source/refusal.h"

/* Counts and logs; opens or renews the alert where the book says so. Any thread. */
void refused_note(const struct api_context *context, const char *integration, const char *service,
                  enum refusal kind, const struct refused *last);

/* A request was taken whole: alerts of refusals that are over are resolved. Any thread. */
void refused_good(const struct api_context *context, const char *integration, const char *service);

/* A request came with a key that nobody has: if it was an integration's once, replaced or taken back since, its owner
 * hears of it. NULL: without a key. Any thread. */
void refused_key(const struct api_context *context, const char *key);

/* The same of one that came to another kind's door with a good key. */
void refused_door(const struct api_context *context, const char *integration, const char *why);
/* The same of one that came where no door is, with the key of the integration `name`: says where its own is. */
void refused_astray(const struct api_context *context, const char *name,
                    const struct http_request *request, int status);

/* For the guard: a body of a known caller was lost before it reached a handler. */
void refused_lost(void *self, const struct http_request *request, enum http_loss loss);
/* For the guard: a request that may have been an alert was refused for its address, method or header. */
NODISCARD bool refused_turned_away(void *self, const struct http_request *request, int status,
                                   const char *why);

#endif
