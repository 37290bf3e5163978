/* Mail servers and web hooks: they take messages, fail, hang, and lie; and the people behind them. */
#include <string.h>

#include "alert/alert_events.h"
#include "paging/mail_store.h"
#include "paging/pager.h"
#include "sim/world_private.h"

enum { SENT_MAX = 2000, ANSWERED_MAX = 16 };

/* An attempt under way. */
struct attempt {
    struct world *world;
    struct node *node;
    int faults;       /* of that node when the message was given to it */
    int64_t begun_us; /* on the elapsed clock: when it was given to it */
    bool is_late;     /* its node froze with the message in its hands */
    send_done done;
    void *done_self;
    struct send_result result;
    bool arrives; /* whatever the provider answers */
    int channel;  /* enum contact_kind */
    int person;
    bool is_page;
    bool is_end;
    bool is_update; /* of a message that stands there already */
    bool may_repeat;
    int64_t delivery_id;
    char *to; /* kind and address */
    int severity, urgency;
    int64_t alert_ids[ANSWERED_MAX]; /* what the person can answer from the message */
    size_t count;
};

/* One attempt at a time to one address. A node that was frozen or cut off meanwhile cannot know that others took
 * over. */
static void begin(struct attempt *attempt)
{
    struct world *world = attempt->world;
    const struct attempt *other = g_hash_table_lookup(world->under_way, attempt->to);
    if (other != NULL && other->faults == other->node->faults) {
        auditor_complain(world->auditor, world_now(world),
                         "two at a time: delivery %" G_GINT64_FORMAT
                         " left to %s while %" G_GINT64_FORMAT " was under way",
                         attempt->delivery_id, attempt->to, other->delivery_id);
    }
    (void)g_hash_table_replace(world->under_way, attempt->to, attempt);
}

static void finish(void *arg)
{
    struct attempt *attempt = arg;
    if (g_hash_table_lookup(attempt->world->under_way, attempt->to) == attempt) {
        (void)g_hash_table_remove(attempt->world->under_way, attempt->to);
    }
    attempt->done(attempt->done_self, &attempt->result);
    g_free(attempt->to);
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

/* Names the person, so that nobody else's message is changed. */
static void give_id(struct attempt *attempt)
{
    if (attempt->channel == CONTACT_SLACK) {
        (void)g_snprintf(attempt->result.provider_id, sizeof attempt->result.provider_id,
                         "P%d/%" G_GINT64_FORMAT, attempt->person, attempt->delivery_id);
    }
}

/* How this attempt will end, and after how long. */
static struct span decide(struct world *world, struct attempt *attempt)
{
    struct chance *chance = &world->chance;
    int kind = attempt->channel;
    int channel = kind == CONTACT_EMAIL ? 0 : (kind == CONTACT_WEBHOOK ? 1 : 2);
    int what = (int)chance_between(chance, 1, 100);
    attempt->arrives = false;
    if (world->providers_fail[channel] || attempt->node->is_silent || what <= 4) {
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
        give_id(attempt);
        attempt->arrives = chance_of(chance, 99); /* "delivered" is not always true */
    }
    return chance_span(chance, SPAN_MS(20), SPAN_S(3));
}

static void tell_inspector(struct world *world, const struct attempt *attempt, bool is_late,
                           bool may_arrive)
{
    int faults[WORLD_NODES_MAX];
    for (int i = 0; i < world->node_count; i++) {
        faults[i] = world->nodes[i].faults;
    }
    const struct departure departure = {
        .delivery_id = attempt->delivery_id,
        .node = attempt->node->index,
        .faults = attempt->faults,
        .is_late = is_late,
        .may_arrive = may_arrive,
        .is_unknown = attempt->result.state == SEND_UNKNOWN,
        .now_faults = faults,
    };
    if (inspector_sent(world->inspector, &departure, world_now(world))) {
        world_count(world, COUNT_REPEATS);
    }
}

static void tell_auditor(struct world *world, const struct attempt *attempt)
{
    /* A digest names ten alerts and counts the rest; the person is told of all of them. */
    int64_t ids[SENT_MAX];
    struct subject subjects[SENT_MAX];
    bool is_shared = world_is_shared(world);
    bool is_late = is_shared && (attempt->is_late || attempt->node->is_blind);
    size_t count = delivery_subjects(is_shared ? world->eye : attempt->node->db,
                                     attempt->delivery_id, subjects, SENT_MAX);
    for (size_t i = 0; i < count; i++) {
        ids[i] = subjects[i].id;
    }
    g_autofree char *mailbox =
        g_strdup_printf("%s/%s", enum_to_name(CONTACT_KIND_NAMES, attempt->channel),
                        attempt->is_end ? "ends" : enum_to_name(URGENCY_NAMES, attempt->urgency));
    const struct sent_message sent = {
        .who = world->scene.people[attempt->person].name,
        .mailbox = mailbox,
        .is_page = attempt->is_page,
        .is_end = attempt->is_end,
        .is_update = attempt->is_update,
        .may_repeat = attempt->may_repeat,
        .alert_ids = ids,
        .count = count,
        .severity = attempt->severity,
        .may_arrive =
            attempt->result.state == SEND_DELIVERED || attempt->result.state == SEND_UNKNOWN,
        .is_refused = attempt->result.state == SEND_REFUSED,
        .begun_us = attempt->begun_us,
        .is_late = is_late,
    };
    if (!attempt->is_page && !attempt->is_end) {
        (void)g_hash_table_add(world->questions, g_memdup2(&attempt->delivery_id, sizeof(int64_t)));
    }
    if (is_shared) {
        history_read(world, world->eye);
        tell_inspector(world, attempt, is_late, sent.may_arrive);
    }
    if (!auditor_sent(world->auditor, &sent, world_now(world))) {
        world_count(world, COUNT_LATE_MESSAGES);
    }
}

/* The address tells whose it is: p3@example.com, http://p3.example.com/in. */
static char *receiver_of(const struct address *address)
{
    const char *start = strstr(address->to, "://");
    start = start != NULL ? start + 3 : address->to;
    return g_strndup(start, strcspn(start, "@."));
}

/* What comes next belongs to the process that sends: it is cut when that dies. */
static void attempt_next(struct attempt *attempt, struct span after, void (*happen)(void *arg))
{
    process_at(attempt->node, after, happen, cut, attempt);
}

/* The message leaves: the auditor counts it, the provider decides, the person may hear it. */
static void leave(void *arg)
{
    struct attempt *attempt = arg;
    struct world *world = attempt->world;
    struct span after = decide(world, attempt);
    world_count(world, COUNT_MESSAGES);
    world_tell(world, attempt->node, "sends delivery %" G_GINT64_FORMAT " to %s: %s",
               attempt->delivery_id, world->scene.people[attempt->person].name,
               attempt->result.state == SEND_DELIVERED ? "delivered" : "not or unknown");
    tell_auditor(world, attempt);
    if (attempt->arrives) {
        struct attempt *arrival = g_memdup2(attempt, sizeof *attempt);
        arrival->to = NULL;
        world_at_owned(world, chance_span(&world->chance, SPAN_MS(10), after), arrive, g_free,
                       arrival);
    }
    attempt_next(attempt, after, finish);
}

static bool is_theirs(const char *id, int person)
{
    g_autofree char *prefix = g_strdup_printf("P%d/", person);
    return g_str_has_prefix(id, prefix);
}

static void provider_send(void *self, const struct address *address, const struct message *message,
                          send_done done, void *done_self)
{
    struct node *node = self;
    struct world *world = node->world;
    g_autofree char *who = receiver_of(address);
    struct attempt *attempt = g_new0(struct attempt, 1);
    *attempt = (struct attempt){
        .world = world,
        .node = node,
        .faults = node->faults,
        .begun_us = world->elapsed.us,
        .done = done,
        .done_self = done_self,
        .channel = address->kind,
        .person = scene_person_named(&world->scene, who),
        .is_page = message->kind == MESSAGE_PAGE || message->kind == MESSAGE_DIGEST,
        .is_end = message->kind == MESSAGE_ENDED,
        .is_update = message->update_id != NULL,
        .may_repeat = message->may_repeat,
        .delivery_id = message->delivery_id,
        .to =
            g_strdup_printf("%s %s", enum_to_name(CONTACT_KIND_NAMES, address->kind), address->to),
        .severity = message->severity,
        .urgency = message->urgency,
        .count = MIN(message->item_count, ANSWERED_MAX),
    };
    for (size_t i = 0; i < attempt->count; i++) {
        attempt->alert_ids[i] = message->items[i].subject.id;
    }
    if (attempt->is_update && !is_theirs(message->update_id, attempt->person)) {
        auditor_complain(world->auditor, world_now(world), "changed: \"%s\", which %s never had",
                         message->update_id, who);
    }
    begin(attempt);
    if (world->options.plant == PLANT_LATE_SENDING) {
        attempt_next(attempt, SPAN_S(20), leave);
    } else if (world_is_shared(world) && chance_of(&world->chance, 1)) {
        attempt->is_late = true;
        cluster_freeze_soon(node);
        attempt_next(attempt, SPAN_MS(20), leave);
    } else {
        leave(attempt);
    }
}

struct sender provider_sender(struct node *node)
{
    return (struct sender){provider_send, node};
}

/* --- people --- */

struct topic_answer {
    struct act act; /* first: the command's argument is the answer itself */
    const char *who;
    struct world *world;
};

static void answer_came(void *arg, enum command_outcome outcome)
{
    struct topic_answer *answer = arg;
    struct world *world = answer->world;
    if (outcome == OUTCOME_COMMITTED && answer->act.status == 200) {
        world_count(world, COUNT_ACKNOWLEDGEMENTS);
    }
    g_free(answer);
}

static void act_now(void *arg)
{
    struct topic_answer *answer = arg;
    struct world *world = answer->world;
    struct node *node = world_any_node(world);
    if (!process_is_open(node)) {
        g_free(answer); /* they tried, and go back to sleep */
        return;
    }
    answer->act.pager = node->pager;
    answer->act.actor = (struct principal){PRINCIPAL_USER, answer->who};
    const struct command command = {.run = pager_act, .answer = answer_came, .arg = answer};
    CHECK(process_submit(node, command));
}

void people_hear(struct world *world, int person, const int64_t *alert_ids, size_t count)
{
    const struct scene_person *who = &world->scene.people[person];
    if (!chance_of(&world->chance, who->hears_percent)) {
        return;
    }
    struct span after = chance_span(&world->chance, SPAN_S(2), SPAN_S(who->slow_s));
    for (size_t i = 0; i < count; i++) {
        struct topic_answer *answer = g_new0(struct topic_answer, 1);
        answer->world = world;
        answer->act.subject = alert_subject(alert_ids[i]);
        answer->act.verb = chance_of(&world->chance, 15) ? VERB_RESOLVE : VERB_ACKNOWLEDGE;
        answer->who = who->name;
        world_at_owned(world, after, act_now, g_free, answer);
    }
}
