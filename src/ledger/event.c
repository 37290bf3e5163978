#include "ledger/event.h"

#include <glib.h>
#include <sodium.h>
#include <string.h>

static void hash_int(crypto_generichash_state *state, int64_t value)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    }
    (void)crypto_generichash_update(state, bytes, sizeof bytes);
}

/* The length goes in front, so that no two events can give the same bytes; -1 is "no text". */
static void hash_text(crypto_generichash_state *state, const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);
    hash_int(state, text == NULL ? -1 : (int64_t)size);
    (void)crypto_generichash_update(state, (const unsigned char *)text, size);
}

void event_hash(const unsigned char before[EVENT_HASH_SIZE], const struct event *event,
                unsigned char out[EVENT_HASH_SIZE])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, NULL, 0, EVENT_HASH_SIZE) == 0);
    (void)crypto_generichash_update(&state, before, EVENT_HASH_SIZE);
    hash_int(&state, event->seq);
    hash_int(&state, event->at.us);
    hash_text(&state, event->actor);
    hash_text(&state, event->kind);
    hash_text(&state, event->subject);
    hash_text(&state, event->data);
    CHECK(crypto_generichash_final(&state, out, EVENT_HASH_SIZE) == 0);
}
