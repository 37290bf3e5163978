/* What each channel makes of a message, and of a provider's answer. */
#include "channel/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/signal.h"

static const struct driver_settings SETTINGS = {"Tocsin <tocsin@example.com>", "smtp://mail:25"};
static const struct message_item ITEM = {
    .subject = {.kind = "alert", .id = 7},
    .summary = "Disk full",
    .service = "checkout",
    .severity = SEVERITY_CRITICAL,
    .since = {1798149900000000},
};
static const struct message MESSAGE = {
    .kind = MESSAGE_PAGE,
    .language = LANGUAGE_EN,
    .time_zone = "UTC",
    .full_name = "Ana Wijaya",
    .severity = SEVERITY_CRITICAL,
    .items = &ITEM,
    .item_count = 1,
    .total = 1,
    .by_severity = {[SEVERITY_CRITICAL] = 1},
    .message_id = "m-12",
    .now = {1798149900000000},
};

static void test_every_contact_kind_has_a_driver(void **state)
{
    (void)state;
    for (const struct enum_name *row = CONTACT_KIND_NAMES; row->name != NULL; row++) {
        const struct driver *driver = driver_of(row->value);
        assert_non_null(driver);
        assert_int_equal(driver->kind, row->value);
        assert_non_null(driver->build);
        bool is_local = (driver->flags & DRIVER_LOCAL) != 0;
        assert_int_equal(driver->classify == NULL, is_local);
    }
    assert_null(driver_of(0));
    assert_null(driver_of(99));
}

/* By every channel, in whatever shape it has: all that it says; and people get no button. */
static void test_a_notice_is_told_as_it_stands(void **state)
{
    (void)state;
    for (const struct enum_name *row = CONTACT_KIND_NAMES; row->name != NULL; row++) {
        const struct driver *driver = driver_of(row->value);
        bool is_mail = row->value == CONTACT_EMAIL;
        const struct address address = {row->value, is_mail ? "ana@x.org" : "https://x.org/a",
                                        NULL};
        struct message message = MESSAGE;
        struct fault fault = {0};
        message.kind = MESSAGE_NOTICE;
        message.items = NULL;
        message.item_count = 0;
        message.title = "A swap?";
        message.text = "Ana asks for it";
        message.notice = "swap.asked";
        message.about = "swap:3";
        message.ack_url = "https://t.example.com/l/TOKEN";
        struct parcel *parcel = driver->build(&SETTINGS, &address, &message, &fault);
        if (parcel == NULL) {
            fail_msg("%s: %s", row->name, fault.text);
            return;
        }
        const char *told = parcel->line != NULL ? parcel->line : parcel->body->str;
        if (strstr(told, "Ana asks for it") == NULL) {
            fail_msg("%s: %s", row->name, told);
        }
        /* Programs, and who looks for links in the log, get all there is. */
        bool has_button = strstr(told, "TOKEN") != NULL;
        assert_int_equal(has_button, row->value == CONTACT_WEBHOOK || row->value == CONTACT_LOG);
        parcel_free(parcel);
    }
}

static void test_classify(void **state)
{
    (void)state;

    const struct {
        const char *name;
        int kind;
        int status;
        const char *body;
        int expected;
    } rows[] = {
        {"webhook created", CONTACT_WEBHOOK, 201, "", SEND_DELIVERED},
        {"webhook informational", CONTACT_WEBHOOK, 199, "", SEND_REFUSED},
        {"webhook redirect", CONTACT_WEBHOOK, 308, "", SEND_REFUSED},
        {"webhook gone", CONTACT_WEBHOOK, 410, "", SEND_REFUSED},
        {"webhook busy", CONTACT_WEBHOOK, 429, "", SEND_RETRY},
        {"webhook broken", CONTACT_WEBHOOK, 500, "", SEND_RETRY},
        {"webhook odd", CONTACT_WEBHOOK, 999, "", SEND_RETRY},
        {"slack ok", CONTACT_SLACK, 200, "ok", SEND_DELIVERED},
        {"slack something else", CONTACT_SLACK, 200, "<html>", SEND_UNKNOWN},
        {"slack nothing", CONTACT_SLACK, 200, "", SEND_UNKNOWN},
        {"slack gone", CONTACT_SLACK, 404, "no_service", SEND_REFUSED},
        {"slack busy", CONTACT_SLACK, 429, "rate_limited", SEND_RETRY},
        {"slack bot", CONTACT_SLACK, 200, "{\"ok\":true,\"channel\":\"C0\",\"ts\":\"1.2\"}",
         SEND_DELIVERED},
        {"slack bot no room", CONTACT_SLACK, 200, "{\"ok\":false,\"error\":\"is_archived\"}",
         SEND_REFUSED},
        {"slack bot new word", CONTACT_SLACK, 200, "{\"ok\":false,\"error\":\"new_word\"}",
         SEND_REFUSED},
        {"slack bot no word", CONTACT_SLACK, 200, "{\"ok\":false}", SEND_REFUSED},
        {"slack bot limited", CONTACT_SLACK, 200, "{\"ok\":false,\"error\":\"ratelimited\"}",
         SEND_RETRY},
        {"slack bot broken", CONTACT_SLACK, 200, "{\"ok\":false,\"error\":\"fatal_error\"}",
         SEND_RETRY},
        {"slack bot cut", CONTACT_SLACK, 200, "{\"ok\":true,\"chan", SEND_UNKNOWN},
        {"mattermost bot", CONTACT_MATTERMOST, 201, "{\"id\":\"abc\"}", SEND_DELIVERED},
        {"mattermost bot without id", CONTACT_MATTERMOST, 201, "{}", SEND_UNKNOWN},
        {"mattermost bot no right", CONTACT_MATTERMOST, 403, "{\"id\":\"api.x.app_error\"}",
         SEND_REFUSED},
        {"mattermost ok", CONTACT_MATTERMOST, 200, "ok", SEND_DELIVERED},
        {"mattermost no", CONTACT_MATTERMOST, 400, "{\"id\":\"x\"}", SEND_REFUSED},
        {"ntfy", CONTACT_NTFY, 200, "{\"id\":\"abc\"}", SEND_DELIVERED},
        {"ntfy not JSON", CONTACT_NTFY, 200, "[[[[", SEND_DELIVERED},
        {"ntfy no token", CONTACT_NTFY, 403, "", SEND_REFUSED},
        {"mail taken", CONTACT_EMAIL, 250, "250 ok", SEND_DELIVERED},
        {"mail greylisted", CONTACT_EMAIL, 450, "450 later", SEND_RETRY},
        {"mail closing", CONTACT_EMAIL, 421, "421 bye", SEND_RETRY},
        {"mail no such user", CONTACT_EMAIL, 550, "550 who?", SEND_REFUSED},
        {"mail nothing said", CONTACT_EMAIL, 0, "", SEND_RETRY},
        {"mail in the middle", CONTACT_EMAIL, 354, "354 go on", SEND_RETRY},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct provider_answer answer = {.status = rows[i].status, .body = rows[i].body};
        struct send_result result = {0};
        driver_of(rows[i].kind)->classify(&answer, &result);
        if (result.state != rows[i].expected) {
            fail_msg("%s: judged %d", rows[i].name, result.state);
        }
    }
}

/* What the provider calls the message, and how long it asks us to wait; nothing odd of theirs. */
static void test_chat_answers_are_kept(void **state)
{
    (void)state;

    const struct {
        int kind, status;
        const char *body, *id, *detail;
    } rows[] = {
        {CONTACT_SLACK, 200, "{\"ok\":true,\"channel\":\"C0\",\"ts\":\"15.000247\"}",
         "C0/15.000247", "HTTP 200"},
        {CONTACT_SLACK, 200, "{\"ok\":true,\"channel\":\"C0\",\"ts\":\"<b>\"}", "", "HTTP 200"},
        {CONTACT_SLACK, 200, "{\"ok\":false,\"error\":\"ratelimited\"}", "",
         "HTTP 200: ratelimited"},
        {CONTACT_SLACK, 200, "{\"ok\":false,\"error\":\"<b>\"}", "", "HTTP 200: an error"},
        {CONTACT_MATTERMOST, 201, "{\"id\":\"abc\"}", "abc", "HTTP 201"},
        {CONTACT_MATTERMOST, 200, "{\"id\":\"abc\",\"message\":\"x\"}", "abc", "HTTP 200"},
        {CONTACT_MATTERMOST, 200, "{\"id\":\"a/../b\"}", "",
         "HTTP 200 without the \"ok\" of a chat; check the address"},
        {CONTACT_MATTERMOST, 403, "{\"id\":\"api.x.app_error\"}", "", "HTTP 403: api.x.app_error"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct provider_answer answer = {
            .status = rows[i].status, .body = rows[i].body, .retry_after = SPAN_S(30)};
        struct send_result result = {0};
        driver_of(rows[i].kind)->classify(&answer, &result);
        assert_string_equal(result.provider_id, rows[i].id);
        assert_string_equal(result.detail, rows[i].detail);
        assert_int_equal(result.retry_after.us, result.state == SEND_RETRY ? 30000000 : 0);
    }
}

/* A detail is cut between characters, and is one line. */
static void test_result_say(void **state)
{
    (void)state;
    struct send_result result = {0};
    g_autofree char *wide = g_strnfill(100, 'x');
    result_say(&result, "%s%s%s%s한국어한국어한국어\r\nX", wide, wide, "xxxxxxxxxx",
               "yyyyyyyyyyyyyyyyyyyyy");
    assert_true(strlen(result.detail) < sizeof result.detail);
    assert_true(g_utf8_validate(result.detail, -1, NULL));
    assert_null(strpbrk(result.detail, "\r\n"));
}

static char *mail_with(const char *full_name, const char *summary)
{
    struct fault fault = {0};
    struct message_item item = ITEM;
    struct message message = MESSAGE;
    struct address address = {.kind = CONTACT_EMAIL, .to = "ana@example.com"};
    item.summary = summary;
    message.items = &item;
    message.full_name = full_name;
    struct parcel *parcel = driver_of(CONTACT_EMAIL)->build(&SETTINGS, &address, &message, &fault);
    assert_non_null(parcel);
    assert_string_equal(parcel->mail_from, "<tocsin@example.com>");
    assert_string_equal(parcel->mail_to, "<ana@example.com>");
    char *mail = g_strdup(parcel->body->str);
    parcel_free(parcel);
    return mail;
}

static void test_mail_headers(void **state)
{
    (void)state;
    g_autofree char *mail = mail_with("Ana Wijaya", "Disk full");
    assert_true(g_str_has_prefix(mail, "From: Tocsin <tocsin@example.com>\r\n"
                                       "To: Ana Wijaya <ana@example.com>\r\n"
                                       "Subject: [critical] checkout: Disk full\r\n"
                                       "Date: Thu, 24 Dec 2026 22:05:00 +0000\r\n"
                                       "Message-ID: <m-12@example.com>\r\n"
                                       "In-Reply-To: <alert-7@example.com>\r\n"
                                       "References: <alert-7@example.com>\r\n"
                                       "Auto-Submitted: auto-generated\r\n"
                                       "X-Auto-Response-Suppress: All\r\n"
                                       "Importance: high\r\n"
                                       "X-Priority: 1\r\n"
                                       "MIME-Version: 1.0\r\n"
                                       "Content-Type: multipart/alternative;\r\n boundary=\"=_"));
    g_autofree char *again = mail_with("Ana Wijaya", "Disk full");
    assert_string_equal(mail, again); /* a retry is the same mail to the byte */
}

static void test_mail_names(void **state)
{
    (void)state;

    const struct {
        const char *name;
        const char *expected;
    } rows[] = {
        {"Ana", "To: Ana <ana@example.com>\r\n"},
        {"", "To: ana@example.com\r\n"},
        {NULL, "To: ana@example.com\r\n"},
        {"O'Neil Jr-Smith", "To: O'Neil Jr-Smith <ana@example.com>\r\n"},
        {"Ana, W.", "To: =?UTF-8?B?QW5hLCBXLg==?=\r\n <ana@example.com>\r\n"},
        {"x <eve@example.com>",
         "To: =?UTF-8?B?eCA8ZXZlQGV4YW1wbGUuY29tPg==?=\r\n <ana@example.com>\r\n"},
        {"김아나", "To: =?UTF-8?B?6rmA7JWE64KY?=\r\n <ana@example.com>\r\n"},
        {"a\r\nBcc: eve@example.com",
         "To: =?UTF-8?B?YSAgQmNjOiBldmVAZXhhbXBsZS5jb20=?=\r\n <ana@example.com>\r\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *mail = mail_with(rows[i].name, "x");
        if (strstr(mail, rows[i].expected) == NULL) {
            fail_msg("%s: %.300s", rows[i].name, mail);
        }
    }
}

static void test_mail_settings(void **state)
{
    (void)state;

    const struct {
        const char *name;
        struct driver_settings settings;
        const char *field;
    } rows[] = {
        {"no server", {"a@example.com", NULL}, "smtp_url"},
        {"no sender", {NULL, "smtp://x"}, "mail_from"},
        {"sender is a name", {"Tocsin", "smtp://x"}, "mail_from"},
        {"sender not closed", {"Tocsin <a@example.com", "smtp://x"}, "mail_from"},
        {"something behind", {"Tocsin <a@example.com> x", "smtp://x"}, "mail_from"},
        {"a second header", {"a@example.com\r\nBcc: x@example.com", "smtp://x"}, "mail_from"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        struct address address = {.kind = CONTACT_EMAIL, .to = "ana@example.com"};
        if (driver_of(CONTACT_EMAIL)->build(&rows[i].settings, &address, &MESSAGE, &fault) !=
            NULL) {
            fail_msg("%s: taken", rows[i].name);
        }
        assert_string_equal(fault.field, rows[i].field);
    }
}

/* The person presses the button on our page; no app and no server of the provider does it for them. */
static void test_ntfy_only_opens_the_link(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct message message = MESSAGE;
    struct address address = {.kind = CONTACT_NTFY, .to = "https://ntfy.example.com/topic"};
    message.ack_url = "https://t.example.com/l/TOKEN";
    struct parcel *parcel = driver_of(CONTACT_NTFY)->build(&SETTINGS, &address, &message, &fault);
    guint actions = 0;
    for (guint i = 0; i < parcel->headers->len; i++) {
        const char *header = g_ptr_array_index(parcel->headers, i);
        if (g_str_has_prefix(header, "Actions: ")) {
            assert_true(g_str_has_prefix(header, "Actions: view, "));
            assert_null(strstr(header, "method"));
            actions++;
        }
        assert_false(g_str_has_prefix(header, "Authorization"));
    }
    assert_int_equal(actions, 1);
    parcel_free(parcel);
}

/* A message that is too long for ntfy loses the end of its longest text, and nothing else. */
static void test_ntfy_cuts_the_longest_text(void **state)
{
    (void)state;
    struct fault fault = {0};
    GString *summary = g_string_new(NULL);
    GString *long_text = g_string_new(NULL);
    for (int i = 0; i < 400; i++) {
        g_string_append(summary, "장애🔥");
        g_string_append(long_text, "소소소");
    }
    struct message_item item = ITEM;
    struct message message = MESSAGE;
    struct address address = {.kind = CONTACT_NTFY, .to = "https://ntfy.example.com/topic"};
    item.summary = summary->str;
    item.description = long_text->str;
    item.source = long_text->str;
    message.items = &item;
    message.reason = "You are told because you are on call.";
    struct parcel *parcel = driver_of(CONTACT_NTFY)->build(&SETTINGS, &address, &message, &fault);
    const char *body = parcel->body->str;
    assert_true(parcel->body->len <= 4000);
    assert_true(g_utf8_validate(body, -1, NULL));
    assert_non_null(strstr(body, "…"));
    assert_non_null(strstr(body, message.reason));
    assert_non_null(strstr(body, "2026"));
    parcel_free(parcel);
    g_string_free(summary, TRUE);
    g_string_free(long_text, TRUE);
}

/* The first alert of two databases is not one thread. */
static void test_threads_are_of_one_installation(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct message message = MESSAGE;
    struct address address = {.kind = CONTACT_EMAIL, .to = "ana@example.com"};
    message.installation = "0123456789abcdef";
    struct parcel *parcel = driver_of(CONTACT_EMAIL)->build(&SETTINGS, &address, &message, &fault);
    assert_non_null(
        strstr(parcel->body->str, "\r\nReferences: <alert-7-0123456789abcdef@example.com>\r\n"));
    parcel_free(parcel);
}

static void an_answer_that_asks_to_wait_says_how_long(void **state)
{
    (void)state;

    static const struct {
        int asked_s;
        const char *detail;
    } ROWS[] = {
        {1800, "HTTP 429: the provider asks to wait for 30m"},
        {0, "HTTP 429: the provider asks to try again"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct provider_answer answer = {
            .status = 429, .body = "", .retry_after = SPAN_S(ROWS[i].asked_s)};
        struct send_result result = {0};
        driver_of(CONTACT_WEBHOOK)->classify(&answer, &result);
        assert_string_equal(result.detail, ROWS[i].detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_asks_to_wait_says_how_long),
        cmocka_unit_test(test_every_contact_kind_has_a_driver),
        cmocka_unit_test(test_a_notice_is_told_as_it_stands),
        cmocka_unit_test(test_classify),
        cmocka_unit_test(test_result_say),
        cmocka_unit_test(test_chat_answers_are_kept),
        cmocka_unit_test(test_mail_headers),
        cmocka_unit_test(test_mail_names),
        cmocka_unit_test(test_mail_settings),
        cmocka_unit_test(test_ntfy_only_opens_the_link),
        cmocka_unit_test(test_ntfy_cuts_the_longest_text),
        cmocka_unit_test(test_threads_are_of_one_installation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
