#include "channel/gate.h"

#include <glib.h>

struct waiting {
    void *traveller;
    struct span since;
};

struct gate {
    struct gates *gates;
    char *name;
    GQueue waiting; /* of struct waiting *, oldest first */
    GHashTable *travelling;
    unsigned width; /* now; between 1 and width_max */
    unsigned width_max;
    struct span served_at; /* when somebody came back served, or the first one left */
};

struct gates {
    GHashTable *by_name;
    GQueue order; /* of struct gate *: whose turn it is */
    size_t waiting;
    size_t travelling;
};

enum { GATES_KEPT = 256 };

struct gates *gates_create(void)
{
    struct gates *gates = g_new0(struct gates, 1);
    gates->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&gates->order);
    return gates;
}

static void gate_free(struct gate *gate)
{
    g_queue_clear_full(&gate->waiting, g_free);
    g_hash_table_unref(gate->travelling);
    g_free(gate->name);
    g_free(gate);
}

void gates_destroy(struct gates **gates, void (*drop)(void *traveller, void *self), void *self)
{
    struct gates *all = *gates;
    for (struct gate *gate = g_queue_pop_head(&all->order); gate != NULL;
         gate = g_queue_pop_head(&all->order)) {
        GHashTableIter each;
        void *traveller = NULL;
        for (GList *at = gate->waiting.head; at != NULL; at = at->next) {
            drop(((struct waiting *)at->data)->traveller, self);
        }
        g_hash_table_iter_init(&each, gate->travelling);
        while (g_hash_table_iter_next(&each, &traveller, NULL)) {
            drop(traveller, self);
        }
        gate_free(gate);
    }
    g_hash_table_unref(all->by_name);
    g_clear_pointer(gates, g_free);
}

static bool is_idle(const struct gate *gate)
{
    return gate->waiting.length == 0 && g_hash_table_size(gate->travelling) == 0;
}

/* A gate remembers how its provider did; only when there are many, the idle are forgotten. */
static void forget_idle(struct gates *gates)
{
    if (gates->order.length < GATES_KEPT) {
        return;
    }
    for (GList *at = gates->order.head; at != NULL;) {
        GList *next = at->next;
        struct gate *gate = at->data;
        if (is_idle(gate)) {
            g_hash_table_remove(gates->by_name, gate->name);
            g_queue_delete_link(&gates->order, at);
            gate_free(gate);
        }
        at = next;
    }
}

struct gate *gate_named(struct gates *gates, const char *name, unsigned width_max)
{
    struct gate *gate = g_hash_table_lookup(gates->by_name, name);
    if (gate == NULL) {
        forget_idle(gates);
        gate = g_new0(struct gate, 1);
        gate->gates = gates;
        gate->name = g_strdup(name);
        gate->width = width_max;
        gate->width_max = width_max;
        gate->travelling = g_hash_table_new(NULL, NULL);
        g_queue_init(&gate->waiting);
        g_hash_table_insert(gates->by_name, gate->name, gate);
        g_queue_push_tail(&gates->order, gate);
    }
    return gate;
}

/* Does nobody come back from here while there is little room left? */
static bool is_stalled(const struct gate *gate, struct span now)
{
    const struct gates *gates = gate->gates;
    return gates->waiting + gates->travelling > GATES_EASY_MAX &&
           g_hash_table_size(gate->travelling) > 0 &&
           now.us - gate->served_at.us >= SPAN_S(GATE_STALL_S).us;
}

bool gate_enter(struct gate *gate, void *traveller, struct span now)
{
    guint most = is_stalled(gate, now) ? GATE_WAITING_MAX_STALLED : GATE_WAITING_MAX;
    if (gate->waiting.length >= most) {
        return false;
    }
    struct waiting *waiting = g_new0(struct waiting, 1);
    *waiting = (struct waiting){traveller, now};
    g_queue_push_tail(&gate->waiting, waiting);
    gate->gates->waiting++;
    return true;
}

static void *take_waiting(struct gate *gate)
{
    g_autofree struct waiting *waiting = g_queue_pop_head(&gate->waiting);
    gate->gates->waiting--;
    return waiting->traveller;
}

void *gates_next(struct gates *gates, struct span now)
{
    for (guint i = 0; i < gates->order.length && gates->waiting > 0; i++) {
        struct gate *gate = g_queue_pop_head(&gates->order);
        g_queue_push_tail(&gates->order, gate);
        if (gate->waiting.length > 0 && g_hash_table_size(gate->travelling) < gate->width) {
            void *traveller = take_waiting(gate);
            if (g_hash_table_size(gate->travelling) == 0) {
                gate->served_at = now;
            }
            g_hash_table_add(gate->travelling, traveller);
            gates->travelling++;
            return traveller;
        }
    }
    return NULL;
}

void *gates_expired(struct gates *gates, struct span now)
{
    for (GList *at = gates->order.head; at != NULL && gates->waiting > 0; at = at->next) {
        struct gate *gate = at->data;
        const struct waiting *oldest = g_queue_peek_head(&gate->waiting);
        int64_t most_s = is_stalled(gate, now) ? GATE_STALL_S : GATE_WAIT_MAX_S;
        if (oldest != NULL && now.us - oldest->since.us >= SPAN_S(most_s).us) {
            return take_waiting(gate);
        }
    }
    return NULL;
}

void gate_leave(struct gate *gate, void *traveller, enum gate_health health, struct span now)
{
    CHECK(g_hash_table_remove(gate->travelling, traveller));
    gate->gates->travelling--;
    if (health == GATE_FAILED) {
        gate->width = MAX(gate->width / 2, 1U);
    } else if (health == GATE_SERVED) {
        gate->served_at = now;
        gate->width = MIN(gate->width + 1, gate->width_max);
    }
}

bool gates_are_waiting(const struct gates *gates)
{
    return gates->waiting > 0;
}
