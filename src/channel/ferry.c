#include "channel/ferry.h"

#include <pthread.h>
#include <stdatomic.h>

#include "channel/flight.h"

struct crossing {
    struct ferry *ferry;
    struct flight *flight;
    CURLcode code;
    bool has_thread;
    pthread_t thread;
};

struct ferry {
    CURLM *multi;
    atomic_bool is_closing;
    unsigned out; /* started and not yet taken home; the caller's thread only */
    pthread_mutex_t lock;
    pthread_cond_t is_one_home;
    GQueue home; /* of struct crossing *: over */
};

struct ferry *ferry_create(CURLM *multi)
{
    struct ferry *ferry = g_new0(struct ferry, 1);
    ferry->multi = multi;
    CHECK(pthread_mutex_init(&ferry->lock, NULL) == 0);
    CHECK(pthread_cond_init(&ferry->is_one_home, NULL) == 0);
    g_queue_init(&ferry->home);
    return ferry;
}

static void come_home(struct crossing *crossing)
{
    struct ferry *ferry = crossing->ferry;
    pthread_mutex_lock(&ferry->lock);
    g_queue_push_tail(&ferry->home, crossing);
    pthread_cond_signal(&ferry->is_one_home);
    pthread_mutex_unlock(&ferry->lock);
    (void)curl_multi_wakeup(ferry->multi);
}

/* Called by curl at least once a second. */
static int look_up_at_sea(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    struct ferry *ferry = self;
    return atomic_load(&ferry->is_closing) ? 1 : 0;
}

static void *cross(void *arg)
{
    struct crossing *crossing = arg;
    crossing->code = curl_easy_perform(crossing->flight->easy);
    come_home(crossing);
    return NULL;
}

void ferry_launch(struct ferry *ferry, struct flight *flight)
{
    struct crossing *crossing = g_new0(struct crossing, 1);
    crossing->ferry = ferry;
    crossing->flight = flight;
    curl_easy_setopt(flight->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(flight->easy, CURLOPT_XFERINFOFUNCTION, look_up_at_sea);
    curl_easy_setopt(flight->easy, CURLOPT_XFERINFODATA, ferry);
    ferry->out++;
    crossing->has_thread = true; /* before it can come home */
    if (pthread_create(&crossing->thread, NULL, cross, crossing) != 0) {
        crossing->has_thread = false;
        crossing->code = CURLE_OUT_OF_MEMORY;
        come_home(crossing);
    }
}

struct flight *ferry_home(struct ferry *ferry, CURLcode *out_code)
{
    pthread_mutex_lock(&ferry->lock);
    g_autofree struct crossing *crossing = g_queue_pop_head(&ferry->home);
    pthread_mutex_unlock(&ferry->lock);
    if (crossing == NULL) {
        return NULL;
    }
    if (crossing->has_thread) {
        (void)pthread_join(crossing->thread, NULL);
    }
    ferry->out--;
    *out_code = crossing->code;
    return crossing->flight;
}

static void wait_for_one(struct ferry *ferry)
{
    pthread_mutex_lock(&ferry->lock);
    while (g_queue_is_empty(&ferry->home)) {
        pthread_cond_wait(&ferry->is_one_home, &ferry->lock);
    }
    pthread_mutex_unlock(&ferry->lock);
}

void ferry_destroy(struct ferry **ferry)
{
    struct ferry *self = *ferry;
    CURLcode code = CURLE_OK;
    atomic_store(&self->is_closing, true);
    while (self->out > 0) {
        wait_for_one(self);
        (void)ferry_home(self, &code); /* the gate still has it */
    }
    (void)pthread_cond_destroy(&self->is_one_home);
    (void)pthread_mutex_destroy(&self->lock);
    g_clear_pointer(ferry, g_free);
}
