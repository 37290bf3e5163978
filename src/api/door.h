/* api/door.h - a door: where and how one dialect is spoken. */
#ifndef API_DOOR_H
#define API_DOOR_H

#include "api/intake.h"
#include "source/webhook.h"

struct key_entry;

struct door {
    int kind;            /* enum integration_kind: whose keys open it */
    const char *address; /* what its senders post to, as people are told: "/in/alertmanager/KEY" */
    int success;         /* status of what was accepted */
    /* The key stands in the body, of which then a part is not taken: the one in a body that cannot be read, newly
     * allocated or NULL. NULL: it stands in path or header. */
    char *(*key_in)(const char *bytes, size_t size);
    /* Answers what the batch came to; the intake stays. NULL: how many were taken, as at every webhook. */
    void (*accept)(struct intake *intake);
    /* How its body is read, where that is all there is to it; NULL: the door has a handler of its own. */
    const struct webhook *webhook;
    /* Answers no in the dialect. NULL: by a problem. */
    void (*refuse)(struct http_request *request, int status, const struct fault *fault);
};

/* The one of each kind of integration that its senders are told of; NULL at the end. Made by the build. */
extern const struct door *const DOORS[];

/* What a stranger is told. */
extern const char DOOR_UNKNOWN_KEY[];

/* What the sender of an integration of that kind (enum integration_kind) posts to. */
const char *door_address(int kind);

/* Whose is the key (NULL: none)? False: nobody's. Borrowed texts are of the index. */
NODISCARD bool door_owner(const struct api_context *context, const char *key,
                          struct key_entry *out);

/* By the key of an integration of the door's kind. Otherwise answers (an unknown key with `status`) and frees. */
NODISCARD bool door_enter(struct intake *intake, const char *key, int status);

/* The same where it is known by now whose the key is. */
NODISCARD bool door_enter_as(struct intake *intake, const char *integration, const char *key,
                             int status);

/* Puts what was mended into an answer. */
void door_add_note(const struct intake *intake, json_t *body);

/* What the batch came to. The request is answered; the intake stays. */
void door_accept(struct intake *intake);

/* 429 and 5xx carry Retry-After. */
void door_refuse(struct http_request *request, const struct door *door, int status,
                 const struct fault *fault);

#endif
