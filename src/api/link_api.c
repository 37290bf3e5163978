/* The page behind a signed link: what it is about and one button. Reading it, however often and by
 * whatever program, changes nothing; only the button's POST acts. */
#include "api/aside.h"
#include "api/shapes.h"
#include "api/support.h"

#include <string.h>

#include "api/link_html.h"
#include "base/principal.h"
#include "base/subject.h"
#include "channel/catalogue.h"
#include "channel/text.h"
#include "paging/mail_store.h"
#include "paging/pager.h"

/* A note of as many characters as the page lets one write, in any script: one may be twelve bytes of a form ("%F0%9F%98%80"). */
enum { CHARACTER_MAX = 12, FORM_MAX = CHARACTER_MAX * LINK_NOTE_MAX + 4096 };

static void visit_clear(struct visit *visit)
{
    if (visit->config != NULL) {
        config_unref(visit->config);
    }
    g_free(visit->time_zone);
    g_free(visit->token);
}

static void answer_bad_link(struct http_request *request, bool is_expired)
{
    /* On the board the alert can be taken all the same. */
    page_answer_dead_end(request, is_expired ? 410 : 404, "ack_page.title",
                         is_expired ? "ack_page.expired" : "ack_page.invalid");
}

/* Whose link it is and how they read; false when they are no longer in the configuration. */
static bool know_person(struct api_context *context, struct visit *visit)
{
    const char *name = visit->link.user;
    const struct principal told = principal_of_receiver(name);
    struct config *config = visit->config = config_current(context->configs);
    const struct user *user = user_find(config, name);
    const struct chat_channel *channel = NULL;
    if (told.kind == PRINCIPAL_CHANNEL) {
        channel = chat_channel_find(config, told.name);
    }
    if (user != NULL) {
        visit->language = user->language;
        visit->time_zone = g_strdup(user->time_zone);
        visit->actor = (struct principal){PRINCIPAL_USER, name};
    } else if (channel != NULL) {
        visit->language = channel->language;
        visit->time_zone = g_strdup(channel->time_zone);
        visit->actor = told;
    }
    return visit->actor.kind != 0;
}

/* False after answering. */
static bool read_link(struct http_request *request, struct api_context *context, struct visit *out)
{
    const char *token = http_path_param(request, "token");
    const unsigned char *key = pager_link_key(context->pager);
    struct fault fault = {0};
    out->now = clock_now(context->clock);
    out->pager = context->pager;
    if (!link_read(token, key, out->now, &out->link, &fault)) {
        /* Read as of the beginning of time nothing has expired: then the signature is the matter. */
        struct link ignored;
        bool is_expired = link_read(token, key, (struct utc){1}, &ignored, &fault);
        answer_bad_link(request, is_expired);
        return false;
    }
    if (!know_person(context, out)) {
        answer_bad_link(request, false);
        return false;
    }
    out->token = g_strdup(token);
    return true;
}

/* --- showing --- */

/* What became of a button that was pressed before, as the address says; any other word says nothing. */
static const struct {
    const char *word, *key;
} NOTICES[] = {
    {"escalate", "link.done.escalate"}, {"page", "link.done.page"},
    {"held", "link.done.held"},         {"snooze", "link.done.snooze"},
    {"refused", "link.done.refused"},
};

static const char *notice_of(const struct http_request *request)
{
    const char *done = http_query(request, "done");
    for (size_t i = 0; done != NULL && i < G_N_ELEMENTS(NOTICES); i++) {
        if (strcmp(NOTICES[i].word, done) == 0) {
            return NOTICES[i].key;
        }
    }
    return NULL;
}

/* Is this one of those that the link is about? */
static bool is_about(struct db *db, const struct link *link, struct subject subject)
{
    if (link->kind == LINK_SUBJECT) {
        return subject_equal(subject, link_subject(link));
    }
    return link->kind == LINK_DELIVERY && delivery_carries(db, link->id, subject);
}

static void read_link_page(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct visit visit = {0};
    if (!read_link(request, context, &visit)) {
        visit_clear(&visit);
        return;
    }
    const char *title = catalogue_text(visit.language, "ack_page.title");
    struct html *html = page_begin(visit.language, title, "page");
    struct db *db = api_reader(context);
    struct subject wanted = link_subject_read(visit.pager, http_query(request, "alert"));
    bool is_wanted = wanted.kind != NULL && is_about(db, &visit.link, wanted);
    visit.subject = is_wanted ? wanted : (struct subject){0};
    visit.notice = notice_of(request);
    link_show(html, &visit, db);
    if (api_page_done(context, request, db, visit.language)) {
        page_answer(request, 200, &html);
    } else {
        g_free(html_end(&html));
    }
    visit_clear(&visit);
}

/* Whether a link is ours is judged here, for it costs next to nothing: else links that are none would take the places
 * of those whom a page brings. */
static void get_link(struct http_request *request, void *context)
{
    struct visit visit = {0};
    bool is_good = read_link(request, context, &visit);
    visit_clear(&visit);
    if (is_good) {
        aside_answer_first(request, context, read_link_page);
    }
}

/* --- acting --- */

struct link_job {
    struct http_request *request;
    struct link link;
    struct act act;
    struct verify verify;
    struct span snooze;
    struct target target;
    struct subject subject; /* of kind NULL: all of the message */
    bool is_one;            /* to come back to the one of several */
    char *who;              /* owns the name in `target` */
    char *note;
    struct principal actor;
    char *token;
    json_t *holds;  /* of a page: what does not go at once */
    bool is_person; /* who pressed a button wants a page, whatever happened */
};

static void link_job_free(struct link_job *job)
{
    json_decref(job->holds);
    g_free(job->who);
    g_free(job->note);
    principal_clear(&job->actor);
    g_free(job->token);
    g_free(job);
}

static bool is_taken(struct ledger_tx *tx, const struct link_job *job)
{
    struct topic topic = {0};
    bool is_taken = job->act.verb == VERB_ACKNOWLEDGE &&
                    topic_load(job->act.pager, tx->db, job->subject, &topic) &&
                    topic_is_taken(tx->db, &topic);
    topic_clear(&topic);
    return is_taken;
}

static enum command_result act_on_one(struct ledger_tx *tx, struct link_job *job)
{
    job->act.subject = job->subject;
    job->act.until = utc_add(tx->now, job->snooze);
    if (!is_about(tx->db, &job->link, job->subject) || is_taken(tx, job)) {
        return COMMAND_REFUSED;
    }
    return pager_act(tx, &job->act);
}

static enum command_result link_run(struct ledger_tx *tx, void *self)
{
    struct link_job *job = self;
    job->act.status = 0; /* a batch may be run twice */
    if (job->link.kind == LINK_CONTACT) {
        return pager_verify(tx, &job->verify);
    }
    if (job->subject.kind != NULL) {
        return act_on_one(tx, job);
    }
    job->act.delivery_id = job->link.id;
    return pager_act_on_delivery(tx, &job->act);
}

/* The word for the page that is shown next; NULL: it speaks for itself. */
static const char *done_word(const struct link_job *job)
{
    static const char *const WORDS[] = {[VERB_ACKNOWLEDGE] = NULL,
                                        [VERB_RESOLVE] = NULL,
                                        [VERB_ESCALATE] = "escalate",
                                        [VERB_SNOOZE] = "snooze",
                                        [VERB_PAGE] = "page"};
    bool is_refused = job->act.status != 200 && job->act.verb != VERB_ACKNOWLEDGE;
    if (is_refused) {
        return "refused";
    }
    bool is_held = job->act.verb == VERB_PAGE && json_array_size(job->holds) > 0;
    return is_held ? "held" : WORDS[job->act.verb];
}

/* Newly allocated. */
static char *way_back(const struct link_job *job)
{
    GString *way = g_string_new("/l/");
    g_string_append(way, job->token);
    if (job->is_one) {
        g_autofree char *value = link_subject_write(job->subject);
        g_string_append_printf(way, "?alert=%s", value);
    }
    const char *done = done_word(job);
    if (done != NULL) {
        g_string_append_printf(way, "%sdone=%s", job->is_one ? "&" : "?", done);
    }
    return g_string_free(way, FALSE);
}

static void link_answer(void *self, enum command_outcome outcome)
{
    struct link_job *job = self;
    bool is_away = outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_UNCERTAIN;
    if ((is_away && job->is_person) || api_outcome(job->request, outcome)) {
        /* The page tells what became of it: also when there was nothing left to do, or the database is
         * away; then it waits until it can show the button again. */
        g_autofree char *address = is_away ? g_strconcat("/l/", job->token, NULL) : way_back(job);
        http_answer_redirect(job->request, 303, address);
    }
    link_job_free(job);
}

/* --- what a form says --- */

static bool read_verb(const char *word, int *out)
{
    static const struct enum_name VERBS[] = {
        {"acknowledge", VERB_ACKNOWLEDGE}, {"resolve", VERB_RESOLVE}, {"escalate", VERB_ESCALATE},
        {"snooze", VERB_SNOOZE},           {"page", VERB_PAGE},       {NULL, 0}};
    *out = word != NULL ? enum_from_name(VERBS, word) : 0;
    return *out != 0;
}

static bool read_snooze(const char *word, struct span *out)
{
    for (size_t i = 0; word != NULL && LINK_SNOOZES[i] != NULL; i++) {
        if (strcmp(LINK_SNOOZES[i], word) == 0) {
            return span_parse(word, out);
        }
    }
    return false;
}

/* "user:ana", "schedule:primary", "team:payments"; the name stays in job->who. */
static bool read_whom(const char *text, struct link_job *job)
{
    char kind[SUBJECT_KIND_SIZE];
    struct subject whom;
    if (text == NULL || !subject_read(text, kind, &whom) || whom.name == NULL ||
        whom.name[0] == '\0') {
        return false;
    }
    job->who = g_strdup(whom.name);
    job->target = (struct target){0};
    if (subject_is(whom, "user")) {
        job->target.user = job->who;
    } else if (subject_is(whom, "schedule")) {
        job->target.schedule = job->who;
    } else if (subject_is(whom, "team")) {
        job->target.team = job->who;
    } else {
        return false;
    }
    job->act.target = &job->target;
    return true;
}

/* Only what a form of ours sends is an answer: the name of the button, and what belongs to it. */
static bool read_form(struct http_request *request, struct link_job *job)
{
    int *verb = &job->act.verb;
    if (!read_verb(http_form(request, "do"), verb)) {
        return false;
    }
    job->subject = link_subject_read(job->act.pager, http_form(request, "alert"));
    job->is_one = job->subject.kind != NULL && http_form(request, "one") != NULL;
    if (job->link.kind == LINK_SUBJECT) {
        job->subject = link_subject(&job->link);
    }
    g_autofree char *note = text_line(http_form(request, "note"), LINK_NOTE_MAX);
    job->note = *note != '\0' ? g_steal_pointer(&note) : NULL;
    job->act.note = job->note;
    bool is_whole = job->subject.kind != NULL || *verb == VERB_ACKNOWLEDGE;
    bool is_snooze = *verb == VERB_SNOOZE;
    bool is_page = *verb == VERB_PAGE;
    return is_whole && (!is_snooze || read_snooze(http_form(request, "for"), &job->snooze)) &&
           (!is_page || read_whom(http_form(request, "who"), job));
}

static void answer_unpressed(struct http_request *request, const struct visit *visit, int status,
                             const char *key)
{
    struct html *html =
        page_begin(visit->language, catalogue_text(visit->language, "ack_page.title"), "page");
    page_say(html, visit->language, "p", "card problem", key);
    page_answer(request, status, &html);
}

static void post_too_long(struct http_request *request, void *context)
{
    struct visit visit = {0};
    if (read_link(request, context, &visit)) {
        answer_unpressed(request, &visit, 413, "link.too_long");
    }
    visit_clear(&visit);
}

static void submit(struct http_request *request, struct api_context *context, struct link_job *job)
{
    struct command command = {.run = link_run, .answer = link_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        link_job_free(job);
    }
}

static void post_link(struct http_request *request, void *self)
{
    struct api_context *context = self;
    struct visit visit = {0};
    if (!read_link(request, context, &visit)) {
        visit_clear(&visit);
        return;
    }
    struct link_job *job = g_new0(struct link_job, 1);
    job->request = request;
    job->is_person = api_wants_page(request);
    job->link = visit.link;
    job->actor = principal_copy(visit.actor);
    job->token = g_strdup(visit.token);
    job->holds = json_array();
    job->act = (struct act){.pager = context->pager, .actor = job->actor, .holds = job->holds};
    job->verify = (struct verify){
        .pager = context->pager, .delivery_id = visit.link.id, .user = job->link.user};
    if (http_is_foreign(request)) {
        answer_unpressed(request, &visit, 403, "link.foreign");
        link_job_free(job);
    } else if (!read_form(request, job)) {
        answer_unpressed(request, &visit, 400, "link.unpressed");
        link_job_free(job);
    } else {
        submit(request, context, job);
    }
    visit_clear(&visit);
}

static const struct field LINK_PARAMS[] = {
    SHAPE_TEXT("alert", 0, "Of a message about several: the one to show."),
    SHAPE_TEXT("done", 0, "What the button did that led here."),
    {0}};

static const int OVER[] = {410, 0};
static const int UNPRESSED[] = {403, 410, 0};

static const struct route_row ROWS[] = {
    {"GET", "/l/{token}", NULL, get_link, .door = HTTP_DOOR_LINK,
     .summary = "What a signed link is about (HTML). Changes nothing.", .gives = HTML_TYPE,
     .others = OVER, .params = LINK_PARAMS},
    {"POST", "/l/{token}", NULL, post_link, .door = HTTP_DOOR_LINK,
     .summary =
         "A button of that page: form field do is acknowledge, resolve, escalate, snooze (for) "
         "or page (who, note); alert names one of several.",
     .request = &LINK_FORM_SHAPE, .takes = FORM_TYPE, .others = UNPRESSED, .success = 303,
     .body_max = FORM_MAX, .too_long = post_too_long},
};
const struct route_table LINK_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
