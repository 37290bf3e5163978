/* Building the message that a claim hands out: receiver, items, reason, link. */
#include "paging/errand.h"

#include <string.h>

#include "base/json.h"
#include "channel/catalogue.h"
#include "oncall/policy.h"
#include "paging/notice.h"
#include "paging/who.h"
#include "paging/why.h"
#include "paging/work.h"

/* A link that acknowledges lives this long. */
#define LINK_LIFE SPAN_D(3)

void errand_free(struct errand *errand)
{
    if (errand != NULL) {
        g_string_chunk_free(errand->texts);
        g_ptr_array_unref(errand->arrays);
        g_free(errand);
    }
}

const char *errand_keep(struct errand *errand, const char *text)
{
    return text != NULL ? g_string_chunk_insert(errand->texts, text) : NULL;
}

static void set_receiver(struct errand *errand, const struct config *config, const char *who)
{
    const struct user *user = user_find(config, who);
    const struct chat_channel *channel = receiver_channel(config, who);
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

static void set_link(struct errand *errand, const struct claim *claim, const char *who,
                     struct link *link)
{
    char token[LINK_TOKEN_SIZE];
    link->expires_at = utc_add(errand->message.now, LINK_LIFE);
    g_strlcpy(link->user, who, sizeof link->user);
    link_write(link, pager_link_key(claim->pager), token);
    g_autofree char *url = g_strconcat(claim->public_url, "/l/", token, NULL);
    errand->message.ack_url = errand_keep(errand, url);
}

void errand_link_subject(struct errand *errand, const struct claim *claim, const char *who,
                         struct subject subject)
{
    struct link link = {.kind = LINK_SUBJECT, .id = subject.id};
    g_strlcpy(link.subject_kind, subject.kind, sizeof link.subject_kind);
    set_link(errand, claim, who, &link);
}

void errand_link_delivery(struct errand *errand, const struct claim *claim, const char *who,
                          int kind, int64_t delivery_id)
{
    struct link link = {.kind = kind, .id = delivery_id};
    set_link(errand, claim, who, &link);
}

void errand_only_look(struct errand *errand)
{
    errand->message.alert_url = errand->message.ack_url;
    errand->message.ack_url = NULL;
}

/* The name of the policy that an escalation walks, as it was when the alert came; "" for none.
 * Lent by the cache of policies until the next one is asked of it. */
static const char *policy_name(struct pager *pager, struct ledger_tx *tx, int64_t escalation_id)
{
    struct escalation escalation = {0};
    if (escalation_id == 0 || !escalation_load(tx->db, escalation_id, &escalation)) {
        return "";
    }
    const struct policy *policy = policy_of(pager, tx, escalation.policy_version);
    return policy != NULL ? policy->name : "";
}

void errand_set_reason(struct errand *errand, struct pager *pager, struct ledger_tx *tx,
                       int64_t page_id)
{
    struct page page = {0};
    if (!page_load(tx->db, page_id, &page)) {
        return;
    }
    struct why why;
    why_read(pager->config, errand->message.language, page.reason,
             policy_name(pager, tx, page.escalation_id), &why);
    errand->message.reason = errand_keep(errand, why.reason);
    errand->message.note = errand_keep(errand, why.note);
    why_clear(&why);
    page_clear(&page);
}

/* --- what is told without a page --- */

enum { GAPS_TOLD = 3 }; /* the others are counted */

static char *instant_text(const struct message *message, const char *text)
{
    struct utc at;
    return utc_parse(text, &at) ? catalogue_time(message->language, message->time_zone, at)
                                : g_strdup("");
}

/* "primary: Thu 24 December …": one gap in words. Newly allocated. */
static char *gap_text(const struct message *message, const json_t *gap)
{
    g_autofree char *from = instant_text(message, json_text(gap, "since", ""));
    g_autofree char *to = instant_text(message, json_text(gap, "until", ""));
    const struct catalogue_arg args[] = {
        {"schedule", json_text(gap, "schedule", ""), 0},
        {"from", from, 0},
        {"to", to, 0},
        {NULL, NULL, 0},
    };
    const char *key = json_is_true(json_object_get(gap, "again")) ? "gap.again" : "gap.between";
    return catalogue_format(message->language, to[0] != '\0' ? key : "gap.open", args);
}

static char *gaps_text(const struct message *message, const json_t *gaps)
{
    GString *out = g_string_new(NULL);
    size_t count = json_array_size(gaps);
    for (size_t i = 0; i < MIN(count, GAPS_TOLD); i++) {
        g_autofree char *text = gap_text(message, json_array_get(gaps, i));
        g_string_append_printf(out, "%s%s", i > 0 ? "; " : "", text);
    }
    if (count > GAPS_TOLD) {
        const struct catalogue_arg args[] = {{"count", NULL, (int64_t)count - GAPS_TOLD},
                                             {NULL, NULL, 0}};
        g_autofree char *more = catalogue_format(message->language, "gap.more", args);
        g_string_append_printf(out, "; %s", more);
    }
    return g_string_free(out, FALSE);
}

/* The schedules of the gaps, each once, commas between. */
static char *gap_schedules(const json_t *gaps)
{
    GString *out = g_string_new(NULL);
    const char *before = "";
    size_t i;
    json_t *gap;
    json_array_foreach (gaps, i, gap) {
        const char *name = json_text(gap, "schedule", "");
        if (strcmp(name, before) != 0) { /* they come in the order of the schedules */
            g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", name);
        }
        before = name;
    }
    return g_string_free(out, FALSE);
}

static void explain_gaps(struct errand *errand, const json_t *gaps)
{
    g_autofree char *detail = gaps_text(&errand->message, gaps);
    g_autofree char *schedules = gap_schedules(gaps);
    const struct catalogue_arg args[] = {{"schedule", schedules, 0}, {NULL, NULL, 0}};
    g_autofree char *reason = catalogue_format(errand->message.language, "why.gap", args);
    errand->message.detail = errand_keep(errand, detail);
    errand->message.reason = errand_keep(errand, reason);
}

void errand_explain(struct errand *errand, const struct config *config,
                    const struct notification *n)
{
    struct fault fault;
    const int language = errand->message.language;
    json_auto_t *data = n->data != NULL ? json_read(n->data, strlen(n->data), &fault) : NULL;
    if (n->kind == NOTIFICATION_STILL_ON_IT) {
        errand->message.reason = catalogue_text(language, "why.still_on_it");
    } else if (n->kind == NOTIFICATION_TEST) {
        g_autofree char *sender = who_acts(config, language, json_text(data, "from", ""));
        errand->message.detail = errand_keep(errand, sender);
    } else if (n->kind == NOTIFICATION_GAP) {
        explain_gaps(errand, json_object_get(data, "gaps"));
    } else if (n->kind == NOTIFICATION_NOTICE) {
        notice_fill(errand, config, data);
    }
}

struct errand *errand_new(const struct delivery *delivery, const struct contact *contact,
                          const struct config *config, struct utc now)
{
    struct errand *errand = g_new0(struct errand, 1);
    errand->texts = g_string_chunk_new(1024);
    errand->arrays = g_ptr_array_new_with_free_func(g_free);
    errand->delivery_id = delivery->id;
    errand->node = delivery->node;
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

void errand_set_id(struct errand *errand, const struct pager *pager, char kind, int64_t id)
{
    /* Numbers begin anew in each database; what has the same id is dropped as a repeat. */
    g_autofree char *text =
        g_strdup_printf("%c%" G_GINT64_FORMAT "-%s", kind, id, pager->installation);
    errand->message.message_id = errand_keep(errand, text);
    errand->message.installation = errand_keep(errand, pager->installation);
}
