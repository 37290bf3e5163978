#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert/kinds.h"
#include "alert/service.h"
#include "config/config_plan.h"
#include "config/config_yaml.h"
#include "config/lint.h"
#include "oncall/absence.h"
#include "oncall/policy.h"
#include "oncall/schedule.h"
#include "people/contact_lint.h"
#include "people/user.h"

#define NOW ((struct utc){INT64_C(1795334400000000)}) /* 2026-11-22T08:00:00Z */

static struct config_plan *plan_of(const char *yaml)
{
    struct yaml_document document = {0};
    struct fault fault = {0};
    if (!yaml_read(yaml, strlen(yaml), &document, &fault)) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    struct config_plan *plan = config_plan_make(
        document.json, nothing, (struct plan_options){.is_from_file = true}, &fault);
    if (plan == NULL) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
    yaml_document_clear(&document);
    return plan;
}

/* As "level check subject" lines. */
static char *lines_of(const GPtrArray *findings)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        assert_true(strlen(finding->what) > 10 && strlen(finding->remedy) > 10);
        g_string_append_printf(out, "%s %s %s\n", enum_to_name(LINT_LEVEL_NAMES, finding->level),
                               finding->check, finding->subject);
    }
    return g_string_free(out, FALSE);
}

static char *findings_of(const char *yaml)
{
    struct config_plan *plan = plan_of(yaml);
    GPtrArray *findings = lint_new();
    lint_config(plan->next, NOW, findings);
    lint_sort(findings);
    char *lines = lines_of(findings);
    g_ptr_array_unref(findings);
    config_plan_free(plan);
    return lines;
}

#define MAIL "{name: ana, contacts: [{kind: email, to: ana@example.com}]}"
#define POLICY                                                                              \
    "policies: [{name: p, steps: [{notify: [{user: ana}], wait: 5m}], last_resort: {user: " \
    "ana}}]\n"
#define SERVICE "services: [{name: s, policy: p}]\n"
#define DOOR "integrations: [{name: i, kind: native, service: s}]\n"

static void finds_what_keeps_a_page_away(void **state)
{
    (void)state;

    const struct {
        const char *name, *yaml, *findings;
    } rows[] = {
        {"nothing to say", "users: [" MAIL "]\n" POLICY SERVICE DOOR, ""},
        {"no service", "users: [" MAIL "]\n" POLICY, "problem empty \n"},
        {"no door", "users: [" MAIL "]\n" POLICY SERVICE, "note no-door service:s\n"},
        {"only a log that is watched",
         "users: [{name: ana, contacts: [{kind: log, watched: true}]}]\n" POLICY SERVICE DOOR,
         "warning unreachable user:ana\n"},
        {"a step with only the log",
         "users: [" MAIL ", {name: budi, contacts: [{kind: log}]}]\n"
         "policies: [{name: p, steps: [{notify: [{user: budi}], wait: 5m}], last_resort: {user: "
         "ana}}]\n" SERVICE DOOR,
         "problem unreachable user:budi\nwarning empty-step policy:p\n"},
        {"a step with a team that has only the log",
         "users: [" MAIL ", {name: budi, contacts: [{kind: log}]}]\n"
         "teams: [{name: t, members: [budi]}]\n"
         "policies: [{name: p, steps: [{notify: [{team: t}], wait: 5m}], last_resort: {user: "
         "ana}}]\n" SERVICE DOOR,
         "problem unreachable user:budi\nwarning empty-step policy:p\n"},
        {"a step with a room that is a log",
         "users: [" MAIL "]\nchannels: [{name: r, kind: log}]\n"
         "policies: [{name: p, steps: [{notify: [{channel: r}], wait: 5m}], last_resort: {user: "
         "ana}}]\n" SERVICE DOOR,
         ""},
        {"only the log, and nobody relies on them",
         "users: [" MAIL ", {name: budi, contacts: [{kind: log}]}]\n" POLICY SERVICE DOOR,
         "note unreachable user:budi\n"},
        {"rules that use the log alone",
         "users: [" MAIL ", {name: budi, contacts: [{kind: log}, {kind: email, to: b@example.com}],"
         " rules: {high: [{after: 0s, contact: log}]}}]\n"
         "policies: [{name: p, steps: [{notify: [{user: budi}, {user: ana}], wait: 5m}], "
         "last_resort: {user: ana}}]\n" SERVICE DOOR,
         "problem unreachable user:budi\n"},
        {"nobody relies on them", "users: [" MAIL ", {name: budi}]\n" POLICY SERVICE DOOR,
         "note unreachable user:budi\n"},
        {"a rotation relies on them",
         "users: [" MAIL ", {name: budi}]\n"
         "schedules: [{name: c, time_zone: UTC, layers: [{people: [ana, budi], every: 1w, start: "
         "2026-01-05T09:00}]}]\n"
         "policies: [{name: p, steps: [{notify: [{schedule: c}], wait: 5m}], last_resort: {user: "
         "ana}}]\n" SERVICE DOOR,
         "problem unreachable user:budi\n"},
        {"a gap every night",
         "users: [" MAIL "]\n"
         "schedules: [{name: c, time_zone: UTC, layers: [{people: [ana], every: 1w, start: "
         "2026-01-05T09:00, only: [{from: '08:00', to: '20:00'}]}]}]\n" POLICY SERVICE DOOR,
         "warning gap schedule:c\n"},
        {"a holiday far away is no gap yet",
         "users: [" MAIL "]\n"
         "schedules: [{name: c, time_zone: UTC, layers: [{people: [ana], every: 1w, start: "
         "2026-01-05T09:00}], overrides: [{from: 2027-03-01T00:00, to: "
         "2027-03-02T00:00}]}]\n" POLICY SERVICE DOOR,
         ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *findings = findings_of(rows[i].yaml);
        if (strcmp(findings, rows[i].findings) != 0) {
            fail_msg("%s:\n%s", rows[i].name, findings);
        }
    }
}

static void lint_one(const struct config_plan *plan, const struct contact_state *state,
                     const struct lint_amiss *amiss, GPtrArray *findings)
{
    struct contact_states states = {.items =
                                        g_array_new(FALSE, TRUE, sizeof(struct contact_state))};
    g_array_append_val(states.items, *state);
    lint_contacts(plan->next, &states, amiss, NOW, findings);
    g_array_unref(states.items);
}

static void tells_of_rooms_that_took_no_message(void **state)
{
    (void)state;
    static const char YAML[] =
        "channels: [{name: ops, kind: webhook, to: 'https://chat.example.com/x'}]\n";

    const struct {
        const char *name;
        struct contact_state state;
        const char *findings;
    } rows[] = {
        {"answered 404",
         {"channel:ops", "channel", "", {0}, NOW, "404"},
         "problem failing channel:ops\n"},
        {"no reason",
         {"channel:ops", "channel", "", {0}, NOW, NULL},
         "problem failing channel:ops\n"},
        {"works again", {"channel:ops", "channel", "", {0}, {0}, NULL}, ""},
        {"never told", {"channel:others", "channel", "", {0}, {0}, NULL}, ""},
        {"another room failed", {"channel:others", "channel", "", {0}, NOW, "404"}, ""},
        {"a person of its name failed", {"ops", "channel", "", {0}, NOW, "404"}, ""},
    };

    struct config_plan *plan = plan_of(YAML);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GPtrArray *findings = lint_new();
        lint_one(plan, &rows[i].state, NULL, findings);
        g_autofree char *lines = lines_of(findings);
        if (strcmp(lines, rows[i].findings) != 0) {
            fail_msg("%s: %s", rows[i].name, lines);
        }
        g_ptr_array_unref(findings);
    }
    config_plan_free(plan);
}

/* What to do about the failure that is told; NULL: none is. Lent by the findings. */
static const char *failing_remedy(const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        if (strcmp(finding->check, "failing") == 0) {
            return finding->remedy;
        }
    }
    return NULL;
}

/* One fault is told once; and of a failure that lasts what to do about it. */
static void tells_a_fault_once_and_its_remedy(void **state)
{
    (void)state;
    static const char YAML[] =
        "users: [{name: ana, contacts: [{name: phone, kind: ntfy, to: 'https://n.example.com/a'},"
        " {name: mail, kind: email, to: ana@example.com}]}]\n"
        "channels: [{name: ops, kind: webhook, to: 'https://chat.example.com/x'}]\n";

    static const struct {
        const char *name, *user, *contact, *failure;
        bool is_refused;
        const char *whose; /* to whom nothing can be sent, as is known; NULL: nobody */
        bool has_no_mail;
        const char *remedy; /* how it ends; NULL: not told */
    } ROWS[] = {
        {"an answer", "ana", "phone", "HTTP 500", false, NULL, false, "provider for more."},
        {"no answer", "ana", "phone", "Couldn't resolve host name", false, NULL, false,
         "(names, network, firewall)."},
        {"a mail server's answer", "ana", "mail", "451 busy", false, NULL, false,
         "provider for more."},
        {"its secret is missing", "ana", "phone", "not sent: env:X", true, "ana by phone", false,
         NULL},
        {"another's is", "ana", "phone", "HTTP 404", true, "the channel ops", false, "test` it."},
        {"a room's is", "channel:ops", "channel", "not sent: env:X", true, "the channel ops", false,
         NULL},
        {"no mail server", "ana", "mail", "not sent: no mail server", true, NULL, true, NULL},
    };

    struct config_plan *plan = plan_of(YAML);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const struct contact_state failed = {
            .user = ROWS[i].user,
            .contact = ROWS[i].contact,
            .failed_at = NOW,
            .failure = ROWS[i].failure,
            .is_refused = ROWS[i].is_refused,
            .retry_at = utc_add(NOW, SPAN_MIN(1)),
        };
        g_autoptr(GHashTable) whose = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        const struct lint_amiss amiss = {whose, ROWS[i].has_no_mail};
        GPtrArray *findings = lint_new();
        if (ROWS[i].whose != NULL) {
            g_hash_table_add(whose, g_strdup(ROWS[i].whose));
        }
        lint_one(plan, &failed, &amiss, findings);
        const char *remedy = failing_remedy(findings);
        bool is_told = remedy != NULL;
        if (is_told != (ROWS[i].remedy != NULL) ||
            (is_told && !g_str_has_suffix(remedy, ROWS[i].remedy))) {
            fail_msg("%s: %s", ROWS[i].name, is_told ? remedy : "not told");
        }
        g_ptr_array_unref(findings);
    }
    config_plan_free(plan);
}

/* What was confirmed is that address, and not whatever stands in its place later. */
static void a_new_address_is_not_confirmed_by_the_old_one(void **state)
{
    (void)state;
    static const char YAML[] = "users: [{name: ana, contacts: [{name: phone, kind: ntfy, to: "
                               "'https://ntfy.example.com/a'}]}]\n";

    const struct {
        struct contact_state state;
        const char *findings;
    } rows[] = {
        {{"ana", "phone", "https://ntfy.example.com/a", NOW, {0}, NULL}, ""},
        {{"ana", "phone", "https://ntfy.example.com/old", NOW, {0}, NULL},
         "note unverified user:ana\n"},
        {{"ana", "phone", "https://ntfy.example.com/a", {0}, {0}, NULL},
         "note unverified user:ana\n"},
    };

    struct config_plan *plan = plan_of(YAML);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GPtrArray *findings = lint_new();
        lint_one(plan, &rows[i].state, NULL, findings);
        g_autofree char *lines = lines_of(findings);
        assert_string_equal(lines, rows[i].findings);
        g_ptr_array_unref(findings);
    }
    config_plan_free(plan);
}

static void says_until_when_a_contact_has_to_wait(void **state)
{
    (void)state;
    static const char YAML[] =
        "users: [{name: ana, contacts: [{name: phone, kind: ntfy, to: "
        "'https://ntfy.example.com/a'}]}]\n"
        "channels: [{name: ops, kind: webhook, to: 'https://chat.example.com/x'}]\n";
    struct utc later = utc_add(NOW, SPAN_MIN(30));

    const struct {
        const char *name;
        struct contact_state state;
        const char *what, *remedy;
    } rows[] = {
        {"refused for good",
         {"ana", "phone", "", {0}, NOW, "HTTP 404", 1, true, later},
         "The last message to ana by phone was not taken: HTTP 404",
         "Correct its address"},
        {"asked to wait",
         {"ana", "phone", "", {0}, NOW, "HTTP 429", 2, false, later},
         "The last message to ana by phone has to wait until 2026-11-22T08:30:00Z: HTTP 429",
         "It is tried again then."},
        {"a room that asked to wait",
         {"channel:ops", "channel", "", {0}, NOW, "HTTP 503", 2, false, later},
         "The last message to the channel ops has to wait until 2026-11-22T08:30:00Z: HTTP 503",
         "It is tried again then."},
        {"nothing waits any more",
         {"ana", "phone", "", {0}, NOW, "no way there", 12, false, NOW},
         "The last message to ana by phone was not taken: no way there",
         "Look at the provider"},
    };

    struct config_plan *plan = plan_of(YAML);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GPtrArray *findings = lint_new();
        lint_one(plan, &rows[i].state, NULL, findings);
        lint_sort(findings);
        const struct finding *finding = g_ptr_array_index(findings, 0);
        if (strcmp(finding->what, rows[i].what) != 0 ||
            !g_str_has_prefix(finding->remedy, rows[i].remedy)) {
            fail_msg("%s: %s %s", rows[i].name, finding->what, finding->remedy);
        }
        g_ptr_array_unref(findings);
    }
    config_plan_free(plan);
}

static void judges_keys(void **state)
{
    (void)state;
    struct utc long_ago = utc_add(NOW, (struct span){-SPAN_D(40).us});

    const struct {
        const char *name;
        struct key_fact fact;
        int level; /* 0: nothing to say */
    } rows[] = {
        {"in use", {"integration", "i", long_ago, {0}, NOW}, 0},
        {"new and unused", {"integration", "i", NOW, {0}, {0}}, 0},
        {"old and unused", {"integration", "i", long_ago, {0}, {0}}, LINT_NOTE},
        {"ran out", {"token", "t", long_ago, NOW, NOW}, LINT_WARNING},
        {"runs out soon", {"token", "t", long_ago, utc_add(NOW, SPAN_D(13)), NOW}, LINT_NOTE},
        {"runs out later", {"token", "t", long_ago, utc_add(NOW, SPAN_D(15)), NOW}, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GPtrArray *findings = lint_new();
        lint_keys(&rows[i].fact, 1, NOW, findings);
        int level = findings->len > 0 ? ((const struct finding *)findings->pdata[0])->level : 0;
        if (level != rows[i].level || findings->len > 1) {
            fail_msg("%s: %d", rows[i].name, level);
        }
        g_ptr_array_unref(findings);
    }
}

static void counts_by_level(void **state)
{
    (void)state;
    GPtrArray *findings = lint_new();
    lint_add(findings, LINT_NOTE, "a", "", "Do nothing.", "It is %s.", "fine");
    lint_add(findings, LINT_PROBLEM, "b", "user:x", "Do something.", "It is not.");
    lint_add(findings, LINT_NOTE, "c", "", "Do nothing.", "Fine too.");
    lint_sort(findings);
    json_auto_t *json = lint_json(findings);
    assert_int_equal(json_integer_value(json_object_get(json, "problems")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "warnings")), 0);
    assert_int_equal(json_integer_value(json_object_get(json, "notes")), 2);
    const json_t *first = json_array_get(json_object_get(json, "findings"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "check")), "b");
    const json_t *last = json_array_get(json_object_get(json, "findings"), 2);
    assert_string_equal(json_string_value(json_object_get(last, "check")), "c");
    g_ptr_array_unref(findings);
}

/* What a program took before it could judge it. */
static void add_stored_silence(struct config *config, const char *name, const char *service,
                               const char *to)
{
    struct fault fault = {0};
    json_auto_t *spec =
        json_pack("{s:s, s:[{s:s, s:s}], s:s, s:s}", "name", name, "match", "field", "service",
                  "value", service, "from", "2026-11-01T00:00:00Z", "to", to);
    void *silence = record_new_stored(&SILENCE_RECORD, spec, &fault);
    assert_non_null(silence);
    assert_true(config_add(config, &SILENCE_KIND, silence));
}

static void tells_of_what_can_mean_nothing(void **state)
{
    (void)state;
    struct config *config = config_create();
    json_auto_t *spec = json_pack("{s:s, s:s}", "name", "checkout", "policy", "p");
    struct fault fault = {0};
    assert_true(
        config_add(config, &SERVICE_KIND, record_new_stored(&SERVICE_RECORD, spec, &fault)));
    add_stored_silence(config, "good", "checkout", "2026-12-01T00:00:00Z");
    add_stored_silence(config, "slip", "chekout", "2026-12-01T00:00:00Z");
    add_stored_silence(config, "for ever", "checkout", "2036-12-01T00:00:00Z");
    add_stored_silence(config, "slip that is over", "chekout", "2026-11-02T00:00:00Z");
    json_auto_t *user = json_loads(
        "{\"name\":\"ana\",\"contacts\":[{\"kind\":\"ntfy\",\"to\":\"https://ntfy.example.com/a\","
        "\"secret\":\"$NTFY_TOKEN\"}]}",
        0, NULL);
    assert_true(config_add(config, &USER_KIND, record_new_stored(&USER_RECORD, user, &fault)));
    json_auto_t *hook = json_loads(
        "{\"name\":\"bo\",\"contacts\":[{\"kind\":\"webhook\",\"to\":\"https://example.com/a\","
        "\"secret\":\"whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==\"}]}",
        0, NULL);
    assert_true(config_add(config, &USER_KIND, record_new_stored(&USER_RECORD, hook, &fault)));
    GPtrArray *findings = lint_new();
    lint_config(config, NOW, findings);
    g_autoptr(GString) told = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        if (strcmp(finding->check, "meaning") == 0) {
            assert_int_equal(finding->level, LINT_WARNING);
            g_string_append_printf(told, "%s; ", finding->subject);
        }
    }
    assert_string_equal(told->str, "user:ana; user:bo; silence:slip; silence:for ever; ");
    g_ptr_array_unref(findings);
    config_unref(config);
}

static void add_stored(struct config *config, const struct config_kind *kind, const char *text)
{
    struct fault fault = {0};
    json_auto_t *spec = json_loads(text, 0, NULL);
    void *item = record_new(kind->record, spec, &fault);
    assert_string_equal(fault.text, "");
    assert_true(config_add(config, kind, item));
}

static void tells_who_is_on_call_while_away(void **state)
{
    (void)state;

    static const struct {
        const char *name, *from, *to;
        int times; /* 0: nothing is told */
    } ROWS[] = {
        {"all the time", "2026-11-01T00:00:00Z", "2027-02-01T00:00:00Z", 1},
        {"over", "2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct config *config = config_create();
        add_stored(
            config, &USER_KIND,
            "{\"name\": \"ana\", \"contacts\": [{\"kind\": \"email\", \"to\": \"a@b.co\"}]}");
        add_stored(config, &SCHEDULE_KIND,
                   "{\"name\": \"s\", \"time_zone\": \"UTC\", \"layers\": [{\"people\": [\"ana\"],"
                   " \"every\": \"1w\", \"start\": \"2026-01-05T09:00\"}]}");
        g_autofree char *absence = g_strdup_printf(
            "{\"name\": \"a\", \"user\": \"ana\", \"from\": \"%s\", \"to\": \"%s\"}", ROWS[i].from,
            ROWS[i].to);
        add_stored(config, &ABSENCE_KIND, absence);
        GPtrArray *findings = lint_new();
        lint_config(config, NOW, findings);
        int times = 0;
        for (guint k = 0; k < findings->len; k++) {
            const struct finding *finding = findings->pdata[k];
            if (strcmp(finding->check, "absence") == 0) {
                times++;
                assert_int_equal(finding->level, LINT_WARNING);
                assert_string_equal(finding->subject, "schedule:s");
                assert_non_null(strstr(finding->what, ROWS[i].to));
                assert_non_null(strstr(finding->remedy, "tocsin absence remove a"));
            }
        }
        if (times != ROWS[i].times) {
            fail_msg("%s: %d", ROWS[i].name, times);
        }
        g_ptr_array_unref(findings);
        config_unref(config);
    }
}

/* By name, in a step and as the last resort; whom a schedule or a team brings in is no matter of the policy. */
static void tells_of_policies_that_name_who_is_away(void **state)
{
    (void)state;

    static const struct {
        const char *name, *from, *to;
        int times;
    } ROWS[] = {
        {"away", "2026-11-01T00:00:00Z", "2027-02-01T00:00:00Z", 2},
        {"not yet", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z", 0},
        {"over", "2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z", 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct config *config = config_create();
        add_stored(
            config, &USER_KIND,
            "{\"name\": \"ana\", \"contacts\": [{\"kind\": \"email\", \"to\": \"a@b.co\"}]}");
        add_stored(config, &TEAM_KIND, "{\"name\": \"crew\", \"members\": [\"ana\"]}");
        add_stored(
            config, &POLICY_KIND,
            "{\"name\": \"p\", \"steps\": [{\"notify\": [{\"team\": \"crew\"}], \"wait\": \"5m\"},"
            " {\"notify\": [{\"user\": \"ana\"}], \"wait\": \"5m\"}],"
            " \"last_resort\": {\"user\": \"ana\"}}");
        g_autofree char *absence = g_strdup_printf(
            "{\"name\": \"a\", \"user\": \"ana\", \"from\": \"%s\", \"to\": \"%s\"}", ROWS[i].from,
            ROWS[i].to);
        add_stored(config, &ABSENCE_KIND, absence);
        GPtrArray *findings = lint_new();
        lint_config(config, NOW, findings);
        int times = 0;
        for (guint k = 0; k < findings->len; k++) {
            const struct finding *finding = findings->pdata[k];
            if (strcmp(finding->check, "absence") == 0) {
                const char *place =
                    times == 0 ? "In policy p: Step 2 tells ana" : "The last resort";
                times++;
                assert_int_equal(finding->level, LINT_WARNING);
                assert_string_equal(finding->subject, "policy:p");
                assert_non_null(strstr(finding->what, place));
                assert_non_null(strstr(finding->what, ROWS[i].to));
            }
        }
        if (times != ROWS[i].times) {
            fail_msg("%s: %d", ROWS[i].name, times);
        }
        g_ptr_array_unref(findings);
        config_unref(config);
    }
}

int main(void)
{
    config_register(CONFIG_KINDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_keeps_a_page_away),
        cmocka_unit_test(tells_of_what_can_mean_nothing),
        cmocka_unit_test(tells_who_is_on_call_while_away),
        cmocka_unit_test(tells_of_policies_that_name_who_is_away),
        cmocka_unit_test(tells_of_rooms_that_took_no_message),
        cmocka_unit_test(tells_a_fault_once_and_its_remedy),
        cmocka_unit_test(says_until_when_a_contact_has_to_wait),
        cmocka_unit_test(a_new_address_is_not_confirmed_by_the_old_one),
        cmocka_unit_test(judges_keys),
        cmocka_unit_test(counts_by_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
