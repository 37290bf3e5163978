/* api/context.h - what every resource handler works with. */
#ifndef API_CONTEXT_H
#define API_CONTEXT_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "db/db.h"
#include "http/http.h"
#include "ledger/queue.h"

struct api_context {
    struct queue *queue;
    struct ledger
        *ledger; /* only for what is safe from any thread; the rest goes through `queue` */
    struct db_pool *readers;
    struct config_holder *configs;
    const struct clock *clock;
    const struct random *random;
    const char *public_url;        /* "http://127.0.0.1:8420": the root of links, without a slash */
    bool board_is_open;            /* `/` needs no token (a trial on loopback) */
    struct pager *pager;           /* paging/pager.h */
    struct payload_book *payloads; /* source/payload.h */
    struct archive *archive;       /* retention/archive.h; NULL: nothing is said of one */
    size_t alerts_per_request;     /* at most; 0: LIMIT_ALERTS_PER_REQUEST */
    atomic_int_least64_t answer_within_us; /* to whoever sends alerts; 0: as long as they wait */
    struct key_index *keys;                /* access/key_index.h */
    struct session_index *sessions;        /* account/session_index.h */
    struct live *live;                     /* see below; NULL: every stream reads for itself */
    /* Adds what is to be found (config/lint.h); asked on a thread of its own. NULL: no doctor. */
    void (*doctor)(void *self, struct db *db, const struct config *config, GPtrArray *findings);
    void *doctor_self;
    /* Contacts and channels of a configuration document that cannot work here: a new array of
     * {path, text}. NULL: nobody can say. Any thread. */
    json_t *(*ways_amiss)(void *self, const json_t *document);
    /* Why nothing can be sent from here to a contact or channel of that kind, newly allocated; NULL: nothing is known
     * against it. Judged is the address, the secret, or both; NULL: not that one. A secret may take two seconds. NULL
     * as a function: nobody can say. Any thread. */
    char *(*way_amiss)(void *self, int kind, const char *to, const char *secret);
    void *ways_self;
    /* Why nobody is told anything just now: the word for programs, and the sentence for people in *out_text. NULL:
     * messages are sent. Any thread. NULL as a function: nobody can say. */
    const char *(*sending_amiss)(void *self, const char **out_text);
    void *sending_self;
    const char *data_dir;                 /* where backups are written; NULL: none are */
    const char *node_name, *node_address; /* of this server, for people; NULL: not told */
    struct utc started_at;
    int64_t schema;                 /* the newest that this program knows */
    const struct route_set *routes; /* all of this server, for the OpenAPI document */
};

/* A connection of the readers, to be given back by db_pool_give. While a database elsewhere is known to be
 * away, one that fails at once: the threads that take requests must not all wait for it. */
NODISCARD struct db *api_borrow(const struct api_context *context);

/* Below it programs written for Alertmanager read (see struct http_options). */
extern const char API_PLAIN_PROBLEMS[];

/* The page for a browser where nothing is (struct http_options). `context` is the struct api_context. */
void api_nowhere(struct http_request *request, void *context);

/* The guard of all routes: tokens by their scope. `self` is the struct api_context. */
struct http_guard api_guard(struct api_context *context);
/* Whose token is it? NULL: it opens nothing. Free with caller_destroy. */
NODISCARD struct caller *api_recognize(void *self, const char *token);
NODISCARD struct openapi_permit api_permit_of(const struct permit *permit);

/* A backup that is being made, or is begun until api_settle, is given up: nobody's end waits for it.
 * Before http_stop, which waits for whoever asked for it. */
void api_hurry(void);
/* http_options.late: reads of the database are given up, however long they would take, until api_settle. */
void api_give_up(void *context);
/* Waits for a backup that is being made, for the doctor and for readings put aside. After http_stop, before the readers are destroyed. */
void api_settle(void);
void doctor_settle(void); /* called by it, … */
void aside_settle(void);  /* … and so is this */

/* What live streams have in common: the newest events are read and written out once, not once per
 * reader. Tell it of each commit before http_streams_wake (from a struct ledger_listener). */
struct live;
/* `wake` is called when streams may look again, from any thread: then http_streams_wake. */
NODISCARD struct live *live_create(void (*wake)(void *self), void *self);
void live_destroy(struct live **live);
void live_committed(struct live *live, int64_t last_seq); /* any thread; never blocks */
/* This node has been cut off from its database for some seconds, and does not know what happens: a
 * follower who stays would hear nothing, and take it for quiet. New streams are refused; those that
 * are open are to be ended (http_streams_end), so that they go on at a node that knows. Any thread. */
NODISCARD bool live_is_out(const struct api_context *context);
/* A few times a second, on any thread: streams that could not read what they should send, and sleep,
 * try again when the database is back. */
void live_tend(const struct api_context *context);

#endif
