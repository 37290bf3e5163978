#include "channel/render.h"

#include <string.h>

#include "alert/signal.h"
#include "channel/catalogue.h"
#include "channel/text.h"

enum { SUBJECT_MAX = 200, SUMMARY_MAX = 1024, FACT_MAX = 400, ITEM_MAX = 300 };

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
};

static const struct kind_texts *texts_of(const struct message *message)
{
    CHECK(message->kind >= MESSAGE_PAGE && message->kind <= MESSAGE_GAP);
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

static char *format_subject(const struct message *message, const char *key)
{
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
    return catalogue_format(message->language, key, args);
}

static void add_intro(struct rendered *out, const struct message *message)
{
    g_autofree char *name = text_line(message->full_name, FACT_MAX);
    const struct catalogue_arg args[] = {
        {.name = "name", .text = name},
        {.name = "count", .count = (int64_t)message->total},
        {NULL},
    };
    g_autofree char *intro = catalogue_format(message->language, texts_of(message)->intro, args);
    add(out, BLOCK_PARAGRAPH, NULL, intro, SUMMARY_MAX);
}

static void add_one(struct rendered *out, const struct message *message)
{
    const struct message_item *item = &message->items[0];
    g_autofree char *since = catalogue_time(message->language, message->time_zone, item->since);
    add(out, BLOCK_TITLE, NULL, item->summary, SUMMARY_MAX);
    add_fact(out, "label.severity", catalogue_severity(message->language, item->severity));
    add_fact(out, "label.service", item->service);
    add_fact(out, "label.source", item->source);
    add_fact(out, "label.since", since);
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

static void add_body(struct rendered *out, const struct message *message)
{
    if (message->kind == MESSAGE_TEST) {
        add_fact(out, "label.sent_by", message->detail);
    } else if (message->kind == MESSAGE_GAP) {
        add_fact(out, "label.when", message->detail);
    } else if (message->kind == MESSAGE_DIGEST || message->item_count > 1) {
        add_several(out, message);
    } else if (message->item_count == 1) {
        add_one(out, message);
        add_rest(out, message);
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
    if (texts->button != NULL && text_is_link(message->ack_url)) {
        add_link(out, BLOCK_ACTION, texts->button, message->ack_url);
        add(out, BLOCK_NOTE, NULL, catalogue_text(message->language, "ack.note"), SUMMARY_MAX);
    }
    add_link(out, BLOCK_LINK, "alert.link", message->alert_url);
    if (message->may_repeat) {
        add(out, BLOCK_NOTE, NULL, catalogue_text(message->language, "repeat.note"), SUMMARY_MAX);
    }
    if (*id != '\0') {
        g_autofree char *footer = catalogue_format(message->language, "footer", args);
        add(out, BLOCK_NOTE, NULL, footer, SUMMARY_MAX);
    }
}

/* A digest in one line also names its first alert: the line may be all that somebody sees. */
static char *one_line(const struct message *message, const char *subject)
{
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
    g_autofree char *subject = format_subject(message, texts_of(message)->subject);
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
