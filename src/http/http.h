/* http/http.h - requests in, answers out; knows nothing about incidents.
 *
 * A route table says for each path who may call it and what it takes and gives; the OpenAPI document
 * is made from the same table. A handler runs on a thread of the pool with the whole body read. It
 * answers at once with http_answer…, or returns without answering and answers later from any thread
 * (typically the ledger's, after the commit): the connection is suspended meanwhile. Each request
 * must be answered exactly once. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <jansson.h>

#include "base/record.h"

struct guard;
struct http_request;
struct http_server;

/* What a token must hold to be let in, and who was let in by it. What is in them only struct http_guard knows. */
struct permit;
struct caller;

/* What is asked of who calls a route, instead of a token. */
enum http_door {
    HTTP_DOOR_ANYONE = 1, /* nothing: health, static files, forms that carry their own proof */
    HTTP_DOOR_KEY,        /* the handler checks an integration, heartbeat or feed key */
    HTTP_DOOR_LINK,       /* the handler checks a signed link */
};

typedef void (*http_handler)(struct http_request *request, void *context);

struct route_row {
    const char *method;
    const char *path; /* "/api/v1/alerts/{id}"; a {name} takes one segment */
    /* What the caller's token must hold. Default deny: a row has this or a `door`, or the server does not start. */
    const struct permit *permit;
    http_handler handler;
    const char *summary; /* one line for the documentation */
    enum http_door door; /* 0: a token with `permit` */
    /* HTTP_DOOR_KEY: with this a person who signed in is let in without a key, too; http_caller says who. NULL: nobody is. */
    const struct permit *person;
    const struct record *request; /* of the JSON body; NULL: none or not JSON */
    const struct record *answer;  /* of the 2xx body, or of one item of a list; NULL: see summary */
    bool is_list;                 /* the answer is {"items": […], "next_cursor": …} */
    bool takes_array, gives_array; /* the body, or the answer, is a bare list of these */
    const char *takes, *gives;     /* content type of what is not JSON, or has no record */
    /* How the handler says no in another program's words; NULL: a problem. */
    const struct record *refusal;
    /* Statuses beside those that every such row has, see http/openapi_answers.c; ends with 0. */
    const int *others;
    int success;     /* 200 when 0 */
    size_t body_max; /* of a known caller; 0: LIMIT_BODY, LIMIT_BODY_FORM where anyone may send */
    /* How a person in a browser is told that the form is longer than that; NULL: by a problem. */
    http_handler too_long;
    bool
        takes_part; /* a known caller's body that is longer is cut there (http_body_is_cut), and the handler judges
                      * whether a part is enough; its bound is struct http_options' body_part_max */
    bool
        ignores_body; /* read and forgotten, whatever its size: the handler runs when the header is there */
    bool
        has_key_in_body; /* HTTP_DOOR_KEY: whose it is can only be judged when the body is read. One that is
                           * longer than a stranger's may be is read on if its first part holds a good key
                           * (knows_body); else the handler gets its beginning and its end
                           * (http_body_is_cut), to tell the owner. A known caller's is cut as with takes_part. */
    /* Of its query: kind, bounds, names and doc are for the documentation, the handler checks. FIELD_REQUIRED: it
     * must be given; FIELD_TEXTS: it may be given more than once. Ends with {0}; NULL: none. */
    const struct field *params;
    const struct field *headers; /* that it heeds; likewise */
    const struct field *names;   /* of its path those that are not any text; likewise */
};

/* The routes of one noun. */
struct route_table {
    const struct route_row *rows;
    size_t count;
};

/* With what its handlers are called with. A list of them ends with a table of NULL. */
struct route_set {
    const struct route_table *table;
    void *context;
};

/* Who is calling, by their token, by a session or on the Unix socket, as the guard knows them; NULL: nobody was asked. At
 * HTTP_DOOR_ANYONE it is who has signed in with the browser, if anybody. Borrowed. */
const struct caller *http_caller(const struct http_request *request);
/* The caller's address, by the word of a trusted proxy where one stands between; NULL on the local socket. */
const char *http_client(const struct http_request *request);
/* May the caller also do what `permit` guards? Nobody may nothing. */
NODISCARD bool http_may(const struct http_request *request, const struct permit *permit);
/* The id that goes with this request through log and events: "r-4f1c…". */
const char *http_request_id(const struct http_request *request);

const char *http_method(const struct http_request *request); /* of an odd one the first letters */
const char *http_path(const struct http_request *request);   /* below our root; escaped */
const char *http_path_param(const struct http_request *request, const char *name); /* unescaped */
/* Of the first {name} of the path: what the request is about. NULL: the path has none. */
const char *http_path_object(const struct http_request *request);
const char *http_query(const struct http_request *request, const char *name); /* or NULL */
/* Of a parameter that may be given more than once: the one at `index`, from 0, or NULL. */
const char *http_query_at(const struct http_request *request, const char *name, size_t index);
const char *http_header(const struct http_request *request, const char *name); /* or NULL */
/* Which host was asked: of a target that is a whole address its own, else the Host header's; NULL: none was named. */
const char *http_host(const struct http_request *request);
/* The path below which all our addresses lie for people: "/", or "/tocsin/". Redirects and pages have it put
 * before their addresses by themselves; this is for cookies. */
const char *http_root(const struct http_request *request);
/* A key or token that opens nothing was sent. How many seconds to wait, to be answered 429; 0: say that it is wrong. */
NODISCARD int http_wrong_key(struct http_request *request);
/* Does a browser say that another site's page sent it? A program that says nothing is not foreign. */
NODISCARD bool http_is_foreign(const struct http_request *request);
/* What follows "Bearer" in its Authorization, or NULL. */
const char *http_bearer(const struct http_request *request);
/* One field of an application/x-www-form-urlencoded body, or NULL. */
const char *http_form(struct http_request *request, const char *name);
const char *http_body(const struct http_request *request, size_t *out_size);
/* On a row that takes_part: this is only the beginning of what was sent; on one that has_key_in_body, its beginning
 * or its beginning and its end. */
NODISCARD bool http_body_is_cut(const struct http_request *request);
/* How many bytes of a body are taken from this caller here. */
NODISCARD size_t http_body_max(const struct http_request *request);
/* The body as strict JSON; on refusal answers 400 problem+json itself and gives NULL (then just
 * return). Borrowed. */
const json_t *http_json(struct http_request *request);

/* Before the handler returns: the answer comes from a thread that may take its time, neither the pool's nor the
 * ledger's. JSON is written out there, the pool only sends it; and headers can be asked for until the answer. */
void http_step_aside(struct http_request *request);
/* Takes over the reference. */
void http_answer_json(struct http_request *request, int status, json_t *body);
void http_answer_text(struct http_request *request, int status, const char *content_type,
                      const char *text);
void http_answer_bytes(struct http_request *request, int status, const char *content_type,
                       const void *bytes, size_t size);
/* The same without a copy: the bytes live as long as the program. */
void http_answer_lasting(struct http_request *request, int status, const char *content_type,
                         const void *bytes, size_t size);
void http_answer_empty(struct http_request *request, int status);
void http_answer_redirect(struct http_request *request, int status, const char *location);
/* problem+json (RFC 9457): type, title, status, detail = fault text, field = fault field. */
void http_answer_fault(struct http_request *request, int status, const struct fault *fault);
/* The same for a document with several mistakes: the first as above, all in `errors`, each {field, detail}.
 * At least one struct fault. */
void http_answer_faults(struct http_request *request, int status, const struct fault *faults,
                        size_t count);
PRINTF_LIKE(3, 4)
void http_answer_problem(struct http_request *request, int status, const char *format, ...);
/* 429 with Retry-After. */
void http_answer_later(struct http_request *request, int retry_after_s, const char *why);
/* 503 with Retry-After. */
void http_answer_busy(struct http_request *request, int retry_after_s, const char *why);
/* Before the handler returns: whoever waits for the answer is told 503 with Retry-After and `why` (which must
 * live for ever) when it did not come in time, give or take a second; what comes later is dropped. From
 * then on whoever owes the answer must ask the request for nothing but its body and its path. */
void http_answer_within(struct http_request *request, struct span time, const char *why);
/* Was that said already? Then nobody waits for what is still to be done. */
NODISCARD bool http_is_late(const struct http_request *request);
/* Before the answer; both copied. Cache-Control and Content-Security-Policy take the place of what every answer has. */
void http_set_header(struct http_request *request, const char *name, const char *value);

/* The cookie that carries a token for a browser. */
#define HTTP_COOKIE "tocsin_token"

/* The text of the session that the browser sent along; it need not be a good one. NULL: none, or it is ambiguous. */
const char *http_session(const struct http_request *request);
/* Gives the browser that one, for so long, or takes it away (NULL). Before the answer. */
void http_set_session(struct http_request *request, const char *session, struct span lasts);
/* What a page of ours sends with each change, beside the cookie. */
#define HTTP_CSRF_HEADER "X-Tocsin-CSRF"

/* Server-sent events. The request becomes a stream; `pull` is asked on a pool thread for what comes
 * after `last_id` whenever http_streams_wake was called: it appends "id: …\ndata: …\n\n" blocks to
 * `out` and answers the new last id; one that appends HTTP_STREAM_MORE bytes or more is asked again
 * as soon as those are sent, so that a reader far behind costs no memory; so is one that is still far after it went
 * on, though with nothing to say. A slow reader is cut; a comment line keeps the rest alive. */
enum { HTTP_STREAM_MORE = 32768 };

struct http_stream {
    int64_t last_id; /* from Last-Event-ID or ?after= */
    int64_t (*pull)(void *self, int64_t last_id, GString *out);
    void (*closed)(void *self);
    void *self;
    /* Is `last_id` far from what is new? Such readers get what they missed in turns, so that they hold up no
     * other request. Any thread; NULL: never. */
    bool (*is_far)(void *self, int64_t last_id);
};

void http_answer_stream(struct http_request *request, struct http_stream stream);
void http_streams_wake(struct http_server *server); /* any thread */
/* Ends those that are open, after what they have read already. Any thread. */
void http_streams_end(struct http_server *server);

/* A body that reached no handler. */
enum http_loss {
    HTTP_LOSS_BROKEN_OFF = 1, /* the sender hung up in the middle */
    HTTP_LOSS_ENCODING,       /* it came in an encoding that is not known, or was not in it */
};

/* Who is let in. All of it from any thread. */
struct http_guard {
    /* Whose token is it? NULL: it opens nothing, 401. */
    struct caller *(*recognize)(void *self, const char *token);
    /* Whose session is it, of a browser's cookie? NULL: nobody's, or it is over. NULL as a function: there are none. */
    struct caller *(*recognize_session)(void *self, const char *session);
    /* Does a change that comes with `given` come from a page that knows the caller's session? */
    bool (*is_meant)(const struct caller *caller, const char *given);
    /* Why `may` said no; fills in the fault that says so. NULL: the scope does not reach. */
    void (*why_not)(void *self, const struct caller *caller, const struct permit *permit,
                    const struct http_request *request, struct fault *out);
    /* Who calls on the Unix socket. NULL: nobody whom any permit is given to. */
    struct caller *(*local)(void *self);
    /* Is it given to the caller, for what the request is about? False: 403. */
    bool (*may)(void *self, const struct caller *caller, const struct permit *permit,
                const struct http_request *request);
    void (*forget)(struct caller *caller); /* frees */
    /* At HTTP_DOOR_KEY: does the key in the address or the header open anything that takes bodies? Is
     * there one that opens nothing at all (*out_is_wrong)?
     * Asked before the body; the handler looks at it again. NULL: all are taken for strangers. */
    bool (*knows)(void *self, const struct http_request *request, bool *out_is_wrong);
    /* Does the part of a body that is there (http_body) hold such a key? Asked once, on a row that
     * has_key_in_body, before more of it is taken than of a stranger. NULL: all are taken for strangers. */
    bool (*knows_body)(void *self, const struct http_request *request);
    /* A known caller's body was lost at HTTP_DOOR_KEY, or one that may hold a key; on a thread of the pool.
     * NULL: nobody asks. */
    void (*lost)(void *self, const struct http_request *request, enum http_loss loss);
    /* A request that would change something is refused for its address, its method (404, 405) or its header (400, 431:
     * `why`), before any row is asked whose it is. Is there a key in its address or its header that opens nothing
     * (true)? On a thread of the pool. NULL: nobody asks. */
    bool (*turned_away)(void *self, const struct http_request *request, int status,
                        const char *why);
    void *self;
    /* Where a browser goes that sends a form and is not signed in any more; NULL: it is refused. */
    const char *sign_in;
};

struct http_options {
    const char *listen; /* "127.0.0.1:8420", "[::]:8420" */
    const char
        *socket_path; /* Unix socket, mode 0600: callers on it are "local", admin; NULL: none */
    unsigned threads; /* 0: one per core */
    const struct route_set *routes;
    struct http_guard guard;
    /* Below this path a problem is told as one JSON text, "FIELD: what is wrong", as Alertmanager does;
     * NULL: nowhere. Must live as long as the server. */
    const char *plain_problems;
    /* For a browser that reads where nothing is: answers 404 with a page, before it returns. NULL: it gets a problem. */
    http_handler nowhere;
    void *context; /* of `nowhere` and `late` */
    /* http_stop has waited long enough: whoever works on a request still is to give up. May be NULL. */
    void (*late)(void *context);
    /* Where people reach the server, without a slash at its end: its path stands before all of our addresses, with
     * and without it they are answered, and its origin is our own. NULL: nowhere else. Copied. */
    const char *public_url;
    const struct guard
        *trusted_proxies; /* whose word on the client's address counts; NULL: nobody's. Copied. */
    int wrong_keys_forgiven; /* of one address, at once, before they are answered 429; 0: 50 */
    size_t stream_memory;    /* bytes for all streams whose readers are slow; 0: LIMIT_STREAMS */
    size_t body_memory;      /* bytes for all bodies that are held at a time; 0: LIMIT_BODIES */
    size_t body_part_max;    /* on rows that takes_part; 0: LIMIT_BODY_INTAKE */
};

/* Could a server listen there now? False and a fault when not. For who has something to make before it starts. */
NODISCARD bool http_can_listen(const char *listen, struct fault *fault);

/* NULL and a fault when the address cannot be bound. */
NODISCARD struct http_server *http_start(const struct http_options *options, struct fault *fault);
unsigned http_port(const struct http_server *server); /* the bound one, for listen ":0" in tests */
/* Stops accepting, waits up to `drain_ms` for requests in flight, closes. */
void http_stop(struct http_server **handle, unsigned drain_ms);

/* What is told of a permit: its name, the narrowest scope that holds it, what one may do with it, and the roles of
 * people that hold it, with blanks between them. */
struct openapi_permit {
    const char *name, *scope, *doc;
    char roles[80];
};

struct openapi_about {
    const char *title, *version;
    const char *server;         /* where people and programs reach it */
    const char *plain_problems; /* as in struct http_options */
    struct openapi_permit (*permit_of)(const struct permit *permit);
};

/* The OpenAPI 3.1 document of the routes. New reference. */
NODISCARD json_t *http_openapi(const struct route_set *routes, const struct openapi_about *about);

#endif
