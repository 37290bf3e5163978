#include "channel/render.h"

#include <string.h>

#include "alert/signal.h"
#include "channel/catalogue.h"
#include "channel/text.h"

enum {
    SUBJECT_MAX = 200,
    SUMMARY_MAX = 1024,
    FACT_MAX = 400,
    ITEM_MAX = 300,
    LABEL_MAX = 60,
    TEXT_LINES_MAX = 12,
    TEXT_MAX = 2000, /* characters of a description; the page behind the link has all of it */
};

/* What differs from kind to kind. */
struct kind_texts {
    const char *subject;
    const char *intro;
    const char *button; /* NULL: nothing to acknowledge */
    const char *why;    /* when the message brings no reason of its own; NULL: none */
};

static const struct kind_texts TEXTS[] = {
    [MESSAGE_PAGE] = {"page.subject", "page.intro", "ack.button", NULL},
    [MESSAGE_DIGEST] = {"digest.subject", "digest.intro", "ack.button_all", NULL},
    [MESSAGE_STILL_ON_IT] = {"still_on_it.subject", "still_on_it.intro", "ack.button_still",
                             "why.still_on_it"},
    [MESSAGE_TEST] = {"test.subject", "test.intro", "ack.button_test", NULL},
    [MESSAGE_GAP] = {"gap.subject", "gap.intro", NULL, NULL},
    [MESSAGE_ENDED] = {"ended.subject", "ended.intro", NULL, "why.ended"},
    [MESSAGE_TAKEN] = {"taken.subject", "taken.intro", NULL, NULL},
    [MESSAGE_NOTICE] = {0}, /* it brings its own */
};

static const struct kind_texts ENDED_MANY = {"ended.subject_many", "ended.intro_many", NULL,
                                             "why.ended"};
static const struct kind_texts TAKEN_MANY = {"taken.subject_many", "taken.intro_many", NULL, NULL};

static const struct kind_texts *texts_of(const struct message *message)
{
    CHECK(message->kind >= MESSAGE_PAGE && message->kind <= MESSAGE_NOTICE);
    if (message->kind == MESSAGE_ENDED && message->total > 1) {
        return &ENDED_MANY;
    }
    if (message->kind == MESSAGE_TAKEN && message->total > 1) {
        return &TAKEN_MANY;
    }
    return &TEXTS[message->kind];
}

static void block_free(void *block)
{
    struct block *self = block;
    g_free(self->label);
    g_free(self->text);
    g_free(self);
}

static void add(struct rendered *out, int kind, const char *label, const char *text, size_t max)
{
    g_autofree char *line = text_line(text, max);
    if (*line == '\0') {
        return;
    }
    struct block *block = g_new0(struct block, 1);
    block->kind = kind;
    block->label = g_strdup(label);
    block->text = g_steal_pointer(&line);
    g_ptr_array_add(out->blocks, block);
}

static void add_fact(struct rendered *out, const char *label_key, const char *text)
{
    add(out, BLOCK_FACT, catalogue_text(out->language, label_key), text, FACT_MAX);
}

/* A link is shown whole or not at all. */
static void add_link(struct rendered *out, int kind, const char *label_key, const char *url)
{
    if (text_is_link(url)) {
        add(out, kind, catalogue_text(out->language, label_key), url, SIZE_MAX);
    }
}

static char *format_subject(const struct message *message)
{
    if (message->kind == MESSAGE_NOTICE) {
        return text_line(message->title, SUMMARY_MAX);
    }
    const struct message_item *item = message->item_count > 0 ? &message->items[0] : NULL;
    g_autofree char *summary = text_line(item != NULL ? item->summary : "", SUMMARY_MAX);
    g_autofree char *service = text_line(item != NULL ? item->service : "", SUBJECT_MAX);
    g_autofree char *detail = text_line(message->detail, FACT_MAX);
    const struct catalogue_arg args[] = {
        {.name = "severity", .text = catalogue_severity(message->language, message->severity)},
        {.name = "service", .text = service},
        {.name = "summary", .text = summary},
        {.name = "detail", .text = detail},
        {.name = "count", .count = (int64_t)message->total},
        {NULL},
    };
    return catalogue_format(message->language, texts_of(message)->subject, args);
}

static void add_intro(struct rendered *out, const struct message *message)
{
    if (message->kind == MESSAGE_NOTICE) {
        add(out, BLOCK_PARAGRAPH, NULL, message->text, SUMMARY_MAX);
        return;
    }
    g_autofree char *name = text_line(message->full_name, FACT_MAX);
    const struct catalogue_arg args[] = {
        {.name = "name", .text = name},
        {.name = "count", .count = (int64_t)message->total},
        {NULL},
    };
    g_autofree char *intro = catalogue_format(message->language, texts_of(message)->intro, args);
    add(out, BLOCK_PARAGRAPH, NULL, intro, SUMMARY_MAX);
}

/* A label of the sender's beside a text of theirs: both are theirs to choose, and made one line each. */
static void add_outside(struct rendered *out, int kind, const char *name, const char *text)
{
    g_autofree char *label = text_line(name, LABEL_MAX);
    if (*label != '\0') {
        add(out, kind, label, text, kind == BLOCK_FACT ? FACT_MAX : SIZE_MAX);
    }
}

/* Line by line, as far as a message has room. */
static void add_description(struct rendered *out, const char *description)
{
    g_auto(GStrv) lines = g_strsplit(description != NULL ? description : "", "\n", -1);
    size_t left = TEXT_MAX;
    guint before = out->blocks->len;
    bool is_cut = false;
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_autofree char *line = text_line(lines[i], left);
        is_cut = left < 2 || out->blocks->len - before >= TEXT_LINES_MAX;
        if (is_cut) {
            break;
        }
        add(out, BLOCK_TEXT, NULL, line, left);
        left -= MIN(left, (size_t)g_utf8_strlen(line, -1));
    }
    if (is_cut) {
        add(out, BLOCK_TEXT, NULL, "…", 1);
    }
}

static void add_count(struct rendered *out, const struct message_item *item)
{
    const struct catalogue_arg args[] = {{.name = "count", .count = item->count}, {NULL}};
    if (item->count > 1) {
        g_autofree char *text = catalogue_format(out->language, "count.times", args);
        add_fact(out, "label.count", text);
    }
}

static void add_one(struct rendered *out, const struct message *message)
{
    const struct message_item *item = &message->items[0];
    g_autofree char *since = catalogue_time(message->language, message->time_zone, item->since);
    add(out, BLOCK_TITLE, NULL, item->summary, SUMMARY_MAX);
    add_description(out, item->description);
    add_fact(out, "label.severity", catalogue_severity(message->language, item->severity));
    add_fact(out, "label.service", item->service);
    add_fact(out, "label.component", item->component);
    add_fact(out, "label.source", item->source);
    add_fact(out, "label.since", since);
    add_count(out, item);
}

/* --- who else --- */

/* "Ana Wijaya, channel ops and 3 more" */
static char *names_text(int language, const struct message_names *names)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < names->count; i++) {
        g_autofree char *name = text_line(names->names[i], LABEL_MAX);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", name);
    }
    if (names->more > 0) {
        const struct catalogue_arg args[] = {{.name = "count", .count = (int64_t)names->more},
                                             {NULL}};
        g_autofree char *more = catalogue_format(language, "names.more", args);
        g_string_append_printf(text, " %s", more);
    }
    return g_string_free(text, FALSE);
}

static void add_others(struct rendered *out, const struct message *message)
{
    g_autofree char *told = names_text(message->language, &message->told);
    g_autofree char *who = names_text(message->language, &message->next);
    add_fact(out, "label.told", told);
    if (*who != '\0' && utc_is_set(message->next_at)) {
        g_autofree char *time =
            catalogue_time(message->language, message->time_zone, message->next_at);
        const struct catalogue_arg args[] = {
            {.name = "time", .text = time}, {.name = "who", .text = who}, {NULL}};
        g_autofree char *next = catalogue_format(message->language, "next.who", args);
        add_fact(out, "label.next", next);
    }
}

/* --- labels and links --- */

/* What a sender calls a link most often, and our word for it. */
static const struct {
    const char *name, *key;
} LINK_WORDS[] = {
    {"runbook", "link.runbook"},
    {"dashboard", "link.dashboard"},
    {"graph", "link.graph"},
    {"source", "link.graph"}, /* of Alertmanager: where the rule's graph is */
};

/* Newly allocated; "" when there is nothing to call it. */
static char *link_name(int language, const struct message_pair *link)
{
    for (size_t i = 0; link->name != NULL && i < G_N_ELEMENTS(LINK_WORDS); i++) {
        if (g_ascii_strcasecmp(link->name, LINK_WORDS[i].name) == 0) {
            return g_strdup(catalogue_text(language, LINK_WORDS[i].key));
        }
    }
    if (link->name != NULL) {
        return g_strdup(link->name);
    }
    const char *host = strstr(link->value, "//");
    host = host != NULL ? host + 2 : link->value;
    return g_strndup(host, strcspn(host, "/?#"));
}

static void add_details(struct rendered *out, const struct message_item *item)
{
    for (size_t i = 0; i < item->label_count; i++) {
        add_outside(out, BLOCK_FACT, item->labels[i].name, item->labels[i].value);
    }
    for (size_t i = 0; i < item->link_count; i++) {
        g_autofree char *name = link_name(out->language, &item->links[i]);
        if (text_is_link(item->links[i].value)) {
            add_outside(out, BLOCK_LINK, name, item->links[i].value);
        }
    }
}

/* "2 critical, 5 errors" */
static char *counts(const struct message *message)
{
    static const char *const KEYS[] = {
        [SEVERITY_CRITICAL] = "severity_count.critical",
        [SEVERITY_ERROR] = "severity_count.error",
        [SEVERITY_WARNING] = "severity_count.warning",
        [SEVERITY_INFO] = "severity_count.info",
    };
    GString *out = g_string_new(NULL);
    for (int severity = SEVERITY_CRITICAL; severity <= SEVERITY_INFO; severity++) {
        const struct catalogue_arg args[] = {
            {.name = "count", .count = (int64_t)message->by_severity[severity]}, {NULL}};
        if (message->by_severity[severity] == 0) {
            continue;
        }
        g_autofree char *part = catalogue_format(message->language, KEYS[severity], args);
        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", part);
    }
    return g_string_free(out, FALSE);
}

static void add_item(struct rendered *out, const struct message *message,
                     const struct message_item *item)
{
    g_autofree char *since = catalogue_time(message->language, message->time_zone, item->since);
    g_autofree char *summary = text_line(item->summary, ITEM_MAX);
    g_autofree char *service = text_line(item->service, SUBJECT_MAX);
    const struct catalogue_arg args[] = {
        {.name = "severity", .text = catalogue_severity(message->language, item->severity)},
        {.name = "service", .text = service},
        {.name = "summary", .text = summary},
        {NULL},
    };
    g_autofree char *what = catalogue_format(message->language, "page.subject", args);
    g_autofree char *whole = g_strdup_printf("%s — %s", what, since);
    add(out, BLOCK_ITEM, NULL, whole, SUMMARY_MAX);
}

static void add_rest(struct rendered *out, const struct message *message)
{
    if (message->total <= message->item_count) {
        return;
    }
    const struct catalogue_arg args[] = {
        {.name = "count", .count = (int64_t)(message->total - message->item_count)}, {NULL}};
    g_autofree char *more = catalogue_format(message->language, "digest.more", args);
    add(out, BLOCK_PARAGRAPH, NULL, more, SUMMARY_MAX);
}

static void add_several(struct rendered *out, const struct message *message)
{
    g_autofree char *by_severity = counts(message);
    add_fact(out, "label.counts", by_severity);
    for (size_t i = 0; i < message->item_count; i++) {
        add_item(out, message, &message->items[i]);
    }
    add_rest(out, message);
}

/* --- what is over --- */

static void add_ended(struct rendered *out, const struct message *message)
{
    const struct message_item *item = &message->items[0];
    g_autofree char *since = catalogue_time(message->language, message->time_zone, item->since);
    g_autofree char *ended = catalogue_time(message->language, message->time_zone, item->ended_at);
    g_autofree char *took = catalogue_span(message->language, item->lasted);
    add(out, BLOCK_TITLE, NULL, item->summary, SUMMARY_MAX);
    add_fact(out, "label.service", item->service);
    add_fact(out, "label.component", item->component);
    add_fact(out, "label.source", item->source);
    add_fact(out, "label.since", since);
    add_fact(out, "label.ended", ended);
    add_fact(out, "label.took", took);
    add_fact(out, "label.acknowledged_by", item->acknowledged_by);
    add_fact(out, "label.resolved_by", item->resolved_by);
    add_fact(out, "label.resolve_note", item->resolve_note);
}

static const char *outcome_key(const struct message_item *item)
{
    if (!utc_is_set(item->ended_at)) {
        return "taken.item";
    }
    return item->resolve_note != NULL ? "ended.item_note" : "ended.item";
}

/* One of several that are over, or that somebody has. */
static void add_outcome(struct rendered *out, const struct message *message,
                        const struct message_item *item)
{
    bool is_over = utc_is_set(item->ended_at);
    g_autofree char *took = catalogue_span(message->language, item->lasted);
    g_autofree char *summary = text_line(item->summary, ITEM_MAX);
    g_autofree char *service = text_line(item->service, SUBJECT_MAX);
    g_autofree char *who =
        text_line(is_over ? item->resolved_by : item->acknowledged_by, LABEL_MAX);
    g_autofree char *note = text_line(item->resolve_note, ITEM_MAX);
    const struct catalogue_arg args[] = {
        {.name = "service", .text = service}, {.name = "summary", .text = summary},
        {.name = "took", .text = took},       {.name = "who", .text = who},
        {.name = "note", .text = note},       {NULL}};
    g_autofree char *line = catalogue_format(message->language, outcome_key(item), args);
    add(out, BLOCK_ITEM, NULL, line, SUMMARY_MAX);
}

static void add_outcomes(struct rendered *out, const struct message *message)
{
    for (size_t i = 0; i < message->item_count; i++) {
        add_outcome(out, message, &message->items[i]);
    }
    add_rest(out, message);
}

static void add_body(struct rendered *out, const struct message *message)
{
    bool is_told = message->kind == MESSAGE_ENDED || message->kind == MESSAGE_TAKEN;
    if (message->kind == MESSAGE_TEST) {
        add_fact(out, "label.sent_by", message->detail);
    } else if (message->kind == MESSAGE_GAP) {
        add_fact(out, "label.when", message->detail);
    } else if (is_told && message->total > 1) {
        add_outcomes(out, message);
    } else if (message->kind == MESSAGE_ENDED && message->item_count == 1) {
        add_ended(out, message);
    } else if (message->kind == MESSAGE_TAKEN && message->item_count == 1) {
        add_one(out, message);
        add_fact(out, "label.acknowledged_by", message->items[0].acknowledged_by);
    } else if (message->kind == MESSAGE_DIGEST || message->item_count > 1) {
        add_several(out, message);
    } else if (message->item_count == 1) {
        add_one(out, message);
        add_rest(out, message);
    }
}

/* What is not the message's content: that it was held back, or may be a repeat. */
static void add_remarks(struct rendered *out, const struct message *message)
{
    if (utc_is_set(message->held_since)) {
        g_autofree char *since =
            catalogue_time(message->language, message->time_zone, message->held_since);
        const struct catalogue_arg args[] = {{.name = "since", .text = since}, {NULL}};
        g_autofree char *note = catalogue_format(message->language, "held.note", args);
        add(out, BLOCK_REMARK, NULL, note, SUMMARY_MAX);
    }
    if (message->may_repeat) {
        add(out, BLOCK_REMARK, NULL, catalogue_text(message->language, "repeat.note"), SUMMARY_MAX);
    }
}

static void add_end(struct rendered *out, const struct message *message)
{
    const struct kind_texts *texts = texts_of(message);
    g_autofree char *id = text_line(message->message_id, FACT_MAX);
    const struct catalogue_arg args[] = {{.name = "id", .text = id}, {NULL}};
    if (message->reason != NULL) {
        add_fact(out, "label.why", message->reason);
    } else if (texts->why != NULL) {
        add_fact(out, "label.why", catalogue_text(message->language, texts->why));
    }
    add_fact(out, "label.note", message->note);
    add_others(out, message);
    if (texts->button != NULL && text_is_link(message->ack_url)) {
        add_link(out, BLOCK_ACTION, texts->button, message->ack_url);
        add(out, BLOCK_NOTE, NULL, catalogue_text(message->language, "ack.note"), SUMMARY_MAX);
    }
    if (message->item_count == 1 && message->kind != MESSAGE_DIGEST &&
        message->kind != MESSAGE_ENDED) {
        add_details(out, &message->items[0]);
    }
    add_link(out, BLOCK_LINK, "alert.link", message->alert_url);
    add_remarks(out, message);
    if (*id != '\0') {
        g_autofree char *footer = catalogue_format(message->language, "footer", args);
        add(out, BLOCK_NOTE, NULL, footer, SUMMARY_MAX);
    }
}

/* A digest in one line also names its first alert: the line may be all that somebody sees. */
static char *one_line(const struct message *message, const char *subject)
{
    if (message->kind == MESSAGE_NOTICE) {
        return g_strdup_printf("%s — %s", subject, message->text);
    }
    if (message->kind != MESSAGE_DIGEST || message->item_count == 0) {
        return g_strdup(subject);
    }
    g_autofree char *by_severity = counts(message);
    g_autofree char *first = text_line(message->items[0].summary, ITEM_MAX);
    return g_strdup_printf("%s (%s): %s", subject, by_severity, first);
}

struct rendered message_render(const struct message *message)
{
    struct rendered out = {.blocks = g_ptr_array_new_with_free_func(block_free),
                           .language = message->language};
    g_autofree char *subject = format_subject(message);
    out.subject = text_line(subject, SUBJECT_MAX);
    g_autofree char *line = one_line(message, subject);
    out.line = text_line(line, SUMMARY_MAX);
    add_intro(&out, message);
    add_body(&out, message);
    add_end(&out, message);
    return out;
}

void rendered_clear(struct rendered *rendered)
{
    g_free(rendered->subject);
    g_free(rendered->line);
    g_clear_pointer(&rendered->blocks, g_ptr_array_unref);
    *rendered = (struct rendered){0};
}
