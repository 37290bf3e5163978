/* http/test_client.h - a raw client for tests: what it sends is exactly what it was told. */
#ifndef HTTP_TEST_CLIENT_H
#define HTTP_TEST_CLIENT_H

#include <glib.h>

#include "base/check.h"

/* A connected socket on the loopback address; -1 when refused. */
NODISCARD int client_connect(unsigned port);
NODISCARD int client_connect_unix(const char *path);
void client_send(int fd, const char *bytes, size_t size);
/* Everything until the peer closes or is silent for `wait_ms`. Never NULL. */
NODISCARD char *client_read(int fd, int wait_ms);
/* Reads until `needle` was seen, the peer closes or is silent for 5 s; answers all that was read. */
NODISCARD char *client_read_until(int fd, const char *needle);

/* Bytes on a connection of their own, to be the last: all that comes back until the server closes, however many
 * answers that are, or is silent for 5 s. Say "Connection: close" where it would wait for more. */
NODISCARD char *client_say(unsigned port, const char *bytes);
/* One request on its own connection, with Host, Content-Length and Connection: close added.
 * `headers` may be NULL or lines ending in \r\n; `body` may be NULL. Answers head and body. */
NODISCARD char *client_call(unsigned port, const char *method, const char *path,
                            const char *headers, const char *body);
int client_status(const char *answer);       /* 0 when there is none */
const char *client_body(const char *answer); /* behind the head; "" when there is none */
NODISCARD char *client_header(const char *answer, const char *name); /* NULL when absent */

#endif
