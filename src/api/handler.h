/* api/handler.h - what the resource handlers share. Only for this floor. */
#ifndef API_HANDLER_H
#define API_HANDLER_H

#include "api/context.h"
#include "base/describe.h"

/* --- reading --- */

/* Everything that api_give_up was meant for has ended. */
void api_give_up_no_more(void);

/* A read-only connection inside one read transaction. */
NODISCARD struct db *api_reader(const struct api_context *context);
/* Gives it back; false, after answering 503, when something could not be read. */
NODISCARD bool api_reader_done(const struct api_context *context, struct http_request *request,
                               struct db *db);

/* A person in a browser. Before the handler returns. */
NODISCARD bool api_wants_page(const struct http_request *request);

/* The same for a page: a browser is told by one that loads itself again. */
NODISCARD bool api_page_done(const struct api_context *context, struct http_request *request,
                             struct db *db, int language);

/* --- lists --- */

struct api_page {
    int limit;    /* 1 … LIMIT_LIST_PAGE; 50 when the caller said nothing */
    int64_t from; /* where the last page ended; 0: from the beginning */
};

/* Of struct route_row's params. */
extern const struct field API_PAGE_PARAMS[]; /* limit, cursor */
#define API_PAGE_PARAM_ROWS                             \
    {.name = "limit",                                   \
     .kind = FIELD_INT,                                 \
     .min = 1,                                          \
     .max = LIMIT_LIST_PAGE,                            \
     .doc = "How many items at most; 50 when absent."}, \
        SHAPE_TEXT("cursor", 0, "next_cursor of the page before.")
/* Of its names: {id} is a number. */
extern const struct field API_NUMBER_NAMES[];

/* Both false after answering 400. */
NODISCARD bool api_page_read(struct http_request *request, struct api_page *out);
/* The instant in a query parameter; `otherwise` when it is absent. */
NODISCARD bool api_instant(struct http_request *request, const char *name, struct utc otherwise,
                           struct utc *out);

/* true or false (1 or 0) in a query parameter. */
NODISCARD bool api_flag(struct http_request *request, const char *name, bool otherwise, bool *out);

/* The value of an enumeration in a query parameter; 0 when absent. */
NODISCARD bool api_query_enum(struct http_request *request, const char *name,
                              const struct enum_name *names, int *out);

/* Answers {"items": items, "next_cursor": …}; takes over `items`. `next` 0: this was the last. */
void api_answer_list(struct http_request *request, json_t *items, int64_t next);

/* --- bodies --- */

/* Reads the JSON body into zeroed `out`; an empty body is an empty object. False after answering
 * 400 or 422. */
NODISCARD bool api_body(struct http_request *request, const struct record *record, void *out);

/* Who calls, as far as they were asked; its kind is 0 when nobody was. Borrowed of the request. */
NODISCARD struct principal api_principal(const struct http_request *request);

/* Who acts: the person when the body names one, by the caller's hand, else whoever calls. End it with
 * principal_clear. False after answering 422 when there is no such user. */
NODISCARD bool api_actor(struct http_request *request, struct api_context *context,
                         const char *user, struct principal *out);

/* 404 in words: "There is no schedule \"x\"." */
void api_answer_missing(struct http_request *request, const char *what, const char *name);

/* The same with the name that was probably meant; the fault is about `field`. */
void api_answer_unknown(struct http_request *request, int status, const char *field,
                        const struct config *config, const struct config_kind *kind,
                        const char *name);
/* Is what the query parameter names there? True when it is absent; false after answering 400: nothing at
 * all would look like nothing of it. */
NODISCARD bool api_query_known(struct http_request *request, const struct api_context *context,
                               const char *param, const struct config_kind *kind);

/* An id of a path; 0 when it is none. */
NODISCARD int64_t api_id(const struct http_request *request, const char *param);
/* 404 for that: "abc" is no alert's number. */
void api_answer_no_number(struct http_request *request, const char *param, const char *what);

/* --- commands --- */

/* Does the ledger hang, in a disk above all? What is submitted now would wait without end. */
NODISCARD bool api_is_stuck(const struct api_context *context);
/* Submits, with the caller's address for the record; answers 503 and returns false when the queue is full or the ledger hangs: the command's answer
 * will not be called. */
NODISCARD bool api_submit(struct http_request *request, struct api_context *context,
                          struct command command);

/* Answers for a command that was not committed; true when it was, or was refused by the rules: then
 * the command's own status speaks. */
NODISCARD bool api_outcome(struct http_request *request, enum command_outcome outcome);

/* Times as the API writes them; null when unset or never. New reference. */
NODISCARD json_t *api_utc(struct utc at);

#endif
