/* Our own webhook, signed as Standard Webhooks describes. The body is documented in docs/channels.md. */
#include <sodium.h>
#include <string.h>

#include "alert/signal.h"
#include "base/json_set.h"
#include "channel/catalogue.h"
#include "channel/driver.h"
#include "channel/render.h"
#include "channel/text.h"
#include "people/address.h"

static const char *const TYPES[] = {
    [MESSAGE_PAGE] = "page.alert",
    [MESSAGE_DIGEST] = "page.digest",
    [MESSAGE_STILL_ON_IT] = "page.still_on_it",
    [MESSAGE_TEST] = "page.test",
    [MESSAGE_GAP] = "page.gap",
    [MESSAGE_ENDED] = "page.ended",
    [MESSAGE_NOTICE] = "notice",
};

/* Names of the interface, not of a language. */
static const char *severity_name(int severity)
{
    static const char *const NAMES[] = {
        [SEVERITY_CRITICAL] = "critical",
        [SEVERITY_ERROR] = "error",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_INFO] = "info",
    };
    bool is_known = severity >= SEVERITY_CRITICAL && severity <= SEVERITY_INFO;
    return NAMES[is_known ? severity : SEVERITY_ERROR];
}

/* Text from outside may be no UTF-8; it is mended, not refused. */
static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        (void)json_object_set_new(object, key, json_string(valid));
    }
}

static void set_id(json_t *object, const char *key, int64_t id)
{
    if (id != 0) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);
        set_text(object, key, text);
    }
}

/* Labels as an object; of a name that comes twice the first counts. */
static json_t *labels_of(const struct message_item *item)
{
    json_t *labels = json_object();
    for (size_t i = 0; i < item->label_count; i++) {
        g_autofree char *name = g_utf8_make_valid(item->labels[i].name, -1);
        if (json_object_get(labels, name) == NULL) {
            set_text(labels, name, item->labels[i].value);
        }
    }
    return labels;
}

static json_t *links_of(const struct message_item *item)
{
    json_t *links = json_array();
    for (size_t i = 0; i < item->link_count; i++) {
        if (!text_is_link(item->links[i].value)) {
            continue;
        }
        json_t *link = json_object();
        set_text(link, "text", item->links[i].name);
        set_text(link, "href", item->links[i].value);
        (void)json_array_append_new(links, link);
    }
    return links;
}

static json_t *names_of(const struct message_names *names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < names->count; i++) {
        g_autofree char *valid = g_utf8_make_valid(names->names[i], -1);
        (void)json_array_append_new(list, json_string(valid));
    }
    return list;
}

static void set_others(json_t *data, const struct message *message)
{
    (void)json_object_set_new(data, "told", names_of(&message->told));
    if (utc_is_set(message->next_at) && message->next.count > 0) {
        json_t *next = json_object();
        json_set_utc(next, "at", message->next_at);
        (void)json_object_set_new(next, "who", names_of(&message->next));
        (void)json_object_set_new(data, "next", next);
    }
}

static json_t *alerts_of(const struct message *message)
{
    json_t *alerts = json_array();
    for (size_t i = 0; i < message->item_count; i++) {
        const struct message_item *item = &message->items[i];
        json_t *alert = json_object();
        set_text(alert, "kind", item->subject.kind);
        set_id(alert, "id", item->subject.id);
        set_text(alert, "summary", item->summary);
        set_text(alert, "severity", severity_name(item->severity));
        set_text(alert, "service", item->service);
        set_text(alert, "component", item->component);
        set_text(alert, "source", item->source);
        set_text(alert, "description", item->description);
        json_set_utc(alert, "since", item->since);
        json_set_utc(alert, "ended", item->ended_at);
        set_text(alert, "acknowledged_by", item->acknowledged_by);
        set_text(alert, "resolved_by", item->resolved_by);
        set_text(alert, "resolve_note", item->resolve_note);
        (void)json_object_set_new(alert, "count", json_integer(MAX(item->count, 1)));
        (void)json_object_set_new(alert, "labels", labels_of(item));
        (void)json_object_set_new(alert, "links", links_of(item));
        (void)json_array_append_new(alerts, alert);
    }
    return alerts;
}

static json_t *counts_of(const struct message *message)
{
    json_t *counts = json_object();
    for (int severity = SEVERITY_CRITICAL; severity <= SEVERITY_INFO; severity++) {
        json_int_t count = (json_int_t)message->by_severity[severity];
        (void)json_object_set_new(counts, severity_name(severity), json_integer(count));
    }
    return counts;
}

static json_t *data_of(const struct message *message)
{
    struct rendered rendered = message_render(message);
    json_t *data = json_object();
    set_text(data, "message_id", message->message_id);
    set_id(data, "delivery_id", message->delivery_id);
    set_text(data, "to", message->full_name);
    set_text(data, "language", catalogue_tag(message->language));
    set_text(data, "text", rendered.line);
    set_text(data, "severity", severity_name(message->severity));
    (void)json_object_set_new(data, "total", json_integer((json_int_t)message->total));
    (void)json_object_set_new(data, "by_severity", counts_of(message));
    (void)json_object_set_new(data, "alerts", alerts_of(message));
    set_text(data, "reason", message->reason);
    set_text(data, "note", message->note);
    set_text(data, "detail", message->detail);
    set_text(data, "notice", message->notice);
    set_text(data, "about", message->about);
    set_others(data, message);
    set_text(data, "ack_url", message->ack_url);
    set_text(data, "alert_url", message->alert_url);
    (void)json_object_set_new(data, "may_repeat", json_boolean(message->may_repeat));
    if (utc_is_set(message->held_since)) {
        char since[UTC_TEXT_SIZE];
        utc_format(message->held_since, since);
        set_text(data, "held_since", since);
    }
    rendered_clear(&rendered);
    return data;
}

static void sign(GString *out, const unsigned char *secret, size_t secret_size,
                 const char *signed_text)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    CHECK(crypto_auth_hmacsha256_init(&state, secret, secret_size) == 0);
    CHECK(crypto_auth_hmacsha256_update(&state, (const unsigned char *)signed_text,
                                        strlen(signed_text)) == 0);
    CHECK(crypto_auth_hmacsha256_final(&state, mac) == 0);
    g_autofree char *base64 = g_base64_encode(mac, sizeof mac);
    g_string_append_printf(out, "%sv1,%s", out->len > 0 ? " " : "", base64);
}

/* While a secret is exchanged there are two; each signs. */
static bool sign_with_all(struct parcel *parcel, const char *secrets, const char *id,
                          const char *timestamp, struct fault *fault)
{
    g_autofree char *signed_text = g_strdup_printf("%s.%s.%s", id, timestamp, parcel->body->str);
    g_autoptr(GString) signatures = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit_set(secrets, WEBHOOK_SECRETS_BETWEEN, -1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        unsigned char secret[WEBHOOK_KEY_MAX];
        size_t size = 0;
        if (*parts[i] == '\0') {
            continue;
        }
        if (!webhook_key_read(parts[i], secret, &size)) {
            return fault_set(fault, "secret",
                             "a webhook's secret is \"whsec_\" and the base64 of 24 to 64 bytes");
        }
        sign(signatures, secret, size, signed_text);
        sodium_memzero(secret, sizeof secret);
    }
    if (signatures->len > 0) {
        parcel_header(parcel, "webhook-signature", signatures->str);
    }
    return true;
}

static struct parcel *webhook_build(const struct driver_settings *settings,
                                    const struct address *address, const struct message *message,
                                    struct fault *fault)
{
    (void)settings;
    struct parcel *parcel = parcel_new();
    json_t *body = json_object();
    g_autofree char *timestamp = g_strdup_printf("%" G_GINT64_FORMAT, message->now.us / 1000000);
    g_autofree char *id = g_utf8_make_valid(message->message_id, -1);
    g_strdelimit(id, "\r\n", ' ');
    CHECK((size_t)message->kind < G_N_ELEMENTS(TYPES) && TYPES[message->kind] != NULL);
    set_text(body, "type", TYPES[message->kind]);
    json_set_utc(body, "timestamp", message->now);
    (void)json_object_set_new(body, "data", data_of(message));
    parcel->url = g_strdup(address->to);
    parcel_json(parcel, body);
    parcel_header(parcel, "webhook-id", id);
    parcel_header(parcel, "webhook-timestamp", timestamp);
    const char *secrets = address->secret != NULL ? address->secret : "";
    if (!sign_with_all(parcel, secrets, id, timestamp, fault)) {
        g_clear_pointer(&parcel, parcel_free);
    }
    return parcel;
}

const struct driver WEBHOOK_DRIVER = {CONTACT_WEBHOOK, DRIVER_HTTP | DRIVER_SIGNED, webhook_build,
                                      classify_http};
