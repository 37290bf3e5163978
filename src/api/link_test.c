/* What the page behind a signed link shows, and which of its buttons do what. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "api/test_house.h"
#include "base/json.h"
#include "paging/link.h"
#include "paging/pager.h"

static char *link_to(int64_t alert_id, const char *who)
{
    struct link link = {.kind = LINK_SUBJECT,
                        .id = alert_id,
                        .subject_kind = "alert",
                        .expires_at = utc_add(clock_now(&CLOCK_SYSTEM), SPAN_H(1))};
    g_strlcpy(link.user, who, sizeof link.user);
    char token[LINK_TOKEN_SIZE];
    link_write(&link, pager_link_key(the_house->api.pager), token);
    return g_strconcat("/l/", token, NULL);
}

static json_t *alert_of(int64_t id)
{
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT, id);
    return test_json(the_house, the_house->read, "GET", path, NULL, 200);
}

static void assert_is(int64_t id, const char *field, const char *expected)
{
    json_auto_t *alert = alert_of(id);
    const char *found = json_string_value(json_object_get(alert, field));
    if (g_strcmp0(found, expected) != 0) {
        fail_msg("%s is %s, not %s", field, found, expected);
    }
}

/* How often the alert's explanation holds the text. */
static bool explains(int64_t id, const char *text)
{
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/explain", id);
    g_autofree char *answer = test_ask(the_house, the_house->read, "GET", path, NULL);
    return strstr(client_body(answer), text) != NULL;
}

static void press(const char *path, const char *form, const char *expected_way)
{
    g_autofree char *answer = test_ask(the_house, NULL, "POST", path, form);
    if (client_status(answer) != 303) {
        fail_msg("%s: %s", form, answer);
    }
    g_autofree char *way = client_header(answer, "Location");
    g_autofree char *expected = g_strconcat(path, expected_way, NULL);
    assert_string_equal(way, expected);
}

static void each_button_does_its_own(void **state)
{
    (void)state;
    int64_t id = test_alert(the_house, "disk full");
    g_autofree char *path = link_to(id, "budi");
    press(path, "do=page&who=user%3Aana&note=you+know+this+disk", "?done=page");
    assert_is(id, "status", "open");
    assert_true(explains(id, "\"note\":\"you know this disk\""));
    assert_true(explains(id, "\"asked_by\":\"user:budi\""));
    press(path, "do=escalate", "?done=escalate");
    assert_true(explains(id, "alert.escalated"));
    press(path, "do=snooze&for=30m", "?done=snooze");
    assert_is(id, "status", "acknowledged");
    assert_true(explains(id, "alert.snoozed"));
    press(path, "do=resolve&note=made+room", "");
    assert_is(id, "resolved_by", "user:budi");
    assert_true(explains(id, "\"note\":\"made room\""));
    /* It is over: said, not done again. */
    press(path, "do=escalate", "?done=refused");
    g_autofree char *more = g_strconcat(path, "?done=refused", NULL);
    g_autofree char *page = test_ask(the_house, NULL, "GET", more, NULL);
    assert_non_null(strstr(page, "could not be done"));
    assert_null(strstr(page, "<form"));
    assert_non_null(strstr(page, "<dt>It took</dt>"));
    assert_non_null(strstr(page, "<dt>Resolved by</dt>"));
    assert_non_null(strstr(page, "<dt>Resolution note</dt><dd>made room</dd>"));
}

/* Their own rules tell them in a while: whoever asks is not told that they are paged now. */
static void a_page_that_does_not_go_at_once_is_no_page_now(void **state)
{
    (void)state;
    static const char LATE[] =
        "{\"document\": {\"users\": [{\"name\": \"late\", \"contacts\": [{\"kind\": \"log\", "
        "\"watched\": true}],"
        " \"rules\": {\"high\": [{\"after\": \"2m\", \"contact\": \"log\"}]}}]}}";
    json_decref(test_json(the_house, the_house->admin, "POST", "/api/v1/config/apply", LATE, 200));
    int64_t id = test_alert(the_house, "disk full");
    g_autofree char *path = link_to(id, "budi");
    press(path, "do=page&who=user%3Alate", "?done=held");
    press(path, "do=page&who=user%3Aana", "?done=page");
    g_autofree char *shown = g_strconcat(path, "?done=held", NULL);
    g_autofree char *page = test_ask(the_house, NULL, "GET", shown, NULL);
    assert_non_null(strstr(page, "but not at once"));

    g_autofree char *way = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/page", id);
    json_auto_t *answer = test_json(the_house, the_house->respond, "POST", way,
                                    "{\"target\": {\"user\": \"late\"}}", 200);
    const json_t *hold = json_array_get(json_object_get(answer, "holds"), 0);
    assert_string_equal(json_text(hold, "who", ""), "late");
    assert_string_equal(json_text(hold, "why", ""), "their own rules tell them only then");
    assert_non_null(json_object_get(hold, "until"));
    json_auto_t *other = test_json(the_house, the_house->respond, "POST", way,
                                   "{\"target\": {\"user\": \"ana\"}}", 200);
    assert_null(json_object_get(other, "holds"));
}

static void only_what_a_form_of_ours_sends_is_an_answer(void **state)
{
    (void)state;

    static const struct {
        const char *form;
    } ROWS[] = {{""},
                {"{}"},
                {"x=1"},
                {"do="},
                {"do=acknowledged"},
                {"do=1"},
                {"Do=acknowledge"},
                {"do=snooze"},
                {"do=snooze&for=100y"},
                {"do=snooze&for=-1h"},
                {"do=page"},
                {"do=page&who=ana"},
                {"do=page&who=channel%3Aops"},
                {"do=page&who=user%3A"}};

    int64_t id = test_alert(the_house, "nobody pressed");
    g_autofree char *path = link_to(id, "budi");
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *answer = test_ask(the_house, NULL, "POST", path, ROWS[i].form);
        if (client_status(answer) != 400 || strstr(answer, "Nothing was changed") == NULL) {
            fail_msg("\"%s\": %s", ROWS[i].form, answer);
        }
    }
    assert_is(id, "status", "open");
    press(path, "do=page&who=user%3Anobody", "?done=refused");
    assert_is(id, "status", "open");
}

static void another_sites_page_cannot_press(void **state)
{
    (void)state;
    g_autofree char *own = g_strdup_printf("Origin: http://127.0.0.1:%u\r\n", the_house->port);
    g_autofree char *public =
        g_strdup_printf("Origin: %s\r\nSec-Fetch-Site: same-origin\r\n", the_house->api.public_url);

    const struct {
        const char *name, *headers;
        int status;
    } ROWS[] = {
        {"another origin", "Origin: https://evil.example\r\n", 403},
        {"an origin that begins like ours", "Origin: http://127.0.0.1.evil.example\r\n", 403},
        {"cross-site without an origin", "Sec-Fetch-Site: cross-site\r\n", 403},
        {"a frame without an origin", "Origin: null\r\n", 403},
        {"the same, of another site", "Origin: null\r\nSec-Fetch-Site: cross-site\r\n", 403},
        {"our own page in a mail program", "Origin: null\r\nSec-Fetch-Site: same-origin\r\n", 303},
        {"our own page", own, 303},
        {"our own page behind a proxy that sends its own Host", public, 303},
        {"a program", "", 303},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        int64_t id = test_alert(the_house, ROWS[i].name);
        g_autofree char *path = link_to(id, "budi");
        g_autofree char *answer =
            client_call(the_house->port, "POST", path, ROWS[i].headers, "do=acknowledge");
        if (client_status(answer) != ROWS[i].status) {
            fail_msg("%s: %s", ROWS[i].name, answer);
        }
        assert_is(id, "status", ROWS[i].status == 303 ? "acknowledged" : "open");
    }
}

/* `times` of that character, percent-encoded. Newly allocated. */
static char *form_of_many(const char *character, size_t times)
{
    g_autofree char *escaped = g_uri_escape_string(character, NULL, false);
    GString *form = g_string_new("do=resolve&note=");
    for (size_t i = 0; i < times; i++) {
        g_string_append(form, escaped);
    }
    return g_string_free(form, FALSE);
}

static void a_note_of_any_script_fits(void **state)
{
    (void)state;
    static const char *const CHARACTERS[] = {"a", "é", "ㄱ", "擔", "🔥"};
    for (size_t i = 0; i < G_N_ELEMENTS(CHARACTERS); i++) {
        int64_t id = test_alert(the_house, CHARACTERS[i]);
        g_autofree char *path = link_to(id, "budi");
        g_autofree char *form = form_of_many(CHARACTERS[i], 500);
        press(path, form, "");
        g_autofree char *note = form_of_many(CHARACTERS[i], 500);
        g_autofree char *plain = g_uri_unescape_string(strstr(note, "note=") + 5, NULL);
        assert_true(explains(id, plain));
    }
}

/* Whoever wrote more gets a page that says so, in their language; a program a problem. */
static void a_form_that_is_too_long_is_told_on_a_page(void **state)
{
    (void)state;

    static const struct {
        const char *who, *headers, *said;
    } ROWS[] = {
        {"ana", "Accept: text/html\r\n", "yang Anda tulis terlalu panjang"},
        {"budi", "Accept: text/html\r\n", "what you wrote is too long"},
        {"budi", "", "application/problem+json"},
    };

    int64_t id = test_alert(the_house, "disk full");
    g_autofree char *form = form_of_many("🔥", 2000);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *path = link_to(id, ROWS[i].who);
        g_autofree char *answer = client_call(the_house->port, "POST", path, ROWS[i].headers, form);
        if (client_status(answer) != 413 || strstr(answer, ROWS[i].said) == NULL) {
            fail_msg("%s: %s", ROWS[i].said, answer);
        }
    }
    g_autofree char *login =
        client_call(the_house->port, "POST", "/login", "Accept: text/html\r\n", form);
    assert_int_equal(client_status(login), 403);
    assert_non_null(strstr(login, "This token is not valid"));
    assert_is(id, "status", "open");
}

/* A link to one alert reaches no other. */
static void a_form_cannot_name_another_alert(void **state)
{
    (void)state;
    int64_t mine = test_alert(the_house, "mine");
    int64_t other = test_alert(the_house, "not mine");
    g_autofree char *path = link_to(mine, "budi");
    g_autofree char *form = g_strdup_printf("do=resolve&one=1&alert=%" G_GINT64_FORMAT, other);
    g_free(test_ask(the_house, NULL, "POST", path, form));
    assert_is(other, "status", "open");
    assert_is(mine, "status", "resolved");
}

static void the_page_shows_what_the_message_says(void **state)
{
    (void)state;
    static const char BODY[] =
        "{\"summary\": \"Payments fail\", \"component\": \"cards\", \"source\": \"pay-3\","
        " \"details\": {\"labels\": {\"region\": \"eu-west\", \"severity\": \"page\"},"
        " \"annotations\": {\"description\": \"Line one\\nline <two>\"}},"
        " \"links\": [{\"href\": \"https://w.example/r\", \"text\": \"Runbook\"}]}";
    json_auto_t *taken = test_json(the_house, the_house->key, "POST", "/api/v1/alerts", BODY, 202);
    int64_t id = g_ascii_strtoll(json_string_value(json_object_get(taken, "alert_id")), NULL, 10);
    g_autofree char *path = link_to(id, "budi");
    g_autofree char *page = test_ask(the_house, NULL, "GET", path, NULL);
    static const char *const SHOWN[] = {
        "Payments fail",
        "Line one\nline &lt;two&gt;",
        "<dt>Component</dt><dd>cards</dd>",
        "<dt>region</dt><dd>eu-west</dd>",
        "<a href=\"https://w.example/r\" rel=\"noopener noreferrer\">Runbook</a>",
        "<dt>Paged</dt>",
        "<dt>If nobody acknowledges</dt>",
        "<option value=\"user:ana\">",
        "<option value=\"30m\">30 min</option>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        if (strstr(page, SHOWN[i]) == NULL) {
            fail_msg("no %s in %s", SHOWN[i], page);
        }
    }
    assert_null(strstr(page, "<dd>page</dd>"));
    assert_is(id, "status", "open"); /* looking changes nothing */
}

/* Mail gateways and chats count clicks by words that they put behind an address. */
static void what_others_put_behind_the_link_is_passed_over(void **state)
{
    (void)state;
    static const char *const ROWS[] = {"?utm_source=mail", "?fbclid=a%2Bb&done=page", "?alerts=1",
                                       "?x"};
    int64_t id = test_alert(the_house, "the gateway counts clicks");
    g_autofree char *link = link_to(id, "ana");
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *path = g_strconcat(link, ROWS[i], NULL);
        g_autofree char *page = test_ask(the_house, NULL, "GET", path, NULL);
        if (client_status(page) != 200 || strstr(page, "the gateway counts clicks") == NULL) {
            fail_msg("%s: %s", ROWS[i], page);
        }
    }
    assert_is(id, "status", "open");
}

static void assert_shown(const char *path, const char *text, bool is_shown)
{
    g_autofree char *page = test_ask(the_house, NULL, "GET", path, NULL);
    if ((strstr(page, text) != NULL) != is_shown) {
        fail_msg("%s%s in %s", is_shown ? "no " : "", text, page);
    }
}

/* It pages again: nobody has it, and whoever presses the button takes it. */
static void what_is_snoozed_can_be_taken(void **state)
{
    (void)state;
    int64_t id = test_alert(the_house, "disk full");
    g_autofree char *anas = link_to(id, "ana");
    g_autofree char *path = link_to(id, "budi");
    press(anas, "do=acknowledge", "");
    press(path, "do=snooze&for=30m", "?done=snooze");
    assert_is(id, "acknowledged_by", "user:budi"); /* who answers for the silence */
    static const char *const SHOWN[] = {"This alert is only snoozed",
                                        "<span class=\"badge snoozed\">snoozed</span> <b>budi</b>",
                                        "Quiet until", "<button name=\"do\" value=\"acknowledge\">",
                                        "<dt>If nobody acknowledges</dt>"};
    for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        assert_shown(path, SHOWN[i], true);
    }
    assert_shown(path, "nobody else will be paged", false);
    assert_shown(anas, "hanya ditunda", true);
    assert_true(explains(id, "\"next\":{"));
    press(anas, "do=acknowledge", "");
    assert_is(id, "acknowledged_by", "user:ana");
    assert_is(id, "snoozed_until", NULL);
    assert_false(explains(id, "\"next\":{"));
    assert_shown(path, "Already acknowledged by Ana Wijaya", true);
    press(path, "do=acknowledge", ""); /* an old message takes it from nobody */
    assert_is(id, "acknowledged_by", "user:ana");
}

static void the_page_says_why_and_with_which_words(void **state)
{
    (void)state;
    int64_t id = test_alert(the_house, "disk full");
    g_autofree char *path = link_to(id, "budi");
    g_autofree char *anas = link_to(id, "ana");
    assert_shown(path, "<dt>Why you</dt>", false); /* nobody has paged him yet */
    assert_shown(anas, "<dd>Anda sedang piket di jadwal primary", true);
    press(anas, "do=page&who=user%3Abudi&note=look+at+%3Cthis%3E", "?done=page");
    assert_shown(path, "<dt>Note</dt><dd>look at &lt;this&gt;</dd>", true);
    assert_shown(path, "<dt>Why you</dt><dd>Ana Wijaya asked for you.</dd>", true);
    assert_shown(anas, "look at", false);
    /* On somebody's behalf: their words alone are told, whose hand it was is in the record. */
    g_autofree char *way = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/page", id);
    json_decref(test_json(
        the_house, the_house->respond, "POST", way,
        "{\"target\": {\"user\": \"budi\"}, \"user\": \"ana\", \"note\": \"help\"}", 200));
    assert_shown(path, "<dt>Note</dt><dd>help</dd>", true);
    assert_true(explains(id, "\"by\":\"token:respond\""));
}

/* Ana's quiet hours, now; her message waits for their end, and so does the step's wait. */
static void the_page_says_that_a_message_is_held_back(void **state)
{
    (void)state;
    struct fault fault;
    const struct zone *zone = zone_load("UTC", &fault);
    unsigned hour = (unsigned char)zone_civil(zone, clock_now(&CLOCK_SYSTEM)).hour;
    g_autofree char *quiet =
        g_strdup_printf("{\"document\": {\"users\": [{\"name\": \"ana\", \"time_zone\": \"UTC\","
                        " \"contacts\": [{\"kind\": \"log\", \"watched\": true}],"
                        " \"quiet_hours\": [{\"from\": \"%02u:00\", \"to\": \"%02u:00\"}]}]}}",
                        (hour + 23) % 24, (hour + 3) % 24);
    json_decref(test_json(the_house, the_house->admin, "POST", "/api/v1/config/apply", quiet, 200));
    static const char *const BODIES[] = {"{\"summary\": \"it can wait\", \"severity\": \"info\"}",
                                         "{\"summary\": \"it cannot\", \"severity\": \"error\"}"};
    for (size_t i = 0; i < G_N_ELEMENTS(BODIES); i++) {
        bool is_held = i == 0;
        json_auto_t *taken =
            test_json(the_house, the_house->key, "POST", "/api/v1/alerts", BODIES[i], 202);
        int64_t id = g_ascii_strtoll(json_text(taken, "alert_id", ""), NULL, 10);
        g_autofree char *path = link_to(id, "budi");
        assert_shown(path, "<dt>If nobody acknowledges</dt>", true);
        assert_shown(path, "A message about it is held back until", is_held);
        assert_int_equal(explains(id, "\"held_until\":\""), is_held);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_put_behind_the_link_is_passed_over),
        cmocka_unit_test(each_button_does_its_own),
        cmocka_unit_test(a_page_that_does_not_go_at_once_is_no_page_now),
        cmocka_unit_test(only_what_a_form_of_ours_sends_is_an_answer),
        cmocka_unit_test(another_sites_page_cannot_press),
        cmocka_unit_test(a_note_of_any_script_fits),
        cmocka_unit_test(a_form_that_is_too_long_is_told_on_a_page),
        cmocka_unit_test(a_form_cannot_name_another_alert),
        cmocka_unit_test(what_is_snoozed_can_be_taken),
        cmocka_unit_test(the_page_says_why_and_with_which_words),
        cmocka_unit_test(the_page_shows_what_the_message_says),
        cmocka_unit_test(the_page_says_that_a_message_is_held_back),
    };
    return cmocka_run_group_tests(tests, test_house_set_up, test_house_tear_down);
}
