/* What a message says, for each kind and language; and what hostile texts cannot make it say. */
#include "channel/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/signal.h"

static const struct utc NOW = {1798149900000000}; /* 2026-12-24T22:05:00Z */

static const struct message_item ITEM = {
    .subject = {.kind = "alert", .id = 7},
    .summary = "Payment failures above 5 %",
    .service = "checkout",
    .source = "pay-3",
    .severity = SEVERITY_CRITICAL,
    .since = {1798149900000000},
};

static struct message message_of(int kind, int language)
{
    return (struct message){
        .kind = kind,
        .language = language,
        .time_zone = "Europe/Paris",
        .full_name = "Ana Wijaya",
        .severity = SEVERITY_CRITICAL,
        .items = &ITEM,
        .item_count = kind == MESSAGE_TEST || kind == MESSAGE_GAP ? 0 : 1,
        .total = 1,
        .by_severity = {[SEVERITY_CRITICAL] = 1},
        .ack_url = "https://tocsin.example.com/a/TOKEN",
        .alert_url = "https://tocsin.example.com/alerts/7",
        .reason = "You are on call.",
        .detail = "payments-primary",
        .message_id = "m-1",
        .now = NOW,
    };
}

static void test_subjects(void **state)
{
    (void)state;

    const struct {
        int kind;
        int language;
        const char *expected;
    } rows[] = {
        {MESSAGE_PAGE, LANGUAGE_EN, "[critical] checkout: Payment failures above 5 %"},
        {MESSAGE_PAGE, LANGUAGE_KO, "[심각] checkout: Payment failures above 5 %"},
        {MESSAGE_PAGE, LANGUAGE_ZH_TW, "[嚴重] checkout：Payment failures above 5 %"},
        {MESSAGE_PAGE, LANGUAGE_FR, "[critique] checkout : Payment failures above 5 %"},
        {MESSAGE_PAGE, LANGUAGE_ID, "[kritis] checkout: Payment failures above 5 %"},
        {MESSAGE_DIGEST, LANGUAGE_EN, "[critical] 1 alert is waiting for you"},
        {MESSAGE_STILL_ON_IT, LANGUAGE_FR,
         "Toujours dessus ? checkout : Payment failures above 5 %"},
        {MESSAGE_TEST, LANGUAGE_KO, "Tocsin 테스트 메시지"},
        {MESSAGE_GAP, LANGUAGE_ID, "Tidak ada yang piket: payments-primary"},
        {MESSAGE_TAKEN, LANGUAGE_EN, "Acknowledged: checkout: Payment failures above 5 %"},
        {MESSAGE_TAKEN, LANGUAGE_KO, "대응 중: checkout: Payment failures above 5 %"},
        {MESSAGE_TAKEN, LANGUAGE_ZH_TW, "處理中：checkout：Payment failures above 5 %"},
        {MESSAGE_TAKEN, LANGUAGE_FR, "Prise en charge : checkout : Payment failures above 5 %"},
        {MESSAGE_TAKEN, LANGUAGE_ID, "Ditangani: checkout: Payment failures above 5 %"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct message message = message_of(rows[i].kind, rows[i].language);
        struct rendered rendered = message_render(&message);
        assert_string_equal(rendered.subject, rows[i].expected);
        rendered_clear(&rendered);
    }
}

static void test_page_in_full(void **state)
{
    (void)state;
    struct message message = message_of(MESSAGE_PAGE, LANGUAGE_EN);
    message.may_repeat = true;
    struct rendered rendered = message_render(&message);
    g_autofree char *text = rendered_text(&rendered);
    assert_string_equal(
        text,
        "Ana Wijaya, this alert needs you now.\n"
        "\n"
        "Payment failures above 5 %\n"
        "\n"
        "Severity: critical\n"
        "Service: checkout\n"
        "Source: pay-3\n"
        "Since: Thu 24 December 2026, 23:05 (Europe/Paris)\n"
        "Why you: You are on call.\n"
        "\n"
        "Acknowledge:\n"
        "https://tocsin.example.com/a/TOKEN\n"
        "\n"
        "The link opens a page with one button. Nothing happens until you press it.\n"
        "\n"
        "Show the alert:\n"
        "https://tocsin.example.com/alerts/7\n"
        "\n"
        "You may have received this message already: an earlier attempt got no clear answer.\n"
        "\n"
        "Sent by Tocsin, message m-1.\n");
    rendered_clear(&rendered);
}

static void test_digest_counts(void **state)
{
    (void)state;
    struct message_item items[10];
    struct message message = message_of(MESSAGE_DIGEST, LANGUAGE_EN);
    for (size_t i = 0; i < G_N_ELEMENTS(items); i++) {
        items[i] = ITEM;
    }
    message.items = items;
    message.item_count = 10;
    message.total = 43;
    message.by_severity[SEVERITY_CRITICAL] = 2;
    message.by_severity[SEVERITY_ERROR] = 1;
    message.by_severity[SEVERITY_INFO] = 40;
    struct rendered rendered = message_render(&message);
    g_autofree char *text = rendered_text(&rendered);
    assert_non_null(strstr(text, "Waiting: 2 critical, 1 error, 40 info\n"));
    assert_non_null(strstr(text, "… and 33 more that are not listed here.\n"));
    assert_non_null(strstr(text, "Acknowledge all:\n"));
    assert_string_equal(rendered.line, "[critical] 43 alerts are waiting for you (2 critical, "
                                       "1 error, 40 info): Payment failures above 5 %");
    rendered_clear(&rendered);
}

/* Who looks at a room sees that somebody has it, and there is nothing to take. */
static void what_is_taken_says_by_whom(void **state)
{
    (void)state;
    struct message_item items[] = {ITEM, ITEM};
    struct message message = message_of(MESSAGE_TAKEN, LANGUAGE_EN);
    items[0].acknowledged_by = "Budi Santoso";
    items[1].ended_at = NOW;
    items[1].lasted = SPAN_MIN(12);
    items[1].resolved_by = "Chen Wei";
    message.items = items;
    struct rendered one = message_render(&message);
    g_autofree char *text = rendered_text(&one);
    assert_non_null(strstr(text, "Ana Wijaya, somebody has this alert.\n"));
    assert_non_null(strstr(text, "Acknowledged by: Budi Santoso\n"));
    assert_null(strstr(text, "/a/TOKEN"));
    assert_non_null(strstr(text, "https://tocsin.example.com/alerts/7"));
    message.item_count = message.total = 2;
    struct rendered two = message_render(&message);
    g_autofree char *both = rendered_text(&two);
    assert_string_equal(two.subject, "Acknowledged or over: 2 alerts");
    assert_non_null(
        strstr(both, "checkout: Payment failures above 5 % — acknowledged by Budi Santoso\n"));
    assert_non_null(strstr(both, "checkout: Payment failures above 5 % — 12 min, Chen Wei\n"));
    rendered_clear(&one);
    rendered_clear(&two);
}

/* And what whoever resolved it said with it. */
static void what_is_over_says_how(void **state)
{
    (void)state;
    struct message_item items[] = {ITEM, ITEM};
    struct message message = message_of(MESSAGE_ENDED, LANGUAGE_EN);
    items[0].ended_at = items[1].ended_at = NOW;
    items[0].lasted = items[1].lasted = SPAN_MIN(12);
    items[0].resolved_by = items[1].resolved_by = "Chen Wei";
    items[0].resolve_note = "threw {old}\nlogs away";
    message.items = items;
    struct rendered one = message_render(&message);
    g_autofree char *text = rendered_text(&one);
    assert_non_null(strstr(text, "Resolved by: Chen Wei\n"));
    assert_non_null(strstr(text, "Resolution note: threw {old} logs away\n"));
    message.item_count = message.total = 2;
    struct rendered two = message_render(&message);
    g_autofree char *both = rendered_text(&two);
    assert_non_null(strstr(both, " — 12 min, Chen Wei: threw {old} logs away\n"));
    assert_non_null(strstr(both, " — 12 min, Chen Wei\n"));
    rendered_clear(&one);
    rendered_clear(&two);
}

/* Every language and kind: complete, one line where one line is due, no unfilled placeholder. */
static void test_all_are_complete(void **state)
{
    (void)state;
    for (int kind = MESSAGE_PAGE; kind <= MESSAGE_GAP; kind++) {
        for (int language = LANGUAGE_EN; language <= LANGUAGE_FR; language++) {
            struct message message = message_of(kind, language);
            struct rendered rendered = message_render(&message);
            g_autofree char *text = rendered_text(&rendered);
            g_autofree char *html = rendered_html(&rendered);
            assert_null(strpbrk(text, "{}"));
            assert_null(strpbrk(html, "{}"));
            assert_null(strpbrk(rendered.subject, "{}\r\n"));
            assert_null(strpbrk(rendered.line, "{}\r\n"));
            assert_true(g_utf8_validate(text, -1, NULL));
            assert_non_null(strstr(text, "You are on call."));
            assert_int_equal(strstr(text, "/a/TOKEN") != NULL, kind != MESSAGE_GAP);
            assert_int_equal(strstr(html, "href=\"https://tocsin.example.com/a/TOKEN\"") != NULL,
                             kind != MESSAGE_GAP);
            rendered_clear(&rendered);
        }
    }
}

static const char *const HOSTILE[] = {
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></head><body><h1>hacked</h1>",
    "<!--",
    "-->",
    "<![CDATA[x]]>",
    "&lt;script&gt;",
    "a\r\nBcc: everybody@example.com\r\n\r\nbody",
    "a\nSubject: other",
    "a\r b",
    "\xff\xfe<b>",
    "\342\200\256evil",
    "{summary}{severity}%s%n",
    "javascript:alert(1)",
};

static void check_html(const char *html)
{
    static const char *const TAGS[] = {
        "!DOCTYPE html>",
        "html ",
        "/html>",
        "head>",
        "/head>",
        "meta charset",
        "title>",
        "/title>",
        "body style",
        "/body>",
        "p>",
        "p style",
        "/p>",
        "h1 style",
        "/h1>",
        "table role",
        "/table>",
        "tr>",
        "th align",
        "/th>",
        "td>",
        "/td>",
        "/tr>",
        "ul>",
        "/ul>",
        "li>",
        "/li>",
        "a href=\"http",
        "/a>",
    };
    for (const char *at = strchr(html, '<'); at != NULL; at = strchr(at + 1, '<')) {
        bool is_ours = false;
        for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++) {
            is_ours = is_ours || g_str_has_prefix(at + 1, TAGS[i]);
        }
        if (!is_ours) {
            fail_msg("a tag that is not ours: %.60s", at);
        }
    }
    assert_null(strstr(html, "javascript:alert(1)\""));
}

/* A hostile text in every place that holds one, one after the other and all together. */
static void test_hostile_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(HOSTILE); i++) {
        for (int kind = MESSAGE_PAGE; kind <= MESSAGE_GAP; kind++) {
            struct message_item item = ITEM;
            struct message message = message_of(kind, LANGUAGE_EN);
            const char *evil = HOSTILE[i];
            item.summary = item.service = item.source = evil;
            message.items = &item;
            message.full_name = message.reason = message.detail = message.message_id = evil;
            message.ack_url = message.alert_url = evil;
            message.time_zone = evil;
            struct rendered rendered = message_render(&message);
            g_autofree char *html = rendered_html(&rendered);
            g_autofree char *text = rendered_text(&rendered);
            assert_null(strpbrk(rendered.subject, "\r\n"));
            assert_null(strpbrk(rendered.line, "\r\n"));
            assert_null(strstr(text, "\r"));
            assert_null(strstr(text, "\nSubject:"));
            assert_null(strstr(text, "\nBcc:"));
            assert_true(g_utf8_validate(html, -1, NULL));
            check_html(html);
            rendered_clear(&rendered);
        }
    }
}

/* A caller that leaves out what may be left out. */
static void test_bare_message(void **state)
{
    (void)state;
    for (int kind = MESSAGE_PAGE; kind <= MESSAGE_GAP; kind++) {
        struct message message = {.kind = kind, .now = NOW};
        struct rendered rendered = message_render(&message);
        g_autofree char *text = rendered_text(&rendered);
        g_autofree char *html = rendered_html(&rendered);
        assert_null(strstr(text, "http"));
        assert_null(strstr(html, "href"));
        rendered_clear(&rendered);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_page_in_full),
        cmocka_unit_test(test_digest_counts),
        cmocka_unit_test(test_all_are_complete),
        cmocka_unit_test(what_is_taken_says_by_whom),
        cmocka_unit_test(what_is_over_says_how),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_bare_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
