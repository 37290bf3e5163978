/* How pages to people went: for a team lead who wants to help, and not to blame. */
#include "api/aside.h"
#include "api/handler.h"

#include <string.h>

#include "paging/miss_store.h"
#include "paging/paging_permits.h"
#include "people/user.h"

#define SINCE_USUAL SPAN_D(30)

struct miss_view {
    char *user;
    struct utc since;
    int64_t pages, acknowledged, went_on;
    char *words;
};
static const struct field MISS_FIELDS[] = {
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct miss_view, user),
     .flags = FIELD_ALWAYS},
    {.name = "since",
     .kind = FIELD_UTC,
     .offset = offsetof(struct miss_view, since),
     .flags = FIELD_ALWAYS},
    {.name = "pages",
     .kind = FIELD_INT,
     .offset = offsetof(struct miss_view, pages),
     .flags = FIELD_ALWAYS,
     .doc = "Started since then."},
    {.name = "acknowledged",
     .kind = FIELD_INT,
     .offset = offsetof(struct miss_view, acknowledged),
     .flags = FIELD_ALWAYS,
     .doc = "Of these, acknowledged or resolved by this person."},
    {.name = "went_on",
     .kind = FIELD_INT,
     .offset = offsetof(struct miss_view, went_on),
     .flags = FIELD_ALWAYS,
     .doc = "Of these, told to somebody else by a later step, although a message had reached this "
            "person."},
    {.name = "words",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct miss_view, words),
     .flags = FIELD_ALWAYS,
     .doc = "The same as a sentence."},
};
static const struct record MISS_RECORD = {.name = "Misses",
                                          .doc = "How the pages to one person went.",
                                          .size = sizeof(struct miss_view),
                                          .fields = MISS_FIELDS,
                                          .field_count = G_N_ELEMENTS(MISS_FIELDS)};

static char *words_of(const struct miss_view *view)
{
    const char *noun = view->pages == 1 ? "page" : "pages";
    if (view->pages == 0) {
        return g_strdup("no pages in this time");
    }
    if (view->went_on == 0) {
        return g_strdup_printf("%" G_GINT64_FORMAT " %s, none went on to somebody else",
                               view->pages, noun);
    }
    return g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                           " %s went on to somebody else",
                           view->went_on, view->pages, noun);
}

/* What was counted, by name: who had no page is not in it. */
struct counts {
    GHashTable *by_name; /* name -> struct miss_view */
    struct utc since;
};

static void take_row(void *self, const struct miss_row *row)
{
    struct counts *counts = self;
    struct miss_view *view = g_new0(struct miss_view, 1);
    view->pages = row->pages;
    view->acknowledged = row->acknowledged;
    view->went_on = row->went_on;
    g_hash_table_insert(counts->by_name, g_strdup(row->who), view);
}

static json_t *miss_json(const struct counts *counts, char *user)
{
    const struct miss_view *found = g_hash_table_lookup(counts->by_name, user);
    struct miss_view view = found != NULL ? *found : (struct miss_view){0};
    view.user = user;
    view.since = counts->since;
    view.words = words_of(&view);
    json_t *json = record_write(&MISS_RECORD, &view);
    g_free(view.words);
    return json;
}

/* False after answering. */
static bool count(struct http_request *request, struct api_context *context, const char *user,
                  struct counts *out)
{
    struct utc now = clock_now(context->clock);
    struct fault fault = {0};
    if (!api_instant(request, "since", utc_add(now, (struct span){-SINCE_USUAL.us}), &out->since)) {
        return false;
    }
    if (!utc_before(out->since, now)) {
        fault_set(&fault, "since", "must lie in the past.");
        http_answer_fault(request, 400, &fault);
        return false;
    }
    out->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct db *db = api_reader(context);
    miss_list(db, user, out->since, utc_add(now, SPAN_S(1)), take_row, out);
    if (!api_reader_done(context, request, db)) {
        g_hash_table_destroy(out->by_name);
        return false;
    }
    return true;
}

static void read_user_misses(struct http_request *request, void *self)
{
    struct api_context *context = self;
    const char *name = http_path_param(request, "name");
    struct config *config = config_current(context->configs);
    const struct user *user = user_find(config, name);
    struct counts counts = {0};
    if (user == NULL) {
        api_answer_unknown(request, 404, "name", config, &USER_KIND, name);
    } else if (count(request, context, user->name, &counts)) {
        http_answer_json(request, 200, miss_json(&counts, user->name));
        g_hash_table_destroy(counts.by_name);
    }
    config_unref(config);
}

static void get_user_misses(struct http_request *request, void *context)
{
    aside_answer_long(request, context, read_user_misses);
}

/* Of everybody, or of a team's members. */
static json_t *misses_json(const struct config *config, const struct team *team,
                           const struct counts *counts)
{
    json_t *items = json_array();
    const GPtrArray *users = config_items(config, &USER_KIND);
    for (guint i = 0; users != NULL && i < users->len; i++) {
        const struct user *user = g_ptr_array_index(users, i);
        bool is_wanted = team == NULL || g_ptr_array_find_with_equal_func(team->members, user->name,
                                                                          g_str_equal, NULL);
        if (is_wanted) {
            json_array_append_new(items, miss_json(counts, user->name));
        }
    }
    return items;
}

static void read_misses(struct http_request *request, void *self)
{
    struct api_context *context = self;
    const char *name = http_query(request, "team");
    struct config *config = config_current(context->configs);
    const struct team *team = team_find(config, name);
    struct counts counts = {0};
    if (name != NULL && team == NULL) {
        api_answer_unknown(request, 400, "team", config, &TEAM_KIND, name);
    } else if (count(request, context, NULL, &counts)) {
        api_answer_list(request, misses_json(config, team, &counts), 0);
        g_hash_table_destroy(counts.by_name);
    }
    config_unref(config);
}

static void get_misses(struct http_request *request, void *context)
{
    aside_answer_long(request, context, read_misses);
}

#define SINCE_PARAM SHAPE_KIND("since", FIELD_UTC, 0, "30 days ago when absent.")
static const struct field SINCE_PARAMS[] = {SINCE_PARAM, {0}};
static const struct field TEAM_PARAMS[] = {
    SINCE_PARAM, SHAPE_TEXT("team", 0, "Only its members."), {0}};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/users/{name}/misses", &PERMIT_MISS_READ, get_user_misses,
     .summary = "How many pages one person had, and how many went on to somebody else.",
     .answer = &MISS_RECORD, .params = SINCE_PARAMS},
    {"GET", "/api/v1/misses", &PERMIT_MISS_READ, get_misses,
     .summary = "The same for everybody, or for a team.", .answer = &MISS_RECORD, .is_list = true,
     .params = TEAM_PARAMS},
};
const struct route_table MISS_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
