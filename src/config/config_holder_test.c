#include "config/test_kinds.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Readers hold snapshots while others are published: each must be whole, and never grow older. */

enum { READERS = 4, VERSIONS = 2000 };

struct room {
    struct config_holder *holder;
    pthread_barrier_t start;
    _Atomic bool is_over;
    _Atomic int broken;
};

static struct config *make_config(int64_t version)
{
    struct config *config = config_create();
    struct test_shelf *shelf = g_new0(struct test_shelf, 1);
    config->version = version;
    shelf->name = g_strdup("shelf");
    shelf->label = g_strdup_printf("%" G_GINT64_FORMAT, version);
    assert_true(config_add(config, &SHELF_KIND, shelf));
    return config;
}

static bool is_whole(const struct config *config)
{
    const struct test_shelf *shelf = config_find(config, &SHELF_KIND, "shelf");
    g_autofree char *version = g_strdup_printf("%" G_GINT64_FORMAT, config->version);
    return shelf != NULL && strcmp(shelf->label, version) == 0;
}

static void *read_on(void *self)
{
    struct room *room = self;
    int64_t newest = 0;
    (void)pthread_barrier_wait(&room->start);
    while (!room->is_over) {
        struct config *config = config_current(room->holder);
        if (!is_whole(config) || config->version < newest) {
            room->broken++;
        }
        newest = config->version;
        config_unref(config);
    }
    return NULL;
}

static void test_readers_and_publisher(void **state)
{
    (void)state;
    struct room room = {.holder = config_holder_create()};
    pthread_t readers[READERS];
    config_publish(room.holder, make_config(1));
    assert_int_equal(pthread_barrier_init(&room.start, NULL, READERS + 1), 0);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &room), 0);
    }
    (void)pthread_barrier_wait(&room.start);
    for (int64_t version = 2; version <= VERSIONS; version++) {
        config_publish(room.holder, make_config(version));
    }
    room.is_over = true;
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    }
    assert_int_equal(room.broken, 0);
    struct config *last = config_current(room.holder);
    assert_int_equal(last->version, VERSIONS);
    config_unref(last);
    assert_int_equal(pthread_barrier_destroy(&room.start), 0);
    config_holder_destroy(&room.holder);
}

static void test_older_snapshot_is_dropped(void **state)
{
    (void)state;
    struct config_holder *holder = config_holder_create();
    struct config *newer = make_config(2);
    config_publish(holder, newer);
    config_publish(holder, make_config(1));
    struct config *current = config_current(holder);
    assert_ptr_equal(current, newer);
    config_unref(current);
    config_holder_destroy(&holder);
    assert_null(holder);
    config_holder_destroy(&holder);
}

static void test_empty_at_first(void **state)
{
    (void)state;
    struct config_holder *holder = config_holder_create();
    struct config *config = config_current(holder);
    assert_int_equal(config->version, 0);
    assert_null(gadget_find(config, "ana"));
    assert_null(gadget_find(config, NULL));
    config_unref(config);
    config_holder_destroy(&holder);
}

int main(void)
{
    config_register(TEST_KINDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_and_publisher),
        cmocka_unit_test(test_older_snapshot_is_dropped),
        cmocka_unit_test(test_empty_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
