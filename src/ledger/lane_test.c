/* Who is dead, and which lanes change hands: a table, and random histories of nodes that come, beat,
 * freeze, leave and die. */
#include "ledger/lane_judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

static void a_lane_is_the_same_for_ever(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int lane;
    } rows[] = {{"", 1},
                {"payments", 14},
                {"ana", 28},
                {"nightly-backup", 63},
                {"über", 49}}; /* counted out elsewhere */

    bool has_all[LANE_COUNT] = {false};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (lane_of(rows[i].name) != rows[i].lane) {
            fail_msg("%s is in lane %d", rows[i].name, lane_of(rows[i].name));
        }
    }
    for (int i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("service-%d", i);
        int lane = lane_of(name);
        assert_in_range(lane, 0, LANE_COUNT - 1);
        has_all[lane] = true;
    }
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        assert_true(has_all[lane]);
    }
}

/* --- the table --- */

static struct lane_view view_of(int nodes, const int *lanes_each)
{
    struct lane_view view = {.node_count = (size_t)nodes};
    int lane = 0;
    for (int i = 0; i < nodes; i++) {
        view.nodes[i] = (struct node_beat){i + 1, NODE_ALIVE, 10};
        for (int n = 0; n < lanes_each[i]; n++) {
            view.holders[lane++] = i + 1;
        }
    }
    return view;
}

static void shares_are_judged_by_what_is_seen(void **state)
{
    (void)state;

    /* Node 1 judges; the third node may be another than alive. */
    static const struct {
        const char *name;
        int lanes[3];
        int nodes;
        enum node_state third;
        int64_t third_still_ms; /* how long its beat has stood still */
        int64_t free_ms;        /* how long free lanes were free */
        int dead, take, give;
    } rows[] = {
        {"alone, all are free", {0}, 1, NODE_ALIVE, 0, 0, 0, 64, 0},
        {"alone, has all", {64}, 1, NODE_ALIVE, 0, 0, 0, 0, 0},
        {"fair already", {22, 21, 21}, 3, NODE_ALIVE, 0, 0, 0, 0, 0},
        {"one comes", {32, 32, 0}, 3, NODE_ALIVE, 0, 0, 0, 0, 10},
        {"one comes who has all: comes itself", {0, 32, 32}, 3, NODE_ALIVE, 0, 0, 0, 0, 0},
        {"takes its share of what was given up", {0, 22, 22}, 3, NODE_ALIVE, 0, 0, 0, 20, 0},
        {"no more than its share", {10, 10, 10}, 3, NODE_ALIVE, 0, 0, 0, 12, 0},
        {"what lies about is anybody's", {22, 10, 10}, 3, NODE_ALIVE, 0, 600, 0, 22, 0},
        {"not yet", {22, 10, 10}, 3, NODE_ALIVE, 0, 599, 0, 0, 0},
        {"nothing for one who sleeps", {32, 32, 0}, 3, NODE_ALIVE, 1001, 0, 0, 0, 0},
        {"silent, but not for long enough", {22, 21, 21}, 3, NODE_ALIVE, 2999, 0, 0, 0, 0},
        {"dead: half of its lanes", {22, 21, 21}, 3, NODE_ALIVE, 3000, 0, 1, 10, 0},
        {"died while leaving", {32, 32, 0}, 3, NODE_LEAVING, 3000, 0, 1, 0, 0},
        {"who leaves has no share", {22, 21, 0}, 3, NODE_LEAVING, 0, 0, 0, 10, 0},
        {"free lanes are counted to who comes", {30, 20, 0}, 3, NODE_ALIVE, 0, 0, 0, 0, 8},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct lane_view view = view_of(rows[i].nodes, rows[i].lanes);
        view.nodes[2].state = rows[i].third;
        struct lane_watch watch = {0};
        struct lane_verdict verdict;
        struct span now = SPAN_S(100);
        lane_watch_look(&watch, &view, now);
        watch.nodes[2].beat_at.us -= rows[i].third_still_ms * 1000;
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            watch.free_since[lane].us -= rows[i].free_ms * 1000;
        }
        lane_judge(&watch, &view, 1, now, &verdict);
        if ((int)verdict.dead_count != rows[i].dead || lane_count(verdict.take) != rows[i].take ||
            lane_count(verdict.give) != rows[i].give) {
            fail_msg("%s: dead %zu, takes %d, gives %d", rows[i].name, verdict.dead_count,
                     lane_count(verdict.take), lane_count(verdict.give));
        }
    }
}

static void a_gap_in_looking_starts_anew(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        int64_t looks_ms[8]; /* when it looks; the other one's beat stands still */
        int looks;
        int64_t judged_ms;
        bool is_dead;
    } rows[] = {
        {"looks all the time", {0, 900, 1800, 2700, 3000}, 5, 3000, true},
        {"one look too few", {0, 900, 1800, 3900, 4000}, 5, 4000, false},
        {"after the gap again", {0, 2100, 2900, 3800, 4700, 5100}, 6, 5100, true},
        {"not before", {0, 2100, 2900, 3800, 4700, 5099}, 6, 5099, false},
        {"judges long after it looked", {0, 900, 1800, 2700, 3000}, 5, 5001, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct lane_view view = view_of(2, (const int[]){32, 32});
        struct lane_watch watch = {0};
        struct lane_verdict verdict;
        for (int n = 0; n < rows[i].looks; n++) {
            view.nodes[0].beat++; /* its own */
            lane_watch_look(&watch, &view, SPAN_MS(rows[i].looks_ms[n]));
        }
        lane_judge(&watch, &view, 1, SPAN_MS(rows[i].judged_ms), &verdict);
        if ((verdict.dead_count == 1) != rows[i].is_dead) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void a_beat_seen_in_the_turn_saves_a_life(void **state)
{
    (void)state;
    struct lane_view view = view_of(2, (const int[]){32, 32});
    struct lane_watch watch = {0};
    struct lane_verdict verdict;
    for (int ms = 0; ms <= 3500; ms += 250) {
        lane_watch_look(&watch, &view, SPAN_MS(ms));
    }
    lane_judge(&watch, &view, 1, SPAN_MS(3500), &verdict);
    assert_int_equal(verdict.dead_count, 1);
    view.nodes[1].beat++; /* between the look and the turn */
    lane_judge(&watch, &view, 1, SPAN_MS(3500), &verdict);
    assert_true(lane_verdict_is_empty(&verdict));
}

static void a_stranger_does_nothing(void **state)
{
    (void)state;
    struct lane_view view = view_of(2, (const int[]){10, 10});
    struct lane_watch watch = {0};
    struct lane_verdict verdict;
    lane_watch_look(&watch, &view, SPAN_S(1));
    lane_judge(&watch, &view, 99, SPAN_S(9), &verdict); /* counted as lost, or not joined yet */
    assert_true(lane_verdict_is_empty(&verdict));
}

/* --- random histories --- */

enum { ACTORS = 5, TICK_MS = 250, HISTORIES = 300, HISTORY_MS = 60000 };

enum fate { ABSENT = 1, WELL, FROZEN, DEAD };

struct actor {
    enum fate fate;
    bool is_away; /* cannot reach the database, and will again */
    bool is_leaving;
    int64_t since_ms; /* of its fate, or of being away */
    int64_t ticked_ms, beaten_ms;
    struct span base; /* its elapsed clock began some time */
    struct lane_watch watch;
};

/* The database: every actor has one row at a time. */
struct room {
    struct lane_view view;
    int64_t epochs[LANE_COUNT];
    struct actor actors[ACTORS + 1]; /* by id, from 1 */
    int64_t now_ms;
    int64_t free_ms[LANE_COUNT]; /* since when nobody who works has held it */
};

static struct node_beat *row_of(struct room *room, int64_t id)
{
    for (size_t i = 0; i < room->view.node_count; i++) {
        if (room->view.nodes[i].id == id) {
            return &room->view.nodes[i];
        }
    }
    return NULL;
}

static void remove_row(struct room *room, int64_t id)
{
    struct node_beat *row = row_of(room, id);
    if (row != NULL) {
        *row = room->view.nodes[--room->view.node_count];
    }
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        room->view.holders[lane] = room->view.holders[lane] == id ? 0 : room->view.holders[lane];
    }
}

static struct span elapsed_of(const struct room *room, int64_t id)
{
    return (struct span){room->actors[id].base.us + room->now_ms * 1000};
}

static void join(struct room *room, int64_t id, GRand *dice)
{
    room->view.nodes[room->view.node_count++] = (struct node_beat){id, NODE_ALIVE, 0};
    room->actors[id] = (struct actor){.fate = WELL,
                                      .since_ms = room->now_ms,
                                      .beaten_ms = room->now_ms,
                                      .base = {g_rand_int_range(dice, 0, 1000000000)}};
}

static void bury(struct room *room, int64_t by, int64_t id)
{
    int64_t silent_ms = room->now_ms - room->actors[id].beaten_ms;
    if (silent_ms < 3000) {
        fail_msg("node %d buried %d, which beat %d ms ago", (int)by, (int)id, (int)silent_ms);
    }
    remove_row(room, id);
}

static void do_verdict(struct room *room, int64_t id, const struct lane_verdict *verdict)
{
    for (size_t i = 0; i < verdict->dead_count; i++) {
        bury(room, id, verdict->dead[i]);
    }
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        if (lane_is_in(verdict->give, lane)) {
            assert_int_equal(room->view.holders[lane], id);
            room->view.holders[lane] = 0;
        }
        if (lane_is_in(verdict->take, lane)) {
            assert_int_equal(room->view.holders[lane], 0); /* never from one who lives */
            room->view.holders[lane] = id;
            room->epochs[lane]++;
        }
    }
}

static void tick(struct room *room, int64_t id, GRand *dice)
{
    struct actor *actor = &room->actors[id];
    if (actor->fate != WELL || actor->is_away || room->now_ms - actor->ticked_ms < TICK_MS) {
        return;
    }
    actor->ticked_ms = room->now_ms;
    struct node_beat *row = row_of(room, id);
    if (row == NULL) {
        join(room, id, dice);
        return;
    }
    if (room->now_ms - actor->beaten_ms >= NODE_BEAT.us / 1000) {
        row->beat++;
        actor->beaten_ms = room->now_ms;
    }
    struct lane_verdict verdict;
    lane_watch_look(&actor->watch, &room->view, elapsed_of(room, id));
    lane_judge(&actor->watch, &room->view, id, elapsed_of(room, id), &verdict);
    do_verdict(room, id, &verdict);
}

static int count_well(const struct room *room)
{
    int well = 0;
    for (int id = 1; id <= ACTORS; id++) {
        well += room->actors[id].fate == WELL && !room->actors[id].is_away;
    }
    return well;
}

static bool is_working(struct room *room, int64_t id)
{
    return id != 0 && room->actors[id].fate == WELL && !room->actors[id].is_away &&
           row_of(room, id) != NULL;
}

static void change_fate(struct room *room, GRand *dice)
{
    int64_t id = g_rand_int_range(dice, 1, ACTORS + 1);
    struct actor *actor = &room->actors[id];
    int what = g_rand_int_range(dice, 0, 6);
    if (actor->fate == WELL && count_well(room) > 1 && what < 2) {
        actor->fate = what == 0 ? DEAD : FROZEN;
    } else if (actor->fate == WELL && what == 2) {
        actor->is_away = !actor->is_away;
    } else if (actor->fate == FROZEN && what < 4) {
        actor->fate = WELL;
    } else if ((actor->fate == DEAD || actor->fate == ABSENT) && row_of(room, id) == NULL) {
        join(room, id, dice);
    } else if (actor->fate == WELL && count_well(room) > 1 && what == 3) {
        remove_row(room, id); /* a clean end */
        actor->fate = ABSENT;
    } else {
        return;
    }
    actor->since_ms = room->now_ms;
}

/* How long may nobody work a lane? Somebody died: 5 s. But whoever was away himself watches anew. */
static void check_lanes(struct room *room)
{
    bool is_watched = false;
    for (int id = 1; id <= ACTORS; id++) {
        const struct actor *actor = &room->actors[id];
        is_watched = is_watched || (is_working(room, id) && room->now_ms - actor->since_ms > 5000);
    }
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        bool is_worked = is_working(room, room->view.holders[lane]);
        if (is_worked || !is_watched) {
            room->free_ms[lane] = room->now_ms;
        }
        if (room->now_ms - room->free_ms[lane] > 5000) {
            fail_msg("at %d ms lane %d has been idle for 5 s", (int)room->now_ms, lane);
        }
    }
}

static void run_history(uint32_t seed)
{
    g_autoptr(GRand) dice = g_rand_new_with_seed(seed);
    struct room room = {0};
    int64_t epochs[LANE_COUNT] = {0};
    for (int id = 1; id <= ACTORS; id++) {
        room.actors[id].fate = ABSENT;
    }
    join(&room, 1, dice);
    for (; room.now_ms < HISTORY_MS + 15000; room.now_ms += 50) {
        if (room.now_ms < HISTORY_MS && g_rand_int_range(dice, 0, 60) == 0) {
            change_fate(&room, dice);
        }
        int first = g_rand_int_range(dice, 0, ACTORS);
        for (int i = 0; i < ACTORS; i++) {
            tick(&room, 1 + (first + i) % ACTORS, dice);
        }
        check_lanes(&room);
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            assert_true(room.epochs[lane] >= epochs[lane]);
            epochs[lane] = room.epochs[lane];
        }
    }
    int share = (LANE_COUNT + count_well(&room) - 1) / MAX(1, count_well(&room));
    for (int id = 1; id <= ACTORS && count_well(&room) > 0; id++) {
        int held = 0;
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            held += room.view.holders[lane] == id;
        }
        bool is_well = is_working(&room, id);
        if (is_well ? held > share || held == 0 : held > 0) {
            fail_msg("seed %u: node %d ends with %d lanes", seed, id, held);
        }
    }
}

static void every_lane_ends_with_one_who_lives(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
        run_history(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_is_the_same_for_ever),
        cmocka_unit_test(shares_are_judged_by_what_is_seen),
        cmocka_unit_test(a_gap_in_looking_starts_anew),
        cmocka_unit_test(a_beat_seen_in_the_turn_saves_a_life),
        cmocka_unit_test(a_stranger_does_nothing),
        cmocka_unit_test(every_lane_ends_with_one_who_lives),
    };
    return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
