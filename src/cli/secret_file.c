#include "cli/secret_file.h"

#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* --- the file itself --- */

/* All links followed (Kubernetes mounts secrets as links to links), when it lies in the folder. NULL: it does
 * not, or is not there. */
static char *inside(const char *folder, const char *path)
{
    g_autofree char *joined =
        g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(folder, path, NULL);
    char root[PATH_MAX], whole[PATH_MAX];
    if (realpath(folder, root) == NULL || realpath(joined, whole) == NULL) {
        return NULL;
    }
    size_t size = strlen(root);
    bool is_inside = size > 1 && strncmp(whole, root, size) == 0 && whole[size] == '/';
    return is_inside ? g_strdup(whole) : NULL;
}

/* NULL for what is no regular file, cannot be read or is longer than a secret. */
static char *read_short(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return NULL;
    }
    char text[SECRET_MAX + 1];
    struct stat about;
    bool is_file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    ssize_t size = is_file ? read(fd, text, sizeof text) : -1;
    (void)close(fd);
    bool is_text = size >= 0 && size <= SECRET_MAX && memchr(text, '\0', (size_t)size) == NULL;
    char *found = is_text ? g_strndup(text, (gsize)size) : NULL;
    explicit_bzero(text, sizeof text);
    return found;
}

static enum secret_file read_now(const char *folder, const char *path, char **out_text)
{
    g_autofree char *whole = inside(folder, path);
    if (whole == NULL) {
        return SECRET_FILE_ABSENT;
    }
    *out_text = read_short(whole);
    return *out_text != NULL ? SECRET_FILE_READ : SECRET_FILE_UNREADABLE;
}

/* --- on a thread of its own --- */

enum { READINGS_MAX = 32 };

/* Owned by whoever waits for it and by its thread, together; guarded by its lock. */
struct secret_reading {
    char *folder, *path;
    secret_file_reader reader;
    struct timespec until; /* of the monotonic clock: who waits longer knows that it hangs */
    int owners;
    bool is_over;
    enum secret_file result;
    char *text;
};

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    pthread_cond_t is_over;
    GPtrArray *under_way; /* of struct secret_reading */
    secret_file_reader reader;
} readings = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void open_readings(void)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    CHECK(pthread_cond_init(&readings.is_over, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    readings.under_way = g_ptr_array_new();
}

void secret_file_set_reader(secret_file_reader reader)
{
    pthread_mutex_lock(&readings.lock);
    readings.reader = reader;
    pthread_mutex_unlock(&readings.lock);
}

static struct secret_reading *find(const char *folder, const char *path)
{
    for (guint i = 0; i < readings.under_way->len; i++) {
        struct secret_reading *reading = g_ptr_array_index(readings.under_way, i);
        if (strcmp(reading->path, path) == 0 && strcmp(reading->folder, folder) == 0) {
            return reading;
        }
    }
    return NULL;
}

static void let_go(struct secret_reading *reading)
{
    if (--reading->owners > 0) {
        return;
    }
    if (reading->text != NULL) {
        explicit_bzero(reading->text, strlen(reading->text));
    }
    g_free(reading->text);
    g_free(reading->folder);
    g_free(reading->path);
    g_free(reading);
}

static void end(struct secret_reading *reading, enum secret_file result, char *text)
{
    reading->result = result;
    reading->text = text;
    reading->is_over = true;
    (void)g_ptr_array_remove_fast(readings.under_way, reading);
    let_go(reading);
    pthread_cond_broadcast(&readings.is_over);
}

static void *read_apart(void *self)
{
    struct secret_reading *reading = self;
    char *text = NULL;
    enum secret_file result = reading->reader(reading->folder, reading->path, &text);
    pthread_mutex_lock(&readings.lock);
    end(reading, result, text);
    pthread_mutex_unlock(&readings.lock);
    return NULL;
}

static bool hangs(const struct secret_reading *reading)
{
    struct timespec now = clock_monotonic_after(SPAN_S(0));
    return now.tv_sec > reading->until.tv_sec ||
           (now.tv_sec == reading->until.tv_sec && now.tv_nsec >= reading->until.tv_nsec);
}

/* Where one hangs the next may as well: who asks for many of them must not wait for each. */
static struct span shorten(struct span patience)
{
    for (guint i = 0; i < readings.under_way->len; i++) {
        if (hangs(g_ptr_array_index(readings.under_way, i))) {
            return (struct span){patience.us / 20};
        }
    }
    return patience;
}

/* NULL: too many hang already, or no thread can be had. */
static struct secret_reading *begin(const char *folder, const char *path, struct span patience)
{
    pthread_t thread;
    if (readings.under_way->len >= READINGS_MAX) {
        return NULL;
    }
    struct secret_reading *reading = g_new0(struct secret_reading, 1);
    *reading =
        (struct secret_reading){.folder = g_strdup(folder),
                                .path = g_strdup(path),
                                .reader = readings.reader != NULL ? readings.reader : read_now,
                                .until = clock_monotonic_after(shorten(patience)),
                                .owners = 1};
    g_ptr_array_add(readings.under_way, reading);
    if (pthread_create(&thread, NULL, read_apart, reading) != 0) {
        end(reading, SECRET_FILE_HANGS, NULL);
        return NULL;
    }
    (void)pthread_setname_np(thread, "secret");
    (void)pthread_detach(thread);
    return reading;
}

enum secret_file secret_file_read(const char *folder, const char *path, struct span patience,
                                  char **out_text)
{
    *out_text = NULL;
    enum secret_file result = SECRET_FILE_HANGS;
    (void)pthread_once(&readings.once, open_readings);
    pthread_mutex_lock(&readings.lock);
    struct secret_reading *reading = find(folder, path);
    reading = reading != NULL ? reading : begin(folder, path, patience);
    if (reading != NULL) {
        int code = 0;
        reading->owners++;
        while (!reading->is_over && code == 0) {
            code = pthread_cond_timedwait(&readings.is_over, &readings.lock, &reading->until);
        }
        result = reading->is_over ? reading->result : SECRET_FILE_HANGS;
        *out_text = reading->is_over ? g_strdup(reading->text) : NULL;
        let_go(reading);
    }
    pthread_mutex_unlock(&readings.lock);
    return result;
}
