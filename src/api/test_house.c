#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/test_house.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/key_index.h"
#include "account/session_index.h"
#include "api/feature_set.h"
#include "base/random.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "db/test_database.h"
#include "paging/pager.h"
#include "source/payload.h"

extern const struct feature LEDGER_FEATURE, ACCESS_FEATURE, CONFIG_FEATURE, PEOPLE_FEATURE,
    ACCOUNT_FEATURE, ONCALL_FEATURE, ALERT_FEATURE, PAGING_FEATURE, SOURCE_FEATURE, API_FEATURE;

static const struct feature *const FEATURES[] = {
    &LEDGER_FEATURE, &ACCESS_FEATURE, &CONFIG_FEATURE, &PEOPLE_FEATURE, &ACCOUNT_FEATURE,
    &ONCALL_FEATURE, &ALERT_FEATURE,  &PAGING_FEATURE, &SOURCE_FEATURE, &API_FEATURE};
static const struct feature_list OURS = {FEATURES, G_N_ELEMENTS(FEATURES)};

const struct feature_list *test_house_features = &OURS;
const char *test_house_readers_at;
char *(*test_house_way_amiss)(void *self, int kind, const char *to, const char *secret) = NULL;

static const char DOCUMENT[] =
    "{\"document\": {"
    "\"users\": ["
    "{\"name\": \"ana\", \"full_name\": \"Ana Wijaya\", \"time_zone\": \"Asia/Jakarta\","
    " \"language\": \"id\", \"contacts\": [{\"kind\": \"log\", \"watched\": true}]},"
    "{\"name\": \"budi\", \"contacts\": [{\"kind\": \"log\", \"watched\": true}]}],"
    "\"teams\": [{\"name\": \"crew\", \"members\": [\"ana\", \"budi\"]}],"
    "\"schedules\": [{\"name\": \"primary\", \"time_zone\": \"Europe/Paris\", \"layers\": ["
    "{\"people\": [\"ana\"], \"every\": \"1w\", \"start\": \"2026-01-05T09:00\"}]}],"
    "\"policies\": [{\"name\": \"standard\", \"steps\": ["
    "{\"notify\": [{\"schedule\": \"primary\"}], \"wait\": \"5m\"},"
    "{\"notify\": [{\"user\": \"budi\"}], \"wait\": \"5m\"}],"
    " \"repeat\": 0, \"last_resort\": {\"user\": \"ana\"}}],"
    "\"services\": [{\"name\": \"checkout\", \"policy\": \"standard\"},"
    "{\"name\": \"billing\", \"policy\": \"standard\"}],"
    "\"integrations\": [{\"name\": \"native\", \"kind\": \"native\", \"service\": \"checkout\"}],"
    "\"routes\": [{\"name\": \"bills\", \"match\": [{\"field\": \"component\", \"value\": "
    "\"bill\"}],"
    " \"service\": \"billing\"}]}}";

static void wake_streams(void *self)
{
    struct test_house *house = self;
    pthread_mutex_lock(&house->http_lock);
    if (house->http != NULL) {
        http_streams_wake(house->http);
    }
    pthread_mutex_unlock(&house->http_lock);
}

static void committed(void *self, int64_t last_seq)
{
    struct test_house *house = self;
    live_committed(house->api.live, last_seq);
    wake_streams(house);
}

static enum db_fate fate(void *self, enum db_moment moment)
{
    struct test_house *house = self;
    int fate = atomic_load(&house->fate);
    if (fate == TEST_LINK_LOSES_ANSWER && moment == DB_AT_COMMIT) {
        atomic_store(&house->fate, TEST_LINK_CUT);
        return DB_LINK_LOST_AFTER;
    }
    return fate == TEST_LINK_CUT ? DB_LINK_CUT : DB_LINK_GOOD;
}

static const char *const OF_ALERT[] = {"alert", NULL};
const struct event_kind EVENT_TEST_SECRET = {
    .name = "test.secret", .subjects = OF_ALERT, .scope = SCOPE_ADMIN};
static const struct event_kind *const TEST_EVENTS[] = {&EVENT_TEST_SECRET, NULL};

static void open_ledger(struct test_house *house)
{
    struct fault fault = {0};
    house->db = test_database_open(house->database, &CLOCK_SYSTEM);
    house->link = (struct db_link){.fate = fate, .self = house};
    db_set_link(house->db, &house->link);
    house->ledger = ledger_create(house->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    struct api_context *api = &house->api;
    ledger_add_events(house->ledger, TEST_EVENTS);
    ledger_judge_events(house->ledger);
    api->ledger = house->ledger;
    api->clock = ledger_clock(house->ledger);
    api->node_name = "here";
    api->schema = db_schema_known();
    api->started_at = clock_now(api->clock);
    api->random = &RANDOM_SYSTEM;
    features_register(test_house_features);
    api->configs = config_holder_create();
    struct config *config = config_load(house->db, &fault);
    assert_non_null(config);
    config_publish(api->configs, config);
    config_add_witness(api->configs, house->ledger);
    api->pager = pager_create(api->configs, &RANDOM_SYSTEM);
    pager_attach(api->pager, house->ledger);
    api->payloads = payload_book_create();
    payload_book_add_duty(api->payloads, house->ledger);
    house->features = features_open(test_house_features, api);
    api->routes = features_routes(house->features);
    api->live = live_create(wake_streams, house);
    ledger_add_listener(house->ledger, (struct ledger_listener){committed, house});
    api->keys = key_index_create();
    assert_true(key_index_attach(api->keys, house->ledger, house->db, &fault));
    api->sessions = session_index_create();
    assert_true(session_index_attach(api->sessions, house->ledger, house->db, &fault));
    assert_true(ledger_join(house->ledger, api->node_name, NULL, &fault));
    struct command recover = {.run = pager_recover, .arg = api->pager};
    ledger_run_batch(house->ledger, &recover, 1);
    api->readers =
        db_pool_create(test_house_readers_at != NULL ? test_house_readers_at : house->database);
    api->queue = queue_start(house->ledger, api->clock);
}

static void open_doors(struct test_house *house)
{
    struct fault fault = {0};
    house->socket = g_build_filename(house->dir, "api.sock", NULL);
    struct http_options options = {.listen = "127.0.0.1:0",
                                   .socket_path = house->socket,
                                   .threads = 2,
                                   .routes = house->api.routes,
                                   .guard = api_guard(&house->api),
                                   .plain_problems = API_PLAIN_PROBLEMS,
                                   .nowhere = api_nowhere,
                                   .public_url = house->api.public_url,
                                   .wrong_keys_forgiven = 1000000,
                                   .context = &house->api};
    struct http_server *http = http_start(&options, &fault);
    pthread_mutex_lock(&house->http_lock);
    house->http = http;
    pthread_mutex_unlock(&house->http_lock);
    assert_string_equal(fault.text, "");
    assert_non_null(house->http);
    house->port = http_port(house->http);
}

json_t *test_locally(const struct test_house *house, const char *path, const char *body, int status)
{
    int fd = client_connect_unix(house->socket);
    assert_true(fd >= 0);
    g_autofree char *request = g_strdup_printf(
        "POST %s HTTP/1.1\r\nHost: local\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
        path, strlen(body), body);
    client_send(fd, request, strlen(request));
    g_autofree char *answer = client_read(fd, 5000);
    close(fd);
    if (client_status(answer) != status) {
        fail_msg("POST %s: %s", path, answer);
    }
    return json_loads(client_body(answer), 0, NULL);
}

static char *make_token(struct test_house *house, const char *scope)
{
    g_autofree char *body = g_strdup_printf("{\"name\": \"%s\", \"scope\": \"%s\"}", scope, scope);
    json_auto_t *answer = test_locally(house, "/api/v1/tokens", body, 201);
    return g_strdup(json_string_value(json_object_get(answer, "token")));
}

struct test_house *test_house_open(bool board_is_open)
{
    struct test_house *house = g_new0(struct test_house, 1);
    assert_int_equal(pthread_mutex_init(&house->http_lock, NULL), 0);
    house->dir = g_dir_make_tmp("tocsin-api-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(house->dir, "tocsin.db", NULL);
    house->database = test_database_create(path);
    house->api.public_url = "http://tocsin.example.com";
    house->api.board_is_open = board_is_open;
    house->api.data_dir = house->dir;
    house->api.way_amiss = test_house_way_amiss;
    open_ledger(house);
    open_doors(house);
    json_auto_t *applied = test_locally(house, "/api/v1/config/apply", DOCUMENT, 200);
    json_t *minted = json_array_get(json_object_get(applied, "keys"), 0);
    house->key = g_strdup(json_string_value(json_object_get(minted, "key")));
    assert_non_null(house->key);
    house->read = make_token(house, "read");
    house->respond = make_token(house, "respond");
    house->admin = make_token(house, "admin");
    return house;
}

/* NOLINTNEXTLINE(misc-no-recursion): a test directory has two levels */
static void remove_dir(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name = dir == NULL ? NULL : g_dir_read_name(dir); name != NULL;
         name = g_dir_read_name(dir)) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        if (g_file_test(inside, G_FILE_TEST_IS_DIR)) {
            remove_dir(inside);
        }
        (void)remove(inside);
    }
    if (dir != NULL) {
        g_dir_close(dir);
    }
    (void)rmdir(path);
}

void test_house_close(struct test_house **handle)
{
    struct test_house *house = *handle;
    struct api_context *api = &house->api;
    pthread_mutex_lock(&house->http_lock);
    struct http_server *http = g_steal_pointer(&house->http);
    pthread_mutex_unlock(&house->http_lock);
    http_stop(&http, 2000);
    api_settle();
    queue_stop(&api->queue);
    db_pool_destroy(&api->readers);
    ledger_destroy(&house->ledger);
    features_close(&house->features);
    pager_destroy(&api->pager);
    payload_book_destroy(&api->payloads);
    key_index_destroy(&api->keys);
    session_index_destroy(&api->sessions);
    live_destroy(&api->live);
    config_holder_destroy(&api->configs);
    db_close(&house->db);
    test_database_drop(&house->database);
    remove_dir(house->dir);
    g_free(house->dir);
    g_free(house->socket);
    g_free(house->read);
    g_free(house->respond);
    g_free(house->admin);
    g_free(house->key);
    pthread_mutex_destroy(&house->http_lock);
    g_clear_pointer(handle, g_free);
}

struct test_house *the_house;

int test_house_set_up(void **state)
{
    (void)state;
    the_house = test_house_open(false);
    return 0;
}

int test_house_tear_down(void **state)
{
    (void)state;
    test_house_close(&the_house);
    return 0;
}

char *test_ask(struct test_house *house, const char *token, const char *method, const char *path,
               const char *body)
{
    g_autofree char *header =
        token == NULL ? NULL : g_strdup_printf("Authorization: Bearer %s\r\n", token);
    return client_call(house->port, method, path, header, body);
}

json_t *test_json(struct test_house *house, const char *token, const char *method, const char *path,
                  const char *body, int status)
{
    g_autofree char *answer = test_ask(house, token, method, path, body);
    if (client_status(answer) != status) {
        fail_msg("%s %s: expected %d, got: %s", method, path, status, answer);
    }
    return json_loads(client_body(answer), JSON_DECODE_ANY, NULL);
}

int64_t test_alert(struct test_house *house, const char *summary)
{
    json_auto_t *body = json_pack("{s:s, s:s}", "summary", summary, "severity", "critical");
    g_autofree char *text = json_dumps(body, 0);
    json_auto_t *answer = test_json(house, house->key, "POST", "/api/v1/alerts", text, 202);
    return g_ascii_strtoll(json_string_value(json_object_get(answer, "alert_id")), NULL, 10);
}
