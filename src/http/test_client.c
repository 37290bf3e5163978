#include "http/test_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A loaded machine may take long before it answers, and between two parts of an answer. */
enum { SILENCE_MAX_MS = 5000 };

int client_connect(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int client_connect_unix(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void client_send(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the server closed early, which the answer will show */
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

static bool read_some(int fd, int wait_ms, GString *into)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char buffer[8192];
    if (poll(&ready, 1, wait_ms) <= 0) {
        return false;
    }
    ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    if (size <= 0) {
        return false;
    }
    g_string_append_len(into, buffer, size);
    return true;
}

char *client_read(int fd, int wait_ms)
{
    GString *all = g_string_new(NULL);
    while (read_some(fd, wait_ms, all)) {
    }
    return g_string_free(all, FALSE);
}

char *client_read_until(int fd, const char *needle)
{
    GString *all = g_string_new(NULL);
    while (strstr(all->str, needle) == NULL && read_some(fd, SILENCE_MAX_MS, all)) {
    }
    return g_string_free(all, FALSE);
}

char *client_say(unsigned port, const char *bytes)
{
    int fd = client_connect(port);
    if (fd < 0) {
        return g_strdup("");
    }
    client_send(fd, bytes, strlen(bytes));
    char *answer = client_read(fd, SILENCE_MAX_MS);
    close(fd);
    return answer;
}

char *client_call(unsigned port, const char *method, const char *path, const char *headers,
                  const char *body)
{
    int fd = client_connect(port);
    if (fd < 0) {
        return g_strdup("");
    }
    g_autofree char *head =
        g_strdup_printf("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: "
                        "close\r\nContent-Length: %zu\r\n%s\r\n",
                        method, path, port, body == NULL ? (size_t)0 : strlen(body),
                        headers == NULL ? "" : headers);
    client_send(fd, head, strlen(head));
    if (body != NULL) {
        client_send(fd, body, strlen(body));
    }
    char *answer = client_read(fd, 10000);
    close(fd);
    return answer;
}

int client_status(const char *answer)
{
    if (!g_str_has_prefix(answer, "HTTP/1.1 ")) {
        return 0;
    }
    return (int)g_ascii_strtoull(answer + 9, NULL, 10);
}

const char *client_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end == NULL ? "" : end + 4;
}

char *client_header(const char *answer, const char *name)
{
    g_autofree char *start = g_strdup_printf("\r\n%s: ", name);
    g_autofree char *head = g_strndup(answer, (gsize)(client_body(answer) - answer));
    g_autofree char *lower_head = g_ascii_strdown(head, -1);
    g_autofree char *lower_start = g_ascii_strdown(start, -1);
    const char *at = strstr(lower_head, lower_start);
    if (at == NULL) {
        return NULL;
    }
    const char *value = head + (at - lower_head) + strlen(start);
    return g_strndup(value, strcspn(value, "\r"));
}
