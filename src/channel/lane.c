#include "channel/lane.h"

#include <glib.h>

struct waiting {
    void *traveller;
    struct span since;
};

struct lane {
    struct lanes *lanes;
    char *name;
    GQueue waiting; /* of struct waiting *, oldest first */
    GHashTable *travelling;
    unsigned width; /* now; between 1 and width_max */
    unsigned width_max;
    struct span served_at; /* when somebody came back served, or the first one left */
};

struct lanes {
    GHashTable *by_name;
    GQueue order; /* of struct lane *: whose turn it is */
    size_t waiting;
    size_t travelling;
};

enum { LANES_KEPT = 256 };

struct lanes *lanes_create(void)
{
    struct lanes *lanes = g_new0(struct lanes, 1);
    lanes->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&lanes->order);
    return lanes;
}

static void lane_free(struct lane *lane)
{
    g_queue_clear_full(&lane->waiting, g_free);
    g_hash_table_unref(lane->travelling);
    g_free(lane->name);
    g_free(lane);
}

void lanes_destroy(struct lanes **lanes, void (*drop)(void *traveller, void *self), void *self)
{
    struct lanes *all = *lanes;
    for (struct lane *lane = g_queue_pop_head(&all->order); lane != NULL;
         lane = g_queue_pop_head(&all->order)) {
        GHashTableIter each;
        void *traveller = NULL;
        for (GList *at = lane->waiting.head; at != NULL; at = at->next) {
            drop(((struct waiting *)at->data)->traveller, self);
        }
        g_hash_table_iter_init(&each, lane->travelling);
        while (g_hash_table_iter_next(&each, &traveller, NULL)) {
            drop(traveller, self);
        }
        lane_free(lane);
    }
    g_hash_table_unref(all->by_name);
    g_clear_pointer(lanes, g_free);
}

static bool is_idle(const struct lane *lane)
{
    return lane->waiting.length == 0 && g_hash_table_size(lane->travelling) == 0;
}

/* A lane remembers how its provider did; only when there are many, the idle are forgotten. */
static void forget_idle(struct lanes *lanes)
{
    if (lanes->order.length < LANES_KEPT) {
        return;
    }
    for (GList *at = lanes->order.head; at != NULL;) {
        GList *next = at->next;
        struct lane *lane = at->data;
        if (is_idle(lane)) {
            g_hash_table_remove(lanes->by_name, lane->name);
            g_queue_delete_link(&lanes->order, at);
            lane_free(lane);
        }
        at = next;
    }
}

struct lane *lane_named(struct lanes *lanes, const char *name, unsigned width_max)
{
    struct lane *lane = g_hash_table_lookup(lanes->by_name, name);
    if (lane == NULL) {
        forget_idle(lanes);
        lane = g_new0(struct lane, 1);
        lane->lanes = lanes;
        lane->name = g_strdup(name);
        lane->width = width_max;
        lane->width_max = width_max;
        lane->travelling = g_hash_table_new(NULL, NULL);
        g_queue_init(&lane->waiting);
        g_hash_table_insert(lanes->by_name, lane->name, lane);
        g_queue_push_tail(&lanes->order, lane);
    }
    return lane;
}

/* Does nobody come back from here while there is little room left? */
static bool is_stalled(const struct lane *lane, struct span now)
{
    const struct lanes *lanes = lane->lanes;
    return lanes->waiting + lanes->travelling > LANES_EASY_MAX &&
           g_hash_table_size(lane->travelling) > 0 &&
           now.us - lane->served_at.us >= SPAN_S(LANE_STALL_S).us;
}

bool lane_enter(struct lane *lane, void *traveller, struct span now)
{
    guint most = is_stalled(lane, now) ? LANE_WAITING_MAX_STALLED : LANE_WAITING_MAX;
    if (lane->waiting.length >= most) {
        return false;
    }
    struct waiting *waiting = g_new0(struct waiting, 1);
    *waiting = (struct waiting){traveller, now};
    g_queue_push_tail(&lane->waiting, waiting);
    lane->lanes->waiting++;
    return true;
}

static void *take_waiting(struct lane *lane)
{
    g_autofree struct waiting *waiting = g_queue_pop_head(&lane->waiting);
    lane->lanes->waiting--;
    return waiting->traveller;
}

void *lanes_next(struct lanes *lanes, struct span now)
{
    for (guint i = 0; i < lanes->order.length && lanes->waiting > 0; i++) {
        struct lane *lane = g_queue_pop_head(&lanes->order);
        g_queue_push_tail(&lanes->order, lane);
        if (lane->waiting.length > 0 && g_hash_table_size(lane->travelling) < lane->width) {
            void *traveller = take_waiting(lane);
            if (g_hash_table_size(lane->travelling) == 0) {
                lane->served_at = now;
            }
            g_hash_table_add(lane->travelling, traveller);
            lanes->travelling++;
            return traveller;
        }
    }
    return NULL;
}

void *lanes_expired(struct lanes *lanes, struct span now)
{
    for (GList *at = lanes->order.head; at != NULL && lanes->waiting > 0; at = at->next) {
        struct lane *lane = at->data;
        const struct waiting *oldest = g_queue_peek_head(&lane->waiting);
        int64_t most_s = is_stalled(lane, now) ? LANE_STALL_S : LANE_WAIT_MAX_S;
        if (oldest != NULL && now.us - oldest->since.us >= SPAN_S(most_s).us) {
            return take_waiting(lane);
        }
    }
    return NULL;
}

void lane_leave(struct lane *lane, void *traveller, enum lane_health health, struct span now)
{
    CHECK(g_hash_table_remove(lane->travelling, traveller));
    lane->lanes->travelling--;
    if (health == LANE_FAILED) {
        lane->width = MAX(lane->width / 2, 1U);
    } else if (health == LANE_SERVED) {
        lane->served_at = now;
        lane->width = MIN(lane->width + 1, lane->width_max);
    }
}

bool lanes_are_waiting(const struct lanes *lanes)
{
    return lanes->waiting > 0;
}
