/* What live streams share: order, nothing missing, and nobody held up by a read that hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "api/live.h"
#include "base/check.h"

enum { EVENTS = 3000, FOLLOWERS = 4, PIECE = 50, PATIENCE_S = 30 };

/* A log that grows, and a database that may hang, or fail. */
struct log {
    struct live *live;
    atomic_int_least64_t written;
    atomic_bool hangs, fails;
    sem_t has_begun, may_end; /* of a read that hangs */
    atomic_int reads;
    pthread_mutex_t lock; /* guards: */
    pthread_cond_t is_woken;
    int wakes;
};

static void wake(void *self)
{
    struct log *log = self;
    pthread_mutex_lock(&log->lock);
    log->wakes++;
    pthread_cond_broadcast(&log->is_woken);
    pthread_mutex_unlock(&log->lock);
}

static int count_wakes(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    int wakes = log->wakes;
    pthread_mutex_unlock(&log->lock);
    return wakes;
}

static int64_t read_log(void *self, int64_t last_id, GString *out, bool *out_is_sound)
{
    struct log *log = self;
    atomic_fetch_add(&log->reads, 1);
    if (atomic_load(&log->hangs)) {
        sem_post(&log->has_begun);
        while (sem_wait(&log->may_end) != 0) {
            CHECK(errno == EINTR);
        }
    }
    *out_is_sound = !atomic_load(&log->fails);
    if (!*out_is_sound) {
        return last_id;
    }
    int64_t upto = MIN(last_id + PIECE, atomic_load(&log->written));
    for (int64_t id = last_id + 1; id <= upto; id++) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT "\n", id);
    }
    return upto;
}

static void open_log(struct log *log)
{
    *log = (struct log){0};
    CHECK(sem_init(&log->has_begun, 0, 0) == 0 && sem_init(&log->may_end, 0, 0) == 0);
    CHECK(pthread_mutex_init(&log->lock, NULL) == 0);
    CHECK(pthread_cond_init(&log->is_woken, NULL) == 0);
    log->live = live_create(wake, log);
}

static void close_log(struct log *log)
{
    live_destroy(&log->live);
    (void)pthread_cond_destroy(&log->is_woken);
    (void)pthread_mutex_destroy(&log->lock);
    (void)sem_destroy(&log->has_begun);
    (void)sem_destroy(&log->may_end);
}

static void write_events(struct log *log, int64_t count)
{
    live_committed(log->live, atomic_fetch_add(&log->written, count) + count);
    wake(log);
}

struct follower {
    struct log *log;
    int64_t last_id;
    GString *text;
    int sight;
};

static void pull(struct follower *follower)
{
    struct live_source source = {read_log, follower->log, follower->sight};
    follower->last_id = live_share(follower->log->live, &source, follower->last_id, follower->text);
}

static struct follower follow(struct log *log)
{
    return (struct follower){.log = log, .text = g_string_new(NULL), .sight = 1};
}

static void *pull_once(void *self)
{
    pull(self);
    return NULL;
}

static void a_read_that_hangs_holds_up_nobody_else(void **state)
{
    (void)state;
    struct log log;
    open_log(&log);
    write_events(&log, 3);
    struct follower first = follow(&log), second = follow(&log);
    pthread_t thread;
    atomic_store(&log.hangs, true);
    assert_int_equal(pthread_create(&thread, NULL, pull_once, &first), 0);
    while (sem_wait(&log.has_begun) != 0) {
    }
    int before = count_wakes(&log);
    for (int i = 0; i < 1000; i++) {
        pull(&second); /* would never come back */
    }
    assert_int_equal(second.last_id, 0);
    assert_string_equal(second.text->str, "");
    sem_post(&log.may_end);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(first.text->str, "1\n2\n3\n");
    assert_int_equal(count_wakes(&log), before + 1); /* for whoever went away with nothing */
    pull(&second);
    assert_string_equal(second.text->str, "1\n2\n3\n");
    assert_int_equal(atomic_load(&log.reads), 1);
    g_string_free(first.text, TRUE);
    g_string_free(second.text, TRUE);
    close_log(&log);
}

/* Each try may take seconds, and there are ten thousand streams. */
static void after_a_failure_nobody_tries_by_itself(void **state)
{
    (void)state;
    struct log log;
    open_log(&log);
    write_events(&log, 1);
    struct follower follower = follow(&log);
    atomic_store(&log.fails, true);
    for (int i = 0; i < 3; i++) {
        pull(&follower);
    }
    assert_int_equal(follower.last_id, 0);
    assert_int_equal(atomic_load(&log.reads), 1);
    g_string_free(follower.text, TRUE);
    close_log(&log);
}

/* Sleeps as a stream does: until it is woken after it began to look. */
static void *follow_to_the_end(void *self)
{
    struct follower *follower = self;
    struct log *log = follower->log;
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += PATIENCE_S;
    int code = 0;
    while (follower->last_id < EVENTS && code == 0) {
        int seen = count_wakes(log);
        int64_t before = follower->last_id;
        pull(follower);
        bool must_sleep = follower->last_id == before;
        pthread_mutex_lock(&log->lock);
        while (must_sleep && log->wakes == seen && code == 0) {
            code = pthread_cond_timedwait(&log->is_woken, &log->lock, &until);
        }
        pthread_mutex_unlock(&log->lock);
    }
    return NULL;
}

static void each_gets_everything_in_order(void **state)
{
    (void)state;
    struct log log;
    open_log(&log);
    write_events(&log, 1); /* as in a house: none reads by itself */
    struct follower followers[FOLLOWERS];
    pthread_t threads[FOLLOWERS];
    for (int i = 0; i < FOLLOWERS; i++) {
        followers[i] = follow(&log);
        assert_int_equal(pthread_create(&threads[i], NULL, follow_to_the_end, &followers[i]), 0);
    }
    while (atomic_load(&log.written) < EVENTS) {
        write_events(&log, MIN(7, EVENTS - atomic_load(&log.written)));
        sched_yield();
    }
    g_autoptr(GString) expected = g_string_new(NULL);
    for (int id = 1; id <= EVENTS; id++) {
        g_string_append_printf(expected, "%d\n", id);
    }
    for (int i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(followers[i].last_id, EVENTS);
        assert_true(strcmp(followers[i].text->str, expected->str) == 0);
        g_string_free(followers[i].text, TRUE);
    }
    close_log(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_that_hangs_holds_up_nobody_else),
        cmocka_unit_test(after_a_failure_nobody_tries_by_itself),
        cmocka_unit_test(each_gets_everything_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
