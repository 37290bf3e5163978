/* What pages need be no alert. A drill is a subject of its own, known to this file only: it opens, escalates, falls
 * back, is held, acknowledged by its link, asked about and ended like one, and takes nothing from the alert that has
 * the same number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/alert_store.h"
#include "base/json.h"
#include "paging/alert_topic.h"
#include "paging/errand.h"
#include "paging/explain.h"
#include "paging/paging_harness.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'},"
    "   {'kind': 'webhook', 'to': 'http://ana.x.org/'}],"
    "   'rules': {'high': [{'after': '0s', 'contact': 'email'}]}},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'},"
    "  {'notify': [{'user': 'budi'}], 'wait': '5m'}], 'last_resort': {'user': 'budi'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

/* --- the drill --- */

static const char *const OF_DRILL[] = {"drill", NULL};
static struct event_kind DRILL_ACKNOWLEDGED = {.name = "drill.acknowledged", .subjects = OF_DRILL};
static struct event_kind DRILL_SNOOZED = {.name = "drill.snoozed", .subjects = OF_DRILL};
static struct event_kind DRILL_ESCALATED = {.name = "drill.escalated", .subjects = OF_DRILL};
static struct event_kind DRILL_SILENCED = {.name = "drill.silenced", .subjects = OF_DRILL};
static struct event_kind DRILL_REOPENED = {.name = "drill.reopened", .subjects = OF_DRILL};
static struct event_kind DRILL_FLAPPING = {.name = "drill.flapping", .subjects = OF_DRILL};
static struct event_kind DRILL_ASKED = {.name = "drill.asked_still_on_it", .subjects = OF_DRILL};
static struct event_kind DRILL_RESOLVED = {.name = "drill.resolved", .subjects = OF_DRILL};
static const struct event_kind *const DRILL_EVENTS[] = {
    &DRILL_ACKNOWLEDGED, &DRILL_SNOOZED,  &DRILL_ESCALATED,
    &DRILL_SILENCED,     &DRILL_REOPENED, &DRILL_FLAPPING,
    &DRILL_ASKED,        &DRILL_RESOLVED, NULL};

enum { DRILLS_MAX = 64 };

struct drill {
    int standing; /* 0: there is none of that number */
    int severity;
    char *taken_by, *ended_by;
    struct utc snoozed_until;
    struct utc held_until;
};

static struct drill drills[DRILLS_MAX + 1]; /* index = id */

static struct topic topic_of(int64_t id)
{
    struct drill *drill = &drills[id];
    return (struct topic){
        .standing = drill->standing,
        .severity = drill->severity,
        .urgency = URGENCY_HIGH,
        .area = "drills",
        .summary = "The data centre burns, as an exercise",
        .taken_by = drill->taken_by,
        .ended_by = drill->ended_by,
        .snoozed_until = drill->snoozed_until,
        .is_first = true,
        .refusal = drill->standing == STANDING_OVER ? "is over" : NULL,
        .own = drill,
    };
}

static bool load(struct db *db, int64_t id, struct topic *out)
{
    (void)db;
    bool is_there = id > 0 && id <= DRILLS_MAX && drills[id].standing != 0;
    if (is_there) {
        *out = topic_of(id);
    }
    return is_there;
}

static void clear(struct topic *topic)
{
    topic->own = NULL; /* it was lent */
}

static void save(struct ledger_tx *tx, struct topic *topic)
{
    struct drill *drill = topic->own;
    (void)tx;
    drill->standing = topic->standing;
    drill->snoozed_until = topic->snoozed_until;
}

static void acknowledge(struct ledger_tx *tx, struct topic *topic,
                        const struct topic_answer *answer)
{
    struct drill *drill = topic->own;
    g_free(drill->taken_by);
    drill->taken_by = principal_text_of(answer->actor);
    topic->standing = STANDING_TAKEN;
    topic->taken_by = drill->taken_by;
    topic->snoozed_until = answer->snoozed_until;
    save(tx, topic);
    topic_event(tx, answer->actor, &DRILL_ACKNOWLEDGED, topic->subject, NULL);
}

static void resolve(struct ledger_tx *tx, struct topic *topic, const struct topic_answer *answer)
{
    struct drill *drill = topic->own;
    drill->ended_by = principal_text_of(answer->actor);
    topic->standing = STANDING_OVER;
    topic->ended_by = drill->ended_by;
    save(tx, topic);
    topic_event(tx, answer->actor, &DRILL_RESOLVED, topic->subject, NULL);
}

static struct topic_settings settings(const struct config *config, const struct topic *topic)
{
    (void)config;
    (void)topic;
    return (struct topic_settings){.policy = "p", .ask_after = SPAN_H(1), .tells_end = true};
}

static bool hold(const struct config *config, const struct topic *topic, struct utc now,
                 struct topic_hold *out)
{
    const struct drill *drill = topic->own;
    (void)config;
    *out = (struct topic_hold){"lunch", "not while they eat", drill->held_until};
    return utc_before(now, drill->held_until);
}

static void show(const struct topic *topic, const struct config *config, struct errand *errand,
                 struct message_item *item)
{
    (void)topic;
    (void)config;
    item->service = errand_keep(errand, "drills");
}

static json_t *write_drill(const struct topic *topic)
{
    return json_pack("{s:s}", "summary", topic->summary);
}

static json_t *describe(const struct topic *topic, const struct config *config)
{
    (void)topic;
    (void)config;
    return json_pack("{s:s}", "description", "Nothing burns.");
}

static void touch(struct db *db)
{
    (void)db;
}

static const struct topic_kind DRILL = {
    .word = "drill",
    .events = {&DRILL_ACKNOWLEDGED, &DRILL_SNOOZED, &DRILL_ESCALATED, &DRILL_SILENCED,
               &DRILL_REOPENED, &DRILL_FLAPPING, &DRILL_ASKED, &DRILL_RESOLVED},
    .load = load,
    .clear = clear,
    .save = save,
    .acknowledge = acknowledge,
    .resolve = resolve,
    .settings = settings,
    .hold = hold,
    .show = show,
    .write = write_drill,
    .describe = describe,
    .touch = touch,
};

/* --- what happens to one --- */

static int open_team(void **state)
{
    int failed = paging_start(state, TEAM);
    struct paging *paging = *state;
    /* What paging says of it is what it says of an alert. */
    DRILL_SNOOZED.data = EVENT_ALERT_SNOOZED.data;
    DRILL_ESCALATED.data = EVENT_ALERT_ESCALATED.data;
    DRILL_SILENCED.data = EVENT_ALERT_SILENCED.data;
    DRILL_REOPENED.data = EVENT_ALERT_REOPENED.data;
    DRILL_ASKED.data = EVENT_ALERT_ASKED_STILL_ON_IT.data;
    pager_add_topics(paging->pager, &DRILL);
    ledger_add_events(paging->ledger, DRILL_EVENTS);
    return failed;
}

static int close_team(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drills); i++) {
        g_free(drills[i].taken_by);
        g_free(drills[i].ended_by);
        drills[i] = (struct drill){0};
    }
    return paging_finish(state);
}

struct opening {
    struct pager *pager;
    int64_t id;
};

static enum command_result run_opening(struct ledger_tx *tx, void *arg)
{
    const struct opening *opening = arg;
    struct topic topic;
    pager_enter(opening->pager, tx);
    assert_true(topic_load(opening->pager, tx->db, subject_of_id("drill", opening->id), &topic));
    escalation_start(opening->pager, tx, &topic);
    topic_clear(&topic);
    pager_leave(opening->pager);
    return COMMAND_DONE;
}

static void run(struct paging *paging, enum command_result (*what)(struct ledger_tx *, void *),
                void *arg)
{
    const struct command command = {.run = what, .arg = arg};
    ledger_run_batch(paging->ledger, &command, 1);
    paging_pass(paging, (struct span){0});
}

static void open_drill(struct paging *paging, int64_t id)
{
    struct opening opening = {.pager = paging->pager, .id = id};
    drills[id].standing = STANDING_OPEN;
    drills[id].severity = SEVERITY_CRITICAL;
    run(paging, run_opening, &opening);
}

static int act(struct paging *paging, int verb, struct subject subject)
{
    struct act what = {.pager = paging->pager,
                       .verb = verb,
                       .subject = subject,
                       .until = utc_add(paging->now, SPAN_MIN(10)),
                       .actor = {PRINCIPAL_USER, "ana"}};
    run(paging, pager_act, &what);
    return what.status;
}

static int act_on_drill(struct paging *paging, int verb, int64_t id)
{
    return act(paging, verb, subject_of_id("drill", id));
}

static void count_kind(void *self, const struct event *event)
{
    GString *kinds = self;
    g_string_append_printf(kinds, "%s%s", kinds->len > 0 ? " " : "", event->kind);
}

/* The kinds of events about it, in order. Newly allocated. */
static char *story(struct paging *paging, int64_t id)
{
    const struct subject subject = subject_of_id("drill", id);
    GString *kinds = g_string_new(NULL);
    event_list(paging->db, 0, &subject, 100, count_kind, kinds);
    return g_string_free(kinds, FALSE);
}

static void a_drill_walks_its_policy_and_ends(void **state)
{
    struct paging *paging = *state;
    open_drill(paging, 1);
    const struct message *message = &paging_first(paging)->message;
    assert_string_equal(message->items[0].subject.kind, "drill");
    assert_string_equal(message->items[0].summary, "The data centre burns, as an exercise");
    paging_expect(paging, "ana email: page 1");
    paging_pass(paging, SPAN_MIN(5));
    paging_expect(paging, "budi email: page 1");
    assert_int_equal(act_on_drill(paging, VERB_RESOLVE, 1), 200);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: ended 1; budi email: ended 1");
    assert_int_equal(act_on_drill(paging, VERB_ACKNOWLEDGE, 1), 409);
    assert_int_equal(act_on_drill(paging, VERB_ACKNOWLEDGE, 2), 404);
    paging_pass(paging, SPAN_H(2));
    paging_expect(paging, "");
    g_autofree char *kinds = story(paging, 1);
    assert_string_equal(kinds, "page.started delivery.delivered page.started delivery.delivered "
                               "drill.resolved delivery.delivered delivery.delivered");
}

static void its_link_acknowledges_it(void **state)
{
    struct paging *paging = *state;
    struct link link;
    struct fault fault;
    open_drill(paging, 3);
    const char *url = paging_first(paging)->message.ack_url;
    assert_true(link_read(strstr(url, "/l/") + 3, pager_link_key(paging->pager), paging->now, &link,
                          &fault));
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(link.kind, LINK_SUBJECT);
    g_autofree char *about = subject_text(link_subject(&link));
    assert_string_equal(about, "drill:3");
    assert_int_equal(act(paging, VERB_ACKNOWLEDGE, link_subject(&link)), 200);
    assert_int_equal(drills[3].standing, STANDING_TAKEN);
    paging_pass(paging, SPAN_MIN(30));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(30));
    paging_expect(paging, "ana email: question 1");
    paging_pass(paging, SPAN_MIN(5)); /* no answer */
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(drills[3].standing, STANDING_OPEN);
    assert_int_equal(act_on_drill(paging, VERB_SNOOZE, 3), 200);
    paging_pass(paging, SPAN_MIN(9));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(act_on_drill(paging, VERB_ESCALATE, 3), 200);
    paging_expect(paging, "budi email: page 1");
}

static void it_falls_back_to_the_next_contact(void **state)
{
    struct paging *paging = *state;
    open_drill(paging, 1);
    paging_settle_as(paging, SEND_REFUSED, "ana email: page 1");
    paging_expect(paging, "ana webhook: page 1");
}

static void what_holds_it_is_its_own_matter(void **state)
{
    struct paging *paging = *state;
    drills[1].held_until = utc_add(paging->now, SPAN_MIN(20));
    open_drill(paging, 1);
    paging_pass(paging, SPAN_MIN(19));
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: page 1");
    g_autofree char *kinds = story(paging, 1);
    assert_true(g_str_has_prefix(kinds, "drill.silenced page.started"));
}

/* Each alone would be enough to be told: of both there is a message for each, and one answer is no answer to the
 * other. */
static void a_number_is_of_its_kind(void **state)
{
    struct paging *paging = *state;
    struct alert alert = {0};
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_expect(paging, "ana email: page 1");
    assert_in_range(id, 1, DRILLS_MAX);
    open_drill(paging, id);
    paging_expect(paging, "ana email: page 1");
    assert_int_equal(act_on_drill(paging, VERB_ACKNOWLEDGE, id), 200);
    paging_pass(paging, SPAN_MIN(5));
    paging_expect(paging, "budi email: page 1"); /* of the alert, which nobody has */
    (void)paging_signal(paging, SIGNAL_RESOLVE, "k", SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: ended 1; budi email: ended 1");
    assert_int_equal(drills[id].standing, STANDING_TAKEN);
    assert_int_equal(act_on_drill(paging, VERB_RESOLVE, id), 200);
    paging_pass(paging, SPAN_MIN(1));
    paging_expect(paging, "ana email: ended 1");
    assert_true(alert_load(paging->db, id, &alert));
    assert_int_equal(alert.status, ALERT_RESOLVED);
    alert_clear(&alert);
}

static void one_digest_tells_of_both(void **state)
{
    struct paging *paging = *state;
    paging_burst(paging, "e", 3); /* what comes now is held */
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_ERROR);
    drills[1].severity = SEVERITY_ERROR;
    struct opening opening = {.pager = paging->pager, .id = 1};
    drills[1].standing = STANDING_OPEN;
    run(paging, run_opening, &opening);
    paging_expect(paging, "");
    paging_pass(paging, SPAN_MIN(1));
    struct act all = {.pager = paging->pager,
                      .verb = VERB_ACKNOWLEDGE,
                      .delivery_id = paging_first(paging)->delivery_id,
                      .actor = {PRINCIPAL_USER, "ana"}};
    paging_expect(paging, "ana email: digest 2");
    run(paging, pager_act_on_delivery, &all);
    assert_int_equal(all.status, 200);
    assert_int_equal(drills[1].standing, STANDING_TAKEN);
    struct alert alert = {0};
    assert_true(alert_load(paging->db, id, &alert));
    assert_int_equal(alert.status, ALERT_ACKNOWLEDGED);
    alert_clear(&alert);
}

static void it_is_explained_by_its_kind(void **state)
{
    struct paging *paging = *state;
    struct config *config = config_current(paging->configs);
    open_drill(paging, 1);
    json_auto_t *answer = explain_subject(paging->db, config, &DRILL, 1, paging->now);
    json_auto_t *none = explain_subject(paging->db, config, &DRILL, 2, paging->now);
    config_unref(config);
    assert_null(none);
    assert_string_equal(json_text(json_object_get(answer, "drill"), "summary", ""),
                        "The data centre burns, as an exercise");
    const json_t *message = json_object_get(answer, "message");
    assert_string_equal(json_text(message, "description", ""), "Nothing burns.");
    assert_int_equal(json_array_size(json_object_get(message, "told")), 1);
    assert_non_null(json_object_get(message, "next"));
    assert_int_equal(json_array_size(json_object_get(answer, "pages")), 1);
    assert_string_equal(json_text(json_object_get(answer, "escalation"), "state", ""), "active");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_drill_walks_its_policy_and_ends, open_team, close_team),
        cmocka_unit_test_setup_teardown(its_link_acknowledges_it, open_team, close_team),
        cmocka_unit_test_setup_teardown(it_falls_back_to_the_next_contact, open_team, close_team),
        cmocka_unit_test_setup_teardown(what_holds_it_is_its_own_matter, open_team, close_team),
        cmocka_unit_test_setup_teardown(a_number_is_of_its_kind, open_team, close_team),
        cmocka_unit_test_setup_teardown(one_digest_tells_of_both, open_team, close_team),
        cmocka_unit_test_setup_teardown(it_is_explained_by_its_kind, open_team, close_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
