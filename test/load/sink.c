/* A webhook receiver that keeps a journal: sink --journal FILE [--port N]
 *
 * Prints "listening PORT", then answers every request with 200 and appends one line per request
 * before it answers: instant of arrival (microseconds UTC), path, body with its line ends as
 * spaces. The lines are written with one write(2) each, so that the journal is whole whenever the
 * sink is ended. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct arrival {
    gint64 at_us;
    GString *body;
};

static int journal_fd;

static gint64 now_us(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    return (gint64)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static bool keep(const struct arrival *arrival, const char *path)
{
    g_strdelimit(arrival->body->str, "\r\n", ' ');
    g_autofree char *line =
        g_strdup_printf("%" G_GINT64_FORMAT " %s %s\n", arrival->at_us, path, arrival->body->str);
    size_t size = strlen(line);
    return write(journal_fd, line, size) == (ssize_t)size;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status)
{
    static char text[] = "ok\n";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **state)
{
    (void)context;
    (void)method;
    (void)version;
    struct arrival *arrival = *state;
    if (arrival == NULL) {
        arrival = g_new0(struct arrival, 1);
        arrival->at_us = now_us();
        arrival->body = g_string_new(NULL);
        *state = arrival;
        return MHD_YES;
    }
    if (*size > 0) {
        g_string_append_len(arrival->body, bytes, (gssize)*size);
        *size = 0;
        return MHD_YES;
    }
    return answer(connection, keep(arrival, path) ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    struct arrival *arrival = *state;
    if (arrival != NULL) {
        (void)g_string_free(arrival->body, TRUE);
        g_free(arrival);
        *state = NULL;
    }
}

int main(int argc, char **argv)
{
    int port = 0;
    g_autofree char *journal = NULL;
    const GOptionEntry entries[] = {
        {"port", 0, 0, G_OPTION_ARG_INT, &port, "Where to listen on loopback; 0: any", "N"},
        {"journal", 0, 0, G_OPTION_ARG_FILENAME, &journal, "Where each request is written", "FILE"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    GOptionContext *options = g_option_context_new("- receive webhooks and keep a journal");
    g_option_context_add_main_entries(options, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool is_parsed = g_option_context_parse(options, &argc, &argv, &error) != 0;
    g_option_context_free(options);
    if (!is_parsed || journal == NULL) {
        (void)fprintf(stderr, "sink: %s\n", is_parsed ? "--journal is needed" : error->message);
        return 2;
    }
    journal_fd = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct MHD_Daemon *daemon =
        journal_fd < 0
            ? NULL
            : MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, NULL,
                               MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                               NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    if (daemon == NULL) {
        (void)fprintf(stderr, "sink: cannot listen on port %d or write %s: %s\n", port, journal,
                      g_strerror(errno));
        return 1;
    }
    (void)printf("listening %u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    (void)fflush(stdout);
    int number = 0;
    (void)sigwait(&ends, &number);
    MHD_stop_daemon(daemon);
    return close(journal_fd) == 0 ? 0 : 1;
}
