/* The pages: hostile texts stay texts, and a signed link acts only by its button. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/language.h"
#include "api/test_house.h"
#include "paging/link.h"
#include "paging/pager.h"

static struct test_house *house;

static int open_house(void **state)
{
    (void)state;
    house = test_house_open(true);
    return 0;
}

static int open_closed_house(void **state)
{
    (void)state;
    house = test_house_open(false);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    test_house_close(&house);
    return 0;
}

static char *link_path(int kind, int64_t id, const char *user, struct span life)
{
    struct link link = {
        .kind = kind, .id = id, .expires_at = utc_add(clock_now(&CLOCK_SYSTEM), life)};
    if (kind == LINK_SUBJECT) {
        g_strlcpy(link.subject_kind, "alert", sizeof link.subject_kind);
    }
    g_strlcpy(link.user, user, sizeof link.user);
    char token[LINK_TOKEN_SIZE];
    link_write(&link, pager_link_key(house->api.pager), token);
    return g_strconcat("/l/", token, NULL);
}

static char *status_of(int64_t id)
{
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT, id);
    json_auto_t *alert = test_json(house, house->read, "GET", path, NULL, 200);
    return g_strdup(json_string_value(json_object_get(alert, "status")));
}

static void assert_status(int64_t id, const char *expected)
{
    g_autofree char *status = status_of(id);
    assert_string_equal(status, expected);
}

static const char *const PAYLOADS[] = {
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "'\"--><style>*{display:none}</style>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\xEF\xBC\x9Cscript\xEF\xBC\x9E",
    "<!--<iframe srcdoc='<script>alert(1)</script>'>",
};

/* Takes out the tags that the program itself writes; what is left must hold no markup. */
static void assert_no_markup(const char *page, const char *payload)
{
    static const char *const SIGNS[] = {"<script>", "<img src=x", "<svg",   "<style",
                                        "<iframe",  "onerror=",   "onload="};
    const char *body = client_body(page);
    for (size_t i = 0; i < G_N_ELEMENTS(SIGNS); i++) {
        const char *at = strstr(body, SIGNS[i]);
        /* An attribute's name may stand in text, behind an escaped bracket, never in a tag. */
        if (at != NULL && SIGNS[i][0] == '<') {
            fail_msg("%s came through as markup: %.80s", payload, at);
        }
        for (; at != NULL; at = strstr(at + 1, SIGNS[i])) {
            const char *open = at;
            while (open > body && *open != '<' && *open != '>') {
                open--;
            }
            if (*open == '<') {
                fail_msg("%s came through in a tag: %.80s", payload, open);
            }
        }
    }
}

static void test_hostile_texts_stay_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(PAYLOADS); i++) {
        json_auto_t *body =
            json_pack("{s:s, s:s, s:s, s:s}", "summary", PAYLOADS[i], "source", PAYLOADS[i],
                      "component", PAYLOADS[i], "severity", "critical");
        g_autofree char *text = json_dumps(body, 0);
        json_auto_t *taken = test_json(house, house->key, "POST", "/api/v1/alerts", text, 202);
        int64_t id =
            g_ascii_strtoll(json_string_value(json_object_get(taken, "alert_id")), NULL, 10);
        g_autofree char *path = link_path(LINK_SUBJECT, id, "budi", SPAN_H(1));
        g_autofree char *page = test_ask(house, NULL, "GET", path, NULL);
        assert_int_equal(client_status(page), 200);
        assert_no_markup(page, PAYLOADS[i]);
    }
    g_autofree char *board = test_ask(house, NULL, "GET", "/board", NULL);
    assert_int_equal(client_status(board), 200);
    assert_non_null(strstr(board, "&lt;script&gt;alert(1)"));
    assert_non_null(strstr(board, "&amp;lt;script"));
    assert_no_markup(board, "the board");
    g_autofree char *policy = client_header(board, "Content-Security-Policy");
    assert_non_null(strstr(policy, "script-src 'self'"));
    assert_null(strstr(policy, "unsafe"));
}

/* The page shows how the alert is said to be now, and how it came in. */
static void test_the_page_shows_the_first_and_the_current_text(void **state)
{
    (void)state;
    static const char *const SAID[] = {"disk <91> %", "disk 95 %", "disk 97 %"};
    int64_t id = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(SAID); i++) {
        json_auto_t *body = json_pack("{s:s, s:s, s:s}", "summary", SAID[i], "dedup_key", "grows",
                                      "severity", i == 0 ? "warning" : "critical");
        g_autofree char *text = json_dumps(body, 0);
        json_auto_t *taken = test_json(house, house->key, "POST", "/api/v1/alerts", text, 202);
        id = g_ascii_strtoll(json_string_value(json_object_get(taken, "alert_id")), NULL, 10);
    }
    g_autofree char *path = link_path(LINK_SUBJECT, id, "budi", SPAN_H(1));
    g_autofree char *page = test_ask(house, NULL, "GET", path, NULL);
    assert_non_null(strstr(page, "disk 97 %"));
    assert_non_null(strstr(page, "At first <b>warning: disk &lt;91&gt; %</b>"));
    assert_null(strstr(page, "disk 95 %"));
}

/* What mail scanners, previews and crawlers do with an address. */
static void test_only_the_button_acts(void **state)
{
    (void)state;
    int64_t id = test_alert(house, "press me");
    g_autofree char *path = link_path(LINK_SUBJECT, id, "budi", SPAN_H(1));
    static const char *const METHODS[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND"};
    for (size_t i = 0; i < G_N_ELEMENTS(METHODS); i++) {
        for (int again = 0; again < 3; again++) {
            g_free(client_call(house->port, METHODS[i], path,
                               "User-Agent: Mozilla/5.0 (scanner)\r\n", NULL));
        }
    }
    assert_status(id, "open");
    g_autofree char *answer = test_ask(house, NULL, "POST", path, "do=acknowledge");
    assert_int_equal(client_status(answer), 303);
    assert_status(id, "acknowledged");
    g_autofree char *page = test_ask(house, NULL, "GET", path, NULL);
    assert_non_null(strstr(page, "It is yours now"));
    assert_non_null(strstr(page, "budi"));
    assert_null(strstr(page, "value=\"acknowledge\""));
}

/* A person is led to the page, which waits for the database; a program is told. */
static void test_a_button_that_could_not_act_leads_to_the_page(void **state)
{
    (void)state;
    int64_t id = test_alert(house, "press me later");
    g_autofree char *path = link_path(LINK_SUBJECT, id, "budi", SPAN_H(1));
    atomic_store(&house->fate, TEST_LINK_CUT);
    g_autofree char *page =
        client_call(house->port, "POST", path, "Accept: text/html\r\n", "do=acknowledge");
    g_autofree char *program = test_ask(house, NULL, "POST", path, "do=acknowledge");
    atomic_store(&house->fate, TEST_LINK_GOOD);
    assert_int_equal(client_status(page), 303);
    g_autofree char *location = client_header(page, "Location");
    assert_string_equal(location, path);
    assert_int_equal(client_status(program), 503);
    int status = 0;
    for (int64_t end = clock_elapsed(&CLOCK_SYSTEM).us + SPAN_S(20).us;
         status != 200 && clock_elapsed(&CLOCK_SYSTEM).us < end;) {
        g_autofree char *ready = test_ask(house, NULL, "GET", "/readyz", NULL);
        status = client_status(ready);
    }
    assert_status(id, "open");
}

static void test_page_speaks_the_persons_language(void **state)
{
    (void)state;
    int64_t id = test_alert(house, "bahasa");
    g_autofree char *path = link_path(LINK_SUBJECT, id, "ana", SPAN_H(1));
    g_autofree char *page = client_call(house->port, "GET", path, "Accept-Language: ko\r\n", NULL);
    assert_non_null(strstr(page, "<html lang=\"id\">"));
    assert_non_null(strstr(page, "Saya tangani"));
}

static void test_old_message_takes_nothing_away(void **state)
{
    (void)state;
    int64_t id = test_alert(house, "mine");
    g_autofree char *first = link_path(LINK_SUBJECT, id, "budi", SPAN_H(1));
    g_autofree char *second = link_path(LINK_SUBJECT, id, "ana", SPAN_H(1));
    g_free(test_ask(house, NULL, "POST", first, "do=acknowledge"));
    g_free(test_ask(house, NULL, "POST", second, "do=acknowledge"));
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT, id);
    json_auto_t *alert = test_json(house, house->read, "GET", path, NULL, 200);
    assert_string_equal(json_string_value(json_object_get(alert, "acknowledged_by")), "user:budi");
}

static void test_bad_links_are_refused_clearly(void **state)
{
    (void)state;
    int64_t id = test_alert(house, "unreachable");
    g_autofree char *good = link_path(LINK_SUBJECT, id, "budi", SPAN_H(1));
    g_autofree char *expired = link_path(LINK_SUBJECT, id, "budi", SPAN_S(-1));
    g_autofree char *gone = link_path(LINK_SUBJECT, id, "eve", SPAN_H(1));
    g_autofree char *forged = g_strdup(good);
    forged[8] = forged[8] == 'A' ? 'B' : 'A';
    g_autofree char *cut = g_strndup(good, strlen(good) - 3);

    const struct {
        const char *path;
        int status;
        const char *says;
    } LINKS[] = {
        {expired, 410, "has expired"}, {gone, 404, "not valid"},   {forged, 404, "not valid"},
        {cut, 404, "not valid"},       {"/l/x", 404, "not valid"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(LINKS); i++) {
        static const char *const METHODS[] = {"GET", "POST"};
        for (size_t m = 0; m < G_N_ELEMENTS(METHODS); m++) {
            g_autofree char *page = test_ask(house, NULL, METHODS[m], LINKS[i].path, NULL);
            if (client_status(page) != LINKS[i].status || strstr(page, LINKS[i].says) == NULL ||
                strstr(page, "<a href=\"/\">On-call board</a>") == NULL) {
                fail_msg("%s of link %zu: %s", METHODS[m], i, page);
            }
        }
    }
    assert_status(id, "open");
}

static char *look(const char *method, const char *path, const char *headers)
{
    return client_call(house->port, method, path, headers, NULL);
}

static void test_a_browser_where_nothing_is_gets_a_page(void **state)
{
    (void)state;
    static const char BROWSER[] = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
                                  "Accept-Language: fr-FR,fr;q=0.9\r\n";
    static const char PROGRAM[] = "Accept: application/json\r\n";
    g_autofree char *page = look("GET", "/api/<b>", BROWSER);
    g_autofree char *type = client_header(page, "Content-Type");
    assert_int_equal(client_status(page), 404);
    assert_string_equal(type, "text/html; charset=utf-8");
    assert_non_null(strstr(page, "<html lang=\"fr\">"));
    assert_non_null(strstr(page, "rien à cette adresse"));
    assert_non_null(strstr(page, "<a href=\"/\">"));
    assert_null(strstr(page, "<b>"));
    g_autofree char *head = look("HEAD", "/nowhere.txt", BROWSER);
    g_autofree char *head_type = client_header(head, "Content-Type");
    assert_int_equal(client_status(head), 404);
    assert_string_equal(head_type, "text/html; charset=utf-8");
    assert_string_equal(client_body(head), "");

    static const struct {
        const char *method, *headers;
    } OTHERS[] = {{"GET", PROGRAM}, {"GET", NULL}, {"POST", BROWSER}};

    for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        g_autofree char *answer = look(OTHERS[i].method, "/nowhere", OTHERS[i].headers);
        g_autofree char *problem = client_header(answer, "Content-Type");
        assert_int_equal(client_status(answer), 404);
        assert_string_equal(problem, "application/problem+json");
    }
}

static void test_signing_in(void **state)
{
    (void)state;
    g_autofree char *closed = test_ask(house, NULL, "GET", "/board", NULL);
    assert_int_equal(client_status(closed), 401);
    assert_non_null(strstr(closed, "name=\"token\""));
    g_autofree char *wrong = test_ask(house, NULL, "POST", "/login", "token=tcn_api_wrong");
    assert_int_equal(client_status(wrong), 403);
    assert_null(strstr(wrong, "Set-Cookie"));
    g_autofree char *again = test_ask(house, NULL, "GET", "/login", NULL);
    assert_int_equal(client_status(again), 303);
    g_autofree char *way = client_header(again, "Location");
    assert_string_equal(way, "/board");
    g_autofree char *form = g_strconcat("token=", house->respond, NULL);
    g_autofree char *right = test_ask(house, NULL, "POST", "/login", form);
    assert_int_equal(client_status(right), 303);
    g_autofree char *cookie = client_header(right, "Set-Cookie");
    assert_non_null(strstr(cookie, "HttpOnly"));
    assert_non_null(strstr(cookie, "SameSite=Strict"));
    g_autofree char *header = g_strdup_printf("Cookie: tocsin_token=%s\r\n", house->respond);
    g_autofree char *open = client_call(house->port, "GET", "/board", header, NULL);
    assert_int_equal(client_status(open), 200);
    int64_t id = test_alert(house, "from the board");
    g_autofree char *button = g_strdup_printf("/board/alerts/%" G_GINT64_FORMAT "/acknowledge", id);
    g_autofree char *foreign = client_call(house->port, "POST", button, header, "");
    assert_int_equal(client_status(foreign), 403);
    assert_status(id, "open");
    g_autofree char *own =
        g_strdup_printf("%sOrigin: http://127.0.0.1:%u\r\n", header, house->port);
    g_autofree char *pressed = client_call(house->port, "POST", button, own, "");
    assert_int_equal(client_status(pressed), 303);
    assert_status(id, "acknowledged");
    g_autofree char *taken = client_call(house->port, "GET", "/board", header, NULL);
    assert_null(strstr(taken, button));
    g_autofree char *snooze = g_strdup_printf("/api/v1/alerts/%" G_GINT64_FORMAT "/snooze", id);
    json_decref(test_json(house, house->respond, "POST", snooze, "{\"for\":\"30m\"}", 200));
    g_autofree char *snoozed = client_call(house->port, "GET", "/board", header, NULL);
    assert_non_null(strstr(snoozed, "<span class=\"badge snoozed\">snoozed</span>"));
    assert_non_null(strstr(snoozed, button));
}

static void test_the_board_hides_no_critical_alert(void **state)
{
    (void)state;
    json_decref(test_json(house, house->key, "POST", "/api/v1/alerts",
                          "{\"summary\": \"the oldest is the worst\", \"severity\": \"critical\"}",
                          202));
    for (int i = 0; i < 100; i++) {
        json_decref(test_json(house, house->key, "POST", "/api/v1/alerts",
                              "{\"summary\": \"noise\", \"severity\": \"info\"}", 202));
    }
    g_autofree char *board = test_ask(house, NULL, "GET", "/board", NULL);
    const char *worst = strstr(board, "the oldest is the worst");
    assert_non_null(worst);
    assert_true(worst < strstr(board, "noise"));
    assert_non_null(strstr(board, "100+"));
}

static void test_a_button_pressed_too_late_leads_to_signing_in(void **state)
{
    (void)state;
    g_autofree char *own =
        g_strdup_printf("Accept: text/html\r\nCookie: tocsin_token=tcn_api_gone\r\n"
                        "Origin: http://127.0.0.1:%u\r\n",
                        house->port);

    const struct {
        const char *name, *header;
        int status;
    } rows[] = {
        {"the cookie has ended", "Accept: text/html,*/*;q=0.8\r\n", 303},
        {"the token has ended", own, 303},
        {"another site's page", "Accept: text/html\r\nCookie: tocsin_token=tcn_api_gone\r\n", 403},
        {"a program", "Accept: application/json\r\n", 401},
        {"a program that takes all", "", 401},
        {"a bad token", "Accept: text/html\r\nAuthorization: Bearer tcn_api_gone\r\n", 401},
    };

    g_autofree char *path = g_strdup_printf("/board/alerts/%" G_GINT64_FORMAT "/acknowledge",
                                            test_alert(house, "too late"));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *answer = client_call(house->port, "POST", path, rows[i].header, "");
        g_autofree char *to = client_header(answer, "Location");
        if (client_status(answer) != rows[i].status ||
            g_strcmp0(to, rows[i].status == 303 ? "/board" : NULL) != 0) {
            fail_msg("%s: %s", rows[i].name, answer);
        }
    }
    g_autofree char *read =
        client_call(house->port, "GET", "/api/v1/alerts", "Accept: text/html\r\n", NULL);
    assert_int_equal(client_status(read), 401);
}

/* An open board answers to addresses of ours only, not to a name that points at us. */
static void test_open_board_is_not_rebound(void **state)
{
    (void)state;

    static const struct {
        const char *host;
        int status;
    } HOSTS[] = {
        {"127.0.0.1:8420", 200}, {"[::1]:8420", 200},         {"localhost", 200},
        {"evil.example", 401},   {"tocsin.example.com", 200}, {"localhost.evil.example", 401},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(HOSTS); i++) {
        int fd = client_connect(house->port);
        g_autofree char *ask = g_strdup_printf(
            "GET /board HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", HOSTS[i].host);
        client_send(fd, ask, strlen(ask));
        g_autofree char *answer = client_read(fd, 5000);
        if (client_status(answer) != HOSTS[i].status) {
            fail_msg("Host %s: %.40s", HOSTS[i].host, answer);
        }
    }
}

static void test_files_of_the_page(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"board.css", "board.js", "icon.svg"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *path = g_strconcat("/static/", NAMES[i], NULL);
        g_autofree char *answer = test_ask(house, NULL, "GET", path, NULL);
        assert_int_equal(client_status(answer), 200);
        assert_true(strlen(client_body(answer)) > 100);
    }
    json_decref(test_json(house, NULL, "GET", "/static/..%2Fboard.css", NULL, 404));
}

static void test_language_wanted(void **state)
{
    (void)state;

    static const struct {
        const char *accept;
        int language;
    } ROWS[] = {
        {NULL, LANGUAGE_EN},
        {"", LANGUAGE_EN},
        {"de-DE,de;q=0.9", LANGUAGE_EN},
        {"ko-KR,ko;q=0.9,en;q=0.8", LANGUAGE_KO},
        {"en;q=0.5, fr;q=0.7", LANGUAGE_FR},
        {"zh-Hant-TW", LANGUAGE_ZH_TW},
        {"zh", LANGUAGE_ZH_TW},
        {"id", LANGUAGE_ID},
        {"idx", LANGUAGE_EN},
        {"fr;q=0", LANGUAGE_EN},
        {"fr;q=banana", LANGUAGE_EN},
        {",,;q=1,,ko", LANGUAGE_KO},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (language_wanted(ROWS[i].accept) != ROWS[i].language) {
            fail_msg("\"%s\" gave %d", ROWS[i].accept, language_wanted(ROWS[i].accept));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hostile_texts_stay_texts),
        TEST(test_the_page_shows_the_first_and_the_current_text),
        TEST(test_only_the_button_acts),
        TEST(test_a_button_that_could_not_act_leads_to_the_page),
        TEST(test_page_speaks_the_persons_language),
        TEST(test_old_message_takes_nothing_away),
        TEST(test_bad_links_are_refused_clearly),
        TEST(test_a_browser_where_nothing_is_gets_a_page),
        cmocka_unit_test_setup_teardown(test_signing_in, open_closed_house, close_house),
        TEST(test_open_board_is_not_rebound),
        TEST(test_the_board_hides_no_critical_alert),
        cmocka_unit_test_setup_teardown(test_a_button_pressed_too_late_leads_to_signing_in,
                                        open_closed_house, close_house),
        TEST(test_files_of_the_page),
        cmocka_unit_test(test_language_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
