/* GET /api/v1/audit: who did what, the newest first. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/sight.h"

#include "account/account_api.h"
#include "account/account_permits.h"
#include "account/audit.h"
#include "base/nearest.h"

/* So many events are looked at for a page: most are nobody's, and whoever asks for a rare kind must not have all of a
 * long record read at once. The next page goes on behind them. */
enum { LOOKED_AT = 20000, AT_A_TIME = 500 };

struct auditing {
    struct audit_filter filter;
    json_t *items;
    int limit;
    int64_t last_seq; /* that was looked at */
    int looked_at;
    bool is_full;
};

static void look(void *self, const struct event *event)
{
    struct auditing *auditing = self;
    auditing->looked_at++;
    auditing->is_full |= (int)json_array_size(auditing->items) == auditing->limit;
    if (auditing->is_full) {
        return;
    }
    auditing->last_seq = event->seq;
    if (audit_shows(&auditing->filter, event)) {
        json_array_append_new(auditing->items, event_json(event, SCOPE_ADMIN));
    }
}

/* A kind that nothing is of would look like nothing of it. False after answering 400. */
static bool is_kind(struct http_request *request, const struct ledger *ledger, const char *word)
{
    g_autoptr(GPtrArray) kinds = event_kinds(ledger);
    struct nearest nearest = {.given = word};
    for (guint i = 0; word != NULL && i < kinds->len; i++) {
        const struct event_kind *kind = kinds->pdata[i];
        if (audit_means(word, kind->name)) {
            return true;
        }
        nearest_offer(&nearest, kind->name);
    }
    if (word == NULL) {
        return true;
    }
    struct fault fault = {0};
    (void)fault_set(
        &fault, "kind",
        "There is no kind of event \"%.60s\"%s%s%s; kinds are such as account.created, or "
        "account for all that begin so.",
        word, nearest.found != NULL ? "; did you mean \"" : "",
        nearest.found != NULL ? nearest.found : "", nearest.found != NULL ? "\"?" : "");
    http_answer_fault(request, 400, &fault);
    return false;
}

/* Answers whether there may be more. */
static bool look_back(struct auditing *auditing, struct db *db, int64_t from)
{
    int before = 0;
    auditing->last_seq = from;
    do {
        before = auditing->looked_at;
        event_list_back(db, auditing->last_seq, AT_A_TIME, look, auditing);
    } while (!auditing->is_full && auditing->looked_at - before == AT_A_TIME &&
             auditing->looked_at < LOOKED_AT);
    return auditing->is_full || auditing->looked_at >= LOOKED_AT;
}

static void read_audit(struct http_request *request, void *self)
{
    const struct account_room *room = self;
    struct api_page page;
    struct auditing auditing = {
        .filter = {http_query(request, "actor"), http_query(request, "kind")}};
    if (!api_page_read(request, &page) ||
        !is_kind(request, room->api->ledger, auditing.filter.kind)) {
        return;
    }
    auditing.items = json_array();
    auditing.limit = page.limit;
    struct db *db = api_reader(room->api);
    bool has_more = look_back(&auditing, db, page.from);
    if (api_reader_done(room->api, request, db)) {
        api_answer_list(request, auditing.items, has_more ? auditing.last_seq : 0);
    } else {
        json_decref(auditing.items);
    }
}

static void get_audit(struct http_request *request, void *self)
{
    aside_answer_long(request, self, read_audit);
}

static const struct field PARAMS[] = {
    API_PAGE_PARAM_ROWS,
    SHAPE_TEXT("actor", 0, "\"user:ana\" (or ana), \"token:ci\", \"local\", \"file\"."),
    SHAPE_TEXT("kind", 0, "\"account.created\", or \"account\" for all that begin so."),
    {0}};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/audit", &PERMIT_AUDIT_READ, get_audit,
     "Who did what, the newest first: events by people, by programs with a token and at the "
     "machine, and all about accounts. A page may hold fewer than were asked for, or none, and "
     "there be more.",
     .answer = &EVENT_RECORD, .is_list = true, .params = PARAMS},
};
const struct route_table AUDIT_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
