#include "api/job.h"

#include "api/support.h"

static void job_free(struct job *job)
{
    if (job->body != NULL) {
        record_clear(job->kind->body, job->body);
    }
    g_free(job->body);
    principal_clear(&job->actor);
    json_decref(job->answer);
    g_free(job);
}

static enum command_result run(struct ledger_tx *tx, void *arg)
{
    struct job *job = arg;
    g_clear_pointer(&job->answer, json_decref);
    job->fault = (struct fault){0};
    return job->kind->run(tx, job);
}

static void answer(void *arg, enum command_outcome outcome)
{
    struct job *job = arg;
    if (api_outcome(job->request, outcome)) {
        if (job->status >= 400) {
            http_answer_fault(job->request, job->status, &job->fault);
        } else if (job->answer != NULL) {
            http_answer_json(job->request, job->status, g_steal_pointer(&job->answer));
        } else {
            http_answer_empty(job->request, job->status);
        }
    }
    job_free(job);
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
    if (job->body != NULL && !api_body(job->request, kind->body, job->body)) {
        return false;
    }
    job->actor = principal_copy(api_principal(job->request));
    return true;
}

void job_submit(struct http_request *request, struct api_context *api, void *self,
                const struct job_kind *kind)
{
    struct job *job = g_new0(struct job, 1);
    job->kind = kind;
    job->request = request;
    job->self = self;
    const struct command command = {.run = run, .answer = answer, .arg = job};
    if (!read_request(job) || !api_submit(request, api, command)) {
        job_free(job);
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
