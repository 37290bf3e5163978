#include "retention/archive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_AT_ONCE = 16384 }; /* bytes */

#define SUFFIX ".jsonl"

void archive_part_free(gpointer part)
{
    struct archive_part *self = part;
    g_free(self->name);
    g_string_free(self->text, TRUE);
    g_free(self);
}

/* One that is being appended to. */
struct open_file {
    const struct archive_part *part;
    int fd;
    int64_t size; /* as it was, whole lines */
};

struct appending {
    const char *folder;
    int folder_fd;
    GArray *files; /* of struct open_file */
    const struct archive_disk *disk;
    struct fault *fault;
};

static int meet(const struct appending *appending, enum archive_call call, const char *name,
                int64_t size)
{
    const struct archive_disk *disk = appending->disk;
    return disk == NULL ? 0 : disk->meet(disk->self, call, name, size);
}

static bool fail(const struct appending *appending, const char *name, int error)
{
    return fault_set(appending->fault, "", "%s%s%s cannot be written: %s", appending->folder,
                     name[0] != '\0' ? "/" : "", name, g_strerror(error));
}

/* Where the last whole line ends; -1: it cannot be read. */
static int64_t end_of_lines(int fd, int64_t size)
{
    char bytes[LOOK_AT_ONCE];
    int64_t at = size;
    while (at > 0) {
        int64_t from = MAX(at - LOOK_AT_ONCE, 0);
        ssize_t got = pread(fd, bytes, (size_t)(at - from), from);
        if (got != at - from) {
            return -1;
        }
        const char *last = g_strrstr_len(bytes, got, "\n");
        if (last != NULL) {
            return from + (last - bytes) + 1;
        }
        at = from;
    }
    return 0;
}

static bool cut(const struct appending *appending, const char *name, int fd, int64_t from,
                int64_t to)
{
    int error = meet(appending, ARCHIVE_CUTS, name, from);
    if (error == 0 && ftruncate(fd, to) != 0) {
        error = errno;
    }
    return error == 0 || fail(appending, name, error);
}

/* What a process that was killed left of a line must not become the beginning of the next one. */
static bool mend(const struct appending *appending, struct open_file *file)
{
    const char *name = file->part->name;
    int64_t size = end_of_lines(file->fd, file->size);
    if (size < 0) {
        return fail(appending, name, EIO);
    }
    if (size < file->size && !cut(appending, name, file->fd, file->size, size)) {
        return false;
    }
    file->size = size;
    return true;
}

static bool open_part(struct appending *appending, const struct archive_part *part)
{
    struct stat about;
    int error = meet(appending, ARCHIVE_OPENS, part->name, 0);
    int fd = error != 0
                 ? -1
                 : openat(appending->folder_fd, part->name,
                          O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(appending, part->name, error != 0 ? error : errno);
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        (void)close(fd);
        return fault_set(appending->fault, "", "%s/%s is no file: move it away", appending->folder,
                         part->name);
    }
    struct open_file file = {part, fd, about.st_size};
    bool is_mended = mend(appending, &file);
    g_array_append_val(appending->files, file);
    return is_mended;
}

static bool write_part(const struct appending *appending, const struct open_file *file)
{
    const char *bytes = file->part->text->str;
    size_t left = file->part->text->len;
    int error = meet(appending, ARCHIVE_WRITES, file->part->name, file->size);
    size_t wanted = error != 0 ? left / 2 : left;
    while (wanted > 0) {
        ssize_t got = write(file->fd, bytes, wanted);
        if (got < 0 && errno != EINTR) {
            return fail(appending, file->part->name, errno);
        }
        bytes += MAX(got, 0);
        wanted -= (size_t)MAX(got, 0);
    }
    return error == 0 || fail(appending, file->part->name, error);
}

static bool sync_it(const struct appending *appending, int fd, const char *name)
{
    int error = meet(appending, ARCHIVE_SYNCS, name, 0);
    if (error == 0 && fsync(fd) != 0) {
        error = errno;
    }
    return error == 0 || fail(appending, name, error);
}

static bool append_all(struct appending *appending, const GPtrArray *parts)
{
    bool is_good = true;
    for (guint i = 0; is_good && i < parts->len; i++) {
        is_good = open_part(appending, parts->pdata[i]);
    }
    for (guint i = 0; is_good && i < appending->files->len; i++) {
        is_good = write_part(appending, &g_array_index(appending->files, struct open_file, i));
    }
    for (guint i = 0; is_good && i < appending->files->len; i++) {
        const struct open_file *file = &g_array_index(appending->files, struct open_file, i);
        is_good = sync_it(appending, file->fd, file->part->name);
    }
    /* A name, too, lasts only when its folder was synced; it may be of a process that did not come to that. */
    return is_good && sync_it(appending, appending->folder_fd, "");
}

/* All as it was: tried once a minute, a full disk would else be filled with the same lines again and again. */
static void close_all(struct appending *appending, bool is_good)
{
    struct fault known = *appending->fault;
    for (guint i = 0; i < appending->files->len; i++) {
        const struct open_file *file = &g_array_index(appending->files, struct open_file, i);
        if (!is_good) {
            (void)cut(appending, file->part->name, file->fd, file->size, file->size);
        }
        (void)close(file->fd);
    }
    *appending->fault = known;
}

/* Two servers in one folder would cut off each other's lines. */
static bool take_folder(struct appending *appending)
{
    if (flock(appending->folder_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
        return true;
    }
    return fault_set(appending->fault, "",
                     "another server writes into %s just now: give each a directory of its own",
                     appending->folder);
}

bool archive_append(const char *folder, const GPtrArray *parts, const struct archive_disk *disk,
                    struct fault *fault)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fault_set(fault, "", "the directory %s cannot be opened: %s%s", folder,
                         g_strerror(errno),
                         errno == ENOENT ? "; make it, or mount it: it is never made here" : "");
    }
    struct appending appending = {.folder = folder,
                                  .folder_fd = fd,
                                  .files = g_array_new(FALSE, FALSE, sizeof(struct open_file)),
                                  .disk = disk,
                                  .fault = fault};
    bool is_good = take_folder(&appending) && append_all(&appending, parts);
    close_all(&appending, is_good);
    g_array_unref(appending.files);
    (void)close(fd);
    return is_good;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *archive_files(const char *folder, const char *prefix, struct fault *fault)
{
    g_autoptr(GError) error = NULL;
    GDir *directory = g_dir_open(folder, 0, &error);
    if (directory == NULL) {
        (void)fault_set(fault, "", "%s", error->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(directory)) != NULL;) {
        if (g_str_has_prefix(name, prefix) && g_str_has_suffix(name, SUFFIX)) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    g_dir_close(directory);
    g_ptr_array_sort(names, by_name);
    return names;
}

char *archive_newest(const char *folder, const char *prefix)
{
    struct fault fault = {0};
    g_autoptr(GPtrArray) names = archive_files(folder, prefix, &fault);
    return names == NULL || names->len == 0 ? NULL : g_strdup(names->pdata[names->len - 1]);
}
