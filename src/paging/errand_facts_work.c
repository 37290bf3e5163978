/* What a message says about its alerts: facts, who else was paged, who comes next. */
#include <string.h>

#include "alert/alert_store.h"
#include "paging/brief.h"
#include "paging/errand.h"
#include "paging/who.h"
#include "paging/work.h"

/* An array of pairs that lives as long as the errand. */
static struct message_pair *pairs_new(struct errand *errand, size_t count)
{
    struct message_pair *pairs = g_new0(struct message_pair, count);
    g_ptr_array_add(errand->arrays, pairs);
    return pairs;
}

static void set_labels(struct errand *errand, struct message_item *item, const GPtrArray *labels)
{
    struct message_pair *pairs = pairs_new(errand, labels->len);
    for (guint i = 0; i < labels->len; i++) {
        const struct alert_label *label = g_ptr_array_index(labels, i);
        pairs[i].name = errand_keep(errand, label->name);
        pairs[i].value = errand_keep(errand, label->value);
    }
    item->labels = pairs;
    item->label_count = labels->len;
}

static void set_links(struct errand *errand, struct message_item *item, const GPtrArray *links)
{
    struct message_pair *pairs = pairs_new(errand, links->len);
    for (guint i = 0; i < links->len; i++) {
        const struct alert_link *link = g_ptr_array_index(links, i);
        pairs[i].name = errand_keep(errand, link->text);
        pairs[i].value = errand_keep(errand, link->href);
    }
    item->links = pairs;
    item->link_count = links->len;
}

static const char *keep_name(struct errand *errand, const struct config *config, const char *actor)
{
    g_autofree char *name =
        actor != NULL ? who_acts(config, errand->message.language, actor) : NULL;
    return errand_keep(errand, name);
}

void errand_add(struct errand *errand, const struct config *config, const struct alert *alert)
{
    if (errand->message.item_count == ERRAND_ITEMS_MAX) {
        return;
    }
    struct message_item *item = &errand->items[errand->message.item_count++];
    const struct service *service = config_service(config, alert->service);
    struct alert_facts facts;
    alert_facts_read(alert, service != NULL ? service->show : NULL, &facts);
    *item = (struct message_item){
        .alert_id = alert->id,
        .summary = errand_keep(errand, alert->summary),
        .description = errand_keep(errand, facts.description),
        .service = errand_keep(errand, alert->service),
        .component = errand_keep(errand, alert->component),
        .source = errand_keep(errand, alert->source),
        .severity = alert->severity,
        .count = alert->count,
        .since = alert_since(alert),
    };
    if (alert->status == ALERT_ACKNOWLEDGED || alert->status == ALERT_RESOLVED) {
        item->acknowledged_by = keep_name(errand, config, alert->acknowledged_by);
    }
    if (alert->status == ALERT_RESOLVED) {
        item->ended_at = alert->resolved_at;
        item->lasted = alert_lasted(alert);
        item->resolved_by = keep_name(errand, config, alert->resolved_by);
    }
    set_labels(errand, item, facts.labels);
    set_links(errand, item, facts.links);
    alert_facts_clear(&facts);
}

static void add_name(struct errand *errand, const struct config *config, const char *who,
                     struct message_names *out)
{
    if (out->count == MESSAGE_NAMES_MAX) {
        out->more++;
        return;
    }
    g_autofree char *name = who_receives(config, errand->message.language, who);
    out->names[out->count++] = errand_keep(errand, name);
}

void errand_set_others(struct errand *errand, struct pager *pager, struct ledger_tx *tx,
                       int64_t alert_id, const char *receiver)
{
    struct alert alert = {0};
    struct escalation e = {0};
    if (!alert_load(tx->db, alert_id, &alert)) {
        return;
    }
    const struct policy *policy =
        escalation_of_alert(tx->db, alert_id, &e) ? policy_of(pager, tx, e.policy_version) : NULL;
    struct brief brief;
    struct message *message = &errand->message;
    brief_read(tx->db, pager->config, policy, &alert, &brief);
    for (guint i = 0; i < brief.told->len; i++) {
        const char *who = g_ptr_array_index(brief.told, i);
        if (strcmp(who, receiver) != 0) {
            add_name(errand, pager->config, who, &message->told);
        }
    }
    for (guint i = 0; i < brief.next->len; i++) {
        add_name(errand, pager->config, g_ptr_array_index(brief.next, i), &message->next);
    }
    message->next_at = brief.next_at;
    brief_clear(&brief);
    alert_clear(&alert);
}

void errand_mind_hold(struct errand *errand, struct ledger_tx *tx, int64_t alert_id)
{
    struct brief brief = {.next_at = errand->message.next_at};
    brief_read_hold(tx->db, alert_id, tx->now, &brief);
    errand->message.next_at = brief.next_at;
}
