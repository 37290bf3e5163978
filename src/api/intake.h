/* api/intake.h - what the doors have in common: whose key, how many, one command, one answer. */
#ifndef API_INTAKE_H
#define API_INTAKE_H

#include "api/context.h"
#include "base/json.h"
#include "paging/pager.h"
#include "source/source.h"

/* What a door of changes appends; NULL at the end. */
extern const struct event_kind *const CHANGE_EVENTS[];

struct door;

/* One request on its way through a door. Freed by intake_free, which every path ends in. */
struct intake {
    const struct api_context *context;
    struct http_request *request;
    const struct door *door;
    char *secret;      /* the key, to be kept out of the kept payload */
    char *integration; /* name; NULL until the key was found good */
    char *service;     /* where it points */
    /* A resolve or acknowledge that names what is configured no longer: of what, for "manual" and its service
     * NULL, and what is answered if none of its alerts is open. */
    char *gone_integration;
    struct fault gone;
    char *text; /* the payload as it is kept */
    struct batch batch;
    struct json_mends mends; /* what was mended in the body */
    bool is_cut;             /* only the elements of it that fit were read */
    struct take *takes;      /* one for each signal */
    size_t count;
    size_t own;          /* of them: from us, about what was cut off */
    size_t done;         /* of them: committed, for they go in slices */
    bool is_heavy;       /* the pool's thread holds the lock of large documents */
    char *sent_key;      /* PagerDuty: the dedup_key as it was sent, to be answered the same */
    json_t *change;      /* PagerDuty: a change event */
    struct span started; /* elapsed clock, for the metrics */
    bool is_late;        /* nobody waits for it any more: it is not taken */
};

NODISCARD struct intake *intake_create(const struct api_context *context,
                                       struct http_request *request, const struct door *door);
void intake_free(struct intake *intake);

/* Takes the name of the integration that this comes from. False and a fault when there is none, or
 * when it is of another kind (enum integration_kind; 0: any). */
NODISCARD bool intake_adopt(struct intake *intake, const char *name, int kind, struct fault *fault);

/* Of a body that has its key in it and cannot be read as JSON: is that one wrong key too many, to be refused with 429
 * and this fault? If the key is good the intake is adopted by its integration. */
NODISCARD bool intake_is_guess(struct intake *intake, struct fault *fault);

/* Keeps the payload with the answer's status; `problem` NULL when there is none. Nothing is kept of a
 * stranger, whose key is no integration's. */
void intake_keep(struct intake *intake, int status, const char *problem);

/* Keeps the payload with the reason, answers in the door's dialect, frees. */
void intake_refuse(struct intake *intake, int status, const struct fault *fault);

/* Submits the batch as one command; its answer follows the commit. Frees. */
void intake_submit(struct intake *intake);

/* What of the request was mended or left out although it is taken; newly allocated, NULL: nothing. */
NODISCARD char *intake_note(const struct intake *intake);

/* The body as JSON, mended where it is none; otherwise refuses (and frees) and gives NULL. New reference. */
NODISCARD json_t *intake_json(struct intake *intake);

#endif
