/* Mattermost: incoming webhooks, and the API with a bot's token. */
#include <string.h>

#include "alert/signal.h"
#include "base/json.h"
#include "channel/chat.h"
#include "channel/render.h"
#include "people/address.h"

static const char *color(const struct message *message)
{
    if (message->kind == MESSAGE_ENDED) {
        return "#1c6e3c";
    }
    if (message->kind == MESSAGE_TAKEN) {
        return "#1f4f8f";
    }
    switch (message->severity) {
    case SEVERITY_CRITICAL:
        return "#b00020";
    case SEVERITY_WARNING:
        return "#b26a00";
    case SEVERITY_INFO:
        return "#1f4f8f";
    default:
        return "#d14900";
    }
}

/* Mattermost reads Markdown and mentions: marks are escaped, and a space of no width behind each @
 * keeps an alert's text from calling a whole channel. */
static char *mattermost_escape(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("\\`*_{}[]()#+!|~<>", *at) != NULL) {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *at);
        if (*at == '@') {
            g_string_append(out, "\xe2\x80\x8b");
        }
    }
    return g_string_free(out, FALSE);
}

static json_t *mattermost_fields(const struct rendered *rendered)
{
    json_t *fields = json_array();
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        if (block->kind != BLOCK_FACT) {
            continue;
        }
        g_autofree char *value = mattermost_escape(block->text);
        g_autofree char *title = mattermost_escape(block->label);
        json_t *field = json_pack("{s:s, s:s, s:b}", "title", title, "value", value, "short",
                                  g_utf8_strlen(block->text, -1) < 40);
        (void)json_array_append_new(fields, field);
    }
    return fields;
}

static void append_link(GString *out, const struct block *block)
{
    g_autofree char *label = mattermost_escape(block->label);
    g_string_append_printf(out, "\n[%s](<%s>)\n\n", label, block->text);
}

/* Everything but the facts, as Markdown of our own with escaped texts in it. */
static char *mattermost_body(const struct rendered *rendered)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        g_autofree char *text = mattermost_escape(block->text);
        switch ((enum block_kind)block->kind) {
        case BLOCK_TITLE:
            g_string_append_printf(out, "**%s**\n\n", text);
            break;
        case BLOCK_PARAGRAPH:
        case BLOCK_REMARK:
        case BLOCK_NOTE:
            g_string_append_printf(out, "%s\n\n", text);
            break;
        case BLOCK_TEXT:
            g_string_append_printf(out, "%s\n", text);
            break;
        case BLOCK_ITEM:
            g_string_append_printf(out, "- %s\n", text);
            break;
        case BLOCK_ACTION:
        case BLOCK_LINK:
            append_link(out, block);
            break;
        case BLOCK_FACT:
            break;
        }
    }
    return g_string_free(out, FALSE);
}

/* A bot's new message names its channel; a message that is written anew is named in the path. */
static void address_bot(struct parcel *parcel, const struct address *address, const char *update_id,
                        json_t *post)
{
    if (update_id != NULL) {
        char *url = g_strdup_printf("%s/%s/patch", parcel->url, update_id);
        g_free(parcel->url);
        parcel->url = url;
        parcel->method = "PUT";
        return;
    }
    g_autofree char *channel = address_bot_channel(address->kind, address->to);
    (void)json_object_set_new(post, "channel_id", json_string(channel != NULL ? channel : ""));
}

static struct parcel *mattermost_build(const struct driver_settings *settings,
                                       const struct address *address, const struct message *message,
                                       struct fault *fault)
{
    (void)settings;
    (void)fault;
    struct parcel *parcel = parcel_new();
    struct rendered rendered = message_render(message);
    g_autofree char *line = mattermost_escape(rendered.line);
    g_autofree char *body = mattermost_body(&rendered);
    json_t *attachment =
        json_pack("{s:s, s:s, s:s, s:o}", "fallback", line, "color", color(message), "text", body,
                  "fields", mattermost_fields(&rendered));
    json_t *attachments = json_pack("[o]", attachment);
    json_t *post = json_object();
    if (chat_address(parcel, address)) {
        address_bot(parcel, address, message->update_id, post);
        (void)json_object_set_new(post, "message", json_string(line));
        (void)json_object_set_new(post, "props", json_pack("{s:o}", "attachments", attachments));
    } else {
        (void)json_object_set_new(post, "text", json_string(line));
        (void)json_object_set_new(post, "attachments", attachments);
    }
    parcel_json(parcel, post);
    rendered_clear(&rendered);
    return parcel;
}

/* "api.context.permissions.app_error" */
static bool is_error_id(const char *id)
{
    size_t size = strlen(id);
    return size > 0 && size <= 100 && strspn(id, G_CSET_a_2_z G_CSET_DIGITS "._") == size;
}

static void mattermost_classify(const struct provider_answer *answer, struct send_result *out)
{
    struct fault fault = {0};
    json_t *body = json_read(answer->body, strlen(answer->body), &fault);
    const char *id = json_text(body, "id", "");
    classify_http(answer, out);
    if (out->state == SEND_DELIVERED && chat_is_id(id)) {
        g_strlcpy(out->provider_id, id, sizeof out->provider_id);
    } else if (out->state == SEND_DELIVERED && !chat_is_ok(body, answer->body)) {
        chat_no_ok(answer, out);
    } else if (out->state != SEND_DELIVERED && is_error_id(id)) {
        result_say(out, "HTTP %d: %s", answer->status, id);
    }
    json_decref(body);
}

const struct driver MATTERMOST_DRIVER = {CONTACT_MATTERMOST, DRIVER_HTTP | DRIVER_TOKEN,
                                         mattermost_build, mattermost_classify};
