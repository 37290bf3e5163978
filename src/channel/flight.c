#include "channel/flight.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>

enum {
    BODY_MAX =
        65536, /* of an answer, Slack's repeats the message; what is longer ends the transfer */
    CONNECT_TRIES = 2,   /* repeated SYNs: some 7 s for each address of a mail server */
    HEADERS_MAX = 65536, /* of an answer, all together */
    RETRY_AFTER_MAX_S = 3600,
};

static size_t on_body(char *bytes, size_t size, size_t count, void *self)
{
    struct flight *flight = self;
    size_t room = BODY_MAX - MIN(flight->answer->len, BODY_MAX);
    size_t taken = MIN(size * count, room);
    g_string_append_len(flight->answer, bytes, (gssize)taken);
    return taken; /* less than offered: curl ends the transfer */
}

/* SMTP's answers come here too, a line at a time; the last one stands for all. */
static size_t on_header(char *bytes, size_t size, size_t count, void *self)
{
    struct flight *flight = self;
    size_t length = size * count;
    flight->header_bytes += length;
    if (flight->header_bytes > HEADERS_MAX) {
        return 0;
    }
    bool is_goodbye = length >= 3 && memcmp(bytes, "221", 3) == 0; /* answers QUIT, says nothing */
    if ((flight->driver->flags & DRIVER_MAIL) != 0 && !is_goodbye) {
        g_string_truncate(flight->answer, 0);
        g_string_append_len(flight->answer, bytes, (gssize)MIN(length, 200));
    }
    return length;
}

/* What curl says to the mail server: by it we know what an answer is about. */
static int on_spoken(CURL *easy, curl_infotype kind, char *bytes, size_t size, void *self)
{
    (void)easy;
    struct flight *flight = self;
    if (kind == CURLINFO_HEADER_OUT && size >= 4) {
        flight->is_past_sender |= g_ascii_strncasecmp(bytes, "RCPT", 4) == 0;
    }
    return 0;
}

static size_t on_read(char *out, size_t size, size_t count, void *self)
{
    struct flight *flight = self;
    const GString *body = flight->parcel->body;
    size_t length = MIN(size * count, body->len - flight->sent);
    memcpy(out, body->str + flight->sent, length);
    flight->sent += length;
    flight->is_all_sent = flight->sent == body->len;
    return length;
}

static void equip_http(struct flight *flight)
{
    CURL *easy = flight->easy;
    const struct parcel *parcel = flight->parcel;
    flight->watch.guard = &flight->settings->guard;
    guard_equip(&flight->watch, easy);
    for (guint i = 0; i < parcel->headers->len; i++) {
        flight->headers = curl_slist_append(flight->headers, g_ptr_array_index(parcel->headers, i));
    }
    flight->headers = curl_slist_append(flight->headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)parcel->body->len);
    /* Read once and never again: curl would post what it can read twice a second time by itself,
     * without a word, when a kept connection ends without an answer. */
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (parcel->method != NULL) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, parcel->method);
    }
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, flight);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Tocsin/" TOCSIN_VERSION);
}

static bool is_this_machine(const char *url)
{
    const char *host = strstr(url, "://") + strlen("://");
    bool is_v6 = host[0] == '[';
    g_autofree char *name = g_strndup(host + is_v6, strcspn(host + is_v6, is_v6 ? "]" : ":/?#"));
    struct in_addr v4;
    if (inet_pton(AF_INET, name, &v4) == 1) {
        return g_str_has_prefix(name, "127.");
    }
    return strcmp(name, "::1") == 0 || g_ascii_strcasecmp(name, "localhost") == 0;
}

/* Opportunistic TLS is better than none even with a certificate that proves nothing: who could fake
 * one could as well hide the offer of TLS. A password travels only under one that holds. */
static bool is_strict_about_tls(const struct flight_settings *settings)
{
    const char *url = settings->smtp_url;
    bool has_password = settings->smtp_user != NULL && !is_this_machine(url);
    return settings->smtp_requires_tls || has_password || g_str_has_prefix(url, "smtps://");
}

static void equip_mail_tls(struct flight *flight)
{
    CURL *easy = flight->easy;
    bool is_strict = is_strict_about_tls(flight->settings);
    long level = is_strict ? CURLUSESSL_ALL : CURLUSESSL_TRY;
    curl_easy_setopt(easy, CURLOPT_USE_SSL, flight->is_bare ? (long)CURLUSESSL_NONE : level);
    if (!is_strict) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* Connecting has a limit of its own: for curl the greeting, the names and the log-in belong to it, too, and
 * those may take longer (RFC 5321, 4.5.3.2). */
static int limit_connect(void *self, curl_socket_t fd, curlsocktype purpose)
{
    (void)self;
    (void)purpose;
    int tries = CONNECT_TRIES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof tries);
    return CURL_SOCKOPT_OK;
}

/* The mail server is the operator's own setting, so the guard does not apply. */
static void equip_mail(struct flight *flight)
{
    CURL *easy = flight->easy;
    const struct flight_settings *settings = flight->settings;
    const struct parcel *parcel = flight->parcel;
    flight->recipients = curl_slist_append(NULL, parcel->mail_to);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, settings->greet_ms);
    /* A server that is gone is no slow one. */
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, limit_connect);
    /* After a time-out nobody talks into a conversation that is not over. */
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, parcel->mail_from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, flight->recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, flight);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)parcel->body->len);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_spoken);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, flight);
    equip_mail_tls(flight);
    if (settings->smtp_user != NULL) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, settings->smtp_user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD,
                         settings->smtp_password != NULL ? settings->smtp_password : "");
    }
}

static void equip(struct flight *flight)
{
    CURL *easy = flight->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);
    curl_easy_setopt(easy, CURLOPT_URL, flight->parcel->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A name server that does not answer must not hold this thread when a transfer is given up. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, flight->settings->connect_ms);
    bool is_mail = (flight->driver->flags & DRIVER_MAIL) != 0;
    long whole_ms = is_mail ? flight->settings->mail_ms : flight->settings->whole_ms;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, whole_ms);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (whole_ms + 999) / 1000);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 30L);
    if (flight->settings->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, flight->settings->ca_file);
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
    if (is_mail) {
        equip_mail(flight);
    } else {
        equip_http(flight);
    }
}

void flight_start(struct flight *flight, CURLM *multi, struct ferry *ferry)
{
    flight->easy = curl_easy_init();
    CHECK(flight->easy != NULL);
    equip(flight);
    if ((flight->driver->flags & DRIVER_MAIL) != 0) {
        ferry_launch(ferry, flight);
    } else {
        CHECK(curl_multi_add_handle(multi, flight->easy) == CURLM_OK);
    }
}

void flight_stop(struct flight *flight, CURLM *multi)
{
    if (flight->easy != NULL) {
        curl_multi_remove_handle(multi, flight->easy);
        curl_easy_cleanup(flight->easy);
        flight->easy = NULL;
    }
    g_clear_pointer(&flight->headers, curl_slist_free_all);
    g_clear_pointer(&flight->recipients, curl_slist_free_all);
}

bool flight_goes_bare(struct flight *flight, CURLcode code)
{
    bool is_mail = (flight->driver->flags & DRIVER_MAIL) != 0;
    bool goes = is_mail && code == CURLE_SSL_CONNECT_ERROR && !flight->is_bare &&
                !is_strict_about_tls(flight->settings);
    if (goes) {
        flight->is_bare = true;
        g_string_truncate(flight->answer, 0);
    }
    return goes;
}

static struct provider_answer answer_of(struct flight *flight)
{
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(flight->easy, CURLINFO_RETRY_AFTER, &retry_after);
    return (struct provider_answer){
        .status = (int)status,
        .body = flight->answer->str,
        .retry_after = SPAN_S(CLAMP(retry_after, 0, RETRY_AFTER_MAX_S)),
        .is_about_us = !flight->is_past_sender,
    };
}

/* Could the other side have acted on it? Only when it has the whole message. */
static bool may_have_arrived(struct flight *flight)
{
    return flight->is_all_sent;
}

static bool is_certificate_fault(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR ||
           code == CURLE_SSL_INVALIDCERTSTATUS;
}

/* No answer, or none that counts. */
static void classify_failure(struct flight *flight, CURLcode code)
{
    struct send_result *out = &flight->result;
    const char *why = curl_easy_strerror(code);
    if (flight->watch.reason[0] != '\0') {
        out->state = SEND_REFUSED;
        result_say(out, "not sent: %s", flight->watch.reason);
    } else if (may_have_arrived(flight)) {
        out->state = SEND_UNKNOWN;
        result_say(out, "%s, after the message was handed over", why);
    } else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
               code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
               is_certificate_fault(code)) {
        bool is_mail = (flight->driver->flags & DRIVER_MAIL) != 0;
        out->state =
            is_mail ? SEND_RETRY : SEND_REFUSED; /* our setting, not the recipient's fault */
        out->retry_after = is_mail ? MAIL_SETUP_RETRY : (struct span){0};
        result_say(out, "%s", why);
    } else {
        out->state = SEND_RETRY;
        result_say(out, "%s", why);
    }
}

static bool is_final(const struct flight *flight, CURLcode code, int status)
{
    if ((flight->driver->flags & DRIVER_MAIL) != 0) {
        return code == CURLE_OK || status >= 400;
    }
    /* The status line decides, even if the body never ends or breaks off. */
    return status >= 200;
}

void flight_judge(struct flight *flight, CURLcode code)
{
    struct provider_answer answer = answer_of(flight);
    if (is_final(flight, code, answer.status)) {
        flight->driver->classify(&answer, &flight->result);
    } else {
        classify_failure(flight, code);
    }
}

void flight_free(struct flight *flight)
{
    CHECK(flight->easy == NULL);
    parcel_free(flight->parcel);
    g_string_free(flight->answer, TRUE);
    g_free(flight);
}
