#include "paging/receiver.h"

#include <string.h>

#include "base/principal.h"
#include "base/window.h"
#include "base/zone.h"

const struct chat_channel *receiver_channel(const struct config *config, const char *who)
{
    const struct principal told = principal_of_receiver(who);
    return told.kind == PRINCIPAL_CHANNEL ? chat_channel_find(config, told.name) : NULL;
}

GPtrArray *receiver_rules(const struct config *config, const char *who, int urgency)
{
    /* A chat channel has one way to be told, at once. */
    static struct rule at_once = {{0}, (char *)(uintptr_t) "channel"};
    if (receiver_channel(config, who) != NULL) {
        GPtrArray *rules = g_ptr_array_new();
        g_ptr_array_add(rules, &at_once);
        return rules;
    }
    const struct user *user = user_find(config, who);
    return user != NULL ? user_rules(user, (enum urgency)urgency) : g_ptr_array_new();
}

bool receiver_contact(const struct config *config, const char *who, const char *name,
                      struct contact *out)
{
    const struct chat_channel *channel = receiver_channel(config, who);
    if (channel != NULL) {
        /* A room is told for its own sake: also one that is a log. */
        *out = (struct contact){channel->name, channel->kind, channel->to, channel->secret, true};
        return true;
    }
    const struct user *user = user_find(config, who);
    const struct contact *contact = user != NULL ? user_contact(user, name) : NULL;
    if (contact != NULL) {
        *out = *contact;
    }
    return contact != NULL;
}

static bool holds_text(const GPtrArray *texts, const char *text)
{
    for (guint i = 0; i < texts->len; i++) {
        if (strcmp(g_ptr_array_index(texts, i), text) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_another_way(const struct contact *contact, const GPtrArray *tried)
{
    return contact != NULL && contact_wakes(contact) && !holds_text(tried, contact->name);
}

const char *receiver_next_contact(const struct config *config, const char *who, int urgency,
                                  const GPtrArray *tried)
{
    const struct user *user = user_find(config, who);
    if (user == NULL) {
        return NULL;
    }
    /* The person's own order first, then whatever other way there is. */
    g_autoptr(GPtrArray) rules = user_rules(user, (enum urgency)urgency);
    for (guint i = 0; i < rules->len; i++) {
        const struct rule *rule = g_ptr_array_index(rules, i);
        const struct contact *contact = user_contact(user, rule->contact);
        if (is_another_way(contact, tried)) {
            return contact->name;
        }
    }
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        if (is_another_way(contact, tried)) {
            return contact->name;
        }
    }
    return NULL;
}

struct utc after_quiet_hours(const struct config *config, const char *who, int urgency,
                             struct utc now)
{
    const struct user *user = user_find(config, who);
    if (urgency == URGENCY_HIGH || user == NULL || user->quiet_hours == NULL ||
        user->quiet_hours->len == 0) {
        return now;
    }
    struct fault fault;
    struct zone *zone = zone_load(user->time_zone != NULL ? user->time_zone : "UTC", &fault);
    if (zone == NULL || !windows_hold(user->quiet_hours, zone, now)) {
        return now;
    }
    struct utc end = windows_change_after(user->quiet_hours, zone, now);
    /* Quiet hours that never end would swallow the message. */
    return utc_before(end, UTC_NEVER) ? end : now;
}
