/* What would keep a page from arriving? */
#include "api/handler.h"
#include "api/server_permits.h"
#include "api/shapes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "config/lint.h"

enum { LOOKS_MAX = 2, BUSY_S = 10 };

/* A look asks the mail server and reads the whole database: it has a thread, for the pool must go on
 * taking alerts. */
static atomic_int looks_running;

struct doctor_look {
    struct http_request *request;
    struct api_context *context;
};

static void *look(void *self)
{
    struct doctor_look *look = self;
    struct api_context *context = look->context;
    GPtrArray *findings = lint_new();
    struct config *config = config_current(context->configs);
    struct db *db = api_borrow(context);
    context->doctor(context->doctor_self, db, config, findings);
    db_pool_give(context->readers, db);
    config_unref(config);
    http_answer_json(look->request, 200, lint_json(findings));
    g_ptr_array_unref(findings);
    g_free(look);
    atomic_fetch_sub(&looks_running, 1);
    return NULL;
}

void doctor_settle(void)
{
    static const struct timespec TICK = {.tv_nsec = 10000000};
    while (atomic_load(&looks_running) > 0) {
        nanosleep(&TICK, NULL);
    }
}

static void get_doctor(struct http_request *request, void *self)
{
    struct api_context *context = self;
    if (context->doctor == NULL) {
        http_answer_problem(request, 404, "This server has no doctor.");
        return;
    }
    if (atomic_fetch_add(&looks_running, 1) >= LOOKS_MAX) {
        atomic_fetch_sub(&looks_running, 1);
        http_answer_busy(request, BUSY_S, "Others are asking the doctor already.");
        return;
    }
    http_step_aside(request);
    struct doctor_look *job = g_new0(struct doctor_look, 1);
    *job = (struct doctor_look){request, context};
    pthread_t thread;
    if (pthread_create(&thread, NULL, look, job) != 0) {
        atomic_fetch_sub(&looks_running, 1);
        g_free(job);
        http_answer_busy(request, BUSY_S, "No thread could be started for the doctor.");
        return;
    }
    pthread_detach(thread);
}

static const int NONE[] = {404, 0};

static const struct route_row ROWS[] = {
    {"GET", "/api/v1/doctor", &PERMIT_SERVER_EXAMINE, get_doctor,
     .summary = "What would keep a page from arriving.", .answer = &REPORT_SHAPE, .others = NONE},
};
const struct route_table DOCTOR_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
