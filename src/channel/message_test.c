/* A message says what is wrong, in each channel's own form. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "alert/signal.h"
#include "base/json.h"
#include "channel/driver.h"
#include "channel/render.h"

static const struct driver_settings SETTINGS = {"Tocsin <tocsin@example.com>", "smtp://mail:25"};
static const struct message_pair LABELS[] = {
    {"region", "eu-west <b>"}, {"@channel*", "p-1\r\nX"}, {"", "no name"}};
static const struct message_pair LINKS[] = {
    {"Runbook", "https://wiki.example.com/disk"},
    {"Graph; view, x", "https://graph.example.com/g?a=1"},
    {NULL, "https://other.example.com/x"},
    {"Script", "javascript:alert(1)"},
};
static const struct message_item ITEM = {
    .subject = {.kind = "alert", .id = 7},
    .summary = "Disk full",
    .description = "/var is at 97 %.\nDelete *old* <logs>.\r\n\n\x01",
    .service = "checkout",
    .component = "database",
    .source = "db-1",
    .severity = SEVERITY_CRITICAL,
    .count = 3,
    .since = {1798149600000000},
    .labels = LABELS,
    .label_count = G_N_ELEMENTS(LABELS),
    .links = LINKS,
    .link_count = G_N_ELEMENTS(LINKS),
};
static const struct message MESSAGE = {
    .kind = MESSAGE_PAGE,
    .language = LANGUAGE_EN,
    .time_zone = "Europe/Paris",
    .full_name = "Ana Wijaya",
    .severity = SEVERITY_CRITICAL,
    .items = &ITEM,
    .item_count = 1,
    .total = 1,
    .by_severity = {[SEVERITY_CRITICAL] = 1},
    .ack_url = "https://t.example.com/l/TOKEN",
    .reason = "Budi Santoso asked for you.",
    .note = "you know this disk best",
    .told = {.names = {"Budi Santoso", "channel ops"}, .count = 2, .more = 3},
    .next = {.names = {"Chen Wei"}, .count = 1},
    .next_at = {1798150200000000},
    .message_id = "m-12",
    .now = {1798149900000000},
};

static struct parcel *parcel_of(int kind, const struct message *message)
{
    struct fault fault = {0};
    const struct address address = {.kind = kind,
                                    .to = kind == CONTACT_EMAIL ? "ana@example.com"
                                                                : "https://chat.example.com/x"};
    struct parcel *parcel = driver_of(kind)->build(&SETTINGS, &address, message, &fault);
    if (parcel == NULL) {
        fail_msg("%s", fault.text);
    }
    return parcel;
}

static void the_text_says_all(void **state)
{
    (void)state;
    struct rendered rendered = message_render(&MESSAGE);
    g_autofree char *text = rendered_text(&rendered);
    assert_string_equal(
        text, "Ana Wijaya, this alert needs you now.\n"
              "\n"
              "Disk full\n"
              "\n"
              "/var is at 97 %.\n"
              "Delete *old* <logs>.\n"
              "\n"
              "Severity: critical\n"
              "Service: checkout\n"
              "Component: database\n"
              "Source: db-1\n"
              "Since: Thu 24 December 2026, 23:00 (Europe/Paris)\n"
              "Reported: 3 times\n"
              "Why you: Budi Santoso asked for you.\n"
              "Note: you know this disk best\n"
              "Also paged: Budi Santoso, channel ops and 3 more\n"
              "If nobody acknowledges: Thu 24 December 2026, 23:10 (Europe/Paris): Chen Wei\n"
              "\n"
              "Acknowledge:\n"
              "https://t.example.com/l/TOKEN\n"
              "\n"
              "The link opens a page with one button. Nothing happens until you press it.\n"
              "\n"
              "region: eu-west <b>\n"
              "@channel*: p-1  X\n"
              "\n"
              "Runbook:\n"
              "https://wiki.example.com/disk\n"
              "\n"
              "Graph; view, x:\n"
              "https://graph.example.com/g?a=1\n"
              "\n"
              "other.example.com:\n"
              "https://other.example.com/x\n"
              "\n"
              "Sent by Tocsin, message m-12.\n");
    rendered_clear(&rendered);
}

static void mail_has_both_parts_and_html_escapes(void **state)
{
    (void)state;
    struct rendered rendered = message_render(&MESSAGE);
    g_autofree char *html = rendered_html(&rendered);
    assert_non_null(strstr(html, "Delete *old* &lt;logs&gt;."));
    assert_non_null(strstr(html, "<td>eu-west &lt;b&gt;</td>"));
    assert_non_null(strstr(html, "<a href=\"https://wiki.example.com/disk\">Runbook</a>"));
    assert_null(strstr(html, "javascript"));
    assert_null(strstr(html, "<b>"));
    rendered_clear(&rendered);
    struct parcel *parcel = parcel_of(CONTACT_EMAIL, &MESSAGE);
    const char *plain = strstr(parcel->body->str, "Content-Type: text/plain; charset=utf-8\r\n");
    const char *rich = strstr(parcel->body->str, "Content-Type: text/html; charset=utf-8\r\n");
    assert_non_null(plain);
    assert_non_null(rich);
    assert_true(plain < rich); /* the last one is what a mail program prefers */
    assert_non_null(strstr(plain, "Note: you know this disk best\r\n"));
    parcel_free(parcel);
}

/* The text of every block of a kind, joined by "; ". */
static char *slack_texts(const json_t *blocks)
{
    GString *out = g_string_new(NULL);
    size_t i, j;
    json_t *block, *part;
    json_array_foreach ((json_t *)(uintptr_t)blocks, i, block) {
        const json_t *text = json_object_get(block, "text");
        if (text != NULL) {
            assert_string_equal(json_text(text, "type", ""), "plain_text");
            g_string_append_printf(out, "[%s]", json_text(text, "text", ""));
        }
        json_array_foreach (json_object_get(block, "fields"), j, part) {
            g_string_append_printf(out, "(%s)", json_text(part, "text", ""));
        }
        json_array_foreach (json_object_get(block, "elements"), j, part) {
            if (json_text(part, "url", NULL) != NULL) {
                g_string_append_printf(out, "<%s>", json_text(part, "url", ""));
            }
        }
    }
    return g_string_free(out, FALSE);
}

static json_t *body_of(const struct parcel *parcel)
{
    struct fault fault = {0};
    json_t *body = json_read(parcel->body->str, parcel->body->len, &fault);
    if (body == NULL) {
        fail_msg("%s", fault.text);
    }
    return body;
}

static void slack_gets_fields_and_buttons(void **state)
{
    (void)state;
    struct parcel *parcel = parcel_of(CONTACT_SLACK, &MESSAGE);
    json_auto_t *body = body_of(parcel);
    json_t *blocks = json_object_get(body, "blocks");
    g_autofree char *texts = slack_texts(blocks);
    assert_string_equal(
        texts, "[Ana Wijaya, this alert needs you now.][Disk full]"
               "[/var is at 97 %.\nDelete *old* <logs>.]"
               "(Severity: critical)(Service: checkout)(Component: database)(Source: db-1)"
               "(Since: Thu 24 December 2026, 23:00 (Europe/Paris))(Reported: 3 times)"
               "(Why you: Budi Santoso asked for you.)(Note: you know this disk best)"
               "(Also paged: Budi Santoso, channel ops and 3 more)"
               "(If nobody acknowledges: Thu 24 December 2026, 23:10 (Europe/Paris): Chen Wei)"
               "(region: eu-west <b>)(@channel*: p-1  X)"
               "<https://t.example.com/l/TOKEN><https://wiki.example.com/disk>"
               "<https://graph.example.com/g?a=1><https://other.example.com/x>");
    size_t i;
    json_t *block;
    json_array_foreach (blocks, i, block) {
        assert_true(json_array_size(json_object_get(block, "fields")) <= 10);
    }
    assert_true(json_array_size(blocks) <= 50);
    parcel_free(parcel);
}

/* A token goes to the API alone: whoever owns a webhook has no use for it. */
static void a_bot_names_channel_and_token(void **state)
{
    (void)state;

    const struct {
        int kind;
        const char *to, *url, *field, *channel;
    } rows[] = {
        {CONTACT_SLACK, "https://slack.com/api/chat.postMessage?channel=C0123456789",
         "https://slack.com/api/chat.postMessage", "channel", "C0123456789"},
        {CONTACT_MATTERMOST, "https://m.example.com/x/api/v4/posts?channel_id=4xp9fdt77pncbef5",
         "https://m.example.com/x/api/v4/posts", "channel_id", "4xp9fdt77pncbef5"},
        {CONTACT_SLACK, "https://hooks.slack.com/T/B/x?channel=C0123456789",
         "https://hooks.slack.com/T/B/x?channel=C0123456789", "channel", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        const struct address address = {rows[i].kind, rows[i].to, "xoxb-1"};
        struct parcel *parcel =
            driver_of(rows[i].kind)->build(&SETTINGS, &address, &MESSAGE, &fault);
        json_auto_t *body = body_of(parcel);
        assert_string_equal(parcel->url, rows[i].url);
        bool has_token = false;
        for (guint k = 0; k < parcel->headers->len; k++) {
            const char *header = g_ptr_array_index(parcel->headers, k);
            has_token = has_token || strcmp(header, "Authorization: Bearer xoxb-1") == 0;
            assert_true(has_token || strstr(header, "xoxb") == NULL);
        }
        assert_int_equal(has_token, rows[i].channel != NULL);
        assert_string_equal(json_text(body, rows[i].field, "none"),
                            rows[i].channel != NULL ? rows[i].channel : "none");
        assert_null(strstr(parcel->body->str, "xoxb"));
        parcel_free(parcel);
    }
}

/* By the provider's id; an incoming webhook has none, and posts anew. */
static void a_bot_writes_a_message_anew(void **state)
{
    (void)state;

    const struct {
        int kind;
        const char *to, *id, *method, *url, *channel, *ts;
    } rows[] = {
        {CONTACT_SLACK, "https://slack.com/api/chat.postMessage?channel=U0123456789",
         "D0987654321/1503435956.000247", "", "https://slack.com/api/chat.update", "D0987654321",
         "1503435956.000247"},
        {CONTACT_MATTERMOST, "https://m.example.com/x/api/v4/posts?channel_id=4xp9fdt77pncbef5",
         "4xp9fdt77pncbef59f4k1qe83o", "PUT",
         "https://m.example.com/x/api/v4/posts/4xp9fdt77pncbef59f4k1qe83o/patch", "", ""},
        {CONTACT_SLACK, "https://hooks.slack.com/T/B/x", "C0/1.2", "",
         "https://hooks.slack.com/T/B/x", "", ""},
    };

    struct message message = MESSAGE;
    message.kind = MESSAGE_ENDED;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fault fault = {0};
        const struct address address = {rows[i].kind, rows[i].to, "xoxb-1"};
        message.update_id = rows[i].id;
        struct parcel *parcel =
            driver_of(rows[i].kind)->build(&SETTINGS, &address, &message, &fault);
        json_auto_t *body = body_of(parcel);
        assert_string_equal(parcel->method != NULL ? parcel->method : "", rows[i].method);
        assert_string_equal(parcel->url, rows[i].url);
        assert_string_equal(json_text(body, "channel", ""), rows[i].channel);
        assert_string_equal(json_text(body, "ts", ""), rows[i].ts);
        assert_null(json_object_get(body, "channel_id"));
        assert_non_null(strstr(parcel->body->str, "Disk full"));
        parcel_free(parcel);
    }
}

static void mattermost_escapes_labels_too(void **state)
{
    (void)state;
    struct parcel *parcel = parcel_of(CONTACT_MATTERMOST, &MESSAGE);
    json_auto_t *body = body_of(parcel);
    const json_t *attachment = json_array_get(json_object_get(body, "attachments"), 0);
    const char *text = json_text(attachment, "text", "");
    assert_non_null(strstr(text, "Delete \\*old\\* \\<logs\\>."));
    assert_non_null(strstr(text, "[Runbook](<https://wiki.example.com/disk>)"));
    assert_null(strstr(parcel->body->str, "@channel*"));
    assert_non_null(strstr(parcel->body->str, "eu-west \\\\<b\\\\>"));
    parcel_free(parcel);
}

static const char *header_of(const struct parcel *parcel, const char *prefix)
{
    for (guint i = 0; i < parcel->headers->len; i++) {
        const char *header = g_ptr_array_index(parcel->headers, i);
        if (g_str_has_prefix(header, prefix)) {
            return header;
        }
    }
    return "";
}

/* Whatever the channel, and whether it is of one alert or of many. */
static void each_channel_says_that_it_was_held_back_or_may_be_a_repeat(void **state)
{
    (void)state;
    static const int CHANNELS[] = {CONTACT_EMAIL, CONTACT_SLACK, CONTACT_MATTERMOST, CONTACT_NTFY};
    static const int KINDS[] = {MESSAGE_PAGE, MESSAGE_DIGEST};
    for (size_t i = 0; i < G_N_ELEMENTS(CHANNELS) * G_N_ELEMENTS(KINDS); i++) {
        struct message message = MESSAGE;
        message.kind = KINDS[i % G_N_ELEMENTS(KINDS)];
        message.held_since = ITEM.since;
        message.may_repeat = true;
        struct parcel *parcel = parcel_of(CHANNELS[i / G_N_ELEMENTS(KINDS)], &message);
        assert_non_null(strstr(parcel->body->str, "Held back since "));
        assert_non_null(strstr(parcel->body->str, "You may have received "));
        parcel_free(parcel);
    }
}

static void ntfy_offers_three_views(void **state)
{
    (void)state;
    struct parcel *parcel = parcel_of(CONTACT_NTFY, &MESSAGE);
    /* A name with a comma or semicolon in it must not begin another action. */
    assert_string_equal(header_of(parcel, "Actions: "),
                        "Actions: view, Acknowledge, https://t.example.com/l/TOKEN, clear=true; "
                        "view, Runbook, https://wiki.example.com/disk; "
                        "view, =?UTF-8?B?R3JhcGg7IHZpZXcsIHg=?=, https://graph.example.com/g?a=1");
    assert_non_null(strstr(parcel->body->str, "\n/var is at 97 %.\n"));
    assert_non_null(strstr(parcel->body->str, "\nAlso paged: Budi Santoso"));
    parcel_free(parcel);
}

static void a_webhook_has_a_field_for_each(void **state)
{
    (void)state;
    struct parcel *parcel = parcel_of(CONTACT_WEBHOOK, &MESSAGE);
    json_auto_t *body = body_of(parcel);
    const json_t *data = json_object_get(body, "data");
    const json_t *alert = json_array_get(json_object_get(data, "alerts"), 0);
    struct fault fault = {0};
    static const char EXPECTED[] =
        "{\"kind\":\"alert\",\"id\":\"7\",\"summary\":\"Disk full\",\"severity\":\"critical\","
        "\"service\":\"checkout\",\"component\":\"database\",\"source\":\"db-1\","
        "\"description\":\"/var is at 97 %.\\nDelete *old* <logs>.\\r\\n\\n\\u0001\","
        "\"since\":\"2026-12-24T22:00:00Z\",\"count\":3,"
        "\"labels\":{\"region\":\"eu-west <b>\",\"@channel*\":\"p-1\\r\\nX\",\"\":\"no name\"},"
        "\"links\":[{\"text\":\"Runbook\",\"href\":\"https://wiki.example.com/disk\"},"
        "{\"text\":\"Graph; view, x\",\"href\":\"https://graph.example.com/g?a=1\"},"
        "{\"href\":\"https://other.example.com/x\"}]}";
    json_auto_t *expected = json_read(EXPECTED, strlen(EXPECTED), &fault);
    assert_non_null(expected);
    g_autofree char *found = json_write(alert);
    if (!json_equal(alert, expected)) {
        fail_msg("%s", found);
    }
    assert_string_equal(json_text(data, "note", ""), "you know this disk best");
    assert_int_equal(json_array_size(json_object_get(data, "told")), 2);
    const json_t *next = json_object_get(data, "next");
    assert_string_equal(json_text(next, "at", ""), "2026-12-24T22:10:00Z");
    assert_string_equal(json_string_value(json_array_get(json_object_get(next, "who"), 0)),
                        "Chen Wei");
    parcel_free(parcel);
}

/* And of what is over how it ended. */
static void a_webhook_has_what_was_said_at_the_end(void **state)
{
    (void)state;
    struct message_item item = MESSAGE.items[0];
    struct message message = MESSAGE;
    item.ended_at = message.now;
    item.resolved_by = "Chen Wei";
    item.resolve_note = "threw old logs away";
    message.kind = MESSAGE_ENDED;
    message.items = &item;
    struct parcel *parcel = parcel_of(CONTACT_WEBHOOK, &message);
    json_auto_t *body = body_of(parcel);
    const json_t *alerts = json_object_get(json_object_get(body, "data"), "alerts");
    assert_string_equal(json_text(json_array_get(alerts, 0), "resolve_note", ""),
                        "threw old logs away");
    parcel_free(parcel);
}

/* The page behind the link has all of it. */
static void the_log_has_the_note_too(void **state)
{
    (void)state;

    static const struct {
        const char *name, *note, *line;
    } ROWS[] = {
        {"a note", "bring\na torch", " | Note: bring a torch"},
        {"none", NULL, ""},
        {"nothing in it", "\n", ""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct message message = MESSAGE;
        message.note = ROWS[i].note;
        struct parcel *parcel = parcel_of(CONTACT_LOG, &message);
        g_autofree char *expected = g_strconcat(
            "Ana Wijaya <- [critical] checkout: Disk full | Budi Santoso asked for you.",
            ROWS[i].line, " | https://t.example.com/l/TOKEN", NULL);
        if (strcmp(parcel->line, expected) != 0) {
            fail_msg("%s: %s", ROWS[i].name, parcel->line);
        }
        parcel_free(parcel);
    }
}

static void a_long_description_is_cut_at_a_character(void **state)
{
    (void)state;
    struct message message = MESSAGE;
    struct message_item item = ITEM;
    GString *description = g_string_new(NULL);
    for (int i = 0; i < 3000; i++) {
        g_string_append(description, i % 400 == 399 ? "\n" : "한");
    }
    item.description = description->str;
    message.items = &item;
    struct rendered rendered = message_render(&message);
    glong shown = 0;
    for (guint i = 0; i < rendered.blocks->len; i++) {
        const struct block *block = g_ptr_array_index(rendered.blocks, i);
        if (block->kind == BLOCK_TEXT) {
            assert_true(g_utf8_validate(block->text, -1, NULL));
            shown += g_utf8_strlen(block->text, -1);
        }
    }
    assert_in_range(shown, 1900, 2001);
    g_autofree char *text = rendered_text(&rendered);
    assert_non_null(strstr(text, "한…\n"));
    rendered_clear(&rendered);
    g_string_free(description, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_says_all),
        cmocka_unit_test(mail_has_both_parts_and_html_escapes),
        cmocka_unit_test(slack_gets_fields_and_buttons),
        cmocka_unit_test(a_bot_names_channel_and_token),
        cmocka_unit_test(a_bot_writes_a_message_anew),
        cmocka_unit_test(mattermost_escapes_labels_too),
        cmocka_unit_test(each_channel_says_that_it_was_held_back_or_may_be_a_repeat),
        cmocka_unit_test(ntfy_offers_three_views),
        cmocka_unit_test(a_webhook_has_a_field_for_each),
        cmocka_unit_test(a_webhook_has_what_was_said_at_the_end),
        cmocka_unit_test(the_log_has_the_note_too),
        cmocka_unit_test(a_long_description_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
