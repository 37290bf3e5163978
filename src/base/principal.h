/* base/principal.h - who acts, or is told: "user:ana", "channel:ops", "token:ci", "tocsin". Pure.
 *
 * Events, alerts, answers and the columns of the database hold a principal as text. Here is the one place that
 * reads and writes it, so that nobody else looks for prefixes. */
#ifndef BASE_PRINCIPAL_H
#define BASE_PRINCIPAL_H

#include "base/check.h"

enum principal_kind {
    PRINCIPAL_SYSTEM = 1, /* what follows by itself: "tocsin", without a name */
    PRINCIPAL_LOCAL,      /* whoever may open the server's socket: "local", without a name */
    PRINCIPAL_USER,       /* a person: by handle */
    PRINCIPAL_CHANNEL,    /* a chat room: by whoever reads there */
    PRINCIPAL_TOKEN,
    PRINCIPAL_INTEGRATION,
    PRINCIPAL_HEARTBEAT,
    PRINCIPAL_FILE, /* the team file that a server is started with: "file", without a name */
};

struct principal {
    enum principal_kind kind;
    const char *name; /* what follows the colon; borrowed; "" where the kind has none */
    /* By whose hand, where that is another's: a program's that says for whom it acts; NULL: their own. Borrowed. */
    const struct principal *by;
};

#define PRINCIPAL_TOCSIN ((struct principal){PRINCIPAL_SYSTEM, ""})
#define PRINCIPAL_HERE ((struct principal){PRINCIPAL_LOCAL, ""})

/* Who acted, of a text that we wrote, borrowed into the answer. What names no kind is a person's handle. */
NODISCARD struct principal principal_read(const char *text);

/* Who is told: a handle ("ana", and also "local": somebody may be called so), or "channel:ops". */
NODISCARD struct principal principal_of_receiver(const char *who);

/* In SQL of stores, of a column that says who is told: is it a room? Is it a person, and as who does that one act? */
#define SQL_IS_ROOM(column) column " LIKE 'channel:%'"
#define SQL_IS_PERSON(column) column " NOT LIKE 'channel:%'"
#define SQL_AS_ACTOR(column) "'user:' || " column

/* Never NULL; free with g_free. */
NODISCARD char *principal_text(enum principal_kind kind, const char *name);

/* The same of a whole one; by whose hand is not told. */
NODISCARD char *principal_text_of(struct principal principal);

/* Is it the same one, whoever's hand it was? */
NODISCARD bool principal_equal(struct principal a, struct principal b);

/* With all that it names for itself; end it with principal_clear. */
NODISCARD struct principal principal_copy(struct principal principal);
void principal_clear(struct principal *principal);

/* Did somebody do it, from a place that can be told: a person, a room, or a program with a token of theirs? */
NODISCARD bool principal_is_somebody(struct principal principal);

#endif
