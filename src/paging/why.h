/* paging/why.h - why somebody is paged, as it is told to them. Pure. */
#ifndef PAGING_WHY_H
#define PAGING_WHY_H

#include "config/config.h"

struct why {
    char *reason; /* "You are on call in schedule ..." */
    char *note;   /* what people said with it; NULL: nothing */
};

/* `reason`: the page's own, a JSON text. `policy`: the name of that whose step it is; "" for none. To be
 * cleared with why_clear. */
void why_read(const struct config *config, int language, const char *reason, const char *policy,
              struct why *out);
void why_clear(struct why *why);

#endif
