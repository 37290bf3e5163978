#include "channel/post.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#include "channel/driver.h"
#include "channel/lane.h"
#include "http/guard.h"

enum {
    CONNECT_MS = 10000,
    WHOLE_MS = 15000,
    BODY_MAX = 8192,     /* of an answer; what is longer ends the transfer */
    HEADERS_MAX = 65536, /* of an answer, all together */
    RETRY_AFTER_MAX_S = 3600,
};

struct post {
    CURLM *multi;
    struct lanes *lanes;
    GQueue finished; /* of struct flight *: decided, not yet told */
    size_t in_flight;
    struct guard guard;
    char *smtp_user;
    char *smtp_password;
    bool smtp_requires_tls;
    char *smtp_url;
    char *mail_from;
    void (*log_line)(void *self, const char *line);
    void *log_self;
    const struct clock *clock;
};

struct flight {
    struct post *post;
    const struct driver *driver;
    struct parcel *parcel;
    CURL *easy; /* NULL while waiting */
    struct curl_slist *headers;
    struct curl_slist *recipients;
    struct guard_watch watch;
    struct lane *lane; /* NULL: none */
    size_t sent;       /* bytes of the mail that were handed over */
    bool is_all_sent;
    size_t header_bytes;
    GString *answer;
    struct send_result result;
    send_done done;
    void *done_self;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void flight_free(struct flight *flight)
{
    if (flight->easy != NULL) {
        curl_multi_remove_handle(flight->post->multi, flight->easy);
        curl_easy_cleanup(flight->easy);
    }
    curl_slist_free_all(flight->headers);
    curl_slist_free_all(flight->recipients);
    parcel_free(flight->parcel);
    g_string_free(flight->answer, TRUE);
    g_free(flight);
}

/* --- making a post --- */

struct post *post_create(const struct post_options *options, struct fault *fault)
{
    struct guard guard;
    if (!guard_read(options->allow_private, &guard, fault)) {
        return NULL;
    }
    if (options->smtp_url != NULL && !g_str_has_prefix(options->smtp_url, "smtp://") &&
        !g_str_has_prefix(options->smtp_url, "smtps://")) {
        fault_set(fault, "smtp_url", "\"%s\" is not smtp://HOST:PORT or smtps://HOST:PORT",
                  options->smtp_url);
        return NULL;
    }
    CHECK(pthread_once(&curl_once, init_curl) == 0);
    struct post *post = g_new0(struct post, 1);
    post->multi = curl_multi_init();
    CHECK(post->multi != NULL);
    post->lanes = lanes_create();
    post->guard = guard;
    post->smtp_url = g_strdup(options->smtp_url);
    post->smtp_user = g_strdup(options->smtp_user);
    post->smtp_password = g_strdup(options->smtp_password);
    post->smtp_requires_tls = options->smtp_requires_tls;
    post->mail_from = g_strdup(options->mail_from);
    post->log_line = options->log_line;
    post->log_self = options->log_self;
    post->clock = options->clock != NULL ? options->clock : &CLOCK_SYSTEM;
    g_queue_init(&post->finished);
    return post;
}

static void drop_flight(void *flight)
{
    flight_free(flight);
}

void post_destroy(struct post **post)
{
    struct post *self = *post;
    if (self == NULL) {
        return;
    }
    lanes_destroy(&self->lanes, drop_flight);
    g_queue_clear_full(&self->finished, drop_flight);
    curl_multi_cleanup(self->multi);
    g_free(self->smtp_url);
    g_free(self->smtp_user);
    g_free(self->smtp_password);
    g_free(self->mail_from);
    g_clear_pointer(post, g_free);
}

/* --- one transfer --- */

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
    if ((flight->driver->flags & DRIVER_MAIL) != 0) {
        g_string_truncate(flight->answer, 0);
        g_string_append_len(flight->answer, bytes, (gssize)MIN(length, 200));
    }
    return length;
}

static size_t on_mail_read(char *out, size_t size, size_t count, void *self)
{
    struct flight *flight = self;
    const GString *mail = flight->parcel->body;
    size_t length = MIN(size * count, mail->len - flight->sent);
    memcpy(out, mail->str + flight->sent, length);
    flight->sent += length;
    flight->is_all_sent = flight->sent == mail->len;
    return length;
}

static void equip_http(struct flight *flight)
{
    CURL *easy = flight->easy;
    const struct parcel *parcel = flight->parcel;
    flight->watch.guard = &flight->post->guard;
    guard_equip(&flight->watch, easy);
    for (guint i = 0; i < parcel->headers->len; i++) {
        flight->headers = curl_slist_append(flight->headers, g_ptr_array_index(parcel->headers, i));
    }
    flight->headers = curl_slist_append(flight->headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)parcel->body->len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, parcel->body->str);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Tocsin/" TOCSIN_VERSION);
}

/* The mail server is the operator's own setting, so the guard does not apply. */
static void equip_mail(struct flight *flight)
{
    CURL *easy = flight->easy;
    const struct post *post = flight->post;
    const struct parcel *parcel = flight->parcel;
    flight->recipients = curl_slist_append(NULL, parcel->mail_to);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, parcel->mail_from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, flight->recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_mail_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, flight);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)parcel->body->len);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(post->smtp_requires_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (post->smtp_user != NULL) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, post->smtp_user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD,
                         post->smtp_password != NULL ? post->smtp_password : "");
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
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 15L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 30L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
    if ((flight->driver->flags & DRIVER_MAIL) != 0) {
        equip_mail(flight);
    } else {
        equip_http(flight);
    }
}

static void launch(struct flight *flight)
{
    flight->easy = curl_easy_init();
    CHECK(flight->easy != NULL);
    equip(flight);
    CHECK(curl_multi_add_handle(flight->post->multi, flight->easy) == CURLM_OK);
}

/* --- what became of it --- */

static struct answer answer_of(struct flight *flight)
{
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(flight->easy, CURLINFO_RETRY_AFTER, &retry_after);
    return (struct answer){
        .status = (int)status,
        .body = flight->answer->str,
        .retry_after = SPAN_S(CLAMP(retry_after, 0, RETRY_AFTER_MAX_S)),
    };
}

/* Could the other side have acted on it? Only when it has the whole message. */
static bool may_have_arrived(struct flight *flight)
{
    curl_off_t uploaded = 0;
    if ((flight->driver->flags & DRIVER_MAIL) != 0) {
        return flight->is_all_sent;
    }
    curl_easy_getinfo(flight->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    return uploaded >= (curl_off_t)flight->parcel->body->len && uploaded > 0;
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
        out->state = SEND_REFUSED;
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

static void classify(struct flight *flight, CURLcode code)
{
    struct answer answer = answer_of(flight);
    if (is_final(flight, code, answer.status)) {
        flight->driver->classify(&answer, &flight->result);
    } else {
        classify_failure(flight, code);
    }
}

static void finish(struct flight *flight)
{
    g_queue_push_tail(&flight->post->finished, flight);
}

/* Did the provider do its work, whatever it thought of the message? */
static enum lane_health health(const struct flight *flight)
{
    bool is_served = flight->result.state == SEND_DELIVERED || flight->result.state == SEND_REFUSED;
    return is_served ? LANE_SERVED : LANE_FAILED;
}

static void land(struct flight *flight, CURLcode code)
{
    classify(flight, code);
    curl_multi_remove_handle(flight->post->multi, flight->easy);
    curl_easy_cleanup(flight->easy);
    flight->easy = NULL;
    lane_leave(flight->lane, flight, health(flight), clock_elapsed(flight->post->clock));
    finish(flight);
}

static void harvest(struct post *post)
{
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(post->multi, &left); message != NULL;
         message = curl_multi_info_read(post->multi, &left)) {
        struct flight *flight = NULL;
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &flight);
            land(flight, code);
        }
    }
}

/* --- the sender --- */

static bool judge_address(struct post *post, const struct driver *driver,
                          const struct address *address, struct fault *fault)
{
    if (address->to == NULL && (driver->flags & DRIVER_LOCAL) == 0) {
        return fault_set(fault, "to", "this contact has no address");
    }
    bool is_http = (driver->flags & DRIVER_HTTP) != 0;
    return !is_http || guard_url(&post->guard, address->to, fault);
}

/* "https://hooks.example.com:443", so that one dead provider fills only its own lane. */
static char *lane_name(const char *url)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *name = NULL;
    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        (void)curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
        name = g_strdup_printf("%s://%s:%s", scheme, host, port != NULL ? port : "");
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return name != NULL ? name : g_strdup(url);
}

static void refuse(struct flight *flight, const struct fault *fault)
{
    flight->result.state = SEND_REFUSED;
    result_say(&flight->result, "not sent: %s", fault->text);
    finish(flight);
}

static void write_log(struct flight *flight)
{
    const struct post *post = flight->post;
    if (post->log_line != NULL) {
        post->log_line(post->log_self, flight->parcel->line);
    }
    flight->result.state = SEND_DELIVERED;
    result_say(&flight->result, "written");
    finish(flight);
}

static void enter_lane(struct flight *flight)
{
    struct post *post = flight->post;
    g_autofree char *name = lane_name(flight->parcel->url);
    flight->lane = lane_of(post->lanes, name);
    if (!lane_enter(flight->lane, flight, clock_elapsed(post->clock))) {
        flight->result.state = SEND_RETRY;
        flight->result.retry_after = SPAN_S(5);
        result_say(&flight->result, "not sent: %s is slow and too many messages wait for it", name);
        finish(flight);
    }
}

static void send_one(void *self, const struct address *address, const struct message *message,
                     send_done done, void *done_self)
{
    struct post *post = self;
    struct fault fault = {0};
    struct flight *flight = g_new0(struct flight, 1);
    flight->post = post;
    flight->done = done;
    flight->done_self = done_self;
    flight->answer = g_string_new(NULL);
    flight->driver = driver_of(address->kind);
    post->in_flight++;
    if (flight->driver == NULL) {
        fault_set(&fault, "kind", "there is no such channel");
    } else if (judge_address(post, flight->driver, address, &fault)) {
        const struct driver_settings settings = {post->mail_from, post->smtp_url};
        flight->parcel = flight->driver->build(&settings, address, message, &fault);
    }
    if (flight->parcel == NULL) {
        refuse(flight, &fault);
    } else if ((flight->driver->flags & DRIVER_LOCAL) != 0) {
        write_log(flight);
    } else {
        enter_lane(flight);
    }
}

struct sender post_sender(struct post *post)
{
    return (struct sender){.send = send_one, .self = post};
}

/* --- the work --- */

static void launch_waiting(struct post *post)
{
    struct span now = clock_elapsed(post->clock);
    for (struct flight *flight = lanes_next(post->lanes, now); flight != NULL;
         flight = lanes_next(post->lanes, now)) {
        launch(flight);
    }
    for (struct flight *flight = lanes_expired(post->lanes, now); flight != NULL;
         flight = lanes_expired(post->lanes, now)) {
        flight->result.state = SEND_RETRY;
        flight->result.retry_after = SPAN_S(5);
        result_say(&flight->result, "not sent: waited too long behind a slow provider");
        finish(flight);
    }
}

static bool tell_finished(struct post *post)
{
    bool has_told = false;
    /* Those that `done` starts anew come next time: no unbounded turn. */
    for (guint left = g_queue_get_length(&post->finished); left > 0; left--) {
        struct flight *flight = g_queue_pop_head(&post->finished);
        post->in_flight--;
        flight->done(flight->done_self, &flight->result);
        flight_free(flight);
        has_told = true;
    }
    return has_told;
}

static bool turn(struct post *post)
{
    int running = 0;
    launch_waiting(post);
    (void)curl_multi_perform(post->multi, &running);
    harvest(post);
    return tell_finished(post);
}

void post_work(struct post *post, int wait_ms)
{
    if (turn(post)) {
        return;
    }
    int longest = lanes_are_waiting(post->lanes) ? MIN(wait_ms, 200) : wait_ms;
    (void)curl_multi_poll(post->multi, NULL, 0, MAX(longest, 0), NULL);
    (void)turn(post);
}

void post_wake(struct post *post)
{
    (void)curl_multi_wakeup(post->multi);
}

size_t post_in_flight(const struct post *post)
{
    return post->in_flight;
}
