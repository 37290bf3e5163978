#include "channel/post.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "base/mail_name.h"
#include "channel/flight.h"
#include "people/address.h"

struct post {
    CURLM *multi;
    struct ferry *ferry;
    struct gates *gates;
    GQueue finished; /* of struct flight *: decided, not yet told */
    size_t in_flight;
    struct flight_settings settings;
    char *mail_from;
    bool (*log_line)(void *self, const char *line);
    void *log_self;
    const struct clock *clock;
    bool (*still_wanted)(void *self, int64_t delivery_id);
    void *still_wanted_self;
    char *(*look_up)(void *self, const char *reference, struct fault *fault);
    void *look_up_self;
};

/* A message that waited longer for its turn is looked at again: acknowledged meanwhile? */
#define LOOK_AGAIN_AFTER SPAN_MS(20)

/* A mail server may take five minutes to greet and ten over the final dot (RFC 5321, 4.5.3.2): who gives up
 * earlier sends again what was taken. Nobody waits for it: see ATTEMPT_SLOW in paging/courier.h. */
enum { CONNECT_MS = 10000, WHOLE_MS = 60000, GREET_MS = 300000, MAIL_MS = 600000 };

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
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
    post->ferry = ferry_create(post->multi);
    post->gates = gates_create();
    post->settings.connect_ms = options->connect_ms > 0 ? options->connect_ms : CONNECT_MS;
    post->settings.whole_ms = options->whole_ms > 0 ? options->whole_ms : WHOLE_MS;
    post->settings.mail_ms = options->whole_ms > 0 ? options->whole_ms : MAIL_MS;
    post->settings.greet_ms = MIN(post->settings.mail_ms, GREET_MS);
    post->settings.guard = guard;
    if (options->smtp_url != NULL) {
        post->settings.smtp_url =
            mail_greeting_url(options->smtp_url, options->smtp_hello, options->public_url);
    }
    post->settings.smtp_user = g_strdup(options->smtp_user);
    post->settings.smtp_password = g_strdup(options->smtp_password);
    post->settings.smtp_requires_tls = options->smtp_requires_tls;
    post->mail_from = g_strdup(options->mail_from);
    post->settings.ca_file = g_strdup(options->ca_file);
    post->log_line = options->log_line;
    post->log_self = options->log_self;
    post->still_wanted = options->still_wanted;
    post->still_wanted_self = options->still_wanted_self;
    post->look_up = options->look_up;
    post->look_up_self = options->look_up_self;
    post->clock = options->clock != NULL ? options->clock : &CLOCK_SYSTEM;
    g_queue_init(&post->finished);
    return post;
}

static void drop_flight(void *flight, void *post)
{
    struct post *self = post;
    flight_stop(flight, self->multi);
    flight_free(flight);
}

static void drop_finished(void *flight)
{
    flight_free(flight);
}

void post_destroy(struct post **post)
{
    struct post *self = *post;
    if (self == NULL) {
        return;
    }
    ferry_destroy(&self->ferry);
    gates_destroy(&self->gates, drop_flight, self);
    g_queue_clear_full(&self->finished, drop_finished);
    curl_multi_cleanup(self->multi);
    g_free(self->settings.smtp_url);
    g_free(self->settings.smtp_user);
    g_free(self->settings.smtp_password);
    g_free(self->mail_from);
    g_free(self->settings.ca_file);
    g_clear_pointer(post, g_free);
}

static void finish(struct post *post, struct flight *flight)
{
    g_queue_push_tail(&post->finished, flight);
}

/* Did the provider do its work, whatever it thought of the message? */
static enum gate_health health(const struct flight *flight)
{
    bool is_served = flight->result.state == SEND_DELIVERED || flight->result.state == SEND_REFUSED;
    return is_served ? GATE_SERVED : GATE_FAILED;
}

static void land(struct post *post, struct flight *flight, CURLcode code)
{
    if (flight_goes_bare(flight, code)) {
        flight_stop(flight, post->multi);
        flight_start(flight, post->multi, post->ferry);
        return;
    }
    flight_judge(flight, code);
    flight_stop(flight, post->multi);
    gate_leave(flight->gate, flight, health(flight), clock_elapsed(post->clock));
    finish(post, flight);
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
            land(post, flight, code);
        }
    }
    CURLcode code = CURLE_OK;
    for (struct flight *flight = ferry_home(post->ferry, &code); flight != NULL;
         flight = ferry_home(post->ferry, &code)) {
        land(post, flight, code);
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
    return !is_http || guard_url(&post->settings.guard, address->to, fault);
}

/* "https://hooks.example.com:443", so that one dead provider fills only its own gate. */
static char *gate_name(const char *url)
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

static void refuse(struct post *post, struct flight *flight, const struct fault *fault)
{
    flight->result.state = SEND_REFUSED;
    result_say(&flight->result, "not sent: %s", fault->text);
    finish(post, flight);
}

static void write_log(struct post *post, struct flight *flight)
{
    bool is_written =
        post->log_line == NULL || post->log_line(post->log_self, flight->parcel->line);
    flight->result.state = is_written ? SEND_DELIVERED : SEND_RETRY;
    result_say(&flight->result,
               is_written ? "written" : "dropped: nobody reads the server's standard output");
    finish(post, flight);
}

static void enter_gate(struct post *post, struct flight *flight)
{
    g_autofree char *name = gate_name(flight->parcel->url);
    bool is_mail = (flight->driver->flags & DRIVER_MAIL) != 0;
    flight->gate = gate_named(post->gates, name, is_mail ? GATE_WIDTH_MAX_MAIL : GATE_WIDTH_MAX);
    flight->entered = clock_elapsed(post->clock);
    if (!gate_enter(flight->gate, flight, flight->entered)) {
        flight->result.state = SEND_RETRY;
        flight->result.retry_after = SPAN_S(5);
        result_say(&flight->result, "not sent: %s is slow and too many messages wait for it", name);
        finish(post, flight);
    }
}

/* One line: it may become part of a header. */
static bool is_usable_secret(const char *secret)
{
    const char *at = secret;
    while (at != NULL && *at != '\0' && !g_ascii_iscntrl(*at)) {
        at++;
    }
    return at != secret && at != NULL && *at == '\0';
}

static struct parcel *build(struct post *post, const struct driver *driver,
                            const struct address *address, const struct message *message,
                            struct fault *fault)
{
    const struct driver_settings settings = {post->mail_from, post->settings.smtp_url};
    if (address->secret == NULL || !is_secret_reference(address->secret)) {
        return driver->build(&settings, address, message, fault);
    }
    g_autofree char *secret =
        post->look_up != NULL ? post->look_up(post->look_up_self, address->secret, fault) : NULL;
    if (secret == NULL || !is_usable_secret(secret)) {
        if (fault->text[0] == '\0') {
            (void)fault_set(fault, "secret", "the server finds no secret of one line at %s",
                            address->secret);
        }
        return NULL;
    }
    struct address resolved = *address;
    resolved.secret = secret;
    struct parcel *parcel = driver->build(&settings, &resolved, message, fault);
    sodium_memzero(secret, strlen(secret));
    return parcel;
}

static void send_one(void *self, const struct address *address, const struct message *message,
                     send_done done, void *done_self)
{
    struct post *post = self;
    struct fault fault = {0};
    struct flight *flight = g_new0(struct flight, 1);
    flight->settings = &post->settings;
    flight->done = done;
    flight->done_self = done_self;
    flight->answer = g_string_new(NULL);
    flight->driver = driver_of(address->kind);
    flight->delivery_id = message->delivery_id;
    post->in_flight++;
    if (flight->driver == NULL) {
        fault_set(&fault, "kind", "there is no such channel");
    } else if (judge_address(post, flight->driver, address, &fault)) {
        flight->parcel = build(post, flight->driver, address, message, &fault);
    }
    if (flight->parcel == NULL) {
        refuse(post, flight, &fault);
    } else if ((flight->driver->flags & DRIVER_LOCAL) != 0) {
        write_log(post, flight);
    } else {
        enter_gate(post, flight);
    }
}

struct sender post_sender(struct post *post)
{
    return (struct sender){.send = send_one, .self = post};
}

/* --- the work --- */

static bool is_still_wanted(const struct post *post, const struct flight *flight, struct span now)
{
    bool has_waited = now.us - flight->entered.us > LOOK_AGAIN_AFTER.us;
    return !has_waited || post->still_wanted == NULL ||
           post->still_wanted(post->still_wanted_self, flight->delivery_id);
}

static void launch(struct post *post, struct flight *flight, struct span now)
{
    if (is_still_wanted(post, flight, now)) {
        flight_start(flight, post->multi, post->ferry);
        return;
    }
    gate_leave(flight->gate, flight, GATE_UNUSED, now);
    flight->result.state = SEND_CANCELLED;
    result_say(&flight->result, "not sent: no longer wanted when its turn came");
    finish(post, flight);
}

static void launch_waiting(struct post *post)
{
    struct span now = clock_elapsed(post->clock);
    for (struct flight *flight = gates_next(post->gates, now); flight != NULL;
         flight = gates_next(post->gates, now)) {
        launch(post, flight, now);
    }
    for (struct flight *flight = gates_expired(post->gates, now); flight != NULL;
         flight = gates_expired(post->gates, now)) {
        flight->result.state = SEND_RETRY;
        flight->result.retry_after = SPAN_S(5);
        result_say(&flight->result, "not sent: waited too long behind a slow provider");
        finish(post, flight);
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
    int longest = gates_are_waiting(post->gates) ? MIN(wait_ms, 200) : wait_ms;
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
