/* api/job.h - a request that changes something, on its way through the ledger: its body is read, a command runs,
 * what came of it is answered. A handler says the middle only. */
#ifndef API_JOB_H
#define API_JOB_H

#include "api/context.h"
#include "base/principal.h"

struct job;

struct job_kind {
    const struct record *body; /* of the JSON body; NULL: none is read */
    const char
        *number_of; /* what the path's {id} is the number of: "alert"; NULL: the path has none */
    /* Inside the ledger's transaction, on its thread. May run again, as every command: sets its results afresh, by
     * answering job_done or job_refused. */
    enum command_result (*run)(struct ledger_tx *tx, struct job *job);
};

struct job {
    const struct job_kind *kind;
    struct http_request *request;
    void *self;             /* what the handler was called with */
    struct principal actor; /* who calls; the job's own */
    int64_t id;             /* of the path; 0: it has none */
    void *body;             /* as `kind->body` reads it; NULL: there is none */
    struct fault fault;     /* why it was refused */
    int status;
    json_t *answer;
};

/* Reads, submits and answers; whatever is wrong is answered at once. `self` goes to the command. */
void job_submit(struct http_request *request, struct api_context *api, void *self,
                const struct job_kind *kind);

/* Answers COMMAND_DONE. Takes over the reference of `body`, NULL: an empty one. */
enum command_result job_done(struct job *job, int status, json_t *body);
/* Answers COMMAND_REFUSED; job->fault says why. */
enum command_result job_refused(struct job *job, int status);

#endif
