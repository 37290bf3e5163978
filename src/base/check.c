#include "base/check.h"

#include <stdlib.h>
#include <unistd.h>

#include <glib.h>

#include "base/log.h"

/* A pipe that nobody reads must not keep a process alive that has to end. */
void check_failed(const char *condition, const char *file, int line)
{
    char text[512];
    int size =
        g_snprintf(text, sizeof text, "tocsin: CHECK failed: %s (%s:%d)\n", condition, file, line);
    (void)log_write(STDERR_FILENO, text, MIN((size_t)size, sizeof text - 1));
    abort();
}
