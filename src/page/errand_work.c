/* Building the message that a claim hands out: receiver, items, reason, link. */
#include "page/errand.h"

#include <string.h>

#include "alert/alert_store.h"
#include "base/json.h"
#include "channel/catalogue.h"
#include "page/work.h"

/* A link that acknowledges lives this long. */
#define LINK_LIFE SPAN_D(3)

void errand_free(struct errand *errand)
{
    if (errand != NULL) {
        g_string_chunk_free(errand->texts);
        g_free(errand);
    }
}

const char *errand_keep(struct errand *errand, const char *text)
{
    return text != NULL ? g_string_chunk_insert(errand->texts, text) : NULL;
}

static void set_receiver(struct errand *errand, const struct config *config, const char *who)
{
    const struct user *user = config_user(config, who);
    const struct chat_channel *channel =
        g_str_has_prefix(who, "channel:") ? config_channel(config, who + strlen("channel:")) : NULL;
    struct message *message = &errand->message;
    if (user != NULL) {
        message->language = user->language;
        message->time_zone = errand_keep(errand, user->time_zone);
        message->full_name =
            errand_keep(errand, user->full_name != NULL ? user->full_name : user->name);
    } else if (channel != NULL) {
        message->language = channel->language;
        message->time_zone = errand_keep(errand, channel->time_zone);
        message->full_name = errand_keep(errand, channel->name);
    }
    if (message->language == 0) {
        message->language = LANGUAGE_EN;
    }
    if (message->time_zone == NULL) {
        message->time_zone = "UTC";
    }
}

void errand_add(struct errand *errand, const struct alert *alert)
{
    if (errand->message.item_count == ERRAND_ITEMS_MAX) {
        return;
    }
    errand->items[errand->message.item_count++] = (struct message_item){
        .alert_id = alert->id,
        .summary = errand_keep(errand, alert->summary),
        .service = errand_keep(errand, alert->service),
        .source = errand_keep(errand, alert->source),
        .severity = alert->severity,
        .since = alert->first_at,
    };
}

void errand_set_link(struct errand *errand, const struct claim *claim, const char *who, int kind,
                     int64_t subject)
{
    struct link link = {
        .kind = kind,
        .subject = subject,
        .expires_at = utc_add(errand->message.now, LINK_LIFE),
    };
    char token[LINK_TOKEN_SIZE];
    g_strlcpy(link.user, who, sizeof link.user);
    link_write(&link, pager_link_key(claim->pager), token);
    g_autofree char *url = g_strconcat(claim->public_url, "/l/", token, NULL);
    errand->message.ack_url = errand_keep(errand, url);
}

/* The name of the policy that an escalation walks, as it was when the alert came; "" for none. */
static char *policy_name(struct ledger_tx *tx, int64_t escalation_id)
{
    struct escalation escalation = {0};
    struct fault fault;
    if (escalation_id == 0 || !escalation_load(tx->db, escalation_id, &escalation)) {
        return g_strdup("");
    }
    g_autofree char *spec = policy_version_load(tx->db, escalation.policy_version);
    json_auto_t *policy = spec != NULL ? json_read(spec, strlen(spec), &fault) : NULL;
    return g_strdup(json_text(policy, "name", ""));
}

/* "You are told because …" in the receiver's language, from the page's reason. */
void errand_set_reason(struct errand *errand, struct ledger_tx *tx, int64_t page_id)
{
    struct page page = {0};
    struct fault fault;
    if (!page_load(tx->db, page_id, &page)) {
        return;
    }
    json_auto_t *reason = json_read(page.reason, strlen(page.reason), &fault);
    const bool is_override = strcmp(json_text(reason, "layer", ""), "override") == 0;
    const char *via = is_override ? "override" : json_text(reason, "via", "user");
    const bool is_asked = json_object_get(reason, "asked_by") != NULL;
    const bool is_last = json_object_get(reason, "last_resort") != NULL;
    g_autofree char *key =
        g_strconcat("why.", is_asked ? "asked" : (is_last ? "last_resort" : via), NULL);
    const char *through = json_text(reason, "through", "");
    g_autofree char *policy = policy_name(tx, page.escalation_id);
    const struct catalogue_arg args[] = {
        {"schedule", through, 0},
        {"team", through, 0},
        {"layer", json_text(reason, "layer", ""), 0},
        {"policy", policy, 0},
        {"actor", json_text(reason, "asked_by", ""), 0},
        {"step", NULL, json_integer_value(json_object_get(reason, "step"))},
        {NULL, NULL, 0},
    };
    g_autofree char *text = catalogue_format(errand->message.language, key, args);
    errand->message.reason = errand_keep(errand, text);
    page_clear(&page);
}

struct errand *errand_new(const struct delivery *delivery, const struct contact *contact,
                          const struct config *config, struct utc now)
{
    struct errand *errand = g_new0(struct errand, 1);
    errand->texts = g_string_chunk_new(1024);
    errand->delivery_id = delivery->id;
    errand->address = (struct address){contact->kind, errand_keep(errand, contact->to),
                                       errand_keep(errand, contact->secret)};
    errand->message.items = errand->items;
    errand->message.now = now;
    errand->message.severity = delivery->severity;
    errand->message.urgency = delivery->urgency;
    errand->message.delivery_id = delivery->id;
    set_receiver(errand, config, delivery->who);
    return errand;
}

void errand_set_id(struct errand *errand, char kind, int64_t id)
{
    g_autofree char *text = g_strdup_printf("%c%" G_GINT64_FORMAT, kind, id);
    errand->message.message_id = errand_keep(errand, text);
}
