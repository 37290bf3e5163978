/* source/source.h - inbound adapters: a sender's payload becomes signals. Pure.
 *
 * Each adapter takes parsed JSON. Our own format is strict of a person, who is told the field that is
 * refused. What programs send, in it or in the formats of others, is taken as they really send it: keys
 * that we do not know are skipped, texts that are too long are cut, and one element that cannot be read
 * does not spoil the rest of its batch. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <glib.h>

#include "alert/signal.h"
#include "base/fault.h"

/* What one request brought. */
struct batch {
    GPtrArray *signals; /* of struct signal *, owned */
    size_t refused;     /* elements that could not be read */
    struct fault first; /* why the first of them could not */
    size_t mended; /* elements of which a part was taken otherwise than it was sent, or left out */
    struct fault first_mend; /* what of the first of them */
    size_t added;            /* signals that the adapter has added about the request itself */
    size_t max;              /* so many elements are looked at; 0: LIMIT_ALERTS_PER_REQUEST */
    size_t cut_off;          /* elements beyond that */
    bool is_cut;             /* set by the caller: what stood behind the elements may be missing */
};

void batch_init(struct batch *batch);
void batch_clear(struct batch *batch);
/* Adds an empty signal to be filled; borrowed. */
struct signal *batch_add(struct batch *batch);
/* Counts an element as refused. `list` and `index` say where: "alerts[3].labels". */
void batch_refuse(struct batch *batch, const char *list, size_t index, struct fault *fault);

/* Counts an element that is taken although a part of it could not be. */
void batch_mend(struct batch *batch, const char *list, size_t index, struct fault *what);

/* The same of the request itself, or of one that is one alert; nothing where nothing was told. */
void batch_mend_request(struct batch *batch, const struct fault *what);

/* Says into `mend` what of a field is taken otherwise than it was sent: behind what was said before, as long
 * as there is room. */
void mend_told(struct fault *mend, const char *field, const char *what);

/* Of a list of `count` elements: how many are looked at. Counts the rest as cut off. */
NODISCARD size_t batch_fit(struct batch *batch, size_t count);

/* At most `max` characters, cut where a character ends. Newly allocated; NULL for NULL. */
NODISCARD char *text_cut(const char *text, size_t max);

/* The same, and says into `mend` that it was cut. */
NODISCARD char *text_fit(const char *text, size_t max, const char *field, struct fault *mend);

/* Is there nothing to be read in it: NULL, white space, characters without width? */
NODISCARD bool text_is_blank(const char *text);

/* The text of the first of the keys (a NULL-ended list) that is there and not blank; borrowed. */
const char *text_first(const json_t *object, const char *const *keys);

/* A summary for a trigger of a program that gave none: by what else it says of it. Leaves one that is not
 * blank. False when it says nothing at all. */
NODISCARD bool summary_mend(struct signal *signal);

/* The words that senders use for how bad it is ("page", "major", "P2"); 0 for none of them. */
int severity_from_word(const char *word);

/* The words that senders use for what has happened ("FIRING", "recovered"): enum signal_action; 0 for none. */
int action_from_word(const char *word);

/* Appends {href, text} to *links (made when NULL) if href is an http or https address of bearable
 * length; anything else (javascript:, data:) is left out, and false. */
bool links_add(json_t **links, const char *href, const char *text);

/* The same, and says into `mend` that it was left out; nothing where there is none. */
void links_take(json_t **links, const char *href, const char *text, const char *field,
                struct fault *mend);

/* Takes over `details`, an object; answers it, or when it is longer than LIMIT_DETAILS one that fits: its longest
 * texts are cut where a character ends, and of what is still too much the largest parts are left out; of the member
 * "labels" only when the rest has shrunk. The same of the same, and in a time that grows with its size as sorting
 * does. Its member "note" says so, as `mend` does. NULL for NULL and for an empty object. */
NODISCARD json_t *details_fit(json_t *details, const char *field, struct fault *mend);

/* Not longer than LIMIT_DETAILS? */
NODISCARD bool details_are_short(const json_t *details);

/* "0001-01-01T00:00:00Z" is how Go writes "not set". False when `text` is no instant; unset and true
 * for NULL, "" and the zero time. */
NODISCARD bool instant_read(const char *text, struct utc *out);

/* The instant at `name` of the object. One that cannot be read is taken as unset, and told in `mend`. */
NODISCARD struct utc instant_take(const json_t *object, const char *name, struct fault *mend);

/* One at which something began or ended: not known, and told so in `mend`, when it lies more than a day ahead. Beyond
 * a month it is a word for "never", and taken as unset; before, of a clock that is wrong, by which the sender's own
 * instants can still be compared: so a late copy of an older end closes nothing. */
NODISCARD struct utc instant_past(struct utc at, const char *name, struct utc now,
                                  struct fault *mend);

#endif
