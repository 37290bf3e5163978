/* Trying out a contact: a test page. */
#include "api/handler.h"
#include "api/job.h"
#include "api/shapes.h"

#include "paging/pager.h"
#include "people/people_permits.h"

struct test_body {
    char *contact;
};
static const struct field TEST_FIELDS[] = {
    {.name = "contact",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct test_body, contact),
     .doc = "Name of one contact; all of them when absent."},
};
static const struct record TEST_RECORD = {.name = "TestPage",
                                          .doc = "A message that only tries out a contact.",
                                          .size = sizeof(struct test_body),
                                          .fields = TEST_FIELDS,
                                          .field_count = G_N_ELEMENTS(TEST_FIELDS)};

static enum command_result run_test(struct ledger_tx *tx, struct job *job)
{
    struct test_page *test = job->work;
    enum command_result result = pager_test(tx, test);
    if (result == COMMAND_DONE) {
        job->answer = json_pack("{s:s*, s:s*}", "user", test->user, "channel", test->channel);
    }
    return job_became(job, result, result == COMMAND_DONE ? 202 : test->status, &test->fault);
}

static void post_user_test(struct http_request *request, void *context)
{
    static const struct job_kind TESTING = {
        .body = &TEST_RECORD, .work = sizeof(struct test_page), .run = run_test};
    struct job *job = job_begin(request, context, context, &TESTING);
    if (job == NULL) {
        return;
    }
    const struct test_body *body = job->body;
    *(struct test_page *)job->work = (struct test_page){.pager = job->api->pager,
                                                        .user = http_path_param(request, "name"),
                                                        .contact = body->contact,
                                                        .actor = job->actor};
    job_go(job);
}

static void post_channel_test(struct http_request *request, void *context)
{
    static const struct job_kind TESTING = {.work = sizeof(struct test_page), .run = run_test};
    struct job *job = job_begin(request, context, context, &TESTING);
    *(struct test_page *)job->work = (struct test_page){
        .pager = job->api->pager, .channel = http_path_param(request, "name"), .actor = job->actor};
    job_go(job);
}

static const struct field TEST_SENT_FIELDS[] = {SHAPE_TEXT("user", 0, NULL),
                                                SHAPE_TEXT("channel", 0, NULL)};
static const struct record TEST_SENT_SHAPE =
    SHAPE("TestPageSent", "Who is sent a test message: one of them.", TEST_SENT_FIELDS);

static const struct route_row ROWS[] = {
    {"POST", "/api/v1/users/{name}/test", &PERMIT_USER_TEST, post_user_test,
     .summary = "Sends a test message to one contact of a user, or to all.",
     .request = &TEST_RECORD, .answer = &TEST_SENT_SHAPE, .success = 202},
    {"POST", "/api/v1/channels/{name}/test", &PERMIT_CHANNEL_TEST, post_channel_test,
     .summary = "Sends a test message to a channel.", .answer = &TEST_SENT_SHAPE, .success = 202},
};
const struct route_table TRIAL_ROUTES = {ROWS, G_N_ELEMENTS(ROWS)};
