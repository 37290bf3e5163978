#include "app/wiring.h"

/* How long the listener sleeps unasked; it only ever makes the queue look sooner than it would. */
enum { EAR_NAP_MS = 1000 };

static void *hear(void *self)
{
    struct house *house = self;
    while (!atomic_load(&house->is_closing)) {
        if (db_listener_wait(house->listener, EAR_NAP_MS)) {
            queue_wake(house->queue);
        }
    }
    return NULL;
}

bool house_start_listener(struct house *house, struct fault *fault)
{
    if (!db_is_shared(house->db)) {
        return true;
    }
    house->listener = db_listener_open(house->database);
    house->has_listener_thread = pthread_create(&house->listener_thread, NULL, hear, house) == 0;
    if (!house->has_listener_thread) {
        return fault_set(fault, "",
                         "no thread could be made to hear other nodes: check the limits of this "
                         "account (ulimit -u)");
    }
    (void)pthread_setname_np(house->listener_thread, "listener");
    return true;
}

void house_stop_listener(struct house *house)
{
    if (house->has_listener_thread) {
        db_listener_interrupt(house->listener);
        (void)pthread_join(house->listener_thread, NULL);
        house->has_listener_thread = false;
    }
    if (house->listener != NULL) {
        db_listener_close(&house->listener);
    }
}
