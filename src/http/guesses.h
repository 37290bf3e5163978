/* http/guesses.h - wrong keys, counted by the address that they come from. Pure, but for its lock; any thread.
 *
 * Some are forgiven: a key that was rotated is sent for a while. Beyond them each is answered 429, and the wait
 * grows. A key that is good is never asked here: it is let in beside a neighbour's guesses. */
#ifndef HTTP_GUESSES_H
#define HTTP_GUESSES_H

#include "base/utc.h"

struct guesses;

/* `forgiven`: so many at once, and one more each ten seconds. */
NODISCARD struct guesses *guesses_create(int forgiven);
void guesses_destroy(struct guesses **guesses);

/* One wrong key at `now` on the clock that never jumps. Answers how many seconds to wait, 0: it is forgiven.
 * `address` as text; of IPv6 the first 64 bits count. */
NODISCARD int guesses_add(struct guesses *guesses, const char *address, struct span now);

#endif
