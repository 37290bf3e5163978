/* The page behind a signed link: what it is about and one button. Reading it, however often and by
 * whatever program, changes nothing; only the button's POST acts. */
#include "api/aside.h"
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include <string.h>

#include "base/principal.h"
#include "base/subject.h"
#include "channel/catalogue.h"
#include "channel/text.h"
#include "paging/link_html.h"
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
    html_page_answer_dead_end(request, is_expired ? 410 : 404, "ack_page.title",
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
    struct html *html = html_page_begin(visit.language, title, "page");
    struct db *db = api_reader(context);
    struct subject wanted = link_subject_read(visit.pager, http_query(request, "alert"));
    bool is_wanted = wanted.kind != NULL && is_about(db, &visit.link, wanted);
    visit.subject = is_wanted ? wanted : (struct subject){0};
    visit.notice = notice_of(request);
    link_show(html, &visit, db);
    if (api_page_done(context, request, db, visit.language)) {
        html_page_answer(request, 200, &html);
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

struct pressing {
    struct link link;
    struct act act;
    struct verify verify;
    struct span snooze;
    struct target target;
    struct subject subject; /* of kind NULL: all of the message */
    bool is_one;            /* to come back to the one of several */
    char *who;              /* owns the name in `target` */
    char *note;
    char *token;
    json_t *holds;  /* of a page: what does not go at once */
    bool is_person; /* who pressed a button wants a page, whatever happened */
};

static void pressing_clear(void *work)
{
    struct pressing *pressing = work;
    json_decref(pressing->holds);
    g_free(pressing->who);
    g_free(pressing->note);
    g_free(pressing->token);
}

static bool is_taken(struct ledger_tx *tx, const struct pressing *pressing)
{
    struct topic topic = {0};
    bool is_taken = pressing->act.verb == VERB_ACKNOWLEDGE &&
                    topic_load(pressing->act.pager, tx->db, pressing->subject, &topic) &&
                    topic_is_taken(tx->db, &topic);
    topic_clear(&topic);
    return is_taken;
}

static enum command_result act_on_one(struct ledger_tx *tx, struct pressing *pressing)
{
    pressing->act.subject = pressing->subject;
    pressing->act.until = utc_add(tx->now, pressing->snooze);
    if (!is_about(tx->db, &pressing->link, pressing->subject) || is_taken(tx, pressing)) {
        return COMMAND_REFUSED;
    }
    return pager_act(tx, &pressing->act);
}

static enum command_result press(struct ledger_tx *tx, struct pressing *pressing)
{
    pressing->act.status = 0; /* a batch may be run twice */
    if (pressing->link.kind == LINK_CONTACT) {
        return pager_verify(tx, &pressing->verify);
    }
    if (pressing->subject.kind != NULL) {
        return act_on_one(tx, pressing);
    }
    pressing->act.delivery_id = pressing->link.id;
    return pager_act_on_delivery(tx, &pressing->act);
}

/* The word for the page that is shown next; NULL: it speaks for itself. */
static const char *done_word(const struct pressing *pressing)
{
    static const char *const WORDS[] = {[VERB_ACKNOWLEDGE] = NULL,
                                        [VERB_RESOLVE] = NULL,
                                        [VERB_ESCALATE] = "escalate",
                                        [VERB_SNOOZE] = "snooze",
                                        [VERB_PAGE] = "page"};
    bool is_refused = pressing->act.status != 200 && pressing->act.verb != VERB_ACKNOWLEDGE;
    if (is_refused) {
        return "refused";
    }
    bool is_held = pressing->act.verb == VERB_PAGE && json_array_size(pressing->holds) > 0;
    return is_held ? "held" : WORDS[pressing->act.verb];
}

/* Newly allocated. */
static char *way_back(const struct pressing *pressing)
{
    GString *way = g_string_new("/l/");
    g_string_append(way, pressing->token);
    if (pressing->is_one) {
        g_autofree char *value = link_subject_write(pressing->subject);
        g_string_append_printf(way, "?alert=%s", value);
    }
    const char *done = done_word(pressing);
    if (done != NULL) {
        g_string_append_printf(way, "%sdone=%s", pressing->is_one ? "&" : "?", done);
    }
    return g_string_free(way, FALSE);
}

/* The page tells what became of it: also when there was nothing left to do. */
static enum command_result run_press(struct ledger_tx *tx, struct job *job)
{
    enum command_result result = press(tx, job->work);
    job->way = way_back(job->work);
    return result;
}

/* The database is away: the page waits until it can show the button again. */
static void settle_press(struct job *job, enum command_outcome outcome)
{
    const struct pressing *pressing = job->work;
    bool is_away = outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_UNCERTAIN;
    if (is_away && pressing->is_person) {
        g_free(job->way);
        job->way = g_strconcat("/l/", pressing->token, NULL);
        job->is_told_anyway = true;
    }
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

/* "user:ana", "schedule:primary", "team:payments"; the name stays in pressing->who. */
static bool read_whom(const char *text, struct pressing *pressing)
{
    char kind[SUBJECT_KIND_SIZE];
    struct subject whom;
    if (text == NULL || !subject_read(text, kind, &whom) || whom.name == NULL ||
        whom.name[0] == '\0') {
        return false;
    }
    pressing->who = g_strdup(whom.name);
    pressing->target = (struct target){0};
    if (subject_is(whom, "user")) {
        pressing->target.user = pressing->who;
    } else if (subject_is(whom, "schedule")) {
        pressing->target.schedule = pressing->who;
    } else if (subject_is(whom, "team")) {
        pressing->target.team = pressing->who;
    } else {
        return false;
    }
    pressing->act.target = &pressing->target;
    return true;
}

/* Only what a form of ours sends is an answer: the name of the button, and what belongs to it. */
static bool read_form(struct http_request *request, struct pressing *pressing)
{
    int *verb = &pressing->act.verb;
    if (!read_verb(http_form(request, "do"), verb)) {
        return false;
    }
    pressing->subject = link_subject_read(pressing->act.pager, http_form(request, "alert"));
    pressing->is_one = pressing->subject.kind != NULL && http_form(request, "one") != NULL;
    if (pressing->link.kind == LINK_SUBJECT) {
        pressing->subject = link_subject(&pressing->link);
    }
    g_autofree char *note = text_line(http_form(request, "note"), LINK_NOTE_MAX);
    pressing->note = *note != '\0' ? g_steal_pointer(&note) : NULL;
    pressing->act.note = pressing->note;
    bool is_whole = pressing->subject.kind != NULL || *verb == VERB_ACKNOWLEDGE;
    bool is_snooze = *verb == VERB_SNOOZE;
    bool is_page = *verb == VERB_PAGE;
    return is_whole && (!is_snooze || read_snooze(http_form(request, "for"), &pressing->snooze)) &&
           (!is_page || read_whom(http_form(request, "who"), pressing));
}

static void answer_unpressed(struct http_request *request, const struct visit *visit, int status,
                             const char *key)
{
    struct html *html =
        html_page_begin(visit->language, catalogue_text(visit->language, "ack_page.title"), "page");
    html_page_say(html, visit->language, "p", "card problem", key);
    html_page_answer(request, status, &html);
}

static void post_too_long(struct http_request *request, void *context)
{
    struct visit visit = {0};
    if (read_link(request, context, &visit)) {
        answer_unpressed(request, &visit, 413, "link.too_long");
    }
    visit_clear(&visit);
}

static void begin_press(struct job *job, const struct visit *visit)
{
    struct pressing *pressing = job->work;
    principal_clear(&job->actor);
    job->actor = principal_copy(visit->actor);
    *pressing = (struct pressing){.link = visit->link,
                                  .is_person = api_wants_page(job->request),
                                  .token = g_strdup(visit->token),
                                  .holds = json_array()};
    pressing->act =
        (struct act){.pager = job->api->pager, .actor = job->actor, .holds = pressing->holds};
    pressing->verify = (struct verify){
        .pager = job->api->pager, .delivery_id = visit->link.id, .user = pressing->link.user};
}

static void press_button(struct http_request *request, void *context, const struct visit *visit)
{
    static const struct job_kind PRESSING = {.work = sizeof(struct pressing),
                                             .run = run_press,
                                             .settle = settle_press,
                                             .clear = pressing_clear};
    struct job *job = job_begin(request, context, context, &PRESSING);
    begin_press(job, visit);
    if (http_is_foreign(request)) {
        answer_unpressed(request, visit, 403, "link.foreign");
        job_drop(job);
    } else if (!read_form(request, job->work)) {
        answer_unpressed(request, visit, 400, "link.unpressed");
        job_drop(job);
    } else {
        job_go(job);
    }
}

static void post_link(struct http_request *request, void *context)
{
    struct visit visit = {0};
    if (read_link(request, context, &visit)) {
        press_button(request, context, &visit);
    }
    visit_clear(&visit);
}

static const struct field LINK_PARAMS[] = {
    SHAPE_TEXT("alert", 0, "Of a message about several: the one to show."),
    SHAPE_TEXT("done", 0, "What the button did that led here."),
    {0}};

static const int OVER[] = {410, 0};
static const int UNPRESSED[] = {403, 410, 0};

static const struct field LINK_FORM_FIELDS[] = {
    SHAPE_TEXT("do", FIELD_REQUIRED, "acknowledge, resolve, escalate, snooze or page."),
    SHAPE_TEXT("alert", 0, "Which of several."),
    SHAPE_TEXT("for", 0, "How long, of snooze."),
    SHAPE_TEXT("who", 0, "Whom, of page."),
    SHAPE_TEXT("note", 0, "What they are told, of page."),
};
static const struct record LINK_FORM_SHAPE =
    SHAPE_OPEN("LinkForm", "A button that was pressed.", LINK_FORM_FIELDS);

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
