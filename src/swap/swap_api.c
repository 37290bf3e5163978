/* /api/v1/swaps */
#include "access/permit.h"
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "oncall/schedule.h"
#include "people/user.h"
#include "swap/swap_store.h"
#include "swap/swap_work.h"

static const struct permit PERMIT_SWAP_READ = {"swap.read", SCOPE_READ, SWAP_SUBJECT,
                                               "Read which shifts are to change hands."};
static const struct permit PERMIT_SWAP_ASK = {"swap.ask", SCOPE_RESPOND, NULL,
                                              "Ask somebody else to take shifts."};
static const struct permit PERMIT_SWAP_ANSWER = {"swap.answer", SCOPE_RESPOND, SWAP_SUBJECT,
                                                 "Accept, decline or withdraw a swap."};

/* --- reading --- */

struct swap_listing {
    json_t *items;
    int limit;
    int64_t last_id;
    bool has_more;
};

static void take_swap(void *self, const struct swap *swap)
{
    struct swap_listing *listing = self;
    listing->has_more = (int)json_array_size(listing->items) == listing->limit;
    if (!listing->has_more) {
        listing->last_id = swap->id;
        json_array_append_new(listing->items, record_write(&SWAP_RECORD, swap));
    }
}

/* False after answering. */
static bool read_filter(struct http_request *request, const struct api_context *context,
                        struct swap_filter *out)
{
    *out = (struct swap_filter){.schedule = http_query(request, "schedule"),
                                .user = http_query(request, "user")};
    return api_query_enum(request, "state", SWAP_STATE_NAMES, &out->state) &&
           api_query_known(request, context, "schedule", &SCHEDULE_KIND) &&
           api_query_known(request, context, "user", &USER_KIND);
}

static void read_swaps(struct http_request *request, void *context)
{
    struct api_page page;
    struct swap_filter filter;
    if (!api_page_read(request, &page) || !read_filter(request, context, &filter)) {
        return;
    }
    struct swap_listing listing = {.items = json_array(), .limit = page.limit};
    struct db *db = api_reader(context);
    swap_list(db, &filter, page.from, page.limit + 1, take_swap, &listing);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, listing.items, listing.has_more ? listing.last_id : 0);
    } else {
        json_decref(listing.items);
    }
}

static void get_swaps(struct http_request *request, void *context)
{
    aside_answer(request, context, read_swaps);
}

static void get_swap(struct http_request *request, void *context)
{
    struct swap swap = {0};
    int64_t id = api_id(request, "id");
    struct db *db = api_reader(context);
    bool is_found = id != 0 && swap_load(db, id, &swap);
    if (api_reader_done(context, request, db)) {
        if (is_found) {
            http_answer_json(request, 200, record_write(&SWAP_RECORD, &swap));
        } else {
            api_answer_missing(request, "swap", http_path_param(request, "id"));
        }
    }
    swap_clear(&swap);
}

/* --- asking --- */

static enum command_result run_ask(struct ledger_tx *tx, struct job *job)
{
    struct ask_swap *ask = job->work;
    enum command_result result = job_run_config(tx, job, ask_swap_run);
    if (result == COMMAND_DONE) {
        job->answer = record_write(&SWAP_RECORD, &ask->swap);
    }
    return result;
}

/* The person whom the body names, or who calls, acts. False after answering, and the job is dropped. */
static bool act_for(struct job *job, const char *user)
{
    principal_clear(&job->actor);
    if (!api_actor(job->request, job->api, user, &job->actor)) {
        job_drop(job);
        return false;
    }
    return true;
}

static void post_swap(struct http_request *request, void *context)
{
    static const struct job_kind ASKING = {.body = &SWAP_ASKED,
                                           .work = sizeof(struct ask_swap),
                                           .run = run_ask,
                                           .settle = job_settle_config,
                                           .clear = ask_swap_clear};
    struct job *job = job_begin(request, context, context, &ASKING);
    if (job == NULL) {
        return;
    }
    struct swap *asked = job->body;
    if (!act_for(job, asked->asker)) {
        return;
    }
    if (job->actor.kind != PRINCIPAL_USER) {
        struct fault fault = {0};
        (void)fault_set(&fault, "user", "is needed: whose shifts are they?");
        http_answer_fault(request, 422, &fault);
        job_drop(job);
        return;
    }
    g_free(asked->asker);
    asked->asker = g_strdup(job->actor.name);
    struct ask_swap *ask = job->work;
    ask->pager = job->api->pager;
    ask->asked = asked;
    job_begin_config(job, &ask->base);
    job_go(job);
}

/* --- answering --- */

struct answer_body {
    char *user, *note;
};
static const struct field ANSWER_FIELDS[] = {
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct answer_body, user),
     .doc = "Who answers, where a program or the local socket does it for a person."},
    {.name = "note",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct answer_body, note),
     .max = 500,
     .doc = "Who asked reads it."},
};
static const struct record ANSWER_RECORD = {.name = "SwapAnswer",
                                            .doc = "An answer to whoever asks for a swap.",
                                            .size = sizeof(struct answer_body),
                                            .fields = ANSWER_FIELDS,
                                            .field_count = G_N_ELEMENTS(ANSWER_FIELDS)};

static enum command_result run_answer(struct ledger_tx *tx, struct job *job)
{
    struct answer_swap *answer = job->work;
    enum command_result result = job_run_config(tx, job, answer_swap_run);
    if (result == COMMAND_DONE) {
        job->answer = record_write(&SWAP_RECORD, &answer->swap);
    }
    return result;
}

static void answer_with(struct http_request *request, struct api_context *context,
                        enum swap_state to)
{
    static const struct job_kind ANSWERING = {.body = &ANSWER_RECORD,
                                              .number_of = SWAP_SUBJECT,
                                              .work = sizeof(struct answer_swap),
                                              .run = run_answer,
                                              .settle = job_settle_config,
                                              .clear = answer_swap_clear};
    struct job *job = job_begin(request, context, context, &ANSWERING);
    if (job == NULL) {
        return;
    }
    const struct answer_body *body = job->body;
    if (!act_for(job, body->user)) {
        return;
    }
    struct answer_swap *answer = job->work;
    answer->pager = job->api->pager;
    answer->id = job->id;
    answer->to = to;
    answer->note = body->note;
    job_begin_config(job, &answer->base);
    job_go(job);
}

static void post_accept(struct http_request *request, void *context)
{
    answer_with(request, context, SWAP_ACCEPTED);
}

static void post_decline(struct http_request *request, void *context)
{
    answer_with(request, context, SWAP_DECLINED);
}

static void post_withdraw(struct http_request *request, void *context)
{
    answer_with(request, context, SWAP_WITHDRAWN);
}

static const struct field LIST_PARAMS[] = {
    API_PAGE_PARAM_ROWS,
    SHAPE_ENUM("state", SWAP_STATE_NAMES, 0),
    SHAPE_TEXT("schedule", 0, "Only of this schedule."),
    SHAPE_TEXT("user", 0, "Only those by which this person asks, or is asked by name."),
    {0},
};
static const int OVER[] = {409, 0};

#define ANSWER(verb, handler_, summary_)                                              \
    {                                                                                 \
        "POST", "/api/v1/swaps/{id}/" verb, &PERMIT_SWAP_ANSWER, handler_,            \
            .summary = (summary_), .request = &ANSWER_RECORD, .answer = &SWAP_RECORD, \
            .others = OVER, .names = API_NUMBER_NAMES                                 \
    }

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/swaps", &PERMIT_SWAP_READ, get_swaps,
     .summary = "Shifts that are to change hands, or did; newest first.", .answer = &SWAP_RECORD,
     .is_list = true, .params = LIST_PARAMS},
    {"GET", "/api/v1/swaps/{id}", &PERMIT_SWAP_READ, get_swap, .summary = "One swap.",
     .answer = &SWAP_RECORD, .names = API_NUMBER_NAMES},
    {"POST", "/api/v1/swaps", &PERMIT_SWAP_ASK, post_swap,
     .summary = "Asks somebody, or everybody who takes turns, to take shifts.",
     .request = &SWAP_ASKED, .answer = &SWAP_RECORD, .success = 201},
    ANSWER("accept", post_accept,
           "Accepts: overrides put whoever accepts on call, and the other one in return."),
    ANSWER("decline", post_decline, "Declines; who asked is told."),
    ANSWER("withdraw", post_withdraw, "Takes the question back."),
};
const struct route_table SWAP_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
