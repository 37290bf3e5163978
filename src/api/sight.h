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

/* What event_json answers. Only described. */
extern const struct record EVENT_RECORD;

#endif
