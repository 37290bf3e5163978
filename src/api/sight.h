/* api/sight.h - which events somebody may see, and how much of them. */
#ifndef API_SIGHT_H
#define API_SIGHT_H

#include "access/token.h"
#include "http/http.h"
#include "ledger/event.h"

/* Who sees the same has the same sight: the scope of a token, and of the socket and a board that is open, which are
 * as a token of some scope. */
enum { SIGHT_COUNT = SCOPE_ADMIN };

/* From SCOPE_READ to SCOPE_ADMIN, of one who was let in. */
NODISCARD int sight_of(const struct http_request *request);

/* Of a kind that this program does not know only who may administer sees anything. */
NODISCARD bool sight_sees(int sight, const struct ledger *ledger, const char *kind);

/* An event as everybody's who sees it: EVENT_CLIENT is only for who may administer. New reference. */
NODISCARD json_t *event_json(const struct event *event, int sight);

/* What event_json answers, and an event as explain answers it. Only described: with any kind and any data, which
 * event_schemas says more of. */
extern const struct record EVENT_RECORD, DECISION_SHAPE;
/* Is in no log: a follower of the stream is told it. */
extern const struct event_kind EVENT_STREAM_RESET;

/* Adds what the data of each kind of event are, and says so of those two. */
void event_schemas(const struct ledger *ledger, json_t *schemas);

#endif
