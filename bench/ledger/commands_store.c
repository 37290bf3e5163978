/* How many durable commands a second, each writing what an alert writes (four rows and two events),
 * and how long each waits for its answer: bench_ledger [FOLDER]. */
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "ledger/event.h"
#include "ledger/queue.h"

enum { SENDERS = 2, SAMPLES_MAX = 2000000 };

struct bench {
    struct queue *queue;
    struct span run_for;
    struct span started;
    atomic_int ready; /* senders that have waited for all of theirs */
    atomic_size_t sample_count;
    uint32_t *samples_us;
};

struct sender {
    struct bench *bench;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t is_answered;
    GPtrArray *idle; /* of struct job: nobody works on them */
    guint jobs;
};

struct job {
    struct sender *sender;
    int64_t n;
    struct span sent;
};

static void insert_alert(struct ledger_tx *tx, int64_t n, int64_t *out_id)
{
    char key[32];
    (void)snprintf(key, sizeof key, "alert-%d", (int)n);
    struct db_query *open = db_query(
        tx->db, "SELECT id FROM alert WHERE integration = $1 AND dedup_key = $2 AND status < 3");
    db_bind_text(open, 1, "bench");
    db_bind_text(open, 2, key);
    (void)db_run(open);
    struct db_query *query = db_query(
        tx->db, "INSERT INTO alert (integration, dedup_key, service, status, severity, urgency, "
                "summary, details, count, flapping, first_at, last_at) VALUES ($1, $2, 'checkout', "
                "1, 1, 1, 'p99 latency above 2 s', $3, 1, 0, $4, $4) {newid}");
    db_bind_text(query, 1, "bench");
    db_bind_text(query, 2, key);
    db_bind_text(query, 3, "{\"labels\":{\"alertname\":\"HighLatency\",\"instance\":\"web-1\"}}");
    db_bind_utc(query, 4, tx->now);
    *out_id = db_insert(query);
}

static void insert_paging(struct ledger_tx *tx, int64_t alert_id)
{
    struct db_query *query = db_query(
        tx->db, "INSERT INTO escalation (subject_id, policy_version, state, step, round, severity, "
                "started_at, next_at, next_is_date) VALUES ($1, 1, 1, 0, 0, 1, $2, $3, 0)");
    db_bind_int(query, 1, alert_id);
    db_bind_utc(query, 2, tx->now);
    db_bind_utc(query, 3, utc_add(tx->now, SPAN_MIN(5)));
    (void)db_run(query);
    query = db_query(tx->db, "INSERT INTO page (subject_id, user_name, urgency, reason, state, "
                             "next_rule, next_at, created_at) VALUES "
                             "($1, 'ana', 1, '{}', 1, 1, $3, $2)");
    db_bind_int(query, 1, alert_id);
    db_bind_utc(query, 2, tx->now);
    db_bind_utc(query, 3, utc_add(tx->now, SPAN_MIN(2)));
    (void)db_run(query);
    query = db_query(tx->db, "INSERT INTO notification (mailbox_id, subject_id, kind, state, "
                             "severity, due_at, tries, created_at) VALUES "
                             "(1, $1, 1, 1, 1, $2, 0, $2)");
    db_bind_int(query, 1, alert_id);
    db_bind_utc(query, 2, tx->now);
    (void)db_run(query);
}

static enum command_result take_alert(struct ledger_tx *tx, void *arg)
{
    const struct job *job = arg;
    int64_t id = 0;
    insert_alert(tx, job->n, &id);
    insert_paging(tx, id);
    static const struct event_kind TRIGGERED = {.name = "alert.triggered"};
    static const struct event_kind STARTED = {.name = "page.started"};
    const struct subject subject = subject_of_id("alert", id);
    json_auto_t *data = json_pack("{s:s, s:s}", "service", "checkout", "severity", "critical");
    event_append(tx, (struct principal){PRINCIPAL_INTEGRATION, "bench"}, &TRIGGERED, subject, data);
    event_append(tx, PRINCIPAL_TOCSIN, &STARTED, subject, data);
    return COMMAND_DONE;
}

static void note_answer(void *arg, enum command_outcome outcome)
{
    struct job *job = arg;
    CHECK(outcome == OUTCOME_COMMITTED);
    struct bench *bench = job->sender->bench;
    size_t at = atomic_fetch_add(&bench->sample_count, 1);
    CHECK(at < SAMPLES_MAX);
    bench->samples_us[at] = (uint32_t)(clock_elapsed(&CLOCK_SYSTEM).us - job->sent.us);
    (void)pthread_mutex_lock(&job->sender->mutex);
    g_ptr_array_add(job->sender->idle, job);
    (void)pthread_cond_signal(&job->sender->is_answered);
    (void)pthread_mutex_unlock(&job->sender->mutex);
}

/* With the mutex held. */
static struct job *next_idle(struct sender *sender)
{
    while (sender->idle->len == 0) {
        (void)pthread_cond_wait(&sender->is_answered, &sender->mutex);
    }
    return g_ptr_array_steal_index(sender->idle, sender->idle->len - 1);
}

static void *send_alerts(void *self)
{
    struct sender *sender = self;
    struct bench *bench = sender->bench;
    static atomic_int numbers;
    (void)pthread_mutex_lock(&sender->mutex);
    while (clock_elapsed(&CLOCK_SYSTEM).us - bench->started.us < bench->run_for.us) {
        struct job *job = next_idle(sender);
        (void)pthread_mutex_unlock(&sender->mutex);
        job->n = atomic_fetch_add(&numbers, 1);
        job->sent = clock_elapsed(&CLOCK_SYSTEM);
        struct command command = {take_alert, note_answer, job, true};
        CHECK(queue_submit(bench->queue, command));
        (void)pthread_mutex_lock(&sender->mutex);
    }
    for (guint i = 0; i < sender->jobs; i++) {
        g_free(next_idle(sender));
    }
    (void)pthread_mutex_unlock(&sender->mutex);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void start_sender(struct sender *sender, struct bench *bench, guint jobs)
{
    *sender = (struct sender){.bench = bench, .idle = g_ptr_array_new(), .jobs = jobs};
    CHECK(pthread_mutex_init(&sender->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&sender->is_answered, NULL) == 0);
    for (guint i = 0; i < jobs; i++) {
        struct job *job = g_new0(struct job, 1);
        job->sender = sender;
        g_ptr_array_add(sender->idle, job);
    }
    CHECK(pthread_create(&sender->thread, NULL, send_alerts, sender) == 0);
}

/* In milliseconds; the samples are sorted. */
static double at_share(struct bench *bench, size_t percent)
{
    size_t at = atomic_load(&bench->sample_count) * percent / 100;
    return bench->samples_us[at] / 1000.0;
}

static void measure(struct ledger *ledger, unsigned in_flight, struct span run_for)
{
    struct bench bench = {.run_for = run_for};
    bench.samples_us = g_new(uint32_t, SAMPLES_MAX);
    bench.queue = queue_start(ledger, &CLOCK_SYSTEM);
    bench.started = clock_elapsed(&CLOCK_SYSTEM);
    struct sender senders[SENDERS];
    for (size_t i = 0; i < SENDERS; i++) {
        start_sender(&senders[i], &bench, in_flight / SENDERS);
    }
    for (size_t i = 0; i < SENDERS; i++) {
        CHECK(pthread_join(senders[i].thread, NULL) == 0);
        g_ptr_array_unref(senders[i].idle);
    }
    double seconds = (double)(clock_elapsed(&CLOCK_SYSTEM).us - bench.started.us) / 1e6;
    queue_stop(&bench.queue);
    size_t count = atomic_load(&bench.sample_count);
    qsort(bench.samples_us, count, sizeof *bench.samples_us, by_size);
    printf("ledger, %u in flight: %.0f durable commands/s, answered in %.1f ms (median), "
           "%.1f ms (99%%)\n",
           in_flight, (double)count / seconds, at_share(&bench, 50), at_share(&bench, 99));
    g_free(bench.samples_us);
}

int main(int argc, char **argv)
{
    g_autofree char *made = argc > 1 ? NULL : g_dir_make_tmp("tocsin-bench-XXXXXX", NULL);
    const char *folder = argc > 1 ? argv[1] : made;
    g_autofree char *path = g_build_filename(folder, "bench.db", NULL);
    struct fault fault = {0};
    struct db *db = db_open(path, DB_READ_WRITE, &fault);
    if (db == NULL || !db_migrate(db, clock_now(&CLOCK_SYSTEM), &fault)) {
        (void)fprintf(stderr, "bench_ledger: %s\n", fault.text);
        return 1;
    }
    struct ledger *ledger = ledger_create(db, &CLOCK_SYSTEM, &RANDOM_SYSTEM);
    static const unsigned loads[] = {2, 64, 512};
    for (size_t i = 0; i < G_N_ELEMENTS(loads); i++) {
        measure(ledger, loads[i], SPAN_S(5));
    }
    ledger_destroy(&ledger);
    db_close(&db);
    (void)g_unlink(path);
    g_autofree char *lock = g_strconcat(path, ".lock", NULL);
    (void)g_unlink(lock);
    (void)g_rmdir(folder);
    return 0;
}
