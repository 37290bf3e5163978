/* The commands behind POST and DELETE of Alertmanager's silences. */
#include <string.h>

#include "alert/silence.h"
#include "api/alertmanager_silences.h"
#include "api/support.h"
#include "base/json.h"
#include "base/json_set.h"
#include "config/config_store.h"
#include "config/config_work.h"

/* One on its way through the ledger. */
struct silence_job {
    struct http_request *request;
    char *integration;
    struct principal actor;
    bool is_trusted;
    char *id;     /* of the silence that is meant; NULL: a new one */
    json_t *sent; /* what it shall be; NULL: it shall end */
    /* Set afresh by each run: */
    struct put_object put, end;
    json_t *spec, *end_spec;
    char made_id[SILENCE_ID_SIZE];
};

static struct silence_job *job_new(struct http_request *request, const struct api_context *context,
                                   const struct silencing *who)
{
    struct silence_job *job = g_new0(struct silence_job, 1);
    job->request = request;
    job->integration = g_strdup(who->integration);
    job->actor = principal_copy(who->actor);
    job->is_trusted = who->is_trusted;
    const struct config_command base = {.configs = context->configs, .actor = job->actor};
    job->put = (struct put_object){.base = base, .kind = &SILENCE_KIND};
    job->end = (struct put_object){
        .base = base, .kind = &SILENCE_KIND, .keeps_maker = true, .skips_meaning = true};
    return job;
}

static void job_reset(struct silence_job *job)
{
    g_clear_pointer(&job->spec, json_decref);
    g_clear_pointer(&job->end_spec, json_decref);
    put_object_clear(&job->put);
    put_object_clear(&job->end);
}

static void job_free(struct silence_job *job)
{
    job_reset(job);
    json_decref(job->sent);
    g_free(job->integration);
    principal_clear(&job->actor);
    g_free(job->id);
    g_free(job);
}

static enum command_result refuse(struct silence_job *job, int status, const char *why)
{
    job->put.base.status = status;
    (void)fault_set(&job->put.base.fault, "", "%s", why);
    return COMMAND_REFUSED;
}

static bool is_of_file(struct ledger_tx *tx, const struct silence *silence)
{
    g_autoptr(GPtrArray) objects = config_load_objects(tx->db);
    for (guint i = 0; i < objects->len; i++) {
        const struct config_object *object = objects->pdata[i];
        if (object->kind == &SILENCE_KIND && strcmp(object->name, silence->name) == 0) {
            return object->is_from_file;
        }
    }
    return false;
}

/* NULL: yes. */
static const char *why_not_change(struct ledger_tx *tx, const struct silence_job *job,
                                  const struct silence *silence)
{
    if (is_of_file(tx, silence)) {
        return "This silence belongs to the configuration file; change it there and apply it.";
    }
    if (silence->windows->len > 0) {
        return "This silence recurs; change it where it was made.";
    }
    if (!job->is_trusted && !silence_is_scoped(silence, job->integration)) {
        return "This silence holds more than this integration's alerts: that takes an access token "
               "of scope respond.";
    }
    return NULL;
}

/* As Alertmanager lets a silence be changed in place: what it holds stays, and so does its past. */
static bool can_stay(const struct silence_job *job, const struct silence *before,
                     const struct silence *after, struct utc now)
{
    json_auto_t *old = silence_gettable(before, job->integration, now);
    json_auto_t *new = silence_gettable(after, job->integration, now);
    struct utc change_at;
    int state = silence_state(before, now, &change_at);
    bool is_same_start = before->from.us / 1000000 == after->from.us / 1000000;
    return json_equal(json_object_get(old, "matchers"), json_object_get(new, "matchers")) &&
           ((state == SILENCE_ACTIVE && is_same_start) ||
            (state == SILENCE_PENDING && !utc_before(after->from, now)));
}

static enum command_result end_now(struct ledger_tx *tx, struct silence_job *job,
                                   const struct silence *silence)
{
    job->end_spec = silence_ended(silence, tx->now);
    job->end.spec = job->end_spec;
    return put_object_run(tx, &job->end);
}

static void make_name(struct ledger_tx *tx, json_t *spec)
{
    unsigned char bytes[16];
    random_fill(ledger_random(tx), bytes, sizeof bytes);
    char name[SILENCE_ID_SIZE];
    silence_id_of_bytes(bytes, 4, name);
    (void)json_object_set_new(spec, "name", json_string(name));
}

static enum command_result put_found(struct ledger_tx *tx, struct silence_job *job,
                                     const struct silence *before)
{
    struct fault fault = {0};
    json_auto_t *named = json_deep_copy(job->sent);
    (void)json_object_set_new(named, "name", json_string("new"));
    struct silence *after = record_new(&SILENCE_RECORD, named, &fault);
    if (after == NULL) {
        job->put.base.fault = fault;
        job->put.base.status = 400;
        return COMMAND_REFUSED;
    }
    bool stays = before != NULL && can_stay(job, before, after, tx->now);
    job->spec = json_deep_copy(job->sent);
    if (stays) {
        json_auto_t *old = record_write(&SILENCE_RECORD, before);
        (void)json_object_set(job->spec, "name", json_object_get(old, "name"));
        (void)json_object_set(job->spec, "match", json_object_get(old, "match"));
    } else {
        make_name(tx, job->spec);
        if (utc_before(after->from, tx->now)) {
            json_set_utc(job->spec, "from", tx->now);
        }
    }
    record_free(&SILENCE_RECORD, after);
    job->put.spec = job->spec;
    job->put.keeps_maker = stays;
    enum command_result result = put_object_run(tx, &job->put);
    silence_id(json_text(job->spec, "name", ""), job->made_id);
    struct utc change_at;
    bool must_end = result == COMMAND_DONE && before != NULL && !stays &&
                    silence_state(before, tx->now, &change_at) != SILENCE_OVER;
    return must_end ? end_now(tx, job, before) : result;
}

/* One that is over already is answered as if this had ended it: so does Alertmanager. */
static enum command_result end_found(struct ledger_tx *tx, struct silence_job *job,
                                     const struct silence *silence)
{
    struct utc change_at;
    bool is_over = silence_state(silence, tx->now, &change_at) == SILENCE_OVER;
    return is_over ? COMMAND_DONE : end_now(tx, job, silence);
}

static enum command_result run_on(struct ledger_tx *tx, struct silence_job *job,
                                  const struct config *config)
{
    const struct silence *before =
        job->id == NULL ? NULL : silence_by_id(config, job->integration, job->id);
    if (before == NULL && (job->id != NULL || job->sent == NULL)) {
        return refuse(job, 404, "There is no silence of that id here.");
    }
    const char *why = before == NULL ? NULL : why_not_change(tx, job, before);
    if (why != NULL) {
        return refuse(job, 403, why);
    }
    return job->sent != NULL ? put_found(tx, job, before) : end_found(tx, job, before);
}

static enum command_result run(struct ledger_tx *tx, void *arg)
{
    struct silence_job *job = arg;
    job_reset(job);
    job->put.base.status = 200;
    job->end.base.status = 200;
    struct config *config = config_load(tx->db, &job->put.base.fault);
    if (config == NULL) {
        job->put.base.status = 503;
        return COMMAND_REFUSED;
    }
    enum command_result result = run_on(tx, job, config);
    config_unref(config);
    return result;
}

/* Their clients show people the reason of those refusals only that the real interface knows. */
static int shown_status(const struct silence_job *job, int status)
{
    bool is_shown = status == 404 || status >= 500;
    return is_shown ? status : job->sent != NULL ? REFUSED_CHANGE : REFUSED_END;
}

static void answer(void *self, enum command_outcome outcome)
{
    struct silence_job *job = self;
    /* In the order of their writing, so that the newer snapshot is the one in force. */
    config_command_answered(&job->put, outcome);
    config_command_answered(&job->end, outcome);
    const struct config_command *failed =
        job->put.base.status >= 400 ? &job->put.base : &job->end.base;
    if (!api_outcome(job->request, outcome)) {
        job_free(job);
        return;
    }
    if (failed->status >= 400) {
        http_answer_fault(job->request, shown_status(job, failed->status), &failed->fault);
    } else if (job->sent != NULL) {
        http_answer_json(job->request, 200, json_pack("{s:s}", "silenceID", job->made_id));
    } else {
        http_answer_empty(job->request, 200);
    }
    job_free(job);
}

static void submit(struct silence_job *job, struct api_context *context)
{
    struct command command = {.run = run, .answer = answer, .arg = job};
    if (!api_submit(job->request, context, command)) {
        job_free(job);
    }
}

void silence_put(struct http_request *request, struct api_context *context,
                 const struct silencing *who)
{
    struct fault fault = {0};
    const char *id = NULL;
    const json_t *body = http_json(request);
    if (body == NULL) {
        return;
    }
    json_t *sent = silence_posted(body, who->integration, clock_now(context->clock), &id, &fault);
    if (sent == NULL) {
        http_answer_fault(request, 400, &fault);
        return;
    }
    struct silence_job *job = job_new(request, context, who);
    job->id = g_strdup(id);
    job->sent = sent;
    submit(job, context);
}

void silence_end(struct http_request *request, struct api_context *context,
                 const struct silencing *who)
{
    struct silence_job *job = job_new(request, context, who);
    job->id = g_strdup(http_path_param(request, "id"));
    submit(job, context);
}
