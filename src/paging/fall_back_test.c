/* What does not arrive: the next contact, the next step, and how often a dead contact is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "paging/paging_harness.h"
#include "paging/whatif.h"
#include "people/contact_store.h"

/* Each service tells two, or whom its name says; the boss comes after ten minutes. */
static const char TEAM[] =
    "{'users': ["
    " {'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'ana@x.org'}]},"
    " {'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'},"
    "   {'kind': 'webhook', 'to': 'http://budi.x.org/'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'email'}, {'after': '20m', 'contact': "
    "'webhook'}]}},"
    " {'name': 'mute'},"
    " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]},"
    " {'name': 'chen', 'contacts': [{'kind': 'email', 'to': 'chen@x.org'}, {'kind': 'log'}]},"
    " {'name': 'dewi', 'contacts': [{'kind': 'log'}, {'kind': 'email', 'to': 'dewi@x.org'}],"
    "  'rules': {'high': [{'after': '0s', 'contact': 'log'}, {'after': '0s', 'contact': "
    "'email'}]}}],"
    "'teams': [{'name': 'both', 'members': ['ana', 'budi']},"
    "  {'name': 'half', 'members': ['mute', 'ana']}],"
    "'channels': [{'name': 'room', 'kind': 'slack', 'to': 'http://chat.x.org/hook'}],"
    "'policies': ["
    " {'name': 'person-room', 'steps': [{'notify': [{'user': 'ana'}, {'channel': 'room'}],"
    "   'wait': '10m'}, {'notify': [{'user': 'boss'}], 'wait': '10m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'room-person', 'steps': [{'notify': [{'channel': 'room'}, {'user': 'ana'}],"
    "   'wait': '10m'}, {'notify': [{'user': 'boss'}], 'wait': '10m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'team', 'steps': [{'notify': [{'team': 'both'}], 'wait': '10m'},"
    "   {'notify': [{'user': 'boss'}], 'wait': '10m'}], 'last_resort': {'user': 'boss'}},"
    " {'name': 'half', 'steps': [{'notify': [{'team': 'half'}], 'wait': '10m'},"
    "   {'notify': [{'user': 'boss'}], 'wait': '10m'}], 'last_resort': {'user': 'boss'}},"
    " {'name': 'resort', 'steps': [{'notify': [{'user': 'mute'}], 'wait': '10m'}],"
    "  'last_resort': {'team': 'both'}},"
    " {'name': 'budi', 'steps': [{'notify': [{'user': 'budi'}], 'wait': '10h'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'mail-log', 'steps': [{'notify': [{'user': 'chen'}], 'wait': '10m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'log-mail', 'steps': [{'notify': [{'user': 'dewi'}], 'wait': '10m'}],"
    "  'last_resort': {'user': 'boss'}},"
    " {'name': 'lone', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '10m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': '%s'}]}";

static void open_with(struct paging *paging, const char *policy)
{
    g_autofree char *document = g_strdup_printf(TEAM, policy);
    *paging = (struct paging){0};
    paging_open(paging, document);
}

/* ---- a step goes on early only when nobody of it could be told ---- */

static void a_dead_contact_beside_a_living_person_leaves_the_wait_alone(void **state)
{
    (void)state;

    static const struct {
        const char *name, *policy;

        struct {
            int state;
            const char *message;
        } sent[3];

        int boss_after_s; /* from the last of them on */
    } ROWS[] = {
        {"the room is dead",
         "person-room",
         {{SEND_DELIVERED, "ana email: page 1"}, {SEND_REFUSED, "channel:room channel: page 1"}},
         600},
        {"the room is dead, and named first",
         "room-person",
         {{SEND_REFUSED, "channel:room channel: page 1"}, {SEND_DELIVERED, "ana email: page 1"}},
         600},
        {"the person is dead",
         "person-room",
         {{SEND_REFUSED, "ana email: page 1"}, {SEND_DELIVERED, "channel:room channel: page 1"}},
         600},
        {"one of a team is dead, by every contact",
         "team",
         {{SEND_DELIVERED, "ana email: page 1"},
          {SEND_REFUSED, "budi email: page 1"},
          {SEND_REFUSED, "budi webhook: page 1"}},
         600},
        {"one of a team has no contact", "half", {{SEND_DELIVERED, "ana email: page 1"}}, 600},
        {"both are dead",
         "person-room",
         {{SEND_REFUSED, "ana email: page 1"}, {SEND_REFUSED, "channel:room channel: page 1"}},
         0},
        {"both of a team are dead",
         "team",
         {{SEND_REFUSED, "ana email: page 1"},
          {SEND_REFUSED, "budi email: page 1"},
          {SEND_REFUSED, "budi webhook: page 1"}},
         0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging;
        open_with(&paging, ROWS[i].policy);
        int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        for (size_t k = 0; k < 3 && ROWS[i].sent[k].message != NULL; k++) {
            paging_settle_as(&paging, ROWS[i].sent[k].state, ROWS[i].sent[k].message);
        }
        if (ROWS[i].boss_after_s > 0) {
            paging_pass(&paging, SPAN_S(ROWS[i].boss_after_s - 1));
            g_autofree char *early = paging_messages(&paging);
            if (early[0] != '\0') {
                fail_msg("%s: too early: %s", ROWS[i].name, early);
            }
            paging_pass(&paging, SPAN_S(1));
        }
        g_autofree char *line = paging_messages(&paging);
        if (strcmp(line, "boss ntfy: page 1") != 0) {
            fail_msg("%s: %s", ROWS[i].name, line);
        }
        assert_true(id > 0);
        paging_close(&paging);
    }
}

static void what_is_tried_again_is_company_until_it_failed(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "person-room");
    int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_RETRY, "ana email: page 1");
    paging_settle_as(&paging, SEND_REFUSED, "channel:room channel: page 1");
    paging_pass(&paging, SPAN_S(6));
    paging_settle_as(&paging, SEND_REFUSED, "ana email: page 1"); /* now nobody is left */
    paging_expect(&paging, "boss ntfy: page 1");
    assert_int_equal(paging_events(&paging, id, "page.unreachable"), 2);
    paging_close(&paging);
}

static void one_of_the_last_resort_is_enough(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "resort");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_REFUSED, "ana email: page 1");
    paging_expect(&paging, "budi email: page 1"); /* and nobody who was not named */
    paging_close(&paging);
}

/* ---- what is known to fail is not counted on ---- */

static void what_refused_a_moment_ago_is_not_asked_again(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "person-room");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: page 1");
    paging_settle_as(&paging, SEND_REFUSED, "channel:room channel: page 1");
    int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
    paging_expect(&paging, "ana email: page 1"); /* the room is not bothered, the wait holds */
    assert_int_equal(paging_events(&paging, id, "page.unreachable"), 1);
    paging_pass(&paging, SPAN_S(30));
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "m", SEVERITY_CRITICAL);
    paging_expect(&paging, "ana email: page 1; channel:room channel: page 1");
    paging_close(&paging);
}

static void a_jump_of_the_clock_moves_the_wait_of_what_refused(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "person-room");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_DELIVERED, "ana email: page 1");
    paging_settle_as(&paging, SEND_REFUSED, "channel:room channel: page 1");
    paging_jump(&paging, SPAN_H(-1));
    paging_pass(&paging, SPAN_S(30));
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "m", SEVERITY_CRITICAL);
    paging_expect(&paging, "ana email: page 1; channel:room channel: page 1");
    paging_close(&paging);
}

static void a_step_of_nobody_but_refusers_goes_on_at_once(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "person-room");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    paging_settle_as(&paging, SEND_REFUSED, "ana email: page 1");
    paging_settle_as(&paging, SEND_REFUSED, "channel:room channel: page 1");
    paging_expect(&paging, "boss ntfy: page 1");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
    paging_expect(&paging, "boss ntfy: page 1");
    paging_close(&paging);
}

static void an_hour_asked_for_is_not_waited_for(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "budi");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_autofree char *limited = paging_settle_later(&paging, SPAN_H(1));
    assert_string_equal(limited, "budi email: page 1");
    paging_expect(&paging, "budi webhook: page 1"); /* at once, though its rule says 20 minutes */
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "l", SEVERITY_CRITICAL);
    paging_expect(&paging, "budi webhook: page 1"); /* the next one as well */
    paging_pass(&paging, SPAN_MIN(59));
    g_autofree char *between = paging_messages(&paging);
    assert_null(strstr(between, "email")); /* the limit is kept */
    paging_pass(&paging, SPAN_MIN(2));
    g_autofree char *after = paging_messages(&paging);
    assert_non_null(strstr(after, "budi email: digest 2"));
    paging_close(&paging);
}

static void a_short_time_asked_for_is_waited_for(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "budi");
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle_later(&paging, SPAN_S(10)));
    paging_expect(&paging, "");
    paging_pass(&paging, SPAN_S(12));
    paging_expect(&paging, "budi email: page 1");
    paging_close(&paging);
}

/* ---- what is promised ---- */

/* Has the boss a row in it? Then when the first of these is, else UTC_NEVER. */
static struct utc boss_in(const json_t *steps)
{
    size_t i, k;
    json_t *step, *tell;
    json_array_foreach ((json_t *)(uintptr_t)steps, i, step) {
        json_array_foreach (json_object_get(step, "tells"), k, tell) {
            struct utc at;
            if (strcmp(json_text(tell, "who", ""), "boss") == 0) {
                assert_true(utc_parse(json_text(step, "at", ""), &at));
                return at;
            }
        }
    }
    return UTC_NEVER;
}

static json_t *ask_whatif(const struct paging *paging)
{
    struct fault fault = {0};
    struct config *config = config_current(paging->configs);
    struct contact_states *states = contact_states_read(paging->db);
    json_t *answer = whatif(config, states, "shop", SEVERITY_CRITICAL, paging->now, &fault);
    contact_states_free(states);
    config_unref(config);
    assert_non_null(answer);
    return answer;
}

/* "ana email good; channel:room channel none": the first step. Newly allocated. */
static char *first_step(const json_t *answer, const char **out_reached)
{
    GString *out = g_string_new(NULL);
    const json_t *step = json_array_get(json_object_get(answer, "steps"), 0);
    size_t i, k;
    json_t *tell, *contact;
    json_array_foreach (json_object_get(step, "tells"), i, tell) {
        json_array_foreach (json_object_get(tell, "contacts"), k, contact) {
            g_string_append_printf(out, "%s%s %s %s", out->len > 0 ? "; " : "",
                                   json_text(tell, "who", ""), json_text(contact, "contact", ""),
                                   json_text(contact, "outlook", ""));
        }
    }
    *out_reached = json_is_true(json_object_get(step, "reached")) ? "reached" : "nobody";
    return g_string_free(out, FALSE);
}

/* How long the boss is not told of an alert that comes now; all that leaves arrives. */
static int seconds_to_boss(struct paging *paging)
{
    (void)paging_signal(paging, SIGNAL_TRIGGER, "second", SEVERITY_CRITICAL);
    for (int seconds = 0; seconds <= 1200; seconds += 10) {
        g_autofree char *lines = paging_messages(paging);
        if (strstr(lines, "boss") != NULL) {
            return seconds;
        }
        paging_pass(paging, SPAN_S(10));
    }
    return -1;
}

static const struct {
    const char *name, *policy;
    int sent[3]; /* enum send_state of the first alert's messages */
    const char *step, *reached;
} PROMISES[] = {
    {"all is well",
     "person-room",
     {SEND_DELIVERED, SEND_DELIVERED},
     "ana email good; channel:room channel good",
     "reached"},
    {"the room is dead",
     "person-room",
     {SEND_DELIVERED, SEND_REFUSED},
     "ana email good; channel:room channel none",
     "reached"},
    {"the person is dead",
     "person-room",
     {SEND_REFUSED, SEND_DELIVERED},
     "ana email none; channel:room channel good",
     "reached"},
    {"both are dead",
     "person-room",
     {SEND_REFUSED, SEND_REFUSED},
     "ana email none; channel:room channel none",
     "nobody"},
    {"one failure for now",
     "person-room",
     {SEND_RETRY, SEND_DELIVERED},
     "ana email good; channel:room channel good",
     "reached"},
    {"the first of two contacts is dead",
     "budi",
     {SEND_REFUSED, SEND_DELIVERED},
     "budi email none; budi webhook good; budi webhook good",
     "reached"},
    {"both contacts are dead, and one has a rule to come",
     "budi",
     {SEND_REFUSED, SEND_REFUSED},
     "budi email none; budi webhook none; budi webhook none",
     "nobody"},
    {"all but the log is dead",
     "mail-log",
     {SEND_REFUSED},
     "chen email none; chen log good",
     "nobody"},
    {"the log took it, and all else is dead",
     "log-mail",
     {SEND_DELIVERED, SEND_REFUSED},
     "dewi log good; dewi email none",
     "nobody"},
    {"the last resort is dead as well", "lone", {SEND_REFUSED}, "ana email none", "nobody"},
    {"half is dead, and the other half has no contact",
     "half",
     {SEND_REFUSED},
     "ana email none",
     "nobody"},
};

static void what_is_promised_is_what_paging_does(void **state)
{
    (void)state;

    for (size_t i = 0; i < G_N_ELEMENTS(PROMISES); i++) {
        struct paging paging;
        open_with(&paging, PROMISES[i].policy);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, "first", SEVERITY_CRITICAL);
        for (size_t k = 0; k < 3 && PROMISES[i].sent[k] != 0; k++) {
            g_free(paging_settle(&paging, PROMISES[i].sent[k]));
        }
        g_free(paging_messages(&paging));
        const char *reached = "";
        json_auto_t *answer = ask_whatif(&paging);
        g_autofree char *step = first_step(answer, &reached);
        if (strcmp(step, PROMISES[i].step) != 0 || strcmp(reached, PROMISES[i].reached) != 0) {
            fail_msg("%s: %s: %s", PROMISES[i].name, reached, step);
        }
        int promised =
            (int)(utc_since(boss_in(json_object_get(answer, "steps")), paging.now).us / 1000000);
        int found = promised > 1200 ? promised : seconds_to_boss(&paging);
        if (found != promised) {
            fail_msg("%s: %d s, not %d", PROMISES[i].name, found, promised);
        }
        paging_close(&paging);
    }
}

static bool is_for(const struct paging *paging, const char *who)
{
    const struct errand *errand = g_ptr_array_index(paging->errands, 0);
    return strstr(errand->address.to, who) != NULL;
}

/* Both ways of the step are told to wait for longer than it does: nobody of it can be told. */
static void a_step_that_can_be_told_only_later_goes_on_at_once(void **state)
{
    (void)state;

    const struct {
        const char *name;
        struct span ana, room; /* how long they ask for, of a step of ten minutes; 0: delivered */
        int boss_after_s;
    } ROWS[] = {
        {"both ask for an hour", SPAN_H(1), SPAN_H(1), 0},
        {"one asks for an hour", SPAN_H(1), {0}, 600},
        {"one may be asked again in time", SPAN_H(1), SPAN_MIN(8), 600},
        {"the other way round", SPAN_MIN(8), SPAN_H(1), 600},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct paging paging;
        open_with(&paging, "person-room");
        (void)paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
        g_free(paging_settle_later(&paging, ROWS[i].ana));
        if (ROWS[i].room.us > 0) {
            g_free(paging_settle_later(&paging, ROWS[i].room));
        } else {
            g_free(paging_settle(&paging, SEND_DELIVERED));
        }
        int found = 0;
        while (paging.errands->len == 0 || !is_for(&paging, "boss")) {
            g_free(paging_settle(&paging, SEND_DELIVERED));
            paging_pass(&paging, SPAN_S(10));
            found += 10;
            assert_true(found <= 1200);
        }
        if (found != ROWS[i].boss_after_s) {
            fail_msg("%s: after %d s", ROWS[i].name, found);
        }
        /* An alert that comes now is promised what it gets. */
        json_auto_t *answer = ask_whatif(&paging);
        const char *reached = "";
        g_free(first_step(answer, &reached));
        assert_string_equal(reached, ROWS[i].boss_after_s == 0 ? "nobody" : "reached");
        paging_close(&paging);
    }
}

/* Her provider asked for an hour; whoever asks for her now expects that it is tried. */
static void a_page_that_a_person_asks_for_is_tried_at_once(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "lone");
    int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_free(paging_settle_later(&paging, SPAN_H(1)));
    paging_pass(&paging, SPAN_MIN(1));
    g_free(paging_messages(&paging));
    assert_int_equal(paging_page(&paging, id, "ana"), 200);
    g_autofree char *line = paging_settle_later(&paging, SPAN_H(1));
    assert_string_equal(line, "ana email: page 1");
    paging_pass(&paging, SPAN_MIN(10)); /* once: then the provider's wait holds again */
    g_autofree char *later = paging_messages(&paging);
    assert_null(strstr(later, "ana"));
    paging_close(&paging);
}

/* ---- how often ---- */

/* Settles all that leaves as `send_state` and counts it. */
static int attempts(struct paging *paging, const char *whom, int send_state)
{
    int count = 0;
    for (char *line = paging_settle(paging, send_state); line != NULL;
         line = paging_settle(paging, send_state)) {
        count += g_str_has_prefix(line, whom);
        g_free(line);
    }
    return count;
}

static int attempts_in_a_storm(int send_state, struct span calm)
{
    struct paging paging;
    open_with(&paging, "half");
    int count = 0;
    for (int i = 0; i < 300; i++) { /* a minute */
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
        count += attempts(&paging, "ana", send_state);
        paging_pass(&paging, SPAN_MS(200));
        count += attempts(&paging, "ana", send_state);
    }
    for (int64_t second = 0; second * 1000000 < calm.us; second += 5) {
        paging_pass(&paging, SPAN_S(5));
        count += attempts(&paging, "ana", send_state);
    }
    paging_close(&paging);
    return count;
}

static void a_dead_contact_is_tried_no_more_often_than_a_living_one(void **state)
{
    (void)state;
    static const int STATES[] = {SEND_RETRY, SEND_UNKNOWN, SEND_REFUSED};
    int healthy = attempts_in_a_storm(SEND_DELIVERED, SPAN_S(10));
    assert_int_equal(healthy, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(STATES); i++) {
        int failing = attempts_in_a_storm(STATES[i], SPAN_S(10));
        if (failing > healthy + healthy / 10) {
            fail_msg("state %d: %d attempts, of a living one %d", STATES[i], failing, healthy);
        }
    }
}

static void the_digest_comes_first_when_the_provider_is_back(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "budi");
    for (int i = 0; i < 50; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        (void)paging_signal(&paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
        (void)attempts(&paging, "budi", SEND_RETRY);
    }
    paging_pass(&paging, SPAN_MIN(1));
    (void)attempts(&paging, "budi", SEND_RETRY);
    (void)paging_signal(&paging, SIGNAL_TRIGGER, "new", SEVERITY_CRITICAL);
    paging_pass(&paging, SPAN_MIN(15));
    g_autofree char *first = paging_settle(&paging, SEND_DELIVERED);
    assert_non_null(first);
    assert_non_null(strstr(first, "digest 51"));
    paging_close(&paging);
}

/* Two pages of each alert wait in one mailbox: of the step, and of a person who asks for her. */
static void a_digest_counts_and_names_an_alert_once(void **state)
{
    enum { ALERTS = 12, NEWEST = 3 };

    (void)state;
    struct paging paging;
    open_with(&paging, "lone");
    int64_t ids[ALERTS];
    for (int i = 0; i < ALERTS; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        ids[i] = paging_signal(&paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
        (void)attempts(&paging, "ana", SEND_RETRY);
    }
    for (int i = 0; i < ALERTS; i++) {
        assert_int_equal(paging_page(&paging, ids[i], "ana"), 200);
    }
    (void)attempts(&paging, "ana", SEND_RETRY);
    paging_pass(&paging, SPAN_MIN(15));
    assert_true(paging.errands->len > 0);
    const struct message *message =
        &((const struct errand *)g_ptr_array_index(paging.errands, 0))->message;
    assert_int_equal(message->total, ALERTS);
    assert_int_equal(message->by_severity[SEVERITY_CRITICAL], ALERTS);
    assert_int_equal(message->item_count, ERRAND_ITEMS_MAX);
    for (size_t i = 0; i < ERRAND_ITEMS_MAX; i++) {
        size_t newest = ALERTS + ERRAND_ITEMS_MAX - NEWEST - 1 - i;
        assert_int_equal(message->items[i].subject.id,
                         ids[i < ERRAND_ITEMS_MAX - NEWEST ? i : newest]);
    }
    paging_close(&paging);
}

static void each_page_falls_back_once(void **state)
{
    (void)state;
    struct paging paging;
    open_with(&paging, "budi");
    int64_t id = paging_signal(&paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    for (int i = 0; i < 40; i++) {
        (void)attempts(&paging, "budi email", SEND_RETRY);
        paging_pass(&paging, SPAN_MIN(1));
    }
    assert_int_equal(paging_events(&paging, id, "page.fell_back"), 1);
    paging_close(&paging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_promised_is_what_paging_does),
        cmocka_unit_test(a_dead_contact_beside_a_living_person_leaves_the_wait_alone),
        cmocka_unit_test(what_is_tried_again_is_company_until_it_failed),
        cmocka_unit_test(one_of_the_last_resort_is_enough),
        cmocka_unit_test(what_refused_a_moment_ago_is_not_asked_again),
        cmocka_unit_test(a_jump_of_the_clock_moves_the_wait_of_what_refused),
        cmocka_unit_test(a_step_of_nobody_but_refusers_goes_on_at_once),
        cmocka_unit_test(an_hour_asked_for_is_not_waited_for),
        cmocka_unit_test(a_step_that_can_be_told_only_later_goes_on_at_once),
        cmocka_unit_test(a_page_that_a_person_asks_for_is_tried_at_once),
        cmocka_unit_test(a_short_time_asked_for_is_waited_for),
        cmocka_unit_test(a_dead_contact_is_tried_no_more_often_than_a_living_one),
        cmocka_unit_test(the_digest_comes_first_when_the_provider_is_back),
        cmocka_unit_test(a_digest_counts_and_names_an_alert_once),
        cmocka_unit_test(each_page_falls_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
