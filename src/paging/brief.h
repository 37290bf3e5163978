/* paging/brief.h - what is told about one subject, by message, page and explanation alike: who was paged, and who
 * comes next. */
#ifndef PAGING_BRIEF_H
#define PAGING_BRIEF_H

#include "config/config.h"
#include "oncall/policy.h"
#include "paging/page_store.h"
#include "paging/why.h"

struct brief {
    GPtrArray *told;    /* of char *: "ana", "channel:ops"; the first first */
    GPtrArray *next;    /* of char *: who is paged at next_at; empty when nobody is */
    struct utc next_at; /* unset: nothing comes by itself */
    struct utc
        goes_at; /* nobody of the step before was told yet: the message is held back until then, and the
                         * wait that ends at next_at begins with it. Unset: it runs. See brief_read_hold */
};

/* `policy`: that of its escalation; NULL: it is loaded. To be cleared with brief_clear. */
void brief_read(struct db *db, const struct config *config, const struct policy *policy,
                const struct topic *topic, struct brief *out);
/* Whether a message is held back now, for whoever looks on: puts off next_at, where one is. A step's own message need
 * not ask: it ends that. */
void brief_read_hold(struct db *db, struct subject subject, struct utc now, struct brief *brief);
void brief_clear(struct brief *brief);

/* One person's page about a subject. */
struct brief_page {
    struct subject subject;
    const char *who;
    int64_t delivery_id; /* that carried it; 0: the last one that there is */
};

/* Why that person was paged and what people said with it. False: they were not. To be cleared with
 * why_clear. */
NODISCARD bool brief_why(struct db *db, const struct config *config, int language,
                         const struct brief_page *of, struct why *out);

/* The policy as it was when the alert came; NULL when there is none. To be freed with
 * record_free(&POLICY_RECORD, …). */
NODISCARD struct policy *policy_version_read(struct db *db, int64_t version);

#endif
