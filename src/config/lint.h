/* config/lint.h - what would keep a page from arriving? Judged over a configuration and a few facts
 * beside it. Pure: no clock, no I/O, no SQL; `tocsin doctor` and GET /api/v1/doctor share it. */
#ifndef CONFIG_LINT_H
#define CONFIG_LINT_H

#include "config/config.h"
#include "people/contact_state.h"

enum lint_level {
    LINT_PROBLEM = 1, /* a page may not arrive */
    LINT_WARNING,     /* it will arrive, but something is not as it should be */
    LINT_NOTE,        /* worth knowing */
};
extern const struct enum_name LINT_LEVEL_NAMES[]; /* problem warning note */

struct finding {
    int level;
    char *check;   /* which check: "gap", "unreachable", "key" … */
    char *subject; /* "user:ana", "schedule:primary"; "" when it is about the whole */
    char *what;    /* one sentence */
    char *remedy;  /* what to do about it */
};

/* A new list of struct finding, that frees them. */
NODISCARD GPtrArray *lint_new(void);
PRINTF_LIKE(6, 7)
void lint_add(GPtrArray *findings, enum lint_level level, const char *check, const char *subject,
              const char *remedy, const char *format, ...);

/* Facts about one access key. */
struct key_fact {
    const char *owner_kind, *owner; /* "integration", "prod-am" */
    struct utc created_at;
    struct utc expires_at, last_used_at; /* unset: never */
};

/* People without a way to be reached, gaps in the next 30 days, people on call while they are away, policies that name who is away, policies whose steps or last resort
 * reach nobody, things that nothing uses. */
void lint_config(const struct config *config, struct utc now, GPtrArray *findings);

/* Whom nothing can be sent to, as was found out otherwise: that their last message failed is no other fault. */
struct lint_amiss {
    GHashTable *whose; /* a set of "ana by phone" and "the channel ops" */
    bool has_no_mail;  /* nobody is reached by e-mail */
};

/* Contacts and rooms by how their last messages went. `amiss` may be NULL. */
void lint_contacts(const struct config *config, const struct contact_states *states,
                   const struct lint_amiss *amiss, struct utc now, GPtrArray *findings);
void lint_keys(const struct key_fact *facts, size_t count, struct utc now, GPtrArray *findings);

/* Most severe first, else in order. */
void lint_sort(GPtrArray *findings);
/* {"findings": [{level, check, subject, what, remedy}], "problems": 1, "warnings": 0, "notes": 2}. */
NODISCARD json_t *lint_json(const GPtrArray *findings);

#endif
