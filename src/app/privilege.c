#include "app/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <glib.h>

#include "cli/data_dir.h"

/* A link in its place would give away what it points to. */
static bool give(const char *data, const struct passwd *account)
{
    int fd = open(data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool is_given = fd >= 0 && fchown(fd, account->pw_uid, account->pw_gid) == 0;
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = error;
    return is_given;
}

static bool become(const char *user, const char *data, struct fault *fault)
{
    /* Before any thread: the C library's own memory for the answer is nobody else's. */
    const struct passwd *account = getpwnam(user); /* NOLINT(concurrency-mt-unsafe) */
    if (account == NULL) {
        return fault_set(fault, "user",
                         "there is no account \"%.60s\": make it, for instance with adduser "
                         "--system",
                         user);
    }
    if (!data_dir_prepare(data, fault)) {
        return false;
    }
    if (!give(data, account)) {
        return fault_set(
            fault, "data",
            "%s cannot be given to %s: %s; name the directory itself, not a link to it", data, user,
            g_strerror(errno));
    }
    if (initgroups(user, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
        setuid(account->pw_uid) != 0 || setuid(0) == 0) {
        return fault_set(fault, "user", "this process cannot become %s: %s", user,
                         g_strerror(errno));
    }
    return true;
}

bool privilege_drop(const char *user, const char *data, struct fault *fault)
{
    bool is_root = geteuid() == 0;
    if (is_root && user != NULL && !become(user, data, fault)) {
        return false;
    }
    if (!is_root && user != NULL) {
        const struct passwd *account = getpwnam(user); /* NOLINT(concurrency-mt-unsafe) */
        if (account == NULL || account->pw_uid != geteuid()) {
            return fault_set(fault, "user",
                             "only root can become %.60s: start as root, or leave it out", user);
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fault_set(fault, "", "privileges cannot be given up: %s", g_strerror(errno));
    }
    return true;
}
