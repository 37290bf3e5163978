#include "http/request.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"

enum {
    CONNECTIONS_MAX = 20000,
    CONNECTION_MEMORY =
        40960, /* a header of more than LIMIT_HEADER, so that it is we who refuse it, and the answer's */
    IDLE_S = 30, /* no byte either way: closed. Also cuts a stream nobody reads */
    BACKLOG = 1024,
    DESCRIPTORS_SPARE = 128, /* database, log, outgoing requests */
    LOCAL_CONNECTIONS = 64,
};

static bool split_listen(const char *listen, char **out_host, char **out_port)
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || colon[1] == '\0') {
        return false;
    }
    size_t size = (size_t)(colon - listen);
    bool is_bracketed = size >= 2 && listen[0] == '[' && colon[-1] == ']';
    *out_host = is_bracketed ? g_strndup(listen + 1, size - 2) : g_strndup(listen, size);
    *out_port = g_strdup(colon + 1);
    return true;
}

/* A number that no port has would be taken modulo 65536. Names of services are the resolver's. */
static bool is_port(const char *text)
{
    guint64 number;
    bool is_name = strspn(text, "0123456789") != strlen(text);
    return is_name || g_ascii_string_to_unsigned(text, 10, 0, UINT16_MAX, &number, NULL);
}

static int bind_address(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int one = 1;
    int zero = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_tcp(const char *listen, struct fault *fault)
{
    g_autofree char *host = NULL;
    g_autofree char *port = NULL;
    if (!split_listen(listen, &host, &port)) {
        fault_set(fault, "listen", "\"%s\" is not an address; write 127.0.0.1:8420 or [::]:8420.",
                  listen);
        return -1;
    }
    if (!is_port(port)) {
        fault_set(fault, "listen", "\"%s\" has no port: one is a number up to 65535.", listen);
        return -1;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int problem = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found);
    if (problem != 0) {
        fault_set(fault, "listen", "Cannot use the address \"%s\": %s.", listen,
                  gai_strerror(problem));
        return -1;
    }
    int fd = bind_address(found);
    if (fd < 0) {
        bool is_taken = errno == EADDRINUSE;
        fault_set(fault, "listen", "Cannot listen on %s: %s.%s", listen, g_strerror(errno),
                  is_taken ? " Another program has it: end that one, or take another port." : "");
    }
    freeaddrinfo(found);
    return fd;
}

bool http_can_listen(const char *listen, struct fault *fault)
{
    int fd = open_tcp(listen, fault);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

static bool is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_open = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_open;
}

static int open_unix(const char *path, struct fault *fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        fault_set(fault, "data", "The path of the socket is too long (%s): at most %zu bytes.",
                  path, sizeof address.sun_path - 1);
        return -1;
    }
    if (is_answered(&address)) {
        fault_set(fault, "data", "Another server already answers on %s. Stop it first.", path);
        return -1;
    }
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Nobody can connect before listen, so the mode is right from the first moment. */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0) {
        fault_set(fault, "data", "Cannot listen on the socket %s: %s.", path, g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static unsigned bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char port[16] = "0";
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        (void)getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port,
                          NI_NUMERICSERV);
    }
    return (unsigned)g_ascii_strtoull(port, NULL, 10);
}

/* Of the process' descriptors: one more than there are would make accept fail in a loop. The local socket has
 * its own, so that a crowd outside does not shut out the command line. */
static unsigned connections_of(rlim_t descriptors)
{
    rlim_t spare = MIN((rlim_t)DESCRIPTORS_SPARE + LOCAL_CONNECTIONS, descriptors / 2);
    return (unsigned)MIN((rlim_t)CONNECTIONS_MAX, descriptors - spare);
}

static unsigned connections_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 512;
    }
    rlim_t wanted = CONNECTIONS_MAX + DESCRIPTORS_SPARE + LOCAL_CONNECTIONS;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = MIN(wanted, limit.rlim_max);
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return connections_of(limit.rlim_cur);
}

/* Addresses are unescaped here, piece by piece, where %2F and bad UTF-8 can be told apart. */
static size_t leave_escaped(void *self, struct MHD_Connection *connection, char *text)
{
    (void)self;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd, unsigned threads,
                                       bool is_local)
{
    unsigned connections = connections_max();
    connections = is_local ? MIN(LOCAL_CONNECTIONS, MAX(4, connections / 8)) : connections;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    /* A pool of one is no pool to libmicrohttpd. */
    unsigned pool = threads > 1 ? threads : 0;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access_handle, server, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, connections - connections / 8,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, server, MHD_OPTION_NOTIFY_COMPLETED, access_done, server,
        MHD_OPTION_NOTIFY_CONNECTION, peer_changed, server, MHD_OPTION_END);
}

void server_unref(struct http_server *server)
{
    if (atomic_fetch_sub(&server->refs, 1) != 1) {
        return;
    }
    routes_destroy(&server->routes);
    pthread_mutex_destroy(&server->waiting_lock);
    pthread_mutex_destroy(&server->peers_lock);
    pthread_mutex_destroy(&server->streams_lock);
    sem_destroy(&server->sweeper_wanted);
    guesses_destroy(&server->guesses);
    g_free(server->origin);
    g_free(server->root);
    g_free(server->socket_path);
    g_free(server);
}

static struct http_server *server_new(const struct http_options *options)
{
    struct http_server *server = g_new0(struct http_server, 1);
    atomic_init(&server->refs, 1);
    server->routes = routes_create(options->routes);
    server->guard = options->guard;
    server->plain_problems = options->plain_problems;
    server->nowhere = options->nowhere;
    bodies_init(&server->bodies, options);
    client_setup(server, options);
    server->streams_max = options->stream_memory == 0 ? LIMIT_STREAMS : options->stream_memory;
    server->context = options->context;
    server->late = options->late;
    server->socket_path = g_strdup(options->socket_path);
    random_fill(&RANDOM_SYSTEM, &server->id_salt, sizeof server->id_salt);
    pthread_mutex_init(&server->waiting_lock, NULL);
    pthread_mutex_init(&server->peers_lock, NULL);
    pthread_mutex_init(&server->streams_lock, NULL);
    sem_init(&server->sweeper_wanted, 0, 0);
    return server;
}

static bool open_doors(struct http_server *server, const struct http_options *options,
                       struct fault *fault)
{
    int fds[HTTP_DAEMONS] = {-1, -1};
    fds[0] = open_tcp(options->listen, fault);
    if (fds[0] < 0) {
        return false;
    }
    if (options->socket_path != NULL) {
        fds[1] = open_unix(options->socket_path, fault);
        if (fds[1] < 0) {
            close(fds[0]);
            return false;
        }
    }
    server->port = bound_port(fds[0]);
    server->has_socket = fds[1] >= 0;
    unsigned threads = options->threads > 0 ? options->threads : (unsigned)g_get_num_processors();
    for (size_t i = 0; i < HTTP_DAEMONS; i++) {
        server->daemons[i] =
            fds[i] < 0 ? NULL : start_daemon(server, fds[i], i == 0 ? threads : 1, i > 0);
        if (fds[i] >= 0 && server->daemons[i] == NULL) {
            fault_set(fault, "listen", "The HTTP server cannot start: %s.", g_strerror(errno));
            return false;
        }
    }
    return true;
}

struct http_server *http_start(const struct http_options *options, struct fault *fault)
{
    struct http_server *server = server_new(options);
    if (pthread_create(&server->sweeper, NULL, sweeper_run, server) != 0) {
        fault_set(fault, "", "No thread could be started: %s.", g_strerror(errno));
        server_unref(server);
        return NULL;
    }
    if (!open_doors(server, options, fault)) {
        http_stop(&server, 0);
        return NULL;
    }
    return server;
}

unsigned http_port(const struct http_server *server)
{
    return server->port;
}

static void wait_for_flights(struct http_server *server, unsigned drain_ms)
{
    static const struct timespec TICK = {.tv_nsec = 2000000};
    int64_t until_us = clock_elapsed(&CLOCK_SYSTEM).us + (int64_t)drain_ms * 1000;
    while (atomic_load(&server->in_flight) > 0 && clock_elapsed(&CLOCK_SYSTEM).us < until_us) {
        nanosleep(&TICK, NULL);
    }
}

/* They see that the server is stopping. */
static void end_streams(struct http_server *server)
{
    streams_mark(server, true);
    (void)!streams_rouse(server, UINT_MAX);
}

void http_stop(struct http_server **handle, unsigned drain_ms)
{
    struct http_server *server = *handle;
    if (server == NULL) {
        return;
    }
    *handle = NULL;
    int listening[HTTP_DAEMONS] = {-1, -1};
    for (size_t i = 0; i < HTTP_DAEMONS; i++) {
        if (server->daemons[i] != NULL) {
            listening[i] = MHD_quiesce_daemon(server->daemons[i]);
        }
    }
    atomic_store(&server->is_stopping, true);
    end_streams(server);
    wait_for_flights(server, drain_ms);
    if (server->late != NULL && atomic_load(&server->in_flight) > 0) {
        server->late(server->context);
    }
    atomic_store(&server->must_not_sleep, true); /* a handler may still be at work */
    waiting_force_all(server); /* libmicrohttpd must not be stopped with a sleeping connection */
    wait_for_flights(server, 1000);
    end_streams(server);
    for (size_t i = 0; i < HTTP_DAEMONS; i++) {
        if (server->daemons[i] != NULL) {
            MHD_stop_daemon(server->daemons[i]);
        }
        if (listening[i] >= 0) {
            close(listening[i]);
        }
    }
    atomic_store(&server->must_end, true);
    sem_post(&server->sweeper_wanted);
    pthread_join(server->sweeper, NULL);
    if (server->socket_path != NULL && server->has_socket) {
        unlink(server->socket_path);
    }
    server_unref(server);
}
