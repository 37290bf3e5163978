#include "channel/driver.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "channel/text.h"

struct parcel *parcel_new(void)
{
    struct parcel *parcel = g_new0(struct parcel, 1);
    parcel->body = g_string_new(NULL);
    parcel->headers = g_ptr_array_new_with_free_func(g_free);
    return parcel;
}

void parcel_free(struct parcel *parcel)
{
    if (parcel == NULL) {
        return;
    }
    g_free(parcel->url);
    g_string_free(parcel->body, TRUE);
    g_ptr_array_unref(parcel->headers);
    g_free(parcel->mail_from);
    g_free(parcel->mail_to);
    g_free(parcel->line);
    g_free(parcel);
}

void parcel_header(struct parcel *parcel, const char *name, const char *value)
{
    char *header = g_strdup_printf("%s: %s", name, value);
    g_strdelimit(header, "\r\n", ' ');
    g_ptr_array_add(parcel->headers, header);
}

void parcel_json(struct parcel *parcel, json_t *body)
{
    g_autofree char *text = json_write(body);
    json_decref(body);
    g_string_assign(parcel->body, text);
    parcel_header(parcel, "Content-Type", "application/json");
}

void result_say(struct send_result *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    /* text_line counts characters; the cut to bytes must not split one. */
    g_autofree char *line = text_line(raw, sizeof out->detail);
    size_t size = MIN(strlen(line), sizeof out->detail - 1);
    while (size > 0 && line[size] != '\0' && ((unsigned char)line[size] & 0xc0) == 0x80) {
        size--;
    }
    memcpy(out->detail, line, size);
    out->detail[size] = '\0';
}

/* The answer asks for another attempt, perhaps not before some time. */
static void say_again(const struct provider_answer *answer, struct send_result *out)
{
    char wait[UTC_TEXT_SIZE];
    span_format(answer->retry_after, wait);
    if (answer->retry_after.us > 0) {
        result_say(out, "HTTP %d: the provider asks to wait for %s", answer->status, wait);
    } else {
        result_say(out, "HTTP %d: the provider asks to try again", answer->status);
    }
}

void classify_http(const struct provider_answer *answer, struct send_result *out)
{
    int status = answer->status;
    bool is_again = status == 408 || status == 425 || status == 429 || status >= 500;
    if (status >= 200 && status < 300) {
        out->state = SEND_DELIVERED;
        result_say(out, "HTTP %d", status);
    } else if (is_again) {
        out->state = SEND_RETRY;
        out->retry_after = answer->retry_after;
        say_again(answer, out);
    } else if (status >= 300 && status < 400) {
        out->state = SEND_REFUSED;
        result_say(out, "HTTP %d: redirects are not followed; set the final address", status);
    } else {
        out->state = SEND_REFUSED;
        result_say(out, "HTTP %d: the provider refuses this message", status);
    }
}

/* Most mail servers keep what they have against us (our name in the greeting, our address, our sender) until
 * they hear the recipient. Codes of the dialogue are never the recipient's: RFC 5321, 4.2.2. */
static bool is_about_us(const struct provider_answer *answer)
{
    static const int CODES[] = {500, 502, 503, 504, 530};
    static const char *const WORDS[] = {"helo command rejected", "client host rejected",
                                        "sender address rejected", "relay access denied"};
    g_autofree char *text = g_ascii_strdown(answer->body, -1);
    bool is_ours = answer->is_about_us;
    for (size_t i = 0; i < G_N_ELEMENTS(CODES); i++) {
        is_ours = is_ours || answer->status == CODES[i];
    }
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        is_ours = is_ours || strstr(text, WORDS[i]) != NULL;
    }
    return is_ours;
}

void classify_mail(const struct provider_answer *answer, struct send_result *out)
{
    int status = answer->status;
    if (status >= 200 && status < 300) {
        out->state = SEND_DELIVERED;
    } else if (status >= 500 && status < 600 && !is_about_us(answer)) {
        out->state = SEND_REFUSED;
    } else {
        out->state = SEND_RETRY;
        out->retry_after = status >= 500 ? MAIL_SETUP_RETRY : (struct span){0};
    }
    result_say(out, "%s", *answer->body != '\0' ? answer->body : "the mail server hung up");
}
