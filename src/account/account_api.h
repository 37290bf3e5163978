/* account/account_api.h - what the resources of accounts and sessions share. */
#ifndef ACCOUNT_ACCOUNT_API_H
#define ACCOUNT_ACCOUNT_API_H

#include <pthread.h>

#include "account/account_command.h"
#include "account/throttle.h"
#include "api/job.h"

enum { FAILURE_SLOTS = 256 };

/* What their handlers are called with. */
struct account_room {
    struct api_context *api;
    unsigned char salt[16];
    pthread_mutex_t lock; /* guards what follows */
    struct throttle by_address, by_account;

    struct {
        int64_t count; /* not told yet */
        struct span told_at;
    } failures[FAILURE_SLOTS];
};

/* One attempt to show that one knows a password, or a link. */
struct attempt {
    uint64_t address, account; /* keys of the two; 0: no account is known yet */
};

/* False after answering 429. `name` is whose password it is to be, as they say; NULL: nobody's. */
NODISCARD bool attempt_begin(struct account_room *room, struct http_request *request,
                             const char *name, struct attempt *out);
void attempt_succeeded(struct account_room *room, const struct attempt *attempt);
/* Nothing was tried after all. */
void attempt_withdrawn(struct account_room *room, const struct attempt *attempt);
/* Is told once a minute at most; `name` of an account that there is, else NULL. */
void attempt_failed(struct account_room *room, const struct attempt *attempt, const char *name,
                    const char *address);

/* Goes on with a job on the thread that passwords are hashed on. It is dropped, and 503 answered, where too many wait.
 * `attempt` NULL: none is made. */
void toil(struct job *job, struct account_room *room, const struct attempt *attempt,
          void (*run)(void *job));
/* There: answers, and drops the job. */
void toil_refused(struct job *job, int status, const struct fault *fault);
/* There: is the server about to stop? Then the job is gone. */
NODISCARD bool toil_is_over(struct job *job);

/* What GET /api/v1/me answers. New reference. */
NODISCARD json_t *account_me(const struct api_context *api, const struct caller *caller);
/* The same for one who has just signed in. */
NODISCARD json_t *account_me_as(const struct api_context *api, const char *name,
                                const struct sign_in *sign_in);

/* By which session the request comes; NULL after answering 409: by none. */
NODISCARD const struct sign_in *account_session(struct http_request *request);

#endif
