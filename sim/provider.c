/* Mail servers and web hooks: they take messages, fail, hang, and lie; and the people behind them. */
#include <string.h>

#include "page/mail_store.h"
#include "page/pager.h"
#include "sim/world_private.h"

enum { SENT_MAX = 2000 };

/* An attempt under way. */
struct attempt {
    struct world *world;
    send_done done;
    void *done_self;
    struct send_result result;
    bool arrives; /* whatever the provider answers */
    int person;
    int64_t alert_ids[16];
    size_t count;
};

static void finish(void *arg)
{
    struct attempt *attempt = arg;
    attempt->done(attempt->done_self, &attempt->result);
    g_free(attempt);
}

/* The process died: whoever waits for the answer is freed with the courier. */
static void cut(void *arg)
{
    struct attempt *attempt = arg;
    attempt->result.state = SEND_UNKNOWN;
    finish(attempt);
}

static void arrive(void *arg)
{
    struct attempt *attempt = arg;
    people_hear(attempt->world, attempt->person, attempt->alert_ids, attempt->count);
    g_free(attempt);
}

/* How this attempt will end, and after how long. */
static struct span decide(struct world *world, struct attempt *attempt, int kind)
{
    struct chance *chance = &world->chance;
    int channel = kind == CONTACT_EMAIL ? 0 : (kind == CONTACT_WEBHOOK ? 1 : 2);
    int what = (int)chance_between(chance, 1, 100);
    attempt->arrives = false;
    if (world->providers_fail[channel] || what <= 4) {
        attempt->result.state = SEND_RETRY;
        if (chance_of(chance, 30)) {
            attempt->result.retry_after = SPAN_S(chance_between(chance, 1, 120));
        }
    } else if (what <= 6) {
        attempt->result.state = SEND_REFUSED;
    } else if (what <= 8) {
        attempt->result.state = SEND_UNKNOWN;
        attempt->arrives = chance_of(chance, 50);
        return SPAN_S(15);
    } else {
        attempt->result.state = SEND_DELIVERED;
        attempt->arrives = chance_of(chance, 99); /* "delivered" is not always true */
    }
    return chance_span(chance, SPAN_MS(20), SPAN_S(3));
}

static void tell_auditor(struct world *world, const char *who, const struct address *address,
                         const struct message *message, bool may_arrive)
{
    /* A digest names ten alerts and counts the rest; the person is told of all of them. */
    int64_t ids[SENT_MAX];
    size_t count = delivery_alerts(world->db, message->delivery_id, ids, SENT_MAX);
    g_autofree char *mailbox =
        g_strdup_printf("%s/%s", enum_to_name(CONTACT_KIND_NAMES, address->kind),
                        enum_to_name(URGENCY_NAMES, message->urgency));
    const struct sent_message sent = {
        .who = who,
        .mailbox = mailbox,
        .is_page = message->kind == MESSAGE_PAGE || message->kind == MESSAGE_DIGEST,
        .alert_ids = ids,
        .count = count,
        .severity = message->severity,
        .may_arrive = may_arrive,
    };
    auditor_sent(world->auditor, &sent, world_now(world));
}

/* The address tells whose it is: p3@example.com, http://p3.example.com/in. */
static char *receiver_of(const struct address *address)
{
    const char *start = strstr(address->to, "://");
    start = start != NULL ? start + 3 : address->to;
    return g_strndup(start, strcspn(start, "@."));
}

static void provider_send(void *self, const struct address *address, const struct message *message,
                          send_done done, void *done_self)
{
    struct world *world = self;
    g_autofree char *who = receiver_of(address);
    struct attempt *attempt = g_new0(struct attempt, 1);
    *attempt = (struct attempt){.world = world, .done = done, .done_self = done_self};
    attempt->person = scene_person_named(&world->scene, who);
    attempt->count = MIN(message->item_count, G_N_ELEMENTS(attempt->alert_ids));
    for (size_t i = 0; i < attempt->count; i++) {
        attempt->alert_ids[i] = message->items[i].alert_id;
    }
    world->report->messages++;
    struct span after = decide(world, attempt, address->kind);
    bool may_arrive =
        attempt->result.state == SEND_DELIVERED || attempt->result.state == SEND_UNKNOWN;
    tell_auditor(world, who, address, message, may_arrive);
    if (attempt->arrives) {
        struct attempt *arrival = g_memdup2(attempt, sizeof *attempt);
        world_at(world, chance_span(&world->chance, SPAN_MS(10), after), arrive, arrival);
    }
    agenda_add(world->agenda, (struct happening){
                                  .at = {world->elapsed.us + after.us},
                                  .happen = finish,
                                  .drop = cut,
                                  .arg = attempt,
                                  .epoch = world->epoch,
                              });
}

struct sender provider_sender(struct world *world)
{
    return (struct sender){provider_send, world};
}

/* --- people --- */

struct answer {
    struct act act; /* first: the command's argument is the answer itself */
    struct world *world;
    char actor[32];
};

static void answer_came(void *arg, enum command_outcome outcome)
{
    struct answer *answer = arg;
    struct world *world = answer->world;
    if (outcome == OUTCOME_COMMITTED && answer->act.status == 200) {
        world->report->acknowledgements++;
    }
    g_free(answer);
}

static void act_now(void *arg)
{
    struct answer *answer = arg;
    struct world *world = answer->world;
    answer->act.pager = world->pager;
    answer->act.actor = answer->actor;
    const struct command command = {.run = pager_act, .answer = answer_came, .arg = answer};
    if (!world->is_up || !world_submit(world, command)) {
        g_free(answer); /* they tried, and go back to sleep */
    }
}

void people_hear(struct world *world, int person, const int64_t *alert_ids, size_t count)
{
    const struct scene_person *who = &world->scene.people[person];
    if (!chance_of(&world->chance, who->hears_percent)) {
        return;
    }
    struct span after = chance_span(&world->chance, SPAN_S(2), SPAN_S(who->slow_s));
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = g_new0(struct answer, 1);
        answer->world = world;
        answer->act.alert_id = alert_ids[i];
        answer->act.verb = chance_of(&world->chance, 15) ? VERB_RESOLVE : VERB_ACKNOWLEDGE;
        g_snprintf(answer->actor, sizeof answer->actor, "user:%s", who->name);
        world_at(world, after, act_now, answer);
    }
}
