/* What a message says of its subjects: facts, who else was paged, who comes next. */
#include <string.h>

#include "paging/brief.h"
#include "paging/errand.h"
#include "paging/who.h"
#include "paging/work.h"

struct message_pair *errand_pairs(struct errand *errand, size_t count)
{
    struct message_pair *pairs = g_new0(struct message_pair, count);
    g_ptr_array_add(errand->arrays, pairs);
    return pairs;
}

void errand_add(struct errand *errand, const struct config *config, const struct topic *topic)
{
    if (errand->message.item_count == ERRAND_ITEMS_MAX) {
        return;
    }
    struct message_item *item = &errand->items[errand->message.item_count++];
    *item = (struct message_item){
        .subject = topic->subject,
        .summary = errand_keep(errand, topic->summary),
        .severity = topic->severity,
    };
    topic->kind->show(topic, config, errand, item);
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
                       struct subject subject, const char *receiver)
{
    struct topic topic = {0};
    struct escalation e = {0};
    if (!topic_load(pager, tx->db, subject, &topic)) {
        return;
    }
    const struct policy *policy =
        escalation_of(tx->db, subject, &e) ? policy_of(pager, tx, e.policy_version) : NULL;
    struct brief brief;
    struct message *message = &errand->message;
    brief_read(tx->db, pager->config, policy, &topic, &brief);
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
    topic_clear(&topic);
}

void errand_mind_hold(struct errand *errand, struct ledger_tx *tx, struct subject subject)
{
    struct brief brief = {.next_at = errand->message.next_at};
    brief_read_hold(tx->db, subject, tx->now, &brief);
    errand->message.next_at = brief.next_at;
}
