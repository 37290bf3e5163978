/* Taking a person off duty, and how pages to people went. */
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include "base/json_set.h"
#include "oncall/absence.h"
#include "oncall/off_duty.h"
#include "oncall/oncall_permits.h"
#include "paging/pager.h"

/* --- the shape of request and answer --- */

struct off_duty_body {
    struct utc from, until;
    char *comment;
    bool dry_run;
    bool reassign;
};
static const struct field BODY_FIELDS[] = {
    {.name = "from",
     .kind = FIELD_UTC,
     .offset = offsetof(struct off_duty_body, from),
     .doc = "From then on, for an absence that is planned; from now on when absent."},
    {.name = "until",
     .kind = FIELD_UTC,
     .offset = offsetof(struct off_duty_body, until),
     .flags = FIELD_REQUIRED,
     .doc = "Until then, RFC 3339; at most a year ahead."},
    {.name = "comment",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct off_duty_body, comment),
     .min = 1,
     .max = 500,
     .doc = "Why; stands with each override."},
    {.name = "dry_run",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct off_duty_body, dry_run),
     .doc = "Only tells who would take over."},
    {.name = "reassign",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct off_duty_body, reassign),
     .doc = "Pages that the person has not answered go on to others now."},
};
static const struct record BODY_RECORD = {.name = "OffDuty",
                                          .doc = "Until when a person is to be off duty.",
                                          .size = sizeof(struct off_duty_body),
                                          .fields = BODY_FIELDS,
                                          .field_count = G_N_ELEMENTS(BODY_FIELDS)};

struct cover_view {
    char *schedule, *layer, *who, *id;
    struct utc since, until;
};
static const struct field COVER_FIELDS[] = {
    {.name = "schedule",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct cover_view, schedule),
     .flags = FIELD_ALWAYS},
    {.name = "layer",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct cover_view, layer),
     .doc = "Where the override is of one layer."},
    {.name = "since",
     .kind = FIELD_UTC,
     .offset = offsetof(struct cover_view, since),
     .flags = FIELD_ALWAYS},
    {.name = "until",
     .kind = FIELD_UTC,
     .offset = offsetof(struct cover_view, until),
     .flags = FIELD_ALWAYS},
    {.name = "who",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct cover_view, who),
     .flags = FIELD_ALWAYS,
     .doc = "Who takes over."},
    {.name = "id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct cover_view, id),
     .doc = "Of the override, which can be taken back; absent in a dry run."},
};
static const struct record COVER_RECORD = {.name = "Cover",
                                           .doc = "One shift that somebody else takes.",
                                           .size = sizeof(struct cover_view),
                                           .fields = COVER_FIELDS,
                                           .field_count = G_N_ELEMENTS(COVER_FIELDS)};

struct away_view {
    char *user;
    struct utc until;
};
static const struct field AWAY_FIELDS[] = {
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct away_view, user),
     .flags = FIELD_ALWAYS},
    {.name = "until", .kind = FIELD_UTC, .offset = offsetof(struct away_view, until)},
};
static const struct record AWAY_RECORD = {.name = "Away",
                                          .doc = "Somebody who is away.",
                                          .size = sizeof(struct away_view),
                                          .fields = AWAY_FIELDS,
                                          .field_count = G_N_ELEMENTS(AWAY_FIELDS)};

struct uncovered_view {
    char *schedule;
    struct utc since, until;
    GPtrArray *away;
};
static const struct field UNCOVERED_FIELDS[] = {
    {.name = "schedule",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct uncovered_view, schedule),
     .flags = FIELD_ALWAYS},
    {.name = "since",
     .kind = FIELD_UTC,
     .offset = offsetof(struct uncovered_view, since),
     .flags = FIELD_ALWAYS},
    {.name = "until",
     .kind = FIELD_UTC,
     .offset = offsetof(struct uncovered_view, until),
     .flags = FIELD_ALWAYS},
    {.name = "away",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct uncovered_view, away),
     .flags = FIELD_ALWAYS,
     .record = &AWAY_RECORD,
     .doc = "Who else could, but is away."},
};
static const struct record UNCOVERED_RECORD = {.name = "Uncovered",
                                               .doc = "One shift that nobody else can take.",
                                               .size = sizeof(struct uncovered_view),
                                               .fields = UNCOVERED_FIELDS,
                                               .field_count = G_N_ELEMENTS(UNCOVERED_FIELDS)};

struct off_duty_view {
    char *user, *absence;
    struct utc from, until;
    GPtrArray *covers, *uncovered, *named_by;
    int64_t handed_on;
};
static const struct field VIEW_FIELDS[] = {
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct off_duty_view, user),
     .flags = FIELD_ALWAYS},
    {.name = "from",
     .kind = FIELD_UTC,
     .offset = offsetof(struct off_duty_view, from),
     .flags = FIELD_ALWAYS},
    {.name = "until",
     .kind = FIELD_UTC,
     .offset = offsetof(struct off_duty_view, until),
     .flags = FIELD_ALWAYS},
    {.name = "absence",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct off_duty_view, absence),
     .doc =
         "By which it is remembered, and ended; absent in a dry run, unless it was there already."},
    {.name = "covers",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct off_duty_view, covers),
     .flags = FIELD_ALWAYS,
     .record = &COVER_RECORD},
    {.name = "uncovered",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct off_duty_view, uncovered),
     .flags = FIELD_ALWAYS,
     .record = &UNCOVERED_RECORD,
     .doc = "Shifts for which nobody was found: the person stays on call there."},
    {.name = "named_by",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct off_duty_view, named_by),
     .flags = FIELD_ALWAYS,
     .doc = "Policies that name the person themselves and go on telling them."},
    {.name = "handed_on",
     .kind = FIELD_INT,
     .offset = offsetof(struct off_duty_view, handed_on),
     .flags = FIELD_ALWAYS,
     .doc = "Alerts whose pages went on to others."},
};
static const struct record VIEW_RECORD = {.name = "OffDutyResult",
                                          .doc = "Who takes over from somebody off duty.",
                                          .size = sizeof(struct off_duty_view),
                                          .fields = VIEW_FIELDS,
                                          .field_count = G_N_ELEMENTS(VIEW_FIELDS)};

/* --- off duty --- */

struct taking_off {
    struct off_duty off; /* first: for job_run_config */
    int handed_on;
};

static void taking_off_clear(void *work)
{
    off_duty_clear(&((struct taking_off *)work)->off);
}

/* In the same commit, and judged by the schedules as they are with the covers. */
static void reassign(struct ledger_tx *tx, const struct job *job, struct taking_off *taking)
{
    const struct config_command *base = &taking->off.base;
    struct config *config =
        base->next != NULL ? config_ref(base->next) : config_current(base->configs);
    struct reassign pages = {.pager = job->api->pager,
                             .config = config,
                             .user = taking->off.user,
                             .dry_run = taking->off.dry_run};
    pager_reassign(tx, &pages);
    taking->handed_on = pages.count;
    config_unref(config);
}

static enum command_result take_off(struct ledger_tx *tx, struct job *job)
{
    struct taking_off *taking = job->work;
    struct off_duty *off = &taking->off;
    taking->handed_on = 0;
    enum command_result result = job_run_config(tx, job, off_duty_run);
    if (result == COMMAND_DONE && ((struct off_duty_body *)job->body)->reassign) {
        reassign(tx, job, taking);
    }
    if (job->status < 400) {
        job->answer = json_pack("{s:s, s:s*, s:o, s:o, s:o, s:o, s:o, s:i}", "user", off->user,
                                "absence", off->absence, "from", api_utc(off->from), "until",
                                api_utc(off->until), "covers", g_steal_pointer(&off->covers),
                                "uncovered", g_steal_pointer(&off->uncovered), "named_by",
                                g_steal_pointer(&off->named_by), "handed_on", taking->handed_on);
    }
    return result;
}

/* False after answering. */
static bool begins_in_time(struct http_request *request, const struct off_duty_body *body,
                           struct utc now)
{
    struct fault fault = {0};
    if (body->reassign && utc_before(now, body->from)) {
        (void)fault_set(&fault, "reassign",
                        "goes with an absence that begins now: leave out from, or call it then");
        http_answer_fault(request, 422, &fault);
        return false;
    }
    return true;
}

static void post_off_duty(struct http_request *request, void *self)
{
    static const struct job_kind TAKING_OFF = {.body = &BODY_RECORD,
                                               .work = sizeof(struct taking_off),
                                               .run = take_off,
                                               .settle = job_settle_config,
                                               .clear = taking_off_clear};
    struct api_context *context = self;
    struct job *job = job_begin(request, context, context, &TAKING_OFF);
    struct utc now = clock_now(context->clock);
    if (job == NULL) {
        return;
    }
    const struct off_duty_body *body = job->body;
    if (!begins_in_time(request, body, now)) {
        job_drop(job);
        return;
    }
    struct off_duty *off = &((struct taking_off *)job->work)->off;
    *off = (struct off_duty){.user = http_path_param(request, "name"),
                             .from = utc_later(now, body->from),
                             .until = body->until,
                             .comment = body->comment,
                             .dry_run = body->dry_run};
    job_begin_config(job, &off->base);
    job_go(job);
}

/* --- absences --- */

static void get_absences(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct api_page page;
    if (!api_page_read(request, &page)) {
        return;
    }
    struct config *config = config_current(context->configs);
    const GPtrArray *all = config_items(config, &ABSENCE_KIND);
    json_t *items = json_array();
    int64_t at = page.from;
    for (; at < (int64_t)all->len && at < page.from + page.limit; at++) {
        json_array_append_new(items, record_write(&ABSENCE_RECORD, all->pdata[at]));
    }
    bool has_more = at < (int64_t)all->len;
    config_unref(config);
    api_answer_list(request, items, has_more ? at : 0);
}

static void end_clear(void *work)
{
    end_absence_clear(work);
}

static enum command_result run_end(struct ledger_tx *tx, struct job *job)
{
    struct end_absence *end = job->work;
    enum command_result result = job_run_config(tx, job, end_absence_run);
    if (job->status < 400) {
        job->answer =
            json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", end->name, "user", end->user,
                      "taken_back", g_steal_pointer(&end->taken_back), "covers",
                      g_steal_pointer(&end->covers), "uncovered", g_steal_pointer(&end->uncovered));
        json_set_utc(job->answer, "away_until", end->away_until);
    }
    return result;
}

static void delete_absence(struct http_request *request, void *context)
{
    static const struct job_kind ENDING = {.work = sizeof(struct end_absence),
                                           .run = run_end,
                                           .settle = job_settle_config,
                                           .clear = end_clear};
    bool keeps_covers = false;
    if (!api_flag(request, "keep_covers", false, &keeps_covers)) {
        return;
    }
    struct job *job = job_begin(request, context, context, &ENDING);
    struct end_absence *end = job->work;
    end->name = http_path_param(request, "name");
    end->keeps_covers = keeps_covers;
    job_begin_config(job, &end->base);
    job_go(job);
}

static const struct field END_PARAMS[] = {
    SHAPE_KIND("keep_covers", FIELD_BOOL, 0,
               "true: the overrides that cover it stay, and who is back is not on call there."),
    {0}};
static const int OF_FILE[] = {409, 0};

static const struct field TAKEN_BACK_FIELDS[] = {
    SHAPE_TEXT("schedule", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("id", FIELD_ALWAYS, NULL),
};
static const struct record TAKEN_BACK_SHAPE =
    SHAPE("OverrideTakenBack", "An override that is no more.", TAKEN_BACK_FIELDS);
static const struct field ABSENCE_ENDED_FIELDS[] = {
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("user", FIELD_ALWAYS, "Whose it was, and who is back."),
    SHAPE_KIND("away_until", FIELD_UTC, 0, "Away by another absence, until then, and not back."),
    SHAPE_MANY("taken_back", TAKEN_BACK_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("covers", COVER_RECORD, FIELD_ALWAYS),
    SHAPE_MANY("uncovered", UNCOVERED_RECORD, FIELD_ALWAYS),
};
static const struct record ABSENCE_ENDED_SHAPE =
    SHAPE("AbsenceEnded", "An absence that is over.", ABSENCE_ENDED_FIELDS);

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/absences", &PERMIT_ABSENCE_READ, get_absences,
     .summary = "Who is away, and when, of those who were taken off duty.",
     .answer = &ABSENCE_RECORD, .is_list = true, .params = API_PAGE_PARAMS},
    {"DELETE", "/api/v1/absences/{name}", &PERMIT_ABSENCE_CHANGE, delete_absence,
     .summary =
         "Ends an absence, and takes back the overrides that cover what is left of it; one that "
         "holds ends now.",
     .answer = &ABSENCE_ENDED_SHAPE, .params = END_PARAMS, .others = OF_FILE},
    {"POST", "/api/v1/users/{name}/off-duty", &PERMIT_ABSENCE_CHANGE, post_off_duty,
     .summary = "Takes a person off duty for a time: somebody else covers each of their shifts.",
     .request = &BODY_RECORD, .answer = &VIEW_RECORD},
};
const struct route_table DUTY_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
