#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/wiring.h"
#include "base/log.h"
#include "paging/mail_store.h"

/* The longest the courier sleeps unasked: the wall clock may have been set meanwhile. */
enum { COURIER_NAP_MS = 1000 };

/* At the end, beyond what it may wait for providers. */
#define HANGS_AFTER SPAN_S(5)

static bool submit(void *self, struct command command)
{
    struct house *house = self;
    return queue_submit(house->queue, command);
}

static void wake(void *self)
{
    struct house *house = self;
    post_wake(house->post);
}

/* The last look before an attempt, at what is committed. */
static enum wanted look_again(void *self, int64_t delivery_id)
{
    struct house *house = self;
    struct db *db = api_borrow(&house->api);
    db_begin(db);
    bool is_wanted = delivery_is_wanted(db, delivery_id, clock_now(ledger_clock(house->ledger)));
    bool is_read = db_error(db) == DB_OK;
    db_rollback(db);
    db_pool_give(house->readers, db);
    if (!is_read) {
        return WANTED_UNKNOWN;
    }
    return is_wanted ? WANTED_YES : WANTED_NO;
}

/* For what waited its turn in the post. */
static bool still_wanted(void *self, int64_t delivery_id)
{
    struct house *house = self;
    return courier_still_wants(house->courier, delivery_id);
}

/* A contact's secret that is named, not written, in the configuration. */
static char *look_up(void *self, const char *reference, struct fault *fault)
{
    const struct house *house = self;
    return secrets_look_up(&house->secrets, reference, fault);
}

static int nap(struct utc now, struct utc next)
{
    int64_t ms = (utc_since(next, now).us + 999) / 1000;
    return (int)CLAMP(ms, 0, COURIER_NAP_MS);
}

static void *deliver(void *self)
{
    struct house *house = self;
    while (!atomic_load(&house->is_closing)) {
        struct utc now = clock_now(ledger_clock(house->ledger));
        struct utc next = courier_step(house->courier, now);
        signs_courier_turned(&house->signs, clock_elapsed(&CLOCK_SYSTEM));
        post_work(house->post, nap(now, next));
    }
    /* Nothing new is claimed; what was handed to a provider is heard out, so that its outcome is known
     * at the next start. */
    courier_retire(house->courier);
    struct span until = {clock_elapsed(&CLOCK_SYSTEM).us + house->settings->shutdown_drain.us};
    while (courier_is_busy(house->courier) && clock_elapsed(&CLOCK_SYSTEM).us < until.us) {
        (void)courier_step(house->courier, clock_now(ledger_clock(house->ledger))).us;
        post_work(house->post, 50);
    }
    return NULL;
}

static struct post *open_post(struct house *house, struct fault *fault)
{
    const struct settings *settings = house->settings;
    struct post_options options = {.smtp_url = settings->smtp_url,
                                   .smtp_hello = settings->smtp_hello,
                                   .smtp_user = settings->smtp_user,
                                   .smtp_password = settings->smtp_password,
                                   .smtp_requires_tls = settings->smtp_tls == SMTP_TLS_REQUIRED,
                                   .mail_from = settings->smtp_from,
                                   .ca_file = settings->ca_file,
                                   .allow_private = settings->allow_private,
                                   .public_url = settings->public_url,
                                   .log_line = house_log_line,
                                   .log_self = house,
                                   .still_wanted = still_wanted,
                                   .still_wanted_self = house,
                                   .look_up = look_up,
                                   .look_up_self = house,
                                   .clock = ledger_clock(house->ledger),
                                   .random = &RANDOM_SYSTEM};
    return post_create(&options, fault);
}

bool house_make_courier(struct house *house, struct fault *fault)
{
    house->post = open_post(house, fault);
    if (house->post == NULL) {
        return false;
    }
    struct courier_options options = {.pager = house->pager,
                                      .sender = post_sender(house->post),
                                      .submit = submit,
                                      .submit_self = house,
                                      .wake = wake,
                                      .wake_self = house,
                                      .still_wanted = look_again,
                                      .still_wanted_self = house,
                                      .clock = ledger_clock(house->ledger),
                                      .public_url = house->settings->public_url};
    house->courier = courier_create(&options);
    return true;
}

bool house_start_courier(struct house *house, struct fault *fault)
{
    if (pthread_create(&house->courier_thread, NULL, deliver, house) != 0) {
        return fault_set(fault, "",
                         "no thread could be made for deliveries: check the limits of this "
                         "account (ulimit -u)");
    }
    (void)pthread_setname_np(house->courier_thread, "courier");
    house->has_courier_thread = true;
    return true;
}

bool house_join_courier(struct house *house)
{
    if (!house->has_courier_thread) {
        return true;
    }
    const struct timespec until =
        clock_monotonic_after((struct span){house->settings->shutdown_drain.us + HANGS_AFTER.us});
    post_wake(house->post);
    if (pthread_clockjoin_np(house->courier_thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        return false;
    }
    house->has_courier_thread = false;
    return true;
}

enum sending house_sending(const struct house *house)
{
    return signs_judge(&house->signs, clock_elapsed(&CLOCK_SYSTEM));
}

/* --- the log channel --- */

/* "Ana Wijaya <- [critical] …| why | link": see channel/log.c. */
static void draw_box(GString *out, const char *line)
{
    g_auto(GStrv) parts = g_strsplit(line, " | ", -1);
    const char *arrow = strstr(parts[0], " <- ");
    const char *text = arrow != NULL ? arrow + strlen(" <- ") : parts[0];
    int name = arrow != NULL ? (int)(arrow - parts[0]) : 0;
    g_string_append_printf(out, "┌── message to %.*s\n│ %s\n", name, parts[0], text);
    for (char **part = parts + 1; *part != NULL; part++) {
        bool is_link = part[1] == NULL && g_str_has_prefix(*part, "http");
        g_string_append_printf(out, "│ %s%s\n", is_link ? "Acknowledge: " : "", *part);
    }
    g_string_append(out, "└──\n");
}

bool house_log_line(void *self, const char *line)
{
    const struct house *house = self;
    g_autoptr(GString) out = g_string_new(NULL);
    if (house->has_terminal) {
        draw_box(out, line);
    } else {
        g_string_append_printf(out, "page: %s\n", line);
    }
    return log_write(STDOUT_FILENO, out->str, out->len);
}
