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

/* Who sends it: a person, who is told what is missing, or a program, which cannot be told. */
enum native_sender { NATIVE_PERSON = 1, NATIVE_PROGRAM };

/* Into a zeroed signal. Unknown keys and wrong types are refused by name. *out_integration and
 * *out_service are what a token's owner asked for: newly allocated, or NULL. A summary that is missing or
 * blank is refused, of a program only if nothing else says what the alert is about. */
NODISCARD bool native_read(const json_t *body, enum native_sender sender, struct signal *out,
                           char **out_integration, char **out_service, struct fault *fault);

/* A sender that gave no dedup_key but says which request this is (the header Idempotency-Key): the
 * same request sent again joins its alert. NULL or empty: nothing is done. */
void native_identify(struct signal *signal, const char *request_key);

#endif
