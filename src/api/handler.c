#include "api/handler.h"

#include <stdatomic.h>
#include <string.h>

#include "access/permit.h"
#include "api/page_html.h"
#include "base/json_set.h"
#include "base/limits.h"
#include "base/principal.h"
#include "config/config_check.h"
#include "config/config_plan.h"

enum { PAGE_DEFAULT = 50, BUSY_RETRY_S = 2 };

/* At one piece of work: longer than the ledger takes for the largest request. */
#define STUCK_AFTER SPAN_S(10)

const struct field API_PAGE_PARAMS[] = {API_PAGE_PARAM_ROWS, {0}};
const struct field API_NUMBER_NAMES[] = {SHAPE_CODED("id", SHAPE_NUMBER_CODEC, 0, NULL), {0}};

/* Of the process, as its end is. */
static atomic_bool must_give_up;

void api_give_up(void *context)
{
    (void)context;
    atomic_store(&must_give_up, true);
}

void api_give_up_no_more(void)
{
    atomic_store(&must_give_up, false);
}

struct db *api_borrow(const struct api_context *context)
{
    if (!ledger_is_cut_off(context->ledger)) {
        struct db *db = db_pool_take(context->readers);
        db_set_stop(db, &must_give_up);
        return db;
    }
    g_autofree char *why = ledger_closed_why(context->ledger);
    return db_none(why != NULL && why[0] != '\0' ? why : "it was not reached a moment ago");
}

struct db *api_reader(const struct api_context *context)
{
    struct db *db = api_borrow(context);
    db_begin(db);
    return db;
}

/* What was read in between is whole. */
static bool give_back(const struct api_context *context, struct db *db)
{
    bool is_sound = db_error(db) == DB_OK;
    db_rollback(db);
    db_pool_give(context->readers, db);
    return is_sound;
}

static void answer_unread(struct http_request *request)
{
    http_answer_busy(request, BUSY_RETRY_S,
                     "The database cannot be read at the moment. Try again shortly.");
}

bool api_reader_done(const struct api_context *context, struct http_request *request, struct db *db)
{
    bool is_sound = give_back(context, db);
    if (!is_sound) {
        answer_unread(request);
    }
    return is_sound;
}

bool api_wants_page(const struct http_request *request)
{
    const char *accept = http_header(request, "Accept");
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

bool api_page_done(const struct api_context *context, struct http_request *request, struct db *db,
                   int language)
{
    bool is_sound = give_back(context, db);
    if (!is_sound && api_wants_page(request)) {
        struct span closed = ledger_closed_for(context->ledger);
        bool is_away = ledger_is_cut_off(context->ledger);
        html_page_answer_away(request, language,
                              is_away
                                  ? utc_add(clock_now(context->clock), (struct span){-closed.us})
                                  : (struct utc){0});
    } else if (!is_sound) {
        answer_unread(request);
    }
    return is_sound;
}

bool api_page_read(struct http_request *request, struct api_page *out)
{
    const char *limit = http_query(request, "limit");
    const char *cursor = http_query(request, "cursor");
    gint64 number = PAGE_DEFAULT;
    struct fault fault = {0};
    if (limit != NULL && !g_ascii_string_to_signed(limit, 10, 1, LIMIT_LIST_PAGE, &number, NULL)) {
        fault_set(&fault, "limit", "must be a whole number from 1 to %d.", LIMIT_LIST_PAGE);
        http_answer_fault(request, 400, &fault);
        return false;
    }
    out->limit = (int)number;
    number = 0;
    if (cursor != NULL && !g_ascii_string_to_signed(cursor, 10, 1, G_MAXINT64, &number, NULL)) {
        fault_set(&fault, "cursor", "must be the next_cursor of an earlier answer.");
        http_answer_fault(request, 400, &fault);
        return false;
    }
    out->from = number;
    return true;
}

bool api_instant(struct http_request *request, const char *name, struct utc otherwise,
                 struct utc *out)
{
    *out = otherwise;
    const char *text = http_query(request, name);
    if (text == NULL || utc_parse(text, out)) {
        return true;
    }
    struct fault fault = {0};
    fault_set(&fault, name,
              "must be an instant such as 2026-12-24T23:30:00+01:00 or 2026-12-24T22:30:00Z "
              "(in an address, + is written %%2B).");
    http_answer_fault(request, 400, &fault);
    return false;
}

bool api_flag(struct http_request *request, const char *name, bool otherwise, bool *out)
{
    const char *text = http_query(request, name);
    bool is_true =
        text != NULL && (g_ascii_strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0);
    bool is_false =
        text != NULL && (g_ascii_strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0);
    *out = text == NULL ? otherwise : is_true;
    if (text == NULL || is_true || is_false) {
        return true;
    }
    struct fault fault = {0};
    (void)fault_set(&fault, name, "must be true or false.");
    http_answer_fault(request, 400, &fault);
    return false;
}

void api_answer_list(struct http_request *request, json_t *items, int64_t next)
{
    json_t *cursor = next == 0 ? json_null() : json_sprintf("%" G_GINT64_FORMAT, next);
    http_answer_json(request, 200, json_pack("{s:o, s:o}", "items", items, "next_cursor", cursor));
}

bool api_body(struct http_request *request, const struct record *record, void *out)
{
    size_t size = 0;
    (void)http_body(request, &size);
    json_auto_t *empty = json_object();
    const json_t *body = size == 0 ? empty : http_json(request);
    if (body == NULL) {
        return false;
    }
    struct fault fault = {0};
    if (!record_read(record, body, out, &fault)) {
        http_answer_fault(request, 422, &fault);
        return false;
    }
    return true;
}

struct principal api_principal(const struct http_request *request)
{
    const struct caller *caller = http_caller(request);
    return caller == NULL ? (struct principal){0} : caller->principal;
}

bool api_query_enum(struct http_request *request, const char *name, const struct enum_name *names,
                    int *out)
{
    const char *text = http_query(request, name);
    *out = text == NULL ? 0 : enum_from_name(names, text);
    if (text == NULL || *out != 0) {
        return true;
    }
    struct fault fault = {0};
    enum_refuse(names, text, &fault);
    fault_within(&fault, name);
    http_answer_fault(request, 400, &fault);
    return false;
}

/* A program says for whom it acts; a person who signed in acts as themselves. */
static void answer_other(struct http_request *request, const char *name)
{
    struct fault fault = {0};
    (void)fault_set(&fault, "user", "You are signed in as %.100s and act as nobody else.", name);
    http_answer_fault(request, 422, &fault);
}

bool api_actor(struct http_request *request, struct api_context *context, const char *user,
               struct principal *out)
{
    const struct principal caller = api_principal(request);
    if (user == NULL) {
        *out = principal_copy(caller);
        return true;
    }
    bool is_own = caller.kind == PRINCIPAL_USER && strcmp(caller.name, user) == 0;
    if (caller.kind == PRINCIPAL_USER && !is_own) {
        answer_other(request, caller.name);
        return false;
    }
    struct config *config = config_current(context->configs);
    bool is_known = user_find(config, user) != NULL;
    if (!is_known) {
        api_answer_unknown(request, 422, "user", config, &USER_KIND, user);
    }
    config_unref(config);
    *out = is_known
               ? principal_copy((struct principal){PRINCIPAL_USER, user, is_own ? NULL : &caller})
               : (struct principal){0};
    return is_known;
}

void api_answer_missing(struct http_request *request, const char *what, const char *name)
{
    http_answer_problem(request, 404, "There is no %s \"%s\".", what, name);
}

void api_answer_unknown(struct http_request *request, int status, const char *field,
                        const struct config *config, const struct config_kind *kind,
                        const char *name)
{
    struct fault fault = {0};
    (void)config_unknown(config, kind, name, &fault);
    (void)g_strlcpy(fault.field, field, sizeof fault.field);
    http_answer_fault(request, status, &fault);
}

bool api_query_known(struct http_request *request, const struct api_context *context,
                     const char *param, const struct config_kind *kind)
{
    const char *name = http_query(request, param);
    struct config *config = config_current(context->configs);
    bool is_known = name == NULL || config_find(config, kind, name) != NULL;
    if (!is_known) {
        api_answer_unknown(request, 400, param, config, kind, name);
    }
    config_unref(config);
    return is_known;
}

int64_t api_id(const struct http_request *request, const char *param)
{
    gint64 id = 0;
    const char *text = http_path_param(request, param);
    return g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &id, NULL) ? id : 0;
}

void api_answer_no_number(struct http_request *request, const char *param, const char *what)
{
    struct fault fault = {0};
    (void)fault_set(&fault, param,
                    "\"%.60s\" is not the number of an %s; it is a whole number such as 42.",
                    http_path_param(request, param), what);
    http_answer_fault(request, 404, &fault);
}

bool api_is_stuck(const struct api_context *context)
{
    return queue_busy_for(context->queue).us >= STUCK_AFTER.us;
}

bool api_submit(struct http_request *request, struct api_context *context, struct command command)
{
    if (api_is_stuck(context)) {
        http_answer_busy(request, BUSY_RETRY_S,
                         "The database has not answered for a while; nothing was changed.");
        return false;
    }
    command.client = http_client(request);
    if (queue_submit(context->queue, command)) {
        return true;
    }
    http_answer_busy(request, BUSY_RETRY_S,
                     "Too much is waiting to be written. Try again shortly.");
    return false;
}

bool api_outcome(struct http_request *request, enum command_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_COMMITTED:
    case OUTCOME_REFUSED:
        return true;
    case OUTCOME_UNAVAILABLE:
        http_answer_busy(request, BUSY_RETRY_S,
                         "The database cannot be written at the moment; nothing was changed.");
        return false;
    case OUTCOME_UNCERTAIN:
        http_answer_busy(request, BUSY_RETRY_S,
                         "The database did not confirm the change. Look before you repeat it.");
        return false;
    case OUTCOME_FAILED:
        break;
    }
    http_answer_problem(request, 500, "Something failed inside; the log has the details.");
    return false;
}

json_t *api_utc(struct utc at)
{
    if (!utc_is_set(at) || !utc_before(at, UTC_NEVER)) {
        return json_null();
    }
    return json_utc(at);
}
