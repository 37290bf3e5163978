#include "db/listener.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/postgres.h"

enum {
    CONNECT_MS = 2000, /* for one host; then the next one's turn comes */
    ANSWER_MS = 3000,
    DOUBT_MS = 5000, /* of silence: is the server still there? */
};

enum listener_state {
    EAR_DEAF = 1,
    EAR_CONNECTING,
    EAR_ASKING, /* LISTEN was sent */
    EAR_HEARING,
};

struct db_listener {
    struct postgres_place place;
    enum listener_state state;
    struct span until; /* when the state has lasted long enough */
    PGconn *conn;      /* NULL while deaf */
    short events;      /* what to wait for on its socket */
    unsigned attempts; /* to connect; chooses the host */
    struct back_off back_off;
    int bell; /* rung by db_listener_interrupt */
};

struct db_listener *db_listener_open(const char *where)
{
    if (!postgres_is_url(where)) {
        return NULL;
    }
    struct db_listener *listener = g_new0(struct db_listener, 1);
    struct fault fault = {0};
    listener->state = EAR_DEAF;
    if (!postgres_place_parse(where, &listener->place, &fault)) {
        listener->until = (struct span){INT64_MAX}; /* who opened the database was told why */
    }
    listener->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(listener->bell >= 0);
    return listener;
}

void db_listener_close(struct db_listener **listener)
{
    if (*listener == NULL) {
        return;
    }
    g_clear_pointer(&(*listener)->conn, PQfinish);
    postgres_place_clear(&(*listener)->place);
    (void)close((*listener)->bell);
    g_clear_pointer(listener, g_free);
}

void db_listener_interrupt(struct db_listener *listener)
{
    uint64_t one = 1;
    ssize_t written = write(listener->bell, &one, sizeof one);
    CHECK(written == (ssize_t)sizeof one || errno == EAGAIN); /* it rings already */
}

static void enter(struct db_listener *listener, enum listener_state state, int ms)
{
    listener->state = state;
    listener->until = postgres_end_in(ms);
    listener->events = POLLIN;
}

static void go_deaf(struct db_listener *listener)
{
    g_clear_pointer(&listener->conn, PQfinish);
    back_off_more(&listener->back_off);
    listener->state = EAR_DEAF;
    listener->until = listener->back_off.end;
}

static void ignore(void *self, const PGresult *notice)
{
    (void)self;
    (void)notice;
}

/* One host at a time: libpq leaves one that does not answer only when it may block. */
static void start(struct db_listener *listener)
{
    struct postgres_place host = {0};
    postgres_place_pick(&listener->place, listener->attempts++, &host);
    listener->conn = PQconnectStartParams((const char *const *)host.keywords,
                                          (const char *const *)host.values, 0);
    postgres_place_clear(&host);
    CHECK(listener->conn != NULL); /* else out of memory */
    (void)PQsetNoticeReceiver(listener->conn, ignore, NULL);
    if (PQstatus(listener->conn) == CONNECTION_BAD) {
        go_deaf(listener);
        return;
    }
    enter(listener, EAR_CONNECTING, CONNECT_MS);
    listener->events = POLLOUT;
}

static void ask(struct db_listener *listener)
{
    if (PQsendQuery(listener->conn, "LISTEN " POSTGRES_CHANNEL) != 1 ||
        PQflush(listener->conn) < 0) {
        go_deaf(listener);
        return;
    }
    enter(listener, EAR_ASKING, ANSWER_MS);
}

static void connect_on(struct db_listener *listener)
{
    switch (PQconnectPoll(listener->conn)) {
    case PGRES_POLLING_READING:
        listener->events = POLLIN;
        break;
    case PGRES_POLLING_WRITING:
        listener->events = POLLOUT;
        break;
    case PGRES_POLLING_OK:
        if (PQsetnonblocking(listener->conn, 1) == 0) {
            ask(listener);
            break;
        }
        go_deaf(listener);
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
    default:
        go_deaf(listener);
        break;
    }
}

static bool take_notices(struct db_listener *listener)
{
    bool has_heard = false;
    for (PGnotify *notice; (notice = PQnotifies(listener->conn)) != NULL; PQfreemem(notice)) {
        has_heard = true;
    }
    return has_heard;
}

/* The answer to LISTEN. Something may have been told while nobody heard it. */
static bool take_answer(struct db_listener *listener)
{
    while (PQisBusy(listener->conn) == 0) {
        PGresult *result = PQgetResult(listener->conn);
        if (result == NULL) {
            listener->back_off.failures = 0;
            enter(listener, EAR_HEARING, DOUBT_MS);
            return true;
        }
        bool is_good = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!is_good) {
            go_deaf(listener);
            return false;
        }
    }
    return false;
}

/* The socket has something for us. True: something was heard. */
static bool read_on(struct db_listener *listener)
{
    if (listener->state == EAR_CONNECTING) {
        connect_on(listener);
        return false;
    }
    if (PQflush(listener->conn) < 0 || PQconsumeInput(listener->conn) != 1) {
        go_deaf(listener);
        return false;
    }
    bool has_heard = listener->state == EAR_ASKING && take_answer(listener);
    return (listener->conn != NULL && take_notices(listener)) || has_heard;
}

static void outlive(struct db_listener *listener)
{
    if (clock_elapsed(&CLOCK_SYSTEM).us < listener->until.us) {
        return;
    }
    switch (listener->state) {
    case EAR_DEAF:
        start(listener);
        break;
    case EAR_HEARING:
        ask(listener);
        break;
    case EAR_CONNECTING:
    case EAR_ASKING:
        go_deaf(listener);
        break;
    }
}

static int ms_until(struct span end)
{
    int64_t left_us = end.us - clock_elapsed(&CLOCK_SYSTEM).us;
    return (int)CLAMP(left_us / 1000 + 1, 0, 60000);
}

bool db_listener_wait(struct db_listener *listener, int ms)
{
    struct span end = postgres_end_in(ms);
    do {
        outlive(listener);
        struct pollfd both[2] = {
            {.fd = listener->bell, .events = POLLIN},
            {.fd = listener->conn == NULL ? -1 : PQsocket(listener->conn),
             .events = listener->events},
        };
        (void)poll(both, G_N_ELEMENTS(both), MIN(ms_until(end), ms_until(listener->until)));
        if (both[0].revents != 0) {
            uint64_t rings = 0;
            (void)!read(listener->bell, &rings, sizeof rings);
            return false;
        }
        if (both[1].revents != 0 && read_on(listener)) {
            return true;
        }
    } while (clock_elapsed(&CLOCK_SYSTEM).us < end.us);
    return false;
}
