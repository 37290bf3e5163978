/* cli/client.h - how a command talks to the running server: the local socket in the data directory,
 * or a URL with a token. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>

#include "cli/cli.h"

enum client_state {
    CLIENT_ANSWERED = 1, /* whatever the status */
    CLIENT_NO_SERVER,    /* nobody listens */
    CLIENT_FAILED,       /* anything else: the fault says it */
};

struct client_answer {
    int state;
    int status;         /* HTTP */
    char *text;         /* the body; owned */
    json_t *body;       /* NULL when it was not JSON; owned */
    struct fault fault; /* set unless the status is 2xx: for problem+json its detail and field */
};

/* `body` may be NULL; its reference stays the caller's. `key` is the bearer token to use instead of
 * the settings' own, or NULL. */
void client_request(const struct cli *cli, const char *method, const char *path, const json_t *body,
                    const char *key, struct client_answer *out);
void client_answer_clear(struct client_answer *answer);

/* Calls and, unless the answer is 2xx, tells why on standard error: NULL. Else a new reference,
 * json null for an empty body. */
NODISCARD json_t *client_ask(const struct cli *cli, const char *method, const char *path,
                             const json_t *body);

/* GETs a list page by page, at most `limit` items: a new array, or NULL after an error was told. */
NODISCARD json_t *client_list(const struct cli *cli, const char *path, size_t limit);

/* One segment of a path, or one value of a query, escaped; free with g_free. */
NODISCARD char *client_escape(const char *text);
/* Appends "?name=value" or "&name=value"; nothing for a NULL value. */
void client_query(GString *path, const char *name, const char *value);

#endif
