#include "alert/silence.h"

#include <sodium.h>
#include <string.h>

#include "base/json_set.h"

bool silence_is_active(const struct silence *silence, struct utc now, struct utc *out_change_at)
{
    *out_change_at = UTC_NEVER;
    if (silence->windows == NULL || silence->windows->len == 0) {
        if (utc_before(now, silence->from)) {
            *out_change_at = silence->from;
            return false;
        }
        if (utc_before(now, silence->to)) {
            *out_change_at = silence->to;
            return true;
        }
        return false;
    }
    struct fault fault = {0};
    const struct zone *zone = zone_load(silence->time_zone, &fault);
    if (zone == NULL) {
        /* Only when the tz database lost the zone since the silence was written: better a page too
         * many than one too few. */
        return false;
    }
    *out_change_at = windows_change_after(silence->windows, zone, now);
    return windows_hold(silence->windows, zone, now);
}

int silence_state(const struct silence *silence, struct utc now, struct utc *out_change_at)
{
    bool is_active = silence_is_active(silence, now, out_change_at);
    bool is_over = !is_active && out_change_at->us == UTC_NEVER.us;
    return is_active ? SILENCE_ACTIVE : is_over ? SILENCE_OVER : SILENCE_PENDING;
}

struct silence_verdict silence_judge(const GPtrArray *silences, const struct match_subject *subject,
                                     struct utc now)
{
    struct silence_verdict active = {0};
    struct utc next = UTC_NEVER;
    const struct silence *unsure = NULL;
    for (guint i = 0; silences != NULL && i < silences->len; i++) {
        const struct silence *silence = g_ptr_array_index(silences, i);
        struct utc change_at = UTC_NEVER;
        int state = silence_state(silence, now, &change_at);
        enum matched matched =
            state == SILENCE_OVER ? MATCHED_NOT : match_judge(silence->match, subject);
        if (matched == MATCHED_UNSURE && state == SILENCE_ACTIVE) {
            unsure = silence;
        }
        if (matched != MATCHED) {
            continue;
        }
        if (state == SILENCE_PENDING) {
            next = utc_earlier(next, change_at);
        } else if (active.by == NULL || utc_before(active.until, change_at)) {
            active = (struct silence_verdict){.by = silence, .until = change_at};
        }
    }
    if (active.by == NULL) {
        active.until = next;
    }
    active.unsure = unsure;
    return active;
}

json_t *silence_ended(const struct silence *silence, struct utc now)
{
    json_t *spec = record_write(&SILENCE_RECORD, silence);
    if (!utc_before(silence->from, now)) {
        json_set_utc(spec, "from", utc_add(now, (struct span){-1}));
    }
    json_set_utc(spec, "to", now);
    return spec;
}

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < SILENCE_ID_SIZE - 1; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : !g_ascii_isxdigit(text[i])) {
            return false;
        }
    }
    return text[SILENCE_ID_SIZE - 1] == '\0';
}

void silence_id_of_bytes(const unsigned char bytes[16], int version, char out[SILENCE_ID_SIZE])
{
    unsigned char id[16];
    memcpy(id, bytes, sizeof id);
    id[6] = (unsigned char)((version << 4) | (id[6] & 0x0f));
    id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
    char hex[2 * sizeof id + 1];
    (void)sodium_bin2hex(hex, sizeof hex, id, sizeof id);
    (void)g_snprintf(out, SILENCE_ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                     hex + 16, hex + 20);
}

void silence_id(const char *name, char out[SILENCE_ID_SIZE])
{
    enum { MADE_FROM_A_NAME = 5 };

    if (is_uuid(name)) {
        memcpy(out, name, SILENCE_ID_SIZE);
        return;
    }
    unsigned char hash[16];
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)name, strlen(name), NULL, 0);
    silence_id_of_bytes(hash, MADE_FROM_A_NAME, out);
}
