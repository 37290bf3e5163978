/* For tests only: sends what a JSON document on standard input says through the real sender and
 * prints one JSON line per result. Python starts the servers at the other end. */
#include "channel/post.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

struct posting {
    size_t index;
    struct span started;
    const struct clock *clock;
};

static void print_json(json_t *value)
{
    g_autofree char *text = json_write(value);
    (void)printf("%s\n", text);
    (void)fflush(stdout);
    json_decref(value);
}

static void on_done(void *self, const struct send_result *result)
{
    static const char *const STATES[] = {
        [SEND_DELIVERED] = "delivered", [SEND_RETRY] = "retry",         [SEND_REFUSED] = "refused",
        [SEND_UNKNOWN] = "unknown",     [SEND_CANCELLED] = "cancelled",
    };
    struct posting *job = self;
    int64_t elapsed_ms = (clock_elapsed(job->clock).us - job->started.us) / 1000;
    print_json(json_pack("{s:I, s:s, s:s, s:s, s:I, s:I}", "index", (json_int_t)job->index, "state",
                         STATES[result->state], "detail", result->detail, "provider_id",
                         result->provider_id, "retry_after_ms",
                         (json_int_t)(result->retry_after.us / 1000), "elapsed_ms",
                         (json_int_t)elapsed_ms));
    g_free(job);
}

static int number(const json_t *object, const char *key, int otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int)json_integer_value(value) : otherwise;
}

static struct message_item item_of(const json_t *spec)
{
    return (struct message_item){
        .subject = {.kind = "alert", .id = number(spec, "alert_id", 7)},
        .summary = json_text(spec, "summary", "Disk full"),
        .service = json_text(spec, "service", "checkout"),
        .source = json_text(spec, "source", NULL),
        .severity = number(spec, "severity", 1),
        .since = {1798149900000000},
    };
}

static struct message message_of(const json_t *spec, struct message_item *item)
{
    *item = item_of(spec);
    return (struct message){
        .kind = number(spec, "message_kind", MESSAGE_PAGE),
        .language = number(spec, "language", LANGUAGE_EN),
        .time_zone = json_text(spec, "time_zone", "UTC"),
        .full_name = json_text(spec, "full_name", "Ana Wijaya"),
        .severity = item->severity,
        .items = item,
        .item_count = 1,
        .total = (size_t)number(spec, "total", 1),
        .by_severity = {0, 1, 0, 0, 0},
        .ack_url = json_text(spec, "ack_url", NULL),
        .alert_url = json_text(spec, "alert_url", NULL),
        .reason = json_text(spec, "reason", NULL),
        .detail = json_text(spec, "detail", NULL),
        .delivery_id = number(spec, "delivery", 12),
        .message_id = json_text(spec, "message_id", "m-12"),
        .may_repeat = json_is_true(json_object_get(spec, "may_repeat")),
        .now = clock_now(&CLOCK_SYSTEM),
    };
}

static void start(struct post *post, size_t index, const json_t *spec)
{
    struct sender sender = post_sender(post);
    struct message_item item;
    struct message message = message_of(spec, &item);
    struct address address = {
        .kind = number(spec, "kind", 0),
        .to = json_text(spec, "to", NULL),
        .secret = json_text(spec, "secret", NULL),
    };
    struct posting *job = g_new0(struct posting, 1);
    *job = (struct posting){index, clock_elapsed(&CLOCK_SYSTEM), &CLOCK_SYSTEM};
    sender.send(sender.self, &address, &message, on_done, job);
}

static bool on_log(void *self, const char *line)
{
    (void)self;
    print_json(json_pack("{s:s}", "log", line));
    return true;
}

static bool still_wanted(void *self, int64_t delivery_id)
{
    return delivery_id <= number(self, "wanted_up_to", 12);
}

static char *look_up(void *self, const char *reference, struct fault *fault)
{
    (void)fault;
    const json_t *options = self;
    return g_strdup(json_text(json_object_get(options, "secrets"), reference, NULL));
}

static struct post *post_of(const json_t *options, struct fault *fault)
{
    struct post_options with = {
        .smtp_url = json_text(options, "smtp_url", NULL),
        .smtp_hello = json_text(options, "smtp_hello", NULL),
        .public_url = json_text(options, "public_url", NULL),
        .smtp_user = json_text(options, "smtp_user", NULL),
        .smtp_password = json_text(options, "smtp_password", NULL),
        .smtp_requires_tls = json_is_true(json_object_get(options, "smtp_requires_tls")),
        .mail_from = json_text(options, "mail_from", "Tocsin <tocsin@example.com>"),
        .ca_file = json_text(options, "ca_file", NULL),
        .allow_private = json_text(options, "allow_private", NULL),
        .log_line = on_log,
        .still_wanted = still_wanted,
        .still_wanted_self = (void *)(uintptr_t)options,
        .look_up = look_up,
        .look_up_self = (void *)(uintptr_t)options,
        .connect_ms = number(options, "connect_ms", 0),
        .whole_ms = number(options, "whole_ms", 0),
        .clock = &CLOCK_SYSTEM,
        .random = &RANDOM_SYSTEM,
    };
    return post_create(&with, fault);
}

static json_t *read_input(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char piece[4096];
    size_t size = 0;
    while ((size = fread(piece, 1, sizeof piece, stdin)) > 0) {
        g_string_append_len(text, piece, (gssize)size);
    }
    struct fault fault = {0};
    json_t *input = json_read(text->str, text->len, &fault);
    if (input == NULL) {
        (void)fprintf(stderr, "%s\n", fault.text);
    }
    return input;
}

int main(void)
{
    struct fault fault = {0};
    json_auto_t *input = read_input();
    struct post *post = post_of(json_object_get(input, "options"), &fault);
    if (post == NULL) {
        print_json(json_pack("{s:s, s:s}", "field", fault.field, "fault", fault.text));
        return 1;
    }
    size_t index = 0;
    json_t *spec = NULL;
    json_array_foreach (json_object_get(input, "sends"), index, spec) {
        start(post, index, spec);
    }
    while (post_in_flight(post) > 0) {
        post_work(post, 1000);
    }
    post_destroy(&post);
    return 0;
}
