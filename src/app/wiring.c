#include "app/wiring.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/key_index.h"
#include "account/session_index.h"
#include "api/feature_set.h"
#include "app/doctor.h"
#include "app/feature_list.h"
#include "base/log.h"
#include "cli/data_dir.h"
#include "config/config_store.h"
#include "config/config_work.h"
#include "config/past.h"
#include "http/guard.h"
#include "ledger/chain.h"
#include "retention/archive.h"
#include "source/payload.h"

/* Bytes that are kept for paging on a full disk, in the database's file and as many in its log. An alert takes
 * some kilobytes for its whole life. */
enum { ROOM_FOR_PAGING = 8388608 };

/* At the end, beyond what it has to write still. */
#define LEDGER_HANGS_AFTER SPAN_S(5)

/* --- from the ground up --- */

static void wake_streams(void *self)
{
    struct house *house = self;
    pthread_mutex_lock(&house->http_lock);
    if (house->http != NULL) {
        http_streams_wake(house->http);
    }
    pthread_mutex_unlock(&house->http_lock);
}

/* Readers of events and the courier hear of each commit. */
static void committed(void *self, int64_t last_seq)
{
    struct house *house = self;
    if (house->newest != NULL) {
        newest_keep(house->newest, last_seq);
    }
    courier_wake(house->courier);
    live_committed(house->live, last_seq);
    wake_streams(house);
}

void house_wake_streams(struct house *house)
{
    if (!live_is_out(&house->api)) {
        live_tend(&house->api);
        return;
    }
    pthread_mutex_lock(&house->http_lock);
    if (house->http != NULL) {
        http_streams_end(house->http);
    }
    pthread_mutex_unlock(&house->http_lock);
}

/* The courier looks once more before it sends: it must ask the server that the ledger writes to. */
static void follow_server(struct ledger_tx *tx, void *self)
{
    const struct house *house = self;
    if (house->readers != NULL && ledger_is_reconnected(tx)) {
        db_pool_renew(house->readers);
    }
}

static bool open_ledger(struct house *house, struct fault *fault)
{
    house->configs = config_holder_create();
    db_begin_read(house->db); /* outside of a transaction only the last failure would be told */
    struct config *config = config_load(house->db, fault);
    db_rollback(house->db);
    if (config == NULL) {
        return false;
    }
    config_publish(house->configs, config);
    house->ledger = ledger_create(house->db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    ledger_keep_room(house->ledger, ROOM_FOR_PAGING);
    config_add_witness(house->configs, house->ledger);
    house->pager = pager_create(house->configs, &RANDOM_SYSTEM);
    pager_attach(house->pager, house->ledger);
    house->archive = archive_create(house->settings->archive, house->settings->node_name,
                                    ledger_clock(house->ledger));
    house->payloads = payload_book_create();
    payload_book_load(house->payloads, house->db);
    payload_book_add_duty(house->payloads, house->ledger);
    ledger_add_listener(house->ledger, (struct ledger_listener){committed, house});
    ledger_add_witness(house->ledger, (struct ledger_witness){follow_server, house, NULL});
    house->live = live_create(wake_streams, house);
    house->keys = key_index_create();
    house->sessions = session_index_create();
    return key_index_attach(house->keys, house->ledger, house->db, fault) &&
           session_index_attach(house->sessions, house->ledger, house->db, fault);
}

/* After all that hears of commits was made: joining is one. */
static bool join(struct house *house, struct fault *fault)
{
    const struct settings *settings = house->settings;
    return ledger_join(house->ledger, settings->node_name, settings->node_address, fault);
}

struct recovery {
    struct pulse pulse; /* first: the pulse's argument is the recovery */
    struct house *house;
    struct pager *pager;
    enum command_outcome outcome;
};

static enum command_result recover(struct ledger_tx *tx, void *arg)
{
    return pager_recover(tx, ((struct recovery *)arg)->pager);
}

static void recovered(void *arg, enum command_outcome outcome)
{
    ((struct recovery *)arg)->outcome = outcome;
}

/* What was found in the log of a killed server may not have been synced: with this commit it is. */
static void pulsed(void *arg, enum command_outcome outcome)
{
    struct house *house = ((struct recovery *)arg)->house;
    if (outcome == OUTCOME_COMMITTED && house->newest != NULL) {
        newest_keep(house->newest, chain_newest(house->db));
    }
}

/* Start-up is recovery: before the first request and the first page. The pulse comes before them, too: a
 * damaged table closes the door before anybody knocks. */
static bool recover_pages(struct house *house, struct fault *fault)
{
    struct recovery recovery = {
        .pulse = {.pager = house->pager}, .house = house, .pager = house->pager};
    const struct command commands[] = {
        {.run = recover, .answer = recovered, .arg = &recovery},
        {.run = pager_pulse, .answer = pulsed, .arg = &recovery, .vital = VITAL_PULSE},
    };
    ledger_run_batch(house->ledger, commands, G_N_ELEMENTS(commands));
    if (recovery.outcome == OUTCOME_COMMITTED) {
        return true;
    }
    if (ledger_door(house->ledger) == LEDGER_DAMAGED) {
        g_autofree char *why = ledger_closed_why(house->ledger);
        return fault_set(fault, "data",
                         "the database in %s is damaged: restore a backup with `tocsin restore`. "
                         "%.200s",
                         house->settings->data, why);
    }
    if (db_is_shared(house->db)) {
        return fault_set(fault, "database-url", "the database cannot be written: %s",
                         db_error_text(house->db));
    }
    return fault_set(fault, "data",
                     "the database in %s cannot be written: is the disk full, or read-only?",
                     house->settings->data);
}

static void look(void *self, struct db *db, const struct config *config, GPtrArray *findings)
{
    const struct house *house = self;
    struct doctor doctor = {.settings = house->settings,
                            .config = config,
                            .db = db,
                            .ledger = house->ledger,
                            .refusals = payload_book_refusals(house->payloads),
                            .ways = &house->ways,
                            .now = clock_now(ledger_clock(house->ledger)),
                            .findings = findings};
    doctor_look(&doctor);
}

static void add_warning(void *self, const char *check, const char *path, const char *whose,
                        const char *why)
{
    (void)check; /* the path tells it, and the next */
    (void)whose;
    (void)json_array_append_new(self, json_pack("{s:s, s:s}", "path", path, "text", why));
}

static const char *sending_amiss(void *self, const char **out_text)
{
    const struct house *house = self;
    enum sending sending = house_sending(house);
    *out_text = sending_text(sending);
    return sending == SENDING_WORKS ? NULL : sending_name(sending);
}

static void add_past(void *self, const char *path, const char *why)
{
    add_warning(self, NULL, path, NULL, why);
}

json_t *house_ways_amiss(void *self, const json_t *document)
{
    const struct house *house = self;
    json_t *warnings = json_array();
    struct config *config = config_current(house->configs);
    ways_check(&house->ways, document, add_warning, warnings);
    const struct config_teller teller = {add_past, warnings};
    config_past(config, document, clock_now(ledger_clock(house->ledger)), &teller);
    config_unref(config);
    return warnings;
}

static char *house_way_amiss(void *self, int kind, const char *to, const char *secret)
{
    const struct house *house = self;
    return way_amiss(&house->ways, kind, to, secret);
}

/* All but what starts later: the readers and the queue. */
static void open_features(struct house *house)
{
    house->api =
        (struct api_context){.ledger = house->ledger,
                             .configs = house->configs,
                             .clock = ledger_clock(house->ledger),
                             .random = &RANDOM_SYSTEM,
                             .public_url = house->settings->public_url,
                             .board_is_open = house->settings->board == BOARD_OPEN,
                             .pager = house->pager,
                             .payloads = house->payloads,
                             .archive = house->archive,
                             .alerts_per_request = (size_t)house->settings->alerts_per_request,
                             .keys = house->keys,
                             .sessions = house->sessions,
                             .live = house->live,
                             .doctor = look,
                             .doctor_self = house,
                             .sending_amiss = sending_amiss,
                             .sending_self = house,
                             .ways_amiss = house_ways_amiss,
                             .way_amiss = house_way_amiss,
                             .ways_self = house,
                             .data_dir = house->settings->data,
                             .node_name = house->settings->node_name,
                             .node_address = house->settings->node_address,
                             .schema = db_schema_known(),
                             .started_at = clock_now(ledger_clock(house->ledger))};
    house->features = features_open(&FEATURES, &house->api);
    house->api.routes = features_routes(house->features);
}

/* A socket's address has room for 107 bytes: a longer path is reached through its open directory. */
static char *socket_path(struct house *house)
{
    char *path = data_dir_socket(house->settings->data);
    if (strlen(path) <= SOCKET_PATH_MAX) {
        return path;
    }
    g_free(path);
    house->data_fd = open(house->settings->data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return data_dir_socket_through(house->data_fd);
}

static bool open_doors(struct house *house, struct fault *fault)
{
    g_autofree char *socket = socket_path(house);
    struct guard trusted;
    if (!guard_read_as("trusted-proxies", house->settings->trusted_proxies, &trusted, fault)) {
        return false;
    }
    struct http_options options = {.listen = house->settings->listen,
                                   .socket_path = socket,
                                   .threads = (unsigned)house->settings->threads,
                                   .routes = house->api.routes,
                                   .guard = api_guard(&house->api),
                                   .plain_problems = API_PLAIN_PROBLEMS,
                                   .nowhere = api_nowhere,
                                   .public_url = house->settings->public_url,
                                   .trusted_proxies = &trusted,
                                   .body_memory = (size_t)house->settings->body_memory,
                                   .body_part_max = (size_t)house->settings->body_max,
                                   .context = &house->api,
                                   .late = api_give_up};
    struct http_server *http = http_start(&options, fault);
    pthread_mutex_lock(&house->http_lock);
    house->http = http;
    pthread_mutex_unlock(&house->http_lock);
    return http != NULL;
}

/* A file that is refused (by checks that are new, above all) must not keep from paging people by what is in
 * force. Without anything in force, nobody could be told of any alert. */
static bool apply_at_start(struct house *house, struct fault *fault)
{
    g_autofree char *problem = NULL;
    if (house->settings->config == NULL || house_apply_file(house, &problem)) {
        return true;
    }
    struct config *config = config_current(house->configs);
    bool is_configured = config->version > 0;
    config_unref(config);
    if (house_misses_database(house)) { /* tried again each second, and told in one line */
        return fault_set(fault, "", "%s", problem);
    }
    if (!is_configured) {
        g_autofree char *lines = g_strconcat(problem, "\n", NULL); /* one for each mistake */
        (void)log_write(STDERR_FILENO, lines, strlen(lines));
        return fault_set(fault, "", "nothing is in force yet, and %s was refused",
                         house->settings->config);
    }
    house_tell_refused(problem);
    return true;
}

bool house_open(struct house *house, const struct settings *settings,
                const char *const *environment, struct fault *fault)
{
    *house =
        (struct house){.settings = settings,
                       .environment = environment,
                       .secrets = {.environment = environment, .folder = settings->secrets_dir},
                       .data_fd = -1,
                       .data_lock = -1};
    house->ways = (struct ways){&house->secrets, &house->guard, settings->smtp_url != NULL};
    CHECK(pthread_mutex_init(&house->http_lock, NULL) == 0);
    house->has_terminal = isatty(STDOUT_FILENO) == 1;
    if (!guard_read(settings->allow_private, &house->guard, fault) ||
        !house_open_database(house, fault) || !open_ledger(house, fault)) {
        return false;
    }
    open_features(house);
    if (!house_make_courier(house, fault) || !join(house, fault) || !recover_pages(house, fault) ||
        !house_mark_database(house, fault)) {
        return false;
    }
    house->readers = db_pool_create(house->database);
    house->api.readers = house->readers;
    house->queue = queue_start(house->ledger, ledger_clock(house->ledger));
    house->api.queue = house->queue;
    if (!house_start_courier(house, fault) || !house_start_listener(house, fault) ||
        !house_start_archive(house, fault) || !apply_at_start(house, fault)) {
        return false;
    }
    house_warn_of_variables(house);
    courier_wake(house->courier);
    signs_main_turned(&house->signs, clock_elapsed(&CLOCK_SYSTEM));
    return open_doors(house, fault);
}

/* --- and down again --- */

static enum command_result change_nothing(struct ledger_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return COMMAND_REFUSED;
}

static void leave(void *arg, enum command_outcome outcome)
{
    (void)outcome;
    ledger_leave(arg);
}

/* First of all the other nodes get our lanes, so that no page waits for our end. */
static void give_lanes_away(struct house *house)
{
    if (house->queue != NULL && db_is_shared(house->db)) {
        struct command command = {.run = change_nothing, .answer = leave, .arg = house->ledger};
        (void)queue_submit_and_wait(house->queue, command);
    }
}

/* Threads that hang may touch anything still, so nothing is taken apart. */
G_NORETURN static void abandon(struct house *house, bool is_courier_gone)
{
    if (!is_courier_gone) {
        LOG_ERROR(
            "serve", NULL,
            "what sends the messages hangs and is left; how the last of them went is unknown");
    }
    if (queue_end_within(house->queue, LEDGER_HANGS_AFTER)) {
        ledger_end(house->ledger);
    } else {
        LOG_ERROR("serve", NULL,
                  "what writes the database hangs, as on a disk that does not answer, and is left; "
                  "all that was committed is kept");
    }
    log_flush();
    _exit(EXIT_FAILURE);
}

static void end_threads(struct house *house)
{
    bool is_courier_gone = house_join_courier(house);
    if (!is_courier_gone ||
        (house->queue != NULL && !queue_end_within(house->queue, LEDGER_HANGS_AFTER))) {
        abandon(house, is_courier_gone);
    }
    queue_stop(&house->queue);
}

void house_close(struct house *house)
{
    give_lanes_away(house);
    atomic_store(&house->is_closing, true);
    house_stop_listener(house);
    house_stop_check(house);
    house_stop_archive(house);
    pthread_mutex_lock(&house->http_lock);
    struct http_server *http = g_steal_pointer(&house->http);
    pthread_mutex_unlock(&house->http_lock);
    if (http != NULL) {
        api_hurry();
        http_stop(&http, (unsigned)(house->settings->shutdown_drain.us / 1000));
        api_settle();
    }
    end_threads(house);
    if (house->ledger != NULL) {
        ledger_end(house->ledger);
    }
    courier_destroy(&house->courier);
    post_destroy(&house->post);
    db_pool_destroy(&house->readers);
    ledger_destroy(&house->ledger);
    features_close(&house->features);
    pager_destroy(&house->pager);
    archive_destroy(&house->archive);
    payload_book_destroy(&house->payloads);
    key_index_destroy(&house->keys);
    session_index_destroy(&house->sessions);
    live_destroy(&house->live);
    config_holder_destroy(&house->configs);
    house_close_database(house);
    if (house->data_fd >= 0) {
        (void)close(house->data_fd);
    }
    g_clear_pointer(&house->minted, json_decref);
    (void)pthread_mutex_destroy(&house->http_lock);
}
