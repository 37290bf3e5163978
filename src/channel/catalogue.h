/* channel/catalogue.h - what do we say, in the reader's language and at the reader's clock?
 *
 * The texts live in lang/LANGUAGE.json, those of a feature in its folder (a GResource file
 * /tocsin/lang/FEATURE/LANGUAGE.json), and are part of the program. A key's value is a text, or
 * {"one": …, "other": …} where the language tells one from many; the argument `count` decides.
 * Placeholders are {names}; what is put in is never looked at again, so an alert's summary may hold
 * braces. Safe from any thread. */
#ifndef CHANNEL_CATALOGUE_H
#define CHANNEL_CATALOGUE_H

#include "people/user.h"

struct catalogue_arg {
    const char *name; /* NULL ends a list */
    const char *text; /* NULL: `count` is written instead */
    int64_t count;
};

/* The text as it stands, placeholders unfilled; of a plural the "other" form. A language that lacks
 * the key (or is unknown) falls back to English; a key that English lacks answers the key itself. */
const char *catalogue_text(int language, const char *key);

/* `args` ends with {NULL}, and may be NULL. To be freed with g_free. Never NULL. */
NODISCARD char *catalogue_format(int language, const char *key, const struct catalogue_arg *args);

/* The word for an enum severity; that of SEVERITY_ERROR for a value which is none. Borrowed. */
const char *catalogue_severity(int language, int severity);

/* An instant as the reader writes it, at the reader's clock, with the zone's name behind. An unknown
 * or missing zone is shown as UTC and says so. To be freed with g_free. */
NODISCARD char *catalogue_time(int language, const char *time_zone, struct utc at);

/* How long it took: "45 s", "12 min", "3 h 5 min", "2 d 7 h". To be freed with g_free. */
NODISCARD char *catalogue_span(int language, struct span span);

/* The tag of HTML's lang attribute: "en", "zh-TW". Borrowed. */
const char *catalogue_tag(int language);

#endif
