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
    if (message->kind == MESSAGE_ENDED) {
        return "2"; /* shown, without a sound */
    }
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
    if (message->kind == MESSAGE_TEST || message->kind == MESSAGE_ENDED) {
        return "white_check_mark";
    }
    return message->severity == SEVERITY_CRITICAL || message->severity == SEVERITY_ERROR
               ? "rotating_light"
               : "warning";
}

static void write_body_within(GString *out, const struct rendered *rendered, size_t block_max)
{
    g_string_truncate(out, 0);
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        bool is_shown = block->kind == BLOCK_TITLE || block->kind == BLOCK_FACT ||
                        block->kind == BLOCK_ITEM || block->kind == BLOCK_PARAGRAPH ||
                        block->kind == BLOCK_TEXT || block->kind == BLOCK_REMARK;
        g_autofree char *text = is_shown ? text_within(block->text, block_max) : NULL;
        if (is_shown && block->label != NULL) {
            g_string_append_printf(out, "%s: %s\n", block->label, text);
        } else if (is_shown) {
            g_string_append_printf(out, "%s\n", text);
        }
    }
}

/* The body: what the phone shows under the title. Links are in the headers. Above 4096 bytes ntfy makes
 * an attachment of the message, which nobody opens at night; the longest texts give way first, so that
 * why and since when stay whole. */
static void write_body(GString *out, const struct rendered *rendered)
{
    enum { BODY_MAX = 4000, STEP = 100 };

    size_t block_max = BODY_MAX;
    for (write_body_within(out, rendered, block_max); out->len > BODY_MAX && block_max > STEP;
         write_body_within(out, rendered, block_max)) {
        block_max -= STEP;
    }
    if (out->len > BODY_MAX) { /* very many lines */
        g_autofree char *cut = text_within(out->str, BODY_MAX);
        g_string_assign(out, cut);
    }
}

/* Appends one action to the header's value. A comma or semicolon would end it, so that a link with one
 * is left out; a label from outside is encoded when it is not plain. */
static void add_view(GString *actions, const struct block *block)
{
    if (strpbrk(block->text, ",;") != NULL) {
        return;
    }
    bool is_plain = strpbrk(block->label, ",;='\"") == NULL;
    g_autofree char *cut = text_line(block->label, 40);
    g_autofree char *label = is_plain ? text_encoded_words(cut, " ") : text_all_encoded(cut, " ");
    g_string_append_printf(actions, "%sview, %s, %s%s", actions->len > 0 ? "; " : "", label,
                           block->text, block->kind == BLOCK_ACTION ? ", clear=true" : "");
}

static void add_actions(struct parcel *parcel, const struct rendered *rendered,
                        const struct message *message)
{
    enum { ACTIONS_MAX = 3 }; /* ntfy refuses a message with more */

    g_autoptr(GString) actions = g_string_new(NULL);
    int count = 0;
    for (guint i = 0; i < rendered->blocks->len && count < ACTIONS_MAX; i++) {
        const struct block *block = g_ptr_array_index(rendered->blocks, i);
        if (block->kind == BLOCK_ACTION || block->kind == BLOCK_LINK) {
            gsize before = actions->len;
            add_view(actions, block);
            count += actions->len > before;
        }
    }
    if (actions->len > 0) {
        parcel_header(parcel, "Actions", actions->str);
    }
    if (text_is_link(message->ack_url)) {
        parcel_header(parcel, "Click", message->ack_url);
    } else if (text_is_link(message->alert_url)) {
        parcel_header(parcel, "Click", message->alert_url);
    }
}

static struct parcel *ntfy_build(const struct driver_settings *settings,
                                 const struct address *address, const struct message *message,
                                 struct fault *fault)
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

static void ntfy_classify(const struct provider_answer *answer, struct send_result *out)
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

const struct driver NTFY_DRIVER = {CONTACT_NTFY, DRIVER_HTTP | DRIVER_TOKEN, ntfy_build,
                                   ntfy_classify};
