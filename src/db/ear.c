#include "db/ear.h"

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

enum ear_state {
    EAR_DEAF = 1,
    EAR_CONNECTING,
    EAR_ASKING, /* LISTEN was sent */
    EAR_HEARING,
};

struct db_ear {
    struct postgres_place place;
    enum ear_state state;
    struct span until; /* when the state has lasted long enough */
    PGconn *conn;      /* NULL while deaf */
    short events;      /* what to wait for on its socket */
    unsigned attempts; /* to connect; chooses the host */
    struct back_off back_off;
    int bell; /* rung by db_ear_interrupt */
};

struct db_ear *db_ear_open(const char *where)
{
    if (!postgres_is_url(where)) {
        return NULL;
    }
    struct db_ear *ear = g_new0(struct db_ear, 1);
    struct fault fault = {0};
    ear->state = EAR_DEAF;
    if (!postgres_place_parse(where, &ear->place, &fault)) {
        ear->until = (struct span){INT64_MAX}; /* who opened the database was told why */
    }
    ear->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(ear->bell >= 0);
    return ear;
}

void db_ear_close(struct db_ear **ear)
{
    if (*ear == NULL) {
        return;
    }
    g_clear_pointer(&(*ear)->conn, PQfinish);
    postgres_place_clear(&(*ear)->place);
    (void)close((*ear)->bell);
    g_clear_pointer(ear, g_free);
}

void db_ear_interrupt(struct db_ear *ear)
{
    uint64_t one = 1;
    ssize_t written = write(ear->bell, &one, sizeof one);
    CHECK(written == (ssize_t)sizeof one || errno == EAGAIN); /* it rings already */
}

static void enter(struct db_ear *ear, enum ear_state state, int ms)
{
    ear->state = state;
    ear->until = postgres_end_in(ms);
    ear->events = POLLIN;
}

static void go_deaf(struct db_ear *ear)
{
    g_clear_pointer(&ear->conn, PQfinish);
    back_off_more(&ear->back_off);
    ear->state = EAR_DEAF;
    ear->until = ear->back_off.end;
}

static void ignore(void *self, const PGresult *notice)
{
    (void)self;
    (void)notice;
}

/* One host at a time: libpq leaves one that does not answer only when it may block. */
static void start(struct db_ear *ear)
{
    struct postgres_place host = {0};
    postgres_place_pick(&ear->place, ear->attempts++, &host);
    ear->conn = PQconnectStartParams((const char *const *)host.keywords,
                                     (const char *const *)host.values, 0);
    postgres_place_clear(&host);
    CHECK(ear->conn != NULL); /* else out of memory */
    (void)PQsetNoticeReceiver(ear->conn, ignore, NULL);
    if (PQstatus(ear->conn) == CONNECTION_BAD) {
        go_deaf(ear);
        return;
    }
    enter(ear, EAR_CONNECTING, CONNECT_MS);
    ear->events = POLLOUT;
}

static void ask(struct db_ear *ear)
{
    if (PQsendQuery(ear->conn, "LISTEN " POSTGRES_CHANNEL) != 1 || PQflush(ear->conn) < 0) {
        go_deaf(ear);
        return;
    }
    enter(ear, EAR_ASKING, ANSWER_MS);
}

static void connect_on(struct db_ear *ear)
{
    switch (PQconnectPoll(ear->conn)) {
    case PGRES_POLLING_READING:
        ear->events = POLLIN;
        break;
    case PGRES_POLLING_WRITING:
        ear->events = POLLOUT;
        break;
    case PGRES_POLLING_OK:
        if (PQsetnonblocking(ear->conn, 1) == 0) {
            ask(ear);
            break;
        }
        go_deaf(ear);
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
    default:
        go_deaf(ear);
        break;
    }
}

static bool take_notices(struct db_ear *ear)
{
    bool has_heard = false;
    for (PGnotify *notice; (notice = PQnotifies(ear->conn)) != NULL; PQfreemem(notice)) {
        has_heard = true;
    }
    return has_heard;
}

/* The answer to LISTEN. Something may have been told while nobody heard it. */
static bool take_answer(struct db_ear *ear)
{
    while (PQisBusy(ear->conn) == 0) {
        PGresult *result = PQgetResult(ear->conn);
        if (result == NULL) {
            ear->back_off.failures = 0;
            enter(ear, EAR_HEARING, DOUBT_MS);
            return true;
        }
        bool is_good = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!is_good) {
            go_deaf(ear);
            return false;
        }
    }
    return false;
}

/* The socket has something for us. True: something was heard. */
static bool read_on(struct db_ear *ear)
{
    if (ear->state == EAR_CONNECTING) {
        connect_on(ear);
        return false;
    }
    if (PQflush(ear->conn) < 0 || PQconsumeInput(ear->conn) != 1) {
        go_deaf(ear);
        return false;
    }
    bool has_heard = ear->state == EAR_ASKING && take_answer(ear);
    return (ear->conn != NULL && take_notices(ear)) || has_heard;
}

static void outlive(struct db_ear *ear)
{
    if (clock_elapsed(&CLOCK_SYSTEM).us < ear->until.us) {
        return;
    }
    switch (ear->state) {
    case EAR_DEAF:
        start(ear);
        break;
    case EAR_HEARING:
        ask(ear);
        break;
    case EAR_CONNECTING:
    case EAR_ASKING:
        go_deaf(ear);
        break;
    }
}

static int ms_until(struct span end)
{
    int64_t left_us = end.us - clock_elapsed(&CLOCK_SYSTEM).us;
    return (int)CLAMP(left_us / 1000 + 1, 0, 60000);
}

bool db_ear_wait(struct db_ear *ear, int ms)
{
    struct span end = postgres_end_in(ms);
    do {
        outlive(ear);
        struct pollfd both[2] = {
            {.fd = ear->bell, .events = POLLIN},
            {.fd = ear->conn == NULL ? -1 : PQsocket(ear->conn), .events = ear->events},
        };
        (void)poll(both, G_N_ELEMENTS(both), MIN(ms_until(end), ms_until(ear->until)));
        if (both[0].revents != 0) {
            uint64_t rings = 0;
            (void)!read(ear->bell, &rings, sizeof rings);
            return false;
        }
        if (both[1].revents != 0 && read_on(ear)) {
            return true;
        }
    } while (clock_elapsed(&CLOCK_SYSTEM).us < end.us);
    return false;
}
