/* Taking a person off duty, and how pages to people went. */
#include "api/support.h"

#include "config/off_duty.h"
#include "page/pager.h"

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
    {.name = "schedule", .kind = FIELD_TEXT, .offset = offsetof(struct cover_view, schedule)},
    {.name = "layer",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct cover_view, layer),
     .doc = "Where the override is of one layer."},
    {.name = "since", .kind = FIELD_UTC, .offset = offsetof(struct cover_view, since)},
    {.name = "until", .kind = FIELD_UTC, .offset = offsetof(struct cover_view, until)},
    {.name = "who",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct cover_view, who),
     .doc = "Who takes over; absent where nobody is found."},
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

struct off_duty_view {
    char *user;
    struct utc from, until;
    GPtrArray *covers, *uncovered, *named_by;
    int64_t handed_on;
};
static const struct field VIEW_FIELDS[] = {
    {.name = "user", .kind = FIELD_TEXT, .offset = offsetof(struct off_duty_view, user)},
    {.name = "from", .kind = FIELD_UTC, .offset = offsetof(struct off_duty_view, from)},
    {.name = "until", .kind = FIELD_UTC, .offset = offsetof(struct off_duty_view, until)},
    {.name = "covers",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct off_duty_view, covers),
     .record = &COVER_RECORD},
    {.name = "uncovered",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct off_duty_view, uncovered),
     .record = &COVER_RECORD,
     .doc = "Shifts for which nobody was found: the person stays on call there."},
    {.name = "named_by",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct off_duty_view, named_by),
     .doc = "Policies that name the person themselves and go on telling them."},
    {.name = "handed_on",
     .kind = FIELD_INT,
     .offset = offsetof(struct off_duty_view, handed_on),
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
    char *actor;
};

static void job_free(struct off_duty_job *job)
{
    off_duty_clear(&job->off);
    record_clear(&BODY_RECORD, &job->body);
    g_free(job->user);
    g_free(job->actor);
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
                json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:i}", "user", job->user, "from",
                          api_utc(job->body.from), "until", api_utc(job->body.until), "covers",
                          g_steal_pointer(&job->off.covers), "uncovered",
                          g_steal_pointer(&job->off.uncovered), "named_by",
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
    job->actor = g_strdup(http_actor(request));
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

const struct route_row DUTY_ROUTES[] = {
    {"POST", "/api/v1/users/{name}/off-duty", PERMIT_RESPOND, post_off_duty,
     .summary = "Takes a person off duty for a time: somebody else covers each of their shifts.",
     .request = &BODY_RECORD, .answer = &VIEW_RECORD},
};
const size_t DUTY_ROUTE_COUNT = G_N_ELEMENTS(DUTY_ROUTES);
