#include "account/throttle.h"

#include <glib.h>
#include <math.h>

enum { DOUBLINGS_MAX = 20 };

static struct throttle_slot *slot_of(struct throttle *throttle, uint64_t key)
{
    return &throttle->slots[key % THROTTLE_SLOTS];
}

int throttle_take(struct throttle *throttle, uint64_t key, struct span now)
{
    struct throttle_slot *slot = slot_of(throttle, key);
    if (now.us < slot->until.us) {
        return (int)((slot->until.us - now.us + SPAN_S(1).us - 1) / SPAN_S(1).us);
    }
    double passed = (double)MAX(now.us - slot->at.us, 0) / (double)throttle->each.us;
    slot->count = MAX(slot->count - passed, 0) + 1;
    slot->at = now;
    double over = slot->count - throttle->forgiven;
    if (over > 0) {
        int doublings = MIN((int)ceil(over), DOUBLINGS_MAX);
        int64_t wait_us = MIN(SPAN_S(1).us << doublings, throttle->longest.us);
        slot->until = (struct span){now.us + wait_us};
        /* What is waited for at most bounds how long it is remembered. */
        slot->count = MIN(slot->count, throttle->forgiven + DOUBLINGS_MAX);
    }
    return 0;
}

void throttle_give_back(struct throttle *throttle, uint64_t key, bool all)
{
    struct throttle_slot *slot = slot_of(throttle, key);
    slot->count = all ? 0 : MAX(slot->count - 1, 0);
    if (slot->count <= throttle->forgiven) {
        slot->until = (struct span){0};
    }
}
