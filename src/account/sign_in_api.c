/* Signing in and out: by password, by a link that was given out, and once more for what is delicate. */
#include "account/account_api.h"

#include <string.h>

#include "account/account_permits.h"
#include "account/account_shapes.h"
#include "account/account_store.h"
#include "api/handler.h"
#include "base/limits.h"

enum { BODY_MAX = 8192, AGENT_MAX = 200 };

/* --- bodies --- */

/* All that is asked here, by one name each. */
struct sign_in_body {
    char *login, *password, *code, *token, *old, *fresh;
};

#define AT(member) offsetof(struct sign_in_body, member)
#define WORD(name_, member_, flags_, max_, doc_)                                                 \
    {                                                                                            \
        .name = (name_), .kind = FIELD_TEXT, .offset = AT(member_), .flags = (flags_), .min = 1, \
        .max = (max_), .doc = (doc_)                                                             \
    }
#define BODY(name_, doc_, fields_)                                                                \
    {                                                                                             \
        .name = (name_), .doc = (doc_), .size = sizeof(struct sign_in_body), .fields = (fields_), \
        .field_count = G_N_ELEMENTS(fields_)                                                      \
    }

static const struct field SIGN_IN_FIELDS[] = {
    WORD("login", login, FIELD_REQUIRED, LIMIT_NAME, "The user's handle."),
    WORD("password", password, FIELD_REQUIRED, PASSWORD_BYTES_MAX, NULL),
    {.name = "code",
     .kind = FIELD_TEXT,
     .offset = AT(code),
     .max = 64,
     .doc = "Of a second factor. No account can have one yet: it is not looked at."},
};
static const struct record SIGN_IN = BODY("SignInWith", "Who signs in.", SIGN_IN_FIELDS);

static const struct field ACCEPT_FIELDS[] = {
    WORD("token", token, FIELD_REQUIRED, 100, "What stands behind # in the link."),
    WORD("password", password, FIELD_REQUIRED, PASSWORD_BYTES_MAX, "That is to be theirs."),
    WORD(
        "login", login, 0, LIMIT_NAME,
        "Of the link that makes the first owner: who of the users they are. Not needed where there "
        "is only one."),
};
static const struct record ACCEPT =
    BODY("AccountAccept", "A link that was given out is used.", ACCEPT_FIELDS);

static const struct field CHECK_FIELDS[] = {
    WORD("password", password, FIELD_REQUIRED, PASSWORD_BYTES_MAX, NULL)};
static const struct record CHECKING =
    BODY("SessionCheck", "The password, once more.", CHECK_FIELDS);

static const struct field CHANGE_FIELDS[] = {
    WORD("old", old, FIELD_REQUIRED, PASSWORD_BYTES_MAX, NULL),
    WORD("new", fresh, FIELD_REQUIRED, PASSWORD_BYTES_MAX, NULL)};
static const struct record CHANGE = BODY("PasswordChange", "Another password.", CHANGE_FIELDS);

/* --- what they share --- */

struct sign_in_work {
    struct account_room *room;
    struct attempt attempt;
    char agent[AGENT_MAX + 1];
    char hash[PASSWORD_HASH_SIZE];
    struct account_accept accept; /* its entry is that of a password, too */
    struct account_renewal renewal;
    char name[256];   /* who asks, of one who is signed in */
    const char *text; /* of the session that they have now; NULL: none */
};

/* Bytes that are no UTF-8 must not get into the database. */
static void copy_agent(struct http_request *request, char out[AGENT_MAX + 1])
{
    const char *agent = http_header(request, "User-Agent");
    g_autofree char *sound = agent != NULL ? g_utf8_make_valid(agent, -1) : NULL;
    const char *end = NULL;
    (void)g_strlcpy(out, sound != NULL ? sound : "", AGENT_MAX + 1);
    if (!g_utf8_validate(out, -1, &end)) {
        out[end - out] = '\0'; /* cut in the middle of a character */
    }
}

static bool is_of_ours(struct http_request *request)
{
    if (!http_is_foreign(request)) {
        return true;
    }
    struct fault fault = {0};
    (void)fault_set(&fault, "Origin", "The request came from another site's page.");
    http_answer_fault(request, 403, &fault);
    return false;
}

/* Where something in the transaction is over, the browser keeps what it had. */
static void give_cookie(struct job *job, enum command_outcome outcome)
{
    const struct sign_in_work *work = job->work;
    if (outcome == OUTCOME_COMMITTED && work->text != NULL) {
        http_set_session(job->request, work->text, SESSION_LONGEST);
    }
}

/* NULL after answering. */
static struct job *begin(struct http_request *request, struct account_room *room,
                         const struct job_kind *kind)
{
    struct job *job = job_begin(request, room->api, room, kind);
    if (job != NULL) {
        ((struct sign_in_work *)job->work)->room = room;
    }
    return job;
}

/* False after answering, and dropping the job. */
static bool try_for(struct job *job, const char *name)
{
    struct sign_in_work *work = job->work;
    struct http_request *request = job->request;
    if (attempt_begin(work->room, request, name, &work->attempt)) {
        return true;
    }
    job_drop(job);
    return false;
}

/* The hash of their password, newly allocated; NULL: there is none with which they may sign in. False after answering,
 * and dropping the job. */
static bool load_hash(struct job *job, const char *name, char **out, bool *out_is_account)
{
    struct account account;
    struct http_request *request = job->request;
    const struct api_context *api = job->api;
    struct config *config = config_current(api->configs);
    struct db *db = api_reader(api);
    *out_is_account = account_load(db, name, &account);
    bool is_open = *out_is_account && !account.is_disabled && user_find(config, name) != NULL;
    *out = is_open ? g_strdup(account.password) : NULL;
    account_clear(&account);
    config_unref(config);
    if (db_error(db) != DB_OK) {
        const struct sign_in_work *work = job->work;
        attempt_withdrawn(work->room, &work->attempt);
        job_drop(job);
        CHECK(!api_reader_done(api, request, db));
        return false;
    }
    return api_reader_done(api, request, db);
}

/* Is it their password? False after answering and dropping the job. */
static bool prove(struct job *job, const char *name, const char *password, int status,
                  const char *field)
{
    struct sign_in_work *work = job->work;
    bool is_account = false;
    g_autofree char *hash = NULL;
    if (!load_hash(job, name, &hash, &is_account)) {
        return false;
    }
    if (password_is(password, hash)) {
        attempt_succeeded(work->room, &work->attempt);
        (void)g_strlcpy(work->hash, hash, sizeof work->hash);
        return true;
    }
    attempt_failed(work->room, &work->attempt, is_account ? name : NULL, http_client(job->request));
    struct fault fault = {0};
    (void)fault_set(&fault, field, "%s",
                    field[0] == '\0' ? "The name or the password is wrong."
                                     : "is not your password");
    toil_refused(job, status, &fault);
    return false;
}

/* --- by password --- */

static enum command_result enter(struct ledger_tx *tx, struct job *job)
{
    struct sign_in_work *work = job->work;
    struct account_entry *entry = &work->accept.entry;
    work->text = NULL;
    if (account_sign_in(tx, entry) != COMMAND_DONE) {
        job->fault = entry->fault;
        return job_refused(job, entry->status);
    }
    work->text = entry->text;
    return job_done(job, 200, account_me_as(job->api, entry->name, &entry->sign_in));
}

static void prove_sign_in(void *arg)
{
    struct job *job = arg;
    const struct sign_in_body *asked = job->body;
    if (toil_is_over(job) || !prove(job, asked->login, asked->password, 401, "")) {
        return;
    }
    job_go(job);
}

/* Of the request, for whoever gets a session. */
static void fill_entry(struct job *job)
{
    struct sign_in_work *work = job->work;
    copy_agent(job->request, work->agent);
    work->accept.entry = (struct account_entry){
        .password = work->hash,
        .before = http_session(job->request),
        .agent = work->agent[0] != '\0' ? work->agent : NULL,
        .address = http_client(job->request),
        .name = ((const struct sign_in_body *)job->body)->login,
    };
}

static void post_session(struct http_request *request, void *self)
{
    static const struct job_kind ENTERING = {
        .body = &SIGN_IN, .work = sizeof(struct sign_in_work), .run = enter, .settle = give_cookie};
    struct account_room *room = self;
    struct job *job = is_of_ours(request) ? begin(request, room, &ENTERING) : NULL;
    if (job == NULL || !try_for(job, ((const struct sign_in_body *)job->body)->login)) {
        return;
    }
    fill_entry(job);
    toil(job, room, &((struct sign_in_work *)job->work)->attempt, prove_sign_in);
}

/* --- by a link --- */

static enum command_result accept(struct ledger_tx *tx, struct job *job)
{
    struct sign_in_work *work = job->work;
    struct account_entry *entry = &work->accept.entry;
    work->text = NULL;
    if (account_accept(tx, &work->accept) != COMMAND_DONE) {
        job->fault = entry->fault;
        return job_refused(job, entry->status);
    }
    work->text = entry->text;
    return job_done(job, 200, account_me_as(job->api, work->accept.name, &entry->sign_in));
}

/* Whose link is it, and may the password be theirs? A fault where not. */
static bool judge_link(struct job *job, const struct sign_in_body *asked, struct db *db,
                       struct fault *fault)
{
    struct config *config = config_current(job->api->configs);
    g_autofree char *name = account_link_user(db, config, asked->token, asked->login,
                                              clock_now(job->api->clock), fault);
    const struct user *user = name != NULL ? user_find(config, name) : NULL;
    bool is_good =
        user != NULL && account_check_password(asked->password, name, user->full_name, fault);
    config_unref(config);
    return is_good;
}

static void no_memory(struct job *job)
{
    struct fault fault = {0};
    (void)fault_set(&fault, "", "There is no memory for that at the moment. Try again shortly.");
    toil_refused(job, 503, &fault);
}

static void hash_accepted(void *arg)
{
    struct job *job = arg;
    struct sign_in_work *work = job->work;
    const struct sign_in_body *asked = job->body;
    struct fault fault = {0};
    if (toil_is_over(job)) {
        return;
    }
    struct http_request *request = job->request;
    struct db *db = api_reader(job->api);
    bool is_good = judge_link(job, asked, db, &fault);
    if (!api_reader_done(job->api, request, db)) {
        job_drop(job);
        return;
    }
    if (!is_good) {
        toil_refused(job, 422, &fault);
        return;
    }
    attempt_succeeded(work->room, &work->attempt);
    if (!password_hash(asked->password, work->hash)) {
        no_memory(job);
        return;
    }
    work->accept.configs = job->api->configs;
    work->accept.link = asked->token;
    work->accept.hash = work->hash;
    job_go(job);
}

static void post_accept(struct http_request *request, void *self)
{
    static const struct job_kind ACCEPTING = {
        .body = &ACCEPT, .work = sizeof(struct sign_in_work), .run = accept, .settle = give_cookie};
    struct account_room *room = self;
    struct job *job = is_of_ours(request) ? begin(request, room, &ACCEPTING) : NULL;
    if (job == NULL || !try_for(job, NULL)) {
        return;
    }
    fill_entry(job);
    toil(job, room, &((struct sign_in_work *)job->work)->attempt, hash_accepted);
}

/* --- once more --- */

static enum command_result renew(struct ledger_tx *tx, struct job *job)
{
    struct sign_in_work *work = job->work;
    work->text = NULL;
    if (!account_renew(tx, &work->renewal)) {
        (void)fault_set(&job->fault, "", "The session is over: sign in again.");
        return job_refused(job, 401);
    }
    work->text = work->renewal.text;
    return job_done(job, 200, account_me_as(job->api, work->name, &work->renewal.sign_in));
}

/* Who asks goes into the work. */
static void remember(struct job *job, const struct sign_in *sign_in)
{
    struct sign_in_work *work = job->work;
    (void)g_strlcpy(work->name, job->actor.name, sizeof work->name);
    work->renewal =
        (struct account_renewal){.name = work->name, .actor = job->actor, .sign_in = *sign_in};
}

static void prove_again(void *arg)
{
    struct job *job = arg;
    const struct sign_in_work *work = job->work;
    const struct sign_in_body *asked = job->body;
    if (toil_is_over(job) || !prove(job, work->name, asked->password, 422, "password")) {
        return;
    }
    job_go(job);
}

static void post_check(struct http_request *request, void *self)
{
    static const struct job_kind RENEWING = {.body = &CHECKING,
                                             .work = sizeof(struct sign_in_work),
                                             .run = renew,
                                             .settle = give_cookie};
    struct account_room *room = self;
    const struct sign_in *sign_in = account_session(request);
    struct job *job = sign_in != NULL ? begin(request, room, &RENEWING) : NULL;
    if (job == NULL || !try_for(job, job->actor.name)) {
        return;
    }
    remember(job, sign_in);
    toil(job, room, &((struct sign_in_work *)job->work)->attempt, prove_again);
}

/* --- another password --- */

static bool may_be_new(const struct job *job, const struct sign_in_body *asked, struct fault *fault)
{
    struct config *config = config_current(job->api->configs);
    const struct user *user = user_find(config, job->actor.name);
    bool is_good = account_check_password(asked->fresh, job->actor.name,
                                          user != NULL ? user->full_name : NULL, fault);
    (void)g_strlcpy(fault->field, "new", sizeof fault->field);
    config_unref(config);
    return is_good;
}

static void prove_and_hash(void *arg)
{
    struct job *job = arg;
    struct sign_in_work *work = job->work;
    const struct sign_in_body *asked = job->body;
    if (toil_is_over(job) || !prove(job, work->name, asked->old, 422, "old")) {
        return;
    }
    if (!password_hash(asked->fresh, work->hash)) {
        no_memory(job);
        return;
    }
    work->renewal.hash = work->hash;
    job_go(job);
}

static void post_password(struct http_request *request, void *self)
{
    static const struct job_kind CHANGING = {
        .body = &CHANGE, .work = sizeof(struct sign_in_work), .run = renew, .settle = give_cookie};
    struct account_room *room = self;
    struct fault fault = {0};
    const struct sign_in *sign_in = account_session(request);
    struct job *job = sign_in != NULL ? begin(request, room, &CHANGING) : NULL;
    if (job == NULL) {
        return;
    }
    if (!may_be_new(job, job->body, &fault)) {
        toil_refused(job, 422, &fault);
        return;
    }
    if (try_for(job, job->actor.name)) {
        remember(job, sign_in);
        toil(job, room, &((struct sign_in_work *)job->work)->attempt, prove_and_hash);
    }
}

/* --- out --- */

struct leaving {
    int64_t session;
};

static enum command_result leave(struct ledger_tx *tx, struct job *job)
{
    const struct leaving *leaving = job->work;
    (void)!account_end_session(tx, leaving->session, job->actor, true); /* or it was over */
    return job_done(job, 204, NULL);
}

static void take_cookie(struct job *job, enum command_outcome outcome)
{
    if (outcome == OUTCOME_COMMITTED) {
        http_set_session(job->request, NULL, (struct span){0});
    }
}

static void delete_session(struct http_request *request, void *self)
{
    static const struct job_kind LEAVING = {
        .work = sizeof(struct leaving), .run = leave, .settle = take_cookie};
    struct account_room *room = self;
    const struct sign_in *sign_in = account_session(request);
    struct job *job = sign_in != NULL ? job_begin(request, room->api, room, &LEAVING) : NULL;
    if (job != NULL) {
        ((struct leaving *)job->work)->session = sign_in->session;
        job_go(job);
    }
}

static const int DENIED[] = {401, 403, 422, 429, 0};
static const int NO_LINK[] = {403, 422, 429, 0};
static const int NO_SESSION[] = {409, 422, 429, 0};
static const int NOT_SIGNED_IN[] = {409, 0};

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/session", NULL, post_session, .door = HTTP_DOOR_ANYONE,
     .summary = "Signs in; the session is in the answer's cookie.", .request = &SIGN_IN,
     .answer = &ME_SHAPE, .others = DENIED, .body_max = BODY_MAX},
    {"DELETE", "/api/v1/session", &PERMIT_SELF, delete_session, "Signs out.", .success = 204,
     .others = NOT_SIGNED_IN},
    {"POST", "/api/v1/session/check", &PERMIT_SELF, post_check,
     "Shows once more who it is: opens what is delicate for ten minutes. The session gets another "
     "cookie.",
     .request = &CHECKING, .answer = &ME_SHAPE, .others = NO_SESSION, .body_max = BODY_MAX},
    {"POST", "/api/v1/account/accept", NULL, post_accept, .door = HTTP_DOOR_ANYONE,
     .summary = "Sets the password of an account by a link that was given out, and signs in.",
     .request = &ACCEPT, .answer = &ME_SHAPE, .others = NO_LINK, .body_max = BODY_MAX},
    {"POST", "/api/v1/account/password", &PERMIT_SELF, post_password,
     "Changes one's own password; all other sessions end.", .request = &CHANGE, .answer = &ME_SHAPE,
     .others = NO_SESSION, .body_max = BODY_MAX},
};
const struct route_table SIGN_IN_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
