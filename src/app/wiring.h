/* app/wiring.h - the server's parts, put together and taken apart in the right order.
 *
 * Threads are made only here and in what this calls: the HTTP pool, the queue, the courier, the listener that
 * hears other nodes, and the outgoing heartbeat; and the one that hears signals (app/ending.h). */
#ifndef APP_WIRING_H
#define APP_WIRING_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/context.h"
#include "app/newest.h"
#include "app/signs.h"
#include "app/ways.h"
#include "channel/post.h"
#include "cli/settings.h"
#include "db/listener.h"
#include "paging/courier.h"

struct house {
    const struct settings *settings;
    const char *const *environment;
    struct secrets secrets; /* that contacts may name */
    struct guard guard;     /* of outgoing requests */
    struct ways ways;       /* both, for whoever looks whether a contact can work */
    struct db *db;          /* the writer: the queue's */
    char *database;         /* its path, or the URL with its password: never shown */
    struct newest
        *newest;   /* the note beside the file, the ledger's thread's; NULL: there is no file */
    int data_lock; /* of the data directory, where no database file brings its own; else -1 */
    int data_fd;   /* the data directory, only where the socket's path is too long; else -1 */
    struct db_pool *readers;
    struct config_holder *configs;
    struct ledger *ledger;
    struct pager *pager;
    struct payload_book *payloads;
    struct archive *archive;
    struct key_index *keys;
    struct session_index *sessions;
    struct live *live;
    struct queue *queue;
    struct features *features;
    struct post *post;
    struct courier *courier;
    pthread_t courier_thread;
    bool has_courier_thread;
    struct signs signs;           /* that people are being told */
    struct db_listener *listener; /* NULL: one writer, nobody to hear */
    pthread_t listener_thread;
    bool has_listener_thread;
    pthread_t archive_thread; /* writes out what will be deleted */
    bool has_archive_thread;
    struct db_check *check; /* reads the whole file; NULL: none was begun */
    pthread_t check_thread; /* the main thread's, as the next two */
    bool has_check_thread;
    struct span checked_at; /* elapsed; 0: not yet */
    atomic_bool is_checking;
    atomic_bool is_closing;
    pthread_mutex_t http_lock; /* guards the pointer, which the ledger's listener follows */
    struct http_server *http;  /* NULL: takes no requests yet, or no more */
    struct api_context api;
    json_t *minted;    /* keys that the file applied at the start made; NULL: none */
    bool is_new;       /* the database was made by this start */
    bool has_terminal; /* standard output is one: the log channel draws boxes */
};

/* Opens everything up to taking requests. False and a fault when it cannot; close it in both cases. */
NODISCARD bool house_open(struct house *house, const struct settings *settings,
                          const char *const *environment, struct fault *fault);
/* Stops taking requests, finishes what is in flight (bounded by settings->shutdown_drain), closes. Does not
 * return when the courier or the ledger hangs: the process ends with 1, all that was committed being kept. */
void house_close(struct house *house);

/* A few times a second: live streams that could not read the database try again once it is back, and
 * end when it stays away. */
void house_wake_streams(struct house *house);

/* The database: the file in the data directory, or PostgreSQL with a schema of this program. */
NODISCARD bool house_open_database(struct house *house, struct fault *fault);
/* A server has run on it: from now on one that is empty is lost, and not new. */
NODISCARD bool house_mark_database(struct house *house, struct fault *fault);
void house_close_database(struct house *house);
/* Of a house that did not open: was it for a database server that is away, which passes by itself? Before
 * it is closed. */
NODISCARD bool house_misses_database(const struct house *house);

/* Hears that other nodes have written and wakes the queue: where there can be others. */
NODISCARD bool house_start_listener(struct house *house, struct fault *fault);
void house_stop_listener(struct house *house);

/* The thread that writes out what will be deleted: where there is an archive, once the queue runs. */
NODISCARD bool house_start_archive(struct house *house, struct fault *fault);
/* Also of a house that was not wholly opened. A disk that hangs is left alone. */
void house_stop_archive(struct house *house);

/* A few times a second, from one thread: begins a check of the database file when it is time for one. */
void house_check_tick(struct house *house);
void house_stop_check(struct house *house);

/* What of a document cannot work on this server, or is over already; before it is applied: an array of {path, text}.
 * `self` is the house. Any thread. */
NODISCARD json_t *house_ways_amiss(void *self, const json_t *document);

/* Applies settings->config. False with the whole sentence for a person in *out_problem (g_free). */
NODISCARD bool house_apply_file(struct house *house, char **out_problem);
/* Where that is no reason to end. */
void house_tell_refused(const char *problem);

/* The courier and what it sends with; then its thread, once the queue runs. house_join_courier lets what
 * is in flight come home and ends the thread; false when it hangs, and may touch anything still. */
NODISCARD bool house_make_courier(struct house *house, struct fault *fault);
NODISCARD bool house_start_courier(struct house *house, struct fault *fault);
NODISCARD bool house_join_courier(struct house *house);
/* Are people being told just now? Any thread. */
NODISCARD enum sending house_sending(const struct house *house);

/* What the log channel writes: a box on a terminal, else one line. */
bool house_log_line(void *self, const char *line); /* self is the house */

/* Keys that the last applied file made, on standard output: this once. */
void house_show_minted(struct house *house);
/* Logs each TOCSIN_* of the environment that means nothing to us: it may have been meant to. */
void house_warn_of_variables(const struct house *house);

/* The first impression, on standard output. */
void house_greet(struct house *house);

#endif
