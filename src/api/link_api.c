/* The page behind a signed link: what it is about and one button. Reading it, however often and by
 * whatever program, changes nothing; only the button's POST acts. */
#include "api/support.h"

#include <string.h>

#include "alert/alert_store.h"
#include "api/language.h"
#include "api/page_html.h"
#include "channel/catalogue.h"
#include "page/link.h"
#include "page/mail_store.h"
#include "page/page_store.h"
#include "page/pager.h"
#include "page/who.h"

enum { SHOWN_MAX = 200, FORM_MAX = 4096 };

/* A good link and how its person reads. */
struct visit {
    struct link link;
    int language;
    char *time_zone;
    char *actor; /* "user:ana", or "channel:ops" for a message to a chat channel */
    char *token;
    struct config *config;
};

static void visit_clear(struct visit *visit)
{
    if (visit->config != NULL) {
        config_unref(visit->config);
    }
    g_free(visit->time_zone);
    g_free(visit->actor);
    g_free(visit->token);
}

static void answer_bad_link(struct http_request *request, bool is_expired)
{
    int language = language_wanted(http_header(request, "Accept-Language"));
    struct html *html = page_begin(language, catalogue_text(language, "ack_page.title"), "page");
    page_say(html, language, "p", "card problem",
             is_expired ? "ack_page.expired" : "ack_page.invalid");
    page_answer(request, is_expired ? 410 : 404, &html);
}

/* Whose link it is and how they read; false when they are no longer in the configuration. */
static bool know_person(struct api_context *context, struct visit *visit)
{
    static const char CHANNEL[] = "channel:";
    const char *name = visit->link.user;
    struct config *config = visit->config = config_current(context->configs);
    const struct user *user = config_user(config, name);
    const struct chat_channel *channel = NULL;
    if (g_str_has_prefix(name, CHANNEL)) {
        channel = config_channel(config, name + strlen(CHANNEL));
    }
    if (user != NULL) {
        visit->language = user->language;
        visit->time_zone = g_strdup(user->time_zone);
        visit->actor = g_strdup_printf("user:%s", name);
    } else if (channel != NULL) {
        visit->language = channel->language;
        visit->time_zone = g_strdup(channel->time_zone);
        visit->actor = g_strdup(name);
    }
    return visit->actor != NULL;
}

/* False after answering. */
static bool read_link(struct http_request *request, struct api_context *context, struct visit *out)
{
    const char *token = http_path_param(request, "token");
    const unsigned char *key = pager_link_key(context->pager);
    struct fault fault = {0};
    if (!link_read(token, key, clock_now(context->clock), &out->link, &fault)) {
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

static void write_alert_card(struct html *html, const struct visit *visit,
                             const struct alert *alert)
{
    html_open(html, "li", "class", enum_to_name(SEVERITY_NAMES, alert->severity), NULL);
    page_alert(html, visit->language, visit->time_zone, alert);
    html_open(html, "p", "class", "facts", NULL);
    page_taken(html, visit->config, visit->language, visit->time_zone, alert);
    if (alert->status == ALERT_RESOLVED) {
        page_say(html, visit->language, "span", "badge resolved", "alert.resolved");
        page_time(html, visit->language, visit->time_zone, alert->resolved_at);
    }
    html_close(html);
    html_close(html);
}

static void write_button(struct html *html, const struct visit *visit, const char *key)
{
    g_autofree char *action = g_strconcat("/l/", visit->token, NULL);
    html_open(html, "form", "method", "post", "action", action, NULL);
    html_element(html, "button", catalogue_text(visit->language, key), NULL);
    html_close(html);
}

static bool is_asked(struct db *db, int64_t alert_id)
{
    struct escalation escalation;
    return escalation_of_alert(db, alert_id, &escalation) && escalation.state == ESCALATION_ASKED;
}

/* What has become of the alerts of one link. */
struct tally {
    size_t count, open, mine, others, resolved;
    bool asks;   /* "Still on it?" waits for an answer */
    char *taker; /* one of the others, as people call them; owned */
};

static void tally_add(struct tally *tally, const struct visit *visit, struct db *db,
                      const struct alert *alert)
{
    bool is_taken = alert->status == ALERT_ACKNOWLEDGED;
    bool is_mine = is_taken && g_strcmp0(alert->acknowledged_by, visit->actor) == 0;
    tally->count++;
    tally->open += alert->status == ALERT_OPEN;
    tally->resolved += alert->status == ALERT_RESOLVED;
    tally->mine += is_mine;
    tally->others += is_taken && !is_mine;
    tally->asks = tally->asks || (is_taken && is_asked(db, alert->id));
    if (is_taken && !is_mine && tally->taker == NULL && alert->acknowledged_by != NULL) {
        tally->taker = who_name(visit->config, visit->language, alert->acknowledged_by);
    }
}

static void write_counted(struct html *html, const struct visit *visit, const char *class_name,
                          const char *key, size_t count)
{
    const struct catalogue_arg args[] = {{"count", NULL, (int64_t)count}, {NULL, NULL, 0}};
    g_autofree char *text = catalogue_format(visit->language, key, args);
    html_element(html, "p", text, "class", class_name, NULL);
}

/* Nothing is left to press: what to know instead. */
static void write_outcome(struct html *html, const struct visit *visit, const struct tally *tally)
{
    if (tally->mine > 0) {
        write_counted(html, visit, "done", "ack_page.done", tally->mine);
    } else if (tally->others == 1 && tally->taker != NULL) {
        const struct catalogue_arg args[] = {{"user", tally->taker, 0}, {NULL, NULL, 0}};
        g_autofree char *text = catalogue_format(visit->language, "ack_page.already", args);
        html_element(html, "p", text, "class", "done", NULL);
    } else if (tally->resolved > 0 && tally->resolved == tally->count) {
        write_counted(html, visit, "done", "ack_page.resolved", tally->resolved);
    }
}

/* Shows the alerts; the button only while there is something to take. */
static void show_alerts(struct html *html, const struct visit *visit, struct db *db,
                        const int64_t *ids, size_t count)
{
    struct tally tally = {0};
    html_open(html, "ul", NULL);
    for (size_t i = 0; i < count; i++) {
        struct alert alert = {0};
        if (alert_load(db, ids[i], &alert)) {
            tally_add(&tally, visit, db, &alert);
            write_alert_card(html, visit, &alert);
            alert_clear(&alert);
        }
    }
    html_close(html);
    if (tally.open > 0) {
        write_counted(html, visit, NULL, "ack_page.question", tally.open);
        write_button(html, visit, tally.open > 1 ? "ack.button_all" : "ack.button");
    } else if (tally.asks) {
        write_button(html, visit, "ack.button_still");
    } else {
        write_outcome(html, visit, &tally);
    }
    g_free(tally.taker);
}

static void show_contact(struct html *html, const struct visit *visit, struct db *db)
{
    struct delivery delivery = {0};
    bool is_verified = false;
    if (delivery_load(db, visit->link.subject, &delivery)) {
        is_verified = contact_is_verified(db, delivery.who, delivery.contact, delivery.address);
        delivery_clear(&delivery);
    }
    if (is_verified) {
        page_say(html, visit->language, "p", "card done", "ack_page.test_done");
    } else {
        page_say(html, visit->language, "p", "card", "test.subject");
        write_button(html, visit, "ack.button_test");
    }
}

static void show(struct html *html, const struct visit *visit, struct db *db)
{
    if (visit->link.kind == LINK_CONTACT) {
        show_contact(html, visit, db);
        return;
    }
    int64_t ids[SHOWN_MAX] = {0};
    size_t count = 1;
    ids[0] = visit->link.subject;
    if (visit->link.kind == LINK_DELIVERY) {
        count = delivery_alerts(db, visit->link.subject, ids, SHOWN_MAX);
    }
    show_alerts(html, visit, db, ids, count);
}

static void get_link(struct http_request *request, void *self)
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
    show(html, &visit, db);
    if (api_page_done(context, request, db, visit.language)) {
        page_answer(request, 200, &html);
    } else {
        g_free(html_end(&html));
    }
    visit_clear(&visit);
}

/* --- acting --- */

struct link_job {
    struct http_request *request;
    struct link link;
    struct act act;
    struct verify verify;
    char *actor;
    char *token;
    bool is_person; /* who pressed a button wants a page, whatever happened */
};

static void link_job_free(struct link_job *job)
{
    g_free(job->actor);
    g_free(job->token);
    g_free(job);
}

/* Somebody else has it already and nobody asked again: the old message must not take it from them. */
static bool is_taken(struct ledger_tx *tx, const struct link_job *job)
{
    struct alert alert = {0};
    if (!alert_load(tx->db, job->link.subject, &alert)) {
        return false;
    }
    bool is_taken = alert.status == ALERT_ACKNOWLEDGED && !is_asked(tx->db, alert.id);
    alert_clear(&alert);
    return is_taken;
}

static enum command_result link_run(struct ledger_tx *tx, void *self)
{
    struct link_job *job = self;
    switch ((enum link_kind)job->link.kind) {
    case LINK_ALERT:
        return is_taken(tx, job) ? COMMAND_REFUSED : pager_act(tx, &job->act);
    case LINK_DELIVERY:
        return pager_act_on_delivery(tx, &job->act);
    case LINK_CONTACT:
        return pager_verify(tx, &job->verify);
    }
    return COMMAND_REFUSED;
}

static void link_answer(void *self, enum command_outcome outcome)
{
    struct link_job *job = self;
    bool is_away = outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_UNCERTAIN;
    if ((is_away && job->is_person) || api_outcome(job->request, outcome)) {
        /* The page tells what became of it: also when there was nothing left to do, or the database is
         * away; then it waits until it can show the button again. */
        g_autofree char *address = g_strconcat("/l/", job->token, NULL);
        http_answer_redirect(job->request, 303, address);
    }
    link_job_free(job);
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
    job->actor = g_steal_pointer(&visit.actor);
    job->token = g_steal_pointer(&visit.token);
    job->act = (struct act){.pager = context->pager,
                            .verb = VERB_ACKNOWLEDGE,
                            .alert_id = visit.link.subject,
                            .actor = job->actor};
    job->verify = (struct verify){
        .pager = context->pager, .delivery_id = visit.link.subject, .user = job->link.user};
    visit_clear(&visit);
    struct command command = {.run = link_run, .answer = link_answer, .arg = job};
    if (!api_submit(request, context, command)) {
        link_job_free(job);
    }
}

const struct route_row LINK_ROUTES[] = {
    {"GET", "/l/{token}", PERMIT_LINK, get_link,
     .summary = "What a signed link is about (HTML). Changes nothing."},
    {"POST", "/l/{token}", PERMIT_LINK, post_link,
     .summary = "Acknowledges what the link is about.", .success = 303, .body_max = FORM_MAX},
};
const size_t LINK_ROUTE_COUNT = G_N_ELEMENTS(LINK_ROUTES);
