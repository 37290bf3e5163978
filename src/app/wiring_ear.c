#include "app/wiring.h"

/* How long the ear sleeps unasked; it only ever makes the desk look sooner than it would. */
enum { EAR_NAP_MS = 1000 };

static void *hear(void *self)
{
    struct house *house = self;
    while (!atomic_load(&house->is_closing)) {
        if (db_ear_wait(house->ear, EAR_NAP_MS)) {
            desk_wake(house->desk);
        }
    }
    return NULL;
}

bool house_start_ear(struct house *house, struct fault *fault)
{
    if (!db_is_shared(house->db)) {
        return true;
    }
    house->ear = db_ear_open(house->database);
    house->has_ear_thread = pthread_create(&house->ear_thread, NULL, hear, house) == 0;
    if (!house->has_ear_thread) {
        return fault_set(fault, "",
                         "no thread could be made to hear other nodes: check the limits of this "
                         "account (ulimit -u)");
    }
    (void)pthread_setname_np(house->ear_thread, "ear");
    return true;
}

void house_stop_ear(struct house *house)
{
    if (house->has_ear_thread) {
        db_ear_interrupt(house->ear);
        (void)pthread_join(house->ear_thread, NULL);
        house->has_ear_thread = false;
    }
    if (house->ear != NULL) {
        db_ear_close(&house->ear);
    }
}
