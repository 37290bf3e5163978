/* api/test_house.h - a whole server for the tests of this folder: database, ledger, pager, keys, HTTP;
 * only nothing is sent. */
#ifndef API_TEST_HOUSE_H
#define API_TEST_HOUSE_H

#include <pthread.h>
#include <stdatomic.h>

#include <jansson.h>

#include "api/context.h"
#include "base/feature.h"
#include "db/link.h"
#include "http/test_client.h"
#include "ledger/event.h"

/* The ledger's way to its database. */
enum test_fate {
    TEST_LINK_GOOD = 0,
    TEST_LINK_CUT,
    TEST_LINK_LOSES_ANSWER, /* the next commit is kept and its answer lost; then the link is cut */
};

struct test_house {
    char *dir;
    char *database;
    char *socket;
    struct db *db;
    struct ledger *ledger;
    struct api_context api;
    struct features *features;
    struct db_link link; /* of the ledger's connection … */
    atomic_int fate;     /* … and what happens on it: enum test_fate */
    struct http_server *http;
    pthread_mutex_t http_lock; /* the ledger's thread wakes the streams of `http` */
    unsigned port;
    char *read, *respond, *admin; /* tokens */
    char *key;                    /* of integration "native" */
};

/* An event for who may administer, about an alert. */
extern const struct event_kind EVENT_TEST_SECRET;

/* What the houses that are opened from now on can do; at first all that stands below this floor, and it. */
extern const struct feature_list *test_house_features;
/* Where the readers of the houses that are opened from now on look; NULL: at their database. */
extern const char *test_house_readers_at;
/* What its api says of contacts and rooms (api_context); set before it is opened, for its threads ask. NULL: nothing. */
extern char *(*test_house_way_amiss)(void *self, int kind, const char *to, const char *secret);

/* Starts it with two people, a schedule, a policy, two services and an integration. */
NODISCARD struct test_house *test_house_open(bool board_is_open);
void test_house_close(struct test_house **handle);

/* The one of a program whose tests each have a fresh one; set up and torn down as cmocka calls it. */
extern struct test_house *the_house;
int test_house_set_up(void **state);
int test_house_tear_down(void **state);

/* One request with a token (NULL: none); answers head and body. */
NODISCARD char *test_ask(struct test_house *house, const char *token, const char *method,
                         const char *path, const char *body);
/* The same, expecting `status`; answers the body as JSON, NULL when there is none. */
NODISCARD json_t *test_json(struct test_house *house, const char *token, const char *method,
                            const char *path, const char *body, int status);
/* A POST as the command line sends it: through the socket, which needs no token; expects `status`. */
NODISCARD json_t *test_locally(const struct test_house *house, const char *path, const char *body,
                               int status);
/* Opens an alert; answers its id. */
int64_t test_alert(struct test_house *house, const char *summary);

#endif
