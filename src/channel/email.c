/* E-mail: one message as RFC 5322 and MIME want it, text and HTML side by side. */
#include <sodium.h>
#include <string.h>

#include "alert/signal.h"
#include "base/mail_name.h"
#include "channel/driver.h"
#include "channel/render.h"
#include "channel/text.h"

/* "Ana Wijaya <ana@example.com>" or "ana@example.com" as its two parts. */
struct email_mailbox {
    char *name; /* "" when there is none */
    char *address;
};

static void mailbox_clear(struct email_mailbox *mailbox)
{
    g_free(mailbox->name);
    g_free(mailbox->address);
}

/* The form that we write into envelope and headers: one @, nothing that needs quoting. Wider forms
 * of RFC 5321 exist and nobody's real address has them; a refused one is shown by the doctor. */
static bool is_address(const char *address)
{
    const char *at = strrchr(address, '@');
    if (at == NULL || at == address || at[1] == '\0' || strchr(address, '@') != at) {
        return false;
    }
    for (const char *c = address; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c) || strchr(" \"(),:;<>[\\]", *c) != NULL) {
            return false;
        }
    }
    bool has_dots_right = strstr(address, "..") == NULL && address[0] != '.' && at[-1] != '.' &&
                          at[1] != '.' && at[1] != '-';
    return has_dots_right && strlen(address) <= 254 && g_utf8_validate(address, -1, NULL);
}

static bool mailbox_read(const char *text, struct email_mailbox *out)
{
    *out = (struct email_mailbox){0};
    if (text == NULL) {
        return false;
    }
    const char *open = strrchr(text, '<');
    const char *close = open != NULL ? strchr(open, '>') : NULL;
    if (open == NULL) {
        out->name = g_strdup("");
        out->address = g_strstrip(g_strdup(text));
    } else if (close != NULL && close[1] == '\0') {
        g_autofree char *name = g_strndup(text, (gsize)(open - text));
        g_strdelimit(name, "\"", ' ');
        out->name = text_line(name, 200);
        out->address = g_strndup(open + 1, (gsize)(close - open - 1));
    }
    bool is_fine = out->address != NULL && is_address(out->address);
    if (is_fine) {
        char *given = out->address;
        out->address = mail_ascii_address(given);
        is_fine = out->address != NULL;
        g_free(given);
    }
    if (!is_fine) {
        mailbox_clear(out);
        *out = (struct email_mailbox){0};
    }
    return is_fine;
}

/* Every header passes here: whatever the value holds, it cannot become a second header. */
static void header(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s: ", name);
    for (const char *at = value; *at != '\0'; at++) {
        /* The one line end that is let through is a fold of our own: CRLF and a space. */
        bool is_fold = g_str_has_prefix(at, "\r\n ");
        if (is_fold) {
            g_string_append(out, "\r\n ");
            at += 2;
        } else {
            g_string_append_c(out, g_ascii_iscntrl(*at) ? ' ' : *at);
        }
    }
    g_string_append(out, "\r\n");
}

static void header_text(GString *out, const char *name, const char *text)
{
    g_autofree char *line = text_line(text, 400);
    g_autofree char *encoded = text_encoded_words(line, "\r\n ");
    header(out, name, encoded);
}

static void header_mailbox(GString *out, const char *field, const char *name, const char *address)
{
    g_autofree char *line = text_line(name, 200);
    bool is_atom = *line != '\0';
    for (const char *at = line; *at != '\0'; at++) {
        is_atom = is_atom && (g_ascii_isalnum(*at) || strchr(" -_'", *at) != NULL);
    }
    GString *value = g_string_new(NULL);
    if (is_atom && strlen(line) <= 60) {
        bool is_short = strlen(line) + strlen(address) <= 66; /* "From: N <A>" within 76 */
        g_string_append_printf(value, "%s%s<%s>", line, is_short ? " " : "\r\n ", address);
    } else if (*line != '\0') {
        /* Encoded words are safe for any name: no quotes, commas or brackets remain. */
        g_autofree char *words = text_all_encoded(line, "\r\n ");
        g_string_append_printf(value, "%s\r\n <%s>", words, address);
    } else {
        g_string_append(value, address);
    }
    header(out, field, value->str);
    g_string_free(value, TRUE);
}

/* RFC 5322 3.3, in UTC; names are the standard's, not a language's. */
static void header_date(GString *out, struct utc now)
{
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(now.us / 1000000);
    g_autofree char *text = g_strdup_printf(
        "%s, %02d %s %04d %02d:%02d:%02d +0000", DAYS[g_date_time_get_day_of_week(at) - 1],
        g_date_time_get_day_of_month(at), MONTHS[g_date_time_get_month(at) - 1],
        g_date_time_get_year(at), g_date_time_get_hour(at), g_date_time_get_minute(at),
        g_date_time_get_second(at));
    header(out, "Date", text);
}

/* What may stand left of the @ of a message id; anything else becomes a dot-free dash. */
static char *id_part(const char *text)
{
    g_autofree char *line = text_line(text, 120);
    GString *out = g_string_new(NULL);
    for (const char *at = line; *at != '\0'; at++) {
        g_string_append_c(out, g_ascii_isalnum(*at) || strchr("-_+=", *at) != NULL ? *at : '-');
    }
    return g_string_free(out, FALSE);
}

/* The id is the same over all tries, so a mail program shows a repeat once. Messages about one alert
 * hang on a common root that was never sent, which is how mail programs make a thread. */
static void header_ids(GString *out, const struct message *message, const char *domain)
{
    g_autofree char *id = id_part(message->message_id);
    g_autofree char *own = g_strdup_printf("<%s@%s>", id, domain);
    header(out, "Message-ID", own);
    if (message->item_count == 1 && message->items[0].subject.kind != NULL) {
        g_autofree char *root =
            g_strdup_printf("<%s-%" G_GINT64_FORMAT "%s%s@%s>", message->items[0].subject.kind,
                            message->items[0].subject.id, message->installation != NULL ? "-" : "",
                            message->installation != NULL ? message->installation : "", domain);
        header(out, "In-Reply-To", root);
        header(out, "References", root);
    }
}

static void header_urgency(GString *out, const struct message *message)
{
    bool is_page = message->kind == MESSAGE_PAGE || message->kind == MESSAGE_DIGEST;
    if (is_page && message->severity <= SEVERITY_ERROR) {
        header(out, "Importance", "high");
        header(out, "X-Priority", "1");
    }
}

/* From the content, so that the same message gives the same bytes; long enough to occur nowhere. */
static char *boundary(const char *text, const char *html)
{
    unsigned char hash[18];
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, NULL, 0, sizeof hash) == 0);
    CHECK(crypto_generichash_update(&state, (const unsigned char *)text, strlen(text)) == 0);
    CHECK(crypto_generichash_update(&state, (const unsigned char *)html, strlen(html)) == 0);
    CHECK(crypto_generichash_final(&state, hash, sizeof hash) == 0);
    char hex[2 * sizeof hash + 1];
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    /* "=_" cannot stand in quoted-printable text. */
    return g_strdup_printf("=_%s", hex);
}

static void part(GString *out, const char *between, const char *type, const char *content)
{
    g_autofree char *quoted = text_quoted_printable(content);
    g_string_append_printf(out, "--%s\r\n", between);
    g_string_append_printf(out, "Content-Type: text/%s; charset=utf-8\r\n", type);
    g_string_append(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    g_string_append_printf(out, "%s\r\n", quoted);
}

static void write_content(GString *out, const struct rendered *rendered)
{
    g_autofree char *text = rendered_text(rendered);
    g_autofree char *html = rendered_html(rendered);
    g_autofree char *between = boundary(text, html);
    g_autofree char *type = g_strdup_printf("multipart/alternative;\r\n boundary=\"%s\"", between);
    header(out, "MIME-Version", "1.0");
    header(out, "Content-Type", type);
    g_string_append(out, "\r\n");
    part(out, between, "plain", text);
    part(out, between, "html", html);
    g_string_append_printf(out, "--%s--\r\n", between);
}

static void write_mail(GString *out, const struct email_mailbox *from, const char *to,
                       const struct message *message)
{
    struct rendered rendered = message_render(message);
    header_mailbox(out, "From", from->name, from->address);
    header_mailbox(out, "To", message->full_name, to);
    header_text(out, "Subject", rendered.subject);
    header_date(out, message->now);
    header_ids(out, message, strrchr(from->address, '@') + 1);
    /* No answering machine shall answer to us (RFC 3834 and what Exchange heeds). */
    header(out, "Auto-Submitted", "auto-generated");
    header(out, "X-Auto-Response-Suppress", "All");
    header_urgency(out, message);
    write_content(out, &rendered);
    rendered_clear(&rendered);
}

static struct parcel *email_build(const struct driver_settings *settings,
                                  const struct address *address, const struct message *message,
                                  struct fault *fault)
{
    struct email_mailbox from = {0};
    struct parcel *parcel = NULL;
    g_autofree char *to = is_address(address->to) ? mail_ascii_address(address->to) : NULL;
    if (settings->smtp_url == NULL) {
        fault_set(fault, "smtp_url", "no mail server is set; set TOCSIN_SMTP_URL");
    } else if (!mailbox_read(settings->mail_from, &from)) {
        fault_set(fault, "mail_from",
                  "TOCSIN_SMTP_FROM is not an address such as \"Tocsin <tocsin@example.com>\"");
    } else if (!is_address(address->to)) {
        fault_set(fault, "to", "\"%s\" is not an e-mail address such as ana@example.com",
                  address->to);
    } else if (to == NULL) {
        fault_set(
            fault, "to",
            "\"%s\" needs a mail server with SMTPUTF8, which is not used; set an address with "
            "a-z left of the @",
            address->to);
    } else {
        parcel = parcel_new();
        parcel->url = g_strdup(settings->smtp_url);
        parcel->mail_from = g_strdup_printf("<%s>", from.address);
        parcel->mail_to = g_strdup_printf("<%s>", to);
        write_mail(parcel->body, &from, to, message);
    }
    mailbox_clear(&from);
    return parcel;
}

const struct driver EMAIL_DRIVER = {CONTACT_EMAIL, DRIVER_MAIL, email_build, classify_mail};
