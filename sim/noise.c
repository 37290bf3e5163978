#include "sim/noise.h"

#include <glib.h>

enum { RECENT_MAX = 64 };

static const int64_t MINUTE_US = INT64_C(60) * 1000000;
static const int64_t HOUR_US = INT64_C(3600) * 1000000;

struct recent {
    int64_t at_us[RECENT_MAX]; /* of the last hour */
    int count;
    bool is_refusing;
};

struct noise {
    GHashTable *recents; /* "who/mailbox" -> struct recent */
};

struct noise *noise_create(void)
{
    struct noise *noise = g_new0(struct noise, 1);
    noise->recents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return noise;
}

void noise_destroy(struct noise **noise)
{
    g_hash_table_destroy((*noise)->recents);
    g_clear_pointer(noise, g_free);
}

static struct recent *recent_of(struct noise *noise, const char *who, const char *mailbox)
{
    g_autofree char *key = g_strdup_printf("%s/%s", who, mailbox);
    struct recent *recent = g_hash_table_lookup(noise->recents, key);
    if (recent == NULL) {
        recent = g_new0(struct recent, 1);
        g_hash_table_insert(noise->recents, g_steal_pointer(&key), recent);
    }
    return recent;
}

struct noise_counts noise_count(struct noise *noise, const char *who, const char *mailbox,
                                int64_t now_us)
{
    struct recent *recent = recent_of(noise, who, mailbox);
    struct noise_counts counts = {1, 1};
    int kept = 0;
    for (int i = 0; i < recent->count; i++) {
        if (now_us - recent->at_us[i] < HOUR_US) {
            counts.in_minute += now_us - recent->at_us[i] < MINUTE_US;
            recent->at_us[kept++] = recent->at_us[i];
        }
    }
    counts.in_hour += kept;
    CHECK(kept < RECENT_MAX); /* whoever counts has complained by then */
    recent->at_us[kept] = now_us;
    recent->count = kept + 1;
    return counts;
}

bool noise_refused(struct noise *noise, const char *who, const char *mailbox, bool is_refused)
{
    struct recent *recent = recent_of(noise, who, mailbox);
    bool was_refusing = recent->is_refusing;
    recent->is_refusing = is_refused;
    return was_refusing;
}
