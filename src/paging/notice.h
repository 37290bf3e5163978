/* paging/notice.h - a person is told something that is no page: an offer, an answer, a reminder. */
#ifndef PAGING_NOTICE_H
#define PAGING_NOTICE_H

#include <jansson.h>

#include "base/subject.h"

struct errand;
struct config;
struct ledger_tx;
struct pager;

struct notice {
    /* "swap.asked": the catalogues of whoever tells have NAME.subject, NAME.text and NAME.why, which answers why this
     * person is told; a webhook is sent the name. */
    const char *name;
    struct subject about;
    /* What is put into the texts, by name: a text as it stands, {"person": "user:ana"} (what people call them) or
     * {"at": "2026-12-24T08:00:00Z"} (at the reader's clock). "note" stands below, as what somebody says with it. NULL:
     * nothing. Borrowed. */
    const json_t *args;
};

/* In the transaction of whoever has something to tell. It goes to the first contact for what is not urgent, waits for the
 * end of quiet hours, and is repeated until it arrives. False: the person is unknown, or has no contact. */
bool pager_tell(struct pager *pager, struct ledger_tx *tx, const char *user,
                const struct notice *notice);

/* What pager_tell has kept, in the words of who is to read it; for errand_explain. */
void notice_fill(struct errand *errand, const struct config *config, const json_t *data);

#endif
