#include "ledger/lane_judge.h"

#include <glib.h>

/* FNV-1a: what matters is that every node and every version answers the same. */
int lane_of(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = name; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    }
    return (int)((hash ^ hash >> 32) % LANE_COUNT);
}

int lane_count(lane_set lanes)
{
    return __builtin_popcountll(lanes);
}

static lane_set bit(int lane)
{
    return UINT64_C(1) << lane;
}

/* --- watching --- */

static const struct watched_node *find_watched(const struct lane_watch *watch, int64_t id)
{
    for (size_t i = 0; i < watch->node_count; i++) {
        if (watch->nodes[i].id == id) {
            return &watch->nodes[i];
        }
    }
    return NULL;
}

static const struct node_beat *find_node(const struct lane_view *view, int64_t id)
{
    for (size_t i = 0; i < view->node_count; i++) {
        if (view->nodes[i].id == id) {
            return &view->nodes[i];
        }
    }
    return NULL;
}

static lane_set free_lanes(const struct lane_view *view)
{
    lane_set lanes = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        int64_t holder = view->holders[lane];
        lanes |= holder == 0 || find_node(view, holder) == NULL ? bit(lane) : 0;
    }
    return lanes;
}

void lane_watch_look(struct lane_watch *watch, const struct lane_view *view, struct span elapsed)
{
    /* What happened in a gap was not seen: who was silent all the time and who could not be heard
     * look the same. */
    bool is_anew = !watch->has_looked || elapsed.us - watch->looked_at.us > WATCH_GAP_MOST.us;
    struct watched_node nodes[NODES_MAX] = {0};
    for (size_t i = 0; i < view->node_count; i++) {
        const struct node_beat *node = &view->nodes[i];
        const struct watched_node *before = find_watched(watch, node->id);
        bool is_still = !is_anew && before != NULL && before->beat == node->beat;
        nodes[i] =
            (struct watched_node){node->id, node->beat, is_still ? before->beat_at : elapsed};
    }
    lane_set free = free_lanes(view);
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        if (lane_is_in(free, lane) && !lane_is_in(watch->free, lane)) {
            watch->free_since[lane] = elapsed;
        }
    }
    watch->free = free;
    watch->node_count = view->node_count;
    for (size_t i = 0; i < view->node_count; i++) {
        watch->nodes[i] = nodes[i];
    }
    watch->has_looked = true;
    watch->looked_at = elapsed;
}

bool lane_watch_still(const struct lane_watch *watch, int64_t node, struct span elapsed,
                      struct span *out_still)
{
    const struct watched_node *watched = find_watched(watch, node);
    if (watched == NULL) {
        return false;
    }
    *out_still = (struct span){elapsed.us - watched->beat_at.us};
    return true;
}

/* --- judging --- */

/* How long the very beat that stands in the view has stood still; no time at all for another. */
static struct span stillness(const struct lane_watch *watch, const struct node_beat *node,
                             struct span elapsed)
{
    const struct watched_node *watched = find_watched(watch, node->id);
    bool is_gap = elapsed.us - watch->looked_at.us > WATCH_GAP_MOST.us;
    if (watched == NULL || watched->beat != node->beat || is_gap) {
        return (struct span){0};
    }
    return (struct span){elapsed.us - watched->beat_at.us};
}

static bool is_in(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

static lane_set lanes_of(const struct lane_view *view, int64_t node)
{
    lane_set lanes = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        lanes |= view->holders[lane] == node ? bit(lane) : 0;
    }
    return lanes;
}

/* The `count` first of the lanes. */
static lane_set some_of(lane_set lanes, int count)
{
    lane_set some = 0;
    for (int i = 0; i < count && lanes != 0; i++) {
        lane_set lowest = lanes & (~lanes + 1);
        some |= lowest;
        lanes &= ~lowest;
    }
    return some;
}

static lane_set long_free(const struct lane_watch *watch, lane_set free, struct span elapsed)
{
    lane_set lanes = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        bool is_long = lane_is_in(watch->free, lane) &&
                       elapsed.us - watch->free_since[lane].us >= LANE_FREE_MOST.us;
        lanes |= is_long ? bit(lane) : 0;
    }
    return lanes & free;
}

/* Who takes part in the sharing, as `self` sees it. */
struct sharing {
    int share;  /* the most that a node holds when all have theirs */
    int wanted; /* what others who are awake would take now */
};

static struct sharing share_out(const struct lane_watch *watch, const struct lane_view *view,
                                int64_t self, struct span elapsed,
                                const struct lane_verdict *verdict)
{
    int alive = 0;
    for (size_t i = 0; i < view->node_count; i++) {
        alive += view->nodes[i].state == NODE_ALIVE &&
                 !is_in(verdict->dead, verdict->dead_count, view->nodes[i].id);
    }
    struct sharing sharing = {.share = alive == 0 ? 0 : (LANE_COUNT + alive - 1) / alive};
    for (size_t i = 0; i < view->node_count; i++) {
        const struct node_beat *node = &view->nodes[i];
        if (node->id != self && node->state == NODE_ALIVE &&
            stillness(watch, node, elapsed).us <= NODE_AWAKE.us) {
            sharing.wanted += MAX(0, sharing.share - lane_count(lanes_of(view, node->id)));
        }
    }
    return sharing;
}

void lane_judge(const struct lane_watch *watch, const struct lane_view *view, int64_t self,
                struct span elapsed, struct lane_verdict *out)
{
    *out = (struct lane_verdict){0};
    const struct node_beat *own = find_node(view, self);
    if (own == NULL) {
        return;
    }
    lane_set free = free_lanes(view);
    for (size_t i = 0; i < view->node_count; i++) {
        const struct node_beat *node = &view->nodes[i];
        if (node->id != self && stillness(watch, node, elapsed).us >= NODE_DEAD_AFTER.us) {
            out->dead[out->dead_count++] = node->id;
            free |= lanes_of(view, node->id);
        }
    }
    lane_set mine = lanes_of(view, self);
    if (own->state != NODE_ALIVE) {
        out->give = mine;
        return;
    }
    struct sharing sharing = share_out(watch, view, self, elapsed, out);
    int room = sharing.share - lane_count(mine);
    out->take = some_of(free, MAX(0, room)) | long_free(watch, free, elapsed);
    /* Only what somebody will take: given away to one who sleeps, a lane would lie idle. */
    out->give = some_of(mine, MIN(-room, sharing.wanted - lane_count(free)));
}
