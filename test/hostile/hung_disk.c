/* Stands between a program and its disk (LD_PRELOAD), for whoever asks the disk to keep what was written: while the
 * file that $HUNG_DISK names is there they wait, while the one that $FAILING_DISK names is there they hear that it
 * cannot be done. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOK_EVERY_US = 50000 };

static int is_there(const char *variable)
{
    /* rules: allow banned: no program of ours, it has no settings */
    const char *path = getenv(variable);
    return path != NULL && access(path, F_OK) == 0;
}

static int pass(const char *name, int fd)
{
    int (*real)(int) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, name);
    while (is_there("HUNG_DISK")) {
        usleep(LOOK_EVERY_US); /* rules: allow sleep: it is the disk that hangs */
    }
    if (is_there("FAILING_DISK")) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fdatasync(int fd)
{
    return pass("fdatasync", fd);
}

int fsync(int fd)
{
    return pass("fsync", fd);
}
