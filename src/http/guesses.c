#include "http/guesses.h"

#include <glib.h>
#include <pthread.h>

#include "http/guard.h"

enum {
    SLOTS = 4096, /* addresses that share one share its count */
    EACH_S = 10,  /* one more is forgiven in that time */
    WAIT_MAX_S = 60,
};

struct guess_slot {
    double count;
    struct span at;
};

struct guesses {
    pthread_mutex_t lock; /* guards the slots */
    int forgiven;
    struct guess_slot slots[SLOTS];
};

struct guesses *guesses_create(int forgiven)
{
    struct guesses *guesses = g_new0(struct guesses, 1);
    (void)pthread_mutex_init(&guesses->lock, NULL);
    guesses->forgiven = forgiven;
    return guesses;
}

void guesses_destroy(struct guesses **guesses)
{
    if (*guesses != NULL) {
        (void)pthread_mutex_destroy(&(*guesses)->lock);
        g_clear_pointer(guesses, g_free);
    }
}

static size_t slot_of(const char *address)
{
    unsigned char bytes[16];
    guint64 hash = UINT64_C(14695981039346656037);
    address_network(address, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return (size_t)((hash ^ hash >> 32) % SLOTS);
}

int guesses_add(struct guesses *guesses, const char *address, struct span now)
{
    struct guess_slot *slot = &guesses->slots[slot_of(address)];
    (void)pthread_mutex_lock(&guesses->lock);
    double passed_s = (double)MAX(now.us - slot->at.us, 0) / 1e6;
    slot->count = MAX(slot->count - passed_s / EACH_S, 0);
    slot->at = now;
    double most = guesses->forgiven + (double)WAIT_MAX_S / EACH_S;
    slot->count = MIN(slot->count + 1, most);
    double over = slot->count - guesses->forgiven;
    (void)pthread_mutex_unlock(&guesses->lock);
    return over > 0 ? CLAMP((int)(over * EACH_S), 1, WAIT_MAX_S) : 0;
}
