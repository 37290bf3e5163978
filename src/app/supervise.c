#include "app/supervise.h"

#include <string.h>

#include <curl/curl.h>

#include "base/log.h"
#include "base/metric.h"
#include "paging/pager.h"

enum { PULSE_EVERY_S = 5, PULSE_OLD_S = 20 };

#define CLOCK_OFF SPAN_S(2)

struct supervisor {
    /* First: the pulse's argument is the supervisor. The queue's while one is under way. */
    struct pulse pulse;
    struct house *house;
    struct span pulse_sent_at; /* main thread's */
    /* Elapsed clock, written by the queue's thread: when a pulse was last answered, when committed. */
    _Atomic int64_t pulse_answered_us, pulse_heard_us;
    atomic_bool is_pulse_under_way;
    bool was_alive;
    enum sending was_sending;
    bool was_off;     /* this machine's clock against the database's */
    pthread_t thread; /* beats outside; only with heartbeat-out */
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t is_stopping_changed;
    bool is_stopping;
};

static void pulsed(void *arg, enum command_outcome outcome)
{
    struct supervisor *supervisor = arg;
    int64_t now = clock_elapsed(&CLOCK_SYSTEM).us;
    if (outcome == OUTCOME_COMMITTED || outcome == OUTCOME_REFUSED) { /* refused: it only read */
        signs_oldest_overdue(&supervisor->house->signs, supervisor->pulse.overdue);
        atomic_store(&supervisor->pulse_heard_us, now);
    }
    atomic_store(&supervisor->pulse_answered_us, now);
    atomic_store(&supervisor->is_pulse_under_way, false);
}

static void send_pulse(struct supervisor *supervisor, struct span now)
{
    bool is_due = now.us - supervisor->pulse_sent_at.us >= SPAN_S(PULSE_EVERY_S).us;
    if (!is_due || atomic_exchange(&supervisor->is_pulse_under_way, true)) {
        return;
    }
    supervisor->pulse_sent_at = now;
    supervisor->pulse.pager = supervisor->house->pager;
    struct command command = {
        .run = pager_pulse, .answer = pulsed, .arg = supervisor, .vital = VITAL_PULSE};
    if (!queue_submit(supervisor->house->queue, command)) {
        atomic_store(&supervisor->is_pulse_under_way, false);
    }
}

static bool is_recent(const _Atomic int64_t *at_us)
{
    return clock_elapsed(&CLOCK_SYSTEM).us - atomic_load(at_us) < SPAN_S(PULSE_OLD_S).us;
}

static bool is_alive(const struct supervisor *supervisor)
{
    return is_recent(&supervisor->pulse_heard_us);
}

/* A database elsewhere that is away is no reason to be started again: we would wait for it, too. Nor does a
 * start mend a damaged one. */
static bool is_running(const struct supervisor *supervisor)
{
    const struct house *house = supervisor->house;
    if (house_sending(house) == SENDING_SILENT) {
        return false;
    }
    bool is_known = db_is_shared(house->db) || ledger_door(house->ledger) == LEDGER_DAMAGED;
    return is_known ? is_recent(&supervisor->pulse_answered_us) : is_alive(supervisor);
}

/* Does what is committed reach anybody? Where the thread that sends stands still another node may do it; where
 * every way out hangs, they would hang there as well. */
static void look_at_sending(struct supervisor *supervisor)
{
    enum sending sending = house_sending(supervisor->house);
    ledger_set_idle(supervisor->house->ledger, sending == SENDING_SILENT);
    if (sending != supervisor->was_sending) {
        metric_set(METRIC_SENDING, sending == SENDING_WORKS);
        if (sending == SENDING_WORKS) {
            LOG_INFO("watchdog", NULL, "messages are sent again");
        } else {
            LOG_ERROR("watchdog", NULL, sending_text(sending));
        }
    }
    supervisor->was_sending = sending;
}

/* All nodes go by the database's clock, but log lines and people's eyes go by the machine's. */
static void look_at_clock(struct supervisor *supervisor)
{
    const struct house *house = supervisor->house;
    struct span by = utc_since(clock_now(&CLOCK_SYSTEM), clock_now(ledger_clock(house->ledger)));
    bool is_off = by.us > CLOCK_OFF.us || by.us < -CLOCK_OFF.us;
    if (is_off && !supervisor->was_off) {
        char text[UTC_TEXT_SIZE];
        span_format((struct span){ABS(by.us)}, text);
        LOG_WARN("clock", NULL, "this machine's clock is away from the database's", "by", text,
                 "way", by.us > 0 ? "ahead" : "behind");
    }
    supervisor->was_off = is_off;
}

void supervisor_tick(struct supervisor *supervisor)
{
    send_pulse(supervisor, clock_elapsed(&CLOCK_SYSTEM));
    look_at_clock(supervisor);
    look_at_sending(supervisor);
    bool alive = is_alive(supervisor);
    if (is_running(supervisor)) {
        notify_systemd(supervisor->house->environment, "WATCHDOG=1");
    }
    if (alive != supervisor->was_alive) {
        if (alive) {
            LOG_INFO("watchdog", NULL, "commands are committed again");
        } else {
            LOG_ERROR("watchdog", NULL,
                      "no command was committed for a while: nothing can be paged");
        }
        supervisor->was_alive = alive;
    }
    log_flush();
}

/* --- the outside heartbeat --- */

static size_t ignore(char *bytes, size_t size, size_t count, void *self)
{
    (void)bytes;
    (void)self;
    return size * count;
}

/* An end is not held up by an address that does not answer. */
static int give_up(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    struct supervisor *supervisor = self;
    pthread_mutex_lock(&supervisor->lock);
    bool is_stopping = supervisor->is_stopping;
    pthread_mutex_unlock(&supervisor->lock);
    return is_stopping ? 1 : 0;
}

static void beat_once(struct supervisor *supervisor)
{
    CURL *curl = curl_easy_init();
    CHECK(curl != NULL);
    curl_easy_setopt(curl, CURLOPT_URL, supervisor->house->settings->heartbeat_out);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, give_up);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, supervisor);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_ABORTED_BY_CALLBACK && (code != CURLE_OK || status >= 400)) {
        g_autofree char *answer = g_strdup_printf("%ld", status);
        LOG_WARN("heartbeat", NULL, "the outside heartbeat was not taken", "status", answer, "why",
                 code == CURLE_OK ? NULL : curl_easy_strerror(code));
    }
    curl_easy_cleanup(curl);
}

/* False when it is time to end. */
static bool wait_for(struct supervisor *supervisor, struct span span)
{
    const struct timespec until = clock_monotonic_after(span);
    pthread_mutex_lock(&supervisor->lock);
    int code = 0;
    while (!supervisor->is_stopping && code == 0) {
        code = pthread_cond_timedwait(&supervisor->is_stopping_changed, &supervisor->lock, &until);
    }
    bool goes_on = !supervisor->is_stopping;
    pthread_mutex_unlock(&supervisor->lock);
    return goes_on;
}

static void *beat(void *self)
{
    struct supervisor *supervisor = self;
    const struct house *house = supervisor->house;
    do {
        bool is_sending = house_sending(house) == SENDING_WORKS;
        if (is_alive(supervisor) && is_sending && ledger_is_writable(house->ledger)) {
            beat_once(supervisor);
        }
    } while (wait_for(supervisor, house->settings->heartbeat_out_every));
    return NULL;
}

struct supervisor *supervisor_start(struct house *house)
{
    struct supervisor *supervisor = g_new0(struct supervisor, 1);
    supervisor->house = house;
    supervisor->was_alive = true;
    metric_set(METRIC_SENDING, 1);
    int64_t now = clock_elapsed(&CLOCK_SYSTEM).us;
    atomic_store(&supervisor->pulse_heard_us, now);
    atomic_store(&supervisor->pulse_answered_us, now);
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_mutex_init(&supervisor->lock, NULL) == 0);
    CHECK(pthread_cond_init(&supervisor->is_stopping_changed, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    if (house->settings->heartbeat_out != NULL) {
        supervisor->has_thread = pthread_create(&supervisor->thread, NULL, beat, supervisor) == 0;
        if (!supervisor->has_thread) {
            LOG_ERROR("heartbeat", NULL,
                      "no thread could be made: the outside heartbeat is not beaten");
        }
    }
    return supervisor;
}

void supervisor_quiet(struct supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
    supervisor->is_stopping = true;
    pthread_cond_signal(&supervisor->is_stopping_changed);
    pthread_mutex_unlock(&supervisor->lock);
    if (supervisor->has_thread) {
        (void)pthread_join(supervisor->thread, NULL);
        supervisor->has_thread = false;
    }
}

void supervisor_free(struct supervisor **supervisor)
{
    struct supervisor *it = g_steal_pointer(supervisor);
    (void)pthread_cond_destroy(&it->is_stopping_changed);
    (void)pthread_mutex_destroy(&it->lock);
    g_free(it);
}
