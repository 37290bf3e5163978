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
    size_t work;    /* bytes of struct job's work; 0: none */
    /* Inside the ledger's transaction, on its thread. May run again, as every command: sets its results afresh, by
     * answering job_done, job_refused or job_became. */
    enum command_result (*run)(struct ledger_tx *tx, struct job *job);
    /* It is known whether it was committed; before anything is answered, on the ledger's thread. NULL: nothing is
     * to be done. */
    void (*settle)(struct job *job, enum command_outcome outcome);
    void (*clear)(void *work); /* frees what the work owns; it is wiped after that. NULL: nothing */
};

/* What is borrowed of the request, its path and its body, lives until the answer. */
struct job {
    const struct job_kind *kind;
    struct http_request *request;
    struct api_context *api;
    void *self;             /* what the handler was called with */
    struct principal actor; /* who calls; the job's own */
    int64_t id;             /* of the path; 0: it has none */
    void *body;             /* as `kind->body` reads it; NULL: there is none */
    void *work; /* of the handler and the command; zeroed, and kept from one run to the next */
    /* What is answered: */
    int status;
    struct fault fault; /* why it was refused */
    GArray *faults;     /* of struct fault, where there are several; NULL: that one */
    json_t *answer;
    char *way;           /* where a browser goes then; NULL: nowhere */
    bool is_told_anyway; /* that, whether or not the database took it. Set by `settle` */
};

/* Reads, submits and answers; whatever is wrong is answered at once. `self` goes to the command. */
void job_submit(struct http_request *request, struct api_context *api, void *self,
                const struct job_kind *kind);

/* The same in two steps, where something is to be said in between. NULL after answering what is wrong; else
 * job_go or, after answering, job_drop. */
NODISCARD struct job *job_begin(struct http_request *request, struct api_context *api, void *self,
                                const struct job_kind *kind);
void job_go(struct job *job);
void job_drop(struct job *job);

/* Answers COMMAND_DONE. Takes over the reference of `body`, NULL: an empty one. */
enum command_result job_done(struct job *job, int status, json_t *body);
/* Answers COMMAND_REFUSED; job->fault says why. */
enum command_result job_refused(struct job *job, int status);
/* Answers `result`, which a command of another floor came to with that status, and `fault` where that is one of
 * a refusal. What is answered else is added to job->answer. */
enum command_result job_became(struct job *job, enum command_result result, int status,
                               const struct fault *fault);
/* Refused with 404, in words: "There is no schedule "x"." */
enum command_result job_missing(struct job *job, const char *what, const char *name);

/* Of work that begins with a struct config_command (config/config_work.h). */
struct config_command;
/* Who acts, and on which configuration. */
void job_begin_config(const struct job *job, struct config_command *command);
/* `run` of it, whose results are told so. */
enum command_result job_run_config(struct ledger_tx *tx, struct job *job,
                                   enum command_result (*run_it)(struct ledger_tx *tx, void *work));
/* A `settle`: what was committed is the configuration in force. */
void job_settle_config(struct job *job, enum command_outcome outcome);

#endif
