/* Off duty, misses and trying out routes, over HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/test_house.h"
#include "base/json.h"
#include "people/user.h"

static struct test_house *house;

/* Ana is on call, whenever this runs, and budi can stand in for her. */
static const char ROTATION[] =
    "{\"document\": {\"schedules\": [{\"name\": \"primary\", \"time_zone\": \"Europe/Paris\","
    " \"layers\": [{\"people\": [\"ana\", \"budi\"], \"every\": \"1w\","
    " \"start\": \"2026-01-05T09:00\"}],"
    " \"overrides\": [{\"from\": \"2026-01-01T00:00\", \"to\": \"2100-01-01T00:00\","
    " \"who\": \"ana\"}]}]}}";

static _Atomic int asked;

/* As of a server that has no mail server, calls nobody at 10.0.0.8, and lacks a secret. */
static char *amiss(void *self, int kind, const char *to, const char *secret)
{
    (void)self;
    if (secret != NULL) {
        assert_null(to); /* each is asked for alone, for a secret may take its time */
        atomic_fetch_add(&asked, 1);
        return g_str_has_suffix(secret, "GONE") ? g_strdup("the variable is not set") : NULL;
    }
    if (kind == CONTACT_EMAIL) {
        return g_strdup("no mail server is set");
    }
    return strstr(to, "10.0.0.8") != NULL ? g_strdup("10.0.0.8 is private") : NULL;
}

static int open_house(void **state)
{
    (void)state;
    atomic_store(&asked, 0);
    test_house_way_amiss = amiss;
    house = test_house_open(false);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    test_house_close(&house);
    return 0;
}

static void in_an_hour(char out[UTC_TEXT_SIZE])
{
    utc_format(utc_add(clock_now(&CLOCK_SYSTEM), SPAN_H(1)), out);
}

static json_t *take_off(const char *token, const char *more, int status)
{
    char until[UTC_TEXT_SIZE];
    in_an_hour(until);
    g_autofree char *body = g_strdup_printf("{\"until\": \"%s\"%s}", until, more);
    return test_json(house, token, "POST", "/api/v1/users/ana/off-duty", body, status);
}

static const char *on_call(json_t **out_answer)
{
    *out_answer =
        test_json(house, house->read, "GET", "/api/v1/schedules/primary/on-call", NULL, 200);
    return json_text(json_array_get(json_object_get(*out_answer, "on_call"), 0), "user", "");
}

static void somebody_takes_over(void **state)
{
    (void)state;
    json_auto_t *nobody = take_off(house->respond, "", 200);
    assert_int_equal(json_array_size(json_object_get(nobody, "covers")), 0);
    assert_int_equal(json_array_size(json_object_get(nobody, "uncovered")), 1);
    json_decref(test_json(house, house->admin, "POST", "/api/v1/config/apply", ROTATION, 200));
    int64_t alert_id = test_alert(house, "unanswered");
    json_auto_t *dry = take_off(house->respond, ", \"dry_run\": true, \"reassign\": true", 200);
    const json_t *cover = json_array_get(json_object_get(dry, "covers"), 0);
    assert_string_equal(json_text(cover, "who", ""), "budi");
    json_t *answer = NULL;
    assert_string_equal(on_call(&answer), "ana");
    json_decref(answer);
    json_auto_t *done = take_off(house->respond, ", \"reassign\": true", 200);
    assert_int_equal(json_integer_value(json_object_get(done, "handed_on")), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(done, "named_by"), 0)),
                        "standard");
    assert_string_equal(on_call(&answer), "budi");
    json_decref(answer);
    g_autofree char *path =
        g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/explain", alert_id);
    json_auto_t *explained = test_json(house, house->read, "GET", path, NULL, 200);
    const json_t *pages = json_object_get(explained, "pages");
    assert_string_equal(json_text(json_array_get(pages, 0), "state", ""), "moved");
    assert_string_equal(json_text(json_array_get(pages, 1), "who", ""), "budi");
}

static void readers_take_nobody_off(void **state)
{
    (void)state;
    json_decref(take_off(house->read, "", 403));
    json_decref(take_off(NULL, "", 401));
    json_auto_t *unknown = test_json(house, house->respond, "POST", "/api/v1/users/eve/off-duty",
                                     "{\"until\": \"2099-01-01T00:00:00Z\"}", 404);
    assert_string_equal(json_text(unknown, "field", ""), "name");
    json_auto_t *past = test_json(house, house->respond, "POST", "/api/v1/users/ana/off-duty",
                                  "{\"until\": \"2020-01-01T00:00:00Z\"}", 422);
    assert_string_equal(json_text(past, "field", ""), "until");
    json_auto_t *later = test_json(house, house->respond, "POST", "/api/v1/users/ana/off-duty",
                                   "{\"from\": \"2098-12-01T00:00:00Z\", \"reassign\": true, "
                                   "\"until\": \"2099-01-01T00:00:00Z\"}",
                                   422);
    assert_string_equal(json_text(later, "field", ""), "reassign");
}

static void absences_are_listed_and_ended(void **state)
{
    (void)state;
    json_decref(test_json(house, house->admin, "POST", "/api/v1/config/apply", ROTATION, 200));
    json_auto_t *done = take_off(house->respond, ", \"comment\": \"ill\"", 200);
    const char *name = json_text(done, "absence", "");
    json_auto_t *list = test_json(house, house->read, "GET", "/api/v1/absences", NULL, 200);
    const json_t *item = json_array_get(json_object_get(list, "items"), 0);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
    assert_string_equal(json_text(item, "name", ""), name);
    assert_string_equal(json_text(item, "user", ""), "ana");
    assert_string_equal(json_text(item, "comment", ""), "ill");
    assert_string_equal(json_text(item, "to", ""), json_text(done, "until", "-"));
    assert_true(g_str_has_prefix(json_text(item, "created_by", ""), "token:"));
    json_auto_t *chosen = test_json(
        house, house->respond, "POST", "/api/v1/schedules/primary/overrides",
        "{\"from\": \"2026-01-01T00:00\", \"to\": \"2099-01-01T00:00\", \"who\": \"ana\"}", 201);
    const char *warning = json_string_value(json_array_get(json_object_get(chosen, "warnings"), 0));
    assert_non_null(strstr(warning, "ana is away in this time, until "));
    g_autofree char *path = g_strconcat("/api/v1/absences/", name, NULL);
    json_decref(test_json(house, house->read, "DELETE", path, NULL, 403));
    json_auto_t *ended = test_json(house, house->respond, "DELETE", path, NULL, 200);
    assert_string_equal(json_text(ended, "user", ""), "ana");
    assert_int_equal(json_array_size(json_object_get(ended, "taken_back")), 1);
    assert_true(json_is_array(json_object_get(ended, "uncovered")));
    json_decref(test_json(house, house->respond, "DELETE", path, NULL, 404));
}

static void misses_are_told_kindly(void **state)
{
    (void)state;
    (void)test_alert(house, "one page for ana");
    json_auto_t *ana = test_json(house, house->read, "GET", "/api/v1/users/ana/misses", NULL, 200);
    assert_int_equal(json_integer_value(json_object_get(ana, "pages")), 1);
    assert_int_equal(json_integer_value(json_object_get(ana, "went_on")), 0);
    assert_string_equal(json_text(ana, "words", ""), "1 page, none went on to somebody else");
    json_auto_t *crew = test_json(house, house->read, "GET", "/api/v1/misses?team=crew", NULL, 200);
    const json_t *budi = json_array_get(json_object_get(crew, "items"), 1);
    assert_string_equal(json_text(budi, "words", ""), "no pages in this time");
    json_decref(test_json(house, house->read, "GET", "/api/v1/misses?team=none", NULL, 400));
    json_decref(test_json(house, house->read, "GET", "/api/v1/users/eve/misses", NULL, 404));
    json_decref(test_json(house, house->read, "GET", "/api/v1/misses?since=2099-01-01T00:00:00Z",
                          NULL, 400));
}

static json_t *replay(const char *routes, int status)
{
    g_autofree char *body = g_strdup_printf("{\"routes\": [%s]}", routes);
    return test_json(house, house->respond, "POST", "/api/v1/routes/replay", body, status);
}

/* The newest alert is about a bill, and the route in force sends it to billing. */
static void routes_are_tried_on_past_alerts(void **state)
{
    (void)state;
    json_decref(
        test_json(house, house->read, "POST", "/api/v1/routes/replay", "{\"routes\": []}", 403));

    static const struct {
        const char *name, *routes, *service, *severity;
        bool is_different;
    } ROWS[] = {
        {"none: back to the integration's own service", "", "checkout", "critical", true},
        {"the same by another name",
         "{\"name\": \"n\", \"service\": \"billing\", \"match\":"
         " [{\"field\": \"summary\", \"value\": \"a bill\"}]}",
         "billing", "critical", false},
        {"the short form of a file",
         "{\"name\": \"n\", \"service\": \"billing\", \"match\": {\"component\": \"bill\"}}",
         "billing", "critical", false},
        {"conditions see the alert as it came",
         "{\"name\": \"n\", \"severity\": \"info\", \"match\":"
         " [{\"field\": \"service\", \"value\": \"checkout\"}]}",
         "checkout", "info", true},
        {"and not as a route made it",
         "{\"name\": \"n\", \"service\": \"billing\", \"match\":"
         " [{\"field\": \"service\", \"value\": \"billing\"}]}",
         "checkout", "critical", true},
    };

    json_decref(test_json(house, house->key, "POST", "/api/v1/alerts",
                          "{\"summary\": \"a bill\", \"component\": \"bill\","
                          " \"severity\": \"critical\"}",
                          202));
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        json_auto_t *answer = replay(ROWS[i].routes, 200);
        const json_t *item = json_array_get(json_object_get(answer, "items"), 0);
        const json_t *then = json_object_get(item, "then");
        bool is_different = json_is_true(json_object_get(item, "is_different"));
        assert_string_equal(json_text(json_object_get(item, "now"), "service", ""), "billing");
        if (strcmp(json_text(then, "service", ""), ROWS[i].service) != 0 ||
            strcmp(json_text(then, "severity", ""), ROWS[i].severity) != 0 ||
            is_different != ROWS[i].is_different) {
            g_autofree char *text = json_dumps(item, 0);
            fail_msg("%s: %s", ROWS[i].name, text);
        }
    }
    json_auto_t *unknown = replay("{\"name\": \"n\", \"service\": \"none\"}", 422);
    assert_string_equal(json_text(unknown, "field", ""), "routes[0].service");
    json_decref(replay("{\"name\": \"n\", \"match\": [{\"field\": \"summary\", \"op\": \"regex\","
                       " \"value\": \"(\"}]}",
                       422));
}

static const char SECRETS[] =
    "{\"document\": {\"users\": [{\"name\": \"ana\", \"contacts\": [{\"kind\": \"ntfy\","
    " \"to\": \"http://n.example.org/ana\", \"secret\": \"env:TOCSIN_SECRET_GONE\"},"
    " {\"kind\": \"webhook\", \"to\": \"http://h.example.org/ana\"}]},"
    " {\"name\": \"budi\", \"contacts\": [{\"kind\": \"ntfy\","
    " \"to\": \"http://n.example.org/budi\", \"secret\": \"env:TOCSIN_SECRET_SET\"}]}],"
    " \"channels\": [{\"name\": \"ops\", \"kind\": \"webhook\", \"to\": \"http://h.example.org/\","
    " \"secret\": \"env:TOCSIN_SECRET_GONE\"}],"
    " \"policies\": [{\"name\": \"standard\", \"steps\": [{\"notify\": [{\"channel\": \"ops\"}],"
    " \"wait\": \"9m\"}, {\"notify\": [{\"user\": \"ana\"}, {\"user\": \"budi\"}], \"wait\": "
    "\"5m\"}],"
    " \"last_resort\": {\"user\": \"budi\"}}]}}";

static const json_t *way(const json_t *answer, size_t step, size_t told, size_t contact)
{
    const json_t *tells =
        json_object_get(json_array_get(json_object_get(answer, "steps"), step), "tells");
    return json_array_get(json_object_get(json_array_get(tells, told), "contacts"), contact);
}

/* A page fails there before it is sent, and goes the next way at once: that is what is promised. */
static void whatif_knows_whose_secret_is_missing(void **state)
{
    (void)state;
    json_decref(test_json(house, house->admin, "POST", "/api/v1/config/apply", SECRETS, 200));
    json_auto_t *answer =
        test_json(house, house->read, "GET", "/api/v1/whatif?service=checkout", NULL, 200);
    const json_t *room = way(answer, 0, 0, 0);
    assert_string_equal(json_text(room, "outlook", ""), "none");
    assert_string_equal(json_text(room, "failure", ""), "the variable is not set");
    const json_t *second = json_array_get(json_object_get(answer, "steps"), 1);
    assert_string_equal(json_text(second, "at", ""), json_text(answer, "at", "-"));
    assert_string_equal(json_text(way(answer, 1, 0, 0), "outlook", ""), "none");
    const json_t *instead = way(answer, 1, 0, 1);
    assert_string_equal(json_text(instead, "contact", ""), "webhook");
    assert_string_equal(json_text(instead, "at", ""), json_text(second, "at", "-"));
    assert_string_equal(json_text(way(answer, 1, 1, 0), "outlook", ""), "good");
    assert_int_equal(atomic_load(&asked), 3); /* each reference once for each kind that it is for */
    json_decref(
        test_json(house, house->read, "POST", "/api/v1/whatif", "{\"service\": \"chekout\"}", 422));
}

/* Each beside a secret that nothing is known against, and each of a person and of a room. */
static void whatif_knows_what_cannot_work_here(void **state)
{
    static const struct {
        const char *contact, *failure;
    } ROWS[] = {
        {"\"kind\": \"email\", \"to\": \"ana@example.org\"", "no mail server is set"},
        {"\"kind\": \"webhook\", \"to\": \"http://10.0.0.8/x\"", "10.0.0.8 is private"},
        {"\"kind\": \"ntfy\", \"to\": \"http://n.example.org/ana\", \"secret\": "
         "\"env:TOCSIN_SECRET_GONE\"",
         "the variable is not set"},
        {"\"kind\": \"webhook\", \"to\": \"http://h.example.org/x\"", ""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *document = g_strdup_printf(
            "{\"document\": {\"users\": [{\"name\": \"ana\", \"contacts\": [{%s}]}],"
            " \"channels\": [{\"name\": \"ops\", \"kind\": \"webhook\","
            " \"to\": \"http://10.0.0.8/room\"}],"
            " \"policies\": [{\"name\": \"standard\", \"steps\": [{\"notify\": ["
            "{\"user\": \"ana\"}, {\"channel\": \"ops\"}], \"wait\": \"9m\"}],"
            " \"last_resort\": {\"user\": \"budi\"}}]}}",
            ROWS[i].contact);
        json_decref(test_json(house, house->admin, "POST", "/api/v1/config/apply", document, 200));
        json_auto_t *answer =
            test_json(house, house->read, "GET", "/api/v1/whatif?service=checkout", NULL, 200);
        bool is_well = ROWS[i].failure[0] == '\0';
        assert_string_equal(json_text(way(answer, 0, 0, 0), "failure", ""), ROWS[i].failure);
        assert_string_equal(json_text(way(answer, 0, 0, 0), "outlook", ""),
                            is_well ? "good" : "none");
        assert_string_equal(json_text(way(answer, 0, 1, 0), "failure", ""), "10.0.0.8 is private");
        const json_t *second = json_array_get(json_object_get(answer, "steps"), 1);
        bool is_at_once = strcmp(json_text(second, "at", ""), json_text(answer, "at", "-")) == 0;
        assert_int_equal(is_at_once, !is_well);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(somebody_takes_over),
        TEST(readers_take_nobody_off),
        TEST(absences_are_listed_and_ended),
        TEST(misses_are_told_kindly),
        TEST(routes_are_tried_on_past_alerts),
        TEST(whatif_knows_whose_secret_is_missing),
        TEST(whatif_knows_what_cannot_work_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
