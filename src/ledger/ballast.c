#include "ledger/ballast.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

struct ballast_file {
    struct ballast base;
    char *path;
    off_t size;
};

static bool file_hold(void *self)
{
    const struct ballast_file *file = self;
    int fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    struct stat info = {0};
    /* Blocks, not length: a hole in the file would keep nothing. */
    bool is_held = fstat(fd, &info) == 0 && info.st_size == file->size &&
                   (off_t)info.st_blocks * 512 >= file->size;
    is_held = is_held || (posix_fallocate(fd, 0, file->size) == 0 && fsync(fd) == 0);
    (void)close(fd);
    if (!is_held) {
        (void)unlink(file->path); /* half a ballast takes the room that paging needs */
    }
    return is_held;
}

static void file_release(void *self)
{
    (void)unlink(((const struct ballast_file *)self)->path);
}

struct ballast *ballast_file_create(const char *path, size_t size)
{
    struct ballast_file *file = g_new0(struct ballast_file, 1);
    file->base = (struct ballast){file_hold, file_release, file};
    file->path = g_strdup(path);
    file->size = (off_t)size;
    return &file->base;
}

void ballast_file_destroy(struct ballast **ballast)
{
    if (*ballast == NULL) {
        return;
    }
    struct ballast_file *file = (*ballast)->self;
    g_free(file->path);
    g_free(file);
    *ballast = NULL;
}
