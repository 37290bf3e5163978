#include "api/job.h"

#include <sodium.h>

#include "api/handler.h"
#include "config/config_work.h"

static void forget_results(struct job *job)
{
    g_clear_pointer(&job->answer, json_decref);
    g_clear_pointer(&job->faults, g_array_unref);
    g_clear_pointer(&job->way, g_free);
    job->fault = (struct fault){0};
}

void job_drop(struct job *job)
{
    const struct job_kind *kind = job->kind;
    forget_results(job);
    if (kind->clear != NULL) {
        kind->clear(job->work);
    }
    if (kind->work > 0) {
        sodium_memzero(job->work, kind->work); /* it may hold a key */
    }
    if (job->body != NULL) {
        record_clear(kind->body, job->body);
    }
    g_free(job->work);
    g_free(job->body);
    principal_clear(&job->actor);
    g_free(job);
}

static enum command_result run(struct ledger_tx *tx, void *arg)
{
    struct job *job = arg;
    forget_results(job);
    return job->kind->run(tx, job);
}

/* What is to be told once the job is no more. */
struct to_tell {
    struct http_request *request;
    int status;
    struct fault fault;
    GArray *faults;
    json_t *answer;
    char *way;
};

static void tell(struct to_tell *told)
{
    struct http_request *request = told->request;
    if (told->way != NULL) {
        http_answer_redirect(request, 303, told->way);
    } else if (told->faults != NULL && told->faults->len > 0) {
        http_answer_faults(request, told->status,
                           (const struct fault *)(const void *)told->faults->data,
                           told->faults->len);
    } else if (told->status >= 400) {
        http_answer_fault(request, told->status, &told->fault);
    } else if (told->answer != NULL) {
        http_answer_json(request, told->status, g_steal_pointer(&told->answer));
    } else {
        http_answer_empty(request, told->status);
    }
}

/* Frees the job before it answers: with the answer the request and its body, which the job refers
 * to, belong to another thread. */
static void answer(void *arg, enum command_outcome outcome)
{
    struct job *job = arg;
    if (job->kind->settle != NULL) {
        job->kind->settle(job, outcome);
    }
    bool is_told_anyway = job->is_told_anyway;
    struct to_tell told = {.request = job->request,
                           .status = job->status,
                           .fault = job->fault,
                           .faults = g_steal_pointer(&job->faults),
                           .answer = g_steal_pointer(&job->answer),
                           .way = g_steal_pointer(&job->way)};
    job_drop(job);
    if (is_told_anyway || api_outcome(told.request, outcome)) {
        tell(&told);
    }
    g_clear_pointer(&told.faults, g_array_unref);
    json_decref(told.answer);
    g_free(told.way);
}

/* False after answering what is wrong. */
static bool read_request(struct job *job)
{
    const struct job_kind *kind = job->kind;
    if (kind->number_of != NULL) {
        job->id = api_id(job->request, "id");
        if (job->id == 0) {
            api_answer_no_number(job->request, "id", kind->number_of);
            return false;
        }
    }
    job->body = kind->body != NULL ? g_malloc0(kind->body->size) : NULL;
    return job->body == NULL || api_body(job->request, kind->body, job->body);
}

struct job *job_begin(struct http_request *request, struct api_context *api, void *self,
                      const struct job_kind *kind)
{
    struct job *job = g_new0(struct job, 1);
    job->kind = kind;
    job->request = request;
    job->api = api;
    job->self = self;
    job->work = kind->work > 0 ? g_malloc0(kind->work) : NULL;
    if (!read_request(job)) {
        job_drop(job);
        return NULL;
    }
    job->actor = principal_copy(api_principal(request));
    return job;
}

void job_go(struct job *job)
{
    const struct command command = {.run = run, .answer = answer, .arg = job};
    if (!api_submit(job->request, job->api, command)) {
        job_drop(job);
    }
}

void job_submit(struct http_request *request, struct api_context *api, void *self,
                const struct job_kind *kind)
{
    struct job *job = job_begin(request, api, self, kind);
    if (job != NULL) {
        job_go(job);
    }
}

enum command_result job_done(struct job *job, int status, json_t *body)
{
    job->status = status;
    job->answer = body;
    return COMMAND_DONE;
}

enum command_result job_refused(struct job *job, int status)
{
    job->status = status;
    return COMMAND_REFUSED;
}

enum command_result job_became(struct job *job, enum command_result result, int status,
                               const struct fault *fault)
{
    job->status = status;
    job->fault = *fault;
    return result;
}

enum command_result job_missing(struct job *job, const char *what, const char *name)
{
    (void)fault_set(&job->fault, "", "There is no %s \"%s\".", what, name);
    return job_refused(job, 404);
}

void job_begin_config(const struct job *job, struct config_command *command)
{
    *command = (struct config_command){.configs = job->api->configs, .actor = job->actor};
}

enum command_result job_run_config(struct ledger_tx *tx, struct job *job,
                                   enum command_result (*run_it)(struct ledger_tx *tx, void *work))
{
    struct config_command *command = job->work;
    enum command_result result = run_it(tx, command);
    return job_became(job, result, command->status, &command->fault);
}

void job_settle_config(struct job *job, enum command_outcome outcome)
{
    config_command_answered(job->work, outcome);
}
