/* An alert is over: whoever was told of it hears so, once and quietly. What stands in a room says so, too, and
 * before that who has it. */
#include <string.h>

#include "paging/end_store.h"
#include "paging/errand.h"
#include "paging/restate_store.h"
#include "paging/work.h"
#include "people/address.h"

/* Does this person or room want to hear of ends? */
static bool wants_ends(const struct config *config, const char *who)
{
    const struct user *user = user_find(config, who);
    const struct chat_channel *channel = receiver_channel(config, who);
    int endings = user != NULL ? user->endings : (channel != NULL ? channel->endings : 0);
    return endings != ENDINGS_SKIP;
}

/* By what reached them; by another contact when that is no longer there. NULL: not at all. */
static const char *contact_for(const struct config *config, const struct end_receiver *receiver)
{
    struct contact contact;
    if (receiver_contact(config, receiver->who, receiver->contact, &contact)) {
        return receiver->contact;
    }
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    return receiver_next_contact(config, receiver->who, URGENCY_LOW, none);
}

/* What is written into a message that stands there already makes no noise, and need not be held back. */
static bool can_update(const struct config *config, const char *who, const char *name)
{
    struct contact contact;
    return receiver_contact(config, who, name, &contact) && contact.to != NULL &&
           address_is_bot(contact.kind, contact.to);
}

/* Goes into the messages that stand there, as many as can be changed; where none can, nothing is said. */
static void restate(struct pager *pager, struct ledger_tx *tx, struct subject subject,
                    const char *who, const char *contact, struct span wait)
{
    const struct notification notification = {
        .subject = subject,
        .kind = NOTIFICATION_RESTATED,
        .severity = SEVERITY_INFO,
        .passes = PASS_UPDATE,
        .due_at = utc_add(tx->now, wait),
    };
    notify_specially(pager, tx, who, contact, &notification);
}

static void tell(struct pager *pager, struct ledger_tx *tx, const struct topic *topic,
                 const struct end_receiver *receiver, struct span wait)
{
    const char *contact = contact_for(pager->config, receiver);
    if (contact == NULL || !wants_ends(pager->config, receiver->who) ||
        end_is_told(tx->db, topic->subject, receiver->who)) {
        return;
    }
    bool is_written = can_update(pager->config, receiver->who, contact);
    /* Before the end itself: what that is written into counts as written for this one. */
    if (is_written && restate_is_needed(tx->db, topic->subject, receiver->who, contact)) {
        restate(pager, tx, topic->subject, receiver->who, contact, wait);
    }
    const struct notification notification = {
        .subject = topic->subject,
        .kind = NOTIFICATION_ENDED,
        .severity = SEVERITY_INFO, /* none of them is more urgent than another */
        .passes = is_written ? PASS_UPDATE : 0,
        .due_at = utc_add(tx->now, wait),
    };
    notify_specially(pager, tx, receiver->who, contact, &notification);
}

void topic_is_over(struct pager *pager, struct ledger_tx *tx, const struct topic *topic,
                   struct span wait)
{
    page_stop_all(tx, topic->subject);
    escalation_end(tx, topic->subject);
    if (!topic->kind->settings(pager->config, topic).tells_end) {
        return;
    }
    g_autoptr(GPtrArray) receivers = end_receivers(tx->db, topic->subject);
    for (guint i = 0; i < receivers->len; i++) {
        tell(pager, tx, topic, g_ptr_array_index(receivers, i), wait);
    }
}

void rooms_follow(struct pager *pager, struct ledger_tx *tx, const struct topic *topic)
{
    g_autoptr(GPtrArray) receivers = end_receivers(tx->db, topic->subject);
    for (guint i = 0; i < receivers->len; i++) {
        const struct end_receiver *receiver = g_ptr_array_index(receivers, i);
        if (receiver_channel(pager->config, receiver->who) != NULL &&
            can_update(pager->config, receiver->who, receiver->contact)) {
            restate(pager, tx, topic->subject, receiver->who, receiver->contact, (struct span){0});
        }
    }
}

static void add_subject(struct pager *pager, struct ledger_tx *tx, struct errand *errand,
                        struct subject subject)
{
    struct topic topic = {0};
    size_t place = errand->message.item_count;
    if (topic_load(pager, tx->db, subject, &topic)) {
        errand_add(errand, pager->config, &topic);
    }
    if (topic.standing == STANDING_OVER && errand->message.item_count > place) {
        g_autofree char *note = end_note(tx->db, subject, &topic.kind->events);
        errand->items[place].resolve_note = errand_keep(errand, note);
    }
    topic_clear(&topic);
}

static void add_told(struct pager *pager, struct ledger_tx *tx, struct errand *errand,
                     struct delivery *delivery, const struct told_message *told)
{
    struct subject subjects[ERRAND_ITEMS_MAX];
    size_t count = delivery_subjects(tx->db, told->delivery_id, subjects, ERRAND_ITEMS_MAX);
    for (size_t i = count; i > 0; i--) {
        add_subject(pager, tx, errand, subjects[i - 1]);
    }
    restate_carry(tx->db, delivery, told->delivery_id);
    if (told->standing == STANDING_OVER) {
        (void)end_carry(tx->db, delivery, told->delivery_id, tx->now);
    } else {
        carried_begin(tx->db, delivery->id);
    }
    delivery->items =
        delivery_count_subjects(tx->db, told->delivery_id, errand->message.by_severity);
    errand->message.update_id = errand_keep(errand, told->update_id);
}

static void add_waiting(struct pager *pager, struct ledger_tx *tx, struct errand *errand,
                        struct delivery *delivery, const GArray *waiting)
{
    for (guint i = 0; i < MIN(waiting->len, ERRAND_ITEMS_MAX); i++) {
        add_subject(pager, tx, errand, g_array_index(waiting, struct notification, i).subject);
    }
    delivery->items = end_carry(tx->db, delivery, 0, utc_add(tx->now, END_BUNDLE));
}

/* As it stands with its alerts: as it told of them first, where nobody has one of them any more. */
static int kind_of(const struct told_message *told)
{
    if (told->standing == STANDING_OVER) {
        return MESSAGE_ENDED;
    }
    if (told->standing == STANDING_TAKEN) {
        return MESSAGE_TAKEN;
    }
    return told->items == 1 ? MESSAGE_PAGE : MESSAGE_DIGEST;
}

void end_fill(struct pager *pager, struct ledger_tx *tx, const GArray *waiting,
              const struct told_message *told, struct errand *errand, struct delivery *delivery)
{
    struct message *message = &errand->message;
    if (told != NULL) {
        add_told(pager, tx, errand, delivery, told);
    } else {
        add_waiting(pager, tx, errand, delivery, waiting);
    }
    delivery_save(tx->db, delivery);
    message->kind = told == NULL ? MESSAGE_ENDED : kind_of(told);
    message->may_repeat = told == NULL && delivery_may_repeat(tx->db, delivery->id);
    message->total = (size_t)delivery->items;
    if (delivery->items == 1 && message->item_count == 1) {
        errand_set_others(errand, pager, tx, message->items[0].subject, delivery->who);
    } else {
        errand_set_id(errand, pager, 'd', delivery->id);
    }
}
