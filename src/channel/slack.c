/* Slack: incoming webhooks, and the API with a bot's token. The button is a link to the page with the one
 * real button; a chat's own callback would need an app of ours in the chat. */
#include <string.h>

#include "base/json.h"
#include "channel/chat.h"
#include "channel/render.h"
#include "channel/text.h"
#include "people/address.h"

/* Slack reads &, < and > in every text; escaped, neither a link nor <!channel> can be smuggled in. */
static char *slack_escape(const char *text)
{
    GString *out = g_string_new(text);
    g_string_replace(out, "&", "&amp;", 0);
    g_string_replace(out, "<", "&lt;", 0);
    g_string_replace(out, ">", "&gt;", 0);
    return g_string_free(out, FALSE);
}

static json_t *plain_text(const char *text, size_t max)
{
    g_autofree char *cut = text_line(text, max);
    return json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text", cut, "emoji", 0);
}

static json_t *slack_button(const struct block *block)
{
    json_t *button = json_pack("{s:s, s:o, s:s}", "type", "button", "text",
                               plain_text(block->label, 75), "url", block->text);
    if (block->kind == BLOCK_ACTION) {
        (void)json_object_set_new(button, "style", json_string("primary"));
    }
    return button;
}

static bool is_link(const struct block *block)
{
    return block->kind == BLOCK_ACTION || block->kind == BLOCK_LINK;
}

static json_t *slack_section(const struct block *block)
{
    if (block->kind == BLOCK_NOTE || block->kind == BLOCK_REMARK) {
        return json_pack("{s:s, s:[o]}", "type", "context", "elements",
                         plain_text(block->text, 2000));
    }
    return json_pack("{s:s, s:o}", "type", "section", "text", plain_text(block->text, 3000));
}

/* Facts side by side: Slack takes ten to a section, and fifty blocks to a message. */
static void add_fact(json_t *blocks, const struct block *block)
{
    enum { FIELDS_MAX = 10 };

    json_t *last = json_array_get(blocks, json_array_size(blocks) - 1);
    json_t *fields = json_object_get(last, "fields");
    if (fields == NULL || json_array_size(fields) == FIELDS_MAX) {
        fields = json_array();
        json_t *section = json_pack("{s:s, s:o}", "type", "section", "fields", fields);
        (void)json_array_append_new(blocks, section);
    }
    g_autofree char *text = g_strdup_printf("%s: %s", block->label, block->text);
    (void)json_array_append_new(fields, plain_text(text, 2000));
}

/* The lines of a description, in one section. */
static void add_lines(json_t *blocks, const struct rendered *rendered, guint from)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = from; i < rendered->blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        if (block->kind != BLOCK_TEXT) {
            break;
        }
        g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", block->text);
    }
    json_t *plain =
        json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text", text->str, "emoji", 0);
    (void)json_array_append_new(blocks, json_pack("{s:s, s:o}", "type", "section", "text", plain));
}

static bool is_first_line(const struct rendered *rendered, guint at)
{
    const struct block *before = at > 0 ? g_ptr_array_index(rendered->blocks, at - 1) : NULL;
    return before == NULL || before->kind != BLOCK_TEXT;
}

static void add_block(json_t *blocks, json_t *buttons, const struct rendered *rendered, guint at)
{
    const struct block *block = g_ptr_array_index(rendered->blocks, at);
    if (block->kind == BLOCK_FACT) {
        add_fact(blocks, block);
    } else if (block->kind == BLOCK_TEXT && is_first_line(rendered, at)) {
        add_lines(blocks, rendered, at);
    } else if (is_link(block) && strlen(block->text) <= 3000) {
        /* Slack refuses the whole message above */
        (void)json_array_append_new(buttons, slack_button(block));
    } else if (!is_link(block) && block->kind != BLOCK_TEXT) {
        (void)json_array_append_new(blocks, slack_section(block));
    }
}

static json_t *slack_blocks(const struct rendered *rendered)
{
    json_t *blocks = json_array();
    json_t *buttons = json_array();
    for (guint i = 0; i < rendered->blocks->len; i++) {
        add_block(blocks, buttons, rendered, i);
    }
    if (json_array_size(buttons) > 0) {
        json_t *row = json_pack("{s:s, s:O}", "type", "actions", "elements", buttons);
        (void)json_array_append_new(blocks, row);
    }
    json_decref(buttons);
    return blocks;
}

/* A bot's request names the channel; one that writes a message anew names that, too, by the id that
 * keep_id kept: "CHANNEL/TS". */
static void address_bot(struct parcel *parcel, const struct address *address, const char *update_id,
                        json_t *body)
{
    g_autofree char *channel = address_bot_channel(address->kind, address->to);
    const char *ts = update_id != NULL ? strchr(update_id, '/') : NULL;
    if (ts != NULL) {
        char *method = strrchr(parcel->url, '/');
        char *url = g_strdup_printf("%.*s/chat.update", (int)(method - parcel->url), parcel->url);
        g_free(parcel->url);
        parcel->url = url;
        (void)json_object_set_new(body, "channel",
                                  json_stringn(update_id, (size_t)(ts - update_id)));
        (void)json_object_set_new(body, "ts", json_string(ts + 1));
    } else {
        (void)json_object_set_new(body, "channel", json_string(channel != NULL ? channel : ""));
    }
}

static struct parcel *slack_build(const struct driver_settings *settings,
                                  const struct address *address, const struct message *message,
                                  struct fault *fault)
{
    (void)settings;
    (void)fault;
    struct parcel *parcel = parcel_new();
    struct rendered rendered = message_render(message);
    g_autofree char *line = slack_escape(rendered.line);
    json_t *body = json_pack("{s:s, s:o, s:b, s:b}", "text", line, "blocks",
                             slack_blocks(&rendered), "unfurl_links", 0, "unfurl_media", 0);
    if (chat_address(parcel, address)) {
        address_bot(parcel, address, message->update_id, body);
    }
    parcel_json(parcel, body);
    rendered_clear(&rendered);
    return parcel;
}

/* An error word of theirs ("channel_is_archived") helps; any other body is not repeated. */
static bool is_error_word(const char *body)
{
    size_t size = strlen(body);
    return size > 0 && size <= 64 && strspn(body, "abcdefghijklmnopqrstuvwxyz_0123456789") == size;
}

/* Their trouble, which passes. Any other word, also one that is not known yet, speaks of the channel, the
 * token or the text: it will be the same next time, and the next contact is told instead. */
static bool is_passing(const char *word)
{
    static const char *const WORDS[] = {"ratelimited",      "rate_limited", "service_unavailable",
                                        "internal_error",   "fatal_error",  "request_timeout",
                                        "team_added_to_org"};
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        if (strcmp(word, WORDS[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void classify_word(const struct provider_answer *answer, const char *word,
                          struct send_result *out)
{
    bool is_again = is_passing(word);
    out->state = is_again ? SEND_RETRY : SEND_REFUSED;
    out->retry_after = is_again ? answer->retry_after : (struct span){0};
    result_say(out, "HTTP %d: %s", answer->status, is_error_word(word) ? word : "an error");
}

static void keep_id(const json_t *body, struct send_result *out)
{
    const char *channel = json_text(body, "channel", "");
    const char *ts = json_text(body, "ts", "");
    if (chat_is_id(channel) && chat_is_id(ts)) {
        (void)g_snprintf(out->provider_id, sizeof out->provider_id, "%s/%s", channel, ts);
    }
}

static void slack_classify(const struct provider_answer *answer, struct send_result *out)
{
    struct fault fault = {0};
    json_t *body = json_read(answer->body, strlen(answer->body), &fault);
    classify_http(answer, out);
    if (out->state == SEND_DELIVERED && json_is_false(json_object_get(body, "ok"))) {
        classify_word(answer, json_text(body, "error", ""), out);
    } else if (out->state == SEND_DELIVERED && !chat_is_ok(body, answer->body)) {
        chat_no_ok(answer, out);
    } else if (out->state == SEND_DELIVERED) {
        keep_id(body, out);
    } else if (is_error_word(answer->body)) {
        result_say(out, "HTTP %d: %s", answer->status, answer->body);
    }
    json_decref(body);
}

const struct driver SLACK_DRIVER = {CONTACT_SLACK, DRIVER_HTTP | DRIVER_TOKEN, slack_build,
                                    slack_classify};
