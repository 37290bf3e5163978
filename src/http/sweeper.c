/* A thread beside the pool: cuts connections that send too slowly, answers requests whose answer does not come,
 * wakes streams. */
#include "http/request.h"

#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/metric.h"

/* A connection may stay silent for IDLE_S (server.c) (libmicrohttpd closes it); one that drips is closed
 * here. The first header must be there soon; later ones may come after an idle stretch. */
enum { FIRST_HEADER_S = 10, READING_S = 45, SWEEP_S = 1, TURN_MS = 10 };

struct peer *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    CHECK(info != NULL && info->socket_context != NULL);
    return info->socket_context;
}

void peer_reads(struct peer *peer, bool is_reading)
{
    atomic_store(&peer->is_fresh, false);
    atomic_store(&peer->reading_since_us, is_reading ? clock_elapsed(&CLOCK_SYSTEM).us : 0);
}

static bool is_unix(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.ss_family == AF_UNIX;
}

static struct peer *peer_add(struct http_server *server, struct MHD_Connection *connection)
{
    struct peer *peer = g_new0(struct peer, 1);
    peer->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    peer->is_local = server->has_socket && is_unix(peer->fd);
    atomic_init(&peer->is_fresh, true);
    atomic_init(&peer->reading_since_us, clock_elapsed(&CLOCK_SYSTEM).us);
    pthread_mutex_lock(&server->peers_lock);
    peer->after = server->peers;
    if (server->peers != NULL) {
        server->peers->before = peer;
    }
    server->peers = peer;
    pthread_mutex_unlock(&server->peers_lock);
    metric_add(METRIC_CONNECTIONS, 1);
    return peer;
}

static void peer_remove(struct http_server *server, struct peer *peer)
{
    pthread_mutex_lock(&server->peers_lock);
    if (peer->before != NULL) {
        peer->before->after = peer->after;
    } else {
        server->peers = peer->after;
    }
    if (peer->after != NULL) {
        peer->after->before = peer->before;
    }
    pthread_mutex_unlock(&server->peers_lock);
    metric_add(METRIC_CONNECTIONS, -1);
    g_free(peer);
}

void peer_changed(void *self, struct MHD_Connection *connection, void **handle,
                  enum MHD_ConnectionNotificationCode how)
{
    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        *handle = peer_add(self, connection);
    } else if (*handle != NULL) {
        peer_remove(self, *handle);
        *handle = NULL;
    }
}

/* Only the socket is shut: libmicrohttpd then finds the end of input and closes in its own thread. */
static void cut_slow(struct http_server *server, struct span elapsed)
{
    pthread_mutex_lock(&server->peers_lock);
    for (struct peer *peer = server->peers; peer != NULL; peer = peer->after) {
        int64_t since_us = atomic_load(&peer->reading_since_us);
        struct span wait = SPAN_S(atomic_load(&peer->is_fresh) ? FIRST_HEADER_S : READING_S);
        if (since_us != 0 && !peer->is_cut && elapsed.us - since_us > wait.us) {
            peer->is_cut = true;
            shutdown(peer->fd, SHUT_RDWR);
            metric_add(METRIC_CONNECTIONS_CUT, 1);
        }
    }
    pthread_mutex_unlock(&server->peers_lock);
}

/* Until somebody wakes it, or the next sweep is due, or somebody's turn to read what is old. */
static void sweeper_wait(struct http_server *server, struct span swept, bool has_behind)
{
    int64_t left_us = swept.us + SPAN_S(SWEEP_S).us - clock_elapsed(&CLOCK_SYSTEM).us;
    left_us = has_behind ? MIN(left_us, SPAN_MS(TURN_MS).us) : left_us;
    const struct span left = {CLAMP(left_us, 0, SPAN_S(SWEEP_S).us)};
    const struct timespec until = clock_monotonic_after(left);
    (void)sem_clockwait(&server->sweeper_wanted, CLOCK_MONOTONIC, &until);
}

void sweeper_wake(struct http_server *server)
{
    if (!atomic_exchange(&server->is_woken, true)) {
        sem_post(&server->sweeper_wanted);
    }
}

static void pause_for(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

/* In slices: thousands of streams roused at once would hold up the requests of the same threads.
 * Commits come by the thousand as well; the streams see those of COMMITS_MS together. */
static void rouse(struct http_server *server)
{
    enum { SLICE = 128, SLICE_MS = 1, COMMITS_MS = 20 };

    streams_mark(server, atomic_exchange(&server->must_end_streams, false));
    while (streams_rouse(server, SLICE) && !atomic_load(&server->must_end)) {
        pause_for(SLICE_MS);
    }
    pause_for(COMMITS_MS);
}

void *sweeper_run(void *self)
{
    struct http_server *server = self;
    struct span swept = clock_elapsed(&CLOCK_SYSTEM);
    bool has_behind = false;
    while (!atomic_load(&server->must_end)) {
        sweeper_wait(server, swept, has_behind);
        has_behind = streams_further(server);
        if (atomic_exchange(&server->is_woken, false)) {
            rouse(server);
        }
        struct span elapsed = clock_elapsed(&CLOCK_SYSTEM);
        if (elapsed.us - swept.us >= SPAN_S(SWEEP_S).us) {
            swept = elapsed;
            cut_slow(server, elapsed);
            waiting_force_late(server, elapsed);
            streams_cut_stuck(server, elapsed);
            streams_end_unproved(server);
            streams_keep_alive(server, elapsed);
        }
    }
    return NULL;
}
