/* Attempts to sign in: bounded, counted, and hashed apart from all others. */
#include "account/account_api.h"

#include <sodium.h>
#include <string.h>

#include "account/session_index.h"
#include "api/aside.h"
#include "api/handler.h"
#include "http/guard.h"

#define TOLD_EVERY SPAN_MIN(1)

static uint64_t key_of(const struct account_room *room, const void *bytes, size_t size)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t key = 0;
    _Static_assert(sizeof room->salt == crypto_shorthash_KEYBYTES, "as the library takes them");
    _Static_assert(sizeof key == sizeof hash, "all of it");
    CHECK(crypto_shorthash(hash, bytes, size, room->salt) == 0);
    memcpy(&key, hash, sizeof key);
    return MAX(key, 1);
}

/* Strangers' guesses must not keep somebody out who is signed in at that place already, on another device: what comes
 * from there counts apart. */
static uint64_t account_key(const struct account_room *room, const char *name,
                            const unsigned char network[16])
{
    if (!session_index_knows(room->api->sessions, name, network)) {
        return key_of(room, name, strlen(name));
    }
    g_autoptr(GByteArray) both = g_byte_array_new();
    g_byte_array_append(both, network, 16);
    g_byte_array_append(both, (const guint8 *)name, (guint)strlen(name));
    return key_of(room, both->data, both->len);
}

bool attempt_begin(struct account_room *room, struct http_request *request, const char *name,
                   struct attempt *out)
{
    unsigned char network[16] = {0};
    const char *address = http_client(request);
    if (address != NULL) {
        address_network(address, network);
    }
    *out = (struct attempt){key_of(room, network, sizeof network),
                            name != NULL ? account_key(room, name, network) : 0};
    struct span now = clock_elapsed(room->api->clock);
    pthread_mutex_lock(&room->lock);
    int wait_s = address == NULL ? 0 : throttle_take(&room->by_address, out->address, now);
    if (wait_s == 0 && out->account != 0) {
        wait_s = throttle_take(&room->by_account, out->account, now);
        if (wait_s > 0) {
            throttle_give_back(&room->by_address, out->address, false);
        }
    }
    pthread_mutex_unlock(&room->lock);
    if (wait_s > 0) {
        http_answer_later(request, wait_s,
                          "There were too many wrong attempts from this address or for this name. "
                          "Wait a little; a link of a message still works.");
    }
    return wait_s == 0;
}

static void give_back(struct account_room *room, const struct attempt *attempt, bool all)
{
    pthread_mutex_lock(&room->lock);
    throttle_give_back(&room->by_address, attempt->address, false);
    if (attempt->account != 0) {
        throttle_give_back(&room->by_account, attempt->account, all);
    }
    pthread_mutex_unlock(&room->lock);
}

void attempt_succeeded(struct account_room *room, const struct attempt *attempt)
{
    give_back(room, attempt, true);
}

void attempt_withdrawn(struct account_room *room, const struct attempt *attempt)
{
    give_back(room, attempt, false);
}

/* --- what of it is told --- */

struct failure {
    char *name, *address; /* or NULL */
    int64_t attempts;
};

static enum command_result tell(struct ledger_tx *tx, void *arg)
{
    const struct failure *failure = arg;
    account_tell_failures(tx, failure->name, failure->attempts);
    return COMMAND_DONE;
}

static void told(void *arg, enum command_outcome outcome)
{
    (void)outcome;
    struct failure *failure = arg;
    g_free(failure->name);
    g_free(failure->address);
    g_free(failure);
}

/* How many there were, when it is time to tell; else 0. All for names that are no account's count together. */
static int64_t due(struct account_room *room, uint64_t key)
{
    size_t slot = key == 0 ? 0 : 1 + key % (FAILURE_SLOTS - 1);
    struct span now = clock_elapsed(room->api->clock);
    pthread_mutex_lock(&room->lock);
    int64_t count = ++room->failures[slot].count;
    bool is_due = room->failures[slot].told_at.us == 0 ||
                  now.us - room->failures[slot].told_at.us >= TOLD_EVERY.us;
    if (is_due) {
        room->failures[slot].count = 0;
        room->failures[slot].told_at = now;
    }
    pthread_mutex_unlock(&room->lock);
    return is_due ? count : 0;
}

void attempt_failed(struct account_room *room, const struct attempt *attempt, const char *name,
                    const char *address)
{
    int64_t attempts = due(room, name != NULL ? attempt->account : 0);
    if (attempts == 0) {
        return;
    }
    struct failure *failure = g_new0(struct failure, 1);
    *failure = (struct failure){g_strdup(name), g_strdup(address), attempts};
    struct command command = {
        .run = tell, .answer = told, .arg = failure, .client = failure->address};
    if (!queue_submit(room->api->queue, command)) {
        told(failure, OUTCOME_UNAVAILABLE);
    }
}

/* --- the thread that hashes --- */

void toil(struct job *job, struct account_room *room, const struct attempt *attempt,
          void (*run)(void *job))
{
    if (!aside_toil(job->request, run, job)) {
        if (attempt != NULL) {
            attempt_withdrawn(room, attempt);
        }
        job_drop(job);
    }
}

void toil_refused(struct job *job, int status, const struct fault *fault)
{
    struct http_request *request = job->request;
    struct fault said = *fault;
    job_drop(job); /* with the answer the request belongs to another thread */
    http_answer_fault(request, status, &said);
}

bool toil_is_over(struct job *job)
{
    struct http_request *request = job->request;
    if (!http_is_late(request)) {
        return false;
    }
    job_drop(job);
    return aside_is_over(request);
}

const struct sign_in *account_session(struct http_request *request)
{
    const struct caller *caller = http_caller(request);
    if (caller == NULL || caller->sign_in == NULL) {
        http_answer_problem(request, 409,
                            "Only a person who signed in (POST /api/v1/session) can do that.");
        return NULL;
    }
    return caller->sign_in;
}
