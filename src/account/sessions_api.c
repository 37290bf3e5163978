/* Where people are signed in, and ending that. */
#include "account/account_api.h"

#include <string.h>

#include "account/account_permits.h"
#include "account/account_shapes.h"
#include "account/account_store.h"
#include "api/aside.h"
#include "api/handler.h"
#include "base/json_set.h"

struct session_listing {
    json_t *items;
    int64_t current, last_id;
    int limit;
    bool has_more;
};

static void take_session(void *self, const struct session *session)
{
    struct session_listing *listing = self;
    listing->has_more = (int)json_array_size(listing->items) == listing->limit;
    if (listing->has_more) {
        return;
    }
    listing->last_id = session->id;
    json_t *json =
        json_pack("{s:o, s:s, s:b}", "id", json_sprintf("%" G_GINT64_FORMAT, session->id), "login",
                  session->account, "is_current", (int)(session->id == listing->current));
    json_set_utc(json, "made_at", session->made_at);
    json_set_utc(json, "seen_at", session->seen_at);
    json_set_utc(json, "ends_at", session->ends_at);
    json_set_text(json, "agent", session->agent);
    json_set_text(json, "address", session->address);
    json_array_append_new(listing->items, json);
}

/* Whose are asked for: NULL, everybody's. A token that may not ask for these has none of its own: *out_is_none. */
static bool read_whose(struct http_request *request, const char **out, bool *out_is_none)
{
    const char *user = http_query(request, "user");
    const struct caller *caller = http_caller(request);
    const char *own = caller->sign_in != NULL ? caller->principal.name : NULL;
    bool may_all = http_may(request, &PERMIT_ACCOUNT_READ);
    bool all = false;
    if (!api_flag(request, "all", own == NULL && may_all, &all)) {
        return false;
    }
    *out = user != NULL ? user : all ? NULL : own;
    *out_is_none = user == NULL && !all && own == NULL;
    if (*out_is_none || may_all || (own != NULL && g_strcmp0(*out, own) == 0)) {
        return true;
    }
    http_answer_problem(request, 403, "Others' sessions are for who may administer.");
    return false;
}

static void read_sessions(struct http_request *request, void *self)
{
    struct account_room *room = self;
    struct api_page page;
    const char *whose = NULL;
    bool is_none = false;
    if (!api_page_read(request, &page) || !read_whose(request, &whose, &is_none)) {
        return;
    }
    if (is_none) {
        api_answer_list(request, json_array(), 0);
        return;
    }
    const struct caller *caller = http_caller(request);
    struct session_listing listing = {.items = json_array(), .limit = page.limit};
    listing.current = caller->sign_in != NULL ? caller->sign_in->session : 0;
    struct db *db = api_reader(room->api);
    session_list(db, whose, page.from, page.limit + 1, take_session, &listing);
    if (api_reader_done(room->api, request, db)) {
        api_answer_list(request, listing.items, listing.has_more ? listing.last_id : 0);
    } else {
        json_decref(listing.items);
    }
}

static void get_sessions(struct http_request *request, void *self)
{
    aside_answer(request, self, read_sessions);
}

struct session_ending {
    int64_t own; /* the session that asks; 0: none does */
    bool may_all;
};

/* Of a session that is not theirs nobody learns that it is there. */
static enum command_result end_one(struct ledger_tx *tx, struct job *job)
{
    const struct session_ending *ending = job->work;
    g_autofree char *owner = session_owner(tx->db, job->id);
    bool is_theirs = job->actor.kind == PRINCIPAL_USER && g_strcmp0(owner, job->actor.name) == 0;
    if ((!is_theirs && !ending->may_all) ||
        !account_end_session(tx, job->id, job->actor, job->id == ending->own)) {
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, job->id);
        return job_missing(job, "session", id);
    }
    return job_done(job, 204, NULL);
}

static void delete_one(struct http_request *request, void *self)
{
    static const struct job_kind ENDING = {
        .number_of = "session", .work = sizeof(struct session_ending), .run = end_one};
    struct account_room *room = self;
    const struct caller *caller = http_caller(request);
    struct job *job = job_begin(request, room->api, room, &ENDING);
    if (job != NULL) {
        *(struct session_ending *)job->work =
            (struct session_ending){caller->sign_in != NULL ? caller->sign_in->session : 0,
                                    http_may(request, &PERMIT_ACCOUNT_READ)};
        job_go(job);
    }
}

static const struct field LIST_PARAMS[] = {
    API_PAGE_PARAM_ROWS,
    SHAPE_TEXT("user", 0, "Whose; one's own when absent. Others' are for who may administer."),
    SHAPE_KIND("all", FIELD_BOOL, 0, "Everybody's."),
    {0}};
static const int NOT_ALL[] = {403, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/sessions", &PERMIT_SELF, get_sessions,
     "Where one is signed in, the newest first.", .answer = &SESSION_SHAPE, .is_list = true,
     .params = LIST_PARAMS, .others = NOT_ALL},
    {"DELETE", "/api/v1/sessions/{id}", &PERMIT_SELF, delete_one,
     "Ends a session: one's own, or anybody's for who may administer.", .success = 204,
     .names = API_NUMBER_NAMES},
};
const struct route_table SESSION_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
