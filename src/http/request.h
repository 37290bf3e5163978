/* http/request.h - the inside of a request; only for the files of this folder.
 *
 * Life of a request: access.c makes it when the header is read and runs the handler when the body
 * is; answer.c takes the answer from whatever thread; access.c sends it. Two hold it: the connection,
 * until it is done with the request, and whoever owes the answer, until it is given. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "http/guard.h"
#include "http/guesses.h"
#include "http/http.h"
#include "http/route.h"
#include "http/shape.h"
#include "http/unpack.h"
#include "http/urlcode.h"

enum request_state {
    REQUEST_RUNNING = 1, /* reading, or its handler has not returned */
    REQUEST_SUSPENDED,   /* the connection sleeps until the answer comes */
    REQUEST_ANSWERED,
};

struct answer {
    int status;
    char *content_type;
    char *bytes;         /* owned; NULL: see json */
    const void *lasting; /* instead of bytes, of the program itself */
    size_t size;
    json_t *json;       /* written to bytes on the pool's thread, not on the ledger's */
    GPtrArray *headers; /* name, value, name, value …; NULL: none */
    struct http_stream stream;
    bool is_stream;
    bool must_close; /* what follows on this connection cannot be trusted */
};

struct stream;

enum { REQUEST_ID_SIZE = 24 };

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL once the server was stopped under the request */
    struct route_match match;
    char *path;      /* the params of `match` point into it */
    char *authority; /* of a target that is a whole address; NULL: it is none */
    char *params[ROUTE_PARAMS_MAX];
    char method[8];
    bool is_local;
    bool has_query;
    bool is_known; /* holds a key or token that is good, or is local */
    bool is_guess_counted;
    bool is_handled;    /* the handler was called */
    bool is_cut;        /* what came after the first bytes is forgotten, and the row knows */
    bool is_discarding; /* the body is read and forgotten */
    bool is_seeking;    /* too long, and whose it is may yet come: beginning and end are held */
    size_t body_max, discarded, sought;
    bool has_odd_query; /* what could not be unescaped there is left out */
    size_t charged;     /* of the budget for bodies */
    size_t packed;      /* bytes of gzip that came */
    GByteArray *body;
    bool is_packed;        /* the body comes as gzip */
    struct unpack *unpack; /* NULL until its first byte */
    const char
        *chunk_from; /* of a chunked body: where the last bytes ended in the library's buffer */
    struct form query, form;
    json_t *json;
    struct caller *caller;   /* NULL: nobody was asked */
    char *token;             /* that proved it; NULL: none was needed, or it was local */
    char *session;           /* of the browser's cookie, whatever it is worth; NULL: none */
    bool is_session;         /* and it is the proof */
    bool has_guarded_cookie; /* see session.c */
    char id[REQUEST_ID_SIZE];
    char client[INET6_ADDRSTRLEN];
    struct answer answer;
    struct stream *stream;
    atomic_int refs;
    atomic_int state;       /* enum request_state */
    atomic_bool is_claimed; /* somebody is giving the answer */
    GPtrArray *kept;        /* headers: name, value, name …; NULL until http_step_aside */
    pthread_mutex_t
        header_lock;       /* whoever owes a late answer may be adding headers when it is forced */
    atomic_bool is_forced; /* the server gave it, at stop or in time; the late one is dropped */
    int64_t answer_by_us;  /* elapsed clock; 0: whenever it comes */
    const char *late;      /* what is said then */
    struct http_request *waiting_before, *waiting_after; /* of server->waiting */
};

/* A TCP or Unix connection, watched so that a slow sender is cut. */
struct peer {
    int fd;
    bool is_local;
    atomic_bool is_fresh; /* no whole header came yet */
    bool is_cut;
    atomic_int_least64_t reading_since_us; /* elapsed clock; 0: not reading */
    struct peer *before, *after;           /* of server->peers */
};

/* The budget for all bodies that are held, in bytes. Callers without a known key have a part of their own. */
struct bodies {
    size_t max, strangers_max;
    size_t part_max; /* of one, on rows that takes_part */
    atomic_size_t known, strangers;
};

enum { HTTP_DAEMONS = 2 };

struct http_server {
    atomic_int refs; /* whoever runs it, and each request: one may be answered after http_stop */
    struct MHD_Daemon *daemons[HTTP_DAEMONS]; /* TCP; Unix socket or NULL */
    unsigned port;
    char *socket_path;
    bool has_socket; /* the socket is ours to remove */
    struct routes *routes;
    struct http_guard guard;
    const char *plain_problems; /* see struct http_options */
    http_handler nowhere;       /* likewise */
    struct bodies bodies;
    struct guard trusted_proxies;
    struct guesses *guesses;
    char *origin; /* of the public URL: "https://pager.example.com"; NULL: none */
    char *root;   /* its path, with a slash at its end */
    void *context;
    void (*late)(void *context);
    atomic_uint_least64_t next_id;
    uint64_t id_salt;
    atomic_bool is_stopping;
    atomic_bool must_not_sleep; /* whoever has no answer yet is answered now */
    atomic_int in_flight;       /* requests between header and last byte, without streams */

    /* A lock for each list: waking 10,000 streams must not hold up an answer. */
    pthread_mutex_t waiting_lock, peers_lock, streams_lock;
    struct http_request *waiting; /* suspended until their answer */
    struct peer *peers;
    struct stream *streams;
    size_t streams_max; /* bytes that all of them may hold */
    atomic_size_t streams_held;

    pthread_t sweeper;
    sem_t sweeper_wanted;
    atomic_bool is_woken; /* streams have something to read */
    atomic_bool must_end_streams;
    bool has_behind;      /* perhaps; under streams_lock: streams read what is old */
    atomic_bool must_end; /* the sweeper */
};

/* server.c: frees it with the last reference. Any thread. */
void server_unref(struct http_server *server);

/* client.c */
void client_find(struct http_request *request);
/* The path of a target: without the authority of a whole address, and without our root. */
const char *client_path(const struct http_server *server, const char *target);
/* Of a whole address "HOST:PORT", newly allocated; NULL: the target is none. */
NODISCARD char *client_authority(const char *target);
/* Does the request come from a page of ours? */
NODISCARD bool client_is_own_origin(const struct http_request *request);
/* Puts our root before the addresses of a page. Takes over the text. */
NODISCARD char *client_root_page(const struct http_server *server, char *page);
void client_setup(struct http_server *server, const struct http_options *options);

/* request.c */
NODISCARD struct http_request *request_create(struct http_server *server,
                                              struct MHD_Connection *connection, const char *method,
                                              const char *path);
void request_unref(struct http_request *request);
/* Unescapes path and query; false when an escape or UTF-8 of the path is malformed. */
NODISCARD bool request_read_url(struct http_request *request);

/* access.c */
/* 403 for the caller, who lacks that permit. */
void request_refuse_caller(struct http_request *request, const struct permit *permit);
/* A person, rather than a program, by what it asks for. */
NODISCARD bool request_is_browser(const struct http_request *request);

/* session.c */
/* Looks for the cookie of a session. */
void session_find(struct http_request *request);
/* Is it a good one? Then the request has its caller. */
NODISCARD bool session_recognize(struct http_request *request);
/* At a door that lets people in: false after refusing one who signed in. Nobody may be there, and a key has to do. */
NODISCARD bool session_enter(struct http_request *request);
/* Does a page of ours send this change with it? False after answering 403, which says what is missing. */
NODISCARD bool session_is_meant(struct http_request *request);

/* answer.c */
/* A refusal by this folder itself, before the handler: takes the answerer's reference as well. */
PRINTF_LIKE(3, 4)
void request_refuse(struct http_request *request, int status, const char *format, ...);
/* 503 for one whose answer did not come in time, or before the server stopped. */
void request_force(struct http_request *request, const char *why);
NODISCARD enum MHD_Result answer_queue(struct http_request *request);
void answer_clear(struct answer *answer);
/* Content type, security headers and those that the handler set. */
void answer_add_headers(struct http_request *request, struct MHD_Response *response);
/* A problem in the form that is read at the request's path, and its content type. Takes the reference over, answers one. */
NODISCARD json_t *answer_problem_body(const struct http_request *request, json_t *problem,
                                      const char **out_type);
#define ANSWER_PROBLEM "application/problem+json"
/* The Content-Security-Policy of all that is no page. */
#define ANSWER_POLICY "default-src 'none'; frame-ancestors 'none'"

/* library.c: answers 431 at once and has the connection closed: where a header takes up the library's memory, no answer of
 * ours finds room in it. For access_handle to return. */
NODISCARD enum MHD_Result library_refuse_header(const struct http_request *request);
/* What that says. */
extern const char LIBRARY_LONG_HEADER[];
/* library.c: sends a refusal in the middle of the body and has the connection closed. Likewise. */
NODISCARD enum MHD_Result library_answer_at_once(const struct http_request *request);

/* library.c: the only way to queue an answer of ours; what goes past it is libmicrohttpd's own. */
NODISCARD enum MHD_Result library_queue_ours(struct MHD_Connection *connection, unsigned status,
                                             struct MHD_Response *response);

/* body.c */
void bodies_init(struct bodies *bodies, const struct http_options *options);
/* False after refusing, or after the handler was called for a body that nobody will read. */
NODISCARD bool body_expect(struct http_request *request, const struct shape *shape);
/* The last byte is there. False after refusing. */
NODISCARD bool body_end(struct http_request *request);
/* Keeps, refuses or forgets. False: the connection is to be closed. */
NODISCARD bool body_take(struct http_request *request, const char *data, size_t size);
void body_free(struct http_request *request);
/* Tells whoever asked to be told. */
void body_lost(struct http_request *request, enum http_loss loss);

/* request.c: an id as it is shown, "r-" and 16 digits. */
void request_id_write(uint64_t id, char out[REQUEST_ID_SIZE]);

/* problem.c: the body of a problem+json answer. New reference. */
NODISCARD json_t *problem_json(int status, const char *detail, const char *field,
                               const char *request_id);
/* The same as one text. */
NODISCARD json_t *problem_plain(const json_t *problem);
const char *problem_title(int status);
extern const struct record PROBLEM_RECORD;

/* access.c */
/* Calls the handler, which may have answered, or may answer at any moment from now on. */
void request_handle(struct http_request *request);
void request_waiting_remove(struct http_request *request);
/* Forces the answers that were to come by then (elapsed clock). */
void waiting_force_late(struct http_server *server, struct span elapsed);
/* Forces all that are waited for: the server stops. */
void waiting_force_all(struct http_server *server);
/* Called by libmicrohttpd, whose signatures these are; `self` is the struct http_server. */
/* NOLINTNEXTLINE(readability-function-size) */
enum MHD_Result access_handle(void *self, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **handle);
void access_done(void *self, struct MHD_Connection *connection, void **handle,
                 enum MHD_RequestTerminationCode how);

/* stream.c */
NODISCARD enum MHD_Result stream_queue(struct http_request *request);
void stream_close(struct http_request *request);
/* Does its token, or its address where none was needed, have all the streams open that one may have? Those that are being opened at this moment are
 * not counted. */
NODISCARD bool streams_are_too_many(const struct http_request *request);
/* There may be news for every stream, or it is to end. */
void streams_mark(struct http_server *server, bool must_end);
/* Lets at most `max` sleeping streams that are marked look; true when more may be waiting. */
NODISCARD bool streams_rouse(struct http_server *server, unsigned max);
/* One of those that read what is old goes on. False: there is none. */
NODISCARD bool streams_further(struct http_server *server);
/* When they hold half of what they may: cuts those whose reader has taken nothing for seconds. */
void streams_cut_stuck(struct http_server *server, struct span elapsed);
/* Lets those that were silent for long write a comment. */
void streams_keep_alive(struct http_server *server, struct span elapsed);
/* Ends those whose token was revoked or has expired since. */
void streams_end_unproved(struct http_server *server);
/* Forgets a token; NULL is fine. */
void token_forget(char *token);

/* sweeper.c: cuts slow senders, wakes streams. */
void peer_changed(void *self, struct MHD_Connection *connection, void **handle,
                  enum MHD_ConnectionNotificationCode how);
NODISCARD struct peer *peer_of(struct MHD_Connection *connection);
/* A new stretch of reading begins, or nothing is to be read for the moment. */
void peer_reads(struct peer *peer, bool is_reading);
void *sweeper_run(void *self);
void sweeper_wake(struct http_server *server);

#endif
