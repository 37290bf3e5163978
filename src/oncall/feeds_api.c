/* Calendars that phones subscribe to. The address is the secret: unguessable and revocable. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include <string.h>

#include "access/key_command.h"
#include "access/key_index.h"
#include "access/token_store.h"
#include "base/subject.h"
#include "oncall/ical.h"
#include "oncall/oncall_permits.h"
#include "people/user.h"

enum { PAST_DAYS = 31, FUTURE_DAYS = 120 };

static const char USER[] = "user";
static const char SCHEDULE[] = "schedule";

/* --- the calendar --- */

static GPtrArray *schedules_of(const struct config *config, const char *owner)
{
    GPtrArray *schedules = g_ptr_array_new();
    const char *name = subject_name(owner, SCHEDULE);
    if (name != NULL) {
        const struct schedule *schedule = schedule_find(config, name);
        if (schedule != NULL) {
            g_ptr_array_add(schedules,
                            g_hash_table_lookup(config_by_name(config, &SCHEDULE_KIND), name));
        }
        return schedules;
    }
    const GPtrArray *all = config_items(config, &SCHEDULE_KIND);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        g_ptr_array_add(schedules, all->pdata[i]);
    }
    return schedules;
}

static const char *full_name_of(const void *config, const char *name)
{
    const struct user *user = user_find(config, name);
    return user != NULL ? user->full_name : NULL;
}

/* The same bytes for a whole day, unless the configuration changes: programs ask every hour. */
static char *write_calendar(const struct config *config, const struct api_context *context,
                            const char *owner, struct utc now)
{
    g_autoptr(GPtrArray) schedules = schedules_of(config, owner);
    struct utc today = {now.us - now.us % SPAN_D(1).us};
    const char *user = subject_name(owner, USER);
    const char *name = user != NULL ? user : subject_name(owner, SCHEDULE);
    const char *full_name = user != NULL ? full_name_of(config, name) : NULL;
    g_autofree char *title = g_strdup_printf("On call: %s", full_name != NULL ? full_name : name);
    const struct ical_feed feed = {
        .name = title,
        .schedules = schedules,
        .user = user,
        .full_name = full_name_of,
        .names = config,
        .url = context->public_url,
        .from = {today.us - SPAN_D(PAST_DAYS).us},
        .to = utc_add(today, SPAN_D(FUTURE_DAYS)),
        .changed_at = today,
        .revision = config->version,
    };
    return ical_write(&feed);
}

static void answer_calendar(struct http_request *request, const char *text)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autofree char *tag = g_strdup_printf("\"%.32s\"", sum);
    const char *known = http_header(request, "If-None-Match");
    http_set_header(request, "ETag", tag);
    http_set_header(request, "Cache-Control", "private, no-cache");
    if (known != NULL && strstr(known, tag) != NULL) {
        http_answer_empty(request, 304);
    } else {
        http_answer_text(request, 200, "text/calendar; charset=utf-8", text);
    }
}

/* False after answering. */
static bool find_feed(struct http_request *request, struct api_context *context,
                      struct key_entry *out)
{
    const char *file = http_path_param(request, "key");
    g_autofree char *key =
        g_strndup(file, g_str_has_suffix(file, ".ics") ? strlen(file) - 4 : strlen(file));
    if (!key_index_find(context->keys, key, clock_now(context->clock), out) ||
        out->owner_kind != KEY_FEED) {
        http_answer_problem(request, 404, "This calendar's address is not known or was revoked.");
        return false;
    }
    return true;
}

static void read_calendar(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct key_entry entry = {0};
    if (!find_feed(request, context, &entry)) {
        return;
    }
    struct config *config = config_current(context->configs);
    g_autofree char *text = write_calendar(config, context, entry.owner, clock_now(context->clock));
    config_unref(config);
    answer_calendar(request, text);
}

/* Whoever has no feed's address takes no place among those who wait. */
static void get_calendar(struct http_request *request, void *context)
{
    struct key_entry entry = {0};
    if (find_feed(request, context, &entry)) {
        aside_answer_long(request, context, read_calendar);
    }
}

/* --- making and ending addresses --- */

struct feed_body {
    char *user;
    char *schedule;
};

static bool feed_check(const void *self, struct fault *fault)
{
    const struct feed_body *body = self;
    if ((body->user == NULL) == (body->schedule == NULL)) {
        return fault_set(fault, "user", "Name either a \"user\" or a \"schedule\".");
    }
    return true;
}

static const struct field FEED_FIELDS[] = {
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct feed_body, user),
     .doc = "Only this person's shifts, of all schedules."},
    {.name = "schedule",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct feed_body, schedule),
     .doc = "Everybody's shifts of this schedule."},
};
static const struct record FEED_BODY_RECORD = {.name = "FeedCreate",
                                               .doc = "A calendar to subscribe to.",
                                               .size = sizeof(struct feed_body),
                                               .fields = FEED_FIELDS,
                                               .field_count = G_N_ELEMENTS(FEED_FIELDS),
                                               .check = feed_check};

struct feed_view {
    char *id, *owner;
    struct utc created_at, revoked_at, last_used_at;
};

#define VIEW(member) offsetof(struct feed_view, member)
static const struct field FEED_VIEW_FIELDS[] = {
    {.name = "id", .kind = FIELD_TEXT, .offset = VIEW(id), .flags = FIELD_ALWAYS},
    {.name = "owner",
     .kind = FIELD_TEXT,
     .offset = VIEW(owner),
     .flags = FIELD_ALWAYS,
     .doc = "\"user:ana\" or \"schedule:primary\"."},
    {.name = "created_at", .kind = FIELD_UTC, .offset = VIEW(created_at), .flags = FIELD_ALWAYS},
    {.name = "revoked_at", .kind = FIELD_UTC, .offset = VIEW(revoked_at)},
    {.name = "last_used_at", .kind = FIELD_UTC, .offset = VIEW(last_used_at)},
};
static const struct record FEED_RECORD = {.name = "Feed",
                                          .doc = "A calendar's address, without its secret.",
                                          .size = sizeof(struct feed_view),
                                          .fields = FEED_VIEW_FIELDS,
                                          .field_count = G_N_ELEMENTS(FEED_VIEW_FIELDS)};

static void take_feed(void *items, const struct access_key *key)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, key->id);
    g_autofree char *owner = g_strdup(key->owner);
    struct feed_view view = {.id = id,
                             .owner = owner,
                             .created_at = key->created_at,
                             .revoked_at = key->revoked_at,
                             .last_used_at = key->last_used_at};
    json_array_append_new(items, record_write(&FEED_RECORD, &view));
}

static void read_feeds(struct http_request *request, void *self)
{
    struct api_context *context = self;
    json_t *items = json_array();
    struct db *db = api_reader(context);
    access_key_list(db, KEY_FEED, NULL, take_feed, items);
    if (api_reader_done(context, request, db)) {
        api_answer_list(request, items, 0);
    } else {
        json_decref(items);
    }
}

static void get_feeds(struct http_request *request, void *context)
{
    aside_answer(request, context, read_feeds);
}

struct minting {
    struct key_mint mint;
    char *owner;
};

static void minting_clear(void *work)
{
    g_free(((struct minting *)work)->owner);
}

static enum command_result run_mint(struct ledger_tx *tx, struct job *job)
{
    struct minting *minting = job->work;
    enum command_result result = key_mint(tx, &minting->mint);
    g_autofree char *url =
        g_strdup_printf("%s/cal/%s.ics", job->api->public_url, minting->mint.text);
    (void)job_done(job, 201, json_pack("{s:s, s:s}", "owner", minting->owner, "url", url));
    return result;
}

/* "user:ana" when there is such a user; NULL after answering. */
static char *owner_of(struct http_request *request, struct api_context *context,
                      const struct feed_body *body)
{
    struct config *config = config_current(context->configs);
    bool is_user = body->user != NULL;
    const char *name = is_user ? body->user : body->schedule;
    bool is_known = is_user ? user_find(config, name) != NULL : schedule_find(config, name) != NULL;
    config_unref(config);
    if (!is_known) {
        struct fault fault = {0};
        const char *noun = is_user ? "user" : "schedule";
        fault_set(&fault, noun, "There is no %s \"%s\".", noun, name);
        http_answer_fault(request, 422, &fault);
        return NULL;
    }
    return subject_text(subject_named(is_user ? USER : SCHEDULE, name));
}

static void post_feed(struct http_request *request, void *context)
{
    static const struct job_kind MINTING = {.body = &FEED_BODY_RECORD,
                                            .work = sizeof(struct minting),
                                            .run = run_mint,
                                            .clear = minting_clear};
    struct job *job = job_begin(request, context, context, &MINTING);
    if (job == NULL) {
        return;
    }
    struct minting *minting = job->work;
    minting->owner = owner_of(request, context, job->body);
    if (minting->owner == NULL) {
        job_drop(job);
        return;
    }
    minting->mint =
        (struct key_mint){.owner_kind = KEY_FEED, .owner = minting->owner, .actor = job->actor};
    job_go(job);
}

static enum command_result run_revoke(struct ledger_tx *tx, struct job *job)
{
    struct key_revoke *revoke = job->work;
    if (key_revoke(tx, revoke) == COMMAND_REFUSED) {
        return job_missing(job, "live calendar of", revoke->owner);
    }
    return job_done(job, 204, NULL);
}

static void delete_feed(struct http_request *request, void *context)
{
    static const struct job_kind REVOKING = {.work = sizeof(struct key_revoke), .run = run_revoke};
    const char *one = http_query(request, "id");
    gint64 id = 0;
    if (one != NULL && !g_ascii_string_to_signed(one, 10, 1, G_MAXINT64, &id, NULL)) {
        struct fault fault = {0};
        fault_set(&fault, "id", "must be that of a calendar: GET /api/v1/feeds lists them.");
        http_answer_fault(request, 400, &fault);
        return;
    }
    struct job *job = job_begin(request, context, context, &REVOKING);
    *(struct key_revoke *)job->work =
        (struct key_revoke){.owner_kind = KEY_FEED,
                            .owner = http_path_param(request, "owner"),
                            .id = id,
                            .actor = job->actor};
    job_go(job);
}

static const struct field REVOKE_PARAMS[] = {
    SHAPE_CODED("id", SHAPE_NUMBER_CODEC, 0, "Only this one, by its id in the list."), {0}};

static const int UNCHANGED[] = {304, 0};

static const struct field FEED_MADE_FIELDS[] = {
    SHAPE_TEXT("owner", FIELD_ALWAYS, "\"user:ana\", \"schedule:primary\"."),
    SHAPE_TEXT("url", FIELD_ALWAYS, "Shown only here."),
};
static const struct record FEED_MADE_SHAPE =
    SHAPE("FeedMade", "A new address of a calendar.", FEED_MADE_FIELDS);

static const struct route_row ROWS[] = {
    {"GET", "/cal/{key}", NULL, get_calendar, .door = HTTP_DOOR_KEY,
     .summary = "Shifts as a calendar (text/calendar); the address ends in .ics.",
     .gives = "text/calendar", .others = UNCHANGED},
    {"GET", "/api/v1/feeds", &PERMIT_FEED_READ, get_feeds,
     .summary = "Calendars that were given out, without their addresses.", .answer = &FEED_RECORD,
     .is_list = true},
    {"POST", "/api/v1/feeds", &PERMIT_FEED_CHANGE, post_feed,
     .summary = "Makes a calendar's address. It is in this answer only.",
     .request = &FEED_BODY_RECORD, .answer = &FEED_MADE_SHAPE, .success = 201},
    {"DELETE", "/api/v1/feeds/{owner}", &PERMIT_FEED_CHANGE, delete_feed,
     .summary =
         "Ends all calendar addresses of \"user:NAME\" or \"schedule:NAME\", or one of them.",
     .success = 204, .params = REVOKE_PARAMS},
};
const struct route_table FEED_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
