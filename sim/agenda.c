#include "sim/agenda.h"

#include <glib.h>

struct agenda {
    GSequence *queue; /* of struct item */
    uint64_t added;
};

struct item {
    struct happening happening;
    uint64_t order;
    bool is_held;
    struct span due; /* of what is held */
};

static gint compare(gconstpointer left, gconstpointer right, gpointer self)
{
    (void)self;
    const struct item *a = left;
    const struct item *b = right;
    if (a->happening.at.us != b->happening.at.us) {
        return a->happening.at.us < b->happening.at.us ? -1 : 1;
    }
    return a->order < b->order ? -1 : 1;
}

static void item_destroy(gpointer data)
{
    struct item *item = data;
    if (item->happening.drop != NULL) {
        item->happening.drop(item->happening.arg);
    }
    g_free(item);
}

struct agenda *agenda_create(void)
{
    struct agenda *agenda = g_new0(struct agenda, 1);
    agenda->queue = g_sequence_new(item_destroy);
    return agenda;
}

void agenda_destroy(struct agenda **agenda)
{
    g_sequence_free((*agenda)->queue);
    g_free(*agenda);
    *agenda = NULL;
}

void agenda_add(struct agenda *agenda, struct happening happening)
{
    struct item *item = g_new0(struct item, 1);
    *item = (struct item){.happening = happening, .order = ++agenda->added};
    (void)g_sequence_insert_sorted(agenda->queue, item, compare, NULL);
}

struct span agenda_next(const struct agenda *agenda)
{
    GSequenceIter *first = g_sequence_get_begin_iter(agenda->queue);
    if (g_sequence_iter_is_end(first)) {
        return (struct span){UTC_NEVER.us};
    }
    const struct item *item = g_sequence_get(first);
    return item->happening.at;
}

void agenda_drop(struct agenda *agenda, unsigned epoch)
{
    GSequenceIter *iter = g_sequence_get_begin_iter(agenda->queue);
    while (!g_sequence_iter_is_end(iter)) {
        GSequenceIter *next = g_sequence_iter_next(iter);
        const struct item *item = g_sequence_get(iter);
        if (item->happening.epoch == epoch) {
            g_sequence_remove(iter);
        }
        iter = next;
    }
}

void agenda_hold(struct agenda *agenda, unsigned epoch)
{
    GSequenceIter *iter = g_sequence_get_begin_iter(agenda->queue);
    while (!g_sequence_iter_is_end(iter)) {
        struct item *item = g_sequence_get(iter);
        if (item->happening.epoch == epoch && !item->is_held) {
            item->is_held = true;
            item->due = item->happening.at;
            item->happening.at = (struct span){UTC_NEVER.us};
        }
        iter = g_sequence_iter_next(iter);
    }
    g_sequence_sort(agenda->queue, compare, NULL);
}

void agenda_release(struct agenda *agenda, unsigned epoch, struct span now)
{
    GSequenceIter *iter = g_sequence_get_begin_iter(agenda->queue);
    while (!g_sequence_iter_is_end(iter)) {
        struct item *item = g_sequence_get(iter);
        if (item->happening.epoch == epoch && item->is_held) {
            item->is_held = false;
            item->happening.at = (struct span){MAX(item->due.us, now.us)};
        }
        iter = g_sequence_iter_next(iter);
    }
    g_sequence_sort(agenda->queue, compare, NULL);
}

void agenda_run(struct agenda *agenda, struct span now)
{
    while (agenda_next(agenda).us <= now.us) {
        GSequenceIter *first = g_sequence_get_begin_iter(agenda->queue);
        struct item *item = g_sequence_get(first);
        struct happening happening = item->happening;
        item->happening.drop = NULL; /* it happens: nothing to drop any more */
        g_sequence_remove(first);
        happening.happen(happening.arg);
    }
}
