#include "alert/dedup.h"

#include <sodium.h>
#include <string.h>

#include "base/limits.h"

enum { KEY_BYTES = 16, HASH_BYTES = 32 };

enum dedup_verdict dedup_judge(int action, const struct alert *open)
{
    switch ((enum signal_action)action) {
    case SIGNAL_ACKNOWLEDGE:
        return open == NULL ? DEDUP_UNKNOWN : DEDUP_ACKNOWLEDGE;
    case SIGNAL_RESOLVE:
        return open == NULL ? DEDUP_UNKNOWN : DEDUP_RESOLVE;
    case SIGNAL_TRIGGER:
    default:
        return open == NULL ? DEDUP_OPEN : DEDUP_JOIN;
    }
}

bool dedup_is_flapping(int64_t openings_before)
{
    return openings_before + 1 >= DEDUP_FLAP_OPENINGS;
}

bool dedup_raises(int severity_before, int severity)
{
    return severity < severity_before; /* SEVERITY_CRITICAL is 1 */
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

char *dedup_key_random(const struct random *random)
{
    unsigned char bytes[KEY_BYTES];
    random_fill(random, bytes, sizeof(bytes));
    return hex_of(bytes, sizeof(bytes), "");
}
