#include "app/signs.h"

/* A turn of either thread takes a second at most; a database that is going away may hold one up for some. */
#define SILENT_AFTER SPAN_S(20)
#define OVERDUE_AFTER SPAN_MIN(2)

/* After an outage the first look finds what became due meanwhile, just before it is sent. */
enum { OVERDUE_LOOKS = 3 };

void signs_courier_turned(struct signs *signs, struct span elapsed)
{
    atomic_store(&signs->courier_us, elapsed.us);
}

void signs_main_turned(struct signs *signs, struct span elapsed)
{
    atomic_store(&signs->main_us, elapsed.us);
}

void signs_oldest_overdue(struct signs *signs, struct span overdue)
{
    bool is_long = overdue.us >= OVERDUE_AFTER.us;
    (void)(is_long ? atomic_fetch_add(&signs->overdue_looks, 1)
                   : atomic_exchange(&signs->overdue_looks, 0));
}

static bool is_silent(const _Atomic int64_t *turned_at_us, struct span elapsed)
{
    int64_t turned_us = atomic_load(turned_at_us);
    return turned_us != 0 && elapsed.us - turned_us >= SILENT_AFTER.us;
}

enum sending signs_judge(const struct signs *signs, struct span elapsed)
{
    if (is_silent(&signs->courier_us, elapsed)) {
        return SENDING_SILENT;
    }
    if (is_silent(&signs->main_us, elapsed)) {
        return SENDING_UNWATCHED;
    }
    return atomic_load(&signs->overdue_looks) >= OVERDUE_LOOKS ? SENDING_OVERDUE : SENDING_WORKS;
}

const char *sending_name(enum sending sending)
{
    static const char *const NAMES[] = {"working", "silent", "unwatched", "overdue"};
    return NAMES[sending];
}

const char *sending_text(enum sending sending)
{
    static const char *const TEXTS[] = {"Messages are sent.",
                                        "Alerts are taken, and nobody is told: what sends the "
                                        "messages stands still. Restart the server.",
                                        "What watches over the sending of messages stands still, "
                                        "and cannot tell whether they arrive. Restart the server.",
                                        "Alerts are taken, and a message has been due for two "
                                        "minutes: look at the contacts that hang "
                                        "(`tocsin doctor`)."};
    return TEXTS[sending];
}
