#include "paging/link_html.h"

#include <string.h>

#include "alert/facts.h"
#include "alert/service.h"
#include "channel/catalogue.h"
#include "oncall/schedule.h"
#include "paging/alert_topic.h"
#include "paging/brief.h"
#include "paging/end_store.h"
#include "paging/mail_store.h"
#include "paging/who.h"

enum { PEOPLE_MAX = 300 };

const char *const LINK_SNOOZES[] = {"15m", "30m", "1h", "2h", "4h", "8h", "1d", NULL};

static const char *say(const struct visit *visit, const char *key)
{
    return catalogue_text(visit->language, key);
}

struct subject link_subject_read(const struct pager *pager, const char *text)
{
    char word[SUBJECT_KIND_SIZE];
    struct subject said = {0};
    bool is_number = text != NULL && g_ascii_isdigit(text[0]);
    g_autofree char *full = is_number ? g_strconcat(ALERT_TOPIC.word, ":", text, NULL) : NULL;
    if (text == NULL || !subject_read(is_number ? full : text, word, &said) || said.id == 0) {
        return (struct subject){0};
    }
    const struct topic_kind *kind = topic_kind_of(pager, word);
    return kind != NULL ? subject_of_id(kind->word, said.id) : (struct subject){0};
}

char *link_subject_write(struct subject subject)
{
    return subject_is(subject, ALERT_TOPIC.word) ? g_strdup_printf("%" G_GINT64_FORMAT, subject.id)
                                                 : subject_text(subject);
}

/* --- what is known about a subject --- */

static void write_fact(struct html *html, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        html_element(html, "dt", name, NULL);
        html_element(html, "dd", value, NULL);
    }
}

/* "Ana Wijaya, channel ops". Newly allocated. */
static char *names_of(const struct visit *visit, const GPtrArray *receivers)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < receivers->len; i++) {
        const char *who = g_ptr_array_index(receivers, i);
        g_autofree char *name = who_receives(visit->config, visit->language, who);
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", name);
    }
    return g_string_free(text, FALSE);
}

static void write_next(struct html *html, const struct visit *visit, const struct brief *brief)
{
    if (!utc_is_set(brief->next_at) || brief->next->len == 0) {
        return;
    }
    g_autofree char *who = names_of(visit, brief->next);
    g_autofree char *time = catalogue_time(visit->language, visit->time_zone, brief->next_at);
    g_autofree char *goes = catalogue_time(visit->language, visit->time_zone, brief->goes_at);
    const struct catalogue_arg args[] = {
        {"time", time, 0}, {"who", who, 0}, {"goes", goes, 0}, {NULL, NULL, 0}};
    const char *key = utc_is_set(brief->goes_at) ? "next.held" : "next.who";
    g_autofree char *text = catalogue_format(visit->language, key, args);
    write_fact(html, say(visit, "label.next"), text);
}

static void write_links(struct html *html, const GPtrArray *links)
{
    if (links->len == 0) {
        return;
    }
    html_open(html, "p", "class", "links", NULL);
    for (guint i = 0; i < links->len; i++) {
        const struct alert_link *link = g_ptr_array_index(links, i);
        html_element(html, "a", link->text != NULL ? link->text : link->href, "href", link->href,
                     "rel", "noopener noreferrer", NULL);
    }
    html_close(html);
}

/* Why the link's person was paged, and what people said with it. */
static void write_why(struct html *html, const struct visit *visit, struct db *db,
                      struct subject subject)
{
    struct why why;
    const struct brief_page of = {
        .subject = subject,
        .who = visit->link.user,
        .delivery_id = visit->link.kind == LINK_DELIVERY ? visit->link.id : 0,
    };
    if (brief_why(db, visit->config, visit->language, &of, &why)) {
        write_fact(html, say(visit, "label.note"), why.note);
        write_fact(html, say(visit, "label.why"), why.reason);
        why_clear(&why);
    }
}

/* Is it the reader who took it? */
static bool is_holder(const struct topic *topic, const struct visit *visit)
{
    return topic->taken_by != NULL &&
           principal_equal(principal_read(topic->taken_by), visit->actor);
}

static void write_actor(struct html *html, const struct visit *visit, const char *key,
                        const char *actor)
{
    g_autofree char *name = actor != NULL ? who_acts(visit->config, visit->language, actor) : NULL;
    write_fact(html, say(visit, key), name);
}

/* How it ended, as the message about that says it; nothing while it has not. */
static void write_end(struct html *html, const struct visit *visit, struct db *db,
                      const struct topic *topic)
{
    const struct alert *alert = alert_of_topic(topic);
    if (alert->status != ALERT_RESOLVED) {
        return;
    }
    g_autofree char *took = catalogue_span(visit->language, alert_lasted(alert));
    g_autofree char *note = end_note(db, topic->subject, &topic->kind->events);
    html_open(html, "dl", NULL);
    write_fact(html, say(visit, "label.took"), took);
    write_actor(html, visit, "label.acknowledged_by", alert->acknowledged_by);
    write_actor(html, visit, "label.resolved_by", alert->resolved_by);
    write_fact(html, say(visit, "label.resolve_note"), note);
    html_close(html);
}

static void write_labels(struct html *html, const struct visit *visit, const struct alert *alert,
                         const struct alert_facts *facts)
{
    write_fact(html, say(visit, "label.component"), alert->component);
    for (guint i = 0; facts->labels != NULL && i < facts->labels->len; i++) {
        const struct alert_label *label = g_ptr_array_index(facts->labels, i);
        write_fact(html, label->name, label->value);
    }
}

/* What an alert's card says beside; of what is none nothing. */
static void read_facts(const struct visit *visit, const struct topic *topic,
                       struct alert_facts *out)
{
    *out = (struct alert_facts){0};
    if (topic->kind == &ALERT_TOPIC) {
        const struct alert *alert = alert_of_topic(topic);
        const struct service *service = service_find(visit->config, alert->service);
        alert_facts_read(alert, service != NULL ? service->show : NULL, out);
    }
}

/* The same facts as in the message, in full. */
static void write_details(struct html *html, const struct visit *visit, struct db *db,
                          const struct topic *topic)
{
    struct brief brief;
    struct alert_facts facts;
    read_facts(visit, topic, &facts);
    brief_read(db, visit->config, NULL, topic, &brief);
    brief_read_hold(db, topic->subject, visit->now, &brief);
    html_open(html, "div", "class", "card", NULL);
    if (facts.description != NULL) {
        html_element(html, "p", facts.description, "class", "text", NULL);
    }
    g_autofree char *told = names_of(visit, brief.told);
    html_open(html, "dl", NULL);
    write_why(html, visit, db, topic->subject);
    if (topic->kind == &ALERT_TOPIC) {
        write_labels(html, visit, alert_of_topic(topic), &facts);
    }
    write_fact(html, say(visit, "link.paged"), told);
    write_next(html, visit, &brief);
    html_close(html);
    if (facts.links != NULL) {
        write_links(html, facts.links);
    }
    html_close(html);
    brief_clear(&brief);
    alert_facts_clear(&facts);
}

static void write_state(struct html *html, const struct visit *visit, const struct alert *alert)
{
    html_open(html, "p", "class", "facts", NULL);
    html_page_taken(html, visit->config, visit->language, visit->time_zone, alert);
    if (alert->status == ALERT_RESOLVED) {
        html_open(html, "span", NULL); /* on a phone the time stays beside its word */
        html_page_say(html, visit->language, "span", "badge resolved", "alert.resolved");
        html_text(html, " ");
        html_page_time(html, visit->language, visit->time_zone, alert->resolved_at);
        html_close(html);
    }
    html_close(html);
}

/* What it is and how it stands with it: one line of a list that is open. */
static void write_topic(struct html *html, const struct visit *visit, struct db *db,
                        const struct topic *topic)
{
    html_open(html, "li", "class", enum_to_name(SEVERITY_NAMES, topic->severity), NULL);
    if (topic->kind == &ALERT_TOPIC) {
        const struct alert *alert = alert_of_topic(topic);
        html_page_alert(html, visit->language, visit->time_zone, alert);
        write_state(html, visit, alert);
        write_end(html, visit, db, topic);
        return;
    }
    html_element(html, "p", topic->summary, "class", "summary", NULL);
    if (topic->standing == STANDING_OVER) {
        html_page_say(html, visit->language, "span", "badge resolved", "alert.resolved");
    }
}

/* --- forms --- */

/* A form that names what is to be done; with nothing as its subject, with all. */
static void open_form(struct html *html, const struct visit *visit, const char *verb,
                      struct subject subject)
{
    g_autofree char *here = g_strconcat("/l/", visit->token, NULL);
    html_open(html, "form", "method", "post", "action", here, NULL);
    html_void(html, "input", "type", "hidden", "name", "do", "value", verb, NULL);
    if (subject.kind != NULL) {
        g_autofree char *id = link_subject_write(subject);
        html_void(html, "input", "type", "hidden", "name", "alert", "value", id, NULL);
    }
    if (visit->subject.kind != NULL && visit->link.kind == LINK_DELIVERY) {
        html_void(html, "input", "type", "hidden", "name", "one", "value", "1", NULL);
    }
}

static void write_button(struct html *html, const struct visit *visit, const char *verb,
                         struct subject subject, const char *key, const char *class_name)
{
    open_form(html, visit, verb, subject);
    /* The one that matters most says by itself what it does, to whatever presses buttons. */
    bool is_first = class_name == NULL;
    html_element(html, "button", say(visit, key), "class", class_name, "name",
                 is_first ? "do" : NULL, "value", is_first ? verb : NULL, NULL);
    html_close(html);
}

static void write_note_input(struct html *html, const struct visit *visit)
{
    g_autofree char *max = g_strdup_printf("%d", LINK_NOTE_MAX);
    html_open(html, "label", NULL);
    html_text(html, say(visit, "link.note"));
    html_void(html, "input", "name", "note", "maxlength", max, "autocomplete", "off", NULL);
    html_close(html);
}

static void write_resolve(struct html *html, const struct visit *visit, struct subject subject)
{
    open_form(html, visit, "resolve", subject);
    write_note_input(html, visit);
    html_element(html, "button", say(visit, "link.resolve"), "class", "quiet", NULL);
    html_close(html);
}

static void write_snooze(struct html *html, const struct visit *visit, struct subject subject)
{
    open_form(html, visit, "snooze", subject);
    html_open(html, "label", NULL);
    html_text(html, say(visit, "link.snooze_for"));
    html_open(html, "select", "name", "for", NULL);
    for (size_t i = 0; LINK_SNOOZES[i] != NULL; i++) {
        struct span span;
        CHECK(span_parse(LINK_SNOOZES[i], &span));
        g_autofree char *text = catalogue_span(visit->language, span);
        html_element(html, "option", text, "value", LINK_SNOOZES[i], NULL);
    }
    html_close(html);
    html_close(html);
    html_element(html, "button", say(visit, "link.snooze"), "class", "quiet", NULL);
    html_close(html);
}

/* The names of one kind as options "kind:name"; `left` counts down how many are still shown. */
static void write_options(struct html *html, const struct visit *visit,
                          const struct config_kind *kind, const char *prefix, const char *key,
                          int *left)
{
    const GPtrArray *items = config_items(visit->config, kind);
    if (items == NULL || items->len == 0 || *left <= 0) {
        return;
    }
    html_open(html, "optgroup", "label", say(visit, key), NULL);
    for (guint i = 0; i<items->len && * left> 0; i++, (*left)--) {
        const char *name = config_item_name(g_ptr_array_index(items, i));
        g_autofree char *value = g_strconcat(prefix, ":", name, NULL);
        g_autofree char *text = kind == &USER_KIND
                                    ? who_receives(visit->config, visit->language, name)
                                    : g_strdup(name);
        html_element(html, "option", text, "value", value, NULL);
    }
    html_close(html);
}

static void write_page(struct html *html, const struct visit *visit, struct subject subject)
{
    int left = PEOPLE_MAX;
    open_form(html, visit, "page", subject);
    html_open(html, "label", NULL);
    html_text(html, say(visit, "link.page_whom"));
    html_open(html, "select", "name", "who", "required", "", NULL);
    html_element(html, "option", "\u2026", "value", "", NULL); /* nobody by mistake */
    write_options(html, visit, &SCHEDULE_KIND, "schedule", "link.schedules", &left);
    write_options(html, visit, &TEAM_KIND, "team", "link.teams", &left);
    write_options(html, visit, &USER_KIND, "user", "link.people", &left);
    html_close(html);
    html_close(html);
    write_note_input(html, visit);
    html_element(html, "button", say(visit, "link.page"), "class", "quiet", NULL);
    html_close(html);
}

/* What one may do beside taking it; folded away while the one button matters most. */
static void write_more(struct html *html, const struct visit *visit, const struct topic *topic)
{
    bool is_mine = topic->standing == STANDING_TAKEN && is_holder(topic, visit);
    html_open(html, "details", "class", "card more", "open", is_mine ? "" : NULL, NULL);
    html_element(html, "summary", say(visit, "link.more"), NULL);
    write_page(html, visit, topic->subject);
    write_button(html, visit, "escalate", topic->subject, "link.escalate", "quiet");
    write_snooze(html, visit, topic->subject);
    write_resolve(html, visit, topic->subject);
    html_close(html);
}

/* --- what has become of the subjects of one link --- */

struct link_tally {
    size_t count, open, mine, others, resolved;
    size_t snoozed; /* of mine and the others' */
    bool asks;      /* "Still on it?" waits for an answer */
    char *taker;    /* one of the others, as people call them; owned */
};

static void tally_add(struct link_tally *tally, const struct visit *visit, struct db *db,
                      const struct topic *topic)
{
    bool is_taken = topic->standing == STANDING_TAKEN;
    bool is_mine = is_taken && is_holder(topic, visit);
    tally->count++;
    tally->open += topic->standing == STANDING_OPEN;
    tally->snoozed += topic_is_snoozed(topic);
    tally->resolved += topic->standing == STANDING_OVER;
    tally->mine += is_mine;
    tally->others += is_taken && !is_mine;
    tally->asks = tally->asks || (is_taken && topic_is_asked(db, topic));
    if (is_taken && !is_mine && tally->taker == NULL && topic->taken_by != NULL) {
        tally->taker = who_acts(visit->config, visit->language, topic->taken_by);
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
static void write_outcome(struct html *html, const struct visit *visit,
                          const struct link_tally *tally)
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

/* The button only while there is something to take; of nothing: all of the message. */
static void write_answer(struct html *html, const struct visit *visit,
                         const struct link_tally *tally, struct subject subject)
{
    size_t free = tally->open + tally->snoozed;
    if (free > 0) {
        write_counted(html, visit, NULL, tally->open > 0 ? "ack_page.question" : "ack_page.snoozed",
                      free);
        write_button(html, visit, "acknowledge", subject,
                     free > 1 ? "ack.button_all" : "ack.button", NULL);
    } else if (tally->asks) {
        write_button(html, visit, "acknowledge", subject, "ack.button_still", NULL);
    } else {
        write_outcome(html, visit, tally);
    }
}

static void show_one(struct html *html, const struct visit *visit, struct db *db,
                     struct subject subject)
{
    struct link_tally tally = {0};
    struct topic topic = {0};
    if (!topic_load(visit->pager, db, subject, &topic)) {
        html_page_say(html, visit->language, "p", "card problem", "link.gone");
        return;
    }
    tally_add(&tally, visit, db, &topic);
    html_open(html, "ul", NULL);
    write_topic(html, visit, db, &topic);
    html_close(html);
    html_close(html);
    /* Above what may be long: the thumb finds it at once. */
    write_answer(html, visit, &tally, subject);
    write_details(html, visit, db, &topic);
    if (topic.standing == STANDING_OPEN || topic.standing == STANDING_TAKEN) {
        write_more(html, visit, &topic);
    }
    if (visit->link.kind == LINK_DELIVERY) {
        g_autofree char *all = g_strconcat("/l/", visit->token, NULL);
        html_element(html, "a", say(visit, "link.all"), "href", all, NULL);
    }
    topic_clear(&topic);
    g_free(tally.taker);
}

/* One of several: its own button, and the way to all that can be done with it. */
static void write_card(struct html *html, const struct visit *visit, struct db *db,
                       const struct topic *topic)
{
    g_autofree char *value = link_subject_write(topic->subject);
    g_autofree char *more = g_strdup_printf("/l/%s?alert=%s", visit->token, value);
    write_topic(html, visit, db, topic);
    html_open(html, "div", "class", "actions", NULL);
    if (topic->standing == STANDING_OPEN || topic_is_snoozed(topic)) {
        write_button(html, visit, "acknowledge", topic->subject, "ack.button", "quiet");
    }
    html_element(html, "a", say(visit, "link.details"), "href", more, NULL);
    html_close(html);
    html_close(html);
}

static void show_several(struct html *html, const struct visit *visit, struct db *db,
                         const struct subject *subjects, size_t count)
{
    struct link_tally tally = {0};
    size_t found = 0;
    struct topic *topics = g_new0(struct topic, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (topic_load(visit->pager, db, subjects[i], &topics[found])) {
            tally_add(&tally, visit, db, &topics[found++]);
        }
    }
    write_answer(html, visit, &tally, (struct subject){0});
    html_open(html, "ul", NULL);
    for (size_t i = 0; i < found; i++) {
        write_card(html, visit, db, &topics[i]);
        topic_clear(&topics[i]);
    }
    g_free(topics);
    html_close(html);
    g_free(tally.taker);
}

static void show_contact(struct html *html, const struct visit *visit, struct db *db)
{
    struct delivery delivery = {0};
    bool is_verified = false;
    if (delivery_load(db, visit->link.id, &delivery)) {
        is_verified = contact_is_verified(db, delivery.who, delivery.contact, delivery.address);
        delivery_clear(&delivery);
    }
    if (is_verified) {
        html_page_say(html, visit->language, "p", "card done", "ack_page.test_done");
    } else {
        html_page_say(html, visit->language, "p", "card", "test.subject");
        write_button(html, visit, "acknowledge", (struct subject){0}, "ack.button_test", NULL);
    }
}

void link_show(struct html *html, const struct visit *visit, struct db *db)
{
    if (visit->notice != NULL) {
        html_page_say(html, visit->language, "p", "card done", visit->notice);
    }
    if (visit->link.kind == LINK_CONTACT) {
        show_contact(html, visit, db);
    } else if (visit->link.kind == LINK_SUBJECT) {
        show_one(html, visit, db, link_subject(&visit->link));
    } else if (visit->subject.kind != NULL) {
        show_one(html, visit, db, visit->subject);
    } else {
        struct subject subjects[LINK_SHOWN_MAX];
        size_t count = delivery_subjects(db, visit->link.id, subjects, LINK_SHOWN_MAX);
        show_several(html, visit, db, subjects, count);
    }
}
