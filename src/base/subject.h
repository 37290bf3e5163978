/* base/subject.h - what something is about: "alert:42", "schedule:payments-primary", "config". Pure.
 *
 * Events, feeds and answers hold a subject as text. Here is the one place that reads and writes it, so that
 * nobody else prints or cuts such texts. Which kinds there are is said by the nouns themselves. */
#ifndef BASE_SUBJECT_H
#define BASE_SUBJECT_H

#include <glib.h>

#include "base/check.h"

/* By value; what it points to is borrowed. */
struct subject {
    const char *kind; /* "alert", "schedule", "config"; NULL: about nothing */
    int64_t id;       /* of what has a number, from 1 on; else 0 */
    const char *name; /* of what has a name; else NULL. Goes before the number in the text */
};

enum { SUBJECT_KIND_SIZE = 32 }; /* bytes of a kind's name, its end included */

NODISCARD struct subject subject_of_id(const char *kind, int64_t id);
NODISCARD struct subject subject_named(const char *kind, const char *name);
/* Of what there is only one of: the configuration, the clock. */
NODISCARD struct subject subject_only(const char *kind);

/* What follows the first colon is the name, and the number, too, where it reads as one that subject_text
 * writes. The kind is copied to `kind`, the name borrowed of `text`. Any text is answered by what subject_text
 * makes the same text of, unless the kind is empty or too long: then false, and no subject. */
NODISCARD bool subject_read(const char *text, char kind[SUBJECT_KIND_SIZE], struct subject *out);

/* Its number when it is of that kind, else 0: for who holds a text and asks for one noun only. */
NODISCARD int64_t subject_id(const char *text, const char *kind);
/* Its name likewise, borrowed of `text`; else NULL. */
NODISCARD const char *subject_name(const char *text, const char *kind);

NODISCARD bool subject_is(struct subject subject, const char *kind);
/* Are both about the same thing: would they be the same text? */
NODISCARD bool subject_equal(struct subject a, struct subject b);

/* Never NULL; free with g_free. "" for the subject about nothing. */
NODISCARD char *subject_text(struct subject subject);
void subject_append(GString *out, struct subject subject);

#endif
