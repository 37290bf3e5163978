/* The thread that writes out what retention will delete. */
#include <sys/resource.h>

#include "app/wiring.h"
#include "base/log.h"
#include "retention/archive.h"

/* A disk that does not answer is not waited for at the end. */
#define HANGS_AFTER SPAN_S(5)

enum { POLITE = 10 };

/* What is read is one state of the database; nothing of it is held while the other disk works. */
static bool gather(struct house *house)
{
    struct db *db = db_pool_take(house->readers);
    struct config *config = config_current(house->configs);
    bool is_asked = archive_gather(house->archive, db, config);
    config_unref(config);
    db_pool_give(house->readers, db);
    return is_asked;
}

static void *write_out(void *self)
{
    struct house *house = self;
    struct archive *archive = house->archive;
    (void)setpriority(PRIO_PROCESS, 0, POLITE); /* of this thread alone */
    while (archive_wait(archive)) {
        if (gather(house)) {
            if (!archive_write(archive)) {
                break; /* the house may be gone */
            }
            queue_wake(house->queue);
        }
    }
    return NULL;
}

bool house_start_archive(struct house *house, struct fault *fault)
{
    if (archive_mode(house->archive) != ARCHIVE_SET) {
        return true;
    }
    house->has_archive_thread = pthread_create(&house->archive_thread, NULL, write_out, house) == 0;
    if (!house->has_archive_thread) {
        return fault_set(fault, "",
                         "no thread could be made for the archive: check the limits of this "
                         "account (ulimit -u)");
    }
    (void)pthread_setname_np(house->archive_thread, "archive");
    return true;
}

void house_stop_archive(struct house *house)
{
    if (!house->has_archive_thread) {
        return;
    }
    archive_end(house->archive);
    const struct timespec until = clock_monotonic_after(HANGS_AFTER);
    if (pthread_clockjoin_np(house->archive_thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        LOG_WARN("archive", NULL, "the disk of the archive does not answer, and is left");
        house->archive = NULL; /* which the thread may touch still, and nothing else */
    }
    house->has_archive_thread = false;
}
