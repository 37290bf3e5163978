/* The commands behind POST and DELETE of Alertmanager's silences. */
#include <string.h>

#include "alert/silence.h"
#include "api/job.h"
#include "base/json.h"
#include "base/json_set.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "source/alertmanager_silences_api.h"

/* One on its way through the ledger. */
struct changing {
    char *integration;
    bool is_trusted;
    char *id;     /* of the silence that is meant; NULL: a new one */
    json_t *sent; /* what it shall be; NULL: it shall end */
    /* Set afresh by each run: */
    struct put_object put, end;
    json_t *spec, *end_spec;
    char made_id[SILENCE_ID_SIZE];
};

static void reset(struct changing *change)
{
    g_clear_pointer(&change->spec, json_decref);
    g_clear_pointer(&change->end_spec, json_decref);
    put_object_clear(&change->put);
    put_object_clear(&change->end);
}

static void changing_clear(void *work)
{
    struct changing *change = work;
    reset(change);
    json_decref(change->sent);
    g_free(change->integration);
    g_free(change->id);
}

static enum command_result refuse(struct changing *change, int status, const char *why)
{
    change->put.base.status = status;
    (void)fault_set(&change->put.base.fault, "", "%s", why);
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
static const char *why_not_change(struct ledger_tx *tx, const struct changing *change,
                                  const struct silence *silence)
{
    if (is_of_file(tx, silence)) {
        return "This silence belongs to the configuration file; change it there and apply it.";
    }
    if (silence->windows->len > 0) {
        return "This silence recurs; change it where it was made.";
    }
    if (!change->is_trusted && !silence_is_scoped(silence, change->integration)) {
        return "This silence holds more than this integration's alerts: that takes an access token "
               "of scope respond.";
    }
    return NULL;
}

/* As Alertmanager lets a silence be changed in place: what it holds stays, and so does its past. */
static bool can_stay(const struct changing *change, const struct silence *before,
                     const struct silence *after, struct utc now)
{
    json_auto_t *old = silence_gettable(before, change->integration, now);
    json_auto_t *new = silence_gettable(after, change->integration, now);
    struct utc change_at;
    int state = silence_state(before, now, &change_at);
    bool is_same_start = before->from.us / 1000000 == after->from.us / 1000000;
    return json_equal(json_object_get(old, "matchers"), json_object_get(new, "matchers")) &&
           ((state == SILENCE_ACTIVE && is_same_start) ||
            (state == SILENCE_PENDING && !utc_before(after->from, now)));
}

static enum command_result end_now(struct ledger_tx *tx, struct changing *change,
                                   const struct silence *silence)
{
    change->end_spec = silence_ended(silence, tx->now);
    change->end.spec = change->end_spec;
    return put_object_run(tx, &change->end);
}

static void make_name(struct ledger_tx *tx, json_t *spec)
{
    unsigned char bytes[16];
    random_fill(ledger_random(tx), bytes, sizeof bytes);
    char name[SILENCE_ID_SIZE];
    silence_id_of_bytes(bytes, 4, name);
    (void)json_object_set_new(spec, "name", json_string(name));
}

static enum command_result put_found(struct ledger_tx *tx, struct changing *change,
                                     const struct silence *before)
{
    struct fault fault = {0};
    json_auto_t *named = json_deep_copy(change->sent);
    (void)json_object_set_new(named, "name", json_string("new"));
    struct silence *after = record_new(&SILENCE_RECORD, named, &fault);
    if (after == NULL) {
        change->put.base.fault = fault;
        change->put.base.status = 400;
        return COMMAND_REFUSED;
    }
    bool stays = before != NULL && can_stay(change, before, after, tx->now);
    change->spec = json_deep_copy(change->sent);
    if (stays) {
        json_auto_t *old = record_write(&SILENCE_RECORD, before);
        (void)json_object_set(change->spec, "name", json_object_get(old, "name"));
        (void)json_object_set(change->spec, "match", json_object_get(old, "match"));
    } else {
        make_name(tx, change->spec);
        if (utc_before(after->from, tx->now)) {
            json_set_utc(change->spec, "from", tx->now);
        }
    }
    record_free(&SILENCE_RECORD, after);
    change->put.spec = change->spec;
    change->put.keeps_maker = stays;
    enum command_result result = put_object_run(tx, &change->put);
    silence_id(json_text(change->spec, "name", ""), change->made_id);
    struct utc change_at;
    bool must_end = result == COMMAND_DONE && before != NULL && !stays &&
                    silence_state(before, tx->now, &change_at) != SILENCE_OVER;
    return must_end ? end_now(tx, change, before) : result;
}

/* One that is over already is answered as if this had ended it: so does Alertmanager. */
static enum command_result end_found(struct ledger_tx *tx, struct changing *change,
                                     const struct silence *silence)
{
    struct utc change_at;
    bool is_over = silence_state(silence, tx->now, &change_at) == SILENCE_OVER;
    return is_over ? COMMAND_DONE : end_now(tx, change, silence);
}

static enum command_result run_on(struct ledger_tx *tx, struct changing *change,
                                  const struct config *config)
{
    const struct silence *before =
        change->id == NULL ? NULL : silence_by_id(config, change->integration, change->id);
    if (before == NULL && (change->id != NULL || change->sent == NULL)) {
        return refuse(change, 404, "There is no silence of that id here.");
    }
    const char *why = before == NULL ? NULL : why_not_change(tx, change, before);
    if (why != NULL) {
        return refuse(change, 403, why);
    }
    return change->sent != NULL ? put_found(tx, change, before) : end_found(tx, change, before);
}

/* Their clients show people the reason of those refusals only that the real interface knows. */
static int shown_status(const struct changing *change, int status)
{
    bool is_shown = status == 404 || status >= 500;
    return is_shown ? status : change->sent != NULL ? REFUSED_CHANGE : REFUSED_END;
}

static enum command_result run_on_newest(struct ledger_tx *tx, struct changing *change)
{
    reset(change);
    change->put.base.status = 200;
    change->end.base.status = 200;
    struct config *config = config_load(tx->db, &change->put.base.fault);
    if (config == NULL) {
        change->put.base.status = 503;
        return COMMAND_REFUSED;
    }
    enum command_result result = run_on(tx, change, config);
    config_unref(config);
    return result;
}

static enum command_result run(struct ledger_tx *tx, struct job *job)
{
    struct changing *change = job->work;
    enum command_result result = run_on_newest(tx, change);
    const struct config_command *failed =
        change->put.base.status >= 400 ? &change->put.base : &change->end.base;
    if (failed->status >= 400) {
        return job_became(job, result, shown_status(change, failed->status), &failed->fault);
    }
    bool is_made = change->sent != NULL;
    (void)job_done(job, 200, is_made ? json_pack("{s:s}", "silenceID", change->made_id) : NULL);
    return result;
}

/* In the order of their writing, so that the newer snapshot is the one in force. */
static void settle(struct job *job, enum command_outcome outcome)
{
    struct changing *change = job->work;
    config_command_answered(&change->put, outcome);
    config_command_answered(&change->end, outcome);
}

static struct job *begin(struct http_request *request, struct api_context *context,
                         const struct silencing *who)
{
    static const struct job_kind CHANGING = {
        .work = sizeof(struct changing), .run = run, .settle = settle, .clear = changing_clear};
    struct job *job = job_begin(request, context, context, &CHANGING);
    struct changing *change = job->work;
    principal_clear(&job->actor);
    job->actor = principal_copy(who->actor);
    change->integration = g_strdup(who->integration);
    change->is_trusted = who->is_trusted;
    change->put = (struct put_object){.kind = &SILENCE_KIND};
    change->end =
        (struct put_object){.kind = &SILENCE_KIND, .keeps_maker = true, .skips_meaning = true};
    job_begin_config(job, &change->put.base);
    job_begin_config(job, &change->end.base);
    return job;
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
    struct job *job = begin(request, context, who);
    struct changing *change = job->work;
    change->id = g_strdup(id);
    change->sent = sent;
    job_go(job);
}

void silence_end(struct http_request *request, struct api_context *context,
                 const struct silencing *who)
{
    struct job *job = begin(request, context, who);
    ((struct changing *)job->work)->id = g_strdup(http_path_param(request, "id"));
    job_go(job);
}
