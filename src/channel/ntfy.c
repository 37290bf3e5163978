/* ntfy: a POST to the topic's address; what is not text stands in headers. The one action is to
 * *open* the signed link: an action that ntfy's app would send by itself could be triggered by
 * whoever reads the topic, and by its servers. */
#include <string.h>

#include "alert/signal.h"
#include "base/json.h"
#include "channel/catalogue.h"
#include "channel/driver.h"
#include "channel/render.h"
#include "channel/text.h"

static const char *priority(const struct message *message)
{
    if (message->kind != MESSAGE_PAGE && message->kind != MESSAGE_DIGEST) {
        return "3";
    }
    switch (message->severity) {
    case SEVERITY_CRITICAL:
        return "5";
    case SEVERITY_WARNING:
        return "3";
    case SEVERITY_INFO:
        return "2";
    default:
        return "4";
    }
}

static const char *tags(const struct message *message)
{
    if (message->kind == MESSAGE_TEST) {
        return "white_check_mark";
    }
    return message->severity == SEVERITY_CRITICAL || message->severity == SEVERITY_ERROR
               ? "rotating_light"
               : "warning";
}

static bool is_action(const struct block *block)
{
    return block->kind == BLOCK_ACTION;
}

/* The body: what the phone shows under the title. Links are in the headers. */
static void write_body(GString *out, const struct rendered *rendered)
{
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        bool is_shown = block->kind == BLOCK_TITLE || block->kind == BLOCK_FACT ||
                        block->kind == BLOCK_ITEM || block->kind == BLOCK_PARAGRAPH;
        if (is_shown && block->label != NULL) {
            g_string_append_printf(out, "%s: %s\n", block->label, block->text);
        } else if (is_shown) {
            g_string_append_printf(out, "%s\n", block->text);
        }
    }
    /* Above 4096 bytes ntfy makes an attachment of the message, which nobody opens at night. */
    if (out->len > 4000) {
        g_autofree char *cut = g_utf8_make_valid(out->str, 3990);
        g_string_assign(out, cut);
        g_string_append(out, "…");
    }
}

static void add_actions(struct parcel *parcel, const struct rendered *rendered,
                        const struct message *message)
{
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        /* A comma or semicolon would end the value; the label is our own text, the link is not. */
        if (is_action(block) && strpbrk(block->text, ",;") == NULL) {
            g_autofree char *label = text_encoded_words(block->label, " ");
            g_autofree char *action =
                g_strdup_printf("view, %s, %s, clear=true", label, block->text);
            parcel_header(parcel, "Actions", action);
        }
    }
    if (text_is_link(message->ack_url)) {
        parcel_header(parcel, "Click", message->ack_url);
    } else if (text_is_link(message->alert_url)) {
        parcel_header(parcel, "Click", message->alert_url);
    }
}

struct parcel *ntfy_build(const struct driver_settings *settings, const struct address *address,
                          const struct message *message, struct fault *fault)
{
    (void)settings;
    (void)fault;
    struct parcel *parcel = parcel_new();
    struct rendered rendered = message_render(message);
    g_autofree char *title = text_encoded_words(rendered.subject, " ");
    parcel->url = g_strdup(address->to);
    parcel_header(parcel, "Content-Type", "text/plain; charset=utf-8");
    parcel_header(parcel, "Title", title);
    parcel_header(parcel, "Priority", priority(message));
    parcel_header(parcel, "Tags", tags(message));
    add_actions(parcel, &rendered, message);
    if (address->secret != NULL && *address->secret != '\0') {
        g_autofree char *bearer = g_strdup_printf("Bearer %s", address->secret);
        parcel_header(parcel, "Authorization", bearer);
    }
    write_body(parcel->body, &rendered);
    rendered_clear(&rendered);
    return parcel;
}

void ntfy_classify(const struct answer *answer, struct send_result *out)
{
    struct fault fault = {0};
    json_t *body = json_read(answer->body, strlen(answer->body), &fault);
    classify_http(answer, out);
    if (out->state == SEND_DELIVERED) {
        g_strlcpy(out->provider_id, json_text(body, "id", ""), sizeof out->provider_id);
        for (char *at = out->provider_id; *at != '\0'; at++) {
            *at = g_ascii_isalnum(*at) ? *at : '_';
        }
    }
    json_decref(body);
}
