/* Why was this person paged, and who would be? */
#include "api/aside.h"
#include "api/handler.h"
#include "api/sight.h"

#include "alert/alert_permits.h"
#include "alert/signal.h"
#include "base/json.h"
#include "base/principal.h"
#include "ledger/event.h"
#include "paging/alert_topic.h"
#include "paging/explain.h"
#include "paging/explain_shapes.h"
#include "paging/paging_permits.h"
#include "paging/whatif.h"
#include "people/address.h"
#include "people/contact_store.h"

/* Nobody waits longer for secrets, each of which may take two seconds: neither whoever asks nor who comes after. */
#define SECRETS_PATIENCE SPAN_S(1)

/* What is not for everybody's eyes: kinds of events, and where people were when they did it. */
static void hide_events(json_t *explanation, const struct ledger *ledger, int sight)
{
    json_t *decisions = json_object_get(explanation, "decisions");
    for (size_t i = json_array_size(decisions); i > 0; i--) {
        json_t *decision = json_array_get(decisions, i - 1);
        if (!sight_sees(sight, ledger, json_text(decision, "kind", ""))) {
            (void)json_array_remove(decisions, i - 1);
        } else if (sight < SCOPE_ADMIN) {
            (void)json_object_del(json_object_get(decision, "data"), EVENT_CLIENT);
        }
    }
}

static void read_explain(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (api_id(request, "id") == 0) {
        api_answer_no_number(request, "id", "alert");
        return;
    }
    struct db *db = api_reader(context);
    struct config *config = config_current(context->configs);
    json_t *explanation =
        explain_subject(db, config, &ALERT_TOPIC, api_id(request, "id"), clock_now(context->clock));
    config_unref(config);
    if (!api_reader_done(context, request, db)) {
        json_decref(explanation);
        return;
    }
    if (explanation == NULL) {
        api_answer_missing(request, "alert", http_path_param(request, "id"));
        return;
    }
    hide_events(explanation, context->ledger, sight_of(request));
    http_answer_json(request, 200, explanation);
}

static void get_explain(struct http_request *request, void *context)
{
    aside_answer(request, context, read_explain);
}

struct whatif_ask {
    char *service;
    int severity;
    struct utc at;
};

#define WHATIF_FIELD_COUNT 3

/* Of the body, and one by one of the query. */
static const struct field WHATIF_FIELDS[WHATIF_FIELD_COUNT + 1] = {
    {.name = "service",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct whatif_ask, service),
     .flags = FIELD_REQUIRED},
    {.name = "severity",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct whatif_ask, severity),
     .names = SEVERITY_NAMES,
     .doc = "error when absent."},
    {.name = "at",
     .kind = FIELD_UTC,
     .offset = offsetof(struct whatif_ask, at),
     .doc = "Now when absent."},
    {0},
};
static const struct record WHATIF_RECORD = {.name = "WhatIf",
                                            .doc = "An alert that did not happen.",
                                            .size = sizeof(struct whatif_ask),
                                            .fields = WHATIF_FIELDS,
                                            .field_count = WHATIF_FIELD_COUNT};

/* A message to what cannot work here fails before it is sent. */
struct ways_look {
    const struct api_context *context;
    struct contact_states *states;
    GHashTable *reasons; /* kind and reference -> why it is of no use, or "" */
    struct utc now;
    struct span until; /* no secret is looked up later: a file system may hang */
};

/* Of a secret; NULL: nothing is known against it. Borrowed. */
static const char *secret_amiss(struct ways_look *look, int kind, const char *secret)
{
    const struct api_context *context = look->context;
    g_autofree char *key = g_strdup_printf("%d %s", kind, secret);
    const char *why = g_hash_table_lookup(look->reasons, key);
    if (why == NULL && clock_elapsed(context->clock).us < look->until.us) {
        char *found = context->way_amiss(context->ways_self, kind, NULL, secret);
        why = found != NULL ? found : g_strdup("");
        g_hash_table_insert(look->reasons, g_steal_pointer(&key), (gpointer)(uintptr_t)why);
    }
    return why != NULL && why[0] != '\0' ? why : NULL;
}

/* One contact, or a room. */
static void look_at_way(struct ways_look *look, const char *who, const struct contact *contact)
{
    const struct api_context *context = look->context;
    g_autofree char *address =
        contact->to != NULL
            ? context->way_amiss(context->ways_self, contact->kind, contact->to, NULL)
            : NULL;
    const char *why = address;
    if (why == NULL && contact->secret != NULL && is_secret_reference(contact->secret)) {
        why = secret_amiss(look, contact->kind, contact->secret);
    }
    if (why != NULL) {
        contact_state_refuse(look->states, who, contact->name, why, look->now);
    }
}

static void look_at_ways(const struct api_context *context, const struct config *config,
                         struct contact_states *states)
{
    if (context->way_amiss == NULL) {
        return;
    }
    struct ways_look look = {.context = context,
                             .states = states,
                             .reasons =
                                 g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                             .now = clock_now(context->clock),
                             .until = {clock_elapsed(context->clock).us + SECRETS_PATIENCE.us}};
    char room_contact[] = "channel"; /* the one way of a room */
    const GPtrArray *users = config_items(config, &USER_KIND);
    const GPtrArray *channels = config_items(config, &CHAT_CHANNEL_KIND);
    for (guint i = 0; i < users->len; i++) {
        const struct user *user = users->pdata[i];
        for (guint k = 0; k < user->contacts->len; k++) {
            look_at_way(&look, user->name, user->contacts->pdata[k]);
        }
    }
    for (guint i = 0; i < channels->len; i++) {
        const struct chat_channel *channel = channels->pdata[i];
        g_autofree char *who = principal_text(PRINCIPAL_CHANNEL, channel->name);
        const struct contact room = {.name = room_contact,
                                     .kind = channel->kind,
                                     .to = channel->to,
                                     .secret = channel->secret};
        look_at_way(&look, who, &room);
    }
    g_hash_table_unref(look.reasons);
}

/* Apart from intake, for the secrets' file system may be slow. */
struct whatif_job {
    struct http_request *request;
    struct api_context *context;
    struct whatif_ask ask;
};

static void whatif_job_free(struct whatif_job *job)
{
    record_clear(&WHATIF_RECORD, &job->ask);
    g_free(job);
}

static void run_whatif(void *self)
{
    struct whatif_job *job = self;
    struct api_context *context = job->context;
    int severity = job->ask.severity == 0 ? SEVERITY_ERROR : job->ask.severity;
    struct utc at = utc_is_set(job->ask.at) ? job->ask.at : clock_now(context->clock);
    struct fault fault = {0};
    struct config *config = config_current(context->configs);
    struct db *db = api_reader(context);
    struct contact_states *states = contact_states_read(db);
    if (!api_reader_done(context, job->request, db)) {
        contact_states_free(states);
        config_unref(config);
        whatif_job_free(job);
        return;
    }
    look_at_ways(context, config, states);
    json_t *answer = whatif(config, states, job->ask.service, severity, at, &fault);
    contact_states_free(states);
    config_unref(config);
    if (answer == NULL) {
        http_answer_fault(job->request, 422, &fault);
    } else {
        http_answer_json(job->request, 200, answer);
    }
    whatif_job_free(job);
}

/* Takes `ask` over. */
static void answer_whatif(struct http_request *request, struct api_context *context,
                          struct whatif_ask ask)
{
    struct whatif_job *job = g_new0(struct whatif_job, 1);
    *job = (struct whatif_job){request, context, ask};
    if (!aside_run(request, run_whatif, job)) {
        whatif_job_free(job);
    }
}

static void post_whatif(struct http_request *request, void *context)
{
    struct whatif_ask ask = {0};
    if (api_body(request, &WHATIF_RECORD, &ask)) {
        answer_whatif(request, context, ask);
    }
}

/* The query goes through the same record as the body, so that both refuse the same things. */
static void read_whatif(struct http_request *request, void *context)
{
    json_auto_t *body = json_object();
    for (size_t i = 0; i < WHATIF_FIELD_COUNT; i++) {
        const char *value = http_query(request, WHATIF_FIELDS[i].name);
        if (value != NULL) {
            json_object_set_new(body, WHATIF_FIELDS[i].name, json_string(value));
        }
    }
    struct whatif_ask ask = {0};
    struct fault fault = {0};
    if (!record_read(&WHATIF_RECORD, body, &ask, &fault)) {
        http_answer_fault(request, 400, &fault);
        return;
    }
    answer_whatif(request, context, ask);
}

static void get_whatif(struct http_request *request, void *context)
{
    aside_answer(request, context, read_whatif);
}

static const int UNKNOWN[] = {422, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/alerts/{id}/explain", &PERMIT_ALERT_READ, get_explain,
     .summary = "Every decision about an alert: rule, layer, step, instant, each attempt.",
     .answer = &EXPLANATION_SHAPE, .names = API_NUMBER_NAMES},
    {"GET", "/api/v1/whatif", &PERMIT_PAGE_FORESEE, get_whatif,
     .summary = "Who would be told when, for an alert on a service at an instant.",
     .answer = &WHATIF_SHAPE, .others = UNKNOWN, .params = WHATIF_FIELDS},
    {"POST", "/api/v1/whatif", &PERMIT_PAGE_FORESEE, post_whatif,
     .summary = "The same question with a body.", .request = &WHATIF_RECORD,
     .answer = &WHATIF_SHAPE},
};
const struct route_table EXPLAIN_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
