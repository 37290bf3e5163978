#include "alert/dedup.h"

#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

enum { HASH_BYTES = 32 };

/* The same start is the same episode, whatever the end: a clock that was set back between the two
 * leaves an end before its start. */
static bool is_stale_resolve(const struct signal *signal, const struct alert *open)
{
    if (signal->is_repeated && utc_is_set(signal->ended_at) && utc_is_set(open->ended_at) &&
        !utc_before(open->ended_at, signal->ended_at)) {
        return true; /* said before: since then it was seen to go on */
    }
    if (!utc_is_set(open->episode_at) || signal->occurred_at.us == open->episode_at.us) {
        return false;
    }
    struct utc said = utc_is_set(signal->ended_at) ? signal->ended_at : signal->occurred_at;
    return utc_is_set(said) && utc_before(said, open->episode_at);
}

enum dedup_verdict dedup_judge(const struct signal *signal, const struct alert *open)
{
    switch ((enum signal_action)signal->action) {
    case SIGNAL_ACKNOWLEDGE:
        return open == NULL ? DEDUP_UNKNOWN : DEDUP_ACKNOWLEDGE;
    case SIGNAL_RESOLVE:
        if (open == NULL) {
            return DEDUP_UNKNOWN;
        }
        return is_stale_resolve(signal, open) ? DEDUP_STALE : DEDUP_RESOLVE;
    case SIGNAL_TRIGGER:
    default:
        return open == NULL ? DEDUP_OPEN : DEDUP_JOIN;
    }
}

bool dedup_continues(const struct signal *signal, const struct alert *last, struct principal actor,
                     struct utc now)
{
    const struct principal ender =
        principal_read(last->resolved_by != NULL ? last->resolved_by : "");
    bool is_by_source = principal_equal(ender, actor) || ender.kind == PRINCIPAL_SYSTEM;
    if (last->status != ALERT_RESOLVED || !is_by_source || !utc_is_set(signal->occurred_at) ||
        !utc_is_set(last->episode_at) ||
        utc_since(now, last->resolved_at).us > DEDUP_CONTINUE_SPAN.us) {
        return false;
    }
    return signal->occurred_at.us == last->episode_at.us ||
           signal->occurred_at.us == last->started_at.us ||
           utc_before(signal->occurred_at, last->ended_at); /* before the end that was told */
}

bool dedup_is_flapping(int64_t openings_before)
{
    return openings_before + 1 >= DEDUP_FLAP_OPENINGS;
}

/* What of an address does not depend on the host. */
static const char *page_of(const char *href)
{
    const char *host = strstr(href, "://");
    return host == NULL ? href : host + 3 + strcspn(host + 3, "/?#");
}

static bool is_same_link(const json_t *link, const json_t *other)
{
    return strcmp(json_text(link, "text", ""), json_text(other, "text", "")) == 0 &&
           strcmp(page_of(json_text(link, "href", "")), page_of(json_text(other, "href", ""))) == 0;
}

bool dedup_same_links(const json_t *links, const json_t *others)
{
    bool is_same = json_array_size(links) == json_array_size(others);
    for (size_t i = 0; is_same && i < json_array_size(links); i++) {
        is_same = is_same_link(json_array_get(links, i), json_array_get(others, i));
    }
    return is_same;
}

static char *hex_of(const unsigned char *bytes, size_t size, const char *prefix)
{
    char hex[2 * HASH_BYTES + 1];
    CHECK(size <= HASH_BYTES);
    (void)sodium_bin2hex(hex, sizeof(hex), bytes, size);
    return g_strconcat(prefix, hex, NULL);
}

char *dedup_key_fit(const char *key)
{
    if (strlen(key) <= LIMIT_DEDUP_KEY) {
        return g_strdup(key);
    }
    unsigned char hash[HASH_BYTES];
    (void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)key, strlen(key), NULL, 0);
    return hex_of(hash, sizeof(hash), "blake2b:");
}

char *dedup_key_of_bits(const unsigned char bits[DEDUP_KEY_BYTES])
{
    return hex_of(bits, DEDUP_KEY_BYTES, "");
}
