/* source/payload.h - the last payloads of each integration, refused ones too, for its owner to see;
 * and how much each integration may send.
 *
 * Kept in memory, safe from any thread; written to the database about once a second, so that what
 * arrives in a storm costs no transaction of its own. A kill may lose the last second of it: it is
 * a help for people, not a record of what was accepted (that is the event log). Where several nodes
 * share the database the newest of all of them are kept and shown; those of the last second, and
 * those whose writing failed, only by the node that took them. */
#ifndef SOURCE_PAYLOAD_H
#define SOURCE_PAYLOAD_H

#include <jansson.h>

#include "db/db.h"
#include "ledger/ledger.h"

struct payload_book;

struct payload {
    struct utc at;
    int status;          /* of the HTTP answer */
    const char *problem; /* why it was refused, or which part of it; NULL: nothing to complain of */
    const char *body;
};

/* As the API shows it: {at, status, problem, body}. New reference. */
NODISCARD json_t *payload_json(const struct payload *payload);

NODISCARD struct payload_book *payload_book_create(void);
void payload_book_destroy(struct payload_book **book);

/* What was not taken (source/refusal.h); lives as long as the book. */
struct refusal_book *payload_book_refusals(struct payload_book *book);

/* Reads what an earlier run has kept. Before the book is shared. */
void payload_book_load(struct payload_book *book, struct db *db);
/* Registers the duty that writes it. Before the ledger's first batch. */
void payload_book_add_duty(struct payload_book *book, struct ledger *ledger);

/* Bytes of a stranger as text that can be kept and shown: valid UTF-8 of at most LIMIT_PAYLOAD_KEPT
 * bytes, every occurrence of `secret` (may be NULL) replaced, also where JSON escapes characters of it. Newly
 * allocated. */
NODISCARD char *payload_text(const char *bytes, size_t size, const char *secret);

/* Takes over `text` (of payload_text). True when nothing waited to be written before: then wake the
 * queue. Cheap enough for the ledger's thread. */
NODISCARD bool payload_book_add(struct payload_book *book, const char *integration, struct utc at,
                                int status, const char *problem, char *text);

/* Those that came before `before` are not remembered any more; what the database has of them is not looked at. */
void payload_book_forget(struct payload_book *book, struct utc before);

/* Newest first; `each` borrows. `db` (any connection, or NULL) is asked where several nodes share it:
 * when db_error tells that it could not be, the list has gaps. */
void payload_book_list(struct payload_book *book, struct db *db, const char *integration,
                       void (*each)(void *self, const struct payload *payload), void *self);

/* May the integration send `count` more alerts? A token bucket, generous: far above any storm, so
 * that only a loop gone wild meets it. `elapsed` is of the clock that never jumps. */
NODISCARD bool payload_book_admit(struct payload_book *book, const char *integration, size_t count,
                                  struct span elapsed);
/* Alerts per second that an integration may send in the long run; 10,000 at first. */
void payload_book_set_rate(struct payload_book *book, int64_t alerts_per_second);

#endif
