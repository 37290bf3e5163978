/* The nodes that share the database, and whether this one is ready to take alerts. */
#include "api/handler.h"
#include "api/server_permits.h"
#include "api/shapes.h"

#include "ledger/node.h"

#define BUSY_S "2"

enum { BUSY_RETRY_S = 2 };

/* Whoever watches us asks again soon, and gives up sooner than who sends alerts. */
#define READY_WITHIN SPAN_S(3)

/* Its texts are borrowed, so it is only written, never read or freed. */
struct node_view {
    char *id, *name, *address, *version;
    int64_t schema;
    int state;
    int64_t lanes;
    struct utc started_at, last_beat_at, ended_at;
    bool is_this;
};

#define AT(member) offsetof(struct node_view, member)
static const struct field NODE_FIELDS[] = {
    {.name = "id",
     .kind = FIELD_TEXT,
     .offset = AT(id),
     .flags = FIELD_ALWAYS,
     .doc = "Another one after each start."},
    {.name = "name", .kind = FIELD_TEXT, .offset = AT(name)},
    {.name = "address",
     .kind = FIELD_TEXT,
     .offset = AT(address),
     .doc = "Where this very node takes requests."},
    {.name = "version",
     .kind = FIELD_TEXT,
     .offset = AT(version),
     .flags = FIELD_ALWAYS,
     .doc = "Of its program."},
    {.name = "schema",
     .kind = FIELD_INT,
     .offset = AT(schema),
     .doc = "The newest schema that its program knows."},
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = AT(state),
     .flags = FIELD_ALWAYS,
     .names = NODE_STATE_NAMES},
    {.name = "lanes",
     .kind = FIELD_INT,
     .offset = AT(lanes),
     .flags = FIELD_ALWAYS,
     .doc = "How many of the 64 lanes of due work it holds."},
    {.name = "started_at", .kind = FIELD_UTC, .offset = AT(started_at), .flags = FIELD_ALWAYS},
    {.name = "last_beat_at",
     .kind = FIELD_UTC,
     .offset = AT(last_beat_at),
     .doc = "When the node that answers last saw it alive; absent when it has not watched it yet."},
    {.name = "ended_at", .kind = FIELD_UTC, .offset = AT(ended_at)},
    {.name = "is_this",
     .kind = FIELD_BOOL,
     .offset = AT(is_this),
     .flags = FIELD_ALWAYS,
     .doc = "It is the node that answers."},
};
static const struct record NODE_RECORD = {.name = "Node",
                                          .doc = "A server of those that share the database.",
                                          .size = sizeof(struct node_view),
                                          .fields = NODE_FIELDS,
                                          .field_count = G_N_ELEMENTS(NODE_FIELDS)};

static const char NOT_IN_TIME[] = "The database did not answer in time.";

static const char *door_problem(enum ledger_door door)
{
    switch (door) {
    case LEDGER_FULL:
        return "The database cannot be written: disk full or read-only.";
    case LEDGER_DOWN:
        return "The database cannot be reached.";
    case LEDGER_UNCERTAIN:
        return "The database did not confirm a change, and cannot be asked what became of it.";
    case LEDGER_OUTDATED:
        return "The database was brought to a schema that needs a newer Tocsin than this one: "
               "install it and restart.";
    case LEDGER_DAMAGED:
        return "The database is damaged, or what pages people fails again and again: `tocsin "
               "doctor` "
               "says more.";
    case LEDGER_OPEN:
        break;
    }
    return NOT_IN_TIME;
}

static struct utc closed_since(const struct api_context *context)
{
    struct span closed = ledger_closed_for(context->ledger);
    return utc_add(clock_now(context->clock), (struct span){-closed.us});
}

/* --- the list --- */

struct node_listing {
    struct http_request *request;
    const struct api_context *context;
    struct utc now;
    int64_t this_node;
    json_t *items;
};

static void add_view(json_t *items, const struct node_view *view)
{
    json_array_append_new(items, record_write(&NODE_RECORD, view));
}

static void list_node(void *self, const struct node_info *node)
{
    struct node_listing *listing = self;
    struct span age;
    bool is_seen =
        node->state != NODE_GONE && ledger_beat_age(listing->context->ledger, node->id, &age);
    struct node_view view = {
        .id = g_strdup_printf("%" G_GINT64_FORMAT, node->id),
        .name = (char *)(uintptr_t)node->name,
        .address = (char *)(uintptr_t)node->address,
        .version = (char *)(uintptr_t)node->version,
        .schema = node->schema_known,
        .state = (int)node->state,
        .lanes = node->lanes,
        .started_at = node->started_at,
        .last_beat_at = is_seen ? utc_add(listing->now, (struct span){-age.us}) : (struct utc){0},
        .ended_at = node->ended_at,
        .is_this = node->id == listing->this_node,
    };
    add_view(listing->items, &view);
    g_free(view.id);
}

/* A database with one writer knows of no nodes: its server is the one there is. */
static void list_the_one(struct node_listing *listing)
{
    const struct api_context *context = listing->context;
    struct node_view view = {.id = (char *)(uintptr_t) "1",
                             .name = (char *)(uintptr_t)context->node_name,
                             .address = (char *)(uintptr_t)context->node_address,
                             .version = (char *)(uintptr_t)TOCSIN_VERSION,
                             .schema = context->schema,
                             .state = NODE_ALIVE,
                             .lanes = LANE_COUNT,
                             .started_at = context->started_at,
                             .last_beat_at = listing->now,
                             .is_this = true};
    add_view(listing->items, &view);
}

/* Asked through the ledger, which alone knows which of them this one is. */
static enum command_result run_listing(struct ledger_tx *tx, void *arg)
{
    struct node_listing *listing = arg;
    json_array_clear(listing->items);
    listing->now = tx->now;
    listing->this_node = ledger_node(tx);
    if (db_is_shared(tx->db)) {
        node_list(tx->db, list_node, listing);
    } else {
        list_the_one(listing);
    }
    return COMMAND_REFUSED;
}

/* Who asks wants to know what is wrong just then: what this node knows without its database. */
static void answer_by_itself(struct http_request *request, const struct api_context *context)
{
    char since[UTC_TEXT_SIZE] = "this moment";
    if (!ledger_is_writable(context->ledger)) {
        utc_format(closed_since(context), since);
    }
    g_autofree char *why = ledger_closed_why(context->ledger);
    bool has_reason = why != NULL && why[0] != '\0';
    /* The reason stands last: a list of hosts makes it long. */
    g_autofree char *text =
        g_strdup_printf("%s So the nodes cannot be listed. Node %s, since %s%s%s",
                        door_problem(ledger_door(context->ledger)), context->node_name, since,
                        has_reason ? ": " : ".", has_reason ? why : "");
    http_answer_busy(request, BUSY_RETRY_S, text);
}

static void answer_listing(void *arg, enum command_outcome outcome)
{
    struct node_listing *listing = arg;
    if (outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_UNCERTAIN) {
        answer_by_itself(listing->request, listing->context);
        json_decref(listing->items);
    } else if (api_outcome(listing->request, outcome)) {
        api_answer_list(listing->request, listing->items, 0);
    } else {
        json_decref(listing->items);
    }
    g_free(listing);
}

static void get_nodes(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (ledger_is_cut_off(context->ledger)) {
        answer_by_itself(request, context);
        return;
    }
    struct node_listing *listing = g_new0(struct node_listing, 1);
    *listing = (struct node_listing){.request = request, .context = context, .items = json_array()};
    struct command command = {.run = run_listing, .answer = answer_listing, .arg = listing};
    if (!api_submit(request, context, command)) {
        json_decref(listing->items);
        g_free(listing);
    }
}

/* --- ready? --- */

struct ready {
    struct http_request *request;
    const struct api_context *context;
    int64_t node;
    int lanes;
    int alive;
};

static const char *door_name(enum ledger_door door)
{
    switch (door) {
    case LEDGER_FULL:
        return "full";
    case LEDGER_DOWN:
        return "down";
    case LEDGER_UNCERTAIN:
        return "uncertain";
    case LEDGER_OUTDATED:
        return "outdated";
    case LEDGER_DAMAGED:
        return "damaged";
    case LEDGER_OPEN:
        break;
    }
    return "writable";
}

/* A problem with one more member, for programs that watch. */
static void answer_not_ready(struct http_request *request, const struct api_context *context)
{
    enum ledger_door door = ledger_door(context->ledger);
    json_auto_t *body = json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:o, s:s?, s:s}", "type", "about:blank", "title",
        "Not available for the moment", "status", 503, "detail", door_problem(door), "database",
        door == LEDGER_OPEN ? "slow" : door_name(door), "since", api_utc(closed_since(context)),
        "node", context->node_name, "request_id", http_request_id(request));
    g_autofree char *text = json_dumps(body, JSON_COMPACT);
    http_set_header(request, "Retry-After", BUSY_S);
    http_answer_text(request, 503, "application/problem+json", text);
}

/* Alerts would be taken, and nobody be told of them. True when it was answered. */
static bool answer_not_sending(struct http_request *request, const struct api_context *context)
{
    const char *text = NULL;
    const char *word = context->sending_amiss != NULL
                           ? context->sending_amiss(context->sending_self, &text)
                           : NULL;
    if (word == NULL) {
        return false;
    }
    json_auto_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s?, s:s}", "type",
                                  "about:blank", "title", "Nobody is told", "status", 503, "detail",
                                  text, "database", "writable", "sending", word, "node",
                                  context->node_name, "request_id", http_request_id(request));
    g_autofree char *answer = json_dumps(body, JSON_COMPACT);
    http_set_header(request, "Retry-After", BUSY_S);
    http_answer_text(request, 503, "application/problem+json", answer);
    return true;
}

/* Goes all the way through the ledger's thread: a stalled one must not look ready. Anybody may ask, and
 * load balancers do each second: nothing is read here, for all other nodes wait meanwhile. */
static enum command_result run_ready(struct ledger_tx *tx, void *arg)
{
    struct ready *ready = arg;
    ready->node = MAX(ledger_node(tx), 1); /* the one there is calls itself 1, as in the list */
    ready->lanes = __builtin_popcountll(tx->lanes);
    ready->alive = ledger_nodes_alive(tx);
    return COMMAND_REFUSED;
}

static void answer_ready(void *arg, enum command_outcome outcome)
{
    struct ready *ready = arg;
    if (http_is_late(ready->request)) {
        http_answer_busy(ready->request, BUSY_RETRY_S, NOT_IN_TIME); /* is dropped */
    } else if (outcome == OUTCOME_REFUSED) {
        http_answer_json(ready->request, 200,
                         json_pack("{s:s, s:s, s:{s:o, s:s?, s:i}, s:i}", "status", "ready",
                                   "database", "writable", "node", "id",
                                   json_sprintf("%" G_GINT64_FORMAT, ready->node), "name",
                                   ready->context->node_name, "lanes", ready->lanes, "nodes_alive",
                                   ready->alive));
    } else {
        answer_not_ready(ready->request, ready->context);
    }
    g_free(ready);
}

static void get_ready(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (!ledger_is_writable(context->ledger) || api_is_stuck(context)) {
        answer_not_ready(request, context);
        return;
    }
    if (answer_not_sending(request, context)) {
        return;
    }
    struct ready *ready = g_new0(struct ready, 1);
    *ready = (struct ready){.request = request, .context = context};
    http_answer_within(request, READY_WITHIN, NOT_IN_TIME);
    struct command command = {.run = run_ready, .answer = answer_ready, .arg = ready};
    if (!api_submit(request, context, command)) {
        g_free(ready); /* answered: not ready */
    }
}

static const int FAILED[] = {500, 0};

static const struct route_row ROWS[] = {
    {"GET", "/readyz", NULL, get_ready, .door = HTTP_DOOR_ANYONE,
     .summary = "Alerts are taken and people told: the ledger runs, the database can be written, "
                "messages are sent. 503 says in `database` why not: full, down, uncertain, "
                "outdated, damaged or slow; or in `sending`: silent, unwatched or overdue.",
     .answer = &READY_SHAPE},
    {"GET", "/api/v1/nodes", &PERMIT_NODE_READ, get_nodes,
     .summary = "The servers that share the database, also the last that ended within a day.",
     .answer = &NODE_RECORD, .is_list = true, .others = FAILED},
};
const struct route_table NODE_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
