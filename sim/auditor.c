#include "sim/auditor.h"

#include <glib.h>
#include <stdarg.h>
#include <string.h>

#include "sim/noise.h"

/* A program that is able must have paged this long after it could. A write that failed is tried
 * again after a second, and more than one may fail in a row. */
static const int64_t PAGE_SLACK_US = INT64_C(5) * 1000000;
/* The longest that the throttle, quiet backing off and digests may keep a page from its provider. */
static const int64_t SEND_SLACK_US = INT64_C(75) * 60 * 1000000;
/* Jumps of the wall clock under two seconds are taken for corrections; several may add up. */
static const int64_t EARLY_SLACK_US = INT64_C(5) * 1000000;
/* A message that goes later than this after its page was held back. */
static const int64_t HELD_US = INT64_C(1) * 1000000;
static const int64_t FLAPPING_US = INT64_C(5) * 60 * 1000000;
static const int64_t LAST_RESORT_US = INT64_C(30) * 60 * 1000000;

/* In place of when an attempt was begun: the wait of its step may have run before. */
static const int64_t RUNS = -1;

enum { NOBODY = -1, SEVERITIES = 4, MINUTE_MAX = 3, HOUR_MAX = 12 };

enum watch_state { WATCH_OPEN = 1, WATCH_ACKNOWLEDGED, WATCH_OVER };

/* One page that was started and is not yet known to have reached a provider. */
struct debt {
    int person;
    int64_t since_us; /* able time at which it was started */
};

struct watch {
    int64_t alert_id;
    int service;
    int severity;
    int state;
    int step, round; /* the next to be told */
    bool is_last_resort;
    int64_t due_us;   /* on the elapsed clock: when that step must be told */
    int64_t early_us; /* and before when it must not; earlier where nobody saw when a wait began */
    int64_t overdue_us;        /* for how long the program was able and did not */
    unsigned missing;          /* people of the step under way who were not paged yet */
    int64_t told_us;           /* when the step under way was first told */
    int64_t wait_us;           /* of that step */
    int told_step, told_round; /* that step itself; meaningless once the last resort is told */
    unsigned named;            /* whom it named */
    bool is_handed_on;         /* its wait runs since one was told whose page was moved since */
    int64_t anybody_us;        /* when the last resort was found unreachable; -1: never */
    int64_t moved_us;    /* when a page was last handed to whoever is on call now; -1: never */
    int moved_from;      /* and whose it was */
    unsigned ever_paged; /* everybody whom this alert paged rightfully */
    unsigned ever_told;  /* everybody for whom a message about it left */
    unsigned told;       /* of them, since it was last reopened */
    unsigned reached;    /* of those, whom a message may have reached */
    unsigned heard_end;  /* everybody whom word of its end may have reached */
    struct debt debts[SCENE_PEOPLE];
    int debt_count;
};

struct auditor {
    const struct scene *scene;
    GHashTable *watches; /* alert id -> struct watch */
    struct noise *noise;
    int64_t looked_us;
    char complaint[400];
};

struct auditor *auditor_create(const struct scene *scene)
{
    struct auditor *auditor = g_new0(struct auditor, 1);
    auditor->scene = scene;
    auditor->watches = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    auditor->noise = noise_create();
    return auditor;
}

void auditor_destroy(struct auditor **auditor)
{
    g_hash_table_destroy((*auditor)->watches);
    noise_destroy(&(*auditor)->noise);
    g_free(*auditor);
    *auditor = NULL;
}

const char *auditor_complaint(const struct auditor *auditor)
{
    return auditor->complaint[0] != '\0' ? auditor->complaint : NULL;
}

size_t auditor_watched(const struct auditor *auditor)
{
    return g_hash_table_size(auditor->watches);
}

void auditor_complain(struct auditor *auditor, struct moment now, const char *format, ...)
{
    if (auditor->complaint[0] != '\0') {
        return; /* the first one is the one to look at */
    }
    char at[UTC_TEXT_SIZE];
    va_list args;
    utc_format(now.wall, at);
    int length = g_snprintf(auditor->complaint, sizeof auditor->complaint, "%s (+%.3f s): ", at,
                            (double)now.elapsed.us / 1e6);
    va_start(args, format);
    g_vsnprintf(auditor->complaint + length, sizeof auditor->complaint - (gulong)length, format,
                args);
    va_end(args);
}

static struct watch *find(const struct auditor *auditor, int64_t alert_id)
{
    return g_hash_table_lookup(auditor->watches, &alert_id);
}

static const struct scene_service *service_of(const struct auditor *auditor,
                                              const struct watch *watch)
{
    return &auditor->scene->services[watch->service];
}

/* --- the policy, walked once more --- */

/* Whom the next step names at `wall`, passing over empty ones; moves step, round and
 * is_last_resort to the step that tells them. */
static unsigned next_people(const struct auditor *auditor, int *step, int *round, bool *is_last,
                            const struct watch *watch, struct utc wall)
{
    const struct scene_service *service = service_of(auditor, watch);
    for (int looked = 0; !*is_last && looked <= service->step_count; looked++) {
        if (*step >= service->step_count) {
            *step = 0;
            (*round)++;
        }
        if (*round > service->repeat) {
            break;
        }
        unsigned people = scene_targets(auditor->scene, &service->steps[*step], wall.us / 1000000);
        if (people != 0) {
            return people;
        }
        (*step)++;
    }
    *is_last = true;
    return 1U << service->last_resort;
}

static void start_watch(struct watch *watch, struct moment now)
{
    watch->state = WATCH_OPEN;
    watch->step = 0;
    watch->round = 0;
    watch->is_last_resort = false;
    watch->due_us = now.elapsed.us;
    watch->early_us = watch->due_us;
    watch->overdue_us = 0;
    watch->missing = 0;
    watch->debt_count = 0;
    watch->moved_us = -1;
    watch->anybody_us = -1;
    watch->wait_us = 0;
    watch->named = 0;
    watch->is_handed_on = false;
}

void auditor_accepted(struct auditor *auditor, int64_t alert_id, int service, int severity,
                      struct moment now)
{
    if (find(auditor, alert_id) != NULL) {
        return; /* a repeat of one that we watch */
    }
    struct watch *watch = g_new0(struct watch, 1);
    watch->alert_id = alert_id;
    watch->service = service;
    watch->severity = severity;
    start_watch(watch, now);
    g_hash_table_insert(auditor->watches, &watch->alert_id, watch);
}

void auditor_raised(struct auditor *auditor, int64_t alert_id, int severity, struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    if (watch == NULL || severity >= watch->severity) {
        return;
    }
    watch->severity = severity;
    if (watch->state == WATCH_OPEN) {
        start_watch(watch, now);
    }
}

void auditor_flapping(struct auditor *auditor, int64_t alert_id, struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    if (watch != NULL) {
        watch->due_us = now.elapsed.us + FLAPPING_US;
        watch->early_us = watch->due_us;
    }
}

void auditor_acknowledged(struct auditor *auditor, int64_t alert_id)
{
    struct watch *watch = find(auditor, alert_id);
    if (watch != NULL && watch->state == WATCH_OPEN) {
        watch->state = WATCH_ACKNOWLEDGED;
        watch->debt_count = 0;
        watch->missing = 0;
    }
}

void auditor_resolved(struct auditor *auditor, int64_t alert_id)
{
    struct watch *watch = find(auditor, alert_id);
    if (watch != NULL) {
        watch->state = WATCH_OVER;
    }
}

void auditor_reopened(struct auditor *auditor, int64_t alert_id, struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    if (watch == NULL || watch->state == WATCH_OVER) {
        return;
    }
    if (service_of(auditor, watch)->acknowledge_expires_s == 0) {
        auditor_complain(auditor, now,
                         "wrong: alert %" G_GINT64_FORMAT
                         " was reopened although its service lets acknowledgements stand",
                         alert_id);
    }
    watch->told = 0; /* that it goes on nobody knows yet */
    watch->reached = 0;
    start_watch(watch, now);
}

void auditor_gone(struct auditor *auditor, int64_t alert_id, struct moment now)
{
    auditor_complain(auditor, now,
                     "lost: alert %" G_GINT64_FORMAT " was answered and is not there any more",
                     alert_id);
}

/* --- pages --- */

static void owe(struct watch *watch, int person, struct moment now)
{
    for (int i = 0; i < watch->debt_count; i++) {
        if (watch->debts[i].person == person) {
            return;
        }
    }
    CHECK(watch->debt_count < SCENE_PEOPLE);
    watch->debts[watch->debt_count++] = (struct debt){person, now.elapsed.us};
}

static void settle_debt(struct watch *watch, int person)
{
    for (int i = 0; i < watch->debt_count; i++) {
        if (watch->debts[i].person == person) {
            watch->debts[i] = watch->debts[--watch->debt_count];
            return;
        }
    }
}

/* The first page of a step: judges whether step, people and time are right. */
static void begin_step(struct auditor *auditor, struct watch *watch,
                       const struct started_page *page, struct moment now)
{
    int expected_step = watch->step;
    int expected_round = watch->round;
    bool expects_last = watch->is_last_resort;
    unsigned people =
        next_people(auditor, &expected_step, &expected_round, &expects_last, watch, now.wall);
    if (now.elapsed.us < watch->early_us - EARLY_SLACK_US) {
        auditor_complain(auditor, now,
                         "early: alert %" G_GINT64_FORMAT " told its next step %.3f s too soon",
                         watch->alert_id, (double)(watch->early_us - now.elapsed.us) / 1e6);
    }
    if (expects_last != page->is_last_resort ||
        (!expects_last && (expected_step != page->step || expected_round != page->round))) {
        auditor_complain(
            auditor, now,
            "wrong: alert %" G_GINT64_FORMAT " told step %d round %d%s, expected %d, %d%s",
            watch->alert_id, page->step, page->round, page->is_last_resort ? " (last resort)" : "",
            expected_step, expected_round, expects_last ? " (last resort)" : "");
    }
    watch->missing = people;
    watch->named = people;
    watch->is_handed_on = false;
    watch->told_step = page->step;
    watch->told_round = page->round;
    watch->wait_us = 0;
    watch->told_us = now.elapsed.us;
    watch->is_last_resort = expects_last;
    watch->overdue_us = 0;
    if (expects_last) {
        watch->due_us = now.elapsed.us + LAST_RESORT_US;
    } else {
        const struct scene_step *told = &service_of(auditor, watch)->steps[expected_step];
        watch->wait_us = told->wait_s * 1000000;
        watch->due_us = now.elapsed.us + watch->wait_us;
        watch->step = expected_step + 1;
        watch->round = expected_round;
    }
    watch->early_us = watch->due_us;
}

/* A page that was moved goes to whoever is on call now, outside the rhythm of the steps. */
static bool is_moved_to(const struct auditor *auditor, const struct watch *watch, int person,
                        struct moment now)
{
    return watch->moved_us == now.elapsed.us &&
           scene_is_on_call(auditor->scene, person, now.wall.us / 1000000);
}

/* The page of a step before the one under way may move as well: that changes nothing of whom this one waits for. */
static void take_moved(struct watch *watch, const struct started_page *page, int person,
                       struct moment now)
{
    unsigned from = 1U << watch->moved_from;
    bool is_under_way = page->is_last_resort == watch->is_last_resort &&
                        page->step == watch->told_step && page->round == watch->told_round;
    if (is_under_way) {
        bool is_untold = (watch->named & watch->reached) == 0;
        watch->is_handed_on |= (watch->named & watch->told & from) != 0;
        watch->named = (watch->named & ~from) | 1U << person;
        if (is_untold) { /* its wait begins now, though that person may have heard of the alert before */
            watch->due_us = MAX(watch->due_us, now.elapsed.us + watch->wait_us);
        }
    }
}

void auditor_page_started(struct auditor *auditor, const struct started_page *page,
                          struct moment now)
{
    struct watch *watch = find(auditor, page->alert_id);
    int person = scene_person_named(auditor->scene, page->who);
    if (watch == NULL || person == NOBODY) {
        auditor_complain(auditor, now,
                         "wrong: a page for %s about alert %" G_GINT64_FORMAT
                         ", which was never accepted",
                         page->who, page->alert_id);
        return;
    }
    if (watch->state != WATCH_OPEN) {
        auditor_complain(auditor, now,
                         "after ack: a page for %s about alert %" G_GINT64_FORMAT " started",
                         page->who, page->alert_id);
        return;
    }
    bool is_moved = is_moved_to(auditor, watch, person, now);
    if (is_moved || watch->anybody_us == now.elapsed.us) {
        if (is_moved) {
            take_moved(watch, page, person, now);
        } else {
            watch->named |= 1U << person;
        }
        watch->moved_us = -1; /* a step may come due at the same instant */
        watch->ever_paged |= 1U << person;
        owe(watch, person, now);
        return;
    }
    bool is_same_step = watch->missing != 0 && watch->told_us == now.elapsed.us;
    if (!is_same_step) {
        begin_step(auditor, watch, page, now);
    }
    if ((watch->missing & (1U << person)) == 0) {
        auditor_complain(auditor, now,
                         "wrong: alert %" G_GINT64_FORMAT
                         " paged %s, whom its step %d does not name",
                         page->alert_id, page->who, page->step);
        return;
    }
    watch->missing &= ~(1U << person);
    watch->ever_paged |= 1U << person;
    owe(watch, person, now);
}

void auditor_page_moved(struct auditor *auditor, int64_t alert_id, const char *from,
                        struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    int person = scene_person_named(auditor->scene, from);
    if (watch != NULL && person != NOBODY) {
        settle_debt(watch, person);
        watch->moved_from = person;
        watch->moved_us = now.elapsed.us;
    }
}

void auditor_unreachable(struct auditor *auditor, int64_t alert_id, const char *who,
                         const char *then, struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    int person = scene_person_named(auditor->scene, who);
    if (watch == NULL || person == NOBODY) {
        return;
    }
    settle_debt(watch, person);
    if (strcmp(then, "anybody") == 0) {
        watch->anybody_us = now.elapsed.us; /* whoever can be reached */
    } else if (strcmp(then, "next_step") == 0) {
        watch->due_us = MIN(watch->due_us, now.elapsed.us);
        watch->early_us = watch->due_us;
    }
}

void auditor_held(struct auditor *auditor, int64_t alert_id, struct utc until, struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    if (watch == NULL || watch->state != WATCH_OPEN) {
        return; /* or "still on it?" is what is held */
    }
    if ((watch->named & watch->reached) != 0) {
        auditor_complain(auditor, now,
                         "held: the step of alert %" G_GINT64_FORMAT ", one of it was told",
                         alert_id);
    }
    watch->due_us = MAX(watch->due_us, now.elapsed.us + utc_since(until, now.wall).us);
    watch->overdue_us = 0;
}

/* --- messages --- */

/* On top of the published bound pass each more severe one, and the first critical alert of each service. */
static void count_message(struct auditor *auditor, const struct sent_message *sent,
                          struct moment now)
{
    int passing = SEVERITIES - 1 + auditor->scene->service_count;
    struct noise_counts counts =
        noise_count(auditor->noise, sent->who, sent->mailbox, now.elapsed.us);
    if (counts.in_minute > MINUTE_MAX + passing || counts.in_hour > HOUR_MAX + passing) {
        auditor_complain(auditor, now,
                         "too many: message %d in an hour, %d in a minute, to %s by %s",
                         counts.in_hour, counts.in_minute, sent->who, sent->mailbox);
    }
}

/* The end is told of what is over, once, to those who were told that it began; earlier messages may say it, too. */
static void judge_ends(struct auditor *auditor, const struct sent_message *sent, int person,
                       struct moment now)
{
    unsigned bit = person == NOBODY ? 0 : 1U << person;
    for (size_t i = 0; i < sent->count; i++) {
        struct watch *watch = find(auditor, sent->alert_ids[i]);
        if (watch == NULL) {
            continue; /* forgotten: see auditor_look */
        }
        const char *what = NULL;
        if (watch->state != WATCH_OVER) {
            what = "before it was over";
        } else if ((watch->ever_told & bit) == 0) {
            what = "who was not told of it";
        } else if ((watch->heard_end & bit) != 0 && !sent->may_repeat && !sent->is_late &&
                   !sent->is_update) {
            what = "a second time";
        }
        if (what != NULL) {
            auditor_complain(auditor, now, "end: of alert %" G_GINT64_FORMAT " told to %s, %s",
                             watch->alert_id, sent->who, what);
        }
        watch->heard_end |= sent->may_arrive && !sent->is_update ? bit : 0;
    }
}

/* The wait of a step begins when the first attempt to tell one whom it named is made (`begun_us`); where that fails, or
 * one was told whose page then went to another, anew with the next one only if we held that or another message: from
 * here that is not to be seen, and either is right. RUNS: it ran already. */
static void note_attempt(struct watch *watch, int person, int64_t begun_us, struct moment now)
{
    unsigned bit = 1U << person;
    bool is_unreached = (watch->named & bit) != 0 && (watch->named & watch->reached) == 0;
    if (is_unreached && watch->wait_us > 0 && now.elapsed.us - watch->told_us > HELD_US) {
        bool may_run = watch->is_handed_on || (watch->named & watch->told) != 0;
        watch->due_us = now.elapsed.us + watch->wait_us;
        int64_t early_us =
            may_run || begun_us == RUNS ? watch->early_us : begun_us + watch->wait_us;
        watch->early_us = MAX(watch->early_us, early_us);
        watch->overdue_us = 0;
    }
}

static void note_told(struct watch *watch, int person, bool may_arrive)
{
    watch->told |= 1U << person;
    watch->reached |= may_arrive ? 1U << person : 0;
    watch->ever_told |= 1U << person;
}

void auditor_attempt_unknown(struct auditor *auditor, int64_t alert_id, const char *who,
                             struct moment now)
{
    struct watch *watch = find(auditor, alert_id);
    int person = scene_person_named(auditor->scene, who);
    if (watch == NULL || person == NOBODY) {
        return;
    }
    note_attempt(watch, person, RUNS, now); /* claimed before, and perhaps never made */
    note_told(watch, person, true);
}

bool auditor_sent(struct auditor *auditor, const struct sent_message *sent, struct moment now)
{
    int person = scene_person_named(auditor->scene, sent->who);
    size_t live = 0;
    size_t pages = sent->is_page ? sent->count : 0;
    bool was_refusing = noise_refused(auditor->noise, sent->who, sent->mailbox, sent->is_refused);
    int64_t begun_us = was_refusing ? RUNS : sent->begun_us;
    for (size_t i = 0; i < pages; i++) {
        struct watch *watch = find(auditor, sent->alert_ids[i]);
        if (watch == NULL || person == NOBODY || (watch->ever_paged & (1U << person)) == 0) {
            auditor_complain(auditor, now,
                             "wrong: %s hears of alert %" G_GINT64_FORMAT " that did not page them",
                             sent->who, sent->alert_ids[i]);
            return true;
        }
        live += watch->state == WATCH_OPEN;
        note_attempt(watch, person, begun_us, now);
        note_told(watch, person, sent->may_arrive);
        settle_debt(watch, person);
    }
    if (sent->is_end) {
        judge_ends(auditor, sent, person, now);
    }
    bool is_after = pages > 0 && live == 0;
    if (is_after && !sent->is_late) {
        auditor_complain(auditor, now,
                         "after ack: a message about alert %" G_GINT64_FORMAT " left for %s",
                         sent->alert_ids[0], sent->who);
    }
    if (sent->may_arrive && !sent->is_update) {
        count_message(auditor, sent, now);
    }
    return !is_after;
}

/* --- time passes --- */

static void look_at(struct auditor *auditor, struct watch *watch, bool is_able, int64_t passed_us,
                    struct moment now)
{
    if (watch->state != WATCH_OPEN) {
        return;
    }
    bool is_due = now.elapsed.us > watch->due_us;
    /* While nobody of it could hear of the alert the wait may stand still; the debts see to it that it
     * does not for ever. */
    bool may_stand = watch->wait_us > 0 && (watch->named & watch->told) == 0;
    if (is_able && is_due && !may_stand) {
        watch->overdue_us += MIN(passed_us, now.elapsed.us - watch->due_us);
    }
    if (watch->overdue_us > PAGE_SLACK_US) {
        auditor_complain(auditor, now,
                         "lost: alert %" G_GINT64_FORMAT " of service %d: step %d round %d was"
                         " due %.1f s ago and nobody was paged",
                         watch->alert_id, watch->service, watch->step, watch->round,
                         (double)(now.elapsed.us - watch->due_us) / 1e6);
    }
    if (watch->missing != 0 && now.elapsed.us - watch->told_us > PAGE_SLACK_US) {
        auditor_complain(auditor, now,
                         "lost: alert %" G_GINT64_FORMAT " did not page all of its step"
                         " (people %x)",
                         watch->alert_id, watch->missing);
    }
    for (int i = 0; i < watch->debt_count; i++) {
        if (now.elapsed.us - watch->debts[i].since_us > SEND_SLACK_US) {
            auditor_complain(auditor, now,
                             "lost: alert %" G_GINT64_FORMAT " paged %s, and no provider was"
                             " ever called",
                             watch->alert_id, auditor->scene->people[watch->debts[i].person].name);
        }
    }
}

static gboolean is_over(gpointer key, gpointer value, gpointer self)
{
    (void)key;
    (void)self;
    const struct watch *watch = value;
    return watch->state == WATCH_OVER;
}

void auditor_look(struct auditor *auditor, bool is_able, struct moment now)
{
    GHashTableIter iter;
    gpointer value = NULL;
    int64_t passed_us = now.elapsed.us - auditor->looked_us;
    g_hash_table_iter_init(&iter, auditor->watches);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        look_at(auditor, value, is_able, passed_us, now);
    }
    auditor->looked_us = now.elapsed.us;
    /* What is over is forgotten after a while: late messages about it are still to be noticed. */
    if (g_hash_table_size(auditor->watches) > 4000) {
        (void)g_hash_table_foreach_remove(auditor->watches, is_over, NULL);
    }
}
