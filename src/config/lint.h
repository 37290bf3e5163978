/* config/lint.h - what would keep a page from arriving? Judged over a configuration and a few facts
 * beside it. Pure: no clock, no I/O, no SQL; `tocsin doctor` and GET /api/v1/doctor share it. */
#ifndef CONFIG_LINT_H
#define CONFIG_LINT_H

#include "config/config.h"

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

/* "user:ana"; newly allocated. */
NODISCARD char *lint_subject(const char *noun, const char *name);

/* What the hooks of kinds judge with. */
struct lint {
    const struct config *config;
    struct utc now;
    GPtrArray *findings;
    GHashTable *relied_on; /* a set of items that something needs to tell somebody; borrowed */
};

/* Of a name that leads nowhere: nothing. NULL too. */
void lint_rely_on(struct lint *lint, const struct config_kind *kind, const char *name);
NODISCARD bool lint_is_relied_on(const struct lint *lint, const void *item);

/* Everything that the kinds find, in their order, then what can never come to anything. */
void lint_config(const struct config *config, struct utc now, GPtrArray *findings);

/* Facts about one access key. */
struct key_fact {
    const char *owner_kind, *owner; /* "integration", "prod-am" */
    struct utc created_at;
    struct utc expires_at, last_used_at; /* unset: never */
};

void lint_keys(const struct key_fact *facts, size_t count, struct utc now, GPtrArray *findings);

/* Most severe first, else in order. */
void lint_sort(GPtrArray *findings);
/* {"findings": [{level, check, subject, what, remedy}], "problems": 1, "warnings": 0, "notes": 2}. */
NODISCARD json_t *lint_json(const GPtrArray *findings);

#endif
