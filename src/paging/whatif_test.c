/* What is promised of people: their quiet hours and their absences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json.h"
#include "paging/alert_topic.h"
#include "paging/explain.h"
#include "paging/paging_harness.h"
#include "paging/whatif.h"
#include "people/contact_store.h"

/* The boss comes ten hours after budi, who sleeps until eleven. */
static const char TEAM[] =
    "{'users': [{'name': 'budi', 'contacts': [{'kind': 'email', 'to': 'budi@x.org'}],"
    "  'quiet_hours': [{'from': '09:00', 'to': '11:00'}]},"
    " {'name': 'boss', 'contacts': [{'kind': 'ntfy', 'to': 'http://ntfy.x.org/boss'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'budi'}], 'wait': '10h'}],"
    "  'last_resort': {'user': 'boss'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}]}";

static int open_team(void **state)
{
    return paging_start(state, TEAM);
}

static json_t *ask(const struct paging *paging, int severity)
{
    struct fault fault = {0};
    struct config *config = config_current(paging->configs);
    json_t *answer = whatif(config, NULL, "shop", severity, paging->now, &fault);
    config_unref(config);
    assert_non_null(answer);
    return answer;
}

/* Whom the step tells first. */
static const json_t *first_told(const json_t *answer, size_t step)
{
    const json_t *steps = json_object_get(answer, "steps");
    return json_array_get(json_object_get(json_array_get(steps, step), "tells"), 0);
}

static void the_wait_of_a_step_begins_after_quiet_hours(void **state)
{
    static const int ROWS[][2] = {{SEVERITY_CRITICAL, 10}, {SEVERITY_INFO, 11}};
    struct paging *paging = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        json_auto_t *answer = ask(paging, ROWS[i][0]);
        const json_t *last = json_array_get(json_object_get(answer, "steps"), 1);
        struct utc at = {0};
        assert_string_equal(json_text(first_told(answer, 1), "who", ""), "boss");
        assert_true(utc_parse(json_text(last, "at", ""), &at));
        assert_int_equal(utc_since(at, paging->now).us, SPAN_H(ROWS[i][1]).us);
    }
}

/* He is told all the same; whoever asks is told that he is away, and of nobody who is back by then. */
static void who_is_away_is_said(void **state)
{
    static const struct {
        const char *to;
        bool is_away;
    } ROWS[] = {{"2026-01-05T10:00:01Z", true}, {"2026-01-05T10:00:00Z", false}};

    struct paging *paging = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *absences = g_strdup_printf(
            "{'absences': [{'name': 'a', 'user': 'budi', 'from': '2026-01-01T00:00:00Z', 'to': "
            "'%s'}, {'name': 'b', 'user': 'boss', 'from': '2026-01-05T10:00:00Z', 'to': "
            "'2026-01-05T12:00:00Z'}]}",
            ROWS[i].to);
        paging_apply(paging, absences);
        json_auto_t *answer = ask(paging, SEVERITY_CRITICAL);
        const json_t *budi = first_told(answer, 0);
        const json_t *boss = first_told(answer, 1); /* ten hours later */
        assert_string_equal(json_text(budi, "who", ""), "budi");
        assert_string_equal(json_text(budi, "away_until", ""), ROWS[i].is_away ? ROWS[i].to : "");
        assert_string_equal(json_text(boss, "who", ""), "boss");
        assert_null(json_object_get(boss, "away_until"));
    }
}

/* When the second step comes, if budi's contact cannot work: as it is known beforehand, or as a message found out
 * a moment ago. */
static int64_t promised_if_dead(const struct paging *paging, int severity, bool is_found_out)
{
    struct fault fault = {0};
    struct utc at = {0};
    struct config *config = config_current(paging->configs);
    struct contact_states *states = contact_states_read(paging->db);
    contact_state_refuse(states, "budi", "email", "no mail server", paging->now);
    if (is_found_out) { /* it was refused before that */
        contact_state_refuse(states, "budi", "email", "no mail server", paging->now);
    }
    json_auto_t *answer = whatif(config, states, "shop", severity, paging->now, &fault);
    contact_states_free(states);
    config_unref(config);
    const json_t *second = json_array_get(json_object_get(answer, "steps"), 1);
    assert_true(utc_parse(json_text(second, "at", ""), &at));
    return utc_since(at, paging->now).us;
}

/* Nobody is woken because who sleeps will not be told: that is found out when they would be. */
static void what_cannot_work_is_found_out_after_quiet_hours(void **state)
{
    struct paging *paging = *state;
    assert_int_equal(promised_if_dead(paging, SEVERITY_CRITICAL, false), 0);
    assert_int_equal(promised_if_dead(paging, SEVERITY_INFO, false), SPAN_H(1).us);
    assert_int_equal(promised_if_dead(paging, SEVERITY_INFO, true), 0);
    (void)paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_INFO);
    paging_pass(paging, (struct span){SPAN_H(1).us - 1});
    paging_expect(paging, "");
    paging_pass(paging, (struct span){1});
    paging_settle_as(paging, SEND_REFUSED, "budi email: page 1");
    paging_expect(paging, "boss ntfy: page 1");
}

/* ---- who has no contact ---- */

static const char MUTE[] =
    "{'users': [{'name': 'mute'}, {'name': 'dumb', 'contacts': [{'kind': 'log'}]}],"
    "'teams': [{'name': 'mixed', 'members': ['mute', 'budi']},"
    "  {'name': 'late', 'members': ['dumb', 'boss']}, {'name': 'silent', 'members': ['mute', "
    "'dumb']}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'team': 'silent'}], 'wait': '1h'},"
    "   {'notify': [{'team': 'mixed'}], 'wait': '10h'}], 'last_resort': {'team': 'late'}}]}";

/* "mute by team: no contact; budi by team", or of the last resort. Newly allocated. */
static char *told_in(const json_t *step)
{
    GString *out = g_string_new(NULL);
    size_t i;
    json_t *tell;
    json_array_foreach (json_object_get(step, "tells"), i, tell) {
        const char *why = json_text(tell, "why", "");
        bool is_reached = json_is_true(json_object_get(tell, "reached"));
        assert_int_equal(is_reached, why[0] == '\0');
        g_string_append_printf(out, "%s%s by %s%s%s", out->len > 0 ? "; " : "",
                               json_text(tell, "who", ""), json_text(tell, "via", ""),
                               why[0] != '\0' ? ": " : "", why);
    }
    return g_string_free(out, FALSE);
}

/* "page.unreachable mute; escalation.step_skipped mute, dumb": what is recorded of whom. Newly allocated. */
static char *recorded(const struct paging *paging, int64_t id)
{
    GString *out = g_string_new(NULL);
    struct config *config = config_current(paging->configs);
    json_auto_t *explained = explain_subject(paging->db, config, &ALERT_TOPIC, id, paging->now);
    config_unref(config);
    size_t i;
    json_t *decision;
    json_array_foreach (json_object_get(explained, "decisions"), i, decision) {
        const json_t *data = json_object_get(decision, "data");
        const char *kind = json_text(decision, "kind", "");
        if (strcmp(kind, "page.unreachable") == 0) {
            bool is_mute = strcmp(json_text(data, "who", ""), "mute") == 0;
            assert_string_equal(json_text(data, "why", ""),
                                is_mute ? "no contact" : "only the log");
        }
        if (strcmp(kind, "page.unreachable") == 0 || g_str_has_suffix(kind, "skipped")) {
            g_string_append_printf(out, "%s%s %s", out->len > 0 ? "; " : "", kind,
                                   json_text(data, "who", ""));
        }
    }
    return g_string_free(out, FALSE);
}

static void who_has_no_contact_is_said(void **state)
{
    struct paging *paging = *state;
    paging_apply(paging, MUTE);
    json_auto_t *answer = ask(paging, SEVERITY_CRITICAL);
    const json_t *steps = json_object_get(answer, "steps");
    const json_t *first = json_array_get(steps, 0);
    g_autofree char *told = told_in(first);
    g_autofree char *resort = told_in(json_array_get(steps, 1));
    assert_string_equal(told, "budi by team; mute by team: no contact");
    assert_string_equal(resort, "boss by team; dumb by team: only the log");
    const json_t *skip = json_array_get(json_object_get(first, "skipped"), 0);
    assert_string_equal(json_text(skip, "who", ""), "mute, dumb");

    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, "k", SEVERITY_CRITICAL);
    g_autofree char *found = recorded(paging, id);
    assert_string_equal(found, "escalation.step_skipped mute, dumb; page.unreachable mute");
    paging_expect(paging, "budi email: page 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_team, paging_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_wait_of_a_step_begins_after_quiet_hours),
        TEST(who_is_away_is_said),
        TEST(what_cannot_work_is_found_out_after_quiet_hours),
        TEST(who_has_no_contact_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
