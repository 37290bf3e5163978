#include "cli/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

char *data_dir_database(const char *data)
{
    return g_build_filename(data, "tocsin.db", NULL);
}

char *data_dir_socket(const char *data)
{
    return g_build_filename(data, "tocsin.sock", NULL);
}

char *data_dir_socket_through(int directory)
{
    return g_strdup_printf("/proc/self/fd/%d/tocsin.sock", directory);
}

bool data_dir_prepare(const char *data, struct fault *fault)
{
    struct stat about;
    if (g_mkdir_with_parents(data, 0700) != 0) {
        return fault_set(fault, "data", "the directory %s cannot be made: %s", data,
                         g_strerror(errno));
    }
    if (stat(data, &about) != 0 || !S_ISDIR(about.st_mode)) {
        return fault_set(fault, "data", "%s is no directory", data);
    }
    if ((about.st_mode & S_IWOTH) != 0) {
        return fault_set(fault, "data", "everybody may write to %s: run chmod 700 %s", data, data);
    }
    if (access(data, R_OK | W_OK | X_OK) != 0) {
        return fault_set(fault, "data",
                         "%s belongs to another account: give it to this one with chown, "
                         "or name another directory",
                         data);
    }
    return true;
}

int data_dir_lock(const char *data, struct fault *fault)
{
    g_autofree char *database = data_dir_database(data);
    g_autofree char *path = g_strconcat(database, ".lock", NULL); /* as db_open names it */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        fault_set(fault, "", "%s cannot be opened: %s", path, g_strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        fault_set(fault, "", "a server is running on %s: stop it first", data);
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool has_content(const char *data, const char *name)
{
    g_autofree char *path = g_build_filename(data, name, NULL);
    struct stat about;
    return stat(path, &about) == 0 && about.st_size > 0;
}

bool data_dir_has_database(const char *data)
{
    return has_content(data, "tocsin.db");
}

bool data_dir_is_marked(const char *data)
{
    /* Directories of versions that set no mark have a ballast. */
    return has_content(data, "used") || has_content(data, "ballast");
}

bool data_dir_was_used(const char *data)
{
    return data_dir_is_marked(data) || has_content(data, "tocsin.db-wal"); /* the log of a crash */
}

static bool write_mark(const char *path)
{
    static const char WORDS[] =
        "A Tocsin database was made in this directory. As long as this file "
        "is here, one that is\nmissing is not made anew.\n";
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_written =
        fd >= 0 && write(fd, WORDS, strlen(WORDS)) == (ssize_t)strlen(WORDS) && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = error;
    return is_written;
}

bool data_dir_mark_used(const char *data, struct fault *fault)
{
    g_autofree char *path = g_build_filename(data, "used", NULL);
    g_autofree char *ballast = g_build_filename(data, "ballast", NULL);
    if (has_content(data, "used")) {
        (void)unlink(ballast); /* of a version that kept its room there */
        return true;
    }
    if (!write_mark(path)) {
        return fault_set(fault, "data", "%s cannot be written: %s", path, g_strerror(errno));
    }
    int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); /* best effort: without it only the mark of a first start may be lost */
        (void)close(fd);
    }
    return true;
}

static char *waiting_path(const char *data)
{
    return g_build_filename(data, "waiting", NULL);
}

int data_dir_mark_waiting(const char *data)
{
    g_autofree char *path = waiting_path(data);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

void data_dir_unmark_waiting(const char *data, int mark)
{
    if (mark >= 0) {
        g_autofree char *path = waiting_path(data);
        (void)unlink(path);
        (void)close(mark);
    }
}

bool data_dir_is_waited_in(const char *data)
{
    g_autofree char *path = waiting_path(data);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return is_held;
}
