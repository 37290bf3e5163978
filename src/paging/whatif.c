#include "paging/whatif.h"

#include "alert/silence.h"
#include "base/json_set.h"
#include "config/config_check.h"
#include "config/config_plan.h"
#include "oncall/absence.h"
#include "paging/receiver.h"
#include "paging/step.h"
#include "paging/work.h"

enum { STEPS_MAX = 500 };

const struct enum_name OUTLOOK_NAMES[] = {
    {"good", OUTLOOK_GOOD}, {"poor", OUTLOOK_POOR}, {"none", OUTLOOK_NONE}, {NULL, 0}};

/* What the walk is asked about, and what it knows. */
struct question {
    const struct config *config;
    const struct contact_states *states;
    const struct policy *policy;
    int severity, urgency;
};

/* How one person's contacts are walked. */
struct contact_walk {
    const struct question *question;
    const char *who;
    int urgency;
    struct utc until;      /* the end of the step: what is asked again only then comes too late */
    struct utc at;         /* of the rule that is carried out */
    GPtrArray *used;       /* names, borrowed */
    bool is_reached;       /* one of them may tell the person */
    bool is_held;          /* quiet hours hold one of them that is tried then */
    struct utc first_at;   /* when one of them may, however late */
    struct utc held_until; /* the last of those that quiet hours hold */
    json_t *list;
};

/* As the last message went; a mailbox is judged so when the next one is to go: outlook_of in page_work.c. */
static int outlook_of(const struct contact_state *trouble)
{
    if (trouble == NULL || (!trouble->is_refused && trouble->failures < MAILBOX_FAILS)) {
        return OUTLOOK_GOOD;
    }
    return trouble->is_refused ? OUTLOOK_NONE : OUTLOOK_POOR;
}

/* A message that goes at `goes_at`, when quiet hours let it. */
static void note_hold(struct contact_walk *ways, const struct contact_state *trouble,
                      struct utc goes_at)
{
    int outlook = outlook_of(trouble);
    bool is_held = utc_before(ways->at, utc_earlier(goes_at, ways->until));
    /* Who sleeps is not woken to find out that it cannot work. */
    bool is_tried = outlook != OUTLOOK_NONE || (is_held && trouble->is_foreseen);
    if (is_tried) {
        struct utc opens_at = outlook == OUTLOOK_POOR ? trouble->retry_at : goes_at;
        ways->first_at = utc_earlier(ways->first_at, utc_later(goes_at, opens_at));
    }
    if (is_tried && is_held) {
        ways->is_held = true;
        ways->held_until = utc_later(ways->held_until, goes_at);
    }
}

static int add_way(struct contact_walk *ways, const char *name)
{
    struct contact contact;
    if (!receiver_contact(ways->question->config, ways->who, name, &contact)) {
        return OUTLOOK_NONE;
    }
    const struct contact_state *trouble = contact_trouble(ways->question->states, ways->who, name);
    int outlook = outlook_of(trouble);
    struct utc goes_at =
        after_quiet_hours(ways->question->config, ways->who, ways->urgency, ways->at);
    json_t *item = json_object();
    json_set_utc(item, "at", goes_at);
    json_object_set_new(item, "contact", json_string(name));
    json_object_set_new(item, "kind", json_string(enum_to_name(CONTACT_KIND_NAMES, contact.kind)));
    json_object_set_new(item, "outlook", json_string(enum_to_name(OUTLOOK_NAMES, outlook)));
    if (trouble != NULL && trouble->failure != NULL) {
        json_object_set_new(item, "failure", json_string(trouble->failure));
    }
    json_array_append_new(ways->list, item);
    bool is_late = outlook == OUTLOOK_POOR && !utc_before(trouble->retry_at, ways->until);
    ways->is_reached |= outlook != OUTLOOK_NONE && !is_late && contact_wakes(&contact);
    note_hold(ways, trouble, goes_at);
    return outlook;
}

/* A contact on which nobody counts leads to the next one at once. False: none is left. */
static bool add_ways(struct contact_walk *ways, const char *name)
{
    while (name != NULL) {
        g_ptr_array_add(ways->used, (gpointer)(uintptr_t)name);
        if (add_way(ways, name) == OUTLOOK_GOOD) {
            return true;
        }
        name = receiver_next_contact(ways->question->config, ways->who, ways->urgency, ways->used);
    }
    return false;
}

/* By which contacts and when, if nobody acknowledges and every message arrives that can. False: there is no way to
 * this person, which is found out at *out_until, by the first rule that leads to no contact that works. Else that is
 * when the first rule applies. */
static bool walk_contacts(struct contact_walk *ways, struct utc at, struct utc *out_until)
{
    g_autoptr(GPtrArray) rules = receiver_rules(ways->question->config, ways->who, ways->urgency);
    bool is_found_out = false;
    *out_until = at;
    for (guint i = 0; i < rules->len; i++) {
        const struct rule *rule = g_ptr_array_index(rules, i);
        ways->at = utc_add(at, rule->after);
        *out_until = i == 0 ? ways->at : *out_until;
        if (!add_ways(ways, rule->contact) && !is_found_out) {
            is_found_out = true;
            *out_until = ways->at;
        }
    }
    return ways->is_reached;
}

/* Whom a step reaches that ends at `ends_at`: when nobody, then until when somebody is tried. */
struct reach {
    struct utc ends_at;
    bool is_somebody;
    struct utc until;
    int urgency;           /* of its pages */
    bool is_held;          /* quiet hours hold a person's message back */
    struct utc first_told; /* when the first message to a person may go; the wait begins then */
};

/* A room answers to nobody, and is not waited for while a person's message is held. */
static void note_reach(const struct contact_walk *ways, const struct telling *telling,
                       struct reach *reach)
{
    reach->is_somebody |= ways->is_reached;
    if (telling->via != VIA_CHANNEL) {
        reach->is_held |= ways->is_held;
        reach->first_told = utc_earlier(reach->first_told, ways->first_at);
    }
}

/* When the step after that one begins, which began at `at`; early only when nobody of it could be told. */
static struct utc next_step_at(const struct reach *reach, struct utc at)
{
    if (!reach->is_somebody) {
        return reach->is_held ? reach->until : utc_earlier(reach->ends_at, reach->until);
    }
    return reach->is_held ? utc_add(reach->ends_at, utc_since(reach->first_told, at))
                          : reach->ends_at;
}

/* A room hears by its one way. */
static int hears_of(const struct config *config, const struct telling *telling)
{
    return telling->via == VIA_CHANNEL ? (int)REACH_GOOD
                                       : (int)user_reach(user_find(config, telling->who));
}

static json_t *telling_json(const struct question *question, const struct telling *telling,
                            struct utc at, struct reach *reach)
{
    json_t *item = json_object();
    json_t *contacts = json_array();
    struct utc until = at;
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    struct contact_walk ways = {.question = question,
                                .who = telling->who,
                                .urgency = reach->urgency,
                                .until = reach->ends_at,
                                .first_at = UTC_NEVER,
                                .used = used,
                                .list = contacts};
    int hears = hears_of(question->config, telling);
    bool is_reached = hears == REACH_GOOD && walk_contacts(&ways, at, &until);
    note_reach(&ways, telling, reach);
    reach->until = utc_later(reach->until, utc_later(until, ways.held_until));
    json_object_set_new(item, "who", json_string(telling->who));
    json_object_set_new(item, "via", json_string(enum_to_name(TELLING_VIA_NAMES, telling->via)));
    if (telling->through != NULL) {
        json_object_set_new(item, "through", json_string(telling->through));
    }
    if (telling->layer != NULL) {
        json_object_set_new(item, "layer", json_string(telling->layer));
    }
    if (absence_meets(config_items(question->config, &ABSENCE_KIND), telling->who, at,
                      (struct utc){at.us + 1}, &until)) {
        json_set_utc(item, "away_until", until);
    }
    json_object_set_new(item, "reached", json_boolean(is_reached));
    if (hears != REACH_GOOD) {
        json_object_set_new(item, "why", json_string(enum_to_name(USER_REACH_NAMES, hears)));
    }
    json_object_set_new(item, "contacts", contacts);
    return item;
}

static json_t *skips_json(const struct verdict *verdict)
{
    json_t *skipped = json_array();
    for (guint i = 0; i < verdict->skips->len; i++) {
        const struct skip *skip = &g_array_index(verdict->skips, struct skip, i);
        json_array_append_new(skipped,
                              json_pack("{s:I, s:I, s:s, s:s*}", "step", (json_int_t)skip->step + 1,
                                        "round", (json_int_t)skip->round + 1, "why",
                                        enum_to_name(SKIP_WHY_NAMES, skip->why), "who", skip->who));
    }
    return skipped;
}

/* Each of a list, from the one at `first` on. */
static void add_tellings(const struct question *question, const GPtrArray *tellings, guint first,
                         struct utc at, struct reach *reach, json_t *tells)
{
    for (guint i = first; i < tellings->len; i++) {
        json_array_append_new(tells,
                              telling_json(question, g_ptr_array_index(tellings, i), at, reach));
    }
}

static bool is_anybody(const struct telling *telling)
{
    return telling->via == VIA_ANYBODY;
}

static json_t *verdict_json(const struct question *question, const struct verdict *verdict,
                            struct utc at, struct reach *reach)
{
    json_t *step = json_object();
    json_t *tells = json_array();
    json_set_utc(step, "at", at);
    if (verdict->told_step >= 0) {
        json_object_set_new(step, "step", json_integer(verdict->told_step + 1));
        json_object_set_new(step, "round", json_integer(verdict->told_round + 1));
    } else {
        json_object_set_new(step, "last_resort", json_true());
    }
    reach->urgency = verdict->is_last_resort ? (int)URGENCY_HIGH : question->urgency;
    add_tellings(question, verdict->tellings, 0, at, reach, tells);
    add_tellings(question, verdict->mute, 0, at, reach, tells);
    guint named = verdict->tellings->len;
    if (verdict->is_last_resort && !reach->is_somebody && named > 0 &&
        !is_anybody(g_ptr_array_index(verdict->tellings, 0))) {
        const struct telling *first = g_ptr_array_index(verdict->tellings, 0);
        tell_anybody(question->config, first->who, verdict->tellings);
        add_tellings(question, verdict->tellings, named, reach->until, reach, tells);
    }
    json_object_set_new(step, "reached", json_boolean(reach->is_somebody));
    json_object_set_new(step, "skipped", skips_json(verdict));
    json_object_set_new(step, "tells", tells);
    return step;
}

static json_t *walk(const struct question *question, struct utc at)
{
    json_t *steps = json_array();
    struct stand stand = {
        .policy = question->policy, .config = question->config, .severity = question->severity};
    for (int i = 0; i < STEPS_MAX && !stand.is_last_resort; i++) {
        struct verdict verdict;
        step_judge(&stand, at, &verdict);
        struct reach reach = {.ends_at = verdict.next_at, .until = at, .first_told = UTC_NEVER};
        json_array_append_new(steps, verdict_json(question, &verdict, at, &reach));
        stand.step = verdict.next_step;
        stand.round = verdict.next_round;
        stand.is_last_resort = verdict.is_last_resort;
        at = next_step_at(&reach, at);
        verdict_clear(&verdict);
    }
    return steps;
}

/* What can be said of silences without an alert: those that match on service and severity alone. */
static void set_silence(json_t *answer, const struct config *config, const char *service,
                        int severity, struct utc at)
{
    const struct match_subject subject = {.service = service, .severity = severity};
    const GPtrArray *silences = config_items(config, &SILENCE_KIND);
    struct silence_verdict verdict = silence_judge(silences, &subject, at);
    if (verdict.by != NULL) {
        json_object_set_new(answer, "silenced_by", json_string(verdict.by->name));
        json_set_utc(answer, "silenced_until", verdict.until);
    }
}

json_t *whatif(const struct config *config, const struct contact_states *states,
               const char *service_name, int severity, struct utc at, struct fault *fault)
{
    const struct service *service = service_find(config, service_name);
    if (service == NULL) {
        (void)config_unknown(config, &SERVICE_KIND, service_name, fault);
        fault_within(fault, "service");
        return NULL;
    }
    const struct question question = {.config = config,
                                      .states = states,
                                      .policy = policy_find(config, service->policy),
                                      .severity = severity,
                                      .urgency = urgency_of(service, severity)};
    json_t *answer = json_object();
    json_object_set_new(answer, "service", json_string(service_name));
    json_object_set_new(answer, "severity", json_string(enum_to_name(SEVERITY_NAMES, severity)));
    json_object_set_new(answer, "urgency",
                        json_string(enum_to_name(URGENCY_NAMES, question.urgency)));
    json_object_set_new(answer, "policy", json_string(service->policy));
    json_set_utc(answer, "at", at);
    set_silence(answer, config, service_name, severity, at);
    json_object_set_new(answer, "steps", walk(&question, at));
    return answer;
}
