/* Taking a person off duty, and how pages to people went. */
#include "api/shapes.h"
#include "api/support.h"

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
    bool hand_on;
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
    {.name = "hand_on",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct off_duty_body, hand_on),
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
const struct record COVER_RECORD = {.name = "Cover",
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
const struct record UNCOVERED_RECORD = {.name = "Uncovered",
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

struct off_duty_job {
    struct http_request *request;
    struct pager *pager;
    struct off_duty_body body;
    struct off_duty off;
    int handed_on;
    char *user;
    struct principal actor;
};

static void job_free(struct off_duty_job *job)
{
    off_duty_clear(&job->off);
    record_clear(&BODY_RECORD, &job->body);
    g_free(job->user);
    principal_clear(&job->actor);
    g_free(job);
}

/* In the same commit, and judged by the schedules as they are with the covers. */
static void hand_on(struct ledger_tx *tx, struct off_duty_job *job)
{
    struct config *config = job->off.base.next != NULL ? config_ref(job->off.base.next)
                                                       : config_current(job->off.base.configs);
    struct hand_on pages = {
        .pager = job->pager, .config = config, .user = job->user, .dry_run = job->body.dry_run};
    pager_hand_on(tx, &pages);
    job->handed_on = pages.count;
    config_unref(config);
}

static enum command_result off_duty_job_run(struct ledger_tx *tx, void *self)
{
    struct off_duty_job *job = self;
    job->handed_on = 0;
    enum command_result result = off_duty_run(tx, &job->off);
    if (result == COMMAND_DONE && job->body.hand_on) {
        hand_on(tx, job);
    }
    return result;
}

static void off_duty_answer(void *self, enum command_outcome outcome)
{
    struct off_duty_job *job = self;
    config_command_answered(&job->off, outcome);
    if (api_outcome(job->request, outcome)) {
        if (job->off.base.status >= 400) {
            http_answer_fault(job->request, job->off.base.status, &job->off.base.fault);
        } else {
            /* Handed over, not shared: the request's thread writes them out. */
            http_answer_json(
                job->request, 200,
                json_pack("{s:s, s:s*, s:o, s:o, s:o, s:o, s:o, s:i}", "user", job->user, "absence",
                          job->off.absence, "from", api_utc(job->body.from), "until",
                          api_utc(job->body.until), "covers", g_steal_pointer(&job->off.covers),
                          "uncovered", g_steal_pointer(&job->off.uncovered), "named_by",
                          g_steal_pointer(&job->off.named_by), "handed_on", job->handed_on));
        }
    }
    job_free(job);
}

static void post_off_duty(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct off_duty_job *job = g_new0(struct off_duty_job, 1);
    job->request = request;
    if (!api_body(request, &BODY_RECORD, &job->body)) {
        job_free(job);
        return;
    }
    struct utc now = clock_now(context->clock);
    struct fault fault = {0};
    if (job->body.hand_on && utc_before(now, job->body.from)) {
        (void)fault_set(&fault, "hand_on",
                        "goes with an absence that begins now: leave out from, or call it then");
        http_answer_fault(request, 422, &fault);
        job_free(job);
        return;
    }
    job->body.from = utc_later(now, job->body.from);
    job->pager = context->pager;
    job->user = g_strdup(http_path_param(request, "name"));
    job->actor = principal_copy(api_principal(request));
    job->off = (struct off_duty){.base = {.configs = context->configs, .actor = job->actor},
                                 .user = job->user,
                                 .from = job->body.from,
                                 .until = job->body.until,
                                 .comment = job->body.comment,
                                 .dry_run = job->body.dry_run};
    struct command command = {.run = off_duty_job_run, .answer = off_duty_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        job_free(job);
    }
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

struct end_job {
    struct http_request *request;
    struct end_absence end;
    char *name;
    struct principal actor;
};

static void end_job_free(struct end_job *job)
{
    end_absence_clear(&job->end);
    g_free(job->name);
    principal_clear(&job->actor);
    g_free(job);
}

static enum command_result end_job_run(struct ledger_tx *tx, void *self)
{
    return end_absence_run(tx, &((struct end_job *)self)->end);
}

static void end_answer(void *self, enum command_outcome outcome)
{
    struct end_job *job = self;
    config_command_answered(&job->end, outcome);
    if (api_outcome(job->request, outcome)) {
        if (job->end.base.status >= 400) {
            http_answer_fault(job->request, job->end.base.status, &job->end.base.fault);
        } else {
            json_t *answer = json_pack(
                "{s:s, s:s, s:o, s:o, s:o}", "name", job->name, "user", job->end.user, "taken_back",
                g_steal_pointer(&job->end.taken_back), "covers", g_steal_pointer(&job->end.covers),
                "uncovered", g_steal_pointer(&job->end.uncovered));
            json_set_utc(answer, "away_until", job->end.away_until);
            http_answer_json(job->request, 200, answer);
        }
    }
    end_job_free(job);
}

static void delete_absence(struct http_request *request, void *self)
{
    struct api_context *context = self;
    bool keeps_covers = false;
    if (!api_flag(request, "keep_covers", false, &keeps_covers)) {
        return;
    }
    struct end_job *job = g_new0(struct end_job, 1);
    job->request = request;
    job->name = g_strdup(http_path_param(request, "name"));
    job->actor = principal_copy(api_principal(request));
    job->end = (struct end_absence){.base = {.configs = context->configs, .actor = job->actor},
                                    .name = job->name,
                                    .keeps_covers = keeps_covers};
    struct command command = {.run = end_job_run, .answer = end_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        end_job_free(job);
    }
}

static const struct field END_PARAMS[] = {
    SHAPE_KIND("keep_covers", FIELD_BOOL, 0,
               "true: the overrides that cover it stay, and who is back is not on call there."),
    {0}};
static const int OF_FILE[] = {409, 0};

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
