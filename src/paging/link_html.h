/* paging/link_html.h - the page behind a signed link, as HTML. Only for this folder. */
#ifndef PAGING_LINK_HTML_H
#define PAGING_LINK_HTML_H

#include "api/page_html.h"
#include "base/principal.h"
#include "db/db.h"
#include "paging/link.h"
#include "paging/topic.h"

/* A good link and how its person reads. */
struct visit {
    struct link link;
    struct pager *pager;
    int language;
    char *time_zone;
    struct principal
        actor; /* a person, or the room of a message to a chat channel; its name is the link's */
    char *token;
    struct config *config;
    struct utc now;
    struct subject
        subject; /* of several the one that is looked at; of kind NULL: the whole message */
    const char
        *notice; /* key of the catalogue: what became of the button pressed; NULL: nothing to say */
};

/* How long one may snooze from the page. A list that ends with NULL. */
extern const char *const LINK_SNOOZES[];

enum { LINK_SHOWN_MAX = 200, LINK_NOTE_MAX = 500 };

/* What the link is about, and what may be done: forms whose field `do` names the verb. */
void link_show(struct html *html, const struct visit *visit, struct db *db);

/* What a form or an address of such a page names: "42", an alert, or "drill:42". Of kind NULL: nothing that can page. */
NODISCARD struct subject link_subject_read(const struct pager *pager, const char *text);
/* And how it names it. Newly allocated. */
NODISCARD char *link_subject_write(struct subject subject);

#endif
