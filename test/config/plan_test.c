#include "config/config_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/kinds.h"
#include "base/json.h"
#include "config/config_diff.h"
#include "config/config_yaml.h"

/* Every row is added to this, which is sound. */
#define BASE                                                    \
    "users:\n"                                                  \
    "  - {name: ana, contacts: [{kind: log, watched: true}]}\n" \
    "  - {name: mute}\n"

#define STEPS "steps: [{notify: [{user: ana}], wait: 5m}]"
#define POLICY "policies: [{name: p, " STEPS ", last_resort: {user: ana}}]\n"
#define SERVICE POLICY "services: [{name: checkout, policy: p}]\n"

struct row {
    const char *name;
    const char *yaml;
    int line;
    const char *text; /* contained in "team.yaml:LINE: field: text" */
};

static const struct row ROWS[] = {
    {"no such section", BASE "team: []\n", 4, "unknown section \"team\"; did you mean \"teams\"?"},
    {"strange section", BASE "zebra: []\n", 4, "known are users, teams"},
    {"section is no list", BASE "teams: {name: x}\n", 4, "teams: must be a list"},
    {"not sections at all", "- a\n- b\n", 0, "must be sections"},
    {"misspelled field", BASE "teams:\n  - name: t\n    member: [ana]\n", 6,
     "teams[0].member: unknown field \"member\"; did you mean \"members\"?"},
    {"bad span",
     "users:\n  - name: ana\n    contacts: [{kind: log, watched: true}]\n    rules:\n      high:\n"
     "        - {after: 5, contact: log}\n",
     6, "users[0].rules.high[0].after: needs a unit"},
    {"two users of one name", BASE "  - {name: ana}\n", 4,
     "users[2].name: there are two users called \"ana\""},
    {"slash in a name", BASE "  - {name: a/b}\n", 4, "users[2].name: must not contain"},
    {"colon in a name", BASE "  - {name: 'a:b'}\n", 4, "users[2].name: must not contain"},
    {"space around a name", BASE "  - {name: ' ana'}\n", 4, "nor begin or end with a space"},
    {"unknown zone of a user", BASE "  - {name: b, time_zone: Europe/Pariss}\n", 4,
     "users[2].time_zone: "},
    {"unknown member", BASE "teams: [{name: t, members: [ana, annn]}]\n", 4,
     "teams[0].members[1]: there is no user \"annn\"; did you mean \"ana\"?"},
    {"unknown lead", BASE "teams: [{name: t, lead: zoe}]\n", 4,
     "teams[0].lead: there is no user \"zoe\"; add it to users"},
    {"unknown person in a layer",
     BASE "schedules:\n  - name: s\n    time_zone: UTC\n    layers:\n"
          "      - people: [ana]\n        every: 1w\n        start: 2026-01-05T09:00\n"
          "      - people: [ana, budi]\n        every: 1w\n        start: 2026-01-05T09:00\n",
     11, "schedules[0].layers[1].people[1]: there is no user \"budi\""},
    {"unknown zone of a schedule", BASE "schedules:\n  - name: s\n    time_zone: Mars/Base\n", 6,
     "schedules[0].time_zone: "},
    {"unknown person in an override",
     BASE "schedules:\n  - name: s\n    time_zone: UTC\n"
          "    layers: [{people: [ana], every: 1w, start: 2026-01-05T09:00}]\n    overrides:\n"
          "      - {from: 2026-12-24T00:00, to: 2026-12-26T00:00, who: chen}\n",
     9, "schedules[0].overrides[0].who: there is no user \"chen\""},
    {"override in the hour that is skipped",
     BASE "schedules:\n  - name: s\n    time_zone: Europe/Paris\n"
          "    layers: [{people: [ana], every: 1w, start: 2026-01-05T09:00}]\n    overrides:\n"
          "      - {from: 2027-03-28T02:10, to: 2027-03-28T02:50, who: ana}\n",
     9,
     "schedules[0].overrides[0].to: it would hold for no time at all: in Europe/Paris the clocks "
     "go "
     "forward to 2027-03-28T03:00"},
    {"override of a day that was skipped",
     BASE "schedules:\n  - name: s\n    time_zone: Pacific/Apia\n"
          "    layers: [{people: [ana], every: 1w, start: 2010-01-05T09:00}]\n    overrides:\n"
          "      - {from: 2011-12-30T00:00, to: 2011-12-30T23:59, who: ana}\n",
     9, "no time at all"},
    {"layer in the hour that is skipped",
     BASE "schedules:\n  - name: s\n    time_zone: Europe/Paris\n    layers:\n"
          "      - {people: [ana], every: 1w, start: 2027-03-28T02:10, end: 2027-03-28T02:50}\n",
     8, "schedules[0].layers[0].end: it would hold for no time at all"},
    {"unknown owner of a schedule",
     BASE "schedules:\n  - name: s\n    time_zone: UTC\n    owner: ops\n"
          "    layers: [{people: [ana], every: 1w, start: 2026-01-05T09:00}]\n",
     7, "schedules[0].owner: there is no user or team \"ops\""},
    {"silences at another door",
     BASE SERVICE "integrations: [{name: i, kind: native, service: checkout, silences: true}]\n", 6,
     "integrations[0].silences: is for kind prometheus"},
    {"route on no service",
     BASE SERVICE "routes:\n  - {name: r, suppress: true, match: {service: chekout}}\n", 7,
     "routes[0].match[0].value: there is no service \"chekout\"; did you mean \"checkout\"?"},
    {"route on no severity",
     BASE SERVICE "routes:\n  - {name: r, service: checkout, match: {severity: criticl}}\n", 7,
     "there is no severity \"criticl\"; did you mean \"critical\"?"},
    {"route on no integration",
     BASE SERVICE "integrations: [{name: shop, kind: native, service: checkout}]\nroutes:\n"
                  "  - {name: r, suppress: true, match: {integration: billing}}\n",
     8, "there is no integration \"billing\"; there are: shop, manual"},
    {"silence of all but a slip",
     BASE SERVICE
     "silences:\n  - name: x\n    match: [{field: service, op: '!=', value: chekout}]\n"
     "    from: 2026-12-01T00:00:00Z\n    to: 2026-12-02T00:00:00Z\n",
     8, "silences[0].match[0].value: there is no service"},
    {"silence by a pattern that fits nothing",
     BASE SERVICE
     "silences:\n  - name: x\n    match: [{field: service, op: regex, value: 'bill.*'}]\n"
     "    from: 2026-12-01T00:00:00Z\n    to: 2026-12-02T00:00:00Z\n",
     8, "\"bill.*\" fits no service that there is"},
    {"silence without an end",
     BASE SERVICE "silences:\n  - name: x\n    match: {service: checkout}\n"
                  "    from: 2026-12-01T00:00:00Z\n    to: 2027-12-02T00:00:01Z\n",
     10, "silences[0].to: A silence lasts 366d at most, here until 2027-12-02T00:00:00Z"},
    {"policy without last resort", BASE "policies:\n  - {name: p, " STEPS "}\n", 5,
     "policies[0].last_resort: is required"},
    {"policy without steps", BASE "policies:\n  - {name: p, last_resort: {user: ana}}\n", 5,
     "policies[0].steps: is required"},
    {"step tells nobody we know",
     BASE
     "policies:\n  - name: p\n    steps:\n      - {notify: [{user: ana}], wait: 1m}\n"
     "      - {notify: [{user: ana}, {schedule: s}], wait: 1m}\n    last_resort: {user: ana}\n",
     8, "policies[0].steps[1].notify[1].schedule: there is no schedule \"s\""},
    {"step with two targets in one",
     BASE "policies:\n  - name: p\n    steps: [{notify: [{user: ana, team: t}], wait: 1m}]\n"
          "    last_resort: {user: ana}\n",
     6, "policies[0].steps[0].notify[0]: must have exactly one"},
    {"unknown last resort", BASE "policies: [{name: p, " STEPS ", last_resort: {user: an}}]\n", 4,
     "policies[0].last_resort.user: there is no user \"an\"; did you mean \"ana\"?"},
    {"last resort without a contact",
     BASE "policies: [{name: p, " STEPS ", last_resort: {user: mute}}]\n", 4,
     "policies[0].last_resort.user: mute has no contact, so the policy would end in silence"},
    {"last resort is a team without a contact",
     BASE "teams: [{name: t, members: [mute]}]\npolicies: [{name: p, " STEPS
          ", last_resort: {team: t}}]\n",
     5, "policies[0].last_resort.team: nobody in t has a contact"},
    {"last resort is a schedule without a contact",
     BASE "schedules: [{name: s, time_zone: UTC, layers: [{people: [mute], every: 1w, start: "
          "2026-01-05T09:00}]}]\npolicies: [{name: p, " STEPS ", last_resort: {schedule: s}}]\n",
     5, "policies[0].last_resort.schedule: nobody in s has a contact"},
    {"last resort whose log nobody watches",
     BASE "  - {name: quiet, contacts: [{kind: log}]}\npolicies: [{name: p, " STEPS
          ", last_resort: {user: quiet}}]\n",
     5,
     "policies[0].last_resort.user: quiet has only the log as contact, which wakes nobody, so the "
     "policy would end in silence. Add e-mail"},
    {"last resort whose rules name only the log",
     BASE "  - {name: odd, contacts: [{kind: log}, {kind: email, to: a@b.org}], rules: {high: "
          "[{after: 0s, contact: log}]}}\npolicies: [{name: p, " STEPS
          ", last_resort: {user: odd}}]\n",
     5, "policies[0].last_resort.user: odd is told of high urgency by the log alone"},
    {"last resort is a team whose logs nobody watches",
     BASE "  - {name: quiet, contacts: [{kind: log}]}\nteams: [{name: t, members: [mute, quiet]}]\n"
          "policies: [{name: p, " STEPS ", last_resort: {team: t}}]\n",
     6, "policies[0].last_resort.team: nobody in t has a contact that wakes them"},
    {"last resort is a schedule whose logs nobody watches",
     BASE "  - {name: quiet, contacts: [{kind: log}]}\nschedules: [{name: s, time_zone: UTC, "
          "layers: [{people: [quiet], every: 1w, start: 2026-01-05T09:00}]}]\n"
          "policies: [{name: p, " STEPS ", last_resort: {schedule: s}}]\n",
     6, "policies[0].last_resort.schedule: nobody in s has a contact that wakes them"},
    {"last resort is a channel",
     BASE "channels: [{name: c, kind: log}]\npolicies: [{name: p, " STEPS
          ", last_resort: {channel: c}}]\n",
     5, "policies[0].last_resort: must be a user, a team or a schedule"},
    {"unknown policy", BASE POLICY "services: [{name: s, policy: q}]\n", 5,
     "services[0].policy: there is no policy \"q\"; did you mean \"p\"?"},
    {"unknown owner of a service", BASE POLICY "services: [{name: s, policy: p, owner: t}]\n", 5,
     "services[0].owner: there is no team \"t\""},
    {"urgency", BASE POLICY "services: [{name: s, policy: p, urgency: medium}]\n", 5,
     "services[0].urgency: \"medium\" is not known; it must be one of high, low, by-severity"},
    {"unknown service", BASE SERVICE "integrations: [{name: i, kind: native, service: chekout}]\n",
     6, "integrations[0].service: there is no service \"chekout\"; did you mean \"checkout\"?"},
    {"secret of a contact that was meant as a reference",
     "users: [{name: ana, contacts: [{kind: log}, {kind: ntfy, to: 'https://n.x.org/a', secret: "
     "'$NTFY_TOKEN'}]}]\n",
     1, "users[0].contacts[1].secret: looks like a reference"},
    {"secret of a channel that was meant as a reference",
     "channels: [{name: ops, kind: ntfy, to: 'https://n.x.org/a', secret: 'Env:NTFY'}]\n", 1,
     "channels[0].secret: looks like a reference"},
    {"secret of a webhook that is too short to sign with",
     "users: [{name: ana, contacts: [{kind: webhook, to: 'https://n.x.org/a', secret: "
     "'whsec_MTIzNDU2Nzg5MDEyMzQ1Ng=='}]}]\n",
     1, "users[0].contacts[0].secret: must be whsec_"},
    {"secret of a channel that is no base64",
     "channels: [{name: ops, kind: webhook, to: 'https://n.x.org/a', secret: "
     "'whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0-'}]\n",
     1, "channels[0].secret: must be whsec_"},
    {"key in the file",
     BASE SERVICE "integrations: [{name: i, kind: native, service: checkout, key: secret}]\n", 6,
     "integrations[0].key: "},
    {"route to an unknown service", BASE SERVICE "routes: [{name: r, match: [], service: x}]\n", 6,
     "routes[0].service: there is no service \"x\""},
    {"route of an unknown integration",
     BASE SERVICE "routes: [{name: r, integration: x, suppress: true}]\n", 6,
     "routes[0].integration: there is no integration \"x\""},
    {"condition on a field that is none",
     BASE SERVICE "routes: [{name: r, match: [{field: sevrity, value: x}], suppress: true}]\n", 6,
     "routes[0].match[0].field: "},
    {"short form on a field that is none",
     BASE SERVICE "routes: [{name: r, match: {sevrity: x}, suppress: true}]\n", 6,
     "routes[0].match[0].field: "},
    {"bad regular expression",
     BASE SERVICE
     "routes: [{name: r, match: [{field: summary, op: regex, value: '('}], suppress: true}]\n",
     6, "routes[0].match[0]"},
    {"a name of two lines", "users: [{name: ana, full_name: \"Ana\\nBcc: x\"}]\n", 1,
     "users[0].full_name: must be one line"},
    {"a name that reads backwards", "users: [{name: ana, full_name: \"ana\\u202egpj\"}]\n", 1,
     "users[0].full_name: must be one line"},
    {"next of nothing", BASE "schedules: [{name: s, time_zone: UTC, next_of: x}]\n", 4,
     "schedules[0].next_of: there is no schedule \"x\""},
    {"neither layers nor next_of", BASE "schedules: [{name: s, time_zone: UTC}]\n", 4,
     "schedules[0].layers: is required"},
    {"both layers and next_of",
     BASE "schedules: [{name: s, time_zone: UTC, next_of: s, layers: [{people: [ana], every: 1w, "
          "start: 2026-01-05T09:00}]}]\n",
     4, "schedules[0].layers: go by next_of already"},
    {"next of one that is next itself",
     BASE "schedules: [{name: s, time_zone: UTC, next_of: t}, {name: t, time_zone: UTC, next_of: "
          "s}]\n",
     4, "schedules[0].next_of: \"t\" has no rotations of its own"},
    {"next of one in another zone",
     BASE "schedules: [{name: s, time_zone: UTC, next_of: t}, {name: t, time_zone: Europe/Paris, "
          "layers: [{people: [ana], every: 1w, start: 2026-01-05T09:00}]}]\n",
     4, "schedules[0].time_zone: must be Europe/Paris"},
    {"months that are too many",
     BASE "schedules: [{name: s, time_zone: UTC, layers: [{people: [ana], every: 13mo, start: "
          "2026-01-05T09:00}]}]\n",
     4, "schedules[0].layers[0].every: must be a number of hours, days, weeks or months"},
    {"closed days without windows",
     BASE "schedules: [{name: s, time_zone: UTC, layers: [{people: [ana], every: 1d, start: "
          "2026-01-05T09:00, skip_closed_days: true}]}]\n",
     4, "schedules[0].layers[0].skip_closed_days: has no day to skip"},
    {"heartbeat of an unknown service", BASE "heartbeats: [{name: h, service: x, every: 1m}]\n", 4,
     "heartbeats[0].service: there is no service \"x\""},
};

static struct config_plan *plan(const char *yaml, const GPtrArray *current, char **out_fault)
{
    struct yaml_document document;
    struct fault fault = {0};
    struct config_plan *made = NULL;
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    if (yaml_read(yaml, strlen(yaml), &document, &fault)) {
        struct plan_options options = {.is_from_file = true};
        made =
            config_plan_make(document.json, current != NULL ? current : nothing, options, &fault);
    }
    *out_fault = made == NULL ? yaml_fault_text("team.yaml", &document, &fault) : NULL;
    yaml_document_clear(&document);
    return made;
}

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *fault = NULL;
        struct config_plan *made = plan(ROWS[i].yaml, NULL, &fault);
        if (made != NULL) {
            fail_msg("%s: was taken", ROWS[i].name);
        }
        g_autofree char *place = ROWS[i].line > 0 ? g_strdup_printf("team.yaml:%d: ", ROWS[i].line)
                                                  : g_strdup("team.yaml: ");
        if (!g_str_has_prefix(fault, place) || strstr(fault, ROWS[i].text) == NULL) {
            fail_msg("%s: %s", ROWS[i].name, fault);
        }
    }
}

static void test_every_mistake_is_told_at_once(void **state)
{
    (void)state;

    static const struct {
        const char *name, *yaml, *fields; /* of the faults, blanks between */
    } FILES[] = {
        {"entries that cannot be read",
         "users: [{name: ana, contact: []}, {name: budi, contacts: [{kind: fax, to: x}]}, {name: "
         "c}]\n"
         "servces: []\n"
         "services: [{name: s, policy: nobody, urgency: medium}]\n",
         "servces users[0].contact users[1].contacts[0].kind services[0].urgency"},
        {"references that lead nowhere, when all can be read",
         BASE "teams: [{name: t, members: [anna]}]\n"
              "services: [{name: s, policy: p}, {name: t, policy: q}]\n",
         "teams[0].members[0] services[0].policy services[1].policy"},
        {"several of one entry, and references beside",
         "users:\n"
         "  - {name: k1, contacts: [{kind: fax, to: x}]}\n"
         "  - {name: k2, time_zone: Mars/X, language: de}\n"
         "  - {name: k3, contacts: [{kind: email, to: \"not an address\"}], rules: {high: [{after: "
         "5, "
         "contact: nope}]}}\n"
         "  - {name: ok, contacts: [{kind: log, watched: true}]}\n"
         "schedules: [{name: ss, time_zone: Europe/Paris, layers: [{people: [ghost], every: 1w, "
         "start: "
         "2026-01-30T09:00}]}]\n"
         "policies: [{name: pp, steps: [{notify: [{user: ghost2}], wait: 5}], last_resort: {user: "
         "k1}}, {name: "
         "p2, steps: [{notify: [{user: ghost2}], wait: 5m}], last_resort: {user: k3}}]\n"
         "services: [{name: qq, policy: missing, colour: red}, {name: q2, policy: pp}, {name: q3, "
         "policy: "
         "p3}]\n",
         "users[0].contacts[0].kind users[1].language users[2].contacts[0].to "
         "users[2].rules.high[0].after policies[0].steps[0].wait services[0].colour "
         "users[1].time_zone "
         "schedules[0].layers[0].people[0] policies[1].steps[0].notify[0].user services[0].policy "
         "services[2].policy"},
        {"what refers to an entry without a name that can be read",
         BASE "teams: [{nmae: t, members: [ana]}, {name: u, members: [anna]}]\n", "teams[0].nmae"},
        {"two of one name", BASE "teams: [{name: t, members: [ana]}, {name: t, members: [ana]}]\n",
         "teams[1].name"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autoptr(GArray) faults = g_array_new(FALSE, FALSE, sizeof(struct fault));
        g_autoptr(GPtrArray) nothing = g_ptr_array_new();
        struct yaml_document document;
        struct fault first = {0};
        assert_true(yaml_read(FILES[i].yaml, strlen(FILES[i].yaml), &document, &first));
        struct plan_options options = {.is_from_file = true, .faults = faults};
        assert_null(config_plan_make(document.json, nothing, options, &first));
        yaml_document_clear(&document);
        g_autoptr(GString) fields = g_string_new(NULL);
        for (guint f = 0; f < faults->len; f++) {
            g_string_append_printf(fields, "%s%s", f > 0 ? " " : "",
                                   g_array_index(faults, struct fault, f).field);
        }
        if (strcmp(fields->str, FILES[i].fields) != 0) {
            fail_msg("%s: %s", FILES[i].name, fields->str);
        }
        assert_string_equal(first.field, g_array_index(faults, struct fault, 0).field);
    }
}

static void test_sound(void **state)
{
    (void)state;
    g_autofree char *fault = NULL;
    struct config_plan *made = plan(BASE SERVICE, NULL, &fault);
    if (made == NULL) {
        fail_msg("%s", fault);
    }
    assert_int_equal(made->changes->len, 4);
    assert_true(config_plan_changes_anything(made));
    config_plan_free(made);
    config_plan_free(NULL);
}

/* ---- short forms ---- */

static void test_short_match(void **state)
{
    (void)state;
    static const char *const FORMS[] = {
        "routes: [{name: r, match: {severity: critical, component: 5}, suppress: true}]",
        "routes: [{name: r, match: [severity: critical, component: 5], suppress: true}]",
        "routes: [{name: r, match: [{severity: critical, component: 5}], suppress: true}]",
        "routes: [{name: r, match: [{field: severity, value: critical}, {component: 5}], suppress: "
        "true}]",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(FORMS); i++) {
        g_autofree char *fault = NULL;
        struct config_plan *made = plan(FORMS[i], NULL, &fault);
        if (made == NULL) {
            fail_msg("%s: %s", FORMS[i], fault);
        }
        const struct config_change *change = g_ptr_array_index(made->changes, 0);
        json_auto_t *expect = json_pack("[{s:s, s:s}, {s:s, s:s}]", "field", "severity", "value",
                                        "critical", "field", "component", "value", "5");
        assert_true(json_equal(json_object_get(change->object->spec, "match"), expect));
        config_plan_free(made);
    }
}

/* ---- against what is there ---- */

/* What a plan would leave in the database. */
static GPtrArray *objects_of(const struct config_plan *made)
{
    GPtrArray *objects = g_ptr_array_new();
    for (guint i = 0; i < made->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(made->changes, i);
        g_ptr_array_add(objects, change->object);
    }
    return objects;
}

static void test_order_of_routes_matters(void **state)
{
    (void)state;
    g_autofree char *fault = NULL;
    struct config_plan *first = plan(
        "routes: [{name: a, suppress: true}, {name: b, suppress: true}]\nusers: [{name: x}, {name: "
        "y}]",
        NULL, &fault);
    g_autoptr(GPtrArray) objects = objects_of(first);
    struct config_plan *second = plan(
        "routes: [{name: b, suppress: true}, {name: a, suppress: true}]\nusers: [{name: y}, {name: "
        "x}]",
        objects, &fault);
    json_auto_t *json = config_plan_json(second);
    g_autofree char *text = config_plan_text(json);
    assert_string_equal(text, "~ route b: order 2 -> 1\n~ route a: order 1 -> 2\n"
                              "0 created, 2 changed, 0 deleted, 2 unchanged\n");
    config_plan_free(second);
    config_plan_free(first);
}

static void test_kept_object_would_break(void **state)
{
    (void)state;
    g_autofree char *fault = NULL;
    struct config_plan *first = plan(BASE SERVICE, NULL, &fault);
    g_autoptr(GPtrArray) objects = objects_of(first);
    /* Ana loses her contact; the policy, which is not in this file, would end in silence. */
    struct config_plan *second = plan("users: [{name: ana}]\n", objects, &fault);
    assert_null(second);
    assert_non_null(strstr(fault, "policy p, which this file leaves as it is, would break"));
    assert_non_null(strstr(fault, "ana has no contact"));
    config_plan_free(first);
}

/* ---- diff ---- */

static const struct {
    const char *name, *before, *after, *lines;
} DIFFS[] = {
    {"nothing", "{\"a\":1}", "{\"a\":1}", ""},
    {"order of keys", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", ""},
    {"text", "{\"a\":\"x\"}", "{\"a\":\"y\"}", "a x -> y"},
    {"number", "{\"a\":1}", "{\"a\":true}", "a 1 -> true"},
    {"added", "{}", "{\"a\":\"x\"}", "a added: x"},
    {"removed", "{\"a\":{\"b\":1}}", "{}", "a removed: {\"b\":1}"},
    {"deep", "{\"a\":[{\"b\":{\"c\":1}}]}", "{\"a\":[{\"b\":{\"c\":2}}]}", "a[0].b.c 1 -> 2"},
    {"list of texts", "{\"a\":[\"x\",\"y\"]}", "{\"a\":[\"y\"]}", "a [\"x\",\"y\"] -> [\"y\"]"},
    {"list of objects grows", "{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":1},{\"b\":2}]}",
     "a[1] added: {\"b\":2}"},
    {"two fields", "{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":2}", "a 1 -> 2; b 1 -> 2"},
    {"secret", "{\"secret\":\"old\"}", "{\"secret\":\"new\"}", "secret changed (not shown)"},
    {"secret added", "{}", "{\"secret\":\"new\"}", "secret added: (not shown)"},
    {"secret within what is added", "{\"a\":[]}", "{\"a\":[{\"b\":[{\"secret\":\"new\"}]}]}",
     "a[0] added: (not shown)"},
    {"secret within what changes its kind", "{\"a\":{\"secret\":\"old\"}}", "{\"a\":1}",
     "a changed (not shown)"},
};

static void test_diff(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(DIFFS); i++) {
        json_auto_t *before = json_loads(DIFFS[i].before, 0, NULL);
        json_auto_t *after = json_loads(DIFFS[i].after, 0, NULL);
        GPtrArray *lines = config_diff(before, after);
        g_ptr_array_add(lines, NULL);
        g_autofree char *text = g_strjoinv("; ", (char **)lines->pdata);
        if (strcmp(text, DIFFS[i].lines) != 0) {
            fail_msg("%s: %s", DIFFS[i].name, text);
        }
        g_ptr_array_unref(lines);
    }
}

int main(void)
{
    config_register(CONFIG_KINDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_every_mistake_is_told_at_once),
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_short_match),
        cmocka_unit_test(test_order_of_routes_matters),
        cmocka_unit_test(test_diff),
        cmocka_unit_test(test_kept_object_would_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
