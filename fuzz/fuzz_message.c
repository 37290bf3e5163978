/* Any text in every place of a message, through every channel: no crash, no header of the sender's
 * making, no tag in the HTML but our own. The first byte chooses kind, language and channel. */
#include "channel/driver.h"
#include "channel/render.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct message message_of(const char *text, uint8_t choice, struct message_item *item)
{
    *item = (struct message_item){.subject = {.kind = "alert", .id = 1},
                                  .summary = text,
                                  .service = text,
                                  .source = text,
                                  .severity = choice % 6};
    return (struct message){
        .kind = MESSAGE_PAGE + choice % 6,
        .language = choice / 5 % 7,
        .time_zone = "Asia/Seoul",
        .full_name = text,
        .severity = choice % 6,
        .items = item,
        .item_count = 1,
        .total = 1 + choice,
        .by_severity = {0, 1, choice},
        .ack_url = text,
        .alert_url = text,
        .reason = text,
        .detail = text,
        .message_id = text,
        .may_repeat = choice % 2 == 0,
        .now = {1798149900000000},
    };
}

/* Only header lines that we write, before the empty line that we write. */
static void check_mail(const char *mail)
{
    static const char *const NAMES[] = {"From: ",
                                        "To: ",
                                        "Subject: ",
                                        "Date: ",
                                        "Message-ID: ",
                                        "In-Reply-To: ",
                                        "References: ",
                                        "Auto-Submitted: ",
                                        "X-Auto-Response-Suppress: ",
                                        "Importance: ",
                                        "X-Priority: ",
                                        "MIME-Version: ",
                                        "Content-Type: "};
    const char *body = strstr(mail, "\r\n\r\n");
    CHECK(body != NULL);
    g_autofree char *head = g_strndup(mail, (gsize)(body - mail));
    g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        bool is_ours = lines[i][0] == ' ';
        CHECK(strpbrk(lines[i], "\r\n") == NULL);
        CHECK(strlen(lines[i]) <= 998);
        for (size_t j = 0; j < G_N_ELEMENTS(NAMES); j++) {
            is_ours = is_ours || g_str_has_prefix(lines[i], NAMES[j]);
        }
        CHECK(is_ours);
    }
}

static void check_headers(const struct parcel *parcel)
{
    for (guint i = 0; i < parcel->headers->len; i++) {
        CHECK(strpbrk(g_ptr_array_index(parcel->headers, i), "\r\n") == NULL);
    }
}

static void check_html(const struct message *message)
{
    struct rendered rendered = message_render(message);
    g_autofree char *html = rendered_html(&rendered);
    g_autofree char *text = rendered_text(&rendered);
    CHECK(g_utf8_validate(html, -1, NULL) && g_utf8_validate(text, -1, NULL));
    CHECK(strpbrk(rendered.subject, "\r\n") == NULL && strpbrk(rendered.line, "\r\n") == NULL);
    CHECK(strstr(html, "<script") == NULL && strstr(html, "<img") == NULL);
    rendered_clear(&rendered);
}

/* A bot's message, new or written anew: whatever the texts, it goes to the one place. */
static void check_bots(const struct message *message)
{
    static const struct {
        struct address address;
        const char *update_id, *url;
    } ROWS[] = {
        {{CONTACT_SLACK, "https://s.example/api/chat.postMessage?channel=C0123456789", "t"},
         NULL,
         "https://s.example/api/chat.postMessage"},
        {{CONTACT_SLACK, "https://s.example/api/chat.postMessage?channel=C0123456789", "t"},
         "C0123456789/1.2",
         "https://s.example/api/chat.update"},
        {{CONTACT_MATTERMOST, "https://m.example/api/v4/posts?channel_id=0123456789", "t"},
         "0123456789",
         "https://m.example/api/v4/posts/0123456789/patch"},
    };

    struct driver_settings settings = {0};
    struct fault fault = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        struct message anew = *message;
        anew.update_id = ROWS[i].update_id;
        struct parcel *parcel =
            driver_of(ROWS[i].address.kind)->build(&settings, &ROWS[i].address, &anew, &fault);
        CHECK(strcmp(parcel->url, ROWS[i].url) == 0);
        check_headers(parcel);
        parcel_free(parcel);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct driver_settings SETTINGS = {"Tocsin <tocsin@example.com>", "smtp://x"};
    if (size == 0) {
        return 0;
    }
    struct message_item item;
    struct fault fault = {0};
    g_autofree char *text = g_strndup((const char *)bytes + 1, size - 1);
    struct message message = message_of(text, bytes[0], &item);
    check_html(&message);
    check_bots(&message);
    for (int kind = CONTACT_EMAIL; kind <= CONTACT_LOG; kind++) {
        struct address address = {.kind = kind, .to = "ana@example.com"};
        struct parcel *parcel = driver_of(kind)->build(&SETTINGS, &address, &message, &fault);
        CHECK(parcel != NULL);
        check_headers(parcel);
        if (kind == CONTACT_EMAIL) {
            check_mail(parcel->body->str);
        }
        parcel_free(parcel);
    }
    /* And as the address and the secret themselves. */
    struct address strange = {.kind = CONTACT_EMAIL, .to = text, .secret = text};
    struct parcel *parcel = driver_of(CONTACT_EMAIL)->build(&SETTINGS, &strange, &message, &fault);
    if (parcel != NULL) {
        CHECK(strpbrk(parcel->mail_to, "\r\n ") == NULL);
        check_mail(parcel->body->str);
        parcel_free(parcel);
    }
    strange.kind = CONTACT_WEBHOOK;
    parcel_free(driver_of(CONTACT_WEBHOOK)->build(&SETTINGS, &strange, &message, &fault));
    return 0;
}
