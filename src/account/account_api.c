/* /api/v1/accounts: who can sign in, and as what. */
#include "account/account_api.h"

#include <string.h>

#include "account/account_permits.h"
#include "account/account_shapes.h"
#include "account/account_store.h"
#include "api/aside.h"
#include "api/handler.h"
#include "base/json_set.h"
#include "base/limits.h"
#include "people/user.h"

/* --- reading --- */

static json_t *account_json(const struct config *config, const struct account *account)
{
    const struct user *user = user_find(config, account->name);
    const char *name = user != NULL && user->full_name != NULL ? user->full_name : account->name;
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "login", account->name, "name", name, "role",
                  enum_to_name(ROLE_NAMES, account->role), "is_disabled", (int)account->is_disabled,
                  "has_password", (int)(account->password != NULL), "is_user", (int)(user != NULL));
    json_set_utc(json, "created_at", account->created_at);
    json_set_utc(json, "password_at", account->password_at);
    json_set_utc(json, "signed_in_at", account->signed_in_at);
    return json;
}

struct account_listing {
    json_t *items;
    const struct config *config;
};

static void take_account(void *self, const struct account *account)
{
    struct account_listing *listing = self;
    json_array_append_new(listing->items, account_json(listing->config, account));
}

static void read_accounts(struct http_request *request, void *self)
{
    struct account_room *room = self;
    struct config *config = config_current(room->api->configs);
    struct account_listing listing = {json_array(), config};
    struct db *db = api_reader(room->api);
    account_list(db, take_account, &listing);
    if (api_reader_done(room->api, request, db)) {
        api_answer_list(request, listing.items, 0);
    } else {
        json_decref(listing.items);
    }
    config_unref(config);
}

static void get_accounts(struct http_request *request, void *self)
{
    aside_answer(request, self, read_accounts);
}

/* --- changing --- */

struct account_body {
    char *login, *password;
    int role;
};

#define AT(member) offsetof(struct account_body, member)
#define ROLE_FIELD                                                                       \
    {                                                                                    \
        .name = "role", .kind = FIELD_ENUM, .offset = AT(role), .flags = FIELD_REQUIRED, \
        .names = ROLE_NAMES                                                              \
    }
static const struct field CREATE_FIELDS[] = {
    {.name = "login",
     .kind = FIELD_TEXT,
     .offset = AT(login),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "A user of the configuration."},
    ROLE_FIELD,
    {.name = "password",
     .kind = FIELD_TEXT,
     .offset = AT(password),
     .min = 1,
     .max = PASSWORD_BYTES_MAX,
     .doc = "Absent: a link is made by which they set it."},
};
static const struct record CREATE = {.name = "AccountCreate",
                                     .doc = "Somebody who is to sign in.",
                                     .size = sizeof(struct account_body),
                                     .fields = CREATE_FIELDS,
                                     .field_count = G_N_ELEMENTS(CREATE_FIELDS)};
static const struct field ROLE_FIELDS[] = {ROLE_FIELD};
static const struct record CHANGE_ROLE = {.name = "AccountRole",
                                          .doc = "What they may do from now on.",
                                          .size = sizeof(struct account_body),
                                          .fields = ROLE_FIELDS,
                                          .field_count = G_N_ELEMENTS(ROLE_FIELDS)};

/* Beside the order what of it is the job's own. */
struct account_change {
    struct account_order order;
    struct account_room *room;
    char hash[PASSWORD_HASH_SIZE];
};

/* The socket is the operator's own; a token was made by an administrator. */
static int authority_of(const struct http_request *request)
{
    const struct caller *caller = http_caller(request);
    if (caller->sign_in != NULL) {
        return caller->sign_in->role;
    }
    return caller->principal.kind == PRINCIPAL_LOCAL ? ROLE_OWNER : ROLE_ADMIN;
}

static struct job *begin(struct http_request *request, struct account_room *room,
                         const struct job_kind *kind)
{
    struct job *job = job_begin(request, room->api, room, kind);
    if (job != NULL) {
        struct account_change *work = job->work;
        work->room = room;
        work->order = (struct account_order){.configs = room->api->configs,
                                             .actor = job->actor,
                                             .authority = authority_of(request),
                                             .name = http_path_param(request, "name")};
    }
    return job;
}

/* The link is for a page, which reads what stands behind #: so it gets into no log of a proxy. */
static json_t *link_json(const struct api_context *api, const struct account_order *order)
{
    json_t *json = json_pack("{s:s}", "login", order->name);
    if (order->text[0] != '\0') {
        g_autofree char *link = account_link_address(api->public_url, order->text);
        json_set_text(json, "link", link);
        json_set_utc(json, "expires_at", order->expires_at);
    }
    return json;
}

static enum command_result create(struct ledger_tx *tx, struct job *job)
{
    struct account_order *order = &((struct account_change *)job->work)->order;
    if (account_create(tx, order) != COMMAND_DONE) {
        return job_became(job, COMMAND_REFUSED, order->status, &order->fault);
    }
    return job_done(job, 201, link_json(job->api, order));
}

static void hash_given(void *arg)
{
    struct job *job = arg;
    struct account_change *work = job->work;
    const struct account_body *body = job->body;
    if (toil_is_over(job)) {
        return;
    }
    if (!password_hash(body->password, work->hash)) {
        struct fault fault = {0};
        (void)fault_set(&fault, "", "There is no memory for that at the moment.");
        toil_refused(job, 503, &fault);
        return;
    }
    work->order.password = work->hash;
    job_go(job);
}

static bool is_good_password(const struct job *job, const struct account_body *body,
                             struct fault *fault)
{
    struct config *config = config_current(job->api->configs);
    const struct user *user = user_find(config, body->login);
    bool is_good = account_check_password(body->password, body->login,
                                          user != NULL ? user->full_name : NULL, fault);
    config_unref(config);
    return is_good;
}

static void post_account(struct http_request *request, void *self)
{
    static const struct job_kind CREATING = {
        .body = &CREATE, .work = sizeof(struct account_change), .run = create};
    struct job *job = begin(request, self, &CREATING);
    if (job == NULL) {
        return;
    }
    struct fault fault = {0};
    struct account_change *work = job->work;
    const struct account_body *body = job->body;
    work->order.name = body->login;
    work->order.role = body->role;
    if (body->password == NULL) {
        job_go(job);
    } else if (!is_good_password(job, body, &fault)) {
        toil_refused(job, 422, &fault);
    } else {
        toil(job, work->room, NULL, hash_given);
    }
}

/* An order to an account that there is; answers the account. */
static enum command_result change(struct ledger_tx *tx, struct job *job,
                                  enum command_result (*run)(struct ledger_tx *tx,
                                                             struct account_order *order))
{
    struct account_order *order = &((struct account_change *)job->work)->order;
    if (run(tx, order) != COMMAND_DONE) {
        return job_became(job, COMMAND_REFUSED, order->status, &order->fault);
    }
    struct account account;
    struct config *config = config_in(order->configs, tx);
    json_t *answer =
        account_load(tx->db, order->name, &account) ? account_json(config, &account) : NULL;
    account_clear(&account);
    config_unref(config);
    return job_done(job, 200, answer);
}

static enum command_result change_role(struct ledger_tx *tx, struct job *job)
{
    ((struct account_change *)job->work)->order.role =
        ((const struct account_body *)job->body)->role;
    return change(tx, job, account_change_role);
}

static enum command_result disable(struct ledger_tx *tx, struct job *job)
{
    return change(tx, job, account_disable);
}

static enum command_result enable(struct ledger_tx *tx, struct job *job)
{
    return change(tx, job, account_enable);
}

static enum command_result give_link(struct ledger_tx *tx, struct job *job, int link)
{
    struct account_order *order = &((struct account_change *)job->work)->order;
    order->link = link;
    if (account_make_link(tx, order) != COMMAND_DONE) {
        return job_became(job, COMMAND_REFUSED, order->status, &order->fault);
    }
    return job_done(job, 201, link_json(job->api, order));
}

static enum command_result invite(struct ledger_tx *tx, struct job *job)
{
    return give_link(tx, job, LINK_INVITE);
}

static enum command_result reset(struct ledger_tx *tx, struct job *job)
{
    return give_link(tx, job, LINK_RESET);
}

static void go(struct http_request *request, void *self, const struct job_kind *kind)
{
    struct job *job = begin(request, self, kind);
    if (job != NULL) {
        job_go(job);
    }
}

#define ORDER(handler, run_, body_)                                                 \
    static void handler(struct http_request *request, void *self)                   \
    {                                                                               \
        static const struct job_kind KIND = {                                       \
            .body = (body_), .work = sizeof(struct account_change), .run = (run_)}; \
        go(request, self, &KIND);                                                   \
    }
ORDER(post_role, change_role, &CHANGE_ROLE)
ORDER(post_disable, disable, NULL)
ORDER(post_enable, enable, NULL)
ORDER(post_invite, invite, NULL)
ORDER(post_reset, reset, NULL)

static const int REFUSED[] = {409, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/accounts", &PERMIT_ACCOUNT_READ, get_accounts, "Who can sign in, by name.",
     .answer = &ACCOUNT_SHAPE, .is_list = true},
    {"POST", "/api/v1/accounts", &PERMIT_ACCOUNT_CHANGE, post_account,
     "Lets a user sign in; without a password there is a link in this answer only.",
     .request = &CREATE, .answer = &ACCOUNT_LINK_SHAPE, .success = 201, .others = REFUSED},
    {"POST", "/api/v1/accounts/{name}/role", &PERMIT_ACCOUNT_CHANGE, post_role,
     "Gives an account another role; its sessions end.", .request = &CHANGE_ROLE,
     .answer = &ACCOUNT_SHAPE, .others = REFUSED},
    {"POST", "/api/v1/accounts/{name}/disable", &PERMIT_ACCOUNT_CHANGE, post_disable,
     "Disables an account; its sessions end.", .answer = &ACCOUNT_SHAPE, .others = REFUSED},
    {"POST", "/api/v1/accounts/{name}/enable", &PERMIT_ACCOUNT_CHANGE, post_enable,
     "Opens an account again.", .answer = &ACCOUNT_SHAPE},
    {"POST", "/api/v1/accounts/{name}/invite", &PERMIT_ACCOUNT_CHANGE, post_invite,
     "Makes a link by which they set a password, in a week at most; the one of before ends.",
     .answer = &ACCOUNT_LINK_SHAPE, .success = 201, .others = REFUSED},
    {"POST", "/api/v1/accounts/{name}/reset", &PERMIT_ACCOUNT_CHANGE, post_reset,
     "Makes a link by which they set another password, in a day at most; until then theirs stays.",
     .answer = &ACCOUNT_LINK_SHAPE, .success = 201, .others = REFUSED},
};
const struct route_table ACCOUNT_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
