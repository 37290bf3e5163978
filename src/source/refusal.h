/* source/refusal.h - what integrations sent and we did not take: counted, and told to whom it concerns.
 *
 * A request that is refused is seen by the sender's log at most; so its owner gets an alert, one for each
 * integration and kind. Kept in memory, by each node for itself; any thread. */
#ifndef SOURCE_REFUSAL_H
#define SOURCE_REFUSAL_H

#include "alert/signal.h"

enum refusal {
    REFUSAL_TOO_LARGE = 1, /* nothing of a body beyond the limit could be read */
    REFUSAL_CUT_OFF,       /* what fits was taken, the rest was not */
    REFUSAL_BROKEN_OFF,    /* the sender hung up in the middle */
    REFUSAL_ENCODING,      /* a Content-Encoding that is not known, or data that is not in it */
    REFUSAL_UNREADABLE,    /* not understood, or not every alert of it */
    REFUSAL_KEY,           /* sent with a key that was its own once */
    REFUSAL_DOOR,          /* sent to another kind's address, or where nothing is */
    REFUSAL_HEADER,        /* its header is too large, or malformed */
};
extern const struct enum_name REFUSAL_NAMES[];

struct refusal_book;

NODISCARD struct refusal_book *refusal_book_create(void);
void refusal_book_destroy(struct refusal_book **book);

/* One more. True when the owner is to be told now, with how many it were since the last quiet time: at once where
 * alerts are lost for good; of the other kinds, which a sender repeats or a person tries out, at the third in a
 * row; and again after a minute at the earliest. `why`: what the sender was told; NULL: no more than the kind
 * says. */
NODISCARD bool refusal_note(struct refusal_book *book, const char *integration, enum refusal kind,
                            const char *why, struct utc now, size_t *out_count);

/* A request was taken whole. Of which kinds, that were told, is it over (no more of it for 15 minutes)? As
 * bits: 1 << kind. They are forgotten. */
NODISCARD unsigned refusal_good(struct refusal_book *book, const char *integration, struct utc now);

struct refusal_state {
    const char *integration;
    int kind;
    size_t count;
    struct utc since, last;
    const char *why; /* what was wrong with the last one; never NULL */
};

/* Those of the last day, in no order. Under the book's lock. */
void refusal_each(struct refusal_book *book, struct utc now,
                  void (*each)(void *self, const struct refusal_state *state), void *self);

/* The last request of which something was refused. */
struct refused {
    const char *why; /* what the sender was told; NULL: no more than the kind says */
    size_t taken;    /* alerts of it that were taken all the same */
};

/* The alert for the owner; it resolves by itself if it is not told again for six hours. `count`: requests that
 * were refused. Into an empty signal. */
void refusal_signal(const char *integration, enum refusal kind, size_t count,
                    const struct refused *last, struct utc now, struct signal *out);
/* The same of a request of which `cut_off` alerts were not taken; 0: nobody knows how many. */
void refusal_cut_off(const char *integration, size_t cut_off, const struct refused *last,
                     struct utc now, struct signal *out);
/* Its end. */
void refusal_over(enum refusal kind, struct signal *out);

/* "body too large" */
const char *refusal_words(enum refusal kind);
/* What is to be done about it, a sentence. Free with g_free. */
NODISCARD char *refusal_remedy(const char *integration, enum refusal kind);
/* "2 requests of prod-am were not taken, or not whole, since 2026-12-24T22:30:00Z; the last one: …" Free with
 * g_free. */
NODISCARD char *refusal_told(const struct refusal_state *state);

#endif
