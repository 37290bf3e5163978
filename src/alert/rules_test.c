/* Conditions, routes, silences and deduplication, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/dedup.h"
#include "alert/match.h"
#include "alert/route.h"
#include "alert/silence.h"
#include "base/json.h"
#include "base/limits.h"
#include "people/user.h"

/* 2026-11-22 is a Sunday. */
static const char NOW[] = "2026-11-22T10:00:00Z";

#define ONCE(from, to) "\"from\":\"2026-11-22T" from ":00Z\",\"to\":\"2026-11-22T" to ":00Z\""

static struct utc at(const char *text)
{
    struct utc utc = {0};
    assert_true(utc_parse(text, &utc));
    return utc;
}

static json_t *json_of(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    if (value == NULL) {
        fail_msg("%s: %s", text, error.text);
    }
    return value;
}

/* A list of records from a JSON array. */
static GPtrArray *list_of(const struct record *record, const char *text)
{
    json_auto_t *items = json_of(text);
    GPtrArray *list = g_ptr_array_new();
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach (items, i, item) {
        struct fault fault = {0};
        void *made = record_new(record, item, &fault);
        if (made == NULL) {
            fail_msg("%s: %s %s", text, fault.field, fault.text);
        }
        g_ptr_array_add(list, made);
    }
    return list;
}

static void list_free(const struct record *record, GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        record_free(record, g_ptr_array_index(list, i));
    }
    g_ptr_array_unref(list);
}

static json_t *DETAILS;

static struct match_subject subject_of(void)
{
    return (struct match_subject){
        .integration = "prod-am",
        .service = "checkout",
        .dedup_key = "db7/disk",
        .summary = "db7 disk 97% full",
        .source = "db7.example.org",
        .severity = SEVERITY_WARNING,
        .details = DETAILS,
    };
}

static int set_up(void **state)
{
    (void)state;
    DETAILS =
        json_of("{\"labels\": {\"alertname\": \"DiskFull\", \"team\": \"db\", \"empty\": \"\"},"
                " \"used\": 97, \"ok\": false, \"nothing\": null, \"list\": [1, 2],"
                " \"app.kubernetes.io/name\": \"pg\","
                " \"a.b\": {\"c.d\": \"deep\"}}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(DETAILS);
    return 0;
}

/* --- conditions --- */

static const struct {
    const char *name;
    const char *match;
    bool holds;
} MATCHES[] = {
    {"no condition holds", "[]", true},
    {"equal", "[{\"field\":\"source\",\"value\":\"db7.example.org\"}]", true},
    {"equals is the whole text", "[{\"field\":\"source\",\"value\":\"db7\"}]", false},
    {"severity by name", "[{\"field\":\"severity\",\"value\":\"warning\"}]", true},
    {"not equal", "[{\"field\":\"service\",\"op\":\"not-equals\",\"value\":\"search\"}]", true},
    {"sign for not equal", "[{\"field\":\"service\",\"op\":\"!=\",\"value\":\"checkout\"}]", false},
    {"absent is an empty text", "[{\"field\":\"group\",\"value\":\"\"}]", true},
    {"absent is not some text", "[{\"field\":\"group\",\"op\":\"!=\",\"value\":\"x\"}]", true},
    {"exists", "[{\"field\":\"summary\",\"op\":\"exists\"}]", true},
    {"absent does not exist", "[{\"field\":\"component\",\"op\":\"exists\"}]", false},
    {"an empty label exists", "[{\"field\":\"details.labels.empty\",\"op\":\"exists\"}]", true},
    {"null does not exist", "[{\"field\":\"details.nothing\",\"op\":\"exists\"}]", false},
    {"label", "[{\"field\":\"details.labels.alertname\",\"value\":\"DiskFull\"}]", true},
    {"number as text", "[{\"field\":\"details.used\",\"value\":97}]", true},
    {"bool as text", "[{\"field\":\"details.ok\",\"value\":false}]", true},
    {"list as JSON", "[{\"field\":\"details.list\",\"value\":\"[1,2]\"}]", true},
    {"key with dots", "[{\"field\":\"details.app.kubernetes.io/name\",\"value\":\"pg\"}]", true},
    {"keys with dots within", "[{\"field\":\"details.a.b.c.d\",\"value\":\"deep\"}]", true},
    {"path through a text ends", "[{\"field\":\"details.labels.team.x\",\"value\":\"db\"}]", false},
    {"regex of the whole", "[{\"field\":\"summary\",\"op\":\"=~\",\"value\":\"db7 .*full\"}]",
     true},
    {"regex is anchored", "[{\"field\":\"summary\",\"op\":\"=~\",\"value\":\"disk\"}]", false},
    {"alternatives stay inside", "[{\"field\":\"service\",\"op\":\"=~\",\"value\":\"x|check\"}]",
     false},
    {"not regex", "[{\"field\":\"service\",\"op\":\"!~\",\"value\":\"search|cart\"}]", true},
    {"no line end at the end", "[{\"field\":\"service\",\"op\":\"=~\",\"value\":\"checkou\"}]",
     false},
    {"all must hold",
     "[{\"field\":\"service\",\"value\":\"checkout\"},{\"field\":\"source\",\"value\":\"x\"}]",
     false},
};

static void conditions_hold_as_written(void **state)
{
    (void)state;
    struct match_subject subject = subject_of();
    for (size_t i = 0; i < G_N_ELEMENTS(MATCHES); i++) {
        GPtrArray *list = list_of(&MATCH_RECORD, MATCHES[i].match);
        if (match_all(list, &subject) != MATCHES[i].holds) {
            fail_msg("%s", MATCHES[i].name);
        }
        list_free(&MATCH_RECORD, list);
    }
}

static void an_evil_pattern_gives_up(void **state)
{
    (void)state;
    g_autofree char *many = g_strnfill(5000, 'a');
    g_autofree char *summary = g_strconcat(many, "bc-", NULL);
    struct match_subject subject = {.summary = summary};
    static const char *const EVIL[] = {
        "[{\"field\":\"summary\",\"op\":\"=~\",\"value\":\"(a+)+b\"}]",
        "[{\"field\":\"summary\",\"op\":\"!~\",\"value\":\"(a+)+b\"}]",
        "[{\"field\":\"summary\",\"op\":\"=~\",\"value\":\"(a|aa)+c\"}]",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(EVIL); i++) {
        GPtrArray *list = list_of(&MATCH_RECORD, EVIL[i]);
        assert_int_equal(match_judge(list, &subject), MATCHED_UNSURE); /* negated or not */
        assert_false(match_all(list, &subject));                       /* rather a page too many */
        list_free(&MATCH_RECORD, list);
    }
    GPtrArray *list =
        list_of(&MATCH_RECORD, "[{\"field\":\"summary\",\"op\":\"!~\",\"value\":\"(a+)+b\"},"
                               "{\"field\":\"summary\",\"op\":\"equals\",\"value\":\"x\"}]");
    assert_int_equal(match_judge(list, &subject), MATCHED_NOT); /* whatever the first would say */
    list_free(&MATCH_RECORD, list);
}

#define BOMB "\"match\":[{\"field\":\"summary\",\"op\":\"!~\",\"value\":\"(a|aa)+|.*!\"}]"

/* Neither takes an alert away, and both are told. */
static void what_cannot_be_evaluated_decides_nothing(void **state)
{
    (void)state;
    g_autofree char *many = g_strnfill(60, 'a');
    g_autofree char *summary = g_strconcat(many, "!", NULL);
    struct match_subject subject = {.summary = summary};
    GPtrArray *routes =
        list_of(&ROUTE_RECORD, "[{\"name\":\"a\",\"suppress\":true," BOMB "},"
                               "{\"name\":\"b\",\"service\":\"search\",\"continue\":true},"
                               "{\"name\":\"c\",\"service\":\"lost\"," BOMB "}]");
    struct route_verdict sent = route_walk(routes, &subject);
    assert_string_equal(sent.service, "search");
    assert_false(sent.is_suppressed);
    assert_string_equal(sent.taken, "b");
    assert_string_equal(sent.unsure, "a,c");
    g_free(sent.taken);
    g_free(sent.unsure);
    list_free(&ROUTE_RECORD, routes);
    GPtrArray *silences =
        list_of(&SILENCE_RECORD,
                "[{\"name\":\"now\"," ONCE("09:00", "11:00") "," BOMB "},"
                                                             "{\"name\":\"later\"," ONCE(
                                                                 "11:00", "12:00") "," BOMB "}]");
    struct silence_verdict held = silence_judge(silences, &subject, at(NOW));
    assert_null(held.by);
    assert_string_equal(held.unsure->name, "now");
    list_free(&SILENCE_RECORD, silences);
}

static const struct {
    const char *name;
    const struct record *record;
    const char *spec;
    const char *field; /* of the fault; NULL: good */
} RECORDS[] = {
    {"no such field", &MATCH_RECORD, "{\"field\":\"sumary\",\"value\":\"x\"}", "field"},
    {"details alone", &MATCH_RECORD, "{\"field\":\"details.\",\"value\":\"x\"}", "field"},
    {"no value", &MATCH_RECORD, "{\"field\":\"summary\"}", "value"},
    {"exists with a value", &MATCH_RECORD,
     "{\"field\":\"summary\",\"op\":\"exists\",\"value\":\"x\"}", "value"},
    {"value of a wrong type", &MATCH_RECORD, "{\"field\":\"summary\",\"value\":[]}", "value"},
    {"malformed regex", &MATCH_RECORD, "{\"field\":\"summary\",\"op\":\"regex\",\"value\":\"a(\"}",
     "value"},
    {"bracket that would pair with ours", &MATCH_RECORD,
     "{\"field\":\"summary\",\"op\":\"regex\",\"value\":\"a)|(b\"}", "value"},
    {"limits cannot be lifted", &MATCH_RECORD,
     "{\"field\":\"summary\",\"op\":\"regex\",\"value\":\"(*LIMIT_MATCH=9)a\"}", "value"},
    {"service", &SERVICE_RECORD, "{\"name\":\"a\",\"policy\":\"p\"}", NULL},
    {"service without policy", &SERVICE_RECORD, "{\"name\":\"a\"}", "policy"},
    {"integration", &INTEGRATION_RECORD,
     "{\"name\":\"a\",\"kind\":\"alertmanager\",\"service\":\"s\",\"key\":\"env:X\"}", NULL},
    {"key in the open", &INTEGRATION_RECORD,
     "{\"name\":\"a\",\"kind\":\"native\",\"service\":\"s\",\"key\":\"hunter2\"}", "key"},
    {"unknown kind", &INTEGRATION_RECORD, "{\"name\":\"a\",\"kind\":\"zabbix\",\"service\":\"s\"}",
     "kind"},
    {"route that does nothing", &ROUTE_RECORD, "{\"name\":\"r\"}", ""},
    {"route", &ROUTE_RECORD, "{\"name\":\"r\",\"suppress\":true,\"continue\":true}", NULL},
    {"route with a bad condition", &ROUTE_RECORD,
     "{\"name\":\"r\",\"suppress\":true,\"match\":[{\"field\":\"x\",\"value\":\"y\"}]}",
     "match[0].field"},
    {"silence of nothing", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[],\"from\":\"2026-01-01T00:00:00Z\","
     "\"to\":\"2026-01-02T00:00:00Z\"}",
     "match"},
    {"silence without time", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[{\"field\":\"source\",\"value\":\"x\"}]}", "from"},
    {"silence with both", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[{\"field\":\"source\",\"value\":\"x\"}],"
     "\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\",\"windows\":[{}],"
     "\"time_zone\":\"UTC\"}",
     "windows"},
    {"silence without end", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[{\"field\":\"source\",\"value\":\"x\"}],"
     "\"from\":\"2026-01-01T00:00:00Z\"}",
     "to"},
    {"silence backwards", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[{\"field\":\"source\",\"value\":\"x\"}],"
     "\"from\":\"2026-01-02T00:00:00Z\",\"to\":\"2026-01-01T00:00:00Z\"}",
     "to"},
    {"recurring without zone", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[{\"field\":\"source\",\"value\":\"x\"}],"
     "\"windows\":[{\"days\":\"sat-sun\",\"from\":\"02:00\",\"to\":\"04:00\"}]}",
     "time_zone"},
    {"recurring in no such zone", &SILENCE_RECORD,
     "{\"name\":\"s\",\"match\":[{\"field\":\"source\",\"value\":\"x\"}],"
     "\"windows\":[{\"days\":\"sat-sun\",\"from\":\"02:00\",\"to\":\"04:00\"}],"
     "\"time_zone\":\"Europe/Atlantis\"}",
     "time_zone"},
    {"heartbeat", &HEARTBEAT_RECORD, "{\"name\":\"h\",\"service\":\"s\",\"every\":\"5m\"}", NULL},
    {"heartbeat that never beats", &HEARTBEAT_RECORD,
     "{\"name\":\"h\",\"service\":\"s\",\"every\":\"0s\"}", "every"},
};

static void records_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(RECORDS); i++) {
        json_auto_t *spec = json_of(RECORDS[i].spec);
        struct fault fault = {0};
        void *made = record_new(RECORDS[i].record, spec, &fault);
        bool is_good = RECORDS[i].field == NULL;
        if ((made != NULL) != is_good || (!is_good && strcmp(fault.field, RECORDS[i].field) != 0)) {
            fail_msg("%s: %s: %s", RECORDS[i].name, fault.field, fault.text);
        }
        if (made != NULL) {
            json_auto_t *again = record_write(RECORDS[i].record, made);
            for (void *key = json_object_iter(spec); key != NULL;
                 key = json_object_iter_next(spec, key)) {
                bool is_secret = strcmp(json_object_iter_key(key), "key") == 0;
                assert_true(is_secret ||
                            json_equal(json_object_iter_value(key),
                                       json_object_get(again, json_object_iter_key(key))));
            }
        }
        record_free(RECORDS[i].record, made);
    }
}

/* --- routes --- */

static const struct {
    const char *name;
    const char *routes;
    const char *service;
    int severity;
    bool is_suppressed;
    const char *taken;
} ROUTES[] = {
    {"none", "[]", NULL, 0, false, NULL},
    {"no match changes nothing",
     "[{\"name\":\"a\",\"match\":[{\"field\":\"service\",\"value\":\"x\"}],\"suppress\":true}]",
     NULL, 0, false, NULL},
    {"first match stops",
     "[{\"name\":\"a\",\"service\":\"search\"},{\"name\":\"b\",\"severity\":\"info\"}]", "search",
     0, false, "a"},
    {"continue goes on",
     "[{\"name\":\"a\",\"service\":\"search\",\"continue\":true},"
     "{\"name\":\"b\",\"severity\":\"info\"}]",
     "search", SEVERITY_INFO, false, "a,b"},
    {"later decides anew",
     "[{\"name\":\"a\",\"service\":\"search\",\"continue\":true},"
     "{\"name\":\"b\",\"service\":\"cart\"}]",
     "cart", 0, false, "a,b"},
    {"conditions see the alert as it came",
     "[{\"name\":\"a\",\"service\":\"search\",\"continue\":true},"
     "{\"name\":\"b\",\"match\":[{\"field\":\"service\",\"value\":\"checkout\"}],"
     "\"suppress\":true}]",
     "search", 0, true, "a,b"},
    {"of another integration", "[{\"name\":\"a\",\"integration\":\"x\",\"suppress\":true}]", NULL,
     0, false, NULL},
    {"of this integration", "[{\"name\":\"a\",\"integration\":\"prod-am\",\"suppress\":true}]",
     NULL, 0, true, "a"},
};

static void routes_are_walked_in_order(void **state)
{
    (void)state;
    struct match_subject subject = subject_of();
    for (size_t i = 0; i < G_N_ELEMENTS(ROUTES); i++) {
        GPtrArray *routes = list_of(&ROUTE_RECORD, ROUTES[i].routes);
        struct route_verdict verdict = route_walk(routes, &subject);
        g_autofree char *taken = verdict.taken;
        if (g_strcmp0(verdict.service, ROUTES[i].service) != 0 ||
            verdict.severity != ROUTES[i].severity ||
            verdict.is_suppressed != ROUTES[i].is_suppressed ||
            g_strcmp0(taken, ROUTES[i].taken) != 0) {
            fail_msg("%s: %s %d %s", ROUTES[i].name, verdict.service, verdict.severity, taken);
        }
        list_free(&ROUTE_RECORD, routes);
    }
}

/* --- silences --- */

#define OF_DB7 "\"match\":[{\"field\":\"source\",\"op\":\"=~\",\"value\":\"db7.*\"}]"
#define OF_DB8 "\"match\":[{\"field\":\"source\",\"op\":\"=~\",\"value\":\"db8.*\"}]"
#define NIGHTLY                                                             \
    "\"windows\":[{\"days\":\"sun\",\"from\":\"10:30\",\"to\":\"12:00\"}]," \
    "\"time_zone\":\"Europe/Paris\""

static const struct {
    const char *name;
    const char *silences;
    const char *by;    /* NULL: not silenced */
    const char *until; /* NULL: never */
} SILENCES[] = {
    {"none", "[]", NULL, NULL},
    {"in it", "[{\"name\":\"a\"," OF_DB7 "," ONCE("09:00", "11:00") "}]", "a",
     "2026-11-22T11:00:00Z"},
    {"at its first instant", "[{\"name\":\"a\"," OF_DB7 "," ONCE("10:00", "11:00") "}]", "a",
     "2026-11-22T11:00:00Z"},
    {"its last instant is not in it", "[{\"name\":\"a\"," OF_DB7 "," ONCE("09:00", "10:00") "}]",
     NULL, NULL},
    {"before it", "[{\"name\":\"a\"," OF_DB7 "," ONCE("10:30", "11:00") "}]", NULL,
     "2026-11-22T10:30:00Z"},
    {"of another thing", "[{\"name\":\"a\"," OF_DB8 "," ONCE("09:00", "11:00") "}]", NULL, NULL},
    {"the longest of two",
     "[{\"name\":\"a\"," OF_DB7 "," ONCE("09:00", "11:00") "},{\"name\":\"b\"," OF_DB7
                                                           "," ONCE("09:00", "12:00") "}]",
     "b", "2026-11-22T12:00:00Z"},
    {"recurring, 11:00 in Paris", "[{\"name\":\"a\"," OF_DB7 "," NIGHTLY "}]", "a",
     "2026-11-22T11:00:00Z"},
};

static void silences_say_until_when(void **state)
{
    (void)state;
    struct match_subject subject = subject_of();
    for (size_t i = 0; i < G_N_ELEMENTS(SILENCES); i++) {
        GPtrArray *silences = list_of(&SILENCE_RECORD, SILENCES[i].silences);
        struct silence_verdict verdict = silence_judge(silences, &subject, at(NOW));
        const char *by = verdict.by == NULL ? NULL : verdict.by->name;
        struct utc until = SILENCES[i].until == NULL ? UTC_NEVER : at(SILENCES[i].until);
        if (g_strcmp0(by, SILENCES[i].by) != 0 || verdict.until.us != until.us) {
            char text[UTC_TEXT_SIZE];
            utc_format(verdict.until, text);
            fail_msg("%s: %s until %s", SILENCES[i].name, by, text);
        }
        list_free(&SILENCE_RECORD, silences);
    }
}

/* --- deduplication --- */

static void signals_meet_alerts(void **state)
{
    (void)state;
    struct alert open = {.status = ALERT_OPEN};
    static const struct signal TRIGGER = {.action = SIGNAL_TRIGGER},
                               ACKNOWLEDGE = {.action = SIGNAL_ACKNOWLEDGE},
                               RESOLVE = {.action = SIGNAL_RESOLVE};
    assert_int_equal(dedup_judge(&TRIGGER, NULL), DEDUP_OPEN);
    assert_int_equal(dedup_judge(&TRIGGER, &open), DEDUP_JOIN);
    assert_int_equal(dedup_judge(&ACKNOWLEDGE, NULL), DEDUP_UNKNOWN);
    assert_int_equal(dedup_judge(&ACKNOWLEDGE, &open), DEDUP_ACKNOWLEDGE);
    assert_int_equal(dedup_judge(&RESOLVE, NULL), DEDUP_UNKNOWN);
    assert_int_equal(dedup_judge(&RESOLVE, &open), DEDUP_RESOLVE);
    assert_false(dedup_is_flapping(2));
    assert_true(dedup_is_flapping(3));
}

/* Minutes past ten by the sender's clock; NONE: it does not say. */
enum { NONE = -1 };

static struct utc past_ten(int minutes)
{
    return minutes == NONE ? (struct utc){0}
                           : (struct utc){INT64_C(1795000000000000) + SPAN_MIN(minutes).us};
}

static const struct {
    const char *name;
    int episode, ended; /* of the open alert */
    int start, end;     /* of the resolve */
    bool is_repeated, is_stale;
} RESOLVES[] = {
    {"the end of what is open", 20, NONE, 20, 25, false, false},
    {"a late copy of the one before", 20, NONE, 0, 5, false, true},
    {"it ended in the instant in which this began", 20, NONE, 0, 20, false, false},
    {"start and end are one (Grafana)", 20, NONE, 25, 25, false, false},
    {"start and end are this one's start", 20, NONE, 20, 20, false, false},
    {"the clock was set back an hour between", 60, NONE, 60, 5, false, false},
    {"the clock was set ahead an hour between", 0, NONE, 0, 65, false, false},
    {"no end", 20, NONE, 20, NONE, false, false},
    {"no end, of the one before", 20, NONE, 0, NONE, false, true},
    {"neither start nor end", 20, NONE, NONE, NONE, false, false},
    {"an end only", 20, NONE, NONE, 25, false, false},
    {"an old end only", 20, NONE, NONE, 5, false, true},
    {"the alert has no start", NONE, NONE, 0, 5, false, false},
    {"a replica of it, that began a little earlier", 20, NONE, 19, 25, false, false},
    {"said before, and gone on since", 0, 5, 0, 5, true, true},
    {"a replica's end, later than the other's", 0, 5, 0, 6, true, false},
    {"once more by a sender that says it once", 0, 5, 0, 5, false, false},
};

static void a_late_resolve_is_of_an_older_episode(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(RESOLVES); i++) {
        const struct alert open = {.status = ALERT_OPEN,
                                   .episode_at = past_ten(RESOLVES[i].episode),
                                   .ended_at = past_ten(RESOLVES[i].ended)};
        const struct signal resolve = {.action = SIGNAL_RESOLVE,
                                       .occurred_at = past_ten(RESOLVES[i].start),
                                       .ended_at = past_ten(RESOLVES[i].end),
                                       .is_repeated = RESOLVES[i].is_repeated};
        int expected = RESOLVES[i].is_stale ? DEDUP_STALE : DEDUP_RESOLVE;
        if ((int)dedup_judge(&resolve, &open) != expected) {
            fail_msg("%s", RESOLVES[i].name);
        }
    }
}

static const struct {
    const char *name;
    int start; /* of the trigger; the alert began at 0 and ended at 5, by the sender's clock */
    int ago;   /* minutes since it was resolved, by ours */
    const char *by;
    bool is_repeated, continues;
} TRIGGERS[] = {
    {"the same episode", 0, 1, "integration:am", false, true},
    {"the same episode, at last", 0, 15, "integration:am", false, true},
    {"the same episode, but people think that it is over", 0, 16, "integration:am", false, false},
    {"a new one", 6, 1, "integration:am", true, false},
    {"a new one in the instant of the end", 5, 1, "integration:am", true, false},
    {"a replica that saw it a little later", 1, 1, "integration:am", true, true},
    {"a replica that saw it a little earlier", -3, 1, "integration:am", true, true},
    {"the other of a pair, by way of a split pair of Alertmanagers", 1, 1, "integration:am", false,
     true},
    {"a new one, by way of an Alertmanager", 6, 1, "integration:am", false, false},
    {"no start", NONE, 1, "integration:am", true, false},
    {"it was not refreshed, and goes on", 0, 1, "tocsin", true, true},
    {"a person said that it is over", 0, 1, "user:ana", true, false},
    {"another source said it", 0, 1, "integration:prom", true, false},
};

static void a_firing_of_the_episode_just_resolved_continues_it(void **state)
{
    (void)state;
    const struct principal am = {PRINCIPAL_INTEGRATION, "am"};
    const struct utc now = past_ten(100);
    for (size_t i = 0; i < G_N_ELEMENTS(TRIGGERS); i++) {
        g_autofree char *by = g_strdup(TRIGGERS[i].by);
        const struct alert last = {.status = ALERT_RESOLVED,
                                   .started_at = past_ten(0),
                                   .episode_at = past_ten(0),
                                   .ended_at = past_ten(5),
                                   .resolved_at = utc_add(now, SPAN_MIN(-TRIGGERS[i].ago)),
                                   .resolved_by = by};
        const struct signal signal = {.action = SIGNAL_TRIGGER,
                                      .occurred_at = past_ten(TRIGGERS[i].start),
                                      .is_repeated = TRIGGERS[i].is_repeated};
        if (dedup_continues(&signal, &last, am, now) != TRIGGERS[i].continues) {
            fail_msg("%s", TRIGGERS[i].name);
        }
    }
}

static void links_on_another_host_are_the_same(void **state)
{
    (void)state;

    static const struct {
        const char *one, *other;
        bool is_same;
    } rows[] = {
        {"http://prom-a:9090/graph?x=1", "http://prom-b:9090/graph?x=1", true},
        {"http://prom-a:9090/graph?x=1", "http://prom-a:9090/graph?x=2", false},
        {"http://prom-a", "https://prom-b", true},
        {"http://prom-a", "http://prom-a/", false},
        {"", "", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_auto_t *one = json_pack("[{s:s, s:s}]", "href", rows[i].one, "text", "t");
        json_auto_t *other = json_pack("[{s:s, s:s}]", "href", rows[i].other, "text", "t");
        assert_int_equal(dedup_same_links(one, other), rows[i].is_same);
        (void)json_object_set_new(json_array_get(other, 0), "text", json_string("u"));
        assert_false(dedup_same_links(one, other));
        assert_false(dedup_same_links(one, NULL));
    }
    assert_true(dedup_same_links(NULL, NULL));
}

static void long_keys_are_hashed(void **state)
{
    (void)state;
    g_autofree char *most = g_strnfill(LIMIT_DEDUP_KEY, 'k');
    g_autofree char *same = dedup_key_fit(most);
    assert_string_equal(same, most);
    g_autofree char *more = g_strconcat(most, "1", NULL);
    g_autofree char *other = g_strconcat(most, "2", NULL);
    g_autofree char *one = dedup_key_fit(more);
    g_autofree char *again = dedup_key_fit(more);
    g_autofree char *two = dedup_key_fit(other);
    assert_string_equal(one, again);
    assert_string_not_equal(one, two);
    assert_true(strlen(one) <= LIMIT_DEDUP_KEY);
    static const unsigned char BITS[DEDUP_KEY_BYTES] = {0, 1, 0xab, [DEDUP_KEY_BYTES - 1] = 0xff};
    g_autofree char *key = dedup_key_of_bits(BITS);
    assert_string_equal(key, "0001ab000000000000000000000000ff");
}

static void urgency_follows_service_and_severity(void **state)
{
    (void)state;
    const struct service high = {.urgency = SERVICE_HIGH};
    const struct service low = {.urgency = SERVICE_LOW};
    const struct service unsaid = {0};
    assert_int_equal(urgency_of(&high, SEVERITY_INFO), URGENCY_HIGH);
    assert_int_equal(urgency_of(&low, SEVERITY_CRITICAL), URGENCY_LOW);
    assert_int_equal(urgency_of(&unsaid, SEVERITY_ERROR), URGENCY_HIGH);
    assert_int_equal(urgency_of(&unsaid, SEVERITY_WARNING), URGENCY_LOW);
    assert_int_equal(urgency_of(NULL, SEVERITY_CRITICAL), URGENCY_HIGH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_hold_as_written),
        cmocka_unit_test(an_evil_pattern_gives_up),
        cmocka_unit_test(what_cannot_be_evaluated_decides_nothing),
        cmocka_unit_test(records_are_judged),
        cmocka_unit_test(routes_are_walked_in_order),
        cmocka_unit_test(silences_say_until_when),
        cmocka_unit_test(signals_meet_alerts),
        cmocka_unit_test(a_late_resolve_is_of_an_older_episode),
        cmocka_unit_test(a_firing_of_the_episode_just_resolved_continues_it),
        cmocka_unit_test(links_on_another_host_are_the_same),
        cmocka_unit_test(long_keys_are_hashed),
        cmocka_unit_test(urgency_follows_service_and_severity),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
