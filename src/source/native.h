/* source/native.h - our own format: POST /api/v1/alerts and `tocsin alert`. */
#ifndef SOURCE_NATIVE_H
#define SOURCE_NATIVE_H

#include "source/source.h"

struct native_link {
    char *href;
    char *text;
};

/* The body of POST /api/v1/alerts. Owns everything. */
struct native_alert {
    char *summary; /* required for a trigger */
    int action;    /* SIGNAL_TRIGGER when absent (0) */
    char *dedup_key;
    int severity; /* 0 when absent */
    char *source, *component, *group, *class_name;
    json_t *details;
    GPtrArray *links;  /* of struct native_link */
    char *integration; /* only with a token: by which integration */
    char *service;     /* only with a token: or straight to which service */
};

extern const struct record NATIVE_ALERT_RECORD;

/* What {"alert_id", "dedup_key", "outcome"} says. */
struct native_answer {
    char *alert_id; /* NULL when there is no alert */
    char *dedup_key;
    int outcome; /* enum take_outcome */
    char *note;  /* what was mended in the request; NULL: nothing */
};

extern const struct record NATIVE_ANSWER_RECORD;

/* A person's, who is told what is wrong. Into a zeroed signal. Unknown keys, wrong types, and a summary that
 * is missing or blank are refused by name. *out_integration and *out_service are what a token's owner asked
 * for: newly allocated, or NULL. */
NODISCARD bool native_read(const json_t *body, struct signal *out, char **out_integration,
                           char **out_service, struct fault *fault);

/* A program's, which cannot be told: what cannot be taken as it was sent is taken as it was meant, or left
 * out, and told in `mend`. Refused is only what says neither what is wrong nor of which alert it speaks.
 * Into a zeroed signal, which stays empty on false. */
NODISCARD bool native_take(const json_t *body, struct signal *out, struct fault *fault,
                           struct fault *mend);

/* The body of a program's alert as the strict reader takes it, for native_take. New reference. */
NODISCARD json_t *native_mend(const json_t *body, struct fault *mend);

/* More links than these are refused, or left out. */
enum { NATIVE_LINKS_MAX = 20 };

/* A sender that gave no dedup_key but says which request this is (the header Idempotency-Key): the
 * same request sent again joins its alert. NULL or empty: nothing is done. */
void native_identify(struct signal *signal, const char *request_key);

#endif
